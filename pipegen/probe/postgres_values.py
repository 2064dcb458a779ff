"""A PostgreSQL table as it is read by the probe, and how much of it.

A small table is read whole. Of a large one a part is judged, and always the same part of an unchanged table: blocks that the
server picks by a fixed seed, or the first rows as they lie.
"""

# ruff: noqa: S608 (names in queries are quoted)
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pipegen.core.measured import Count
from pipegen.probe.facts import ColumnFacts
from pipegen.probe.postgres_catalogue import Relation
from pipegen.probe.postgres_sessions import Session, Slow, TimeIsUp
from pipegen.probe.sql_names import quoted
from pipegen.probe.sql_table import SCANNED_BYTES, SqlTable

COUNTED_ROWS = 1_000_000  # a table that the planner takes for larger is not counted
SAMPLE_ROWS = 200_000
SAMPLE_BLOCKS = 4_000
_COUNTED_SAMPLES = 20  # nor is a table counted of more than so many samples
_WHOLE_BYTES = 512 * 1024**2  # a table with longer texts in it is sampled, however few its rows are
_BYTES_PER_ROW = 100
_SECONDS = {
    "date": "date '1970-01-01'", "timestamp": "timestamp '1970-01-01'", "timestamptz": "timestamptz '1970-01-01 00:00+00'",
}  # fmt: skip


@dataclass
class PostgresTable(SqlTable):
    """A table that one session reads; once the server was too slow for an answer, nothing more is asked."""

    session: Session = field(kw_only=True)
    table: Relation = field(kw_only=True)
    too_slow: Slow | None = None

    def comparable(self, name: str, type_: str) -> str:
        """As a text, where a type may have no equality, such as xml."""
        return f"{quoted(name)}::text" if type_ in ("text", "json") else quoted(name)

    def first(self, rows: int, selected: str = "*") -> str:
        """As they lie, which no order says in less time."""
        return f"(select {selected} from {self.relation} limit {rows})"

    def scattered(self, some: int) -> str:
        """About ``some`` rows from all over the table; of what has no blocks, the first."""
        if self.rows.value <= some or not self.table.is_stored:
            return self.first(some)
        return _sampled(self.relation, some / self.rows.value)

    def ask(self, select: str) -> list[tuple[Any, ...]] | None:
        if self.too_slow is not None:
            return None
        try:
            return self.session.rows(select)
        except Slow as slow:
            self.too_slow = slow
            return None

    @property
    def is_time_up(self) -> bool:
        return isinstance(self.too_slow, TimeIsUp)

    def is_moment(self, column: ColumnFacts) -> str:
        return f"{quoted(column.name)} > '-infinity' and {quoted(column.name)} < 'infinity'"  # an index finds an end of that

    def moment(self, column: ColumnFacts) -> str:
        return quoted(column.name)

    def seconds(self, moment: str) -> str:
        return f"extract(epoch from {moment})"

    def moment_at(self, seconds: float, column: ColumnFacts) -> str:
        return f"{_SECONDS[column.type]} + {round(seconds * 1_000_000)} * interval '1 microsecond'"

    def day(self, moment: str) -> str:
        return f"case when {moment} >= '0001-01-01' then to_char({moment}, 'YYYY-MM-DD') end"

    def quantiles(self, numbers: str, shares: Sequence[float]) -> tuple[int, list[int]]:
        listed = ", ".join(map(str, shares))
        row = self.one(
            f"select count(d), percentile_disc(array[{listed}]) within group (order by d) from ({numbers}) s"
        )
        return (int(row[0]), [int(d) for d in row[1]]) if row and row[0] else (0, [])

    def counted(self, read: int) -> Count | None:
        """Its rows, where as many were ``read`` in the part that is judged."""
        if not self.is_judged_in_part:
            return Count(value=read)
        if _is_large(self.table):
            return estimated(self.table, read)
        row = self.one(f"select count(*) from {self.relation}")
        return Count(value=int(row[0])) if row else None


def table_of(session: Session, schema: str, table: Relation) -> PostgresTable:
    """A table to be read; its rows are as the planner knows them."""
    name = f"{quoted(schema)}.{quoted(table.name)}"
    of = PostgresTable(
        name=table.name, rows=estimated(table) or Count(value=0, exact=False), relation=name, part=name,
        order=[] if table.is_view else ["tableoid", "ctid"], whole=not _is_large(table),
        scanned=table.bytes <= SCANNED_BYTES, sample=SAMPLE_ROWS, session=session, table=table,
    )  # fmt: skip
    if _is_large(table) and table.blocks > SAMPLE_BLOCKS:
        of.part = _sampled(name, SAMPLE_BLOCKS / table.blocks)
    elif not _is_large(table) and table.bytes > _WHOLE_BYTES:
        of.part = of.first(SAMPLE_ROWS)
    return of


def _sampled(relation: str, share: float) -> str:
    return f"(select * from {relation} tablesample system ({100 * share:.6f}) repeatable (0))"


def _is_large(table: Relation) -> bool:
    """Whether it is not counted."""
    many = table.estimate is not None and table.estimate >= COUNTED_ROWS
    return many or table.blocks > _COUNTED_SAMPLES * SAMPLE_BLOCKS


def estimated(table: Relation, read: int | None = None) -> Count | None:
    """Rows by the planner; where it knows of none by the size, and the rows that were ``read`` in the part that is judged.

    In three digits, since it is no more exact.
    """
    estimate = table.estimate
    if estimate is None:
        if not table.is_stored:
            return None
        estimate = table.bytes // _BYTES_PER_ROW if read is None else read * table.blocks // SAMPLE_BLOCKS
    return Count(value=round(estimate, -max(0, len(str(estimate)) - 3)), exact=False)
