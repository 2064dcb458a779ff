"""The file system as pipegen needs it: no symlink is followed, and what the system refuses is said in a sentence."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipegen.core.errors import WorkspaceError
from pipegen.core.paths import unsafe_because
from pipegen.core.tree import MODE_LINK
from pipegen.core.worktree import ABSENT, Found, link

FOLDER_MODE = 0o755
OTHER = Found("other")

_ENTER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
# Neither a symlink nor a pipe that nobody writes to holds a read up.
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW

_HINTS = {
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room: your quota of the disk is used up",
    errno.EFBIG: "raise the limit on the size of files (`ulimit -f`)",
    errno.EACCES: "see who owns it and the folder that it is in (`ls -ld`)",
    errno.EPERM: "see who owns it and the folder that it is in (`ls -ld`, `lsattr -d`)",
    errno.EROFS: "the file system is mounted read-only",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EXDEV: "it lies on another file system than .pipegen/: run this where both are one",
    errno.EBUSY: "it is a mount point",
}
# Where a file gets no second name: it is on another file system, another's, or the file system has no such thing.
_NO_SECOND_NAME = (errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
_SYNCERS = 4  # threads; the disk takes what waits in one go, where one after the other takes twenty times as long


class ThroughLinkError(NotADirectoryError):
    """A path leads through a symlink."""


def refusal(target: object, error: OSError, hints: Mapping[int, str] = {}) -> WorkspaceError:
    """What the system refused, as an error for people; ``hints`` go before the usual ones."""
    number = error.errno or 0
    why = "the way to it leads through a symlink" if isinstance(error, ThroughLinkError) else error.strerror or error
    return WorkspaceError(f"`{target}` cannot be written: {why}", hint=hints.get(number, _HINTS.get(number)))


@contextlib.contextmanager
def folder_of(root: Path, path: str, make: Mapping[str, int] | None = None) -> Iterator[tuple[int, str]]:
    """The folder that holds ``path``, open, and the name of ``path`` in it.

    With ``make``, folders that are missing are made, with the modes that it has for them.

    Raises:
        WorkspaceError: the path is unsafe.
        ThroughLinkError: it leads through a symlink.
        OSError: the folder is not there, or cannot be opened or made.
    """
    because = unsafe_because(path)
    if because:
        raise WorkspaceError(f"`{path[:120]}` cannot be written: {because}")
    *parts, name = path.split("/")
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for depth, part in enumerate(parts, 1):
            mode = None if make is None else make.get("/".join(parts[:depth]), FOLDER_MODE)
            inner = enter(part, handle, mode)
            os.close(handle)
            handle = inner
        yield handle, name
    finally:
        os.close(handle)


def enter(name: str, folder: int, make: int | None = None) -> int:
    """Open a folder that is in the open folder ``folder``; where it is missing, make it with mode ``make``."""
    try:
        return os.open(name, _ENTER, dir_fd=folder)
    except FileNotFoundError:
        if make is None:
            raise
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.ELOOP) and _type(name, folder) == stat.S_IFLNK:
            raise ThroughLinkError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), name) from None
        raise
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, make, dir_fd=folder)
    handle = enter(name, folder)
    os.fchmod(handle, make)  # mkdir's mode is cut by the umask
    return handle


def exists(name: str, folder: int) -> bool:
    """Whether a name is taken in an open folder."""
    return _type(name, folder) is not None


def is_file(name: str, folder: int) -> bool:
    """Whether a name in an open folder is a plain file."""
    return _type(name, folder) == stat.S_IFREG


def _type(name: str, folder: int) -> int | None:
    try:
        return stat.S_IFMT(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return None


def look(name: str, folder: int) -> Found:
    """What stands under a name in an open folder; a file that may not be read counts as ``other``."""
    try:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        if stat.S_ISLNK(mode):
            return link(os.readlink(os.fsencode(name), dir_fd=folder))
        if stat.S_ISDIR(mode):
            return Found("folder")
        if not stat.S_ISREG(mode):
            return OTHER
        handle = os.open(name, READ, dir_fd=folder)
    except FileNotFoundError:
        return ABSENT
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENXIO, errno.EINVAL):
            return OTHER
        raise
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return OTHER
        return Found("file", content_of(handle, status.st_size), stat.S_IMODE(status.st_mode))
    finally:
        os.close(handle)


def content_of(handle: int, size: int) -> bytes:
    """All the bytes of an open file that is ``size`` long."""
    content = os.read(handle, size + 1)
    if len(content) == size:
        return content
    pieces = [content]
    while piece := os.read(handle, 1 << 20):
        pieces.append(piece)
    return b"".join(pieces)


def write(name: str, folder: int, content: bytes, mode: int) -> Found:
    """Write a new file, or make a symlink, in an open folder.

    Returns:
        What stands there now: not every file system keeps every mode.

    Raises:
        WorkspaceError: no symlink can have that target.
        OSError: the name is taken, or the system refuses.
    """
    if mode == MODE_LINK:
        if not content or b"\0" in content:
            raise WorkspaceError(
                f"`{name}` cannot be written: a symlink needs a target, and one with no NUL byte in it"
            )
        os.symlink(content, name, dir_fd=folder)
        return link(content)
    handle = os.open(name, _NEW, 0o600, dir_fd=folder)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fchmod(handle, mode)  # open's mode is cut by the umask
        return Found("file", content, stat.S_IMODE(os.fstat(handle).st_mode))
    finally:
        os.close(handle)


def linked(source: tuple[int, str], target: tuple[int, str]) -> bool:
    """Give a file a second name; False where the system has none for it. Each is an open folder and a name in it."""
    try:
        os.link(source[1], target[1], src_dir_fd=source[0], dst_dir_fd=target[0], follow_symlinks=False)
    except OSError as error:
        if error.errno in _NO_SECOND_NAME:
            return False
        raise
    return True


def move(source: tuple[int, str], target: tuple[int, str]) -> None:
    """Rename; what has the target's name is replaced. Each is an open folder and a name in it."""
    os.rename(source[1], target[1], src_dir_fd=source[0], dst_dir_fd=target[0])


def move_to_free(source: tuple[int, str], target: tuple[int, str]) -> None:
    """Rename where nothing has the target's name.

    Raises:
        FileExistsError: something has it; but for file systems where no file has two names: there it is replaced.
    """
    if linked(source, target):
        os.unlink(source[1], dir_fd=source[0])
    else:
        move(source, target)


def sync(name: str, folder: int) -> None:
    """Wait until a file or a folder in an open folder is on the disk."""
    handle = os.open(name, READ, dir_fd=folder)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_all(places: Sequence[tuple[str, int]]) -> None:
    """:func:`sync` of many; symlinks are part of their folder."""
    files = [(name, folder) for name, folder in places if _type(name, folder) != stat.S_IFLNK]
    _at_once(lambda place: sync(*place), files)


def sync_folders(root: Path, folders: Sequence[str]) -> None:
    """Wait until what came and went in folders is on the disk; ``.`` is ``root`` itself, one that is gone is passed over."""

    def synced(path: str) -> None:
        inside = "x" if path == "." else f"{path}/x"
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), folder_of(root, inside) as (folder, _):
            os.fsync(folder)

    _at_once(synced, folders)


def _at_once(work: Callable[[Any], None], things: Sequence[Any]) -> None:
    if len(things) < 2:
        for thing in things:
            work(thing)
        return
    from concurrent.futures import ThreadPoolExecutor  # slow to import, and most commands write nothing

    with ThreadPoolExecutor(_SYNCERS) as pool:
        list(pool.map(work, things))
