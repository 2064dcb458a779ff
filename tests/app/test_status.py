from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipegen.app.answers import Given
from pipegen.app.check import check
from pipegen.app.diff import edits
from pipegen.app.generate import apply, generate
from pipegen.app.status import Status, status
from pipegen.core.errors import SpecError, WorkspaceError


@pytest.fixture
def root(here: Path) -> Path:
    apply(generate(Given(name="shop", flags={"source": ["exports/*.csv"]})), use_git=False)
    return here / "shop"


def kinds(found: Status) -> dict[str, str]:
    return {d.path: d.kind for d in found.differences}


def change_lock(root: Path, **entries: dict[str, Any]) -> None:
    path = root / ".pipegen/lock.json"
    document = json.loads(path.read_text())
    for name, entry in entries.items():
        document["files"].setdefault(name, {"id": "x", "sha256": "0"}).update(entry)
    path.write_text(json.dumps(document))


def test_nothing_differs_at_first_and_looking_changes_nothing(root: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in root.rglob("*")}
    found = status(root / "dags")
    assert (found.differs, found.differences, found.outdated) == (False, (), ())
    assert found.files == 9
    assert {p: p.stat().st_mtime_ns for p in root.rglob("*")} == before


def test_edited_deleted_and_moved_files(root: Path) -> None:
    (root / "README.md").write_text("mine\n")
    (root / "run.sh").unlink()
    (root / "conf/data.json").rename(root / "conf/moved.json")
    (root / "new.txt").write_text("mine")
    found = status(root)
    assert kinds(found) == {"README.md": "edited", "run.sh": "deleted", "conf/data.json": "moved"}
    assert next(d.note for d in found.differences if d.kind == "moved") == "to conf/moved.json"


def test_a_file_with_two_copies_is_deleted_not_moved(root: Path) -> None:
    content = (root / "conf/data.json").read_bytes()
    (root / "conf/data.json").unlink()
    for name in ("a.json", "b.json"):
        (root / name).write_bytes(content)
    assert kinds(status(root)) == {"conf/data.json": "deleted"}


def test_what_stands_where_the_file_was_is_an_edit(root: Path) -> None:
    (root / "run.sh").unlink()
    (root / "run.sh").symlink_to("README.md")
    (root / "conf/data.json").unlink()
    (root / "conf/data.json").mkdir()
    assert kinds(status(root)) == {"run.sh": "edited", "conf/data.json": "edited"}


def test_a_file_that_is_the_users_own_is_never_mentioned(root: Path) -> None:
    (root / "notes.txt").write_text("mine")
    assert not status(root).differs
    (root / "notes.txt").unlink()
    assert not status(root).differs


def test_a_clone_with_windows_line_endings_is_not_edited_everywhere(root: Path) -> None:
    for path in ("README.md", "dags/exports.py", "conf/ci.yml"):
        (root / path).write_bytes((root / path).read_bytes().replace(b"\n", b"\r\n"))
    assert not status(root).differs


def test_conflicts_and_orphans_of_the_lock(root: Path) -> None:
    (root / "old.sql").write_text("select 1\n")
    change_lock(
        root, **{"README.md": {"pending": "1"}, "old.sql": {"state": "orphaned"}, "gone.sql": {"state": "deleted"}}
    )
    assert kinds(status(root)) == {"README.md": "conflict", "gone.sql": "deleted", "old.sql": "orphaned"}
    assert [d.kind for d in status(root).differences] == ["conflict", "deleted", "orphaned"]


def test_an_edited_spec_or_measurement_is_outdated(root: Path) -> None:
    spec = root / "pipegen.yml"
    before = spec.read_text()
    spec.write_text(f"{before}\n# a comment changes nothing\n")
    assert not status(root).differs
    spec.write_text(before.replace("owner: data-team", "owner: finance"))
    assert status(root).outdated == ("pipegen.yml or sources/ changed since the last render",)
    spec.write_text(before)
    facts = root / "sources/exports.yml"
    facts.write_text(facts.read_text().replace("value: 3", "value: 4"))
    assert status(root).outdated


def test_newer_blueprints_are_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipegen.store.blueprints import BlueprintStore
    from tests.render.blueprints import blueprint

    monkeypatch.setattr(BlueprintStore, "load", lambda *_: [blueprint({"a": "b"}, name="other")])
    assert status(root).outdated == (
        "blueprint other has changed since the last render",
        "blueprint project has changed since the last render",
    )


def test_the_document_is_the_status(root: Path) -> None:
    (root / "README.md").write_text("mine\n")
    document = status(root).document()
    assert json.loads(json.dumps(document)) == document
    assert document["differences"] == [{"kind": "edited", "path": "README.md", "note": None}]


def test_a_repository_that_is_broken_says_how(root: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"no pipegen\.yml"):
        status(root.parent)
    (root / "sources/exports.yml").write_text("version: 1\nserver: {kind: files}\ntables:\n  a: {colums: {}}\n")
    with pytest.raises(SpecError) as refused:
        status(root)
    assert refused.value.problems()[0].where == "sources/exports.yml:4"
    (root / "sources/exports.yml").unlink()
    with pytest.raises(SpecError, match="is missing"):
        status(root)
    (root / ".pipegen/lock.json").unlink()
    with pytest.raises((SpecError, WorkspaceError), match="is missing"):
        status(root)


def test_a_file_that_was_moved_away_and_back_is_where_it_was(root: Path) -> None:
    change_lock(root, **{"README.md": {"state": "moved", "to": "elsewhere.md"}})
    assert not status(root).differs
    (root / "README.md").write_text("mine\n")
    assert kinds(status(root)) == {"README.md": "edited"}
    assert [one.path for one in edits(root).files] == ["README.md"]
    assert check(root, "static").problems == ()
