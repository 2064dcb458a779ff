from __future__ import annotations

from pathlib import Path

import pytest

from pipegen.core.errors import WorkspaceError
from pipegen.core.lock import LOCK_PATH
from pipegen.store import transaction
from tests.store import kills, repositories
from tests.store.repositories import (
    CHANGE,
    MINE,
    Change,
    Shown,
    abort,
    apply,
    as_edited,
    replaced_by_folder,
    shown,
)


class TestAbort:
    def test_all_is_as_it_was(self, root: Path, old: Shown, new: Shown) -> None:
        (root / "sql/deep").chmod(0o750)
        apply(root, keep=True)
        assert shown(root) == new
        assert transaction.can_abort(root)
        done = abort(root)
        assert shown(root) == {**old, "sql/deep": ("folder", 0o750, b"")}
        assert set(done.restored) == {path for path in CHANGE.changed if repositories.kind(path) != "record"} - {
            "box"
        } | {"box"}
        assert done.set_aside == ()
        assert not transaction.can_abort(root)
        with pytest.raises(WorkspaceError, match="no update to take back"):
            abort(root)

    def test_what_was_edited_since_is_put_aside(self, root: Path, old: Shown) -> None:
        apply(root, keep=True)
        edited = ("dags/shop.py", "pipegen.yml", "added/folder/file.py", "box", LOCK_PATH)
        for path in edited:
            as_edited(root / path)
        (root / "dags/old.py").write_bytes(MINE)  # it was removed
        (root / "bin/run").unlink()
        done = abort(root)
        assert shown(root, without=(".pipegen/conflicts",)) == old
        assert set(done.set_aside) == {f".pipegen/conflicts/{path}.edited" for path in (*edited, "dags/old.py")}
        for path in done.set_aside:
            assert (root / path).read_bytes().endswith(MINE)

    def test_what_lies_aside_already_is_not_covered(self, root: Path) -> None:
        for _ in range(3):
            apply(root, keep=True)
            as_edited(root / "dags/shop.py")
            abort(root)
        found = repositories.found_in(root, MINE)
        assert found == [f".pipegen/conflicts/dags/shop.py.edited{n}" for n in ("", ".2", ".3")]

    def test_a_folder_that_stands_there_now_stays(self, root: Path, old: Shown) -> None:
        apply(root, keep=True)
        replaced_by_folder(root / "dags/shop.py")
        done = abort(root)
        assert (root / "dags/shop.py/mine").read_bytes() == MINE
        assert (root / ".pipegen/conflicts/dags/shop.py.old").read_bytes() == CHANGE.old["dags/shop.py"][0]
        assert done.set_aside == ("dags/shop.py",)
        assert (root / LOCK_PATH).read_bytes() == old[LOCK_PATH][2]

    def test_what_was_refused_is_none_of_its_business(self, root: Path) -> None:
        planned = CHANGE.transaction(root, keep=True)
        as_edited(root / "dags/shop.py")
        with transaction.held(root, "update"):
            transaction.apply(root, planned)
        (root / "dags/shop.py").unlink()
        (root / "dags/shop.py").write_bytes(b"another " + MINE)
        assert abort(root).set_aside == ()
        assert (root / "dags/shop.py").read_bytes().endswith(MINE)

    def test_an_edit_at_the_moment_when_it_is_taken_back_stays(self, root: Path) -> None:
        apply(root, keep=True)

        def edit(_: int, name: str) -> None:
            if name == "rename" and not edited and (root / ".pipegen/base/old.tar.gz").exists():
                edited.append(name)
                as_edited(root / "dags/shop.py")

        edited: list[str] = []

        with kills.calls(edit):
            done = abort(root)
        assert done.set_aside == ("dags/shop.py",)
        assert (root / "dags/shop.py").read_bytes().endswith(MINE)
        assert (root / ".pipegen/conflicts/dags/shop.py.old").read_bytes() == CHANGE.old["dags/shop.py"][0]

    def test_the_last_one_that_was_kept_is_taken_back_as_long_as_it_is_the_last_one(self, root: Path) -> None:
        apply(root, keep=True)
        once_more = Change(CHANGE.new, {"dags/shop.py": (b"retries = 5\n", 0o644)})
        apply(root, once_more, keep=True)
        assert abort(root).restored == ("dags/shop.py",)
        assert (root / "dags/shop.py").read_bytes() == b"retries = 3\n"
        apply(root, once_more, keep=True)
        apply(root, Change(once_more.new, {"dags/shop.py": (b"retries = 6\n", 0o644)}))
        assert not transaction.can_abort(root)

    def test_it_can_be_given_up(self, root: Path, new: Shown) -> None:
        apply(root, keep=True)
        with transaction.held(root, "update --continue"):
            transaction.forget_backup(root)
            transaction.forget_backup(root)
        assert not transaction.can_abort(root)
        assert shown(root, without=()) == new
