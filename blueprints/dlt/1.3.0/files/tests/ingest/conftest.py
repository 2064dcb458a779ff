"""Sources made up for one test."""

import sys
from types import ModuleType

import pytest


def columns(**types):
    """Column declarations by id; a type that ends in ! is not nullable."""
    return {
        name: {"from": name, "type": kind.rstrip("!"), "nullable": not kind.endswith("!")}
        for name, kind in types.items()
    }


def document(kind, **tables):
    return {
        "source": "made_up",
        "kind": kind,
        "path_env": "MADE_UP_PATH",
        "path": "nowhere",
        "url_env": "MADE_UP_URL",
        "raw_schema": "raw_made_up",
        "loads": {},
        "tables": tables,
    }


def table(name, declared, **more):
    return {"from": name, "load": "full", "key": [], "watermark": None, "columns": declared, **more}


@pytest.fixture
def made_up(place, monkeypatch):
    """Make a function that loads a made-up source; its files are in the folder `made_up.files`."""
    import dlt

    from ingest import declaration
    from ingest import load as loading

    def extract(load):
        for declared in load.tables:
            yield load.resource(declared)

    module = ModuleType("ingest.made_up")
    module.extract = dlt.source(extract, name="made_up", max_table_nesting=0)
    monkeypatch.setitem(sys.modules, "ingest.made_up", module)

    def load(kind, asked=None, source=None, **tables):
        source = declaration.parse({**document(kind, **tables), **(source or {})})
        return loading.run(source, source.tables, "test", asked)

    load.files = place / "sample" / "data" / "made_up"
    load.files.mkdir(parents=True)
    return load
