from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipegen.core.errors import WorkspaceError
from pipegen.core.plan import Action, ChangePlan
from pipegen.core.tree import MODE_LINK
from pipegen.store import workspace


def plan(**contents: bytes) -> ChangePlan:
    files = contents or {"pipegen.yml": b"name: x\n", "a/b/c.txt": b"c\n", "bin/run": b"#!/bin/sh\n"}
    modes = {"bin/run": 0o755}
    return ChangePlan(
        ".", tuple(Action("create", path, None, content, modes.get(path, 0o644)) for path, content in files.items())
    )


def listed(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def tree(root: Path) -> dict[str, tuple[str, bytes | None]]:
    return {
        p.relative_to(root).as_posix(): (oct(p.stat().st_mode), p.read_bytes() if p.is_file() else None)
        for p in sorted([root, *root.rglob("*")])
    }


def test_a_new_repository_is_whole_and_alone(tmp_path: Path) -> None:
    workspace.write_new(tmp_path / "x", plan())
    assert tree(tmp_path / "x") == {
        ".": ("0o40755", None),
        "a": ("0o40755", None),
        "a/b": ("0o40755", None),
        "bin": ("0o40755", None),
        "pipegen.yml": ("0o100644", b"name: x\n"),
        "a/b/c.txt": ("0o100644", b"c\n"),
        "bin/run": ("0o100755", b"#!/bin/sh\n"),
    }
    assert listed(tmp_path) == ["x"]


def test_a_symlink_is_written_as_one(tmp_path: Path) -> None:
    link = Action("create", "a/link", None, b"../b", MODE_LINK)
    workspace.write_new(tmp_path / "x", ChangePlan(".", (link,)))
    assert (tmp_path / "x/a/link").readlink() == Path("../b")


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_umask_changes_nothing(tmp_path: Path, umask: int) -> None:
    workspace.write_new(tmp_path / "usual", plan())
    before = os.umask(umask)
    try:
        workspace.write_new(tmp_path / "x", plan())
    finally:
        os.umask(before)
    assert tree(tmp_path / "x") == tree(tmp_path / "usual")


def test_an_empty_folder_is_taken_and_one_with_missing_parents_made(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    workspace.write_new(tmp_path / "x", plan())
    workspace.write_new(tmp_path / "p/q/x", plan())
    assert tree(tmp_path / "x") == tree(tmp_path / "p/q/x")


def _file(target: Path) -> None:
    target.write_text("mine")


def _dangling(target: Path) -> None:
    target.symlink_to("nowhere")


def _link_to_folder(target: Path) -> None:
    (target.parent / "real").mkdir()
    target.symlink_to("real")


def _filled(target: Path) -> None:
    target.mkdir()
    (target / "mine").write_text("mine")


def _repository(target: Path) -> None:
    target.mkdir()
    (target / "pipegen.yml").write_text("name: x")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_file, "is no folder"),
        (_dangling, "is no folder"),
        (_link_to_folder, "is no folder"),
        (_filled, "not empty"),
        (_repository, "generated repository already"),
    ],
)
def test_a_target_that_is_taken_is_refused_and_left_alone(tmp_path: Path, make: Any, says: str) -> None:
    make(tmp_path / "x")
    before = sorted(p.name for p in tmp_path.rglob("*"))
    for attempt in (
        lambda: workspace.check_target(tmp_path / "x"),
        lambda: workspace.write_new(tmp_path / "x", plan()),
    ):
        with pytest.raises(WorkspaceError, match=says) as refused:
            attempt()
        assert refused.value.hint
    assert sorted(p.name for p in tmp_path.rglob("*")) == before


def test_a_parent_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    with pytest.raises(WorkspaceError):
        workspace.check_target(tmp_path / "f" / "x")


def test_a_parent_that_cannot_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    with pytest.raises(WorkspaceError, match="cannot be written") as refused:
        workspace.check_target(tmp_path / "x")
    assert "--dir" in (refused.value.hint or "")


def test_a_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    for name in ("x" * 300, "x" * 250):
        with pytest.raises(WorkspaceError, match="cannot be written") as refused:
            workspace.write_new(tmp_path / name, plan())
        assert refused.value.hint == "choose a shorter name"
    assert listed(tmp_path) == []


