"""Probe of a DuckDB database, opened read-only: the tables of its schema ``main``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from pipegen.core.errors import SourceError
from pipegen.core.measured import Measured, MeasuredTable, Server
from pipegen.core.names import shorten
from pipegen.probe import duckdb_file_values, sql_rows, sql_times
from pipegen.probe.chosen_tables import choose, wanted
from pipegen.probe.database_file import refuse_other_files
from pipegen.probe.duckdb_file_schema import MAIN, Relation, read_relations, tables_elsewhere
from pipegen.probe.landed_in_time import TimeIsUp, in_time
from pipegen.probe.look import TIME_IS_UP, Look
from pipegen.probe.source_path import located

_MAGIC, _MAGIC_AT = b"DUCK", 8
_ELSEWHERE = f"it is in another schema than `{MAIN}`, whose tables alone are read: a view or a copy there would do"
# Words of the library, what they mean, and what to do
_REFUSALS: tuple[tuple[str, str, str], ...] = (
    ("set lock", "is open in another program, which writes to it", "end that program, or probe a copy"),
    ("different configuration", "is open in this program already", "close it first"),
    (
        "version number",
        "was written by a DuckDB of another time, which this one cannot read",
        "with the DuckDB that wrote it: `export database 'folder'`, then import it with this one",
    ),
    ("encrypted", "is encrypted", "decrypt it first: attach it with its key, and `copy from database` to another file"),
    (
        "corrupt",
        "is a broken DuckDB database",
        "restore it from a copy; a `.wal` file of another database may lie beside it",
    ),
    ("enough bytes", "is a broken DuckDB database: it is cut off", "copy it again, or restore it"),
    ("not a valid duckdb", "is not a DuckDB database", "for CSV, JSON lines or Parquet the kind is `files`"),
)


def measure(path: str, look: Look) -> Measured:
    """Measure a DuckDB database; see :class:`pipegen.probe.registry.Probe`. Views are measured where they are asked for."""
    full = located(path, look.root)
    refuse_other_files(full, path, "DuckDB", _MAGIC, _MAGIC_AT)
    with _opened(full, path) as con:
        relations, elsewhere = read_relations(con), tables_elsewhere(con)
        if not relations:
            hint = f"{shorten(', '.join(elsewhere), 200)}: {_ELSEWHERE}" if elsewhere else "is it the right file?"
            raise SourceError(f"`{path}` has no table in schema `{MAIN}`", hint=hint)
        chosen = _chosen(relations, look, path)
        tables = {}
        for name in chosen:
            tables[name] = _read(con, relations[name], look, path)
            look.tell(len(tables), len(chosen), name)
        left_out = {} if look.tables is not None else dict.fromkeys(elsewhere, _ELSEWHERE)
        return Measured(server=Server(kind="duckdb"), tables=tables, left_out=left_out)


def _chosen(relations: Mapping[str, Relation], look: Look, said: str) -> list[str]:
    names = wanted(look, relations)
    there = [n for n, r in relations.items() if names is not None or not r.is_view]
    return choose(names, there, said)


@contextmanager
def _opened(full: Path, said: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """The database, read-only; what its views would read of other files and places is not reached."""
    try:
        with duckdb.connect(str(full), read_only=True, config={"enable_external_access": "false"}) as con:
            con.execute("set TimeZone = 'UTC'")
            con.execute("set enable_progress_bar = false")  # it would be printed on stdout
            yield con
    except duckdb.Error as error:
        raise _unreadable(said, error) from None


def _unreadable(said: str, error: duckdb.Error) -> SourceError:
    text = str(error).partition("\n")[0]
    for word, what, hint in _REFUSALS:
        if word in text.lower():
            return SourceError(f"`{said}` {what}", hint=hint)
    return SourceError(
        f"`{said}` cannot be read: {shorten(text, 160)}", hint="`duckdb -readonly` with that file may say more"
    )


def _read(con: duckdb.DuckDBPyConnection, relation: Relation, look: Look, said: str) -> MeasuredTable:
    def ask(select: str) -> list[tuple[Any, ...]] | None:
        try:
            return in_time(con, look, lambda: con.execute(select).fetchall())
        except TimeIsUp:
            return None

    try:
        return _measured(ask, relation, look)
    except (duckdb.CatalogException, duckdb.BinderException, duckdb.PermissionException) as error:
        if not relation.is_view:
            raise
        reason = shorten(str(error).partition("\n")[0], 160)
        hint = "what it selects from is gone, or lies outside the database, which the probe does not leave"
        raise SourceError(f"view `{shorten(relation.name)}` of `{said}` cannot be read: {reason}", hint=hint) from None


def _measured(ask: duckdb_file_values.Ask, relation: Relation, look: Look) -> MeasuredTable:
    of = duckdb_file_values.table_of(ask, relation)
    facts = duckdb_file_values.column_facts(of, relation)
    indexes = relation.indexes
    key = indexes.key([c.name for c in facts if c.required]) or sql_rows.measured_key(of, facts)
    times = sql_times.read_times(of, facts, indexes)
    return MeasuredTable(
        kind="view" if relation.is_view else None,
        rows=of.rows if of.rows.exact else None,
        rows_per_day=times.rows_per_day,
        new_per_day=times.new_per_day,
        key=key,
        near_key=sql_rows.near_key(of, facts) if key is None else None,
        watermark=times.watermark,
        lateness=times.lateness,
        deletes=sql_rows.deletes(of, facts, key, None),
        columns={c.name: c.measured(key.columns if key else ()) for c in facts},
        foreign_keys=relation.foreign_keys,
        notes=[*of.notes, *sql_rows.odd(facts, times.watermark, None), *([TIME_IS_UP] if look.is_over else [])],
    )
