"""The schema of a SQLite database, as its own pragmas tell it."""

# ruff: noqa: S608 (names in queries are the probe's own, or quoted)
from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ForeignKey:
    """``columns`` point at ``at`` of table ``to``; implicit targets are resolved to the primary key."""

    columns: list[str]
    to: str
    at: list[str]


@dataclass(frozen=True)
class DeclaredColumn:
    """A column with its declared type text, which may be empty."""

    name: str
    declared: str
    required: bool


@dataclass(frozen=True)
class TableSchema:
    """``indexed_first`` are columns that an index starts with; ``unique_indexes`` hold whole columns of all rows."""

    name: str
    columns: list[DeclaredColumn]
    primary_key: list[str]
    has_rowid: bool
    unique_indexes: list[list[str]] = field(default_factory=list)
    indexed_first: frozenset[str] = frozenset()
    foreign_keys: list[ForeignKey] = field(default_factory=list)


def quoted(name: str) -> str:
    """A name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def list_tables(con: sqlite3.Connection) -> dict[str, str]:
    """Names in order, each ``table`` or ``view``; SQLite's own tables and those of extensions are left out."""
    listed = con.execute("pragma table_list").fetchall()  # SQLite before 3.37 answers nothing
    shadow = {name for schema, name, type_, *_ in listed if schema == "main" and type_ in ("shadow", "virtual")}
    found = con.execute(
        r"select name, type from sqlite_master where type in ('table', 'view') and name not like 'sqlite\_%' escape '\' "
        "and coalesce(sql, '') not like 'create virtual%' order by name"
    ).fetchall()
    return {name: kind for name, kind in found if name not in shadow}


def read_schema(con: sqlite3.Connection, table: str) -> TableSchema:
    """Columns (generated ones too), primary key, indexes and foreign keys of a table or view."""
    info = con.execute(
        'select name, type, "notnull", pk, hidden from pragma_table_xinfo(?) order by cid', (table,)
    ).fetchall()
    info = [row for row in info if row[4] != 1]  # 1 is a hidden column of a virtual table; 2 and 3 are generated
    keyed = sorted((pk, name) for name, _, _, pk, _ in info if pk)
    primary_key = [name for _, name in keyed]
    has_rowid = _has_rowid(con, table)
    rowid_alias = len(primary_key) == 1 and any(
        name == primary_key[0] and type_.upper() == "INTEGER" for name, type_, *_ in info
    )
    never_null = set(primary_key) if rowid_alias or not has_rowid else set()
    columns = [
        DeclaredColumn(name, type_ or "", bool(notnull) or name in never_null) for name, type_, notnull, _, _ in info
    ]
    unique, first = _indexes(con, table)
    if primary_key:
        first.add(primary_key[0])
    return TableSchema(table, columns, primary_key, has_rowid, unique, frozenset(first), _foreign_keys(con, table))


def _has_rowid(con: sqlite3.Connection, table: str) -> bool:
    try:
        con.execute(f"select rowid from {quoted(table)} limit 0")
    except sqlite3.OperationalError:
        return False
    return bool(con.execute("select 1 from sqlite_master where name = ? and type = 'table'", (table,)).fetchone())


def _indexes(con: sqlite3.Connection, table: str) -> tuple[list[list[str]], set[str]]:
    """Unique indexes over whole columns of all rows, and the columns that any index starts with."""
    unique: list[list[str]] = []
    first: set[str] = set()
    for name, is_unique, partial in con.execute(
        'select name, "unique", partial from pragma_index_list(?) order by name', (table,)
    ).fetchall():
        columns = [
            c for (c,) in con.execute("select name from pragma_index_info(?) order by seqno", (name,)).fetchall()
        ]
        if not columns or None in columns:  # an index over an expression
            continue
        first.add(columns[0])
        if is_unique and not partial:
            unique.append(columns)
    return sorted(unique, key=len), first


def _foreign_keys(con: sqlite3.Connection, table: str) -> list[ForeignKey]:
    rows = con.execute(
        'select id, "table", "from", "to" from pragma_foreign_key_list(?) order by id desc, seq', (table,)
    ).fetchall()
    grouped: dict[int, tuple[str, list[str], list[str | None]]] = {}
    for id_, to, from_, at in rows:
        _, columns, targets = grouped.setdefault(id_, (to, [], []))
        columns.append(from_)
        targets.append(at)
    found = []
    for to, columns, targets in grouped.values():
        real = con.execute(
            "select name from sqlite_master where type = 'table' and lower(name) = lower(?)", (to,)
        ).fetchone()
        if real is None:  # SQLite does not mind a target that is not there
            continue
        known = con.execute("select name, pk from pragma_table_xinfo(?)", (real[0],)).fetchall()
        by_fold = {name.lower(): name for name, _ in known}
        implicit = [name for _, name in sorted((pk, name) for name, pk in known if pk)]
        named = [by_fold.get(t.lower(), t) for t in targets if t is not None]
        at_columns = named if len(named) == len(columns) else implicit
        if len(at_columns) == len(columns):
            found.append(ForeignKey(columns, real[0], at_columns))
    return found
