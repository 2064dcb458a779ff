"""The warehouse of these tests: a DuckDB file of their own."""

import json
from pathlib import Path

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


def make(folder):
    """A warehouse with every landed table in it, and no row."""
    warehouse = DuckDb(folder)
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
