"""What a source has, by an aggregate of its own: rows, and the sum of each numeric column.

These are computed apart from the rows that are loaded: for files by DuckDB's readers, for SQLite by SQLite. So that
reconciliation compares two ways to the same number, not one way with itself. Sums of BIGINT and DECIMAL columns are
exact; of DOUBLE columns, and where `exact` is false, they are floating-point numbers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from ingest import casts
from ingest.declaration import Column, Table


@dataclass(frozen=True)
class Sum:
    """`value` is None when no row has a value."""

    value: Decimal | None
    exact: bool


@dataclass(frozen=True)
class Measure:
    """`plain` is false when quotes in a CSV file are so placed that it takes the strict reader."""

    rows: int = 0
    sums: dict[str, Sum] = field(default_factory=dict)
    plain: bool = True


def add_sums(several: Iterable[dict[str, Sum]]) -> dict[str, Sum]:
    """Sums by column, of all of them together."""
    found: dict[str, list[Sum]] = {}
    for sums in several:
        for column, one in sums.items():
            found.setdefault(column, []).append(one)
    return {column: _together(parts) for column, parts in found.items()}


def _together(parts: list[Sum]) -> Sum:
    known = [part.value for part in parts if part.value is not None]
    return Sum(sum(known, Decimal(0)) if known else None, all(part.exact for part in parts))


def plus(left: Measure, right: Measure) -> Measure:
    """Both together; `plain` is not carried on."""
    return Measure(left.rows + right.rows, add_sums([left.sums, right.sums]))


def numeric_columns(table: Table) -> list[Column]:
    return [column for column in table.columns if casts.is_numeric(column.type)]


def add_up(value: str, column: Column, engine: str = "duckdb") -> str:
    """SQL: the sum of values that have the column's type."""
    exact = engine == "duckdb" and column.type == "DOUBLE"
    return f"fsum({value})" if exact else f"sum({value})"


def totals_query(found: list[tuple[Column, str, str]], relation: str, more: str = "") -> str:
    """SQL: the count of rows of `relation`, and the sum of each column's values that the column can hold.

    `found` has the columns with the expression of the value in the relation and the type it has there.
    """
    values = "".join(f", {value} AS v{place}" for place, (_, value, _) in enumerate(found))
    typed, sums = "", ""
    for place, (column, _, held) in enumerate(found):
        cast = casts.cast(f"v{place}", held, column.type, f"t{place}")
        typed += f", {cast.typed} AS t{place}"
        good = f"CASE WHEN coalesce({cast.exact}, false) THEN t{place} END"
        sums += f", {add_up(good, column)}"
    inner = f"SELECT 1 AS one{values} FROM {relation}"
    return f"SELECT count(*){sums}{more} FROM (SELECT *{typed} FROM ({inner}))"


def read_sums(columns: list[Column], values: tuple[object, ...]) -> dict[str, Sum]:
    return {
        column.id: Sum(None if value is None else Decimal(str(value)), column.type != "DOUBLE")
        for column, value in zip(columns, values, strict=True)
    }
