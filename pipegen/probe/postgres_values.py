"""What the rows of a PostgreSQL table show: how many, nulls, a key that no constraint declares, how a watermark grows.

A small table is read whole. Of a large one a part is judged, and always the same part of an unchanged table: blocks that the
server picks by a fixed seed, or the first rows as they lie.
"""

# ruff: noqa: S608 (names in queries are quoted)
from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from pipegen.core.measured import Count, Key, Rate, Watermark
from pipegen.probe.facts import KEY_SAMPLE_ROWS, ColumnFacts, rate
from pipegen.probe.keys import find_key, watermark_column
from pipegen.probe.postgres_catalogue import DeclaredColumn, Indexes, Relation
from pipegen.probe.postgres_connection import Connection

COUNTED_ROWS = 1_000_000  # a table that the planner takes for larger is not counted
SAMPLE_ROWS = 200_000
SAMPLE_BLOCKS = 4_000
RATE_DAYS = 14


@dataclass(frozen=True)
class Readable:
    """One table to be read: ``relation`` is its quoted name, ``rows`` what is known of its number."""

    con: Connection
    schema: str
    table: Relation
    rows: Count

    @property
    def relation(self) -> str:
        return f"{quoted(self.schema)}.{quoted(self.table.name)}"

    @property
    def is_large(self) -> bool:
        return not self.rows.exact

    @property
    def part(self) -> str:
        """What columns are judged by: the whole of a small table, some blocks of a large one."""
        if not self.is_large or self.table.blocks <= SAMPLE_BLOCKS:
            return self.relation
        return f"{self.relation} tablesample system ({100 * SAMPLE_BLOCKS / self.table.blocks:.6f}) repeatable (0)"

    def first(self, rows: int) -> str:
        return f"(select * from {self.relation} limit {rows})"


def quoted(name: str) -> str:
    """A name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def one(con: Connection, query: str) -> tuple[Any, ...]:
    """The only row of an answer; the text of the query is no template."""
    row = con.execute(query.encode()).fetchone()
    assert row is not None
    return row


def within_time(con: Connection, query: str) -> tuple[Any, ...] | None:
    """The only row of an answer, or None where the server takes too long for it."""
    try:
        with con.transaction():
            return one(con, query)
    except psycopg.errors.QueryCanceled:
        return None


def count_rows(con: Connection, schema: str, table: Relation) -> Count:
    """Rows, counted where they are few; else the planner's number, in three digits, since it is no more exact."""
    if table.estimate is None or table.estimate < COUNTED_ROWS:
        counted = within_time(con, f"select count(*) from {quoted(schema)}.{quoted(table.name)}")
        if counted is not None:
            return Count(value=counted[0])
    estimate = table.estimate if table.estimate is not None else table.bytes // 100
    digits = max(0, len(str(estimate)) - 3)
    return Count(value=round(estimate, -digits), exact=False)


def column_facts(of: Readable, columns: Sequence[DeclaredColumn], indexes: Indexes) -> list[ColumnFacts]:
    """Columns with their nulls, and the longest text where a key must be looked for."""
    keyed = bool(declared_key(columns, indexes))
    asked = ["count(*)"]
    for column in columns:
        asked.append("0" if column.required else f"count(*) - count({quoted(column.name)})")
        asked.append(
            f"max(length({quoted(column.name)}::text))" if column.type == "text" and not keyed else "null::int"
        )
    needed = not keyed or not all(c.required for c in columns)
    row = within_time(of.con, f"select {', '.join(asked)} from {of.part}") if needed and columns else None
    unique = {c[0] for c in (*indexes.unique, indexes.primary_key) if len(c) == 1}
    rows = row[0] if row else of.rows.value
    return [
        ColumnFacts(
            name=column.name,
            type=column.type,
            rows=rows if row or column.required else 0,
            nulls=row[1 + 2 * i] if row else 0,
            longest=row[2 + 2 * i] if row else None,
            required=column.required,
            unique=column.name in unique,
            declared=column.declared,
        )
        for i, column in enumerate(columns)
    ]


