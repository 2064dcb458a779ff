"""What the times in a table tell: how a watermark grows, rows a day, and how late rows come. For every engine of SqlTable."""

# ruff: noqa: S608 (names in queries are quoted)
from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from pipegen.core.measured import Lateness, Rate, Watermark
from pipegen.probe.facts import TEMPORAL, ColumnFacts, rate
from pipegen.probe.indexes import Indexes
from pipegen.probe.keys import watermark_column
from pipegen.probe.named_columns import arrival_rank, created_rank, event_rank
from pipegen.probe.sql_table import SAMPLE_ROWS, SqlTable

RATE_DAYS = 14
_DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Times:
    """See :class:`pipegen.core.measured.MeasuredTable`."""

    watermark: Watermark | None = None
    rows_per_day: Rate | None = None
    new_per_day: Rate | None = None
    lateness: Lateness | None = None


def read_times(of: SqlTable, columns: Sequence[ColumnFacts], indexes: Indexes) -> Times:
    """All that the times of a table tell."""
    mark = watermark_column(columns)
    created = _named(columns, created_rank, TEMPORAL) or _named(columns, event_rank, TEMPORAL)
    watermark, per_day = _watermark(of, mark, indexes) if mark is not None else (None, None)
    if created is None:
        new = None
    elif created is mark:
        new = per_day
    else:
        new = _span(of, created, created.name in indexes.first)[1]
    return Times(watermark, per_day, new, _lateness(of, columns))


def _named(
    columns: Sequence[ColumnFacts], rank: Callable[[str], int | None], types: Collection[str]
) -> ColumnFacts | None:
    """The time whose name fits best, of those that have any value."""
    ranked = [
        (found, position, column)
        for position, column in enumerate(columns)
        if column.type in types and column.nulls < column.rows and (found := rank(column.name)) is not None
    ]
    return min(ranked, key=lambda r: r[:2])[2] if ranked else None


def _watermark(of: SqlTable, column: ColumnFacts, indexes: Indexes) -> tuple[Watermark, Rate | None]:
    """The watermark, how far out of order the rows lie, its oldest day, and the rows a day up to the newest row."""
    indexed = column.name in indexes.first
    since, per_day = _span(of, column, indexed, oldest=True)
    earlier, sampled = _order(of, column)
    found = Watermark(
        column=column.name,
        indexed=indexed,
        nulls=column.nulls,
        out_of_order=None if earlier is None else rate(earlier, max(sampled - 1, 1)),
        sampled=None if earlier is None else sampled,
        since=since,
    )
    return found, per_day


def _order(of: SqlTable, column: ColumnFacts) -> tuple[int | None, int]:
    """Rows earlier than the row before, of the first rows in their order."""
    if not of.order:
        return None, 0
    keys = [f"k{at}" for at, _ in enumerate(of.order)]
    named = ", ".join(f"{sql} as {key}" for sql, key in zip(of.order, keys, strict=True))
    lying = of.first(min(of.sample, SAMPLE_ROWS), f"{of.moment(column)} as x, {named}")
    row = of.one(
        "select coalesce(sum(case when x < earlier then 1 else 0 end), 0), count(*) "
        f"from (select x, lag(x) over (order by {', '.join(keys)}) as earlier from {lying} s) w"
    )
    return (int(row[0]), int(row[1])) if row else (None, 0)


def _span(of: SqlTable, column: ColumnFacts, indexed: bool, *, oldest: bool = False) -> tuple[str | None, Rate | None]:
    """The oldest day, and the rate over the days up to the newest value.

    Of a large table without an index a part is judged: its newest rows are a fraction of those of the table. Its oldest day is no
    part's, since rows before it would be missed; where the ``oldest`` is wanted, a table may be read for it.
    """
    whole = indexed or of.whole
    source = of.relation if whole else of.part
    all_over = whole or (oldest and of.scanned)
    moment, is_moment = of.moment(column), of.is_moment(column)
    row = of.one(
        f"select {of.seconds('a')}, {of.seconds('b')}, {of.day('a')} from "
        f"(select min({moment}) as a, max({moment}) as b from {of.relation if all_over else source} p where {is_moment}) s"
    )
    if row is None or row[0] is None or row[1] is None:
        return None, None
    first, newest, since = float(row[0]), float(row[1]), of.valid_day(row[2]) if all_over else None
    days = min(RATE_DAYS, int((newest - first) / _DAY_SECONDS))
    if not days or not (whole or of.spread):
        return since, None
    later = f"{moment} > {of.moment_at(newest - days * _DAY_SECONDS, column)}"
    counted = of.one(f"select count(*) from {source} p where {is_moment} and {later}")
    if counted is None:
        return since, None
    share = 1.0 if whole else of.rows.value / max(column.rows, 1)
    how = f"{column.name}, the {days} days up to the newest row" + ("" if whole else f", of {column.rows} rows sampled")
    return since, Rate(value=round(counted[0] * share / days), how=how)


def _lateness(of: SqlTable, columns: Sequence[ColumnFacts]) -> Lateness | None:
    """How long after its event a row came, of the part that is judged.

    Times with and without a zone are not compared. Where most rows came before the event, the columns mean something else.
    """
    for type_ in ("timestamptz", "timestamp"):
        event, arrival = _named(columns, event_rank, (type_,)), _named(columns, arrival_rank, (type_,))
        if event is None or arrival is None or event is arrival:
            continue
        came, happened = of.seconds(of.moment(arrival)), of.seconds(of.moment(event))
        late = f"select round({came} - {happened}) as d from {of.part} p where {of.is_moment(arrival)} and {of.is_moment(event)}"
        sampled, quantiles = of.quantiles(late, (0.5, 0.99, 0.999))
        if sampled and quantiles[0] >= 0:
            p50, p99, p999 = quantiles
            return Lateness(event=event.name, arrival=arrival.name, p50=p50, p99=p99, p999=p999, sampled=sampled)
    return None
