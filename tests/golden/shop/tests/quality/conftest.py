"""A made-up source that is loaded from a mark on, on every engine that this repository's warehouse can be."""

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROFILES = yaml.safe_load((ROOT / "transform" / "profiles.yml").read_text(encoding="utf-8"))
(OUTPUTS,) = (profile["outputs"] for profile in PROFILES.values())
ENGINES = [kind for kind in ("duckdb", "postgres") if kind in OUTPUTS]

COLUMNS = {
    "id": "BIGINT", "day": "DATE", "changed_at": "TIMESTAMP", "amount": "DECIMAL(18,2)", "weight": "DOUBLE",
}  # fmt: skip


@pytest.fixture(scope="session")
def server():
    """A PostgreSQL that goes away; None where this machine cannot have one."""
    try:
        from drill.server import throw_away_postgres
    except ImportError:
        yield None
        return
    with throw_away_postgres() as running:
        yield running


@pytest.fixture(params=ENGINES)
def engine(request, place, monkeypatch):
    """The warehouse is of this kind."""
    monkeypatch.setenv("WAREHOUSE_KIND", request.param)
    if request.param == "postgres":
        running = request.getfixturevalue("server")
        if running is None:
            pytest.skip("no PostgreSQL server can be made on this machine")
        from drill.server import OWNER

        running.make_database("quality")
        for name, value in {
            "HOST": running.host, "PORT": str(running.port), "DATABASE": "quality", "USER": OWNER,
            "PASSWORD": running.passwords[OWNER],
        }.items():  # fmt: skip
            monkeypatch.setenv(f"WAREHOUSE_{name}", value)
    return request.param


@pytest.fixture
def made_up(engine, place, monkeypatch):
    """The source `made_up`, with one table `orders` of two rows a day, 2026-03-01 to 2026-03-03; not loaded yet."""
    import dlt

    def extract(load):
        for declared in load.tables:
            yield load.resource(declared)

    module = ModuleType("ingest.made_up")
    module.extract = dlt.source(extract, name="made_up", max_table_nesting=0)
    monkeypatch.setitem(sys.modules, "ingest.made_up", module)
    return MadeUp(place)


class MadeUp:
    """A SQLite database, its declaration, and what was loaded of it."""

    def __init__(self, place):
        self.place = place
        self.path = place / "sample" / "data" / "made_up" / "made_up.sqlite"
        self.path.parent.mkdir(parents=True)
        self.source("CREATE TABLE orders (id, day, changed_at, amount, weight)")
        for n in range(6):
            self.add(n + 1, f"2026-03-0{n // 2 + 1} 0{n % 2 + 6}:00:00", amount=n + 0.25)
        self.declare()

    def source(self, sql, *parameters):
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            return connection.execute(sql, parameters).fetchall()

    def add(self, number, changed_at, amount=1.5):
        row = (number, changed_at[:10], changed_at, amount, number / 8)
        self.source("INSERT INTO orders VALUES (?, ?, ?, ?, ?)", *row)

    def declare(self, **changes):
        columns = {
            name: {"from": name, "type": kind, "nullable": name != "id"}
            for name, kind in COLUMNS.items()
        }
        table = {
            "from": "orders", "load": "watermark", "write": "merge", "deletes": "ignore", "key": ["id"],
            "watermark": "changed_at", "overlap": 3600, "columns": columns,
        }  # fmt: skip
        document = {
            "source": "made_up", "kind": "sqlite", "path_env": "MADE_UP_PATH", "path": "nowhere",
            "raw_schema": "raw_made_up", "loads": {}, "tables": {"orders": table | changes},
        }  # fmt: skip
        (self.place / "ingest" / "made_up.json").write_text(json.dumps(document))

    def load(self, run_id="test"):
        from ingest import declaration
        from ingest import load as loading

        source = declaration.read("made_up")
        return loading.run(source, source.tables, run_id)

    def warehouse(self, sql, *parameters):
        from ingest import ledger

        with ledger.open_warehouse() as db:
            return db.execute(sql, parameters)
