"""Twins that are databases: SQLite, and PostgreSQL on a server of the drill's own."""

import json
import shutil
import sqlite3
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from drill.declared import Column, Source, Table
from drill.server import OWNER, READER, Server
from drill.twins import Layout, Record, Twin


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class Database(Twin):
    """What the two have in common: SQL. Rows of a table with a key are changed one by one, others are written anew."""

    placeholder = "?"

    def relation(self, table: Table) -> str:
        return quoted(table.name)

    def column_type(self, column: Column) -> str:
        raise NotImplementedError

    def stored(self, column: Column, value: Any) -> Any:
        raise NotImplementedError

    def run(self, statement: str, many: Sequence[Sequence[Any]] | None = None) -> None:
        raise NotImplementedError

    def _make(self, table: Table) -> None:
        held = self.layouts[table.id]
        self.run(f"DROP TABLE IF EXISTS {self.relation(table)}")
        self.run(self._definition(table, held))
        self._added(table, self.rows(table))

    def _definition(self, table: Table, held: Layout) -> str:
        lines = [
            f"{quoted(c.name)} {self.column_type(c)}"
            + (" NOT NULL" if held.strict and not c.nullable else "")
            for c in held.columns
        ]
        names = {c.id: c.name for c in held.columns}
        if held.strict and table.key and set(table.key) <= set(names):
            lines.append(f"PRIMARY KEY ({', '.join(quoted(names[c]) for c in table.key)})")
        return f"CREATE TABLE {self.relation(table)} (\n  " + ",\n  ".join(lines) + "\n)"

    def insertion(self, table: Table) -> str:
        columns = self.layouts[table.id].columns
        names = ", ".join(quoted(c.name) for c in columns)
        places = ", ".join([self.placeholder] * len(columns))
        return f"INSERT INTO {self.relation(table)} ({names}) VALUES ({places})"

    def row(self, table: Table, record: Record) -> list[Any]:
        """The row as the driver takes it."""
        return [self.stored(c, record.values.get(c.id)) for c in self.layouts[table.id].columns]

    def _added(self, table: Table, records: Sequence[Record]) -> None:
        self.run(self.insertion(table), [self.row(table, record) for record in records])

    def _changed(self, table: Table, before: Record, after: Record) -> None:
        columns = self.layouts[table.id].columns
        where, which = self._where(table, before)
        if not where:
            self._make(table)
            return
        changes = ", ".join(f"{quoted(c.name)} = {self.placeholder}" for c in columns)
        statement = f"UPDATE {self.relation(table)} SET {changes} WHERE {where}"
        self.run(statement, [[*self.row(table, after), *which]])

    def _removed(self, table: Table, records: Sequence[Record]) -> None:
        for record in records:
            where, which = self._where(table, record)
            if not where:
                self._make(table)
                return
            self.run(f"DELETE FROM {self.relation(table)} WHERE {where}", [which])

    def _where(self, table: Table, record: Record) -> tuple[str, list[Any]]:
        """SQL that finds a row by its key; nothing where there is none to rely on."""
        if not table.key or not self.layouts[table.id].strict:
            return "", []
        key = [table.column(column) for column in table.key]
        where = " AND ".join(f"{quoted(c.name)} = {self.placeholder}" for c in key)
        return where, [self.stored(c, record.values[c.id]) for c in key]


