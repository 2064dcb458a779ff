"""The loads' bookkeeping, in schema `ops` of the warehouse: what was read, what it added up to, what was rejected.

It is committed after the rows are in `raw_…`, never before. A load that is killed in between is simply run again: it
reads the same files, or from the same mark, and puts the same rows in the same place.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from ingest import casts
from ingest.declaration import LoadError, Table
from ingest.measures import Measure
from ingest.parse import FILE
from ingest.sql import ident

# Dates and times are UTC. `value` in source_measures is a number as text: no one numeric type holds them all.
TABLES = """
CREATE SCHEMA IF NOT EXISTS ops;
CREATE TABLE IF NOT EXISTS ops.loads (
    run_id VARCHAR, source VARCHAR, "table" VARCHAR, loaded_at TIMESTAMPTZ, seconds DOUBLE,
    files_read BIGINT, rows_read BIGINT, rows_landed BIGINT, rows_quarantined BIGINT
);
CREATE TABLE IF NOT EXISTS ops.loaded_files (
    source VARCHAR, "table" VARCHAR, file VARCHAR, bytes BIGINT, mtime_ns BIGINT, sha256 VARCHAR, run_id VARCHAR
);
CREATE TABLE IF NOT EXISTS ops.marks (source VARCHAR, "table" VARCHAR, mark JSON, run_id VARCHAR);
CREATE TABLE IF NOT EXISTS ops.source_measures (
    source VARCHAR, "table" VARCHAR, part VARCHAR, "column" VARCHAR, value VARCHAR, exact BOOLEAN, run_id VARCHAR
);
CREATE TABLE IF NOT EXISTS ops.quarantine (
    source VARCHAR, "table" VARCHAR, file VARCHAR, line BIGINT, reason VARCHAR, raw JSON,
    run_id VARCHAR, loaded_at TIMESTAMPTZ
);
"""
OF_TABLE = 'source = ? AND "table" = ?'


@dataclass(frozen=True)
class File:
    """A file as it was when the load began. `name` is its path below the source's folder."""

    name: str
    path: Path
    bytes: int
    mtime_ns: int

    def sha256(self) -> str:
        with self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def check_unchanged(self) -> None:
        status = self.path.stat()
        if (status.st_size, status.st_mtime_ns) != (self.bytes, self.mtime_ns):
            raise LoadError(f"{self.path} changed while it was being read; run the load again")


@dataclass(frozen=True)
class LoadedFile:
    bytes: int
    mtime_ns: int
    sha256: str


@dataclass
class State:
    """What the ledger knows of a table. `retry` are the rowids that are in quarantine."""

    files: dict[str, LoadedFile] = field(default_factory=dict)
    mark: object = None
    retry: list[int] = field(default_factory=list)


@dataclass
class Part:
    """What was read of a table: a file of it, or all of it where `file` is None."""

    measure: Measure
    file: File | None = None
    sha256: str | None = None
    rows_read: int = 0
    rows_landed: int = 0


@dataclass
class Outcome:
    """One table's load. `unchanged` counts the files that were loaded before and left alone."""

    table: Table
    parts: list[Part] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    rejects: Path | None = None
    mark: object = None
    unchanged: int = 0
    seconds: float = 0.0

    @property
    def rows_read(self) -> int:
        return sum(part.rows_read for part in self.parts)

    @property
    def rows_landed(self) -> int:
        return sum(part.rows_landed for part in self.parts)

    @property
    def rows_quarantined(self) -> int:
        return self.rows_read - self.rows_landed


