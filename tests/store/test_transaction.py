from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipegen.core.errors import WorkspaceError
from pipegen.core.lock import LOCK_PATH, read_lock
from pipegen.core.transaction import Step
from pipegen.store import transaction
from pipegen.store.worktree import Folder
from tests.store import kills, repositories
from tests.store.repositories import (
    CHANGE,
    MINE,
    Shown,
    abort,
    apply,
    as_edited,
    replaced_by_folder,
    shown,
    times,
)


def no_link(*_: object, **__: object) -> None:
    """A file system where no file has two names."""
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))


class TestApply:
    def test_everything_is_as_it_is_to_be_and_nothing_is_left_over(self, tmp_path: Path, new: Shown) -> None:
        root = CHANGE.write_old(tmp_path / "x")  # and the disk is waited for
        before = times(root)
        assert apply(root) == ()
        assert shown(root) == new
        after = times(root)
        for path in (".env", "same.txt", ".pipegen/.gitignore"):
            assert after[path] == before[path]
        assert not transaction.can_abort(root)

    def test_a_command_that_changes_nothing_touches_nothing(self, root: Path) -> None:
        apply(root)
        before, tree = times(root), shown(root)
        with transaction.held(root, "update") as said:
            assert said is None
        assert (times(root), shown(root)) == (before, tree)

    def test_what_is_as_it_is_to_be_already_is_not_written(self, root: Path) -> None:
        apply(root)
        before = times(root)
        here = Folder(root)
        step = Step("file", "dags/shop.py", b"retries = 3\n", 0o644, here.at("dags/shop.py").stamp)
        lock = here.at(LOCK_PATH)
        assert lock.content is not None
        apply(root, steps=(step,), after=(), lock=lock.content)
        after = times(root)
        assert {p for p in before if before[p] != after[p]} <= {".pipegen"}

    @pytest.mark.parametrize("umask", [0o000, 0o077])
    def test_the_umask_changes_nothing(self, root: Path, new: Shown, umask: int) -> None:
        before = os.umask(umask)
        try:
            apply(root)
        finally:
            os.umask(before)
        assert shown(root) == new

    def test_a_file_that_is_read_only_is_replaced(self, root: Path, new: Shown) -> None:
        (root / "dags/shop.py").chmod(0o444)
        assert apply(root) == ()
        assert shown(root) == new

    def test_a_folder_keeps_what_else_is_in_it(self, root: Path) -> None:
        (root / "sql/deep/mine").mkdir()
        apply(root)
        assert not (root / "sql/deep/gone.sql").exists()
        assert (root / "sql/deep/mine").is_dir()

    def test_a_folder_of_no_more_than_folders_gives_way_to_a_file(self, root: Path) -> None:
        (root / "box/empty/too").mkdir(parents=True)
        assert apply(root) == ()
        assert (root / "box").read_bytes() == b"a file\n"

    def test_a_folder_that_still_holds_something_stays(self, root: Path) -> None:
        (root / "box/mine.txt").write_bytes(MINE)
        assert apply(root) == ("box",)
        assert (root / "box/mine.txt").read_bytes() == MINE
        assert (root / ".pipegen/conflicts/box.theirs").read_bytes() == b"a file\n"

    def test_where_no_file_can_have_two_names_it_is_the_same(
        self, root: Path, old: Shown, new: Shown, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(os, "link", no_link)
        apply(root, keep=True)
        assert shown(root) == new
        abort(root)
        assert shown(root) == old


def _replaced(file: Path) -> None:
    file.with_name("new").write_bytes(file.read_bytes() + MINE)
    file.with_name("new").rename(file)


def _linked(file: Path) -> None:
    file.unlink()
    file.symlink_to("elsewhere")


class TestEditedMeanwhile:
    @pytest.mark.parametrize("path", ["dags/shop.py", "dags/old.py", "current", "sql/deep/gone.sql", "shape"])
    @pytest.mark.parametrize(
        "edit", [as_edited, _replaced, Path.unlink, _linked, replaced_by_folder, lambda f: f.chmod(0o600)]
    )
    def test_the_edit_stays_and_the_lock_says_so(self, root: Path, path: str, edit: Callable[[Path], None]) -> None:
        if (root / path).is_symlink() and edit is not _linked:
            edit = _linked
        planned = CHANGE.transaction(root)
        edit(root / path)
        edited = shown(root)
        with transaction.held(root, "update"):
            left = transaction.apply(root, planned)
        removed = CHANGE.changed[path] is None
        if removed and edit in (Path.unlink, replaced_by_folder):  # it was to be removed, and is
            assert path not in left
            return
        assert path in left
        tree = shown(root)
        assert {p: e for p, e in tree.items() if p == path or p.startswith(f"{path}/")} == {
            p: e for p, e in edited.items() if p == path or p.startswith(f"{path}/")
        }
        lock = read_lock((root / LOCK_PATH).read_bytes())
        planned_lock = read_lock(planned.lock)
        if removed:
            assert lock.files[path].state == "orphaned"
        else:
            assert lock.files[path].pending == planned_lock.files[path].sha256
            aside = root / f".pipegen/conflicts/{path}.theirs"
            assert shown(aside.parent)[aside.name][2] == CHANGE.changed[path][0]  # type: ignore[index]
        assert (root / ".pipegen/base/old.tar.gz").exists(), "its base is in there"
        assert (root / "added/folder/file.py").exists(), "all the rest is new"
        assert (root / "pipegen.yml").read_bytes() == CHANGE.new["pipegen.yml"][0]

    def test_a_file_that_came_to_a_new_path_stays(self, root: Path) -> None:
        planned = CHANGE.transaction(root)
        (root / "added").mkdir()
        (root / "added/link").write_bytes(MINE)
        with transaction.held(root, "update"):
            assert transaction.apply(root, planned) == ("added/link",)
        assert (root / "added/link").read_bytes() == MINE
        assert (root / ".pipegen/conflicts/added/link.theirs").is_symlink()

    def test_at_the_moment_when_it_is_replaced(self, root: Path) -> None:
        """At every change that an apply makes, an editor writes into each of three files; no edit is ever lost."""
        for path, step in (("dags/shop.py", 2), ("bin/run", 7), ("dags/old.py", 7)):
            for n in range(40, 1_000, step):
                shutil.rmtree(root)
                CHANGE.write_old(root)
                seen = []

                def edit(number: int, _: str, n: int = n, path: str = path, seen: list[int] = seen) -> None:
                    if number == n and (root / path).exists():
                        seen.append(number)
                        as_edited(root / path)

                with kills.calls(edit):
                    apply(root)
                if not seen and n > 150:
                    break
                assert not seen or repositories.found_in(root, MINE), f"{path} was edited before change {n}"

    @pytest.mark.parametrize(
        ("path", "move", "names_a_file"),
        [("dags/shop.py", "rename", 2), ("added/folder/file.py", "link", 2), ("added/folder/file.py", "rename", 1)],
    )
    def test_while_it_is_looked_at(
        self, root: Path, path: str, move: str, names_a_file: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The same by an editor that puts a new file there, at every call up to the one that replaces it."""
        if names_a_file == 1:
            monkeypatch.setattr(os, "link", no_link)
        names: list[str] = []
        done = CHANGE.new[path][0]

        def watch(_: int, name: str) -> None:
            if not (root / path).exists() or (root / path).read_bytes() != done:
                names.append(name)

        with kills.calls(watch, reads=True):
            apply(root)
        assert names[-1] == move, "the last call before it is as it is to be"
        last = len(names) - 1
        after = {"link": 1, "rename": 0 if names_a_file == 2 else -1}[move]  # a link that is tried is the last look
        for n in range(last - 25, last + after):
            shutil.rmtree(root)
            CHANGE.write_old(root)

            def edit(number: int, _: str, n: int = n) -> None:
                if number == n:
                    (root / path).parent.mkdir(parents=True, exist_ok=True)
                    (root / path).with_name("new").write_bytes(MINE)
                    (root / path).with_name("new").rename(root / path)

            with kills.calls(edit, reads=True):
                assert apply(root) == (path,)
            assert (root / path).read_bytes() == MINE

    def test_a_file_that_was_edited_for_a_moment_alone_is_replaced(self, root: Path, old: Shown) -> None:
        """What is backed up is what is replaced, not what stood there for a moment."""
        planned = CHANGE.transaction(root, keep=True)
        _replaced(root / "dags/shop.py")

        def undo(_: int, name: str) -> None:
            if name == "rename" and (root / "dags/shop.py").read_bytes().endswith(MINE):
                (root / "dags/shop.py").unlink()
                (root / "dags/shop.py").write_bytes(b"retries = 1\n")

        with kills.calls(undo), transaction.held(root, "update"):
            assert transaction.apply(root, planned) == ()
        assert (root / "dags/shop.py").read_bytes() == b"retries = 3\n"
        abort(root)
        assert shown(root) == old

    @pytest.mark.parametrize("path", ["pipegen.yml", "sources/shop.yml", LOCK_PATH])
    def test_an_input_or_the_lock_stops_it_before_anything_is_touched(self, root: Path, path: str) -> None:
        planned = CHANGE.transaction(root)
        as_edited(root / path)
        edited, before = shown(root), times(root)
        with (
            transaction.held(root, "update"),
            pytest.raises(WorkspaceError, match=rf"`{path}` was edited meanwhile") as stopped,
        ):
            transaction.apply(root, planned)
        assert "nothing was changed" in stopped.value.message
        assert "again" in (stopped.value.hint or "")
        assert shown(root) == edited
        after = times(root)
        assert {path for path in before if before[path] != after[path]} <= {".pipegen"}

    def test_an_input_that_is_edited_after_the_start_stops_it_too(self, root: Path, old: Shown) -> None:
        def edit(_: int, name: str) -> None:
            if name == "rename" and not edited and (root / ".pipegen/conflicts/x.theirs").exists():
                edited.append(name)
                as_edited(root / "pipegen.yml")

        edited: list[str] = []

        with (
            kills.calls(edit),
            pytest.raises(WorkspaceError, match=r"`pipegen.yml` was edited meanwhile; nothing was changed"),
        ):
            apply(root)
        tree = shown(root)
        assert tree.pop("pipegen.yml")[2].endswith(MINE)
        assert tree == {path: entry for path, entry in old.items() if path != "pipegen.yml"}
