"""Changed answers and changed numbers, on whole repositories: what was asked is done, what only numbers say is not done silently."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pipegen.app.answers import Given
from pipegen.app.generate import generate
from pipegen.app.repository import measured_in
from pipegen.store import yaml_file
from tests.update.repositories import contents, edit, expected, made, pipegen

pytestmark = pytest.mark.update


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return made("nyc", "next", tmp_path / "nyc")


def new(root: Path, **flags: str) -> dict[str, tuple[bytes, int]]:
    """A new repository of the answers and measurements of another, with other answers by flags."""
    answers = yaml_file.read(root / "pipegen.yml", "pipegen.yml")
    measured = measured_in(root, list(answers.values["sources"]))
    return expected(
        generate(Given(answers=answers, flags=flags, cwd=root.parent, directory=Path("x")), measured=measured).plan
    )


def test_another_destination(root: Path) -> None:
    wanted = new(root, destination="postgres")
    held = edit(root)
    done = pipegen(root, "update", "--set", "destination.kind=postgres")
    assert done.returncode == 0, done.stderr
    assert "destination.engine: duckdb -> postgres" in done.stderr
    now = contents(root)
    for path, text in held.items():
        assert text in now[path][0].decode(), path
    differ = {path for path in wanted if now.get(path) != wanted[path] and not path.startswith(".pipegen/")}
    assert differ <= {*held, "docs/data-dictionary.md", "AGENTS.md"}


def test_another_freshness_equals_a_new_repository(root: Path) -> None:
    wanted = new(root, freshness="1h")
    spec = root / "pipegen.yml"
    spec.write_text(re.sub(r"(?m)^  freshness: \S+", "  freshness: 1h", spec.read_text()))
    done = pipegen(root, "update")
    assert done.returncode == 0, done.stderr
    assert ".schedule: " in done.stderr
    assert contents(root) == wanted


def measured(root: Path, rows: int) -> None:
    """As if every table had been measured with so many rows."""
    for path in (root / "sources").glob("*.yml"):
        path.write_text(re.sub(r"(?m)^(    rows: \{value: )\d+", rf"\g<1>{rows}", path.read_text()))


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A repository of a database with tables so large that they are read by their watermark; nobody overrode that."""
    root = made("patterns", "next", tmp_path / "patterns")
    spec = root / "pipegen.yml"
    spec.write_text(re.sub(r"(?m)^overrides:.*\n(  .*\n)*", "", spec.read_text()))
    measured(root, 90_000_000)
    done = pipegen(root, "update", "--accept-design", "--set", "defaults.freshness=4h")
    assert done.returncode == 0, done.stderr
    return root


def locked(root: Path) -> dict[str, str]:
    design: dict[str, str] = json.loads((root / ".pipegen/lock.json").read_text())["design"]
    return design


def incremental(design: dict[str, str]) -> list[str]:
    return [id for id, choice in design.items() if id.endswith(".extract") and choice.startswith("watermark")]


def test_new_numbers_flip_nothing_silently(large: Path) -> None:
    before = locked(large)
    first, second, *_ = incremental(before)
    measured(large, 10)
    done = pipegen(large, "update")
    assert done.returncode == 0, done.stderr
    assert f"{first} stays `{before[first]}`; decided anew it would be `full`" in done.stderr
    assert locked(large) == before
    assert pipegen(large, "update", "--check").returncode == 0
    done = pipegen(large, "update", f"--accept-design={first}")
    assert done.returncode == 0, done.stderr
    assert locked(large)[first] == "full"
    assert locked(large)[second] == before[second]
    done = pipegen(large, "update", "--accept-design")
    assert done.returncode == 0, done.stderr
    assert incremental(locked(large)) == []
    ours = {path: found for path, found in contents(large).items() if not path.startswith((".pipegen/", "pipegen.yml"))}
    assert ours.items() <= new(large).items()


def test_an_answer_that_changes_a_decision_is_followed(large: Path) -> None:
    [first, *_] = incremental(locked(large))
    measured(large, 10)
    done = pipegen(large, "update", "--set", f"overrides.{first}=append")
    assert done.returncode == 0, done.stderr
    assert locked(large)[first] == "append"


def test_a_choice_that_cannot_stay_is_said_and_nothing_is_written(large: Path) -> None:
    [path] = (large / "sources").glob("*.yml")
    path.write_text(re.sub(r"(?m)^    watermark:.*\n(      .*\n)*", "", path.read_text(), count=1))
    before = contents(large)
    done = pipegen(large, "update")
    assert done.returncode == 2
    assert "was accepted as `watermark" in done.stderr
    assert "--accept-design=" in done.stderr
    assert contents(large) == before
