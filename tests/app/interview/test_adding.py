"""``pipegen add source|table`` with the same questions and the same look."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from pipegen.app import add
from pipegen.app.answers import Given
from pipegen.app.generate import apply, generate
from pipegen.app.interview.adding import new_source, new_tables
from pipegen.core.errors import UsageError, WorkspaceError
from pipegen.core.measured import Measured
from pipegen.core.prompting import Stopped
from pipegen.probe import Look
from pipegen.store import yaml_file
from tests.prompting import BACK, ENTER, LEAVE, ScriptedPrompter, Wrong


@pytest.fixture
def root(here: Path) -> Path:
    apply(generate(Given(name="shop", flags={"source": ["./exports/*.csv"], "table": ["orders"]})), use_git=False)
    return here / "shop"


def test_a_source_is_asked_for_looked_at_once_and_added(
    here: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipegen.probe import registry

    with sqlite3.connect(here / "crm.db") as db:
        db.execute("create table people (id integer primary key, email text)")
        db.execute("create table visits (id integer primary key, at text)")
        db.execute("insert into people values (1, 'a@example.com')")
        db.execute("insert into visits values (1, '2026-01-01')")
    db.close()
    looks: list[str] = []
    real = registry.probe

    def probe(kind: str, path: str, look: Look) -> Measured:
        looks.append(path)
        return real(kind, path, look)

    monkeypatch.setattr(registry, "probe", probe)
    prompter = ScriptedPrompter(
        ("source", Wrong("exports=./crm.db", "called `exports` already")), ("source", "./none.db"), ("source", "./crm.db"),
        ("table.crm", ENTER), ("personal_data", BACK), ("table.crm", ENTER), ("personal_data", "mask"),
    )  # fmt: skip
    new = new_source(root, prompter, cwd=here)
    prompter.finished()
    inputs = add.add_source(root, new.text, tables=new.tables, said=new.said, cwd=here, looked=new.looked)
    assert [Path(path).name for path in looks] == ["none.db", "crm.db"]
    said = yaml_file.parse(inputs["pipegen.yml"] or b"", "pipegen.yml").values["sources"]["crm"]
    assert said["tables"] == {"people": {"columns": {"email": "mask"}}, "visits": {}}


def test_tables_that_are_not_loaded_are_asked_for(here: Path, root: Path) -> None:
    prompter = ScriptedPrompter(("table.exports", ("customers",)))
    assert new_tables(root, prompter) == ["exports.customers"]
    ask = prompter.last("table.exports")
    assert [choice.value for choice in ask.choices] == ["customers"] and ask.evidence == ("loaded: orders",)
    assert new_tables(root, ScriptedPrompter(("table.exports", ENTER))) == []


def test_where_every_table_is_loaded_it_is_said(here: Path) -> None:
    apply(generate(Given(name="shop", flags={"source": ["./shop.db"]})), use_git=False)
    with pytest.raises(UsageError, match="every table that can be found is loaded"):
        new_tables(here / "shop", ScriptedPrompter())


def test_who_leaves_has_changed_nothing(here: Path, root: Path) -> None:
    for ask in (new_source, new_tables):
        with pytest.raises(Stopped):
            ask(root, ScriptedPrompter(("source" if ask is new_source else "table.exports", LEAVE)))
        with pytest.raises(WorkspaceError):
            ask(here, ScriptedPrompter())
