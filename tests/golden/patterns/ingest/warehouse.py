"""The warehouse, DuckDB or PostgreSQL, behind one small interface: SQL with `?` for values, in transactions, in UTC."""

import fcntl
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from ingest import settings
from ingest.declaration import Column, LoadError, Table
from ingest.sql import ident, literal

MEMORY = "500MB"
PAUSE_SECONDS = 0.2
# What `information_schema` calls a type -> what the declarations call it.
_CANONICAL = {
    "timestamp with time zone": "TIMESTAMPTZ",
    "timestamp without time zone": "TIMESTAMP",
    "time without time zone": "TIME",
    "double precision": "DOUBLE",
    "character varying": "VARCHAR",
    "text": "VARCHAR",
    "bytea": "BLOB",
    "jsonb": "JSON",
}


# The names of a query's columns, and its rows.
Answer = tuple[list[str], list[tuple[Any, ...]]]


class Warehouse(Protocol):
    """A connection to the warehouse. Only one transaction at a time."""

    kind: str

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""

    def answer(self, query: str, most: int) -> Answer:
        """Run a query: the names of its columns, and so many of its rows at most; all of them where `most` is 0."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""

    def stage(self, table: Table, columns: Sequence[Column], files: Sequence[Path]) -> str:
        """Rows in Parquet files as a relation with the columns' declared types, to be read in this transaction."""

    def sql_type(self, declared: str) -> str:
        """The engine's name of a declared type."""

    def lock(self, name: str) -> None:
        """Hold a name until the connection ends. LoadError when another program holds it for too long."""

    def close(self) -> None: ...

    def columns(self, schema: str, table: str) -> dict[str, str]:
        """Columns and their types as they are declared; none where there is no such table."""

    def tables(self, schema: str) -> list[str]: ...

    def day(self, expression: str) -> str:
        """SQL: the UTC day of a date or time, as text `2026-01-31`."""


class Common:
    """What is the same on every engine."""

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        raise NotImplementedError

    def columns(self, schema: str, table: str) -> dict[str, str]:
        found = self.execute(
            "SELECT column_name, data_type, numeric_precision, numeric_scale FROM information_schema.columns "
            "WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position",
            [schema, table],
        )
        return {name: canonical(*of_type) for name, *of_type in found}

    def tables(self, schema: str) -> list[str]:
        query = "SELECT table_name FROM information_schema.tables WHERE table_schema = ? ORDER BY table_name"
        return [str(name) for (name,) in self.execute(query, [schema])]

    def day(self, expression: str) -> str:
        return f"CAST(CAST({expression} AS DATE) AS VARCHAR)"


def canonical(data_type: str, precision: int | None, scale: int | None) -> str:
    known = _CANONICAL.get(data_type.lower())
    if known:
        return known
    if data_type.lower() == "numeric" and precision is not None:
        return f"DECIMAL({precision},{scale})"
    return data_type.upper()


def no_rows(columns: Sequence[Column], sql_type: Any) -> str:
    """A relation with the columns and no row."""
    empty = ", ".join(f"CAST(NULL AS {sql_type(c.type)}) AS {ident(c.id)}" for c in columns)
    return f"(SELECT {empty} WHERE 1 = 0) AS nothing"


