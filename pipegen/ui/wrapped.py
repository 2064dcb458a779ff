"""Sentences on the lines of a screen: broken between words, the lines after the first indented under it.

Paths, ids, cron expressions, and all that stands in backticks, are never broken.
"""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Callable

from pipegen.ui.terminal import Style

Part = str | tuple[str, Style]
Line = Callable[..., None]
"""Prints one line of parts: ``terminal.data`` or ``terminal.say``."""

_NARROWEST, _WIDEST = 40, 110
_WHOLE = re.compile(r"`[^`]*`|(?<!\S)[\d*/,-]+(?: [\d*/,-]+){4}")
_KEPT = "\0"  # stands for a space at which no line is broken


def columns() -> int:
    """How wide lines may be: as the screen is, and no wider than is read with ease; 80 where there is no screen."""
    return max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size((80, 24)).columns))


def lines(text: str, indent: int, first: int | None = None, *, spare: int = 0) -> list[str]:
    """The lines of a text that stands ``indent`` columns in, the first of them ``first`` columns; ``spare`` stay free behind it."""
    held = _WHOLE.sub(lambda one: one[0].replace(" ", _KEPT), text)
    wrapped = textwrap.wrap(
        held, max(indent + 20, columns() - spare), initial_indent=" " * (indent if first is None else first),
        subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    return [line.replace(_KEPT, " ").strip() for line in wrapped]


def paragraph(line: Line, head: tuple[Part, ...], text: str, indent: int, style: Style = "") -> None:
    """A text behind a head, in columns from ``indent`` on; a head that reaches that far has a line of its own."""
    width = _width(head)
    broken = lines(text, indent)
    if width >= indent or not broken:
        line(*head)
    else:
        line(*head, " " * (indent - width), (broken.pop(0), style))
    for one in broken:
        line(" " * indent, (one, style))


def running(line: Line, head: tuple[Part, ...], text: str, indent: int, style: Style = "") -> None:
    """A text that goes on behind its head, and from the second line on in columns from ``indent`` on."""
    broken = lines(text, indent, _width(head) + 2)
    if broken and _width(head) + 2 + len(broken[0]) <= columns():
        line(*head, "  ", (broken.pop(0), style))
    else:  # not even its first word has room there
        line(*head)
        broken = lines(text, indent)
    for one in broken:
        line(" " * indent, (one, style))


def _width(parts: tuple[Part, ...]) -> int:
    return sum(len(part if isinstance(part, str) else part[0]) for part in parts)
