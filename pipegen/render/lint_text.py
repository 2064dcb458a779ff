"""Lint of a template's text and path: how it is laid out, and values that are printed bare where they need quoting."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from pipegen.core import contributions
from pipegen.core.design import decision, model
from pipegen.render.environment import prefix_for

_TEMPLATE_SUFFIXES = (".j2", ".jinja", ".jinja2", ".tmpl", ".tpl")
_BARE = re.compile(r"<%=-?\s*(?P<name>[A-Za-z_]\w*(?:\.\w+)*)\s*-?%>")
_TRUSTED = re.compile(r"\|\s*trusted\b")
# Text of a closed set, or with a prefix of ours: never a word of SQL or YAML.
_CLOSED = frozenset("staging raw_schema severity kind load".split())
# Statements after which nobody means to swallow an empty line.
_EATS = frozenset({"if", "elif", "else", "endif", "for", "endfor"})


@dataclass(frozen=True)
class Flaw:
    """One thing to mend in a text."""

    line: int
    code: str
    message: str
    hint: str
    severity: str = "error"


def path_flaws(path: str) -> Iterator[Flaw]:
    """What is wrong with a path under files/."""
    name = path.rsplit("/", 1)[-1]
    if name.endswith(_TEMPLATE_SUFFIXES):
        suffix = name[name.rindex(".") :]
        yield Flaw(1, "suffix", f"`{suffix}` is no part of a rendered file's name", "files/ has real names: drop it")
    for part in path.split("/"):
        if part.startswith("."):
            yield Flaw(
                1, "dot-file", f"`{part}` would act on the blueprints' own repository", f"call it `dot_{part[1:]}`"
            )


def text_flaws(path: str, source: str) -> Iterator[Flaw]:
    """What is wrong with the layout of a template, whatever its language."""
    if "\r" in source:
        line = source[: source.index("\r")].count("\n") + 1
        yield Flaw(line, "line-ending", "lines end with CR", "save it with LF; .gitattributes decides in a checkout")
    if source and not source.endswith("\n"):
        yield Flaw(source.count("\n") + 1, "last-newline", "the last line has no newline", "end the file with one")
    yield from _eaten_lines(path, source)
    yield from _trusted(source)
    yield from _bare_values(path, source)


def _eaten_lines(path: str, source: str) -> Iterator[Flaw]:
    """Blank lines after a line statement: Jinja takes them for a part of it."""
    prefix = prefix_for(path)
    if prefix is None:
        return
    statement = re.compile(rf"^[ \t]*{re.escape(prefix)}[-+]?\s*(?P<word>\w+)[^\n]*\n(?=[ \t]*\n\s*\S)", re.MULTILINE)
    for match in statement.finditer(source):
        if match["word"] in _EATS:
            line = source[: match.start()].count("\n") + 1
            yield Flaw(
                line,
                "eaten-line",
                f"the blank line after `{prefix} {match['word']}` is never printed",
                "put it before the statement, or take it away",
            )


def _trusted(source: str) -> Iterator[Flaw]:
    """``| trusted`` where the line before does not say why."""
    lines = source.split("\n")
    for number, line in enumerate(lines, start=1):
        if _TRUSTED.search(line) and "<%#" not in lines[number - 2] + line:
            yield Flaw(
                number,
                "trusted",
                "`| trusted` prints a value that nobody checks",
                "use the filter of the language, or say why in a `<%# … %>` above it",
                "warn",
            )


def _bare_values(path: str, source: str) -> Iterator[Flaw]:
    """Values with no filter that stand alone where a word can mean something else."""
    language = path.rsplit(".", 1)[-1]
    check = {"yml": _whole_scalar, "yaml": _whole_scalar, "sql": _identifier}.get(language)
    if check is None:
        return
    for match in _BARE.finditer(source):
        start = source.rfind("\n", 0, match.start()) + 1
        end = source.find("\n", match.end())
        before, after = source[start : match.start()], source[match.end() : end if end >= 0 else len(source)]
        message = check(before, after)
        if message and match["name"].rsplit(".", 1)[-1] not in _plain_fields():
            line = source[: match.start()].count("\n") + 1
            yield Flaw(line, "bare-value", f"`{match['name']}` {message[0]}", message[1])


def _whole_scalar(before: str, after: str) -> tuple[str, str] | None:
    whole = re.search(r"(^|[:\[,-])\s+$", before) and re.match(r"\s*($|#|[,\]}])", after)
    if not whole or before.count('"') % 2 or before.count("'") % 2:
        return None
    return "is a whole YAML value: `no` or `1e3` would not stay text", "quote it where it must be: | yaml, or | dbt"


def _identifier(before: str, after: str) -> tuple[str, str] | None:
    part_of_word = re.search(r"[\w.{%>]$", before) or re.match(r"[\w<{%]", after)
    in_quotes = before.count("'") % 2 or before.count('"') % 2
    in_braces = before.rfind("{{") > before.rfind("}}") or before.rfind("{%") > before.rfind("%}")
    if part_of_word or in_quotes or in_braces or "--" in before:
        return None
    return "is an identifier: a reserved word would not stay one", "quote it where it must be: | ident"


@cache
def _plain_fields() -> frozenset[str]:
    """Fields of the design that are never text, or whose text is never a word of SQL or YAML."""
    modules = (decision, model, contributions)
    kinds = [kind for module in modules for kind in vars(module).values() if _is_of(kind, module.__name__)]
    hints = [item for kind in kinds for item in typing.get_type_hints(kind).items()]
    numbers = {name for name, type_ in hints if type_ in (int, int | None)}
    return frozenset(numbers - {name for name, type_ in hints if type_ is str}) | _CLOSED


def _is_of(kind: object, module: str) -> bool:
    return isinstance(kind, type) and kind.__module__ == module
