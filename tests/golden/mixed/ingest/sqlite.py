"""A SQLite database: its rows as they are stored, value by value, and its own sums, in one read transaction."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa

from ingest import contract, parse
from ingest.declaration import Column, LoadError, Note, Source, SourceDown, Table
from ingest.measures import Measure
from ingest.parse import LINE, Batch, Reject
from ingest.sources import WHOLE, Keys, Selection, as_moment, in_form_of
from ingest.sql import ident
from ingest.sqlite_sums import EVERY, measure
from ingest.sqlite_values import as_array, as_json, text_of

BATCH_ROWS = 50_000
Row = tuple[Any, ...]


@contextmanager
def snapshot(source: Source) -> Iterator["Snapshot"]:
    """A read-only connection in one transaction: every query sees the same state of the database."""
    if not source.path.is_file():
        raise SourceDown(
            f"{source.id}: there is no database file {source.path}; "
            f"set {source.path_env} to where it is"
        )
    connection = sqlite3.connect(
        f"{source.path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None
    )
    try:
        with faults_of(source):
            connection.execute("BEGIN")
            yield Snapshot(connection, parse.session())
    finally:
        connection.close()


@contextmanager
def faults_of(source: Source) -> Iterator[None]:
    """What SQLite raises, as a LoadError."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        kind = SourceDown if _is_lost(error) else LoadError
        raise kind(f"{source.id}: cannot read {source.path}: {error}") from error


def _is_lost(error: sqlite3.DatabaseError) -> bool:
    """Whether the file cannot be opened or read, is no database, or is held by another program."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without what more is said of it
    return code in (
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_BUSY,
    )


class Snapshot:
    """One transaction of the database."""

    has_rowids = True
    asks_for_rows = True

    def __init__(self, connection: sqlite3.Connection, parser: duckdb.DuckDBPyConnection):
        # Bytes, not str: text that is not UTF-8 must reject its row, not stop the load.
        connection.text_factory = bytes
        self._connection = connection
        self._parser = parser

    def check(self, table: Table, note: Note) -> None:
        names = self._names(table)
        if not names:
            raise LoadError(f"{table.source}.{table.id}: the database has no table {table.name!r}")
        contract.check_names(table, f"table {table.name!r}", names, note)

    def _names(self, table: Table) -> list[str]:
        found = self._connection.execute("SELECT name FROM pragma_table_xinfo(?)", [table.name])
        return [str(text_of(name)) for (name,) in found]

    def newest(self, table: Table) -> object:
        """The highest watermark, as stored; of a time, the highest that is not later than now."""
        if not table.watermark:
            return None
        watermark = ident(table.column(table.watermark).name)
        query = f"SELECT max({watermark}) FROM {ident(table.name)}"
        (value,) = self._connection.execute(query).fetchone()
        mark = text_of(value)
        if table.temporal and isinstance(mark, str) and as_moment(mark) is None:
            # A text that is no time sorts after all times: as the mark it would hide whatever comes.
            query += f" WHERE typeof({watermark}) = 'text' AND julianday({watermark}) IS NOT NULL"
            (value,) = self._connection.execute(query).fetchone()
            mark = text_of(value)
        if (
            table.temporal
            and isinstance(mark, str)
            and (as_moment(mark) or datetime.min) != datetime.min
        ):
            now = in_form_of(
                mark, datetime.now(UTC) if "+" in mark or mark.endswith("Z") else _utc_now()
            )
            if mark > now:
                (value,) = self._connection.execute(
                    f"SELECT max({watermark}) FROM {ident(table.name)} WHERE {watermark} <= ?",
                    [now],
                ).fetchone()
                return text_of(value)
        return mark

    def read(self, table: Table, selection: Selection = WHOLE) -> Iterator[Batch]:
        return self._read(table, table.columns, *self._where(table, selection))

    def keys(self, table: Table) -> Iterator[Batch]:
        return self._read(table, [table.column(key) for key in table.key], "", [])

    def _read(
        self, table: Table, columns: Sequence[Column], where: str, parameters: list[object]
    ) -> Iterator[Batch]:
        rowid = rowid_name(self._connection, table)
        there = self._names(table)
        names = ", ".join(ident(c.name) if c.name in there else "NULL" for c in columns)
        query = f"SELECT {rowid or 'NULL'}, {names} FROM {ident(table.name)}{where}"
        cursor = self._connection.execute(query, parameters)
        while rows := cursor.fetchmany(BATCH_ROWS):
            yield _batch(columns, rows)

    def _where(self, table: Table, selection: Selection) -> tuple[str, list[object]]:
        """A window's rows: those at its lower end are in it, for their neighbours may have been written later."""
        if isinstance(selection, Keys):
            columns = ", ".join(ident(table.column(key).name) for key in table.key)
            one = f"({', '.join('?' for _ in table.key)})"
            rows = ", ".join(one for _ in selection.values)
            return f" WHERE ({columns}) IN (VALUES {rows})", [
                v for row in selection.values for v in row
            ]
        if selection.whole or not table.watermark:
            return "", []
        mark = ident(table.column(table.watermark).name)
        parameters: list[object] = []
        bounds = []
        for bound, operator in ((selection.low, ">="), (selection.high, "<")):
            if bound is not None:
                bounds.append(f"{mark} {operator} ?")
                parameters.append(self._as_stored(table, bound))
        inside = f"({' AND '.join(bounds)})"
        if selection.high is None:
            inside += f" OR {mark} IS NULL"
        rowid = rowid_name(self._connection, table)
        if rowid and selection.also:
            inside += f" OR {rowid} IN (SELECT value FROM json_each(?))"
            parameters.append(json.dumps(list(selection.also)))
        return f" WHERE ({inside})", parameters

    def _as_stored(self, table: Table, bound: object) -> object:
        """A bound in the form that the column's own values have, so that texts compare as times do."""
        text, mark = str(bound), ident(table.column(table.watermark or "").name)
        if not table.temporal:
            return (
                bound
                if isinstance(bound, (int, float)) or not text.lstrip("-").isdecimal()
                else int(text)
            )
        (example,) = self._connection.execute(
            f"SELECT max({mark}) FROM {ident(table.name)}"
        ).fetchone()
        moment, stored = as_moment(text), text_of(example)
        if moment is None or not isinstance(stored, str) or as_moment(stored) is None:
            return bound
        if moment.tzinfo is None and (as_moment(stored) or moment).tzinfo is not None:
            moment = moment.replace(tzinfo=UTC)
        return in_form_of(stored, moment)

    def measure(self, table: Table, selection: Selection = WHOLE) -> dict[str, Measure]:
        day = EVERY
        if table.temporal and table.watermark:
            day = f"coalesce(date({ident(table.column(table.watermark).name)}), '')"
        return measure(self._connection, self._parser, table, day, *self._where(table, selection))

    def total(self, table: Table) -> Measure:
        return measure(self._connection, self._parser, table, EVERY, "", []).get("", Measure())


