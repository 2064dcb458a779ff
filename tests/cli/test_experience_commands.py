"""What holds for every command there is, and for one that is added: points 18, 20, 23, 25, 28, 30, 31, 33 of the experience."""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from pipegen.app.answers import Given
from pipegen.app.check import check
from pipegen.app.generate import generate
from pipegen.cli.main import app, run
from tests import test_golden
from tests.render.cookiecutters import template
from tests.small import tree

Result = tuple[int, str, str]
Pipegen = Callable[..., Result]


@pytest.fixture
def pipegen(capfd: pytest.CaptureFixture[str]) -> Pipegen:
    def call(*words: str) -> Result:
        capfd.readouterr()
        code = run(words)
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture
def root(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    assert run(["new", "shop", "--source", "./exports/*.csv", "--no-git"]) == 0
    (here / "exports/visits.csv").write_text("visit_id,page\n1,a\n2,b\n")
    monkeypatch.chdir(here / "shop")
    return here / "shop"


def commands(node: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with its path, groups too."""
    node = node or typer.main.get_command(app)
    yield path, node
    for name, inner in getattr(node, "commands", {}).items():
        yield from commands(inner, (*path, name))


ALL = dict(commands())
REPORTING = sorted(" ".join(path) for path, node in ALL.items() if any("--json" in p.opts for p in node.params))
SILENT = {"schema", "completion", "blueprints new"}  # two print a document of their own, one writes a few files
RUNS = {
    "new": "new other --source ../exports/*.csv --dir ../other --no-git",
    "inspect": "inspect exports",
    "explain": "explain",
    "plan": "plan --set freshness=1h",
    "update": "update --set owner=kim",
    "add source": "add source db=../shop.db",
    "add table": "add table exports.visits",
    "rename": "rename exports partner",
    "why": "why README.md",
    "status": "status",
    "diff": "diff",
    "check": "check --level static",
    "blueprints list": "blueprints list",
    "blueprints show": "blueprints show project",
    "blueprints lint": "blueprints lint ../audit",
}
"""A run of each command that reports: a new one is missing here until it has its own."""


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_help_of_every_command_starts_with_an_example(path: tuple[str, ...], pipegen: Pipegen) -> None:
    code, out, _ = pipegen(*path, "--help")
    assert code == 0
    lines = [line.strip() for line in out.splitlines() if line.strip()]
    assert lines[0].startswith(" ".join(("Usage: pipegen", *path)))
    assert lines[1].startswith(" ".join(("Example: pipegen", *path)))
    assert len(lines[1]) <= 80


def test_every_command_reports_in_json_or_has_a_document_of_its_own() -> None:
    leaves = {" ".join(path) for path, node in ALL.items() if not getattr(node, "commands", None)}
    assert leaves - set(REPORTING) == SILENT
    assert set(REPORTING) == set(RUNS)


@pytest.mark.parametrize("command", REPORTING)
def test_json_is_alone_on_stdout_with_its_version(command: str, root: Path, pipegen: Pipegen) -> None:
    if command == "blueprints lint":
        assert pipegen("blueprints", "new", "audit", "-C", "..")[0] == 0
    code, out, err = pipegen(*RUNS[command].split(), "--json")
    assert code == 0, err
    document = json.loads(out)
    assert document["schema_version"] == 1
    assert out == json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    assert "\x1b" not in out + err


def test_a_second_run_says_that_there_is_nothing_to_do_and_touches_nothing(root: Path, pipegen: Pipegen) -> None:
    assert pipegen("update", "--set", "owner=kim")[0] == 0
    before = {path: (path.stat().st_mtime_ns, content) for path, (_, content) in _files(root)}
    code, out, err = pipegen("update", "--set", "owner=kim")
    assert (code, out) == (0, "")
    assert err == "nothing to do: the repository is what its pipegen.yml and its blueprints say\n"
    assert {path: (path.stat().st_mtime_ns, content) for path, (_, content) in _files(root)} == before


def _files(root: Path) -> Iterator[tuple[Path, tuple[int, bytes]]]:
    yield from ((root / path, found) for path, found in tree(root).items() if not path.startswith(".pipegen/journal"))


@pytest.mark.parametrize(
    "words", [("update", "--set", "owner=kim"), ("add", "source", "db=../shop.db"), ("rename", "exports", "x")]
)
def test_what_is_carried_out_is_what_was_shown(words: tuple[str, ...], root: Path, pipegen: Pipegen) -> None:
    before = tree(root)
    shown = json.loads(pipegen(*words, "--dry-run", "--json")[1])
    assert tree(root) == before
    done = json.loads(pipegen(*words, "--json")[1])
    assert (shown.pop("applied"), done.pop("applied")) == (False, True)
    assert shown == done
    assert tree(root) != before


def test_work_that_takes_its_time_is_told_while_it_is_done(
    root: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is to be seen where somebody watches: the probe, the render, each command of a check."""
    told: list[str] = []
    generate(Given(name="x", flags={"source": ["exports/*.csv"]}, cwd=here), progress=told.append)
    assert told[0] == "looking at exports" and told[-2:] == ["designing", "rendering"]
    assert any(re.fullmatch(r"\d of 3 tables: .*", line) for line in told)
    (root / "Makefile").write_text("lint test-dags test-transform:\n\t@true\n")
    told.clear()
    check(root, "parse", told.append)
    assert told and all(line.startswith("make ") for line in told)


MADE = {"make demo", "make test"}


def _next(err: str) -> list[str]:
    """The commands that stand below ``Next:``."""
    _, found, steps = err.partition("\nNext:\n")
    assert found, err
    return [line.split("   #")[0].strip() for line in steps.splitlines() if line.startswith("  ")]


def test_the_next_steps_are_four_at_most_and_each_is_run_by_a_test(here: Path, pipegen: Pipegen) -> None:
    code, _, err = pipegen("new", "shop", "--source", "exports/*.csv", "--no-git")
    assert code == 0
    folder, *steps = _next(err)
    assert folder == "cd shop" and (here / "shop").is_dir()
    assert 1 <= len(steps) <= 3
    assert set(steps) == MADE == {f"make {target}" for target in _run_whole()}


def _run_whole() -> list[str]:
    """The targets that the golden tree of the sample is run with."""
    source = ast.parse(Path(test_golden.__file__).read_text())
    [test] = [f for f in source.body if isinstance(f, ast.FunctionDef) and f.name == "test_tree_runs_whole"]
    [loop] = [n for n in ast.walk(test) if isinstance(n, ast.For)]
    assert "engines.make(root, target" in ast.unparse(loop)
    targets: list[str] = ast.literal_eval(loop.iter)
    return targets


def test_the_next_steps_of_a_template_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pipegen: Pipegen) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COOKIECUTTER_CONFIG", str(tmp_path / "rc"))
    (tmp_path / "rc").write_text("{}\n")
    template(tmp_path / "tpl", {"name": "My Project"}, {"README.md": "# {{ cookiecutter.name }}\n"})
    code, _, err = pipegen("new", "orders", "--blueprint", "tpl", "--no-git")
    assert code == 0, err
    folder, *steps = _next(err)
    monkeypatch.chdir(tmp_path / folder.removeprefix("cd "))
    assert len(steps) <= 3
    for step in steps:
        assert pipegen(*step.split()[1:])[0] == 0, step


def test_v_says_what_was_read(here: Path, pipegen: Pipegen) -> None:
    config = Path(os.environ["XDG_CONFIG_HOME"]) / "pipegen" / "config.yml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("defaults: {freshness: 2h}\n")
    (here / "a.yml").write_text("name: shop\n")
    words = ("new", "--answers", "a.yml", "--source", "exports/*.csv", "--dry-run")
    try:
        said = pipegen(*words, "-v")[2]
        quiet = pipegen(*words)[2]
    finally:
        config.unlink()
    assert "read a.yml\n" in said and re.search(r"read \S*pipegen/config\.yml\n", said)
    assert "read " not in quiet