class DuckDb(Common):
    """A DuckDB file, which one process may have open at a time."""

    kind = "duckdb"

    def __init__(self, path: Path, read_only: bool = False):
        import duckdb

        path.parent.mkdir(parents=True, exist_ok=True)
        for is_last in attempts():
            try:
                self.connection = duckdb.connect(str(path), read_only=read_only)
                break
            except duckdb.IOException as error:
                if is_last or "lock" not in str(error):
                    raise LoadError(f"cannot open the warehouse {path}: {error}") from error
        # Loads stay small whatever the tables' size: what does not fit is sorted out on disk, and no order is kept.
        memory = literal(os.environ.get("WAREHOUSE_MEMORY") or MEMORY)
        self.connection.execute(f"SET TimeZone = 'UTC'; SET memory_limit = {memory}")
        self.connection.execute("SET preserve_insertion_order = false")

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with _faults():
            return self.connection.execute(sql, list(parameters)).fetchall()

    def answer(self, query: str, most: int) -> Answer:
        with _faults():
            answer = self.connection.execute(query)
            rows = answer.fetchmany(most) if most else answer.fetchall()
            return [name for name, *_ in answer.description or ()], rows

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.execute("BEGIN")
        try:
            yield
        except BaseException:
            # After some faults, a full disk among them, DuckDB has rolled back by itself.
            with suppress(LoadError):
                self.execute("ROLLBACK")
            raise
        self.execute("COMMIT")

    def stage(self, table: Table, columns: Sequence[Column], files: Sequence[Path]) -> str:
        if not files:
            return no_rows(columns, self.sql_type)
        typed = ", ".join(f"CAST({ident(c.id)} AS {c.type}) AS {ident(c.id)}" for c in columns)
        listed = ", ".join(literal(str(file)) for file in files)
        return f"(SELECT {typed} FROM read_parquet([{listed}])) AS staged"

    def sql_type(self, declared: str) -> str:
        return declared

    def lock(self, name: str) -> None:
        """The file's own lock is enough while it is open; between, see `locked`."""

    def close(self) -> None:
        self.connection.close()


@contextmanager
def _faults() -> Iterator[None]:
    """What DuckDB raises, as a LoadError; its words only where they speak of files, memory and names, and of no value."""
    import duckdb

    try:
        yield
    except (
        duckdb.IOException,
        duckdb.OutOfMemoryException,
        duckdb.CatalogException,
        duckdb.BinderException,
        duckdb.ParserException,
    ) as error:
        raise LoadError(f"the warehouse: {str(error).splitlines()[0]}") from None
    except duckdb.Error as error:
        raise LoadError(f"the warehouse: {type(error).__name__}") from None


def connect(read_only: bool = False) -> Warehouse:
    """The warehouse of this environment. LoadError when it cannot be reached."""
    if settings.warehouse_kind() == "postgres":
        from ingest.warehouse_postgres import Postgres

        return Postgres(read_only)
    return DuckDb(settings.warehouse_path(), read_only)


def insert(db: Warehouse, name: str, rows: Sequence[Sequence[object]]) -> None:
    """Rows into a table of `ops`, a hundred a statement: each costs DuckDB a millisecond or more."""
    for first in range(0, len(rows), 100):
        some = rows[first : first + 100]
        one = f"({', '.join('?' for _ in some[0])})"
        db.execute(
            f"INSERT INTO ops.{name} VALUES {', '.join(one for _ in some)}",
            [value for row in some for value in row],
        )


@contextmanager
def locked(tables: Sequence[Table]) -> Iterator[None]:
    """No other load of these tables runs meanwhile, on this machine or, in PostgreSQL, on any."""
    folder = settings.work_path() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    names = sorted(f"{table.source}.{table.id}" for table in tables)
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(_file_lock(folder / re.sub(r"[^\w.-]", "_", name), name))
        if settings.warehouse_kind() == "postgres":
            holder = connect()
            stack.callback(holder.close)
            for name in names:
                holder.lock(name)
        yield


@contextmanager
def _file_lock(path: Path, name: str) -> Iterator[None]:
    with path.open("a") as file:
        for is_last in attempts():
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if is_last:
                    raise busy(name) from None
        yield


def attempts() -> Iterator[bool]:
    """How often to try for what another process holds: once, and again until WAREHOUSE_WAIT_SECONDS are over.

    Each says whether it is the last: who has not got it then gives up.
    """
    deadline = time.monotonic() + settings.wait_seconds()
    while time.monotonic() < deadline:
        yield False
        time.sleep(PAUSE_SECONDS)
    yield True


def busy(name: str) -> LoadError:
    return LoadError(f"{name} is being loaded by another process; try again later")
