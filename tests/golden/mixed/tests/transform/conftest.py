"""A warehouse with every landed table in it and no rows, so that dbt can build on a fresh clone."""

import json
import os
import subprocess
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).resolve().parents[2]
DBT = ROOT / ".venv" / "work" / "bin" / "dbt"


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def make_landed_tables(warehouse, source):
    schema = quoted(source["raw_schema"])
    warehouse.execute(f"create schema {schema}")
    warehouse.execute(f"create table {schema}._dlt_loads (inserted_at timestamptz, status bigint)")
    for name, table in source["tables"].items():
        columns = [f"{quoted(id)} {column['type']}" for id, column in table["columns"].items()]
        if source["kind"] == "files":
            columns += ["_file varchar", "_line bigint"]
        warehouse.execute(f"create table {schema}.{quoted(name)} ({', '.join(columns)})")


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dbt")
    with duckdb.connect(str(folder / "warehouse.duckdb")) as warehouse:
        for path in sorted((ROOT / "ingest").glob("*.json")):
            make_landed_tables(warehouse, json.loads(path.read_text(encoding="utf-8")))
    return os.environ | {
        "WAREHOUSE_PATH": str(folder / "warehouse.duckdb"),
        "DBT_PROJECT_DIR": str(ROOT / "transform"),
        "DBT_PROFILES_DIR": str(ROOT / "transform"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }


@pytest.fixture(scope="session")
def dbt(environment):
    def run(*arguments):
        return subprocess.run(
            [DBT, *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )

    return run


@pytest.fixture(scope="session")
def built(dbt):
    """Everything, unit tests too, on empty tables; a deprecated word anywhere is an error."""
    return dbt("--warn-error", "build")


@pytest.fixture(scope="session")
def manifest(built, environment):
    return json.loads((Path(environment["DBT_TARGET_PATH"]) / "manifest.json").read_text())