def _utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def rowid_name(connection: sqlite3.Connection, table: Table) -> str | None:
    """A name that the table's rowid has and no column takes; None for a view or a table WITHOUT ROWID."""
    found = connection.execute("SELECT name FROM pragma_table_xinfo(?)", [table.name])
    taken = {str(text_of(name)).lower() for (name,) in found}
    for name in [name for name in ("rowid", "_rowid_", "oid") if name not in taken]:
        try:
            row = connection.execute(f"SELECT {name} FROM {ident(table.name)} LIMIT 1").fetchone()
        except sqlite3.OperationalError:
            return None
        return None if row == (None,) else name
    return None


def _batch(columns: Sequence[Column], rows: list[Row]) -> Batch:
    numbers, *values = zip(*rows, strict=True)
    arrays: dict[str, pa.Array] = {}
    unreadable: dict[int, list[str]] = {}
    for column, stored in zip(columns, values, strict=True):
        arrays[column.id], bad = as_array(column, stored)
        for place in bad:
            unreadable.setdefault(place, []).append(f"{column.id}: not a {column.type}")
    arrays[LINE] = pa.array(numbers, pa.int64())
    batch = pa.table(arrays)
    if not unreadable:
        return Batch(batch)
    rejects = [
        Reject(batch[LINE][place].as_py(), "; ".join(reasons), as_json(columns, rows[place][1:]))
        for place, reasons in unreadable.items()
    ]
    good = pa.array([place not in unreadable for place in range(len(rows))])
    return Batch(batch.filter(good), rejects)
