"""The tables that were asked for, among those that are there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from pipegen.core.errors import SourceError
from pipegen.core.names import did_you_mean, shorten
from pipegen.probe.look import Look


def wanted(look: Look, there: Collection[str], real: Callable[[str], str] = str) -> list[str] | None:
    """Names that somebody wants: the tables to measure, or those that people said, where all of them are there.

    ``real`` makes a table's real name of one that the source takes for the same.
    """
    if look.tables is not None:
        return [real(name) for name in look.tables]
    named = [real(name) for name in look.named]
    return named if named and all(name in there for name in named) else None


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
