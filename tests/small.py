"""A small blueprint in place of the bundled ones, and small sources: what ``new`` does, in milliseconds."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from pipegen.store.blueprints import BlueprintStore
from tests.render.blueprints import blueprint

FILES = {
    "README.md": "# <%= pipeline.name | md %>\n",
    "dags/{source}.py": "NAME = <%= source.name | py %>\nTABLES = <%= source.tables | map(attribute='id') | list | py %>\n",
    "models/{mart}.sql": "select 1\n",
    "conf/settings.toml": 'a = "b"\n',
    "conf/data.json": '{"a": 1}\n',
    "conf/ci.yml": "on: [push]\n",
    "notes.txt": "yours\n",
    "run.sh": "#!/bin/sh\n",
}


@pytest.fixture
def small_blueprint(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every catalog is one small blueprint."""
    one = blueprint(
        FILES,
        name="project",
        modes={"run.sh": 0o755},
        for_each={"source": "sources", "mart": "marts"},
        files={"notes.txt": {"ownership": "once"}},
    )
    monkeypatch.setattr(BlueprintStore, "load", lambda *_: [one])


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_blueprint: None) -> Path:
    """A working folder with sources: ``exports/*.csv``, ``my files/it's.csv``, ``shop.db``."""
    folder = tmp_path / "work"
    (folder / "exports").mkdir(parents=True)
    (folder / "exports" / "orders.csv").write_text("order_id,customer_id,total\n1,1,9.50\n2,1,3.25\n3,2,1.00\n")
    (folder / "exports" / "customers.csv").write_text("id,email\n1,a@example.com\n2,b@example.com\n")
    (folder / "my files").mkdir()
    (folder / "my files" / "it's.csv").write_text("a,b\n1,x\n2,y\n")
    with sqlite3.connect(folder / "shop.db") as db:
        db.execute("create table orders (order_id integer primary key, total real)")
        db.execute("insert into orders values (1, 2.5)")
    db.close()
    monkeypatch.chdir(folder)
    return folder


def tree(root: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below a folder, but for git's own."""
    return {
        p.relative_to(root).as_posix(): (p.stat().st_mode & 0o777, p.read_bytes())
        for p in sorted(root.rglob("*"))
        if p.is_file() and ".git" not in p.relative_to(root).parts
    }
