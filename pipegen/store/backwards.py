"""The transaction that takes another one back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipegen.core.errors import WorkspaceError
from pipegen.core.lock import LOCK_PATH
from pipegen.core.transaction import Step, Transaction
from pipegen.core.worktree import Found
from pipegen.store.journal import Move, Record, free_aside
from pipegen.store.moves import FOLDER, GONE
from pipegen.store.worktree import Folder


@dataclass(frozen=True)
class Backwards:
    """The transaction, the paths that it restores, and where it puts aside what was edited since."""

    transaction: Transaction
    restored: tuple[str, ...]
    aside: tuple[str, ...]


def backwards(work: Folder, record: Record, stood: Callable[[int], Found]) -> Backwards:
    """Take back a transaction that was kept; ``stood`` gives what stood at the path of its move N.

    Raises:
        WorkspaceError: something else stands in the place of the lock.
    """
    first: list[Step] = []
    steps: list[Step] = []
    last: list[Step] = []
    restored, aside = [], []
    lock: Step | None = None
    for n, move in reversed(list(enumerate(record.moves))):
        if move.path in record.refused:
            continue
        here, before = work.at(move.path), Found("folder") if move.old == FOLDER else stood(n)
        step = _step(move, here, before)
        if move.kind in ("record", "after"):
            if here.kind not in ("folder", "other") and step:
                (last if before.content is None else first).append(step)
            continue
        if here.stamp not in (move.new, before.stamp) and here.content is not None:
            where = free_aside(work, move.path, "edited")
            first.append(Step("record", where, here.content, here.mode, GONE))
            aside.append(where)
        if move.kind == "lock":
            lock = step or Step("record", LOCK_PATH, here.content, here.mode, here.stamp)
        elif step is not None:
            steps.append(step)
            restored.append(move.path)
    if lock is None or lock.content is None:
        raise WorkspaceError(f"`{LOCK_PATH}` is no file", hint=f"restore it from git: `git checkout {LOCK_PATH}`")
    transaction = Transaction(
        f"taking back {record.what}", (*first, *steps), lock.content, lock.expects, tuple(last)
    )  # fmt: skip
    return Backwards(transaction, tuple(restored), tuple(aside))


def _step(move: Move, here: Found, before: Found) -> Step | None:
    """What brings back that which stood there; None where nothing has to be done. A folder comes back with the files in it.

    A folder that stands there now gives way where it is empty by then; else it stays, and what stood there is put aside.
    """
    if here.stamp == before.stamp or (here.kind, before.kind) == ("absent", "folder"):
        return None
    if before.content is None and here.kind in ("folder", "other"):
        return None
    kind = move.kind if move.kind == "input" or move.kind == "file" else "record"
    return Step(kind, move.path, before.content, before.mode, here.stamp)
