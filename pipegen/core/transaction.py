"""What an apply does to a working tree, all of it or nothing; carried out by ``pipegen.store.transaction``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Step:
    """One path that is written, or removed where ``content`` is None.

    ``expects`` is the stamp (:attr:`pipegen.core.worktree.Found.stamp`) of what stood there when it was planned. A ``file`` that
    was edited since is left alone and becomes a conflict; an ``input`` (pipegen.yml, ``sources/``) that was stops the whole
    transaction; a ``record`` (``.pipegen/``) is pipegen's own. A removal with the path of a write ``beside`` it is the other half of
    a move: where the write is refused, so is the removal.
    """

    kind: Literal["input", "file", "record"]
    path: str
    content: bytes | None
    mode: int
    expects: str
    beside: str | None = None


@dataclass(frozen=True)
class Transaction:
    """Steps in the order in which they are carried out; the lock (its whole text) is written after all of them.

    ``what`` names it in messages; ``lock_expects`` is the stamp of the lock that it was planned from. ``after`` are removals that
    come after the lock. ``keep_backup``: conflicts stay open, so ``update --abort`` must be able to take it back.
    """

    what: str
    steps: tuple[Step, ...]
    lock: bytes
    lock_expects: str
    after: tuple[Step, ...] = ()
    keep_backup: bool = False
