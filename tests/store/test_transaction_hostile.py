"""Paths, folders and journals of another hand."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipegen.core.errors import WorkspaceError
from pipegen.core.transaction import Step
from pipegen.core.tree import MODE_LINK
from pipegen.core.worktree import ABSENT
from pipegen.store import transaction
from tests.store import kills, repositories
from tests.store.repositories import (
    CHANGE,
    Change,
    Shown,
    apply,
    as_edited,
    refused,
    shown,
)

HOSTILE = [
    "/etc/passwd", "../outside", "dags/../../outside", "C:/x", "nul", "dags/aux.py", ".git/hooks/pre-commit", "a\\b", "a//b", "./a",
    ".pipegen/lock.json", ".pipegen/base/x.tar.gz", ".PIPEGEN/lock.json", ".pipegen/journal/writer", "x" * 300, "a\x00b", "",
]  # fmt: skip


class TestHostile:
    @pytest.mark.parametrize("path", HOSTILE)
    def test_no_path_leads_out_of_the_files_of_the_repository(self, root: Path, old: Shown, path: str) -> None:
        error = refused(root, Step("file", path, b"bad", 0o644, ABSENT.stamp))
        assert "cannot be written" in error.message
        assert "nothing was changed" in error.message
        assert shown(root) == old
        assert sorted(p.name for p in root.parent.iterdir()) == ["old", "x"]

    @pytest.mark.parametrize(
        "path", ["dags/x.py", ".pipegen/journal/x", ".pipegen/backup/journal.json", "../.pipegen/x"]
    )
    def test_no_record_lies_elsewhere(self, root: Path, old: Shown, path: str) -> None:
        assert "cannot be written" in refused(root, Step("record", path, b"bad", 0o644, ABSENT.stamp)).message
        assert shown(root) == old

    @pytest.mark.parametrize("path", ["DAGS/shop.py", "dags/Shop.py"])
    def test_paths_that_differ_by_case_alone_are_refused(self, root: Path, old: Shown, path: str) -> None:
        assert "by case alone" in refused(root, Step("file", path, b"bad", 0o644, ABSENT.stamp)).message
        assert shown(root) == old

    def test_a_symlink_that_takes_the_place_of_a_folder_is_not_followed(self, root: Path, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        shutil.copytree(root / "dags", outside)
        planned = CHANGE.transaction(root)
        shutil.rmtree(root / "dags")
        (root / "dags").symlink_to(outside)
        with transaction.held(root, "update"):
            left = transaction.apply(root, planned)
        assert left == ("dags/shop.py", "dags/old.py")
        assert sorted((p.name, p.read_bytes()) for p in outside.iterdir()) == [
            ("old.py", b"old\n"),
            ("shop.py", b"retries = 1\n"),
        ]

    def test_a_symlink_that_takes_its_place_in_the_very_moment_is_not_followed(
        self, root: Path, tmp_path: Path
    ) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()

        def swap(_: int, name: str) -> None:
            if name == "mkdir" and (root / "added").exists() and not (root / "added").is_symlink():
                shutil.rmtree(root / "added")
                (root / "added").symlink_to(outside)

        with kills.calls(swap), contextlib.suppress(WorkspaceError):  # or it is an error, and all is taken back
            apply(root)
        assert list(outside.iterdir()) == []

    @pytest.mark.parametrize(
        "path",
        [
            ".pipegen",
            *(f".pipegen/{name}" for name in ("journal", "journal/transaction", "conflicts", "base", "backup")),
        ],
    )
    def test_no_folder_of_pipegen_is_a_symlink(self, root: Path, tmp_path: Path, path: str) -> None:
        outside = tmp_path / "outside"
        (outside / "staged").mkdir(parents=True)
        (outside / "journal.json").write_bytes(b"{}")
        shutil.rmtree(root / path, ignore_errors=True)
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).symlink_to(outside)
        planned = CHANGE.transaction(root) if path != ".pipegen" else CHANGE.transaction(tmp_path / "old")
        before = shown(outside)
        with (
            pytest.raises(WorkspaceError, match=r"symlink|no folder|something else is in its place"),
            transaction.held(root, "update"),
        ):
            transaction.apply(root, planned)
        assert shown(outside) == before
        assert (root / "dags/shop.py").read_bytes() == b"retries = 1\n"

    def test_a_symlink_with_no_target_is_refused(self, root: Path, old: Shown) -> None:
        for target in (b"", b"a\0b"):
            assert "target" in refused(root, Step("file", "a", target, MODE_LINK, ABSENT.stamp)).message
        assert shown(root) == old

    @pytest.mark.parametrize(
        "change",
        [
            lambda text: text.replace("dags/shop.py", "../../x"),
            lambda text: text.replace("dags/shop.py", ".git/config"),
            lambda text: text.replace('"staged":"4"', '"staged":"../../../x"'),
            lambda text: text.replace('"kind":"lock"', '"kind":"file"'),
            lambda text: text.replace('"schema":1', '"schema":2'),
            lambda text: text[:100],
            lambda text: "[]",
        ],
    )
    def test_a_journal_of_another_hand_is_refused(self, root: Path, change: Callable[[str], str]) -> None:
        """A journal comes with the folder: somebody may have put it there."""
        assert kills.dead_at(80, lambda: apply(root))
        file = root / ".pipegen/journal/transaction/journal.json"
        text = file.read_text()
        assert json.loads(text)["what"] == "update to catalog 1.1"
        assert change(text) != text
        file.write_text(change(text))
        before = shown(root, without=(".pipegen/journal/writer",))
        says = "journal of an interrupted run cannot be read"
        with pytest.raises(WorkspaceError, match=says) as refusal, transaction.held(root, "update"):
            pass
        assert ".pipegen/journal/transaction" in (refusal.value.hint or "")
        assert shown(root) == before

    def test_a_name_with_no_room_for_a_suffix(self, root: Path) -> None:
        long = "x" * 254
        change = Change({**CHANGE.old, long: (b"old\n", 0o644)}, {long: (b"new\n", 0o644)})
        repositories.write(root, {long: (b"old\n", 0o644)})
        planned = change.transaction(root)
        as_edited(root / long)
        with transaction.held(root, "update"):
            assert transaction.apply(root, planned) == (long,)
        assert repositories.found_in(root / ".pipegen/conflicts", b"new\n")
