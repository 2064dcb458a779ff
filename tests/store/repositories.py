"""A small repository, what an update makes of it, and all that stands in it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from pipegen.core.errors import WorkspaceError
from pipegen.core.lock import LOCK_PATH, Lock, LockedFile, lock_text
from pipegen.core.transaction import Step, Transaction
from pipegen.core.tree import MODE_LINK, digest
from pipegen.store import transaction
from pipegen.store.worktree import Folder

Entry = tuple[bytes, int]
Shown = dict[str, tuple[str, int, bytes]]

IGNORED = ("/journal/", "/backup/", "/conflicts/")
OLD: dict[str, Entry] = {
    "pipegen.yml": (b"name: shop\n", 0o644),
    "sources/shop.yml": (b"tables: {}\n", 0o644),
    ".pipegen/.gitignore": ("\n".join(IGNORED).encode(), 0o644),
    ".pipegen/base/old.tar.gz": (b"the old base", 0o644),
    ".env": (b"PASSWORD=mine\n", 0o600),
    "same.txt": (b"same\n", 0o644),
    "dags/shop.py": (b"retries = 1\n", 0o644),
    "dags/old.py": (b"old\n", 0o644),
    "sql/deep/gone.sql": (b"select 1\n", 0o644),
    "bin/run": (b"#!/bin/sh\n", 0o755),
    "current": (b"releases/1", MODE_LINK),
    "shape": (b"a file\n", 0o640),
    "box/one.py": (b"one\n", 0o644),
    "box/in/two.py": (b"two\n", 0o644),
}
CHANGED: dict[str, Entry | None] = {
    "pipegen.yml": (b"name: shop\nfreshness: 1h\n", 0o644),
    "sources/shop.yml": None,
    ".pipegen/base/new.tar.gz": (b"the new base", 0o644),
    ".pipegen/conflicts/x.theirs": (b"theirs", 0o644),
    ".pipegen/base/old.tar.gz": None,
    "dags/shop.py": (b"retries = 3\n", 0o644),
    "dags/old.py": None,
    "sql/deep/gone.sql": None,
    "bin/run": (b"#!/bin/sh\n", 0o644),
    "current": (b"releases/2", MODE_LINK),
    "shape": None,
    "shape/inner.py": (b"inner\n", 0o755),
    "box/one.py": None,
    "box/in/two.py": None,
    "box": (b"a file\n", 0o644),
    "added/folder/file.py": (b"added\n", 0o644),
    "added/link": (b"../same.txt", MODE_LINK),
}


@dataclass
class Change:
    """A repository as it is, and what changes in it: by path, None for what is removed."""

    old: Mapping[str, Entry] = field(default_factory=lambda: OLD)
    changed: Mapping[str, Entry | None] = field(default_factory=lambda: CHANGED)

    @property
    def new(self) -> dict[str, Entry]:
        return {path: entry for path, entry in {**self.old, **self.changed}.items() if entry is not None}

    def write_old(self, root: Path) -> Path:
        return write(root, {**self.old, LOCK_PATH: (lock(self.old), 0o644)})

    def write_new(self, root: Path) -> Path:
        """What an update leaves, written by another hand."""
        write(root, {**self.new, LOCK_PATH: (lock(self.new), 0o644)})
        for folder in {str(Path(path).parent) for path in self.old if (root / path).parent.is_dir()}:
            (root / folder).chmod(0o755)
        return root

    def transaction(self, root: Path, *, keep: bool = False, what: str = "update to catalog 1.1") -> Transaction:
        """The steps in the order in which an update has them."""
        work = Folder(root)
        steps: dict[str, list[Step]] = {kind: [] for kind in ("record", "input", "file")}
        after: list[Step] = []
        for path, entry in self.changed.items():
            content, mode = entry or (None, 0)
            step = Step(kind(path), path, content, mode, work.at(path).stamp)
            (after if kind(path) == "record" and content is None else steps[kind(path)]).append(step)
        ordered = (*steps["record"], *steps["input"], *_ordered(steps["file"]))
        return Transaction(what, ordered, lock(self.new), work.at(LOCK_PATH).stamp, tuple(after), keep)


CHANGE = Change()
MINE = b"an edit that nobody else made\n"


def apply(root: Path, change: Change = CHANGE, *, keep: bool = False, **fields: Any) -> tuple[str, ...]:
    with transaction.held(root, "update"):
        return transaction.apply(root, replace(change.transaction(root, keep=keep), **fields))


def abort(root: Path) -> transaction.Aborted:
    with transaction.held(root, "update --abort"):
        return transaction.abort(root)


def refused(root: Path, step: Step) -> WorkspaceError:
    with pytest.raises(WorkspaceError) as error:
        apply(root, steps=(*CHANGE.transaction(root).steps, step))
    return error.value


def replaced_by_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()
    (file / "mine").write_bytes(MINE)


def as_edited(file: Path) -> None:
    file.write_bytes(file.read_bytes() + MINE)


def kind(path: str) -> str:
    if path.startswith(".pipegen/"):
        return "record"
    return "input" if path == "pipegen.yml" or path.startswith("sources/") else "file"


def _ordered(steps: list[Step]) -> list[Step]:
    removed = [s for s in steps if s.content is None]
    gone = {s.path for s in removed}
    folders = {str(p) for path in gone for p in Path(path).parents}
    waits = [
        s for s in steps if s.content is not None and (s.path in folders or gone & set(map(str, Path(s.path).parents)))
    ]
    return [*(s for s in steps if s.content is not None and s not in waits), *removed, *waits]


def lock(files: Mapping[str, Entry]) -> bytes:
    """A lock of the files that an update owns."""
    entries = {
        path: LockedFile(id=f"x:{path}", sha256=digest(content), mode=f"{mode:o}")
        for path, (content, mode) in files.items()
        if kind(path) == "file" and path != ".env"
    }
    return lock_text(Lock(pipegen="1.0.0", catalog="1.1", input="x", files=entries))


def write(root: Path, files: Mapping[str, Entry]) -> Path:
    for path, (content, mode) in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        if mode == MODE_LINK:
            (root / path).symlink_to(os.fsdecode(content))
        else:
            (root / path).write_bytes(content)
            (root / path).chmod(mode)
    return root


def shown(root: Path, without: Iterable[str] = (".pipegen/backup",)) -> Shown:
    """All that stands in a folder: type, mode and content of each path."""
    found: Shown = {}
    for folder, folders, files in os.walk(root):
        for name in [*folders, *files]:
            file = Path(folder) / name
            path = file.relative_to(root).as_posix()
            if any(path == w or path.startswith(f"{w}/") for w in without):
                continue
            status = file.lstat()
            if stat.S_ISLNK(status.st_mode):
                found[path] = ("link", 0, os.fsencode(file.readlink()))
            elif stat.S_ISDIR(status.st_mode):
                found[path] = ("folder", stat.S_IMODE(status.st_mode), b"")
            else:
                found[path] = ("file", stat.S_IMODE(status.st_mode), file.read_bytes())
    return found


def found_in(root: Path, content: bytes) -> list[str]:
    """The files that hold some bytes, wherever they lie; what waits in the journal is not yet safe."""
    everything = shown(root, without=(".pipegen/journal",))
    return sorted(path for path, (_, _, held) in everything.items() if content in held)


def times(root: Path) -> dict[str, int]:
    """When each path was changed last; folders, too."""
    return {p.relative_to(root).as_posix(): p.lstat().st_mtime_ns for p in [root, *root.rglob("*")]}
