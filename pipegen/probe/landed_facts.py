"""Facts of landed files: types from values, distinct counts, the key, and what the rows tell of times and of deletes."""

# ruff: noqa: S608 (names in queries are the probe's own, or quoted)
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import duckdb

from pipegen.core.measured import Count, Deletes, Key, NearKey
from pipegen.probe.facts import KEY_SAMPLE_ROWS, ColumnFacts
from pipegen.probe.indexes import Indexes
from pipegen.probe.keys import find_key
from pipegen.probe.landed import Landed, LandedColumn, number
from pipegen.probe.landed_sql import as_sql
from pipegen.probe.landed_values import read_values
from pipegen.probe.personal import personal
from pipegen.probe.sql_rows import deletes, near_key, odd
from pipegen.probe.sql_times import Times, read_times
from pipegen.probe.value_types import TextFacts, table_nulls

_SCALED = (
    0.5  # of the rows that were read: a column with more different values than this has more in rows that were not
)


@dataclass
class LandedTable:
    """A landed table with its facts; ``ids`` maps real names to the probe's columns."""

    landed: Landed
    columns: list[ColumnFacts]
    key: Key | None = None
    near_key: NearKey | None = None
    deletes: Deletes | None = None
    times: Times = field(default_factory=Times)

    @property
    def name(self) -> str:
        return self.landed.files.name

    def id_of(self, column: str) -> str:
        return next(c.id for c in self.landed.columns if c.name == column)


def read_facts(con: duckdb.DuckDBPyConnection, landed: Landed) -> LandedTable:
    """Everything but what other tables tell of a landed table; sets ``landed.csv.nulls``."""
    texts = read_values(con, landed)
    if landed.csv is not None:
        landed.nulls = table_nulls(texts.values())
        landed.csv = landed.csv.model_copy(update={"nulls": landed.nulls})
    columns = [_column(landed, c, texts[c.name]) for c in landed.columns]
    table = LandedTable(landed, columns)
    table.key = _key(con, table, {name: facts.distinct for name, facts in texts.items()})
    asked = as_sql(con, landed)
    table.near_key = near_key(asked, columns) if table.key is None else None
    marks = deletes(asked, columns, table.key, None)
    table.deletes = marks if marks.column is not None else None
    table.times = read_times(asked, columns, Indexes())
    if table.times.watermark is not None:
        table.times.watermark.indexed = None  # files have no index
    landed.notes += odd(columns, table.times.watermark, None)
    return table


def _column(landed: Landed, column: LandedColumn, facts: TextFacts) -> ColumnFacts:
    return ColumnFacts(
        name=column.name,
        type=facts.type,
        rows=landed.rows,
        nulls=facts.nulls_with(landed.nulls),
        longest=facts.longest,
        required=column.required,
        declared=column.declared,
        distinct=_distinct(landed, facts),
        least=facts.least,
        most=facts.most,
        personal=personal(column.name, facts.type, facts.some),
    )


def _distinct(landed: Landed, facts: TextFacts) -> Count | None:
    """Distinct values of all rows, by those that were read."""
    found = facts.distinct_without(landed.nulls)
    if found < 0:
        return None
    if found > _SCALED * landed.rows:
        found = round(found * landed.total / max(landed.rows, 1))
    return Count(value=found, exact=landed.whole)


def _key(con: duckdb.DuckDBPyConnection, table: LandedTable, counted: dict[str, int]) -> Key | None:
    landed = table.landed

    def distinct(names: Sequence[str], sample: bool) -> int:
        if len(names) == 1 and not sample:
            return counted[names[0]]
        ids = ", ".join(table.id_of(name) for name in names)
        limit = f" limit {KEY_SAMPLE_ROWS}" if sample else ""
        return number(
            con, f"select count(*) from (select distinct {ids} from (select {ids} from {landed.relation}{limit}))"
        )

    over = f"{landed.rows} rows" if landed.whole else f"{landed.rows} rows sampled"
    return find_key(table.name, table.columns, landed.rows, distinct, over, versions=True)
