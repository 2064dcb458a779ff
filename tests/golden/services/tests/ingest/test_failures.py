"""A load that fails says why in ops.failures, and what changed at the source in ops.drift; one that goes well says nothing."""

import importlib.util
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest import declaration, ledger, record, settings
from ingest import load as loading
from ingest.__main__ import main
from ingest.declaration import LoadError, MassDelete, SchemaDrift, SourceDown
from sample import __main__ as sample
from tests.ingest.conftest import columns, table

# What this repository reads: databases, or files.
KIND = "sqlite" if importlib.util.find_spec("ingest.sqlite") else "files"
FAILURES = 'SELECT "table", what, reason FROM ops.failures ORDER BY failed_at, "table"'
DRIFT = 'SELECT "table", change FROM ops.drift ORDER BY seen_at, "table", change'


@pytest.fixture
def put(made_up):
    """Make a function that gives a table of the source these rows, and no other."""

    def write(name, rows, **kinds):
        if KIND == "files":
            made = {column: [row[column] for row in rows] for column in kinds}
            pq.write_table(pa.table(made), made_up.files / f"{name}.parquet")
            return
        with closing(sqlite3.connect(made_up.files / "made_up.sqlite")) as database, database:
            database.execute(f"DROP TABLE IF EXISTS {name}")
            database.execute(f"CREATE TABLE {name} ({', '.join(kinds)})")
            marks = ", ".join("?" for _ in kinds)
            values = [tuple(row[column] for column in kinds) for row in rows]
            database.executemany(f"INSERT INTO {name} VALUES ({marks})", values)

    return write


@pytest.fixture
def load(made_up, put):
    """Make a function that loads tables with the columns a and b, which are there with one row each."""
    declared = columns(a="BIGINT", b="BIGINT")

    def run(*names, **more):
        tables = {
            name: table(f"{name}.parquet", declared, format="parquet", **more)
            if KIND == "files"
            else table(name, declared, **more)
            for name in names or ("t",)
        }
        return made_up(KIND, **tables)

    for name in ("t", "u", "v"):
        put(name, [{"a": 1, "b": 2}], a=int, b=int)
    return run


def test_a_source_that_is_away_fails_all_tables(place, query, monkeypatch, capsys):
    source_id = declaration.source_ids()[0]
    sample.make(source_id)
    source = declaration.read(source_id)
    monkeypatch.setattr(sys, "argv", ["ingest", source_id, "--run-id", "first"])
    assert main() == 0
    assert query(FAILURES) == []
    away = source.path.rename(place / "away")
    assert main() == 1
    assert str(source.path) in capsys.readouterr().err
    expected = sorted((table.id, "load", "source_down") for table in source.tables)
    assert query(FAILURES) == expected
    assert query("SELECT DISTINCT run_id, source FROM ops.failures") == [("first", source_id)]
    away.rename(source.path)
    assert main() == 0
    assert query(FAILURES) == expected, "what went well is no failure"


@pytest.mark.parametrize(
    ("change", "rows", "contract"),
    [
        ("new_column", {"a": 1, "b": 2, "c": 77}, {"new_column": "discard"}),
        ("new_column", {"a": 1, "b": 2, "c": 77}, {"new_column": "freeze"}),
        ("lost_column", {"a": 77}, {"lost_column": "discard"}),
        ("lost_column", {"a": 77}, {"lost_column": "freeze"}),
    ],
)
def test_a_change_at_the_source_is_written_down(load, put, query, change, rows, contract):
    load("t", "u", schema_contract=contract)
    put("t", [rows], **dict.fromkeys(rows, int))
    if contract[change] == "freeze":
        with pytest.raises(SchemaDrift, match=f"{change}: freeze"):
            load("t", "u", schema_contract=contract)
        failed = [("t", "load", "schema_drift"), ("u", "load", "schema_drift")]
        moments = 'SELECT count(*) FROM ops.drift JOIN ops.failures USING ("table") WHERE seen_at = failed_at'
    else:
        load("t", "u", schema_contract=contract)
        failed = []
        moments = 'SELECT count(*) FROM ops.drift JOIN ops.loads USING ("table") WHERE seen_at = loaded_at'
    assert query(FAILURES) == failed
    assert query(DRIFT) == [("t", change)]
    assert query(moments) == [(1,)], "it is of that load"
    ((text,),) = query("SELECT text FROM ops.drift")
    assert repr("c" if change == "new_column" else "b") in text
    assert "77" not in text, "no value of a row"
    put("t", [{"a": 1, "b": 2}], a=int, b=int)
    load("t", "u", schema_contract=contract)
    assert query(DRIFT) == [("t", change)], "a load that sees no change writes none down"


def test_a_mass_delete_is_told(load, put, query):
    load()
    put("t", [], a=int, b=int)
    with pytest.raises(MassDelete):
        load()
    assert query(FAILURES) == [("t", "load", "mass_delete")]


def test_what_landed_before_is_no_failure(load, put, query, monkeypatch):
    monkeypatch.setattr(loading, "TABLES_AT_ONCE", 1)
    put("u", [{"a": 1}], a=int)
    with pytest.raises(SchemaDrift):
        load("t", "u", "v")
    assert [(name, reason) for name, _, reason in query(FAILURES)] == [
        ("u", "schema_drift"),
        ("v", "schema_drift"),
    ]
    assert query('SELECT "table" FROM ops.loads') == [("t",)]


def test_what_cannot_be_written_down_hides_nothing(load, made_up, query, monkeypatch):
    load()
    for path in made_up.files.iterdir():
        path.unlink()
    made_up.files.rmdir()
    waited = []

    def held(*given):
        waited.append(settings.wait_seconds())
        raise LoadError("held by another program")

    monkeypatch.setenv("WAREHOUSE_WAIT_SECONDS", "60")
    with monkeypatch.context() as patched:
        patched.setattr(record, "insert", held)
        with pytest.raises(SourceDown):
            load()
    assert waited == [record.MOST_SECONDS], "it waits no minute more"
    assert settings.wait_seconds() == 60
    assert query(FAILURES) == []


def test_a_warehouse_of_an_older_version_gets_the_new_tables(load, query):
    load()
    new = ("failures", "drift", "checks")
    for name in new:
        query(f"DROP TABLE ops.{name}")
    with ledger.open_warehouse() as db:
        assert set(new) <= set(db.tables("ops"))
    assert query("SELECT count(*) FROM ops.loads") == [(1,)]


def test_what_is_old_is_forgotten(query):
    now = datetime.now(UTC)
    old = now - timedelta(days=2)
    for moment in (old, now):
        query("INSERT INTO ops.failures VALUES ('r', 's', 't', ?, 'load', 'other')", [moment])
        query("INSERT INTO ops.drift VALUES ('r', 's', 't', ?, 'new_column', 'c')", [moment])
        query(
            "INSERT INTO ops.checks VALUES ('r', ?, 'dbt', 'n', 's', 't', 'pass', 0, 1)", [moment]
        )
    with ledger.open_warehouse() as db:
        ledger.forget_before(db, now - timedelta(days=1))
    for name, column in (("failures", "failed_at"), ("drift", "seen_at"), ("checks", "checked_at")):
        assert query(f"SELECT {column} FROM ops.{name}") == [(now,)]
