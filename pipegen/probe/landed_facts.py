"""Facts of landed files: types from values, distinct counts, the key, the order of a watermark."""

# ruff: noqa: S608 (names in queries are the probe's own, or quoted)
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from pipegen.core.measured import Key, Rate, Watermark
from pipegen.probe.facts import KEY_SAMPLE_ROWS, ColumnFacts, rate
from pipegen.probe.keys import find_key, watermark_column
from pipegen.probe.landed import Landed, number
from pipegen.probe.landed_values import read_values
from pipegen.probe.value_types import table_nulls

ORDER_SAMPLE_ROWS = 200_000
RATE_DAYS = 14


@dataclass
class LandedTable:
    """A landed table with its facts; ``ids`` maps real names to the probe's columns."""

    landed: Landed
    columns: list[ColumnFacts]
    key: Key | None = None

    @property
    def name(self) -> str:
        return self.landed.files.name

    def id_of(self, column: str) -> str:
        return next(c.id for c in self.landed.columns if c.name == column)


def read_facts(con: duckdb.DuckDBPyConnection, landed: Landed) -> LandedTable:
    """Types, nulls and the key of a landed table; sets ``landed.csv.nulls``."""
    texts = read_values(con, landed)
    if landed.csv is not None:
        landed.nulls = table_nulls(texts.values())
        landed.csv = landed.csv.model_copy(update={"nulls": landed.nulls})
    columns = [
        ColumnFacts(
            name=c.name,
            type=texts[c.name].type,
            rows=landed.rows,
            nulls=texts[c.name].nulls_with(landed.nulls),
            longest=texts[c.name].longest,
            required=c.required,
            declared=c.declared,
        )
        for c in landed.columns
    ]
    counted = {c.name: texts[c.name].distinct for c in landed.columns}
    table = LandedTable(landed, columns)

    def distinct(names: Sequence[str], sample: bool) -> int:
        if len(names) == 1 and not sample:
            return counted[names[0]]
        ids = ", ".join(table.id_of(name) for name in names)
        limit = f" limit {KEY_SAMPLE_ROWS}" if sample else ""
        return number(
            con, f"select count(*) from (select distinct {ids} from (select {ids} from {landed.relation}{limit}))"
        )

    over = f"the first {landed.rows} rows" if landed.sampled else f"{landed.rows} rows"
    table.key = find_key(table.name, columns, landed.rows, distinct, over, versions=True)
    return table


def read_watermark(con: duckdb.DuckDBPyConnection, table: LandedTable) -> tuple[Watermark | None, Rate | None]:
    """The watermark, how far out of order the rows lie, and rows a day in the days up to the newest row."""
    column = watermark_column(table.columns)
    if column is None:
        return None, None
    relation = table.landed.relation
    value = f"try_cast({table.id_of(column.name)} as {column.type})"
    sampled = min(table.landed.rows, ORDER_SAMPLE_ROWS)
    earlier = number(
        con,
        f"select count(*) filter (x < before) from (select x, lag(x) over (order by r) before from "
        f"(select {value} x, rowid r from {relation} order by rowid limit {sampled}))",
    )
    row = con.execute(
        f"with m as (select {value} x from {relation}), e as (select max(x) newest, min(x) oldest from m) "
        f"select count(*) filter (x > newest - interval {RATE_DAYS} day), date_diff('day', any_value(oldest), any_value(newest)) "
        f"from m, e"
    ).fetchone()
    recent, span = row or (0, 0)
    days = min(RATE_DAYS, int(span or 0))
    per_day = (
        Rate(value=round(recent / days), how=f"{column.name}, the {days} days up to the newest row") if days else None
    )
    mark = Watermark(column=column.name, nulls=0, out_of_order=rate(earlier, max(sampled - 1, 1)), sampled=sampled)
    return mark, per_day
