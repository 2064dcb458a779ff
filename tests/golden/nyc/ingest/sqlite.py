"""A SQLite database: its rows as they are stored, value by value, and its own sums, in one read transaction."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from ingest import casts
from ingest.declaration import Column, LoadError, Note, Source, Table
from ingest.measures import Measure, Sum, numeric_columns, totals_query
from ingest.parse import LINE, Batch, Reject
from ingest.sql import ident

BATCH_ROWS = 50_000
Row = tuple[Any, ...]

# Sums of integers are added up in two halves, which cannot overflow SQLite's 64 bits.
_HALF = 10**9
PARTS = 8
# A binary floating-point number counts integers exactly up to here.
_FLOAT_INTEGERS = 2**53


@contextmanager
def snapshot(source: Source) -> Iterator[sqlite3.Connection]:
    """A read-only connection in one transaction: every query sees the same state of the database."""
    if not source.path.is_file():
        raise LoadError(
            f"{source.id}: there is no database file {source.path}; "
            f"set {source.path_env} to where it is"
        )
    connection = sqlite3.connect(
        f"{source.path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None
    )
    try:
        connection.execute("BEGIN")
        yield connection
    except sqlite3.DatabaseError as error:
        raise LoadError(f"{source.id}: cannot read {source.path}: {error}") from error
    finally:
        connection.close()


def check(connection: sqlite3.Connection, table: Table, note: Note) -> None:
    """LoadError when the table or one of its declared columns is not there."""
    found = connection.execute("SELECT name FROM pragma_table_xinfo(?)", [table.name])
    names = [str(_text(name)) for (name,) in found]
    if not names:
        raise LoadError(f"{table.source}.{table.id}: the database has no table {table.name!r}")
    table.check_columns(f"table {table.name!r}", names, note)


def read(
    connection: sqlite3.Connection, table: Table, mark: object, retry: Sequence[int]
) -> Iterator[Batch]:
    """The table's raw rows: all, or from `mark` of its watermark on, with those that have the rowids `retry`.

    A row at the mark itself is read again, for its neighbours may have been written later; so is a row with no
    watermark. Whoever lands them drops the doubles by key.
    """
    rowid = rowid_name(connection, table)
    names = ", ".join(ident(column.name) for column in table.columns)
    query = f"SELECT {rowid or 'NULL'}, {names} FROM {ident(table.name)}"
    parameters: list[object] = []
    if mark is not None and table.watermark:
        watermark = ident(table.column(table.watermark).name)
        query += f" WHERE {watermark} >= ? OR {watermark} IS NULL"
        parameters.append(mark)
        if rowid:
            query += f" OR {rowid} IN (SELECT value FROM json_each(?))"
            parameters.append(json.dumps(list(retry)))
    # Bytes, not str: text that is not UTF-8 must reject its row, not stop the load.
    connection.text_factory = bytes
    cursor = connection.execute(query, parameters)
    while rows := cursor.fetchmany(BATCH_ROWS):
        yield _batch(table, rows)


def newest(connection: sqlite3.Connection, table: Table) -> object:
    """The highest watermark, as stored; None when the table has none."""
    if not table.watermark:
        return None
    watermark = ident(table.column(table.watermark).name)
    (value,) = connection.execute(f"SELECT max({watermark}) FROM {ident(table.name)}").fetchone()
    return _text(value)


def rowid_name(connection: sqlite3.Connection, table: Table) -> str | None:
    """A name that the table's rowid has and no column takes; None for a view or a table WITHOUT ROWID."""
    found = connection.execute("SELECT name FROM pragma_table_xinfo(?)", [table.name])
    taken = {str(_text(name)).lower() for (name,) in found}
    for name in [name for name in ("rowid", "_rowid_", "oid") if name not in taken]:
        try:
            row = connection.execute(f"SELECT {name} FROM {ident(table.name)} LIMIT 1").fetchone()
        except sqlite3.OperationalError:
            return None
        return None if row == (None,) else name
    return None


def _batch(table: Table, rows: list[Row]) -> Batch:
    numbers, *values = zip(*rows, strict=True)
    arrays: dict[str, pa.Array] = {}
    unreadable: dict[int, list[str]] = {}
    for column, stored in zip(table.columns, values, strict=True):
        arrays[column.id], bad = _array(column, stored)
        for place in bad:
            unreadable.setdefault(place, []).append(f"{column.id}: not a {column.type}")
    arrays[LINE] = pa.array(numbers, pa.int64())
    batch = pa.table(arrays)
    if not unreadable:
        return Batch(batch)
    rejects = [
        Reject(batch[LINE][place].as_py(), "; ".join(reasons), _raw(table, rows[place][1:]))
        for place, reasons in unreadable.items()
    ]
    good = pa.array([place not in unreadable for place in range(len(rows))])
    return Batch(batch.filter(good), rejects)


