"""Golden trees are what is rendered, byte for byte, and every one of them is run by the real engines."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from pipegen.core.lock import BASE_FOLDER
from tests import engines, golden_trees

TREES = golden_trees.names()
# The two that run whole: the bundled sample, and one of several kinds of sources with awkward names.
WHOLE = ("shop", "mixed")


@pytest.mark.parametrize("name", TREES)
def test_tree_is_what_is_rendered(name: str) -> None:
    folder = golden_trees.FOLDER / name
    kept = {
        p.relative_to(folder).as_posix(): (p.read_bytes(), p.stat().st_mode & 0o111)
        for p in folder.rglob("*")
        if p.is_file()
    }
    made = {
        a.path: (a.content, a.mode & 0o111)
        for a in golden_trees.planned(name).actions
        if not a.path.startswith(BASE_FOLDER)
    }
    assert sorted(kept) == sorted(made)
    differ = [path for path in made if kept[path] != made[path]]
    assert not differ, f"`make golden` renders these anew, if the change is meant: {differ}"


@pytest.mark.parametrize("name", TREES)
def test_base_holds_the_pristine_files(name: str) -> None:
    plan = golden_trees.planned(name)
    [base] = [a for a in plan.actions if a.path.startswith(BASE_FOLDER)]
    rendered = {a.path: a.content for a in plan.actions if a.blueprint or a.note == "input"}
    with tarfile.open(fileobj=io.BytesIO(base.content or b"")) as archive:
        held = {m.name: archive.extractfile(m).read() for m in archive.getmembers()}  # type: ignore[union-attr]
    assert held
    assert {path: rendered[path] for path in held} == held


def test_no_golden_file_is_ignored_by_git() -> None:
    done = subprocess.run(
        ["git", "ls-files", "--others", "--ignored", "--exclude-standard", "tests/golden", "blueprints"],
        cwd=golden_trees.FOLDER.parents[1], capture_output=True, text=True, check=True,
    )  # fmt: skip
    ignored = [line for line in done.stdout.splitlines() if "__pycache__" not in line]
    assert not ignored


def test_the_trees_that_run_whole_are_there() -> None:
    assert set(WHOLE) <= set(TREES)


def _copy(name: str, to: Path) -> Path:
    """A golden tree as its owner has it: in a folder with a space in its name, with its base."""
    root = to / f"a copy of {name}"
    golden_trees.write(golden_trees.planned(name), root, with_base=True)
    engines.give_environments(root)
    return root


@pytest.mark.engines
@pytest.mark.parametrize("name", TREES)
def test_tree_lints_and_parses(name: str, tmp_path: Path) -> None:
    """Its own linters, real dbt's parser, real Airflow's import and serialisation."""
    root = _copy(name, tmp_path)
    for target in ("lint", "test-dags", "test-transform"):
        done = engines.make(root, target)
        assert done.returncode == 0, f"make {target}: {engines.output(done)}"


@pytest.mark.engines
@pytest.mark.parametrize("name", WHOLE)
def test_tree_runs_whole(name: str, tmp_path: Path) -> None:
    """`make demo` and `make test`, with pipegen nowhere on the machine's path."""
    root = _copy(name, tmp_path)
    for target in ("demo", "test"):
        done = engines.make(root, target, PATH="/usr/bin:/bin:/usr/local/bin")
        assert done.returncode == 0, f"make {target}: {engines.output(done)}"
        assert "pipegen" not in engines.make(root, "--dry-run", target).stdout
