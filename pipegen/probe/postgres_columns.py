"""What the rows of a PostgreSQL table show of its columns: nulls, distinct values, range and length."""

# ruff: noqa: S608 (names in queries are quoted)
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pipegen.core.measured import Count
from pipegen.probe.facts import KEY_SAMPLE_ROWS, TEMPORAL, ColumnFacts
from pipegen.probe.indexes import Indexes
from pipegen.probe.postgres_catalogue import DeclaredColumn
from pipegen.probe.postgres_values import PostgresTable
from pipegen.probe.sql_names import quoted

COLUMNS_AT_ONCE = 250  # a query selects at most 1,664 expressions
_DISTINCT_BLOCKS = 256  # a table of so few is read at once with the rest
_NEARLY_UNIQUE = 0.9
_NUMBERS = ("bigint", "double", "decimal")
_NUMERIC_INFINITY = 140_000  # the first version whose numerics can be infinite
_YEAR = re.compile(r"\d{4}-")


Item = TypeVar("Item")


def _batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    return (items[at : at + size] for at in range(0, len(items), size))


@dataclass
class Seen:
    """What a query showed of a column; ``infinite``: rows with a time that is no day."""

    nulls: int
    longest: int | None
    least: str | None
    most: str | None
    infinite: int
    distinct: int | None


@dataclass
class Columns:
    """What queries showed of a table: ``rows`` that were read, and each column of them."""

    rows: int
    seen: dict[str, Seen] = field(default_factory=dict)


def read_columns(of: PostgresTable, columns: Sequence[DeclaredColumn], known: frozenset[str]) -> Columns | None:
    """Read ``of.part``. Distinct values are counted of a small table, and not of columns that are ``known`` to be unique."""
    counts = not of.table.is_view and of.table.blocks <= _DISTINCT_BLOCKS
    found = Columns(rows=0)
    for some in _batches(columns, COLUMNS_AT_ONCE) if columns else [()]:
        asked = ["count(*)"]
        for column in some:
            asked += _asked(of, column, counts and column.name not in known)
        row = of.one(f"select {', '.join(asked)} from {of.part} p")
        if row is None:
            return None
        found.rows = int(row[0])
        for column, answer in zip(some, _batches(row[1:], 6), strict=True):
            found.seen[column.name] = _seen(column, answer)
    return found


def _asked(of: PostgresTable, column: DeclaredColumn, distinct: bool) -> list[str]:
    """Expressions for :class:`Seen`, in the order of its fields."""
    name = quoted(column.name)
    least = most = longest = "null::text"
    infinite = "0"
    if column.type == "text":
        longest = f"max(length({name}::text))"
    elif column.type.startswith(_NUMBERS) or column.type in (*TEMPORAL, "time"):
        value, finite = _finite(of, column)
        least, most = f"min({value}){finite}::text", f"max({value}){finite}::text"
    if column.type in TEMPORAL:
        infinite = f"count(*) filter (where not isfinite({name}))"
    nulls = "0" if column.required else f"count(*) - count({name})"
    return [nulls, longest, least, most, infinite, _distinct(of, column) if distinct else "null::bigint"]


def _finite(of: PostgresTable, column: DeclaredColumn) -> tuple[str, str]:
    """A column as what its range is told of, and the filter that leaves out what is no number and no day."""
    name = quoted(column.name)
    if column.declared == "money":  # its text is the locale's
        return f"{name}::numeric", ""
    if column.type in TEMPORAL:
        return name, f" filter (where isfinite({name}))"
    has_infinity = column.type == "double" or of.session.con.info.server_version >= _NUMERIC_INFINITY
    if column.type == "double" or (column.type.startswith("decimal") and has_infinity):
        return name, f" filter (where {name} > '-Infinity' and {name} < 'Infinity')"
    return name, f" filter (where {name} <> 'NaN')" if column.type.startswith("decimal") else ""


def _distinct(of: PostgresTable, column: DeclaredColumn | ColumnFacts) -> str:
    return "null::bigint" if column.type == "blob" else f"count(distinct {of.comparable(column.name, column.type)})"


def _seen(column: DeclaredColumn, answer: Sequence[Any]) -> Seen:
    nulls, longest, least, most, infinite, distinct = answer
    if column.type in TEMPORAL:  # a day before our era, or after the year 9999, is one of no other engine
        least, most = (day if day is None or (_YEAR.match(day) and "BC" not in day) else None for day in (least, most))
    return Seen(int(nulls), longest and int(longest), least, most, int(infinite), distinct)


def facts(
    columns: Sequence[DeclaredColumn],
    indexes: Indexes,
    found: Columns | None,
    values: Mapping[str, list[str]],
) -> list[ColumnFacts]:
    """Columns as the catalogue has them and, where they were read, as their rows are."""
    made = []
    for column in columns:
        seen = found.seen.get(column.name) if found else None
        made.append(
            ColumnFacts(
                name=column.name, type=column.type, rows=found.rows if found else 0, nulls=seen.nulls if seen else 0,
                longest=seen.longest if seen else None, required=column.required, unique=column.name in indexes.alone,
                declared=column.declared, generated=column.generated, values=values.get(column.name),
                least=seen.least if seen else None, most=seen.most if seen else None,
            )
        )  # fmt: skip
    return made


def with_distinct(
    of: PostgresTable, its: Sequence[ColumnFacts], found: Columns | None, planned: Mapping[str, float]
) -> list[ColumnFacts]:
    """Columns with their distinct values: of a unique one all rows, else counted, else by the planner, else of some rows."""
    made: dict[str, Count | None] = {}
    rows = of.rows
    for column in its if rows.exact or rows.value else ():  # else nobody knows how many there are
        seen = found.seen.get(column.name) if found else None
        if column.unique:
            value = max(0, rows.value - column.nulls) if rows.exact else rows.value
            made[column.name] = Count(value=value, exact=rows.exact)
        elif seen is not None and seen.distinct is not None:
            made[column.name] = Count(value=seen.distinct, exact=not of.is_judged_in_part)
        elif column.name in planned and not (rows.exact and rows.value <= KEY_SAMPLE_ROWS):
            share = planned[column.name]
            made[column.name] = Count(value=round(-share * rows.value if share < 0 else share), exact=False)
    if found is not None:
        made |= _of_some_rows(of, [c for c in its if c.name not in made and c.type != "blob"])
    return [replace(column, distinct=made.get(column.name)) for column in its]


def _of_some_rows(of: PostgresTable, columns: Sequence[ColumnFacts]) -> dict[str, Count | None]:
    """Distinct values of some rows; of a column that is nearly unique in them they grow with the table."""
    made: dict[str, Count | None] = {}
    for some in _batches(columns, COLUMNS_AT_ONCE):
        asked = ", ".join(["count(*)", *(_distinct(of, c) for c in some)])
        row = of.one(f"select {asked} from {of.scattered(KEY_SAMPLE_ROWS)} p")
        if row is None:
            return made
        read, *counts = row
        whole = of.rows.exact and read == of.rows.value
        for column, count in zip(some, counts, strict=True):
            grows = not whole and count > _NEARLY_UNIQUE * read
            made[column.name] = Count(value=round(count / read * of.rows.value) if grows else count, exact=whole)
    return made
