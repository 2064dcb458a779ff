"""The loads' bookkeeping, in schema `ops` of the warehouse: what was read, what it added up to, what was rejected.

It is committed together with the rows, in one transaction, never before. A load that is killed is simply run again: it
reads the same files, or from the same mark, and puts the same rows in the same place.

    python -m ingest.ledger [SOURCE …]

asks whether every table of the sources (default: all) has landed at least once. Exit codes: 0 all have, 99 some have not
(Airflow then skips what follows), 1 the warehouse cannot be asked.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ingest import casts, declaration, warehouse
from ingest.declaration import LoadError, Table
from ingest.measures import Measure
from ingest.sql import ident
from ingest.warehouse import Warehouse

# `value` in source_measures is a number as text: no one numeric type holds them all.
COLUMNS = {
    "loads": """run_id VARCHAR, source VARCHAR, "table" VARCHAR, kind VARCHAR, loaded_at TIMESTAMPTZ,
        window_from VARCHAR, window_to VARCHAR, seconds DOUBLE PRECISION, files_read BIGINT, rows_read BIGINT,
        rows_landed BIGINT, rows_quarantined BIGINT, rows_superseded BIGINT, rows_deleted BIGINT""",
    "loaded_files": """source VARCHAR, "table" VARCHAR, file VARCHAR, bytes BIGINT, mtime_ns BIGINT, sha256 VARCHAR,
        run_id VARCHAR""",
    "marks": """source VARCHAR, "table" VARCHAR, mark VARCHAR, token_key VARCHAR, run_id VARCHAR""",
    "source_measures": """source VARCHAR, "table" VARCHAR, what VARCHAR, part VARCHAR, "column" VARCHAR, value VARCHAR,
        exact BOOLEAN, run_id VARCHAR""",
    "quarantine": """source VARCHAR, "table" VARCHAR, file VARCHAR, line BIGINT, "key" VARCHAR, "window" VARCHAR,
        reason VARCHAR, raw VARCHAR, run_id VARCHAR, loaded_at TIMESTAMPTZ""",
    "reconciliation": """run_id VARCHAR, checked_at TIMESTAMPTZ, hop VARCHAR, source VARCHAR, "table" VARCHAR,
        "window" VARCHAR, expected_rows BIGINT, actual_rows BIGINT, sums VARCHAR, ok BOOLEAN""",
    "backfills": """source VARCHAR, "table" VARCHAR, window_from VARCHAR, window_to VARCHAR, done_at TIMESTAMPTZ,
        rows_landed BIGINT""",
    "failures": """run_id VARCHAR, source VARCHAR, "table" VARCHAR, failed_at TIMESTAMPTZ, what VARCHAR, reason VARCHAR""",
    "drift": """run_id VARCHAR, source VARCHAR, "table" VARCHAR, seen_at TIMESTAMPTZ, change VARCHAR, text VARCHAR""",
    "checks": """run_id VARCHAR, checked_at TIMESTAMPTZ, kind VARCHAR, name VARCHAR, source VARCHAR, "table" VARCHAR,
        status VARCHAR, failures BIGINT, seconds DOUBLE PRECISION""",
}
OF_TABLE = 'source = ? AND "table" = ?'
NOT_YET = 99
QUARANTINED = {
    "file": "VARCHAR", "line": "BIGINT", "key": "VARCHAR", "window": "VARCHAR", "reason": "VARCHAR", "raw": "VARCHAR",
}  # fmt: skip


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
    """What the ledger knows of a table.

    `retry` are the rows in quarantine that can be asked for, by rowid (SQLite) or key; `nameless` whether there are others;
    `landed` whether the table is there.
    """

    files: dict[str, LoadedFile] = field(default_factory=dict)
    mark: object = None
    token_key: str | None = None
    retry: tuple[Any, ...] = ()
    nameless: bool = False
    landed: bool = False


@dataclass
class Part:
    """What was read of a table, by the source's own count: a file, a day of the watermark, or all of it (name '')."""

    measure: Measure
    name: str = ""
    file: File | None = None
    sha256: str | None = None


