"""What stands in the working tree, beside what was rendered last and what is rendered now."""

from __future__ import annotations

from pipegen.core.lock import LockedFile
from pipegen.core.tree import MODE_LINK, RenderedFile, digest
from pipegen.core.worktree import Found, Worktree


def same(here: Found, theirs: RenderedFile) -> bool:
    """Whether the very bytes are there, line endings aside."""
    if here.content is None or (here.kind == "link") != (theirs.mode == MODE_LINK):
        return False
    return digest(here.content) == digest(theirs.content)


def untouched(here: Found, entry: LockedFile) -> bool:
    """Whether what is there is what was rendered, its mode aside."""
    if here.content is None or (here.kind == "link") != (entry.mode == f"{MODE_LINK:o}"):
        return False
    return digest(here.content) == entry.sha256


def executable(here: Found) -> bool:
    return here.kind == "file" and bool(here.mode & 0o100)


def executable_mode(entry: LockedFile) -> bool:
    return entry.mode != f"{MODE_LINK:o}" and bool(int(entry.mode, 8) & 0o100)


def mode_of(here: Found, entry: LockedFile, theirs: RenderedFile) -> int:
    """The mode, a three-way value of its own: yours, with the execute bits as the new render changed them.

    What else of it differs (a umask, a file made read-only) is yours.
    """
    if MODE_LINK in (here.mode, theirs.mode) or here.kind != "file":
        return theirs.mode if untouched(here, entry) or here.kind != "link" else here.mode
    wanted = bool(theirs.mode & 0o100)
    if executable(here) != executable_mode(entry) or wanted == executable(here):
        return here.mode
    readable = (here.mode & 0o444) >> 2
    return here.mode | readable if wanted else here.mode & ~0o111


def place(path: str, entry: LockedFile, work: Worktree) -> str:
    """Where a file of the lock stands: where the user moved it to, unless it was moved back."""
    if entry.to is not None and work.at(entry.to).kind == "absent" and work.at(path).kind != "absent":
        return path
    return entry.to or path
