"""Conflict markers: how a conflict is written into a file, and how it is found there again.

The base is shown, as git's diff3 style has it::

    <<<<<<< yours
    ||||||| base
    =======
    >>>>>>> pipegen
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pipegen.core.merge.written import BOMS, split

SHORTEST = 7
_RUN = re.compile(rb"<+|\|+|=+|>+")
_MARKER = re.compile(rb"(?:<{7,}|\|{7,}|>{7,}) +\S")


@dataclass(frozen=True)
class Labels:
    """The texts after the markers."""

    yours: str = "yours"
    base: str = "base"
    theirs: str = "pipegen"


@dataclass(frozen=True)
class Markers:
    """The four marker lines of every conflict in one file, without line endings."""

    yours: bytes
    base: bytes
    between: bytes
    theirs: bytes


def markers(labels: Labels, lines: Iterable[bytes], *, ascii_only: bool = False) -> Markers:
    """Markers longer than any run of marker characters that one of the lines begins with, and at least seven long."""
    longest = max((len(run[0]) for line in lines if (run := _RUN.match(line))), default=0)
    length = max(SHORTEST, longest + 1)

    def line(character: bytes, label: str) -> bytes:
        text = " ".join(label.split())
        return character * length + b" " + text.encode(*(("ascii", "backslashreplace") if ascii_only else ("utf-8",)))

    return Markers(line(b"<", labels.yours), line(b"|", labels.base), b"=" * length, line(b">", labels.theirs))


def marked(content: bytes) -> int | None:
    """The line, from 1, of the first of our conflict markers; None without.

    To be on the safe side one of them is enough, as is left where somebody removed only some of them: seven or more of ``<``,
    ``|`` or ``>`` at the start of a line, a space, and text. So a text that shows such a line in full is taken for one in
    conflict; a heading underlined with ``=======``, or a marker that is indented or quoted, is not. Bytes that are no text
    in their encoding are searched as far as they are.
    """
    bom, encoding = next(((bom, name) for bom, name in BOMS if content.startswith(bom)), (b"", "utf-8"))
    body = content[len(bom) :]
    if encoding != "utf-8":
        body = body.decode(encoding, "replace").encode("utf-8")
    lines, _ = split(body.replace(b"\0", b""))
    return next((number for number, line in enumerate(lines, 1) if _MARKER.match(line)), None)
