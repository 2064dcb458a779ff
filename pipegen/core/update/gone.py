"""Rendered files that are not where they were rendered: moved by the user, where that can be told, else deleted."""

from __future__ import annotations

from functools import cached_property

from pipegen.core.lock import Lock
from pipegen.core.update.compare import place
from pipegen.core.worktree import Worktree

LEAST_TO_TELL = 8
"""Bytes, blanks at both ends aside, below which the same content says nothing: an empty ``__init__.py`` is like any other."""


class Gone:
    """The files of a lock that are gone; ``there`` are the paths that are known to be there."""

    def __init__(self, lock: Lock, work: Worktree, there: frozenset[str] | None = None) -> None:
        self._lock = lock
        self._work = work
        self._there = there

    def to(self, path: str) -> str | None:
        """Where a file of the lock was moved to: exactly one other file has its bytes; None where none, or several, have them."""
        return self._moved.get(path)

    def paths(self) -> list[tuple[str, str | None]]:
        """Every file that is gone, and where it was moved to."""
        return [(path, self.to(path)) for paths in self._gone.values() for path in paths]

    @cached_property
    def _gone(self) -> dict[str, list[str]]:
        """Paths by digest."""
        gone: dict[str, list[str]] = {}
        for path, entry in self._lock.files.items():
            if entry.state in ("deleted", "orphaned") or entry.ownership == "once" or entry.pending:
                continue
            at = place(path, entry, self._work)
            if (at not in self._there) if self._there is not None else self._work.at(at).kind == "absent":
                gone.setdefault(entry.sha256, []).append(path)
        return gone

    @cached_property
    def _moved(self) -> dict[str, str]:
        if not self._gone:
            return {}
        known = frozenset({*self._lock.files, *(e.to for e in self._lock.files.values() if e.to)})
        holders = self._work.holders(frozenset(self._gone), known)
        found = {}
        for sha, paths in self._gone.items():
            to = holders.get(sha, [])
            if len(paths) == 1 and len(to) == 1 and len((self._work.at(to[0]).content or b"").strip()) >= LEAST_TO_TELL:
                found[paths[0]] = to[0]
        return found
