"""Hostile names and texts through the whole line: the engines lint, import and build what was written, and it says the same."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from pipegen.app.answers import Given
from pipegen.app.generate import generate
from pipegen.core.errors import SpecError
from tests import engines, golden_trees

NAMES = [
    "order", "Group", "select", "a'b", 'say "x"', "{{ 7*7 }}", "{% raw %}", "<%= x %>", "#% for", "--% if", "a;b--c", "100%", "Größe",
    "表", "back\\slash", "line\nbreak", "tab\there", "🦆", "$HOME `id`", "x" * 120, "[dev]", "null", "1st", "trailing_", "class",
]  # fmt: skip
TEXTS = [
    'A "quoted" \\ text with {{ braces }}, {% tags %}, {# hashes #}, <%= ours %>, $VAR, `ticks`, 100% and a | pipe',
    "Two lines\nwith #% and --% and \"\"\" and ''' in them",
    "emoji 🦆, umlauts äöü, 表, a colon: here, - a dash, [brackets](x), <b>html</b> & more",
]


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository over a SQLite database whose every column, and two of whose tables, have a hostile name."""
    with sqlite3.connect(tmp_path / "hostile.db") as connection:
        columns = ", ".join(f"{_quoted(name)} text" for name in NAMES)
        for table in ("plain", "{{ a 'b' \"c\" }}", "order"):
            connection.execute(f"create table {_quoted(table)} (id integer primary key, {columns})")
            connection.execute(f"insert into {_quoted(table)} (id, \"order\") values (1, 'x'), (2, 'y')")
    rules = [{"name": text.splitlines()[0], "expect": "id > 0 and \"order\" <> 'it''s'"} for text in TEXTS]
    tables = {
        "plain": {"description": TEXTS[0], "rules": rules},
        "{{ a 'b' \"c\" }}": {"description": TEXTS[1]},
        "order": {"description": TEXTS[2]},
    }
    sets = [
        ("description", TEXTS[0]), ("owner", TEXTS[2][:90]), ("sources.src.description", TEXTS[1]), ("sources.src.tables", tables),
    ]  # fmt: skip
    given = Given(
        name="hostile", flags={"source": ["src=sqlite:///hostile.db"]}, sets=sets, cwd=tmp_path,
        directory=Path("a repository"),
    )  # fmt: skip
    root = tmp_path / "a repository"
    golden_trees.write(generate(given).plan, root, with_base=True)
    return root


def test_names_survive_as_they_are(repository: Path) -> None:
    declared = json.loads((repository / "ingest" / "src.json").read_text())
    assert [t["from"] for t in declared["tables"].values()] == ["plain", "{{ a 'b' \"c\" }}", "order"]
    for table in declared["tables"].values():
        assert [c["from"] for c in table["columns"].values()] == ["id", *NAMES]


@pytest.mark.parametrize(
    "rule", ["{{ x }} > 0", "id > 0; drop table x", "id > 0 -- yes", "id > 0 /*", "id > (0", "'", "$$a$$"]
)
def test_a_rule_that_would_break_out_is_refused(rule: str, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("id,name\n1,Ada\n2,Grace\n")
    given = Given(name="x", flags={"source": ["people.csv"], "rule": [f"people: {rule}"]}, cwd=tmp_path)
    with pytest.raises(SpecError) as refused:
        generate(given)
    assert "expect" in str(refused.value)
    assert not (tmp_path / "x").exists()


@pytest.mark.engines
def test_the_engines_take_it_and_it_says_the_same(repository: Path) -> None:
    engines.give_environments(repository)
    for target in ("lint", "test-dags", "test-transform"):
        done = engines.make(repository, target)
        assert done.returncode == 0, f"make {target}: {engines.output(done)}"
    done = engines.make(repository, "run", "ENV=prod")
    assert done.returncode == 0, engines.output(done)
    [manifest] = [json.loads(p.read_text()) for p in repository.glob("transform/target/prod/marts/manifest.json")]
    said = {node["description"] for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    assert {TEXTS[0], TEXTS[2]} <= said
    rules = [n["description"] for n in manifest["nodes"].values() if n["resource_type"] == "test"]
    assert [text for text in TEXTS if not any(text.splitlines()[0] in (r or "") for r in rules)] == []
