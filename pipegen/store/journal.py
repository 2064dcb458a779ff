"""The journal of a transaction: what is to be moved where, the new bytes, and what stood there before.

``.pipegen/journal/transaction/`` holds ``staged/N`` (the new file of move N, moved from there into the tree), ``old/N`` (what stood
there) and ``journal.json``. As long as that is not there, nothing in the tree was touched; it is written last, when all the rest is on
the disk. A transaction that can be taken back later is kept as ``.pipegen/backup/``, which is the same folder, moved.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pipegen.core.errors import WorkspaceError
from pipegen.core.lock import LOCK_PATH
from pipegen.core.paths import unsafe_because
from pipegen.core.tree import MODE_FILE, digest
from pipegen.core.worktree import Found
from pipegen.store import disk
from pipegen.store.worktree import Folder
from pipegen.store.writer import JOURNAL, RECORDS

TRANSACTION = f"{JOURNAL}/transaction"
BACKUP = f"{RECORDS}/backup"
CONFLICTS = f"{RECORDS}/conflicts"
_RECORD = "journal.json"
_STAMP = r"^(absent|file|link|folder|other) [0-7]{1,6} ([0-9a-f]{64})?$"
# An empty file that is renamed when a transaction is taken back: that needs no room on a full disk.
_FORWARD, _BACK = "forward", "back"


class Move(BaseModel):
    """One path: ``old`` is the stamp of what stood there, ``new`` of what will; ``staged`` the name of the new file, None to remove."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["record", "input", "file", "lock", "after"]
    path: str
    old: str = Field(pattern=_STAMP)
    new: str = Field(pattern=_STAMP)
    staged: str | None = Field(pattern=r"^\d+$")
    beside: str | None = None

    @model_validator(mode="after")
    def _in_its_place(self) -> Self:
        """A file of the repository is never one of pipegen's own, and the other way round; paths are not trusted."""
        folded = self.path.casefold()
        because = unsafe_because(self.path)
        if because is None and (folded + "/").startswith((f"{JOURNAL}/", f"{BACKUP}/")):
            because = "it is where transactions are kept"
        if because is None and folded.startswith(f"{RECORDS}/") != (self.kind in ("record", "lock", "after")):
            because = f"{RECORDS}/ holds pipegen's own files, and those alone"
        if because is None and (self.path == LOCK_PATH) != (self.kind == "lock"):
            because = "it is the lock's"
        if because:
            raise ValueError(f"`{self.path[:120]}` cannot be written: {because}")
        return self


class Record(BaseModel):
    """The text of a journal.

    ``abort`` marks a transaction that takes another one back, ``keep`` one that can be taken back later. ``folders`` are the modes
    of the folders as they were, ``made`` the ones that were not there. ``refused`` are files that were edited meanwhile.
    """

    model_config = ConfigDict(extra="forbid")

    format: Literal[1] = Field(default=1, alias="schema")
    what: str
    abort: bool = False
    keep: bool = False
    moves: list[Move]
    folders: dict[str, int] = Field(default_factory=dict)
    made: list[str] = Field(default_factory=list)
    refused: list[str] = Field(default_factory=list)

    @field_validator("moves")
    @classmethod
    def _apart(cls, moves: list[Move]) -> list[Move]:
        """One lock, no path twice, and none that some system takes for another one."""
        if [m.kind for m in moves].count("lock") != 1 or len({m.path for m in moves}) < len(moves):
            raise ValueError("a transaction has one lock, and no path twice")
        written: dict[str, str] = {}
        for move in moves:
            if move.staged is not None and (other := written.setdefault(move.path.casefold(), move.path)) != move.path:
                raise ValueError(f"`{move.path}` cannot be written: it differs from `{other}` by case alone")
        return moves


