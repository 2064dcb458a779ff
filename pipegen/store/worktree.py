"""The working tree of a repository: looked at, never written, and no symlink in it is followed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from pipegen.core.errors import WorkspaceError
from pipegen.core.paths import unsafe_because
from pipegen.core.tree import digest
from pipegen.core.worktree import ABSENT, Found
from pipegen.store import disk

# Folders that a run of the pipeline fills, and those of tools: nothing in them was rendered, no file is moved there.
_RUN_FOLDERS = frozenset(
    {".git", ".venv", ".pipegen", ".airflow", "data", "logs", "target", "node_modules", "__pycache__"}
)
# No such thing, a file in the place of a folder, or a path that is longer than any that the system opens at once.
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)
_LARGEST_HELD = 20_000_000  # bytes; no rendered file is larger, and data that lies about is not to be read


class Folder:
    """A folder as a working tree; implements :class:`pipegen.core.worktree.Worktree`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def at(self, path: str) -> Found:
        """What stands at a path; what is unsafe, unreadable or behind a symlink counts as ``other``.

        Raises:
            WorkspaceError: the disk fails.
        """
        if unsafe_because(path):
            return disk.OTHER
        try:
            with disk.folder_of(self.root, path) as (folder, name):
                return disk.look(name, folder)
        except (disk.ThroughLinkError, PermissionError):
            return disk.OTHER
        except (FileNotFoundError, NotADirectoryError):
            return ABSENT
        except OSError as error:
            raise _unreadable(path, error) from error

    def read(self, path: str) -> bytes | None:
        """The bytes of a plain file; None for anything else."""
        found = self.at(path)
        return found.content if found.kind == "file" else None

    def below(self, folder: str) -> list[str]:
        """Every file, symlink and the like below a folder, in path order; links are not followed."""
        if unsafe_because(f"{folder}/x") or not self._folders()(folder):
            return []
        return sorted(entry_path for entry_path, _ in _entries(self.root, folder, frozenset()))

    def digests(self, paths: Iterable[str]) -> dict[str, str | None]:
        """:func:`pipegen.core.tree.digest` of every file or symlink that is there; None for anything else, absent ones left out."""
        found: dict[str, str | None] = {}
        reached = self._folders()
        top = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for path in paths:
                try:
                    there = None if unsafe_because(path) else reached(path.rpartition("/")[0])
                    if there is not False:
                        found[path] = _digest(path, top) if there else None
                except OSError as error:
                    if error.errno not in _ABSENT:
                        raise _unreadable(path, error) from error
        finally:
            os.close(top)
        return found

    def holders(self, wanted: frozenset[str], known: frozenset[str]) -> Mapping[str, list[str]]:
        """The files that have one of the digests ``wanted`` and whose path is not ``known``, by digest, in path order.

        Folders that a run fills are left out, and so are files that are larger than any rendered one.
        """
        paths = [
            path
            for path, entry in _entries(self.root, "", _RUN_FOLDERS)
            if path not in known and _may_be_rendered(path, entry)
        ]  # fmt: skip
        found: dict[str, list[str]] = {}
        for path, sha in sorted(self.digests(paths).items()):
            if sha is not None and sha in wanted:
                found.setdefault(sha, []).append(path)
        return found

    def _folders(self) -> Callable[[str], bool | None]:
        """Whether a folder is there (None: behind a symlink, or closed to us), asked of the disk once for each."""
        known: dict[str, bool | None] = {"": True}

        def reached(folder: str) -> bool | None:
            if folder not in known:
                above = reached(folder.rpartition("/")[0])
                known[folder] = _is_folder(self.root, folder) if above else above
            return known[folder]

        return reached


def _is_folder(root: Path, folder: str) -> bool | None:
    try:
        mode = os.lstat(f"{root}/{folder}").st_mode
    except PermissionError:
        return None
    except OSError as error:
        if error.errno in _ABSENT:
            return False
        raise
    return None if stat.S_ISLNK(mode) else stat.S_ISDIR(mode)


def _digest(path: str, top: int) -> str | None:
    """The digest of what stands at a path whose folders were looked at."""
    try:
        handle = os.open(path, disk.READ, dir_fd=top)
    except OSError as error:
        if error.errno == errno.ELOOP:
            return digest(os.readlink(os.fsencode(path), dir_fd=top))
        if error.errno in (errno.EACCES, errno.EPERM, errno.ENXIO):
            return None
        raise
    try:
        status = os.fstat(handle)
        return digest(disk.content_of(handle, status.st_size)) if stat.S_ISREG(status.st_mode) else None
    finally:
        os.close(handle)


def _entries(root: Path, folder: str, skip: frozenset[str]) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """All that is below a folder but folders; those with a name in ``skip``, and those that may not be read, are left out."""
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            with os.scandir(f"{root}/{here}") as entries:
                for entry in entries:
                    path = f"{here}/{entry.name}" if here else entry.name
                    if not entry.is_dir(follow_symlinks=False):
                        yield path, entry
                    elif entry.name not in skip:
                        waiting.append(path)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue


def _may_be_rendered(path: str, entry: os.DirEntry[str]) -> bool:
    """Whether it is a plain file of a size and with a name that a rendered one can have."""
    try:
        path.encode()
        return entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_size <= _LARGEST_HELD
    except (UnicodeEncodeError, OSError):
        return False


def _unreadable(path: str, error: OSError) -> WorkspaceError:
    return WorkspaceError(f"`{path}` cannot be read: {error.strerror}")
