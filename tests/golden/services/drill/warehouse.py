"""What is in the warehouse: read by the drill itself, with the plainest SELECT there is."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drill.declared import Column, Table
from drill.oracle import Rows
from drill.server import OWNER, Server
from drill.values import canonical


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def marked(soft: bool) -> str:
    """SQL: whether a row is marked deleted, where rows may be."""
    return f"{quoted('_deleted_at')} IS NOT NULL" if soft else ""


@dataclass
class Warehouse:
    """A DuckDB file, or a database on the drill's own server."""

    path: Path
    server: Server | None = None
    database: str = "drill_warehouse"
    _saved: Path | None = field(default=None, repr=False)

    def settings(self) -> dict[str, str]:
        """The variables by which the pipeline finds it."""
        if self.server is None:
            return {"WAREHOUSE_KIND": "duckdb", "WAREHOUSE_PATH": str(self.path)}
        return {
            "WAREHOUSE_KIND": "postgres",
            "WAREHOUSE_PATH": str(self.path),
            "WAREHOUSE_HOST": self.server.host,
            "WAREHOUSE_PORT": str(self.server.port),
            "WAREHOUSE_DATABASE": self.database,
            "WAREHOUSE_USER": OWNER,
            "WAREHOUSE_PASSWORD": self.server.passwords[OWNER],
        }

    def clear(self) -> None:
        """Make it new and empty."""
        if self.server:
            self.server.make_database(self.database)
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for path in self._files():
            path.unlink(missing_ok=True)

    def save(self) -> None:
        if self.server:
            self.server.make_database(f"{self.database}_saved", template=self.database)
            return
        # Opened and closed once, so that what is in the log is in the file.
        self.read("SELECT 1")
        self.path.with_suffix(".saved").write_bytes(self.path.read_bytes())

    def restore(self) -> None:
        if self.server:
            self.server.make_database(self.database, template=f"{self.database}_saved")
            return
        for path in self._files():
            path.unlink(missing_ok=True)
        self.path.write_bytes(self.path.with_suffix(".saved").read_bytes())

    def _files(self) -> list[Path]:
        return [self.path, Path(f"{self.path}.wal")]

    def read(self, query: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query; `?` stands for a parameter."""
        with self._connection() as execute:
            return execute(query, parameters)

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        if self.server:
            connection = self.server.connect(self.database, OWNER)
            cursor = connection.cursor()
            cursor.execute("SET TIME ZONE 'UTC'")

            def execute(query: str, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
                escaped = query.replace("%", "%%").replace("?", "%s") if parameters else query
                cursor.execute(escaped, list(parameters) or None)
                return list(cursor.fetchall())
        else:
            import duckdb

            connection = duckdb.connect(str(self.path))
            connection.execute("SET TimeZone = 'UTC'")

            def execute(query: str, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
                return list(connection.execute(query, list(parameters)).fetchall())

        try:
            yield execute
        finally:
            connection.close()

    def exists(self, schema: str, name: str) -> bool:
        query = "SELECT count(*) FROM information_schema.tables WHERE table_schema = ? AND table_name = ?"
        return self.read(query, [schema, name]) != [(0,)]

    def rows(self, schema: str, name: str, columns: Sequence[Column], more: str = "") -> Rows:
        """A table's or view's rows: the columns by id, each in its one form, and what the SQL in `more` adds."""
        shown = [self._shown(column) for column in columns] + ([more] if more else [])
        query = f"SELECT {', '.join(shown)} FROM {quoted(schema)}.{quoted(name)}"
        kinds = [column.type for column in columns]
        return Counter(
            (*(canonical(k, v) for k, v in zip(kinds, row, strict=False)), *row[len(kinds) :])
            for row in self.read(query)
        )

    def _shown(self, column: Column) -> str:
        """DuckDB's driver wants a package of time zones for a TIMESTAMPTZ: it is made plain UTC before."""
        name = quoted(column.id)
        return f"{name} AT TIME ZONE 'UTC'" if column.type == "TIMESTAMPTZ" else name

    def raw(self, table: Table) -> Rows:
        more = [quoted("_file")] if table.kind == "files" else []
        more += [marked(True)] if table.soft else []
        return self.rows(table.raw_schema, table.id, table.columns, ", ".join(more))

    def quarantined(self, table: Table) -> int:
        query = 'SELECT count(*) FROM ops.quarantine WHERE source = ? AND "table" = ?'
        return int(self.read(query, [table.source, table.id])[0][0])

    def texts(self, table: Table, column: str) -> list[str]:
        """The values of a column, whatever its type is, as text."""
        query = f"SELECT CAST({quoted(column)} AS VARCHAR) FROM {quoted(table.raw_schema)}.{quoted(table.id)}"
        return [str(value) for (value,) in self.read(query)]

    def relations(self) -> list[tuple[str, str]]:
        """Every table and view that is not the engine's own."""
        query = (
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_schema NOT IN ('information_schema', 'pg_catalog')"
        )
        return [(str(schema), str(name)) for schema, name in self.read(query)]

    def everything(self, schema: str, name: str) -> str:
        """All rows of a table as one text."""
        rows = self.read(f"SELECT CAST(r AS VARCHAR) FROM {quoted(schema)}.{quoted(name)} AS r")
        return "\n".join(str(row) for (row,) in rows)
