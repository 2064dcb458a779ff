"""SQLite's own count and sums of a table's rows, exact whatever kinds of values a column holds."""

import sqlite3
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from ingest import casts
from ingest.declaration import Column, Table
from ingest.measures import Measure, Sum, numeric_columns, totals_query
from ingest.sql import ident
from ingest.sqlite_values import as_array, text_of

BATCH_ROWS = 50_000
Row = tuple[Any, ...]

# Sums of integers are added up in two halves, which cannot overflow SQLite's 64 bits.
_HALF = 10**9
PARTS = 8
TEXTS = 6  # which of them counts texts
EVERY = "''"
# A binary floating-point number counts integers exactly up to here.
_FLOAT_INTEGERS = 2**53


def measure(
    connection: sqlite3.Connection,
    parser: duckdb.DuckDBPyConnection,
    table: Table,
    day: str,
    where: str,
    parameters: list[object],
) -> dict[str, Measure]:
    """Rows and sums a day, by SQLite's own count and sum. Numbers that are stored as text are added up by `parser`."""
    asked = _Asked(connection, table, day, where, parameters)
    there = {
        str(text_of(n))
        for (n,) in connection.execute("SELECT name FROM pragma_table_xinfo(?)", [table.name])
    }
    columns = [column for column in numeric_columns(table) if column.name in there]
    rows = {part: count for part, (count,) in asked.aggregate([]).items()}
    plain = _plain_sums(asked, columns)
    odd = [c for c in columns if any(c.id not in plain.get(part, {}) for part in rows)]
    found = asked.aggregate([part for column in odd for part in _sum_parts(column)]) if odd else {}
    texts = {
        column.id: _sum_texts(asked, parser, column)
        for column in odd
        if _has_texts(found, odd, column)
    }
    measures = {}
    for part, count in rows.items():
        sums = dict(plain.get(part, {}))
        for place, column in enumerate(odd):
            of_column = found[part][1:][place * PARTS : (place + 1) * PARTS]
            sums[column.id] = _odd_sum(column, of_column, texts.get(column.id, {}).get(part))
        measures[part] = Measure(count, {column.id: sums[column.id] for column in columns})
    return measures


