"""What may stand in a rendered file: text that a filter has made safe, and plain text that is safe anywhere."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from jinja2.exceptions import TemplateRuntimeError
from jinja2.runtime import Undefined


class Safe(str):
    """Text that a filter has quoted for where it stands, or that the blueprint's author wrote."""

    __slots__ = ()

    def splitlines(self, keepends: bool = False) -> list[str]:
        """Its lines, safe each: for a recipe, whose lines are printed one by one."""
        return [Safe(line) for line in super().splitlines(keepends)]


class UnsafeValueError(TemplateRuntimeError):
    """A value that cannot be printed as it is. ``hint`` says which filter does it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


# Letters, digits, `_`, `.`, `/` and `-` mean themselves in every language that a template may be in, where no `-` leads (an
# option of a command, an item of a YAML list) or is doubled (a comment in SQL). A space is not among them: it ends a word in
# a shell and a Makefile, and lets `:`, `-` and `#` become syntax in YAML. Nor is a colon: `12:30` is a number in YAML 1.1.
_PLAIN = re.compile(r"[A-Za-z0-9_./](?:[A-Za-z0-9_./]|-(?!-))*")
_ALSO = frozenset("_./-")
_HINT = "quote it for where it stands: | py, | sql, | ident, | yaml, | dbt, | toml, | json, | sh, | md, | comment, …"


def is_plain(text: str) -> bool:
    """Whether text means itself in any language: a word of letters, digits, ``_``, ``.``, ``/`` and single ``-``.

    Letters of every script count; what cannot be told from syntax at a glance (fullwidth forms) does not.
    """
    if text.isascii():
        return _PLAIN.fullmatch(text) is not None
    if text.startswith("-") or "--" in text or unicodedata.normalize("NFKC", text) != text:
        return False
    return all(c in _ALSO or c.isalnum() or unicodedata.category(c)[0] == "M" for c in text)


def finalize(value: Any) -> Any:
    """The value of ``<%= … %>`` as it is printed.

    Safe text and whole numbers are printed as they are, plain words too; an inline ``if`` without ``else`` prints nothing.

    Raises:
        UnsafeValueError: anything else: text that could end the string, the line or the block it stands in, and values that
            every language spells in its own way (true, none, lists).
        UndefinedError: the value is undefined.
    """
    kind = type(value)
    if kind is Safe or kind is int:
        return value
    if kind is str:
        if is_plain(value):
            return value
        if not value:
            raise UnsafeValueError("an empty text is printed with no filter", _HINT)
        raise UnsafeValueError(f"the text {shown(value)} is printed with no filter", _HINT)
    if kind is Undefined:
        return ""
    if isinstance(value, Undefined):
        return str(value)  # raises, with the name
    what = "nothing (none)" if value is None else f"a value of type {kind.__name__}"
    raise UnsafeValueError(f"{what} is printed with no filter", _HINT)


def as_text(value: Any) -> Any:
    """The value of ``<%= … %>`` in a text that is quoted as a whole, later: any text and any whole number.

    Raises:
        UnsafeValueError: a value that is neither.
        UndefinedError: the value is undefined.
    """
    return value if isinstance(value, str) else finalize(value)


def shown(text: str) -> str:
    """A piece of text for a message, on one line."""
    piece = text if len(text) <= 60 else text[:57] + "…"
    return repr(piece)