@dataclass
class Outcome:
    """One table's load.

    `window` is what was read of an incremental table, `retried` the quarantined rows that were read again besides;
    `unchanged` counts the files that were loaded before and left alone; `rebuilt`: no row of before may stay;
    `retreated`: personal data is treated otherwise than before;
    `keys` counts the keys of the source, where they were compared.
    """

    table: Table
    kind: str = "full"
    window: tuple[str | None, str | None] = (None, None)
    parts: list[Part] = field(default_factory=list)
    superseded: dict[str, Measure] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    rejects: Path | None = None
    mark: object = None
    token_key: str | None = None
    retried: tuple[Any, ...] = ()
    rebuilt: bool = False
    retreated: bool = False
    keys: int | None = None
    unchanged: int = 0
    rows_read: int = 0
    rows_quarantined: int = 0
    rows_deleted: int = 0
    seconds: float = 0.0

    @property
    def rows_superseded(self) -> int:
        return sum(measure.rows for measure in self.superseded.values())

    @property
    def rows_landed(self) -> int:
        return self.rows_read - self.rows_quarantined - self.rows_superseded


@contextmanager
def open_warehouse(read_only: bool = False) -> Iterator[Warehouse]:
    """The warehouse, with its bookkeeping tables. LoadError when another process has it open for too long."""
    db = warehouse.connect(read_only)
    try:
        if not read_only and set(COLUMNS) - set(db.tables("ops")):
            db.lock(
                "ops"
            )  # two that make a schema at once fail in PostgreSQL, IF NOT EXISTS or not
            with db.transaction():
                db.execute("CREATE SCHEMA IF NOT EXISTS ops")
                for name, columns in COLUMNS.items():
                    db.execute(f"CREATE TABLE IF NOT EXISTS ops.{name} ({columns})")
        yield db
    finally:
        db.close()


def state(db: Warehouse, table: Table) -> State:
    """What earlier loads left of this table; nothing when its landed rows are gone."""
    which = [table.source, table.id]
    if not db.columns(table.raw_schema, table.id):
        return State()
    files = db.execute(
        f"SELECT file, bytes, mtime_ns, sha256 FROM ops.loaded_files WHERE {OF_TABLE}", which
    )
    marks = db.execute(f"SELECT mark, token_key FROM ops.marks WHERE {OF_TABLE}", which)
    mark, token_key = marks[0] if marks else (None, None)
    retry = db.execute(f'SELECT line, "key" FROM ops.quarantine WHERE {OF_TABLE}', which)
    return State(
        files={name: LoadedFile(*rest) for name, *rest in files},
        mark=json.loads(mark) if mark else None,
        token_key=token_key,
        retry=tuple(
            line if line is not None else tuple(json.loads(key))
            for line, key in retry
            if line or key
        ),
        nameless=any(not line and not key for line, key in retry),
        landed=True,
    )


def next_stamp(db: Warehouse, table: Table, now: datetime) -> datetime:
    """The `_loaded_at` of a load: now, or just after the last one's where the clock was set back."""
    query = f"SELECT max(loaded_at) + INTERVAL '1 microsecond' FROM ops.loads WHERE {OF_TABLE}"
    ((after,),) = db.execute(query, [table.source, table.id])
    return max(now, after) if after else now


