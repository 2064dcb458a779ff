"""The schema of a SQLite database, as its own pragmas tell it."""

# ruff: noqa: S608 (names in queries are the probe's own, or quoted)
from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from pipegen.core.measured import ForeignKeyFact
from pipegen.probe.accepted_values import MOST_VALUES, accepted_values, checks_of
from pipegen.probe.indexes import Indexes
from pipegen.probe.sql_names import quoted


@dataclass(frozen=True)
class DeclaredColumn:
    """A column with its declared type text, which may be empty; ``values`` are those that a check declares as the only ones."""

    name: str
    declared: str
    required: bool
    generated: bool = False
    values: list[str] | None = None


@dataclass(frozen=True)
class TableSchema:
    """A table or view; ``counter`` is the column that SQLite itself numbers rows by."""

    name: str
    columns: list[DeclaredColumn]
    indexes: Indexes
    has_rowid: bool
    is_view: bool = False
    counter: str | None = None
    foreign_keys: list[ForeignKeyFact] = field(default_factory=list)


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
    kind, create = con.execute("select type, coalesce(sql, '') from sqlite_master where name = ?", (table,)).fetchone()
    values = _accepted(create)
    columns = [
        DeclaredColumn(
            name, type_ or "", bool(notnull) or name in never_null, hidden in (2, 3), values.get(name.casefold())
        )
        for name, type_, notnull, _, hidden in info
    ]
    return TableSchema(
        table, columns, _indexes(con, table, primary_key), has_rowid, kind == "view", primary_key[0] if rowid_alias else None,
        _foreign_keys(con, table),
    )  # fmt: skip


def _accepted(create: str) -> dict[str, list[str]]:
    """Values that check constraints declare as the only ones, by a column's name in lower case."""
    found = [accepted_values(check) for check in checks_of(create)]
    return {column.casefold(): values for column, values in filter(None, found) if len(values) <= MOST_VALUES}


def _has_rowid(con: sqlite3.Connection, table: str) -> bool:
    try:
        con.execute(f"select rowid from {quoted(table)} limit 0")
    except sqlite3.OperationalError:
        return False
    return bool(con.execute("select 1 from sqlite_master where name = ? and type = 'table'", (table,)).fetchone())


def _indexes(con: sqlite3.Connection, table: str, primary_key: list[str]) -> Indexes:
    """The primary key, which may have no index of its own, and indexes by their columns; of an expression there is no name."""
    found = Indexes()
    if primary_key:
        found.add(primary_key, primary=True)
    for name, is_unique, partial in con.execute(
        'select name, "unique", partial from pragma_index_list(?) order by name', (table,)
    ).fetchall():
        columns = con.execute("select name from pragma_index_info(?) order by seqno", (name,)).fetchall()
        if columns:
            found.add([column for (column,) in columns], unique=is_unique and not partial)
    return found


def _foreign_keys(con: sqlite3.Connection, table: str) -> list[ForeignKeyFact]:
    """Implicit targets are resolved to the primary key."""
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
            found.append(ForeignKeyFact(columns=columns, to=real[0], at=at_columns))
    return found
