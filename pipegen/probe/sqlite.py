"""Probe of a SQLite database, opened read-only."""

# ruff: noqa: S608 (names in queries are the probe's own, or quoted)
from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from pipegen.core.errors import SourceError
from pipegen.core.measured import Count, Key, Measured, MeasuredTable, Server
from pipegen.core.names import identifier, shorten
from pipegen.probe import sql_rows, sql_times
from pipegen.probe.chosen_tables import choose, wanted
from pipegen.probe.database_file import refuse_other_files
from pipegen.probe.facts import ColumnFacts
from pipegen.probe.look import TIME_IS_UP, Look
from pipegen.probe.source_path import located
from pipegen.probe.sql_names import quoted
from pipegen.probe.sqlite_schema import TableSchema, list_tables, read_schema
from pipegen.probe.sqlite_table import SqliteTable, TimeIsUp, with_values, within_time
from pipegen.probe.sqlite_types import by_declaration, read_columns, with_one_type_a_reference

WHOLE_ROWS = 2_000_000  # of a larger table the first rows are judged
_LOCK_SECONDS = 2.0
_MAGIC = b"SQLite format 3\0"


def measure(path: str, look: Look) -> Measured:
    """Measure a SQLite database; see :class:`pipegen.probe.registry.Probe`. Views are measured where they are asked for."""
    full = located(path, look.root)
    refuse_other_files(full, path, "SQLite", _MAGIC)
    with _opened(full, path) as con:
        there = list_tables(con)
        if not there:
            raise SourceError(
                f"`{path}` has no table", hint="is it the right file? an empty one is a database to SQLite"
            )
        tables = wanted(look, there)
        named = list(there) if tables is not None else [name for name, kind in there.items() if kind == "table"]
        chosen = choose(tables, named, path)
        _refuse_collisions(chosen, path)
        return Measured(server=Server(kind="sqlite"), tables=_tables(con, chosen, look, path))


@contextmanager
def _opened(full: Path, said: str) -> Iterator[sqlite3.Connection]:
    """The database, read-only and in one transaction: what other programs write meanwhile is not seen."""
    try:
        uri = f"{full.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=_LOCK_SECONDS, isolation_level=None)) as con:
            con.text_factory = lambda raw: raw.decode("utf-8", "replace")
            con.execute("begin")
            yield con
    except sqlite3.Error as error:
        raise _unreadable(said, error) from error


def _unreadable(said: str, error: sqlite3.Error) -> SourceError:
    text = str(error)
    if "locked" in text or "busy" in text:
        return SourceError(
            f"`{said}` is locked by another program", hint="end that program's transaction, or probe a copy"
        )
    if "not a database" in text:
        return SourceError(f"`{said}` is not a SQLite database, or it is encrypted", hint="decrypt it, or see its kind")
    if "malformed" in text or "disk image" in text:
        hint = f"sqlite3 '{said}' .recover | sqlite3 mended.db"
        return SourceError(f"`{said}` is a broken SQLite database: {shorten(text)}", hint=hint)
    if "unable to open" in text or "readonly" in text:
        hint = "a database in WAL mode needs a folder that can be written to; probe a copy, or check its permissions"
        return SourceError(f"`{said}` cannot be opened: {shorten(text)}", hint=hint)
    return SourceError(
        f"`{said}` cannot be read: {shorten(text, 160)}", hint="sqlite3 can say more: pragma integrity_check"
    )


def _refuse_collisions(names: Sequence[str], said: str) -> None:
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(identifier(name, prefix="t"), name)
        if other != name:
            raise SourceError(
                f"two tables of `{said}` would be called `{identifier(name, prefix='t')}`: `{other}` and `{name}`",
                hint="name the tables to take with --table, one of these two among them",
            )


def _tables(con: sqlite3.Connection, names: Sequence[str], look: Look, said: str) -> dict[str, MeasuredTable]:
    schemas = {name: _schema(con, name, said) for name in names}
    foreign_keys = {name: schema.foreign_keys for name, schema in schemas.items()}
    read = {}
    for name, schema in schemas.items():
        read[name] = _read(con, schema, look)
        look.tell(len(read), len(schemas), name)
    columns = with_one_type_a_reference({name: facts for name, (_, facts) in read.items()}, foreign_keys)
    return {name: _table(con, schemas[name], of, columns[name], look) for name, (of, _) in read.items()}


def _schema(con: sqlite3.Connection, name: str, said: str) -> TableSchema:
    try:
        return read_schema(con, name)
    except sqlite3.OperationalError as error:
        if "no such" not in str(error):
            raise
        hint = "what it selects from is gone; leave it out"
        raise SourceError(f"view `{shorten(name)}` of `{said}` is broken: {shorten(str(error))}", hint=hint) from None


def _read(con: sqlite3.Connection, schema: TableSchema, look: Look) -> tuple[SqliteTable, list[ColumnFacts]]:
    """A table with its rows counted, and its columns with what they hold; only what is declared where no time is left."""
    name = quoted(schema.name)
    order = ["rowid"] if schema.has_rowid else [quoted(c) for c in schema.indexes.primary_key]
    of = SqliteTable(schema.name, Count(value=0, exact=False), name, name, order, con=con, look=look, sample=WHOLE_ROWS)
    try:
        with within_time(con, look):
            [total] = con.execute(f"select count(*) from {name}").fetchone()
            of.rows = Count(value=total)
            rows = min(total, WHOLE_ROWS)
            if total > rows:
                of.whole, of.spread, of.part = False, False, f"(select * from {name} limit {rows})"
            return of, with_values(of, read_columns(con, schema, rows, total))
    except TimeIsUp:
        return of, by_declaration(schema)


def _table(
    con: sqlite3.Connection, schema: TableSchema, of: SqliteTable, columns: Sequence[ColumnFacts], look: Look
) -> MeasuredTable:
    with within_time(con, look):
        key = _declared_key(schema, columns) or sql_rows.measured_key(of, columns)
        times = sql_times.read_times(of, columns, schema.indexes)
        near_key = sql_rows.near_key(of, columns) if key is None else None
    notes = [*of.notes, *sql_rows.odd(columns, times.watermark, None)]
    return MeasuredTable(
        kind="view" if schema.is_view else None,
        rows=of.rows if of.rows.exact else None,
        rows_per_day=times.rows_per_day,
        new_per_day=times.new_per_day,
        key=key,
        near_key=near_key,
        watermark=times.watermark,
        lateness=times.lateness,
        deletes=sql_rows.deletes(of, columns, key, schema.counter),
        columns={c.name: c.measured(key.columns if key else ()) for c in columns},
        foreign_keys=schema.foreign_keys,
        notes=[*notes, TIME_IS_UP] if look.is_over else notes,
    )


def _declared_key(schema: TableSchema, columns: Sequence[ColumnFacts]) -> Key | None:
    """The primary key, or a unique index over columns that are never null.

    SQLite lets the columns of a primary key be null; one that has a null tells no rows apart, and is passed over.
    """
    nulls = {c.name: c.nulls for c in columns}
    indexes = schema.indexes
    if any(nulls[c] for c in indexes.primary_key):
        indexes = replace(indexes, primary_key=[])
    return indexes.key([c.name for c in columns if c.required])
