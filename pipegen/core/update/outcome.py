"""What an update does with one file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipegen.core.lock import LockedFile
from pipegen.core.worktree import Found


@dataclass(frozen=True)
class Write:
    """One path that is written, or removed where ``content`` is None; ``over`` is what stands there now.

    ``beside`` is where the bytes of a removed file are moved to.
    """

    path: str
    content: bytes | None
    mode: int
    over: Found
    beside: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What becomes of one file.

    ``path`` is its path in the lock, ``entry`` its new entry there, None where the lock forgets it; ``writes`` what is done in the
    working tree; ``aside`` the versions that are put under ``.pipegen/conflicts/``, by suffix; ``base`` the pristine bytes that
    the new base must hold, by member name. ``action`` is one of the change plan's, None where there is nothing to say.
    """

    path: str
    entry: LockedFile | None
    action: str | None = None
    note: str | None = None
    writes: tuple[Write, ...] = ()
    aside: Mapping[str, bytes] = field(default_factory=dict)
    base: Mapping[str, bytes] = field(default_factory=dict)
    shown: str | None = None
    """The path that people know the file by, where it is not ``path``."""
    moved_from: str | None = None