def declared_key(columns: Sequence[DeclaredColumn], indexes: Indexes) -> Key | None:
    """The primary key, or the first unique index over columns that are never null."""
    if indexes.primary_key:
        return Key(columns=indexes.primary_key, how="primary key")
    required = {c.name for c in columns if c.required}
    found = next((index for index in indexes.unique if required.issuperset(index)), None)
    return Key(columns=found, how="unique index") if found else None


def measured_key(of: Readable, columns: Sequence[ColumnFacts]) -> Key | None:
    """The columns that tell apart the rows that are there, or the first of them."""
    types = {c.name: c.type for c in columns}
    rows = min(of.rows.value, SAMPLE_ROWS) if of.is_large else of.rows.value
    whole = of.first(rows) if of.is_large else of.relation

    def distinct(names: Sequence[str], sample: bool) -> int:
        # a text may be of a type that has no equality of its own, such as xml
        selected = ", ".join(f"{quoted(n)}::text" if types[n] == "text" else quoted(n) for n in names)
        source = of.first(KEY_SAMPLE_ROWS) if sample else whole
        found = within_time(of.con, f"select count(*) from (select distinct {selected} from {source} p) d")
        return int(found[0]) if found else 0

    over = f"the first {rows} rows" if of.is_large else f"{rows} rows"
    return find_key(of.table.name, columns, rows, distinct, over)


def watermark(of: Readable, columns: Sequence[ColumnFacts], indexes: Indexes) -> tuple[Watermark | None, Rate | None]:
    """The watermark, how far out of order the rows lie, its oldest day, and the rows a day up to the newest row."""
    column = watermark_column(columns)
    if column is None:
        return None, None
    mark = quoted(column.name)
    since, per_day = _span(of, column.name, mark)
    earlier, sampled = _order(of, mark)
    found = Watermark(
        column=column.name,
        indexed=column.name in indexes.first,
        out_of_order=None if earlier is None else rate(earlier, max(sampled - 1, 1)),
        sampled=None if earlier is None else sampled,
        since=since,
    )
    return found, per_day


def _order(of: Readable, mark: str) -> tuple[int | None, int]:
    """Rows earlier than the row before, of the first rows as they lie; a view's rows lie nowhere."""
    if of.table.is_view:
        return None, 0
    row = within_time(
        of.con,
        "select count(*) filter (where x < before), count(*) from (select x, lag(x) over (order by part, place) before "
        f"from (select {mark} x, tableoid part, ctid place from {of.relation} limit {SAMPLE_ROWS}) s) w",
    )
    return (row[0], row[1]) if row else (None, 0)


def _span(of: Readable, name: str, mark: str) -> tuple[str | None, Rate | None]:
    """The oldest day, and the rate over the days up to the newest value; infinite values are no time."""
    row = within_time(
        of.con,
        f"select to_char(least, 'YYYY-MM-DD'), extract(epoch from most - least) / 86400, most::text from (select "
        f"(select min({mark}) from {of.relation} where {mark} > '-infinity' and {mark} < 'infinity') as least, "
        f"(select max({mark}) from {of.relation} where {mark} > '-infinity' and {mark} < 'infinity') as most) s",
    )
    if row is None or row[0] is None:
        return None, None
    since = row[0] if re.fullmatch(r"\d{4}-\d{2}-\d{2}", row[0]) and "BC" not in row[2] else None
    days = min(RATE_DAYS, int(row[1]))
    if not days:
        return since, None
    newest = row[2].replace("'", "''")
    recent = within_time(
        of.con,
        f"select count(*) from {of.relation} where {mark} > '{newest}'::timestamptz - interval '{days} days' "
        f"and {mark} < 'infinity'",
    )
    how = f"{name}, the {days} days up to the newest row"
    return since, Rate(value=round(recent[0] / days), how=how) if recent else None
