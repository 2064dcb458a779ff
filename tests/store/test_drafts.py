from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pipegen.core.errors import SpecError, WorkspaceError
from pipegen.store.drafts import UNNAMED, Drafts, folder

VALUES = {
    "version": 1,
    "answers": [{"step": "source", "answer": "it's: #1"}, {"step": "table", "answer": ["a", "no", "1"]}],
}


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "a" / "b")
    assert drafts.read("shop") is None and drafts.names() == []
    drafts.keep("shop", VALUES)
    drafts.keep("shop", VALUES)
    assert drafts.read("shop") == VALUES
    assert stat.S_IMODE(drafts.path("shop").stat().st_mode) == 0o600
    assert [path.name for path in drafts.folder.iterdir()] == ["shop.yml"]
    drafts.drop("shop")
    drafts.drop("shop")
    assert drafts.read("shop") is None


def test_the_newest_is_first_and_one_may_have_no_name(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    for number, name in enumerate(("b", None, "a")):
        drafts.keep(name, VALUES)
        os.utime(drafts.path(name), ns=(number, number))
    assert drafts.names() == ["a", None, "b"]
    assert drafts.path(None).stem == UNNAMED and drafts.read(None) == VALUES


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="cannot be kept"):
        Drafts(tmp_path / "file").keep("shop", VALUES)
    assert Drafts(tmp_path / "file").names() == []


def test_a_draft_that_is_no_yaml_is_told(tmp_path: Path) -> None:
    (tmp_path / "shop.yml").write_text("a: [")
    with pytest.raises(SpecError):
        Drafts(tmp_path).read("shop")


def test_drafts_are_in_the_state_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert folder() == tmp_path / "pipegen" / "drafts"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Drafts().folder == tmp_path / ".local" / "state" / "pipegen" / "drafts"