@pytest.mark.parametrize("path", ["../x", "/x", "a/../../x", "nul", ".git/config"])
def test_no_path_leads_out_of_the_target(tmp_path: Path, path: str) -> None:
    with pytest.raises(WorkspaceError, match="cannot be written"):
        workspace.write_new(tmp_path / "x", plan(**{"ok": b"", path: b"bad"}))
    assert listed(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "hint"),
    [(errno.ENOSPC, "make room"), (errno.EACCES, "--dir"), (errno.EROFS, "--dir"), (errno.EIO, None)],
)
def test_what_the_system_refuses_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, hint: str | None
) -> None:
    real = workspace._write
    calls = iter(range(100))

    def failing(*arguments: Any) -> None:
        if next(calls) == 1:
            raise OSError(number, os.strerror(number))
        real(*arguments)

    monkeypatch.setattr(workspace, "_write", failing)
    with pytest.raises(WorkspaceError, match=os.strerror(number)) as refused:
        workspace.write_new(tmp_path / "x", plan())
    assert (hint is None and refused.value.hint is None) or hint in (refused.value.hint or "")
    assert listed(tmp_path) == []


def test_ctrl_c_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(workspace, "_write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        workspace.write_new(tmp_path / "x", plan())
    assert listed(tmp_path) == []


def test_what_appears_meanwhile_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = workspace._write

    def meanwhile(*arguments: Any) -> None:
        real(*arguments)
        (tmp_path / "x").mkdir(exist_ok=True)
        (tmp_path / "x" / "mine").write_text("mine")

    monkeypatch.setattr(workspace, "_write", meanwhile)
    with pytest.raises(WorkspaceError):
        workspace.write_new(tmp_path / "x", plan())
    assert [p.name for p in tmp_path.rglob("*")] == ["x", "mine"]


WRITER = """
import sys
from pathlib import Path
from pipegen.core.plan import Action, ChangePlan
from pipegen.store import workspace
files = [Action("create", f"d{i % 20}/f{i}.txt", None, b"x" * 2000) for i in range(400)]
print("ready", flush=True)
workspace.write_new(Path(sys.argv[1]), ChangePlan(".", tuple(files)))
"""


def test_a_kill_at_any_moment_leaves_no_target_or_a_whole_one(tmp_path: Path) -> None:
    target = tmp_path / "[x] {y}"
    outcomes = []
    for i in range(14):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(target)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.006 * i)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        whole = target.exists()
        outcomes.append(whole)
        if whole:
            assert sum(p.is_file() for p in target.rglob("*")) == 400
            subprocess.run(["rm", "-rf", str(target)], check=True)
    assert not all(outcomes), "no run was killed before it ended: the test saw nothing"
    workspace.write_new(target, plan())
    assert listed(tmp_path) == [target.name], "what killed runs left is removed by the next"


def test_the_staging_folder_of_a_living_run_is_left_alone(tmp_path: Path) -> None:
    alive = tmp_path / f".x.new-{os.getppid()}-abc"
    dead = tmp_path / ".x.new-999999999-abc"
    other = tmp_path / ".y.new-999999999-abc"
    for folder in (alive, dead, other):
        folder.mkdir()
    workspace.write_new(tmp_path / "x", plan())
    assert listed(tmp_path) == sorted([alive.name, other.name, "x"])


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Path]:
    root = tmp_path / "r"
    workspace.write_new(root, plan())
    yield root


def test_the_root_is_found_upward(repository: Path) -> None:
    assert workspace.find_root(repository / "a" / "b") == repository
    with pytest.raises(WorkspaceError, match=r"no pipegen\.yml here"):
        workspace.find_root(repository.parent)


def test_only_plain_files_inside_the_root_are_read(repository: Path) -> None:
    (repository.parent / "secret").write_text("secret")
    (repository / "link").symlink_to("../secret")
    (repository / "out").symlink_to("..")
    assert workspace.read_file(repository, "a/b/c.txt") == b"c\n"
    for path in (
        "link",
        "out/secret",
        "../secret",
        str(repository.parent / "secret"),
        "a",
        "nothing",
        "a/b/c.txt/d",
        "x" * 300,
    ):
        assert workspace.read_file(repository, path) is None
