from __future__ import annotations

import fcntl
import os
import shutil
import signal
from pathlib import Path

import pytest

from pipegen.core.errors import WorkspaceError
from pipegen.store import transaction
from tests.store.repositories import CHANGE


def test_a_second_writer_is_told_who_the_first_one_is(root: Path) -> None:
    ready, go = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        with transaction.held(root, "update to catalog 1.1"):
            os.write(ready[1], b"x")
            os.read(go[0], 1)
            os._exit(0)
    os.read(ready[0], 1)
    try:
        with pytest.raises(WorkspaceError) as busy, transaction.held(root, "add table"):
            pass
        assert f"process {child}, update to catalog 1.1" in busy.value.message
        assert f"process {child}, update to catalog 1.1" in (transaction.interrupted(root) or "")
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        for end in (*ready, *go):
            os.close(end)
    assert transaction.interrupted(root) is None, "a writer that was killed holds nothing"
    with transaction.held(root, "add table") as said:
        assert said is None
    assert [p.name for p in (root / ".pipegen").iterdir() if p.name == "journal"] == []


def test_a_writer_that_leaves_as_another_comes_leaves_nothing_to_hold(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file is gone by the time that the other one has the lock on it: that is worth nothing, so it takes a new one."""
    real = fcntl.flock
    left: list[int] = []

    def flock(handle: int, how: int) -> None:
        if not left:
            left.append(handle)
            shutil.rmtree(root / ".pipegen/journal")
        real(handle, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    with transaction.held(root, "update"), pytest.raises(WorkspaceError, match="another pipegen writes"):
        transaction.held(root, "another").__enter__()


def test_many_at_once_take_turns(tmp_path: Path) -> None:
    """Four writers, each of which counts as often as it is let in; no count is lost."""
    root = CHANGE.write_old(tmp_path / "x")
    count = tmp_path / "count"
    count.write_bytes(b"0")

    def work() -> None:
        done = 0
        while done < 20:
            try:
                with transaction.held(root, "count"):
                    count.write_bytes(str(int(count.read_bytes()) + 1).encode())
                    done += 1
            except WorkspaceError as busy:
                assert "another pipegen" in busy.message

    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                work()
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
    assert count.read_bytes() == b"80"


def test_what_the_other_one_says_of_itself_is_cut_to_what_can_be_printed(root: Path) -> None:
    with transaction.held(root, "\x1b[31mred\x1b[0m " + "x" * 1_000):
        said = transaction.interrupted(root) or ""
    assert "\x1b" not in said
    assert len(said) < 450


def test_without_its_folder_there_is_nothing_to_write_to(root: Path) -> None:
    shutil.rmtree(root / ".pipegen")
    assert transaction.interrupted(root) is None
    with pytest.raises(WorkspaceError, match=r"`.pipegen` is missing"), transaction.held(root, "update"):
        pass
