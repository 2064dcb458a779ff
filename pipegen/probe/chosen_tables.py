"""The tables that were asked for, among those that are there."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pipegen.core.errors import SourceError
from pipegen.core.names import did_you_mean, shorten


def choose(asked: Sequence[str] | None, there: Collection[str], source: str) -> list[str]:
    """Names to measure, in the order in which they are ``there``; all where none is asked for.

    Raises:
        SourceError: one is not there.
    """
    if asked is None:
        return list(there)
    missing = [name for name in asked if name not in there]
    if missing:
        hint = did_you_mean(missing[0], there) or f"tables are: {shorten(', '.join(there), 300)}"
        raise SourceError(f"`{shorten(source)}` has no table `{shorten(missing[0])}`", hint=hint)
    return [name for name in there if name in asked]
