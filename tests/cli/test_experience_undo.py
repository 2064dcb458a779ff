"""Point 22 of the experience: what is not committed is named before an update, and its undo is told after it."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipegen.app import update as updating
from pipegen.cli.main import run
from pipegen.store import git as store
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


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    return subprocess.run(["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture(params=[".", ".."], ids=["its own", "a larger one"])
def root(here: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that is committed, alone or in a folder of a larger one."""
    assert run(["new", "shop", "--source", "./exports/*.csv", "--no-git"]) == 0
    monkeypatch.chdir(here / "shop")
    over = Path(request.param).resolve()
    git(over, "init", "--quiet")
    git(over, "add", "--all")
    git(over, "commit", "--quiet", "--message", "x")
    return here / "shop"


def files(root: Path) -> dict[str, tuple[int, bytes]]:
    return {path: found for path, found in tree(root).items() if not path.startswith(".pipegen/journal")}


def told(err: str) -> list[str]:
    return [line.removeprefix("note: ") for line in err.splitlines() if line.startswith("note: ")]


def test_of_a_clean_tree_nothing_is_named_and_the_undo_gives_the_very_tree(root: Path, pipegen: Pipegen) -> None:
    before = files(root)
    code, _, err = pipegen("add", "source", "db=../shop.db")
    assert code == 0 and "not committed" not in err
    [command] = [line.removeprefix("to take this back: ") for line in told(err) if "take this back" in line]
    assert files(root) != before
    git(root, *shlex.split(command)[1:])
    assert files(root) == before
    assert pipegen("status", "--exit-code")[0] == 0
    git(root, "stash", "pop", "--quiet")
    assert files(root) != before, "and the undo can be undone"


def test_a_dirty_tree_is_named_first_and_the_undo_leaves_what_was_dirty(
    root: Path, pipegen: Pipegen, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for path in ("README.md", "[dev] it's.txt", "notes.txt"):
        (root / path).write_text("mine\n")
    before = files(root)
    real, said = updating.apply, []

    def apply(updated: updating.Updated) -> updating.Updated:
        said.append(capfd.readouterr().err)
        return real(updated)

    monkeypatch.setattr(updating, "apply", apply)
    monkeypatch.chdir(root / "conf")
    code, _, err = pipegen("update", "--set", "owner=kim")
    assert code == 0, err
    assert told(said[0])[0].startswith("not committed: `README.md`, `[dev] it's.txt`, `notes.txt`; ")
    [command] = [line.removeprefix("to take this back: ") for line in told(err) if "take this back" in line]
    git(root / "conf", *shlex.split(command)[1:])
    assert files(root) == before


def test_what_git_had_not_it_cannot_take_back(root: Path, pipegen: Pipegen) -> None:
    spec = root / "pipegen.yml"
    spec.write_text(f"# mine\n{spec.read_text()}")
    code, _, err = pipegen("update", "--set", "owner=kim")
    assert code == 0
    assert told(err)[0].startswith("not committed: `pipegen.yml`; ")
    assert told(err)[-1].startswith("git cannot take this back, it had not all of what was changed: `pipegen.yml` ")


def test_looking_writes_no_index_and_runs_nothing(root: Path, pipegen: Pipegen, tmp_path: Path) -> None:
    (tmp_path / "spy").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (tmp_path / "spy").chmod(0o755)
    git(root, "config", "core.fsmonitor", str(tmp_path / "spy"))
    (root / "README.md").touch()
    index = next(p for p in (root / ".git/index", root.parent / ".git/index") if p.is_file())
    before = index.read_bytes()
    assert store.uncommitted(root) == ()
    assert index.read_bytes() == before and not (tmp_path / "ran").exists()


def test_without_git_or_a_repository_nothing_is_said(
    here: Path, pipegen: Pipegen, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["new", "shop", "--source", "./exports/*.csv", "--no-git"]) == 0
    code, _, err = pipegen("update", "--set", "owner=kim", "-C", "shop")
    assert (code, told(err)) == (0, [])
    (here / "shop/.git").mkdir()
    monkeypatch.setenv("PATH", os.devnull)
    code, _, err = pipegen("update", "--set", "owner=lee", "-C", "shop")
    assert (code, told(err)) == (0, [])