def _array(column: Column, stored: Sequence[object]) -> tuple[pa.Array, list[int]]:
    """The stored values as one type if they have one, else as text; and the places of bytes that are no text."""
    held = _storage(column, {type(value) for value in stored} - {type(None)})
    if held is not None:
        try:
            return pa.array(stored, held), []
        except (pa.ArrowInvalid, OverflowError):
            pass  # an integer that no DOUBLE holds, bytes that are no text
    texts: list[str | None] = []
    bad = []
    for place, value in enumerate(stored):
        try:
            text = _text(value)
        except UnicodeDecodeError:
            text = None
            bad.append(place)
        texts.append(text if text is None else str(text))
    return pa.array(texts, pa.string()), bad


def _storage(column: Column, found: set[type]) -> pa.DataType | None:
    """The one type that holds all of the stored values as they are; None when there is none."""
    if found <= {int}:
        return pa.int64()
    if found <= {int, float}:
        return pa.float64()
    if found == {bytes}:
        return pa.binary() if column.type == "BLOB" else pa.string()
    return None


def _raw(table: Table, values: Sequence[object]) -> str:
    """A row as JSON; bytes that are no text as hexadecimal digits."""
    members = {}
    for column, value in zip(table.columns, values, strict=True):
        try:
            members[column.name] = _text(value)
        except UnicodeDecodeError:
            assert isinstance(value, bytes)
            members[column.name] = value.hex()
    return json.dumps(members, ensure_ascii=False)


def _text(value: object) -> object:
    return value.decode() if isinstance(value, bytes) else value


def measure(
    connection: sqlite3.Connection, parser: duckdb.DuckDBPyConnection, table: Table
) -> Measure:
    """The whole table, by SQLite's own count and sum. Numbers that are stored as text are added up by `parser`."""
    columns = numeric_columns(table)
    sums = _plain_sums(connection, table, columns)
    odd = [column for column in columns if column.id not in sums]
    rows, *found = _aggregate(connection, table, [part for c in odd for part in _sum_parts(c)])
    for place, column in enumerate(odd):
        of_column = found[place * PARTS : (place + 1) * PARTS]
        sums[column.id] = _odd_sum(connection, parser, table, column, of_column)
    return Measure(rows, {column.id: sums[column.id] for column in columns})


def _aggregate(connection: sqlite3.Connection, table: Table, parts: list[str]) -> Row:
    query = f"SELECT {', '.join(['count(*)', *parts])} FROM {ident(table.name)}"
    row: Row = connection.execute(query).fetchone()
    return row


def _plain_sums(
    connection: sqlite3.Connection, table: Table, columns: list[Column]
) -> dict[str, Sum]:
    """Sums of the columns whose values are all of the expected kind, so that a simple sum is right."""
    parts = []
    for column in columns:
        x = ident(column.name)
        kinds = "'integer', 'real'" if column.type == "DOUBLE" else "'integer'"
        parts += [f"sum({x})", f"count({x})", f"sum(typeof({x}) IN ({kinds}))"]
        parts += [f"max(abs({x} * 1.0))"]
    try:
        _, *found = _aggregate(connection, table, parts)
    except sqlite3.OperationalError:  # the sum of integers takes more than 64 bits
        return {}
    sums = {}
    for place, column in enumerate(columns):
        total, values, expected, largest = found[place * 4 : place * 4 + 4]
        if values == (expected or 0) and (largest or 0) < _limit(column):
            number = None if total is None else Decimal(repr(total))
            sums[column.id] = Sum(number, column.type != "DOUBLE")
    return sums


def _limit(column: Column) -> float:
    """What a value of the column stays below."""
    precision, scale = casts.decimal(column.type) or (400, 0)
    return 10.0 ** min(precision - scale, 308) if column.type != "DOUBLE" else float("inf")


def _odd_sum(
    connection: sqlite3.Connection,
    parser: duckdb.DuckDBPyConnection,
    table: Table,
    column: Column,
    found: Sequence[Any],
) -> Sum:
    """The sum of a column with values of several kinds, from what SQLite found by `_sum_parts`."""
    high, low, scaled_high, scaled_low, real, inexact, texts, any_number = found
    scale = (casts.decimal(column.type) or (0, 0))[1]
    total = Decimal((high or 0) * _HALF + (low or 0))
    total += Decimal((scaled_high or 0) * _HALF + (scaled_low or 0)).scaleb(-scale)
    total += Decimal(repr(real or 0.0))
    from_text = _sum_texts(connection, parser, table, column) if texts else None
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
    connection: sqlite3.Connection,
    parser: duckdb.DuckDBPyConnection,
    table: Table,
    column: Column,
) -> Decimal | None:
    """The sum of the numbers that are stored as text; None when no text is one."""
    name = ident(column.name)
    query = f"SELECT CAST({name} AS TEXT) FROM {ident(table.name)} WHERE typeof({name}) IN ('text', 'blob')"
    cursor = connection.execute(query)
    total: Decimal | None = None
    while rows := cursor.fetchmany(BATCH_ROWS):
        texts, _ = _array(Column("text", "text", "VARCHAR", True), [text for (text,) in rows])
        parser.register("texts", pa.table({"value": texts}))
        query = totals_query([(column, "value", "VARCHAR")], "texts")
        ((_, found),) = parser.execute(query).fetchall()
        if found is not None:
            total = (total or Decimal(0)) + Decimal(str(found))
    return total
