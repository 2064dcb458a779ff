from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pipegen.store import git


def test_a_folder_becomes_a_repository_with_no_commit_and_no_hook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = tmp_path / "template" / "hooks"
    template.mkdir(parents=True)
    (template / "post-checkout").write_text("#!/bin/sh\nexit 1\n")
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(template.parent))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    root = tmp_path / "it's a [repo]"
    root.mkdir()
    assert git.initialise(root) is None
    monkeypatch.undo()
    assert (root / ".git" / "HEAD").read_text() == "ref: refs/heads/main\n"
    assert not (root / ".git" / "hooks" / "post-checkout").exists()
    assert subprocess.run(["git", "log"], cwd=root, capture_output=True, check=False).returncode != 0
    assert not (tmp_path / "elsewhere").exists()


def test_inside_a_repository_is_told_from_above(tmp_path: Path) -> None:
    (tmp_path / "r" / "a" / "b").mkdir(parents=True)
    assert not git.inside_repository(tmp_path / "r" / "a")
    (tmp_path / "r" / ".git").write_text("gitdir: elsewhere\n")  # a worktree, or a submodule
    assert git.inside_repository(tmp_path / "r" / "a" / "b")
    assert git.inside_repository(tmp_path / "r")


def test_no_git_is_worth_a_note_and_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    note = git.initialise(tmp_path)
    assert note is not None
    assert "git is not installed" in note


def test_a_git_that_fails_is_quoted_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "git"
    fake.write_text("#!/bin/sh\necho 'fatal: no room' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin{os.pathsep}/usr/bin")
    assert git.initialise(tmp_path) == "the folder is no git repository yet: `git init` failed: fatal: no room"
