"""The values that a check constraint declares as a column's only ones, from its text: ``status in ('new', 'paid')``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

MOST_VALUES = 100
"""As many values of a column as are worth telling."""

_TOKEN = re.compile(
    r"""\s*(?:
        E'(?P<escaped>(?:[^'\\]|''|\\.)*)' | (?:_\w+\s*)?'(?P<text>(?:[^']|'')*)' | (?P<number>[+-]?\d+(?:\.\d+)?)
        | ::(?P<cast>(?:"(?:[^"]|"")*"|\w+)(?:\.(?:"(?:[^"]|"")*"|\w+))*(?:\ (?:varying|precision))?(?:\(\d+(?:,\d+)?\))?(?:\[\])*)
        | (?P<array>array\s*\[) | "(?P<double>(?:[^"]|"")*)" | `(?P<back>(?:[^`]|``)*)` | \[(?P<bracket>[^\]]+)\]
        | (?P<word>\w+) | (?P<other>.)
    )""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_KEYWORDS = frozenset({"or", "and", "not", "is", "in", "null", "any", "true", "false"})
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/", re.DOTALL)

_Token = str | tuple[str, str]
"""A word or a sign of the grammar; a column, or a value, with its name or text."""


def accepted_values(check: str) -> tuple[str, list[str]] | None:
    """A column's name and its values, where that is all that a check says, nulls aside; None of any other check."""
    columns: set[str] = set()
    values: list[str] = []
    for part in _split(list(_tokens(check)), "or"):
        match part:
            case [("column", column), "is", "null"]:
                listed: Sequence[_Token] = ()
            case [("column", column), "=", *listed] if len(listed) == 1:
                pass
            case [("column", column), "in", *listed] | [("column", column), "=", "any", "array", *listed, "]"]:
                pass
            case _:
                return None
        columns.add(column.casefold())
        for item in _split(listed, ",") if listed else ():
            match item:
                case [("value", value)]:
                    values.append(value)
                case _:
                    return None
    return (column, list(dict.fromkeys(values))) if values and len(columns) == 1 else None


def few(values: list[str] | None) -> list[str] | None:
    """Values, where they are few enough to be worth telling."""
    return values if values and len(values) <= MOST_VALUES else None


def _tokens(check: str) -> Iterator[_Token]:
    """Without casts and parentheses, which say nothing where all is ``=``, ``in`` and ``or``."""
    for found in _TOKEN.finditer(check):
        kind, text = found.lastgroup, found[found.lastgroup or 0]
        match kind:
            case "text":
                yield "value", text.replace("''", "'")
            case "escaped":
                yield "value", re.sub(r"''|\\(.)", lambda m: m[1] or "'", text)
            case "number":
                yield "value", text
            case "double" | "back" | "bracket":
                mark = {"double": '"', "back": "`"}.get(kind, "]")
                yield "column", text.replace(mark * 2, mark)
            case "word":
                yield text.lower() if text.lower() in _KEYWORDS else ("column", text)
            case "array":
                yield "array"
            case "other" if text not in "()":
                yield text


def _split(tokens: Sequence[_Token], at: str) -> list[list[_Token]]:
    parts: list[list[_Token]] = [[]]
    for token in tokens:
        if token == at:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def checks_of(create: str) -> list[str]:
    """What stands in the brackets behind each ``check`` of a ``create table``; texts and quoted names hold none."""
    # every letter of what is quoted, or of a comment, becomes one that is no bracket
    outside = _QUOTED.sub(lambda m: "x" * len(m[0]), create)
    found = []
    for match in re.finditer(r"\bcheck\s*\(", outside, re.IGNORECASE):
        depth = 0
        for at in range(match.end() - 1, len(outside)):
            depth += {"(": 1, ")": -1}.get(outside[at], 0)
            if not depth:
                found.append(create[match.end() : at])
                break
    return found
