"""Which line of a file as it was rendered a line of the working file is, where that is certain."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from pipegen.core.merge.alignment import certain
from pipegen.core.merge.written import UnreadableError, Written, read


@dataclass(frozen=True)
class Mapped:
    """A line of the working file: ``rendered`` is the line that it is, None where people wrote it.

    ``certain`` is false where the same line stands there more than once: it is one of those that were rendered, or a copy.
    ``replaces`` is the rendered line that it stands in the place of, where that is one line for one.
    """

    text: str
    rendered: int | None
    certain: bool = True
    replaces: int | None = None

    @property
    def whose(self) -> Literal["pipegen", "yours"] | None:
        """Who wrote it; None where that cannot be told."""
        if not self.certain:
            return None
        return "pipegen" if self.rendered else "yours"


def mapped(rendered: bytes, working: bytes, line: int) -> Mapped | None:
    """A line of the working file; lines count from 1. None where one of the two is no text, or it has no such line."""
    try:
        base, own = read(rendered), read(working)
    except UnreadableError:
        return None
    if not 1 <= line <= len(own.lines):
        return None
    content, index = own.lines[line - 1], line - 1
    text = content.decode("utf-8", "replace")
    pairs = [(-1, -1), *certain(*_numbered(base, own)), (len(base.lines), len(own.lines))]
    for (i, j), (next_i, next_j) in pairwise(pairs):
        if index == next_j:
            return Mapped(text, next_i + 1)
        if j < index < next_j:
            like = next((at for at in range(i + 1, next_i) if base.lines[at] == content), None)
            if like is not None:
                return Mapped(text, like + 1, certain=False)
            one_for_one = next_i - i == 2 and next_j - j == 2
            return Mapped(text, None, replaces=i + 2 if one_for_one else None)
    return None


def count(content: bytes) -> int | None:
    """The lines of a file; None where it is no text."""
    try:
        return len(read(content).lines)
    except UnreadableError:
        return None


def text_of(content: bytes, line: int) -> str:
    """A line of a file of text, from 1."""
    return read(content).lines[line - 1].decode("utf-8", "replace")


def _numbered(a: Written, b: Written) -> tuple[list[int], list[int]]:
    """The lines as numbers, equal ones for equal lines."""
    numbers: dict[bytes, int] = {}
    first, second = ([numbers.setdefault(line, len(numbers)) for line in text.lines] for text in (a, b))
    return first, second