class _Asked:
    """Aggregates over the rows of one selection, a group a day."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        table: Table,
        day: str,
        where: str,
        parameters: list[object],
    ):
        self.connection = connection
        self.table = table
        self.day = day
        self.where = where
        self.parameters = parameters

    def aggregate(self, parts: list[str]) -> dict[str, Row]:
        """By day, the count of rows and each of the parts."""
        query = (
            f"SELECT {self.day}, {', '.join(['count(*)', *parts])} FROM {ident(self.table.name)}{self.where} "
            f"{'' if self.day == EVERY else 'GROUP BY 1'}"
        )
        found = self.connection.execute(query, self.parameters).fetchall()
        return {str(text_of(part)): tuple(row) for part, *row in found}


def _plain_sums(asked: _Asked, columns: list[Column]) -> dict[str, dict[str, Sum]]:
    """Sums of the columns whose values are all of the expected kind, so that a simple sum is right."""
    parts = []
    for column in columns:
        x = ident(column.name)
        kinds = "'integer', 'real'" if column.type == "DOUBLE" else "'integer'"
        parts += [f"sum({x})", f"count({x})", f"sum(typeof({x}) IN ({kinds}))"]
        parts += [f"max(abs({x} * 1.0))"]
    try:
        by_part = asked.aggregate(parts)
    except sqlite3.OperationalError:  # the sum of integers takes more than 64 bits
        return {}
    return {part: _plain_of(columns, row[1:]) for part, row in by_part.items()}


def _plain_of(columns: list[Column], found: Sequence[Any]) -> dict[str, Sum]:
    sums = {}
    for place, column in enumerate(columns):
        total, values, expected, largest = found[place * 4 : place * 4 + 4]
        if values == (expected or 0) and (largest or 0) < _limit(column):
            number = None if total is None else Decimal(repr(total))
            sums[column.id] = Sum(number, column.type != "DOUBLE")
    return sums


def _has_texts(found: dict[str, Row], odd: list[Column], column: Column) -> bool:
    place = odd.index(column) * PARTS + TEXTS
    return any(row[1:][place] for row in found.values())


def _limit(column: Column) -> float:
    """What a value of the column stays below."""
    precision, scale = casts.decimal(column.type) or (400, 0)
    return 10.0 ** min(precision - scale, 308) if column.type != "DOUBLE" else float("inf")


def _odd_sum(column: Column, found: Sequence[Any], from_text: Decimal | None) -> Sum:
    """The sum of a column with values of several kinds, from what SQLite found by `_sum_parts`."""
    high, low, scaled_high, scaled_low, real, inexact, _, any_number = found
    scale = (casts.decimal(column.type) or (0, 0))[1]
    total = Decimal((high or 0) * _HALF + (low or 0))
    total += Decimal((scaled_high or 0) * _HALF + (scaled_low or 0)).scaleb(-scale)
    total += Decimal(repr(real or 0.0))
    value = total + (from_text or 0) if any_number or from_text is not None else None
    return Sum(value, column.type != "DOUBLE" and not inexact)


def _sum_parts(column: Column) -> list[str]:
    """SQL of one column: integers in two halves, reals scaled to integers in two halves, reals as they are,
    how many of those there are that no integer holds, how many texts, how many numbers."""
    x = ident(column.name)
    precision, scale = casts.decimal(column.type) or (19, 0)
    factor = 10**scale
    integer = f"typeof({x}) = 'integer' AND abs({x} * 1.0) < 1e{precision - scale}"
    real = f"typeof({x}) = 'real'"
    small = f"{real} AND abs({x} * {factor}) < {_FLOAT_INTEGERS}"
    scaled = f"CAST(round({x} * {factor}) AS INTEGER)"
    if column.type == "DOUBLE":
        integer, whole, odd = "0", "0", f"typeof({x}) IN ('integer', 'real')"
        count = odd
    else:
        near = "= 0" if column.type == "BIGINT" else f"<= 1e-9 * abs({x})"
        whole = f"{small} AND abs({scaled} * 1.0 / {factor} - {x}) {near}"
        odd = f"{real} AND NOT ({small}) AND abs({x}) < 1e{precision - scale}"
        count = f"({integer}) OR ({whole}) OR ({odd})"
    return [
        f"sum(CASE WHEN {integer} THEN {x} / {_HALF} END)",
        f"sum(CASE WHEN {integer} THEN {x} % {_HALF} END)",
        f"sum(CASE WHEN {whole} THEN {scaled} / {_HALF} END)",
        f"sum(CASE WHEN {whole} THEN {scaled} % {_HALF} END)",
        f"sum(CASE WHEN {odd} THEN {x} * 1.0 END)",
        f"count(CASE WHEN {odd} THEN 1 END)",
        f"count(CASE WHEN typeof({x}) IN ('text', 'blob') THEN 1 END)",
        f"count(CASE WHEN {count} THEN 1 END)",
    ]


def _sum_texts(
    asked: _Asked, parser: duckdb.DuckDBPyConnection, column: Column
) -> dict[str, Decimal]:
    """By day, the sum of the numbers that are stored as text."""
    name = ident(column.name)
    is_text = f"typeof({name}) IN ('text', 'blob')"
    where = f"{asked.where} AND {is_text}" if asked.where else f" WHERE {is_text}"
    query = f"SELECT {asked.day}, CAST({name} AS TEXT) FROM {ident(asked.table.name)}{where}"
    cursor = asked.connection.execute(query, asked.parameters)
    totals: dict[str, Decimal] = {}
    while rows := cursor.fetchmany(BATCH_ROWS):
        for part in {part for part, _ in rows}:
            some = [text for of, text in rows if of == part]
            texts, _ = as_array(Column("text", "text", "VARCHAR", True), some)
            parser.register("texts", pa.table({"value": texts}))
            ((_, found),) = parser.execute(
                totals_query([(column, "value", "VARCHAR")], "texts")
            ).fetchall()
            if found is not None:
                day = str(text_of(part))
                totals[day] = totals.get(day, Decimal(0)) + Decimal(str(found))
    return totals
