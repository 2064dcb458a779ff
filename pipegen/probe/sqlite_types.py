"""Types of SQLite columns: what was declared, held against what is stored, since SQLite enforces neither."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipegen.core.measured import ForeignKeyFact
from pipegen.probe.facts import TEMPORAL, ColumnFacts
from pipegen.probe.sqlite_schema import TableSchema
from pipegen.probe.sqlite_values import Stored, read_values

_MAX_DOUBLE_INTEGER = 2**53
_MAX_PRECISION = 38
_LEAST_PRECISION = 18  # digits; they cost no more than 10
# Declared types that say no more than the canonical one
_PLAIN = {
    "bigint": {"INTEGER", "INT", "BIGINT"},
    "double": {"REAL", "DOUBLE", "FLOAT", "DOUBLE PRECISION"},
    "text": {"TEXT", "VARCHAR", "CLOB"},
    "boolean": {"BOOLEAN", "BOOL"},
    "timestamp": {"TIMESTAMP", "DATETIME"},
    "timestamptz": {"TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"},
}
# Part of a declared type -> type of a column with no value in it; the first that fits
_BY_DECLARATION = (
    ("BOOL", "boolean"), ("INT", "bigint"), ("CHAR", "text"), ("CLOB", "text"), ("TEXT", "text"), ("REAL", "double"),
    ("FLOA", "double"), ("DOUB", "double"), ("TIMESTAMPTZ", "timestamptz"), ("WITH TIME ZONE", "timestamptz"),
    ("DATETIME", "timestamp"), ("TIMESTAMP", "timestamp"), ("DATE", "date"), ("TIME", "time"), ("JSON", "json"),
    ("UUID", "uuid"), ("GUID", "uuid"), ("BLOB", "blob"), ("BINARY", "blob"),
)  # fmt: skip


def read_columns(con: sqlite3.Connection, schema: TableSchema, rows: int, total: int) -> list[ColumnFacts]:
    """Facts of every column, over the first ``rows`` of ``total`` rows."""
    unique = schema.indexes.alone
    stored = read_values(con, schema.name, schema.columns, None if rows == total else rows)
    found = []
    for column, values in zip(schema.columns, stored, strict=True):
        type_ = resolve(column.declared, values)
        found.append(
            ColumnFacts(
                name=column.name,
                type=type_,
                rows=rows,
                nulls=values.nulls,
                longest=values.longest,
                required=column.required,
                unique=column.name in unique,
                declared=_told(column.declared, type_),
                generated=column.generated,
                values=column.values,
                least=values.first if _is_ranged(type_) else None,
                most=values.last if _is_ranged(type_) else None,
            )
        )
    return found


def by_declaration(schema: TableSchema) -> list[ColumnFacts]:
    """Facts of every column where no value was looked at."""
    types = {column.name: resolve(column.declared, Stored()) for column in schema.columns}
    return [
        ColumnFacts(
            name=column.name, type=types[column.name], rows=0, nulls=0, required=column.required,
            declared=_told(column.declared, types[column.name]), generated=column.generated, values=column.values,
        ) for column in schema.columns
    ]  # fmt: skip


def _is_ranged(type_: str) -> bool:
    return type_ in ("bigint", "double", "time", *TEMPORAL) or type_.startswith("decimal(")


def resolve(declared: str, stored: Stored) -> str:
    """The canonical type of a column: as declared where every value agrees, else the one that loses nothing."""
    name = declared.upper()
    if not stored.values:
        return _empty(name)
    if stored.blobs:
        return "blob"
    if "truth" in stored.shapes:
        return "boolean"
    if stored.texts:
        return "text" if stored.texts < stored.values else _of_texts(name, stored)
    return _of_numbers(name, stored)


def _empty(name: str) -> str:
    if _is_decimal(name):
        return _decimal(name) or "double"
    return next((type_ for part, type_ in _BY_DECLARATION if part in name), "text")


def _is_decimal(name: str) -> bool:
    return any(part in name for part in ("NUMERIC", "DECIMAL", "MONEY", "NUMBER"))


def _decimal(name: str) -> str | None:
    """``NUMERIC(10,2)`` as ``decimal(18,2)``; None where no precision is said, or one that does not fit."""
    match = re.search(r"\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)", name)
    if not match:
        return None
    precision, scale = max(_LEAST_PRECISION, int(match[1])), int(match[2] or 0)
    return f"decimal({precision},{scale})" if precision <= _MAX_PRECISION and scale <= precision else None


def _of_numbers(name: str, stored: Stored) -> str:
    """Numbers alone. A sum of doubles is not exact, so that amounts are decimals wherever they fit."""
    largest = max(abs(stored.least), abs(stored.most))
    if _is_decimal(name) and "scaled" in stored.shapes:
        decimal = _decimal(name) or ("decimal(18,2)" if stored.reals else "bigint")
        whole = _whole_digits(decimal)
        if largest < 10.0**whole:
            return decimal
    if stored.reals or any(part in name for part in ("REAL", "FLOA", "DOUB")):
        fits = not stored.integers or largest <= _MAX_DOUBLE_INTEGER
        return "double" if fits else ("text" if stored.reals else "bigint")
    return "bigint"


def _whole_digits(type_: str) -> int:
    """Digits before the point that a type has room for."""
    match = re.fullmatch(r"decimal\((\d+),(\d+)\)", type_)
    return int(match[1]) - int(match[2]) if match else 19


def _of_texts(name: str, stored: Stored) -> str:
    """Texts that are all of one shape; SQLite has no type for times, so that TEXT may hold them too."""
    for shape in ("date", "timestamp", "timestamptz", "time", "uuid", "json"):
        if shape in stored.shapes:
            dated = shape == "date" and ("DATETIME" in name or "TIMESTAMP" in name)
            return "timestamp" if dated else shape
    return "text"


def _told(declared: str, type_: str) -> str | None:
    """The declared type, where it says more than the canonical one."""
    plain = _PLAIN.get(type_, {type_.upper()})
    return declared if declared and " ".join(declared.upper().split()) not in plain else None


def with_one_type_a_reference(
    columns: Mapping[str, Sequence[ColumnFacts]], foreign_keys: Mapping[str, Sequence[ForeignKeyFact]]
) -> dict[str, list[ColumnFacts]]:
    """Both ends of each foreign key of one type: text where they differ, since only that compares without a loss."""
    facts = {(table, c.name): c for table, its in columns.items() for c in its}
    pairs = [
        ((table, mine), (fk.to, theirs))
        for table, its in foreign_keys.items()
        for fk in its
        for mine, theirs in zip(fk.columns, fk.at, strict=True)
        if (table, mine) in facts and (fk.to, theirs) in facts
    ]
    changed = True
    while changed:
        changed = False
        for pair in pairs:
            if len({facts[end].type for end in pair}) > 1:
                for end in pair:
                    facts[end] = replace(facts[end], type="text")
                changed = True
    return {table: [facts[table, c.name] for c in its] for table, its in columns.items()}