class SQLite(Database):
    """A file. Times are texts there, as the sample data has them."""

    TYPES = {"BIGINT": "INTEGER", "DOUBLE": "REAL", "VARCHAR": "TEXT", "JSON": "TEXT", "UUID": "TEXT",
             "TIME": "TEXT", "TIMESTAMPTZ": "TEXT"}  # fmt: skip

    def __init__(self, source: Source, path: Path):
        super().__init__(source)
        self.path = path

    def fill(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)
        super().fill()

    def column_type(self, column: Column) -> str:
        return column.source_type or self.TYPES.get(column.type, column.type)

    def stored(self, column: Column, value: Any) -> Any:
        if isinstance(value, bool):
            return int(value)
        if value is None or isinstance(value, (int, float, bytes, str)):
            return value
        if isinstance(value, datetime):
            text = value.isoformat(sep=" ")
            return text.replace(" ", "T") + "Z" if column.type == "TIMESTAMPTZ" else text
        return value.isoformat() if isinstance(value, (date, time)) else str(value)

    def run(self, statement: str, many: Sequence[Sequence[Any]] | None = None) -> None:
        connection = sqlite3.connect(self.path, timeout=30)
        with connection:
            if many is None:
                connection.execute(statement)
            else:
                connection.executemany(statement, many)
        connection.close()

    def _save(self) -> None:
        shutil.copyfile(self.path, self.path.with_suffix(".saved"))

    def _restore(self) -> None:
        for left in ("-journal", "-wal", "-shm"):
            Path(f"{self.path}{left}").unlink(missing_ok=True)
        shutil.copyfile(self.path.with_suffix(".saved"), self.path)

    def cut_off(self) -> None:
        """The file as a copy that stopped half-way leaves it."""
        with self.path.open("rb+") as stream:
            stream.truncate(self.path.stat().st_size // 2)

    def mend(self) -> None:
        """The file whole again, with the rows that the twin has."""
        self.path.unlink()
        for table in self.source.tables:
            self._make(table)


class Postgres(Database):
    """A database. The pipeline logs in as a role that may read, and nothing else."""

    TYPES = {"DOUBLE": "double precision", "BLOB": "bytea", "JSON": "jsonb", "VARCHAR": "text"}
    placeholder = "%s"

    def __init__(self, source: Source, server: Server):
        super().__init__(source)
        self.server = server
        self.database = f"drill_{source.id}"
        self.variable = f"DRILL_{source.id.upper()}_URL"
        self._connection: Any = None

    def address(self) -> dict[str, str]:
        return {self.variable: self.server.url(self.database, READER)}

    def relation(self, table: Table) -> str:
        return f"{quoted(table.schema or 'public')}.{quoted(table.name)}"

    def column_type(self, column: Column) -> str:
        """What lands as a text is a text here: the source's enums and domains do not exist, and made-up texts are no ranges."""
        if column.type == "VARCHAR":
            return "text"
        return column.source_type or self.TYPES.get(column.type, column.type.lower())

    def stored(self, column: Column, value: Any) -> Any:
        if value is None or isinstance(value, (Decimal, bytes)):
            return value
        if column.type == "TIMESTAMPTZ" and isinstance(value, datetime):
            return f"{value.isoformat()}+00"
        if isinstance(value, (UUID, dict, list)):
            return str(value) if isinstance(value, UUID) else json.dumps(value)
        return value

    def fill(self) -> None:
        self.server.make_database(self.database)
        connection = self.connection()
        with connection.cursor() as cursor:
            for schema in sorted({table.schema or "public" for table in self.source.tables}):
                cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
                cursor.execute(f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {READER}")
                granted = f"IN SCHEMA {quoted(schema)} GRANT SELECT ON TABLES TO {READER}"
                cursor.execute(f"ALTER DEFAULT PRIVILEGES {granted}")
        super().fill()

    def connection(self) -> Any:
        if self._connection is None or self._connection.closed:
            self._connection = self.server.connect(self.database, OWNER)
        return self._connection

    def run(self, statement: str, many: Sequence[Sequence[Any]] | None = None) -> None:
        from psycopg2.extras import execute_batch

        with self.connection().cursor() as cursor:
            if many is None:
                cursor.execute(statement)
            else:
                execute_batch(cursor, statement, many, page_size=500)

    def _save(self) -> None:
        self._copy(self.database, f"{self.database}_saved")

    def _restore(self) -> None:
        self._copy(f"{self.database}_saved", self.database)

    def _copy(self, database: str, to: str) -> None:
        if self._connection is not None:
            self._connection.close()
        self.server.make_database(to, template=database)
