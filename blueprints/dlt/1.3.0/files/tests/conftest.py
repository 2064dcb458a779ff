"""A place of its own for each test: this repository's declarations, with data and a warehouse that go away."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with the repository's declarations; `ingest`, `sample` and `quality` read and write in it."""
    from ingest import settings

    for folder, kind in (("ingest", "*.json"), ("sources", "*.yml"), ("quality", "*.json")):
        (tmp_path / folder).mkdir()
        for path in (ROOT / folder).glob(kind):
            shutil.copy(path, tmp_path / folder)
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    monkeypatch.setattr(settings, "SAMPLE_DATA", tmp_path / "sample" / "data")
    monkeypatch.setenv("PIPELINE_ENV", "demo")
    for name in ("WAREHOUSE_PATH", "WAREHOUSE_KIND", "DBT_TARGET_PATH", "PIPELINE_TOKEN_KEY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def load(place):
    """Make a function that makes a source's sample data, once, and loads it."""
    from ingest import declaration
    from ingest import load as loading
    from sample import __main__ as sample

    made = {}

    def load_source(source_id):
        if source_id not in made:
            made[source_id] = sample.make(source_id)
        source = declaration.read(source_id)
        return loading.run(source, source.tables, "test")

    return load_source


@pytest.fixture
def query(place):
    """Make a function that runs SQL in the warehouse and gives the rows."""
    from ingest import ledger

    def run(sql, parameters=()):
        with ledger.open_warehouse() as db:
            return db.execute(sql, parameters)

    return run
