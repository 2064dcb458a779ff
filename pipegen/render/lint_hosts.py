"""Raw lint: with its placeholders replaced, a template must be valid in its own language.

The text is taken twice: with the first branch of every ``if``, and with the last. A loop's body is taken once.
"""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from pipegen.render.environment import prefix_for

_TOKENS = r"(?P<comment><%#.*?%>)|(?P<value><%=.*?%>)|(?P<tag><%.*?%>)"
_OPEN_QUOTE = re.compile(r"(?:[^\"\\]|\\.)*")
_LITERAL_IF = re.compile(r"^\s*(?P<quote>[\"'])(?P<text>.*?)(?P=quote)\s+if\b")


@dataclass(frozen=True)
class Broken:
    """Why a text is not valid in its language, and in which line."""

    line: int
    because: str


def check_host(path: str, source: str) -> Broken | None:
    """The first thing that is not valid in a template's own language, where that is one that is checked."""
    suffix = path.rsplit(".", 1)[-1] if "." in path.rsplit("/", 1)[-1] else ""
    check = _CHECKS.get(suffix)
    if check is None:
        return None
    for first in (True, False):
        broken = check(raw(path, source, suffix, first))
        if broken is not None:
            return broken
    return None


def raw(path: str, source: str, suffix: str, first: bool) -> str:
    """The text with every placeholder replaced, lines kept; of every ``if`` the first branch is taken, or the last."""
    pieces = list(_pieces(path, source))
    left_out = _left_out(pieces, first)
    out = ""
    for index, (kind, text) in enumerate(pieces):
        newlines = "\n" * text.count("\n")
        if kind in ("tag", "comment") or index in left_out:
            out += newlines
        elif kind == "value":
            out += _stand_in(text[3:-2].strip("-+ \n"), out, suffix) + newlines
        else:
            out += text
    return out


def _left_out(pieces: list[tuple[str, str]], first: bool) -> set[int]:
    """The pieces in branches that are not taken."""
    out: set[int] = set()
    elsewhere = 0
    open_ones: list[list[int]] = []  # for each open block, where its branches begin
    for index, (kind, text) in enumerate(pieces):
        word = _word(text) if kind == "tag" else ""
        if word == "macro" or (word == "set" and "=" not in text):
            elsewhere = index  # what it holds is printed elsewhere
        elif word in ("endmacro", "endset"):
            out.update(range(elsewhere, index))
        elif word in ("if", "for"):
            open_ones.append([index])
        elif word in ("else", "elif") and open_ones:
            open_ones[-1].append(index)
        elif word in ("endif", "endfor") and open_ones:
            begins = open_ones.pop()
            ends = [*begins[1:], index]
            taken = 0 if first else len(begins) - 1
            for number, (begin, end) in enumerate(zip(begins, ends, strict=True)):
                out.update(range(begin, end) if number != taken else ())
    return out


def _pieces(path: str, source: str) -> Iterator[tuple[str, str]]:
    """The text in pieces: ``text``, ``value``, ``tag`` and ``comment``."""
    prefix = prefix_for(path)
    line_tag = rf"|(?P<line>^[ \t]*{re.escape(prefix)}[^\n]*(?:\n|\Z))" if prefix else ""
    at = 0
    for match in re.finditer(_TOKENS + line_tag, source, re.DOTALL | re.MULTILINE):
        if match.start() > at:
            yield "text", source[at : match.start()]
        yield "tag" if match.lastgroup == "line" else str(match.lastgroup), match[0]
        at = match.end()
    yield "text", source[at:]


def _word(tag: str) -> str:
    found = re.search(r"[a-z]+", tag)
    return found[0] if found else ""


def _stand_in(expression: str, before: str, suffix: str) -> str:
    """What a value is replaced by: an identifier, or a literal where the language wants one."""
    literal = _LITERAL_IF.match(expression)
    if literal:
        return literal["text"]
    line = before.rsplit("\n", 1)[-1]
    in_string = line.count('"') % 2 == 1 or line.count("'") % 2 == 1
    if suffix == "json" and not in_string:
        return "0"
    if suffix == "toml" and not in_string and re.search(r"[=,\[]\s*$", line) and line.strip() not in ("[", "[["):
        return '"x"'
    return "x"


def _python(text: str) -> Broken | None:
    try:
        ast.parse(text)
    except SyntaxError as error:
        return Broken(error.lineno or 1, str(error.msg))
    return None


def _yaml(text: str) -> Broken | None:
    try:
        for _ in YAML(typ="safe", pure=True).parse(text):
            pass
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return Broken(mark.line + 1 if mark is not None else 1, str(error.problem or error.context))
    return None


def _json(text: str) -> Broken | None:
    try:
        json.loads(re.sub(r",(\s*[\]}])", r"\1", text))  # the comma that `if not loop.last` would leave out
    except json.JSONDecodeError as error:
        return Broken(error.lineno, error.msg)
    return None


def _toml(text: str) -> Broken | None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        return Broken(int(found[1]) if found else 1, str(error).split(" (at")[0])
    return None


def _sql(text: str) -> Broken | None:
    """Quotes and brackets balance; dbt's own braces are left alone."""
    bare = re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", _same_lines, text, flags=re.DOTALL)
    bare = re.sub(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", _same_lines, bare, flags=re.DOTALL)
    open_ones: list[tuple[str, int]] = []
    pairs = {")": "(", "]": "[", "}": "{"}
    for number, line in enumerate(bare.split("\n"), start=1):
        for char in line:
            if char in "'\"":
                return Broken(number, "a quote is open")
            if char in "([{":
                open_ones.append((char, number))
            elif char in pairs and (not open_ones or open_ones.pop()[0] != pairs[char]):
                return Broken(number, f"`{char}` closes nothing")
    return Broken(open_ones[-1][1], f"`{open_ones[-1][0]}` is open") if open_ones else None


def _same_lines(match: re.Match[str]) -> str:
    return " x " + "\n" * match[0].count("\n") if "\n" in match[0] else " x "


_CHECKS: dict[str, Callable[[str], Broken | None]] = {
    "py": _python,
    "yml": _yaml,
    "yaml": _yaml,
    "json": _json,
    "toml": _toml,
    "sql": _sql,
}
