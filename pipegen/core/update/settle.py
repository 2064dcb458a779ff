"""Open conflicts: which of them people have resolved since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipegen.core.lock import Lock, LockedFile
from pipegen.core.merge.text import marked
from pipegen.core.update.compare import place
from pipegen.core.worktree import Worktree

CONFLICTS_FOLDER = ".pipegen/conflicts"
SUFFIXES = ("theirs", "base")


@dataclass(frozen=True)
class Settled:
    """The files of the lock with what was resolved settled; ``forget`` lies aside for those, ``open`` are the others."""

    files: dict[str, LockedFile]
    forget: tuple[str, ...]
    open: frozenset[str]


def settle(lock: Lock, work: Worktree, pristine: Callable[[str], bytes | None], *, resolved: bool) -> Settled:
    """Settle the conflicts that are resolved.

    One with markers is when no marker is left in the file; one whose versions lie aside is when a person says so (``resolved``),
    or removed them. A file that has markers in its new render, too, is settled when a person says so.
    """
    files, forget, unsettled = dict(lock.files), [], set()
    for path, entry in lock.files.items():
        if entry.pending is None:
            continue
        names = dict.fromkeys([*asides(path), *asides(entry.to or path)])
        lying = [aside for aside in names if work.at(aside).kind == "file"]
        here = work.at(place(path, entry, work))
        has_markers = here.kind == "file" and here.content is not None and marked(here.content) is not None
        if has_markers and resolved:
            has_markers = marked(pristine(entry.pending) or b"") is None
        if has_markers or (lying and not resolved):
            unsettled.add(path)
        else:
            files[path] = entry.model_copy(update={"sha256": entry.pending, "pending": None})
            forget += lying
    return Settled(files, tuple(forget), frozenset(unsettled))


def asides(path: str) -> list[str]:
    """Where the versions of a conflict lie."""
    return [f"{CONFLICTS_FOLDER}/{path}.{suffix}" for suffix in SUFFIXES]
