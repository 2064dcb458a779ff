<% if destination.kind == "postgres" %>
"""The warehouse of these tests: a DuckDB file, or an empty PostgreSQL database (TEST_POSTGRES_URL)."""
<% else %>
"""The warehouse of these tests: a DuckDB file of their own."""
<% endif %>

import json
<% if destination.kind == "postgres" %>
import os
<% endif %>
from pathlib import Path
<% if destination.kind == "postgres" %>
from urllib.parse import unquote, urlsplit
<% endif %>

import duckdb

ROOT = Path(__file__).resolve().parents[2]
LOADS = (
    'create table ops.loads (source varchar, "table" varchar, kind varchar, loaded_at timestamptz)'
)


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


class DuckDb:
    """Opened for each statement: dbt, in a process of its own, must find it free."""

    def __init__(self, folder):
        self.path = str(folder / "warehouse.duckdb")
        self.environment = {"WAREHOUSE_KIND": "duckdb", "WAREHOUSE_PATH": self.path}

    def type(self, declared):
        return declared

    def execute(self, sql):
        with duckdb.connect(self.path) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(sql).fetchall()
<% if destination.kind == "postgres" %>


class Postgres:
    """A database with nothing in it: a schema that is there already is an error, never overwritten."""

    TYPES = {"DOUBLE": "double precision", "BLOB": "bytea", "JSON": "jsonb"}

    def __init__(self, url):
        import psycopg2

        self.connection = psycopg2.connect(url, options="-c timezone=UTC")
        self.connection.autocommit = True
        parts = urlsplit(url)
        self.environment = {
            "WAREHOUSE_KIND": "postgres",
            "WAREHOUSE_HOST": parts.hostname or "localhost",
            "WAREHOUSE_PORT": str(parts.port or 5432),
            "WAREHOUSE_DATABASE": parts.path.strip("/"),
            "WAREHOUSE_USER": unquote(parts.username or ""),
            "WAREHOUSE_PASSWORD": unquote(parts.password or ""),
            "PGTZ": "Pacific/Auckland",  # dbt must not care
        }

    def type(self, declared):
        return self.TYPES.get(declared, declared)

    def execute(self, sql):
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            rows = cursor.fetchall() if cursor.description else []
        return [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in rows]
<% endif %>


def make(folder):
    """A warehouse with every landed table in it, and no row."""
#% if destination.kind == "postgres"
    url = os.environ.get("TEST_POSTGRES_URL")
    warehouse = Postgres(url) if url else DuckDb(folder)
#% else
    warehouse = DuckDb(folder)
#% endif
    statements = ["create schema ops", LOADS]
    statements += [f"create schema {quoted(schema)}" for schema in {t.schema for t in tables()}]
    for table in tables():
        columns = [f"{quoted(id)} {warehouse.type(type)}" for id, type in table.landed.items()]
        statements.append(f"create table {table.relation} ({', '.join(columns)})")
    warehouse.execute("; ".join(statements))
    return warehouse


class Table:
    """A landed table, as `ingest/SOURCE.json` declares it."""

    def __init__(self, source, id, declared):
        self.schema, self.id = source["raw_schema"], id
        self.relation = f"{quoted(self.schema)}.{quoted(id)}"
        self.staging = f"stg_{source['source']}__{id}"
        self.key, self.deletes = declared["key"], declared["deletes"]
        self.is_files = "format" in declared
        self.is_soft = self.deletes == "soft" and not self.is_files
        self.columns = {name: column["type"] for name, column in declared["columns"].items()}
        self.landed = self.columns | {"_loaded_at": "TIMESTAMPTZ"}
        if self.is_files:
            self.landed |= {"_file": "VARCHAR", "_line": "BIGINT"}
        if self.is_soft:
            self.landed |= {"_deleted_at": "TIMESTAMPTZ"}


def tables():
    sources = [json.loads(path.read_text("utf-8")) for path in (ROOT / "ingest").glob("*.json")]
    return [Table(source, *table) for source in sources for table in source["tables"].items()]
