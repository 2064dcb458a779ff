"""Counts and sums of one hop, expected against actual."""

import json
import math
from dataclasses import dataclass, field
from decimal import Decimal

import duckdb

from ingest import casts, measures
from ingest.declaration import Column, Table
from ingest.measures import Sum
from ingest.sql import ident, literal, pointer

# Sums of floating-point numbers depend on the order of addition.
RELATIVE_TOLERANCE = 1e-9

WHOLE_TABLE = "whole table"


@dataclass(frozen=True)
class Totals:
    """Rows, and sums by column id."""

    rows: int
    sums: dict[str, Sum] = field(default_factory=dict)


@dataclass
class Hop:
    """One comparison. `differences` names what disagrees, with both values; empty when all agrees."""

    hop: str
    source: str
    table: str
    expected: Totals
    actual: Totals
    differences: list[str] = field(default_factory=list)
    window: str = WHOLE_TABLE

    def compare(self) -> "Hop":
        where = f"{self.hop}: {self.source}.{self.table}"
        if self.expected.rows != self.actual.rows:
            self.differences.append(
                f"{where}: rows: expected {self.expected.rows}, found {self.actual.rows}"
            )
        for column, wanted in self.expected.sums.items():
            found = self.actual.sums.get(column)
            if found is None or not agree(wanted, found):
                value = found and found.value
                self.differences.append(
                    f"{where}: sum of {column}: expected {wanted.value}, found {value}"
                )
        return self

    def sums_json(self) -> str:
        return json.dumps(
            {
                column: {"expected": _text(wanted), "actual": _text(self.actual.sums.get(column))}
                for column, wanted in self.expected.sums.items()
            }
        )


def agree(wanted: Sum, found: Sum) -> bool:
    if wanted.value is None or found.value is None:
        # SQLite and an empty quarantine say 0 and NULL for the same thing.
        return not wanted.value and not found.value
    if wanted.value == found.value:
        return True
    if wanted.exact and found.exact:
        return False
    left, right = float(wanted.value), float(found.value)
    if math.isnan(left) and math.isnan(right):
        return True
    return math.isclose(left, right, rel_tol=RELATIVE_TOLERANCE, abs_tol=1e-12)


def add(left: Totals, right: Totals) -> Totals:
    sums = {}
    for column in left.sums.keys() | right.sums.keys():
        parts = [t.sums[column] for t in (left, right) if column in t.sums]
        known = [part.value for part in parts if part.value is not None]
        sums[column] = Sum(
            sum(known, Decimal(0)) if known else None, all(part.exact for part in parts)
        )
    return Totals(left.rows + right.rows, sums)


def of_relation(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: list[Column]
) -> Totals:
    """Rows and sums of a table or subquery whose columns have the declared types."""
    sums = [measures.add_up(ident(column.id), column) for column in columns]
    return read(connection, f"SELECT {', '.join(['count(*)', *sums])} FROM {relation}", columns)


def of_source(connection: duckdb.DuckDBPyConnection, table: Table) -> Totals | None:
    """What the source had when it was read last; None when it never was."""
    found = connection.execute(
        'SELECT "column", value, exact FROM ops.source_measures WHERE source = ? AND "table" = ?',
        [table.source, table.id],
    ).fetchall()
    if not found:
        return None
    totals = Totals(0)
    for column, value, exact in found:
        number = None if value is None else Decimal(value)
        part = (
            Totals(int(number or 0)) if column is None else Totals(0, {column: Sum(number, exact)})
        )
        totals = add(totals, part)
    return totals


def of_quarantine(connection: duckdb.DuckDBPyConnection, table: Table) -> Totals:
    """Rows in quarantine, and the sums of those of their values that are good."""
    columns = measures.numeric_columns(table)
    sums = ", ".join(["count(*)", *(_quarantined_sum(table, column) for column in columns)])
    query = (
        f"SELECT {sums} FROM ops.quarantine WHERE source = {literal(table.source)} "
        f'AND "table" = {literal(table.id)}'
    )
    return read(connection, query, columns)


def _quarantined_sum(table: Table, column: Column) -> str:
    member = pointer(column.name)
    text = f"(raw ->> {member})"
    words = ", ".join(literal(word) for word in table.options.get("nulls") or ())
    if words:
        text = f"(CASE WHEN {text} NOT IN ({words}) THEN {text} END)"
    as_text = casts.cast(text, "VARCHAR", column.type)
    as_real = casts.cast(f"{text}::DOUBLE", "DOUBLE", column.type)
    value = (
        f"CASE WHEN json_type(raw, {member}) = 'DOUBLE' "
        f"THEN CASE WHEN {as_real.exact} THEN {as_real.typed} END "
        f"WHEN coalesce({as_text.exact}, false) THEN {as_text.typed} END"
    )
    return measures.add_up(value, column)


def read(connection: duckdb.DuckDBPyConnection, query: str, columns: list[Column]) -> Totals:
    ((rows, *values),) = connection.execute(query).fetchall()
    sums = {}
    for column, value in zip(columns, values, strict=True):
        number = None if value is None else Decimal(str(value))
        sums[column.id] = Sum(number, column.type != "DOUBLE")
    return Totals(rows, sums)


def _text(total: Sum | None) -> str | None:
    return None if total is None or total.value is None else str(total.value)
