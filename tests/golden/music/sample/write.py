"""Deliveries as the source would hold them: CSV, JSON lines and Parquet files, or a SQLite database."""

import csv
import io
import json
import sqlite3
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingest import casts
from ingest.declaration import Column, Table
from ingest.sql import ident
from sample.deliveries import Delivered, Delivery
from sample.schema import Shape
from sample.texts import spelled


def write_files(folder: Path, delivered: Delivered) -> None:
    for delivery in delivered.deliveries:
        path = folder / delivery.name
        path.parent.mkdir(parents=True, exist_ok=True)
        {"csv": _csv, "jsonl": _jsonl, "parquet": _parquet}[delivered.table.format or ""](
            path, delivered.table, delivery
        )


def _csv(path: Path, table: Table, delivery: Delivery) -> None:
    nulls = table.options.get("nulls") or [""]
    lines = io.StringIO(newline="")
    writer = csv.writer(lines, delimiter=table.options.get("delimiter", ","), lineterminator="\n")
    if table.options.get("header", True):
        writer.writerow([column.name for column in table.columns])
    for number, row in enumerate([*delivery.rows, *delivery.malformed]):
        null = nulls[number % len(nulls)]
        writer.writerow(
            [
                null if value is None else spelled(value, column)
                for value, column in _with(table, row)
            ]
        )
    for row in delivery.ragged:
        writer.writerow([spelled(value, column) for value, column in _with(table, row)][:-1])
    path.write_text(lines.getvalue(), encoding="utf-8", newline="")


def _jsonl(path: Path, table: Table, delivery: Delivery) -> None:
    lines = []
    for number, row in enumerate([*delivery.rows, *delivery.malformed]):
        members = [
            f"{json.dumps(column.name, ensure_ascii=False)}: {_as_json(value, column)}"
            for value, column in _with(table, row)
            if value is not None or number % 2  # null or left out: both mean there is none
        ]
        lines.append(f"{{{', '.join(members)}}}\n")
    lines += [
        json.dumps([str(value) for value in row], ensure_ascii=False)[:40] + "\n"
        for row in delivery.ragged
    ]
    path.write_text("".join(lines), encoding="utf-8", newline="")


def _parquet(path: Path, table: Table, delivery: Delivery) -> None:
    columns = {}
    for place, column in enumerate(table.columns):
        column_values = [row[place] for row in delivery.rows]
        kind = _arrow_type(column)
        if kind == pa.string():
            column_values = [None if v is None else spelled(v, column) for v in column_values]
        columns[column.name] = pa.array(column_values, kind)
    pq.write_table(pa.table(columns), path)


def write_database(path: Path, tables: list[tuple[Shape, Delivered]]) -> None:
    """One database with keys and foreign keys. An updated row is updated in place, as its application would."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = {shape.table.id: shape.table for shape, _ in tables}
    connection = sqlite3.connect(path)
    with connection:
        for shape, delivered in tables:
            table = shape.table
            connection.execute(_create(shape, names))
            places = ", ".join("?" for _ in table.columns)
            (delivery,) = delivered.deliveries
            rows = [_stored(table, row) for row in [*delivery.rows, *delivery.malformed]]
            good = len(delivery.rows) - delivered.updated
            insert = f"INSERT INTO {ident(table.name)} VALUES ({places})"
            connection.executemany(insert, rows[:good] + rows[len(delivery.rows) :])
            for row in rows[good : len(delivery.rows)]:
                connection.execute(_update(table), [*row, *_key_of(table, row)])
    connection.close()


def _create(shape: Shape, names: dict[str, Table]) -> str:
    table = shape.table
    lines = [
        f"{ident(column.name)} {_sqlite_type(column)}{'' if column.nullable else ' NOT NULL'}"
        for column in table.columns
    ]
    if table.key:
        lines.append(f"PRIMARY KEY ({_names(table, table.key)})")
    for key in shape.foreign_keys:
        to = names[key.to]
        lines.append(
            f"FOREIGN KEY ({_names(table, key.columns)}) REFERENCES {ident(to.name)} ({_names(to, key.at)})"
        )
    return f"CREATE TABLE {ident(table.name)} (\n  " + ",\n  ".join(lines) + "\n)"


def _names(table: Table, column_ids: tuple[str, ...]) -> str:
    return ", ".join(ident(table.column(column_id).name) for column_id in column_ids)


def _update(table: Table) -> str:
    assignments = ", ".join(f"{ident(column.name)} = ?" for column in table.columns)
    which = " AND ".join(f"{ident(table.column(column_id).name)} = ?" for column_id in table.key)
    return f"UPDATE {ident(table.name)} SET {assignments} WHERE {which}"


def _key_of(table: Table, row: list[object]) -> list[object]:
    ids = [column.id for column in table.columns]
    return [row[ids.index(column_id)] for column_id in table.key]


def _stored(table: Table, row: list[object]) -> list[object]:
    """A row as SQLite stores it: numbers, bytes, and text for all else."""
    return [
        value
        if value is None or isinstance(value, (int, float, bytes, str))
        else spelled(value, column)
        for value, column in _with(table, row)
    ]


def _sqlite_type(column: Column) -> str:
    # INTEGER, not BIGINT: SQLite makes only that the rowid when it is the key.
    return {"BIGINT": "INTEGER", "VARCHAR": "TEXT", "JSON": "TEXT", "UUID": "TEXT", "TIME": "TEXT",
            "TIMESTAMPTZ": "TEXT", "DOUBLE": "REAL"}.get(column.type, column.type)  # fmt: skip


def _with(table: Table, row: list[object]) -> list[tuple[object, Column]]:
    return list(zip(row, table.columns, strict=True))


def _as_json(value: object, column: Column) -> str:
    if value is None:
        return "null"
    if column.type == "JSON" or (
        isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    ):
        return str(value)
    if isinstance(value, bool):
        return spelled(value, column)
    return json.dumps(spelled(value, column), ensure_ascii=False)


def _arrow_type(column: Column) -> pa.DataType:
    digits = casts.decimal(column.type)
    if digits:
        return pa.decimal128(*digits)
    return {
        "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "BOOLEAN": pa.bool_(), "DATE": pa.date32(),
        "TIMESTAMP": pa.timestamp("us"), "TIMESTAMPTZ": pa.timestamp("us", "UTC"), "TIME": pa.time64("us"),
        "BLOB": pa.binary(),
    }.get(column.type, pa.string())  # fmt: skip