@contextmanager
def open_warehouse(path: Path, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, with its bookkeeping tables. LoadError when another process has it open."""
    if not read_only:
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = duckdb.connect(str(path), read_only=read_only)
    except duckdb.IOException as error:
        raise LoadError(f"cannot open the warehouse {path}: {error}") from error
    try:
        connection.execute("SET TimeZone = 'UTC'")
        if not read_only:
            connection.execute(TABLES)
        yield connection
    finally:
        connection.close()


def state(connection: duckdb.DuckDBPyConnection, table: Table) -> State:
    """What earlier loads left of this table; nothing when its landed rows are gone."""
    which = [table.source, table.id]
    if not raw_columns(connection, table):
        return State()
    files = connection.execute(
        f"SELECT file, bytes, mtime_ns, sha256 FROM ops.loaded_files WHERE {OF_TABLE}", which
    ).fetchall()
    marks = connection.execute(f"SELECT mark FROM ops.marks WHERE {OF_TABLE}", which).fetchall()
    retry = connection.execute(
        f"SELECT line FROM ops.quarantine WHERE {OF_TABLE} AND line IS NOT NULL", which
    ).fetchall()
    return State(
        files={name: LoadedFile(*rest) for name, *rest in files},
        mark=json.loads(marks[0][0]) if marks else None,
        retry=[line for (line,) in retry],
    )


def raw_columns(connection: duckdb.DuckDBPyConnection, table: Table) -> dict[str, str]:
    """The columns of the landed table and their types; empty when there is none yet."""
    found = connection.execute(
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = ? AND table_name = ?",
        [table.raw_schema, table.id],
    ).fetchall()
    return dict(found)


def retype(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Give landed columns the types that are declared now. LoadError when a kept row would lose a value by it."""
    landed = raw_columns(connection, table)
    relation = f"{ident(table.raw_schema)}.{ident(table.id)}"
    changed = [
        c
        for c in table.columns
        if landed.get(c.id, c.type) not in (c.type, casts.storage_type(c.type))
    ]
    if not changed:
        return
    connection.execute("BEGIN")
    # dlt's own staging copy is made anew by the load.
    connection.execute(
        f"DROP TABLE IF EXISTS {ident(table.raw_schema + '_staging')}.{ident(table.id)}"
    )
    for column in changed:
        name, held = ident(column.id), landed[column.id]
        cast = casts.cast(name, held, column.type)
        if table.load != "full":
            ((lost,),) = connection.execute(
                f"SELECT count(*) FROM {relation} WHERE {name} IS NOT NULL AND NOT coalesce({cast.exact}, false)"
            ).fetchall()
            if lost:
                connection.execute("ROLLBACK")
                raise LoadError(
                    f"{table.source}.{table.id}: {column.id} is now declared {column.type}, but {lost} landed "
                    f"rows hold a {held} that is none; drop {relation} to load the table from its start"
                )
        connection.execute(
            f"ALTER TABLE {relation} ALTER {name} TYPE {column.type} USING {cast.typed}"
        )
    connection.execute("COMMIT")


def commit(connection: duckdb.DuckDBPyConnection, outcomes: Sequence[Outcome], run_id: str) -> None:
    """Write down what was loaded, all tables in one transaction."""
    connection.execute("BEGIN")
    for outcome in outcomes:
        _forget(connection, outcome)
        _write(connection, outcome, run_id)
    connection.execute("COMMIT")


def _forget(connection: duckdb.DuckDBPyConnection, outcome: Outcome) -> None:
    """Take away what this load replaces: a table's entries, or those of the files that were read."""
    table = outcome.table
    which = [table.source, table.id]
    files = [part.file.name for part in outcome.parts if part.file]
    by_file = table.load == "append" and table.format is not None
    for name, column in (
        ("quarantine", "file"),
        ("loaded_files", "file"),
        ("source_measures", "part"),
    ):
        query = f"DELETE FROM ops.{name} WHERE {OF_TABLE}"
        if by_file:
            connection.execute(f"{query} AND list_contains(?, {column})", [*which, files])
        else:
            connection.execute(query, which)
    connection.execute(f"DELETE FROM ops.marks WHERE {OF_TABLE}", which)
    if by_file:
        # dlt replaces the rows of a file by the file's new rows: where there are none, it has nothing to go by.
        empty = [part.file.name for part in outcome.parts if part.file and not part.rows_landed]
        relation = f"{ident(table.raw_schema)}.{ident(table.id)}"
        connection.execute(f"DELETE FROM {relation} WHERE list_contains(?, {ident(FILE)})", [empty])


def _write(connection: duckdb.DuckDBPyConnection, outcome: Outcome, run_id: str) -> None:
    table = outcome.table
    which = [table.source, table.id]
    for part in outcome.parts:
        name = part.file.name if part.file else ""
        values: list[tuple[str | None, object, bool]] = [(None, part.measure.rows, True)]
        values += [
            (column, total.value, total.exact) for column, total in part.measure.sums.items()
        ]
        connection.executemany(
            "INSERT INTO ops.source_measures VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                [*which, name, column, None if value is None else str(value), exact, run_id]
                for column, value, exact in values
            ],
        )
        if part.file:
            connection.execute(
                "INSERT INTO ops.loaded_files VALUES (?, ?, ?, ?, ?, ?, ?)",
                [*which, name, part.file.bytes, part.file.mtime_ns, part.sha256, run_id],
            )
    if outcome.mark is not None:
        mark = json.dumps(outcome.mark)
        connection.execute("INSERT INTO ops.marks VALUES (?, ?, ?, ?)", [*which, mark, run_id])
    if outcome.rejects:
        connection.execute(
            "INSERT INTO ops.quarantine SELECT ?, ?, file, line, reason, raw, ?, now() FROM read_parquet(?)",
            [*which, run_id, str(outcome.rejects)],
        )
    connection.execute(
        "INSERT INTO ops.loads VALUES (?, ?, ?, now(), ?, ?, ?, ?, ?)",
        [
            run_id, *which, outcome.seconds, sum(1 for part in outcome.parts if part.file),
            outcome.rows_read, outcome.rows_landed, outcome.rows_quarantined,
        ],
    )  # fmt: skip
