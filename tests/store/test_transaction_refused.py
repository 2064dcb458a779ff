"""An apply that the system refuses: all is as it was, and the error says what to do."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
from pathlib import Path

import pytest

from pipegen.core.errors import WorkspaceError
from pipegen.core.transaction import Step
from pipegen.core.worktree import ABSENT
from pipegen.store import transaction
from tests.store import kills
from tests.store.repositories import (
    CHANGE,
    MINE,
    Shown,
    apply,
    as_edited,
    refused,
    shown,
)

SPACE = ("open", "mkdir", "link", "symlink", "write", "pwrite", "ftruncate")


class TestWhatTheSystemRefuses:
    def test_once_at_any_call(self, tmp_path: Path, old: Shown, new: Shown) -> None:
        """The tree is the old one, and an error says so; or the new one. The next command finds nothing in its way."""
        root = tmp_path / "x"
        errors = 0
        for n in range(1_000):
            CHANGE.write_old(root)
            hit = []

            def fail(call: int, name: str, n: int = n, hit: list[str] = hit) -> None:
                if call == n:
                    hit.append(name)
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

            try:
                with kills.calls(fail, syncs=True):
                    assert apply(root) == ()
                cleaned = shown(root, without=(".pipegen/journal", ".pipegen/base/old.tar.gz", "sql", "sources"))
                assert cleaned == {p: e for p, e in new.items() if not p.startswith(("sql", "sources"))}
            except WorkspaceError as error:
                errors += 1
                assert shown(root, without=(".pipegen/journal",)) == old
                assert os.strerror(errno.ENOSPC) in error.message
                assert error.hint
                assert ("nothing was changed" in error.message) == ("`.pipegen/journal`" not in error.message)
            with kills.unsynced(), transaction.held(root, "the next one"):
                pass
            if n % 10 == 0:
                with kills.unsynced():
                    apply(root)
                assert shown(root) == new
            shutil.rmtree(root)
            if not hit:
                break
        assert errors > 60

    @pytest.mark.parametrize("names", [SPACE, kills.CHANGING], ids=["a full disk", "nothing goes any more"])
    def test_from_some_call_on(self, tmp_path: Path, old: Shown, new: Shown, names: tuple[str, ...]) -> None:
        """On a full disk all is taken back. Where nothing goes any more it cannot be: the error says so, and where the old bytes are."""
        root = tmp_path / "x"
        stuck = 0
        for n in range(0, 200, 5):
            CHANGE.write_old(root)

            def fail(call: int, name: str, n: int = n) -> None:
                if call >= n and name in names:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

            try:
                with kills.calls(fail):
                    apply(root)
            except WorkspaceError as error:
                if "could not be taken back" in error.message:
                    stuck += 1
                    assert ".pipegen/journal/transaction/old/" in (error.hint or "")
                else:
                    assert shown(root, without=(".pipegen/journal",)) == old
            with kills.unsynced(), transaction.held(root, "update"):
                pass
            after = shown(root, without=(".pipegen/base/old.tar.gz",))
            assert after in [{p: e for p, e in t.items() if p != ".pipegen/base/old.tar.gz"} for t in (old, new)]
            shutil.rmtree(root)
        assert (stuck > 0) == (names is kills.CHANGING)

    def test_taking_back_goes_on_where_it_had_to_stop(self, root: Path, old: Shown) -> None:
        """One error, and then nothing can be removed any more: the next command takes it back, and does not go forward."""
        failed: list[str] = []

        def fail(_: int, name: str) -> None:
            if (name == "rename" and (root / "box").is_file() and not failed) or (name == "unlink" and failed):
                failed.append(name)
                raise OSError(errno.EACCES, os.strerror(errno.EACCES))

        with kills.calls(fail), pytest.raises(WorkspaceError, match="could not be taken back: `box`"):
            apply(root)
        assert "killed half-way" in (transaction.interrupted(root) or "")
        with transaction.held(root, "the next one") as said:
            assert said == "update to catalog 1.1, which was killed half-way, is taken back"
        assert shown(root) == old

    def test_ctrl_c_at_any_call(self, tmp_path: Path, old: Shown, new: Shown) -> None:
        root = tmp_path / "x"
        seen = set()
        for n in range(1, 1_000, 3):
            CHANGE.write_old(root)
            hit = []

            def interrupt(call: int, name: str, n: int = n, hit: list[str] = hit) -> None:
                if call == n:
                    hit.append(name)
                    raise KeyboardInterrupt

            try:
                with kills.calls(interrupt):
                    apply(root)
            except KeyboardInterrupt:
                seen.add(shown(root, without=(".pipegen/journal",)) == old)
            with kills.unsynced(), transaction.held(root, "update"):
                pass
            assert shown(root) in (old, new)
            shutil.rmtree(root)
            if not hit:
                break
        assert True in seen

    def test_a_limit_on_the_size_of_files(self, root: Path, old: Shown) -> None:
        def limited() -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, 4_096))
            step = Step("file", "large", b"x" * 10_000, 0o644, ABSENT.stamp)
            error = refused(root, step)
            assert (
                error.message == "`.pipegen/journal/transaction` cannot be written: File too large; nothing was changed"
            )
            assert "ulimit" in (error.hint or "")

        assert kills.in_child(limited) == 0
        assert shown(root) == old

    @pytest.mark.parametrize("closed", ["dags", "bin", ".", ".pipegen"])
    def test_a_folder_that_may_not_be_written(self, root: Path, old: Shown, closed: str) -> None:
        """As a user who is not root, for real."""

        def as_nobody() -> None:
            if os.getuid() == 0:
                for path in [root, *root.rglob("*")]:
                    os.chown(path, 65_534, 65_534, follow_symlinks=False)
                for folder in (root.parent, *root.parent.parents[:3]):
                    folder.chmod(folder.stat().st_mode | 0o055)
                os.setgid(65_534)
                os.setuid(65_534)
            mode = (root / closed).stat().st_mode
            (root / closed).chmod(0o555)
            with pytest.raises(WorkspaceError, match="Permission denied") as denied:
                apply(root)
            (root / closed).chmod(mode)
            assert denied.value.hint
            assert shown(root) == old

        assert kills.in_child(as_nobody) == 0

    def test_edits_forbid_to_take_something_back(self, root: Path, old: Shown) -> None:
        """An error, and meanwhile somebody edited what had been written: the newer bytes stay, the older ones lie aside."""

        def fail(_: int, name: str) -> None:
            if name == "rename" and (root / "bin/run").stat().st_mode & 0o777 == 0o644:
                file = root / "dags/shop.py"
                if file.read_bytes() == b"retries = 3\n":
                    as_edited(file)
                    raise OSError(errno.EIO, os.strerror(errno.EIO))

        with (
            kills.calls(fail),
            pytest.raises(WorkspaceError, match=r"all was taken back but `dags/shop.py`: edited meanwhile"),
        ):
            apply(root)
        assert (root / "dags/shop.py").read_bytes() == b"retries = 3\n" + MINE
        assert (root / ".pipegen/conflicts/dags/shop.py.old").read_bytes() == b"retries = 1\n"
        without = (".pipegen/conflicts", "dags/shop.py")
        assert shown(root, without) == {p: e for p, e in old.items() if p not in without}
