"""One writer at a time: who holds a repository, and what it does there.

The lock is the system's (flock), so that it ends with its process: a kill leaves nothing that has to be removed by hand.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from pipegen.core.errors import WorkspaceError
from pipegen.core.lock import LOCK_PATH
from pipegen.store import disk

RECORDS = ".pipegen"
JOURNAL = f"{RECORDS}/journal"
_NAME = "writer"
_LONGEST_NOTE = 300  # bytes
_TRIES = 5
_PAUSE = 0.02  # seconds: a reading command holds the lock for a moment, to see whether it is free


@contextlib.contextmanager
def writing(root: Path, what: str) -> Iterator[None]:
    """Be the one that writes to a repository.

    Raises:
        WorkspaceError: another process is (it is named), or there is no folder ``.pipegen`` that can be written.
    """
    with _records(root) as records:
        try:
            before = _entries(records), os.fstat(records)
            journal, handle = _taken(records)
        except OSError as error:
            raise disk.refusal(JOURNAL, error) from error
        try:
            with contextlib.suppress(OSError):  # a full disk: then it is not named
                os.ftruncate(handle, 0)
                os.pwrite(handle, f"process {os.getpid()}, {what}".encode(errors="replace")[:_LONGEST_NOTE], 0)
            yield
        finally:
            _leave(records, journal, handle)
            with contextlib.suppress(OSError):
                if before[0] == _entries(records):  # nothing but our own file came and went: no trace of that
                    os.utime(records, ns=(before[1].st_atime_ns, before[1].st_mtime_ns))


def other_writer(root: Path) -> str | None:
    """The process that writes to a repository at this moment, and what it does; nothing is written to find out."""
    try:
        with disk.folder_of(root, f"{JOURNAL}/{_NAME}") as (journal, name):
            handle = os.open(name, disk.READ, dir_fd=journal)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _said(handle)
    except OSError:  # a file system without such locks
        return None
    finally:
        os.close(handle)
    return None


@contextlib.contextmanager
def _records(root: Path) -> Iterator[int]:
    """The folder ``.pipegen``, open."""
    try:
        with disk.folder_of(root, f"{RECORDS}/x") as (folder, _):
            handle = os.dup(folder)
    except FileNotFoundError:
        hint = f"restore it from git: `git checkout {LOCK_PATH}`"
        raise WorkspaceError(f"`{RECORDS}` is missing", hint=hint) from None
    except OSError as error:
        raise disk.refusal(RECORDS, error) from error
    try:
        yield handle
    finally:
        os.close(handle)


def _taken(records: int) -> tuple[int, int]:
    """The journal's folder, and the writer's file in it, open and locked."""
    said = None
    for _ in range(_TRIES):
        with contextlib.ExitStack() as opened:
            try:
                journal = disk.enter("journal", records, disk.FOLDER_MODE)
                opened.callback(os.close, journal)
                handle = os.open(_NAME, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644, dir_fd=journal)
                opened.callback(os.close, handle)
            except FileNotFoundError:
                continue  # whoever leaves removes the folder
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                said = _said(handle)
                time.sleep(_PAUSE)
                continue
            if _is_there(handle, journal):
                opened.pop_all()
                return journal, handle
    hint = "wait until it has ended, then run this again"
    raise WorkspaceError(f"another pipegen writes to this repository: {said or 'they come and go'}", hint=hint)


def _is_there(handle: int, journal: int) -> bool:
    """Whether the file that was locked is still the one that others find: whoever leaves removes it."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(_NAME, dir_fd=journal, follow_symlinks=False))
    except FileNotFoundError:
        return False


def _said(handle: int) -> str:
    """What the other one says of itself, in a file that anyone may write: cut to what can be printed."""
    text = os.pread(handle, _LONGEST_NOTE, 0).decode(errors="replace")
    return "".join(c for c in text if c.isprintable()) or "a process that has just begun"


def _leave(records: int, journal: int, handle: int) -> None:
    try:
        with contextlib.suppress(OSError):
            os.unlink(_NAME, dir_fd=journal)
        with contextlib.suppress(OSError):  # a transaction that waits to be finished is in it
            os.rmdir("journal", dir_fd=records)
    finally:
        os.close(journal)
        os.close(handle)


def _entries(records: int) -> set[tuple[str, int]]:
    with os.scandir(records) as entries:
        return {(entry.name, entry.inode()) for entry in entries if entry.name != "journal"}