def retype(db: Warehouse, table: Table) -> bool:
    """Give landed columns the types that are declared now.

    Returns:
        Whether the table gained a column, so that its rows must be read anew.

    Raises:
        LoadError: a kept row would lose a value by it.
    """
    landed = db.columns(table.raw_schema, table.id)
    relation = f"{ident(table.raw_schema)}.{ident(table.id)}"
    for column in table.columns:
        held = landed.get(column.id, column.type)
        if held in (column.type, casts.storage_type(column.type)):
            continue
        name, declared = ident(column.id), db.sql_type(column.type)
        if db.kind == "duckdb":
            cast = casts.cast(name, held, column.type)
            typed, kept = cast.typed, cast.exact
        else:
            typed = f"CAST(CAST({name} AS text) AS {declared})"
            kept = f"CAST({typed} AS {db.sql_type(held)}) = {name}"  # there and back again
        query = f"SELECT count(*) FROM {relation} WHERE {name} IS NOT NULL AND NOT coalesce({kept}, false)"
        ((lost,),) = db.execute(query)
        if lost:
            raise LoadError(
                f"{table.source}.{table.id}: {column.id} is now declared {column.type}, but {lost} landed rows "
                f"hold a {held} that is none; load the table from nothing: "
                f"python -m ingest {table.source} --table {table.id} --from-nothing"
            )
        _drop_views(db, relation)
        db.execute(f"ALTER TABLE {relation} ALTER COLUMN {name} TYPE {declared} USING {typed}")
    return bool(landed) and any(column.id not in landed for column in table.columns)


def _drop_views(db: Warehouse, relation: str) -> None:
    """PostgreSQL alters no column that a view reads; the views are dbt's, and its next run makes them anew."""
    if db.kind != "postgres":
        return
    query = (
        "SELECT DISTINCT format('%I.%I', n.nspname, c.relname) FROM pg_depend d "
        "JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class c ON c.oid = r.ev_class "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE d.classid = CAST('pg_rewrite' AS regclass) AND d.refobjid = CAST(? AS regclass) AND c.relkind = 'v'"
    )
    for (view,) in db.execute(query, [relation]):
        db.execute(f"DROP VIEW IF EXISTS {view} CASCADE")


def forget(db: Warehouse, table: Table) -> None:
    """Drop what was landed of a table and all that is known of it.

    What was loaded, checked or failed before stays known; but no backfill of it is one to be mended any more.
    """
    db.execute(
        f"DROP TABLE IF EXISTS {ident(table.raw_schema)}.{ident(table.id)}{' CASCADE' if db.kind == 'postgres' else ''}"
    )
    for name in ("loaded_files", "marks", "source_measures", "quarantine", "backfills"):
        db.execute(f"DELETE FROM ops.{name} WHERE {OF_TABLE}", [table.source, table.id])
    query = f"DELETE FROM ops.failures WHERE {OF_TABLE} AND what = 'backfill'"
    db.execute(query, [table.source, table.id])


def forget_before(db: Warehouse, moment: datetime) -> None:
    """Drop what is known of loads, failures, changes and checks of before; of each table and kind of load the newest stays."""
    db.execute(
        'DELETE FROM ops.loads AS l USING (SELECT source, "table", kind, max(loaded_at) AS newest FROM ops.loads '
        "GROUP BY 1, 2, 3) AS n "
        'WHERE l.source = n.source AND l."table" = n."table" AND l.kind = n.kind '
        "AND l.loaded_at < n.newest AND l.loaded_at < ?",
        [moment],
    )
    for name, column in (
        ("backfills", "done_at"),
        ("failures", "failed_at"),
        ("drift", "seen_at"),
        ("checks", "checked_at"),
    ):
        db.execute(f"DELETE FROM ops.{name} WHERE {column} < ?", [moment])


def never_landed(db: Warehouse, source_ids: Sequence[str]) -> list[str]:
    """The landed tables of these sources that are not there yet, as `raw_SOURCE.TABLE`."""
    missing = []
    for source_id in source_ids:
        source = declaration.read(source_id)
        there = set(db.tables(source.raw_schema))
        missing += [f"{source.raw_schema}.{t.id}" for t in source.tables if t.id not in there]
    return missing


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m ingest.ledger", description="What has landed?")
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="default: all")
    arguments = parser.parse_args()
    try:
        with open_warehouse() as db:
            missing = never_landed(db, arguments.sources or declaration.source_ids())
    except LoadError as error:
        print(f"ledger: {error}", file=sys.stderr)
        return 1
    if missing:
        print("Not landed yet:", ", ".join(missing))
        return NOT_YET
    return 0


if __name__ == "__main__":
    sys.exit(main())
