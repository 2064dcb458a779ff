"""Relations as they are in a source and in a warehouse, compared exactly, whatever engines they are in.

Nothing here is the pipeline's: rows leave both engines as CSV and are compared by a third one, sums are asked of each.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import duckdb
import psycopg
import pymysql

NULL = "\\N"
# What a difference shows at most, of each side.
SHOWN = 3
_TYPES = {"smallint": "BIGINT", "integer": "BIGINT", "bigint": "BIGINT", "text": "VARCHAR"}


class Database(Protocol):
    """Where rows can be asked for. A connection is open only while they are: a DuckDB file lets one process in."""

    def ask(self, query: str) -> list[tuple[Any, ...]]: ...

    def export(self, query: str, to: Path) -> None: ...

    def relations(self) -> list[str]: ...


@dataclass(frozen=True)
class DuckDB:
    """A DuckDB file, which is only read."""

    path: Path

    def _connect(self) -> duckdb.DuckDBPyConnection:
        con = duckdb.connect(str(self.path), read_only=True)
        con.execute("set TimeZone = 'UTC'")
        return con

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with self._connect() as con:
            return con.execute(query).fetchall()

    def export(self, query: str, to: Path) -> None:
        with self._connect() as con:
            con.execute(f"copy ({query}) to '{to}' (format csv, header false, nullstr '{NULL}')")

    def relations(self) -> list[str]:
        names = self.ask("select table_schema, table_name from information_schema.tables order by all")
        return [f'"{schema}"."{name}"' for schema, name in names]


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL database by its URL."""

    url: str

    def _connect(self, autocommit: bool = False) -> psycopg.Connection:
        return psycopg.connect(self.url, options="-c TimeZone=UTC -c DateStyle=ISO", autocommit=autocommit)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with closing(self._connect()) as connection:
            return connection.execute(query).fetchall()

    def run(self, *statements: str) -> list[int]:
        """Change something, each statement by itself; how many rows it changed."""
        with closing(self._connect(autocommit=True)) as connection:
            return [connection.execute(statement).rowcount for statement in statements]

    def export(self, query: str, to: Path) -> None:
        copy = f"copy ({query}) to stdout (format csv, null '{NULL}')"
        with closing(self._connect()) as connection, to.open("wb") as file, connection.cursor().copy(copy) as pieces:
            for piece in pieces:
                file.write(piece)

    def relations(self) -> list[str]:
        names = self.ask(
            "select table_schema, table_name from information_schema.tables "
            "where table_schema not in ('pg_catalog', 'information_schema') order by 1, 2"
        )
        return [f'"{schema}"."{name}"' for schema, name in names]


@dataclass(frozen=True)
class MariaDB:
    """A MariaDB database by its URL, in UTC."""

    url: str

    def _connect(self) -> pymysql.Connection[Any]:
        at = urlsplit(self.url)
        return pymysql.connect(
            host=at.hostname, port=at.port or 3306, user=unquote(at.username or ""), password=unquote(at.password or ""),
            database=at.path.strip("/") or None, charset="utf8mb4", autocommit=True, local_infile=True,
            init_command="set time_zone = '+00:00', sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'",
        )  # fmt: skip

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with closing(self._connect()) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def run(self, *statements: str) -> list[int]:
        """Change something, each statement by itself; how many rows it changed."""
        with closing(self._connect()) as connection, connection.cursor() as cursor:
            return [cursor.execute(statement) for statement in statements]

    def export(self, query: str, to: Path) -> None:
        with to.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([NULL if value is None else value for value in row] for row in self.ask(query))

    def relations(self) -> list[str]:
        return [f'"{name}"' for (name,) in self.ask("show tables")]


def duckdb_type(declared: str) -> str:
    """A source's type in DuckDB."""
    plain = declared.removesuffix(" not null")
    return _TYPES.get(plain, plain)


def columns_of(database: Database, relation: str) -> set[str]:
    """The names of a relation's columns."""
    schema, _, name = relation.partition(".")
    query = (
        f"select column_name from information_schema.columns where table_schema = '{schema}' and table_name = '{name}'"
    )
    return {column for (column,) in database.ask(query)}


def totals(database: Database, relation: str, columns: Mapping[str, str], where: str) -> dict[str, object]:
    """The number of rows, and the sum of each numeric column: exact, for doubles correctly rounded."""
    whole = [c for c, declared in columns.items() if duckdb_type(declared).startswith(("BIGINT", "numeric"))]
    doubles = [c for c, declared in columns.items() if declared.startswith("double")]
    sums = "".join(f', sum("{column}")' for column in whole)
    [(rows, *values)] = database.ask(f"select count(*){sums} from {relation} where {where}")
    found: dict[str, object] = {"": rows}
    found |= {c: None if v is None else Decimal(v) for c, v in zip(whole, values, strict=True)}
    for column in doubles:
        query = f'select "{column}" from {relation} where {where} and "{column}" is not null'
        numbers = [value for (value,) in database.ask(query)]
        found[column] = (math.fsum(numbers), len(numbers))
    return found


class Wanted:
    """The rows of an export, to compare other exports of the same columns with."""

    def __init__(self, columns: Mapping[str, str], file: Path) -> None:
        self._types = ", ".join(f"'{name}': '{duckdb_type(declared)}'" for name, declared in columns.items())
        self._con = duckdb.connect(":memory:")
        self._con.execute("set TimeZone = 'UTC'")
        self._take("wanted", file)

    def difference(self, file: Path) -> list[tuple[Any, ...]]:
        """Rows that only one of the two has, as often as it has them; a few of each side."""
        self._take("actual", file)
        lacking = f"select 'lacking', * from (from wanted except all from actual) limit {SHOWN}"
        too_much = f"select 'too much', * from (from actual except all from wanted) limit {SHOWN}"
        return self._con.execute(f"({lacking}) union all ({too_much})").fetchall()

    def _take(self, name: str, file: Path) -> None:
        form = "header = false, auto_detect = false, delim = ',', quote = '\"', escape = '\"'"
        read = f"read_csv('{file}', {form}, nullstr = '{NULL}', columns = {{{self._types}}})"
        self._con.execute(f"create or replace table {name} as from {read}")
