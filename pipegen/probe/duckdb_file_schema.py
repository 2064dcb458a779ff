"""The schema of a DuckDB database, as its own catalogue tells it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import duckdb

from pipegen.core.measured import ForeignKeyFact
from pipegen.core.sql_types import canonical_sql
from pipegen.probe.accepted_values import accepted_values, few
from pipegen.probe.indexes import Indexes
from pipegen.probe.sql_names import quoted

MAIN = "main"
_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_CANONICAL = {
    "BOOLEAN": "boolean", "BIGINT": "bigint", "DOUBLE": "double", "DATE": "date", "TIMESTAMP": "timestamp",
    "TIMESTAMPTZ": "timestamptz", "TIME": "time", "BLOB": "blob", "JSON": "json", "UUID": "uuid",
}  # fmt: skip


@dataclass
class DeclaredColumn:
    """A column: its canonical type, DuckDB's own where that says more, and what is declared of it."""

    name: str
    type: str
    declared: str | None
    required: bool
    generated: bool
    values: list[str] | None = None


@dataclass
class Relation:
    """A table or a view of schema ``main``."""

    name: str
    is_view: bool
    columns: list[DeclaredColumn] = field(default_factory=list)
    indexes: Indexes = field(default_factory=Indexes)
    foreign_keys: list[ForeignKeyFact] = field(default_factory=list)


def tables_elsewhere(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Tables of other schemas, as ``schema.table``."""
    rows = con.execute(
        "select schema_name || '.' || table_name from duckdb_tables() "
        "where database_name = current_database() and schema_name <> ? and not internal and not temporary order by 1",
        [MAIN],
    ).fetchall()
    return [name for (name,) in rows]


def read_relations(con: duckdb.DuckDBPyConnection) -> dict[str, Relation]:
    """Tables and views by name, with everything that the catalogue says of them."""
    rows = con.execute(
        "select table_name, false from duckdb_tables() "
        "where database_name = current_database() and schema_name = ? and not internal and not temporary "
        "union all select view_name, true from duckdb_views() "
        "where database_name = current_database() and schema_name = ? and not internal and not temporary",
        [MAIN, MAIN],
    ).fetchall()
    found = {name: Relation(name, is_view) for name, is_view in sorted(rows)}
    _read_columns(con, found)
    _read_constraints(con, found)
    _read_indexes(con, found)
    return found


def _read_columns(con: duckdb.DuckDBPyConnection, relations: dict[str, Relation]) -> None:
    for table, name, type_text, nullable, generated in con.execute(
        "select table_name, column_name, data_type, is_nullable, is_generated from information_schema.columns "
        "where table_catalog = current_database() and table_schema = ? order by table_name, ordinal_position",
        [MAIN],
    ).fetchall():
        if table in relations:
            type_ = canonical(type_text)
            its = DeclaredColumn(name, type_, told(type_text, type_), nullable == "NO", generated == "ALWAYS")
            its.values = few(_enum(type_text))
            relations[table].columns.append(its)


def _read_constraints(con: duckdb.DuckDBPyConnection, relations: dict[str, Relation]) -> None:
    rows: list[tuple[Any, ...]] = con.execute(
        "select table_name, constraint_type, expression, constraint_column_names, referenced_table, referenced_column_names "
        "from duckdb_constraints() where database_name = current_database() and schema_name = ? "
        "order by table_name, constraint_index",
        [MAIN],
    ).fetchall()
    for table, kind, expression, columns, to, at in rows:
        if table not in relations:
            continue
        its = relations[table]
        if kind in ("PRIMARY KEY", "UNIQUE"):
            its.indexes.add(columns, primary=kind == "PRIMARY KEY", unique=True)
        elif kind == "FOREIGN KEY" and to in relations:
            fact = ForeignKeyFact(columns=list(columns), to=to, at=list(at))
            if fact not in its.foreign_keys:
                its.foreign_keys.append(fact)
        elif kind == "CHECK":
            _accept(its, accepted_values(expression or ""))


def _accept(relation: Relation, found: tuple[str, list[str]] | None) -> None:
    for column in relation.columns if found else ():
        if found and column.name.casefold() == found[0].casefold():
            column.values = few(found[1])


def _read_indexes(con: duckdb.DuckDBPyConnection, relations: dict[str, Relation]) -> None:
    """Indexes over whole columns; one over an expression tells nothing of them."""
    for table, unique, text in con.execute(
        "select table_name, is_unique, expressions from duckdb_indexes() "
        "where database_name = current_database() and schema_name = ? order by table_name, index_name",
        [MAIN],
    ).fetchall():
        if table not in relations:
            continue
        by_text = {
            form: c.name for c in relations[table].columns for form in (c.name, quoted(c.name), f"'{quoted(c.name)}'")
        }
        columns = [by_text.get(part) for part in str(text).removeprefix("[").removesuffix("]").split(", ")]
        relations[table].indexes.add(columns, unique=unique)


def canonical(type_text: str) -> str:
    """The canonical type; lists, structs, enums and all that has no type of its own in the warehouse are texts."""
    if "[" in type_text or ("(" in type_text and not type_text.startswith("DECIMAL(")):
        return "text"
    sql = canonical_sql(type_text)
    return _CANONICAL.get(sql, sql.lower() if sql.startswith("DECIMAL(") else "text")


def told(type_text: str, type_: str) -> str | None:
    """DuckDB's own name of a type, where the canonical one does not say it."""
    if type_text.startswith("ENUM("):
        return "ENUM"
    plain = {"text": "VARCHAR", "timestamptz": "TIMESTAMP WITH TIME ZONE"}.get(type_, type_.upper())
    return None if type_text == plain else type_text


def _enum(type_text: str) -> list[str] | None:
    if not type_text.startswith("ENUM("):
        return None
    return [text.replace("''", "'") for text in _QUOTED.findall(type_text)]
