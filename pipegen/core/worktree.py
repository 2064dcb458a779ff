"""What stands in the working tree, as an update sees it; read by ``pipegen.store.worktree``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from pipegen.core.tree import MODE_LINK

Kind = Literal["absent", "file", "link", "folder", "other"]


@dataclass(frozen=True)
class Found:
    """What stands at one path.

    ``content`` is a file's bytes, or a symlink's target; ``mode`` a file's permission bits, :data:`MODE_LINK` for a symlink.
    ``other`` is what is no file, folder or link, and what lies behind a symlinked folder: it is never read or written.
    """

    kind: Kind
    content: bytes | None = None
    mode: int = 0

    @property
    def stamp(self) -> str:
        """Equal for two looks between which nothing was edited; the bytes count as they are, and so does the mode."""
        body = "" if self.content is None else hashlib.sha256(self.content).hexdigest()
        return f"{self.kind} {self.mode:o} {body}"


ABSENT = Found("absent")


def link(target: bytes) -> Found:
    """A symlink."""
    return Found("link", target, MODE_LINK)


class Worktree(Protocol):
    """A working tree that can be looked at."""

    def at(self, path: str) -> Found:
        """What stands at a path; a way through a symlink is not followed."""

    def below(self, folder: str) -> list[str]:
        """Every file, symlink and the like below a folder, in path order; links are not followed."""

    def digests(self, paths: Iterable[str]) -> Mapping[str, str | None]:
        """:func:`pipegen.core.tree.digest` of every file or symlink that is there; None for anything else, absent ones left out."""

    def holders(self, wanted: frozenset[str], known: frozenset[str]) -> Mapping[str, list[str]]:
        """The files that have one of the digests ``wanted`` and whose path is not ``known``, by digest, in path order."""