class Journal:
    """The open folder of a transaction."""

    def __init__(self, root: Path, top: int, staged: int, old: int) -> None:
        self.root = root
        self._top, self._staged, self._old = top, staged, old
        self._copies: set[tuple[str, int]] = set()

    def stage(self, name: str, content: bytes, mode: int) -> Found:
        """Put a new file into the journal; what stands there is told, since not every file system keeps every mode."""
        return disk.write(name, self._staged, content, mode)

    def stage_anew(self, name: str, content: bytes, mode: int) -> Found:
        """:meth:`stage` after the commit: what a killed run left under the name goes, and the file is on the disk."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._staged)
        found = self.stage(name, content, mode)
        disk.sync_all([(name, self._staged), ("staged", self._top)])
        return found

    def content(self, name: str) -> bytes:
        """The bytes of a staged file."""
        content = disk.look(name, self._staged).content
        if content is None:
            raise _unreadable(f"staged/{name} is missing")
        return content

    def staged(self, name: str) -> tuple[int, str]:
        """Where a staged file is: an open folder, and a name in it."""
        return self._staged, name

    def is_staged(self, name: str) -> bool:
        return disk.exists(name, self._staged)

    def old(self, n: int) -> tuple[int, str]:
        """Where that is which stood at the path of move ``n``."""
        return self._old, str(n)

    def stood(self, n: int) -> Found:
        """What stood at the path of move ``n``, as it is now: who had it open may have written to it since."""
        return disk.look(str(n), self._old)

    def holds(self, n: int, folder: int, name: str) -> bool:
        """Whether what stands under a name in an open folder is what was backed up for move ``n``: the very file, or the same bytes."""
        if (str(n), self._old) in self._copies:
            return self.stood(n).stamp == disk.look(name, folder).stamp
        try:
            mine = os.stat(str(n), dir_fd=self._old, follow_symlinks=False)
            return os.path.samestat(mine, os.stat(name, dir_fd=folder, follow_symlinks=False))
        except FileNotFoundError:
            return False

    def back_up(self, n: int, path: str) -> None:
        """Keep what stands at a path, where it is a file or a symlink.

        A file is given a second name where the system allows that, so that an edit is kept that is written into it up to the moment at
        which it is replaced; else it is copied.
        """
        with contextlib.suppress(FileNotFoundError):
            os.unlink(str(n), dir_fd=self._old)
        self._copies.discard((str(n), self._old))
        try:
            with disk.folder_of(self.root, path) as (folder, name):
                if not (disk.is_file(name, folder) and disk.linked((folder, name), self.old(n))):
                    found = disk.look(name, folder)
                    if found.content is not None:
                        disk.write(str(n), self._old, found.content, found.mode)
                        self._copies.add((str(n), self._old))
        except (FileNotFoundError, NotADirectoryError):
            return  # nothing is there, or what is there is none of ours

    def commit(self, record: Record, names: list[str]) -> None:
        """The point from which on a kill leads forward: ``names`` are the staged files, which are on the disk before it."""
        os.close(os.open(_FORWARD, os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=self._top))
        disk.sync_all([*((name, self._staged) for name in names), *self._copies])
        disk.sync_all([("staged", self._top), ("old", self._top)])
        self.save(record)
        for folder in (TRANSACTION, JOURNAL):  # the names by which the journal is found
            with disk.folder_of(self.root, folder) as (above, _):
                os.fsync(above)

    def save(self, record: Record) -> None:
        """Write the text of the journal, whole or not at all."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{_RECORD}.new", dir_fd=self._top)
        disk.write(f"{_RECORD}.new", self._top, record.model_dump_json(by_alias=True).encode(), MODE_FILE)
        disk.sync(f"{_RECORD}.new", self._top)
        os.rename(f"{_RECORD}.new", _RECORD, src_dir_fd=self._top, dst_dir_fd=self._top)
        os.fsync(self._top)

    @property
    def turned(self) -> bool:
        """Whether the transaction is being taken back."""
        return disk.exists(_BACK, self._top)

    def turn(self) -> None:
        """From here on the transaction is taken back, by whoever does it."""
        if not self.turned:
            os.rename(_FORWARD, _BACK, src_dir_fd=self._top, dst_dir_fd=self._top)
            os.fsync(self._top)

    def record(self) -> Record:
        """The text of the journal; it comes with the repository, so it is not trusted.

        Raises:
            WorkspaceError: it is not what this program writes.
        """
        found = disk.look(_RECORD, self._top)
        try:
            return Record.model_validate_json(found.content or b"")
        except ValidationError as error:
            raise _unreadable(f"{_RECORD}: {error.errors(include_url=False)[0]['msg']}") from None


@contextlib.contextmanager
def begun(root: Path) -> Iterator[Journal]:
    """A new journal, which is not committed yet.

    Raises:
        OSError: it cannot be made.
    """
    with disk.folder_of(root, f"{TRANSACTION}/x", make={TRANSACTION: 0o700}) as (top, _):
        for name in ("staged", "old"):
            os.mkdir(name, 0o700, dir_fd=top)
    with opened(root, TRANSACTION) as journal:
        yield journal


@contextlib.contextmanager
def opened(root: Path, folder: str) -> Iterator[Journal]:
    """The journal that is in ``folder``, :data:`TRANSACTION` or :data:`BACKUP`."""
    with (
        disk.folder_of(root, f"{folder}/staged/x") as (staged, _),
        disk.folder_of(root, f"{folder}/old/x") as (old, _),
        disk.folder_of(root, f"{folder}/x") as (top, _),
    ):
        yield Journal(root, top, staged, old)


def is_committed(root: Path, folder: str) -> bool:
    """Whether there is a transaction in ``folder`` that is to be finished, or can be taken back."""
    try:
        with disk.folder_of(root, f"{folder}/{_RECORD}") as (top, name):
            return disk.exists(name, top)
    except OSError:
        return False


def drop(root: Path, folder: str) -> None:
    """Remove a journal, its text first: what is left by a kill is then no transaction.

    Raises:
        OSError: it cannot be removed.
    """
    with contextlib.suppress(FileNotFoundError), disk.folder_of(root, f"{folder}/{_RECORD}") as (top, record):
        os.unlink(record, dir_fd=top)
    with contextlib.suppress(FileNotFoundError), disk.folder_of(root, folder) as (above, name):
        shutil.rmtree(name, dir_fd=above)


def keep(root: Path) -> None:
    """Make the transaction that is carried out the one that can be taken back later."""
    drop(root, BACKUP)
    with disk.folder_of(root, TRANSACTION) as (journal, name), disk.folder_of(root, BACKUP) as (records, backup):
        os.rename(name, backup, src_dir_fd=journal, dst_dir_fd=records)
        os.fsync(records)


def aside(path: str, suffix: str) -> str:
    """Where a version of a file is put aside; under a digest where its own name has no room for the suffix."""
    where = f"{CONFLICTS}/{path}.{suffix}"
    return where if unsafe_because(where) is None else f"{CONFLICTS}/{digest(path.encode())}.{suffix}"


def free_aside(work: Folder, path: str, suffix: str) -> str:
    """:func:`aside`, where nothing lies yet."""
    where, count = aside(path, suffix), 1
    while work.at(where).kind != "absent":
        count += 1
        where = aside(path, f"{suffix}.{count}")
    return where


def _unreadable(why: str) -> WorkspaceError:
    return WorkspaceError(
        f"the journal of an interrupted run cannot be read: {why}",
        hint=f"what stood in the tree before it is in {TRANSACTION}/old/; look there, then remove {TRANSACTION}",
    )
