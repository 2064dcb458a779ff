"""diff3 over lines: what of a merge is taken from where, and what conflicts.

As Khanna, Kunal and Pierce have it ("A Formal Investigation of Diff3", 2007): base and yours are aligned, base and theirs are
aligned, and the merge goes through base in order. Here only the pairs that are certain (``alignment.certain``) align, so a
hunk spans all that it can slide over, and the other side's edit within that span is a conflict, not a guess.

Hunks of the two sides that only touch conflict too, as in diff3 and git. One that can slide counts as far down as it goes, as in
git: a function added between two others, blank lines around it, does not conflict with an edit of the line before those blank
lines, but does with an edit of the line after them. No byte of a clean merge hangs on that: of all shortest alignments,
those whose merge is clean merge to the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pipegen.core.merge.alignment import MOST_WORK, certain

Span = tuple[int, int]
Lines = Sequence[int]


@dataclass(frozen=True)
class Chunk:
    """A piece of the merge: the lines of ``take``, of the three spans (from, to) in base, yours and theirs.

    ``yours`` stands for what nobody changed, too, and for what both changed to the same.
    """

    take: Literal["yours", "theirs", "conflict"]
    base: Span
    yours: Span
    theirs: Span


@dataclass(frozen=True)
class _Hunk:
    """Lines ``base`` of base are lines ``own`` of one side."""

    base: Span
    own: Span
    theirs: bool


def chunks(base: Lines, yours: Lines, theirs: Lines, most_work: int = MOST_WORK) -> Iterator[Chunk]:
    """The merge as chunks in order; equal numbers are equal lines.

    Promised: a chunk that is not a conflict has the lines of the one side that changed it, or lines that both sides have; every
    line of yours and of theirs that is not in base is in a chunk; and merging with the two sides exchanged gives the same
    lines in the same places.
    """
    hunks = [*_hunks(base, yours, False, most_work), *_hunks(base, theirs, True, most_work)]
    hunks.sort(key=lambda hunk: hunk.base)
    at = (0, 0, 0)
    for group in _groups(hunks, base, yours, theirs):
        low, high = group[0].base[0], max(hunk.base[1] for hunk in group)
        span_of_yours = _span(group, False, low, high, at[1] - at[0])
        span_of_theirs = _span(group, True, low, high, at[2] - at[0])
        if at[0] < low:
            yield Chunk("yours", (at[0], low), (at[1], span_of_yours[0]), (at[2], span_of_theirs[0]))
        changed = Chunk("conflict", (low, high), span_of_yours, span_of_theirs)
        yield from _settled(changed, {hunk.theirs for hunk in group}, base, yours, theirs)
        at = (high, span_of_yours[1], span_of_theirs[1])
    if at[0] < len(base):
        yield Chunk("yours", (at[0], len(base)), (at[1], len(yours)), (at[2], len(theirs)))


def _hunks(base: Lines, own: Lines, theirs: bool, most_work: int) -> Iterator[_Hunk]:
    """What lies between the lines that are certainly the same."""
    i = j = 0
    for same_i, same_j in [*certain(base, own, most_work), (len(base), len(own))]:
        if (i, j) != (same_i, same_j):
            yield _Hunk((i, same_i), (j, same_j), theirs)
        i, j = same_i + 1, same_j + 1


def _groups(hunks: list[_Hunk], base: Lines, yours: Lines, theirs: Lines) -> Iterator[list[_Hunk]]:
    """Hunks that overlap or touch, together."""
    group: list[_Hunk] = []
    high = -1
    for hunk in hunks:
        own = theirs if hunk.theirs else yours
        if group and (hunk.base[0] > high or (hunk.base[0] == high and _begins_alike(hunk, base, own))):
            yield group
            group = []
        group.append(hunk)
        high = max(high, hunk.base[1])
    if group:
        yield group


def _begins_alike(hunk: _Hunk, base: Lines, own: Lines) -> bool:
    """Whether the hunk may begin a line further down: its first line may as well be left as it is."""
    return hunk.base[0] < hunk.base[1] and hunk.own[0] < hunk.own[1] and base[hunk.base[0]] == own[hunk.own[0]]


def _span(group: list[_Hunk], theirs: bool, low: int, high: int, shift: int) -> Span:
    """What base's lines ``low`` to ``high`` are on one side; ``shift`` is how far its lines are from base's before them."""
    own = [hunk for hunk in group if hunk.theirs == theirs]
    if not own:
        return low + shift, high + shift
    return own[0].own[0] - (own[0].base[0] - low), own[-1].own[1] + (high - own[-1].base[1])


def _settled(changed: Chunk, sides: set[bool], base: Lines, yours: Lines, theirs: Lines) -> Iterator[Chunk]:
    """A changed chunk as taken from the one side that changed it, as the same on both, or as a conflict made small."""
    if sides == {True}:
        yield Chunk("theirs", changed.base, changed.yours, changed.theirs)
    elif sides == {False} or _cut(yours, changed.yours) == _cut(theirs, changed.theirs):
        yield Chunk("yours", changed.base, changed.yours, changed.theirs)
    else:
        yield from _shrunk(changed, base, yours, theirs)


def _shrunk(conflict: Chunk, base: Lines, yours: Lines, theirs: Lines) -> Iterator[Chunk]:
    """The conflict without the lines that both sides begin and end with: those stand before and after it."""
    texts = [_cut(base, conflict.base), _cut(yours, conflict.yours), _cut(theirs, conflict.theirs)]
    head, tail = _ends_in_common(texts)
    more_head, more_tail = _ends_in_common([text[head : len(text) - tail] for text in texts[1:]])
    heads, tails = (head, *[head + more_head] * 2), (tail, *[tail + more_tail] * 2)
    spans = (conflict.base, conflict.yours, conflict.theirs)
    if heads[1]:
        yield Chunk("yours", *((low, low + cut) for (low, _), cut in zip(spans, heads, strict=True)))
    yield Chunk(
        "conflict",
        *((low + cut, high - end) for (low, high), cut, end in zip(spans, heads, tails, strict=True)),
    )
    if tails[1]:
        yield Chunk("yours", *((high - cut, high) for (_, high), cut in zip(spans, tails, strict=True)))


def _cut(lines: Lines, span: Span) -> Lines:
    return lines[span[0] : span[1]]


def _ends_in_common(texts: Sequence[Lines]) -> tuple[int, int]:
    """How many lines all the texts begin with, and how many of the rest they end with."""
    head = _common(texts)
    return head, _common([text[head:][::-1] for text in texts])


def _common(texts: Sequence[Lines]) -> int:
    """How many lines all the texts begin with."""
    shortest = min(map(len, texts))
    return next((i for i in range(shortest) if any(text[i] != texts[0][i] for text in texts)), shortest)
