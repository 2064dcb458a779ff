"""Every source of this repository, loaded from its sample data: exact, repeatable, and safe to kill."""

import json
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from ingest import casts, declaration, settings
from ingest.sql import ident
from sample import __main__ as sample

ROOT = settings.ROOT
SOURCES = declaration.source_ids()

# Where a load is killed: the code before which the process ends itself.
POINTS = {
    "while it reads": "extract.TableReader._parse",
    "before the rows take their place": "load.apply",
    "before it is written down": "load.record",
    "before all of it is committed": "record._quarantine",
}
KILLED = """
import os, signal, sys
from pathlib import Path
from ingest import declaration, extract, load, record, settings

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

settings.ROOT = Path(sys.argv[1])
settings.SAMPLE_DATA = settings.ROOT / "sample" / "data"
owner, _, name = sys.argv[3].rpartition(".")
setattr(eval(owner), name, die)
source = declaration.read(sys.argv[2])
load.run(source, source.tables, "killed")
"""


def relation(table):
    return f"{ident(table.raw_schema)}.{ident(table.id)}"


def contents(query, source_id):
    """All landed rows and all quarantined ones, in an order of their own."""
    tables = declaration.read(source_id).tables
    rows = {}
    for table in tables:
        names = [ident(column.id) for column in table.columns]
        names += ["_file", "_line"] if table.format else []
        rows[table.id] = query(f"SELECT {', '.join(names)} FROM {relation(table)} ORDER BY ALL")
    columns = '"table", file, line, reason, raw'
    quarantine = f"SELECT {columns} FROM ops.quarantine WHERE source = ? ORDER BY ALL"
    return {**rows, "quarantine": query(quarantine, [source_id])}


@pytest.mark.parametrize("source_id", SOURCES)
def test_sample_lands_exactly_and_twice_is_once(load, query, source_id):
    done = load(source_id)
    for outcome, made in zip(done.outcomes, sample.make(source_id), strict=True):
        table, expected = outcome.table, sample.entry(made)
        assert outcome.rows_read == expected["rows"]
        assert outcome.rows_quarantined == expected["malformed"]
        assert query(f"SELECT count(*) FROM {relation(table)}") == [(expected["landed"],)]
        types = {name: kind for name, kind, *_ in query(f"DESCRIBE {relation(table)}")}
        assert {c.id: types.get(c.id) for c in table.columns} == {
            c.id: casts.storage_type(c.type) for c in table.columns
        }
    first = contents(query, source_id)
    withheld = {outcome.table.id for outcome in done.outcomes if outcome.table.personal}
    for table_id, _, _, reason, raw in first["quarantine"]:
        assert reason
        assert "n/a?" not in reason, "a reason holds no value: it may be personal"
        assert json.loads(raw) or table_id in withheld
    load(source_id)
    assert contents(query, source_id) == first


# Every point for one source, the last for one more.
KILLS = {SOURCES[-1]: list(POINTS)[-1:], SOURCES[0]: list(POINTS)}


@pytest.mark.parametrize(("source_id", "points"), KILLS.items())
def test_killed_load_leaves_the_old_rows_and_can_be_rerun(place, load, query, source_id, points):
    load(source_id)
    before = contents(query, source_id)
    for point in points:
        # So that there is something to load again where only what is new is read.
        query("DELETE FROM ops.loaded_files; DELETE FROM ops.marks")
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, str(place), source_id, POINTS[point]],
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        assert killed.returncode == -signal.SIGKILL, (point, killed.stderr)
        assert contents(query, source_id) == before, point
    load(source_id)
    assert contents(query, source_id) == before
    assert [path.name for path in settings.work_path().iterdir()] == ["locks"]


def test_the_ledger_says_what_has_not_landed(load, monkeypatch, capsys):
    from ingest import ledger

    def ask(*source_ids):
        monkeypatch.setattr(sys, "argv", ["ledger", *source_ids])
        return ledger.main(), capsys.readouterr().out

    code, said = ask()
    assert code == ledger.NOT_YET
    for source_id in SOURCES:
        assert all(t.raw_schema + "." + t.id in said for t in declaration.read(source_id).tables)
    load(SOURCES[0])
    assert ask(SOURCES[0]) == (0, "")
    assert ask()[0] == (ledger.NOT_YET if SOURCES[1:] else 0)


def test_what_another_process_holds_is_tried_for_as_long_as_was_said(place, monkeypatch):
    from ingest import warehouse

    tables = declaration.read(SOURCES[0]).tables[:1]
    slept = []
    clock = SimpleNamespace(monotonic=lambda: sum(slept), sleep=slept.append)
    monkeypatch.setattr(warehouse, "time", clock)
    with warehouse.locked(tables):
        for seconds in (1, 0):
            slept.clear()
            monkeypatch.setenv("WAREHOUSE_WAIT_SECONDS", str(seconds))
            with pytest.raises(declaration.LoadError) as busy, warehouse.locked(tables):
                pass
            assert "is being loaded by another process" in str(busy.value)
            assert bool(slept) == bool(seconds) and sum(slept) >= seconds
    with warehouse.locked(tables):
        pass
