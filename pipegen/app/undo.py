"""What git can take back of an update: what is at risk is named before it, and the command is told after it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from pipegen.core.names import shorten
from pipegen.core.transaction import Transaction

_NAMED = 3


def at_risk(dirty: Sequence[str] | None) -> str | None:
    """What is not committed, in a sentence; None where all is, or where there is no git. No edit is lost either way."""
    if not dirty:
        return None
    return f"not committed: {_named(dirty)}; after a commit, git alone could take back what is changed now"


def undo(root: Path, made: Transaction, dirty: Sequence[str] | None, cwd: Path) -> str | None:
    """How git takes back what was carried out and nothing else: it goes to the stash, so that this can be taken back too.

    ``dirty`` are the paths that were not committed before. None where there is no git.
    """
    if dirty is None:
        return None
    both = sorted({step.path for step in (*made.steps, *made.after)} & set(dirty))
    if both:
        return (
            f"git cannot take this back, it had not all of what was changed: {_named(both)} (`git diff` has the rest)"
        )
    at = [] if root == cwd.resolve() else ["-C", str(root)]
    left_out = [f":(exclude,literal){path}" for path in dirty]
    command = shlex.join(["git", *at, "stash", "push", "--include-untracked", "--", ".", *left_out])
    return f"to take this back: {command}"


def _named(paths: Sequence[str]) -> str:
    some = ", ".join(f"`{shorten(path)}`" for path in paths[:_NAMED])
    return some if len(paths) <= _NAMED else f"{some} and {len(paths) - _NAMED} more"
