"""YAML files that people write: plain values, and the line of each, by YAML 1.2's rules for plain scalars.

PyYAML parses (its C parser where there is one: a thousand tables are read in about a second); only ``true`` and ``false``
are booleans, so that a table called ``no`` stays one, and a date stays text. Values are built from the parser's events, not
by its composer, which a deep or self-multiplying document brings down.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from pipegen.core.errors import Problem, SpecError, UsageError
from pipegen.core.names import did_you_mean, shorten

MOST_BYTES = 20_000_000
MOST_ALIASED = 100_000  # values that all aliases of a document may stand for
DEEPEST = 50
_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_TAG = "tag:yaml.org,2002:"
_TYPES: dict[str, tuple[type, ...]] = {
    "null": (type(None),), "bool": (bool,), "int": (int,), "float": (int, float),
}  # fmt: skip


@dataclass
class Document:
    """A YAML mapping and where each of its values stands."""

    name: str
    values: dict[str, Any]
    lines: dict[tuple[str | int, ...], int] = field(default_factory=dict)

    def locate(self, address: tuple[str | int, ...]) -> str | None:
        """``pipegen.yml:12`` for the value at ``address``, or for the nearest one above it that is there."""
        there: tuple[str | int, ...] = ()
        for part in address:
            as_number = int(part) if isinstance(part, str) and part.isascii() and part.isdigit() else part
            nearer = next(((*there, p) for p in (part, as_number) if (*there, p) in self.lines), None)
            if nearer is None:
                break
            there = nearer
        return f"{self.name}:{self.lines[there]}" if there in self.lines else None


def read(path: Path, name: str | None = None) -> Document:
    """Read a YAML mapping from a file.

    Raises:
        UsageError: the file is not there, cannot be read, or is too large.
        SpecError: it is no UTF-8, no YAML, no mapping, or has a key twice; each with file:line.
    """
    shown = name or str(path)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"`{shown}` is not there", hint=_beside(path)) from None
    except IsADirectoryError:
        raise UsageError(f"`{shown}` is a folder, not a file", hint="name a file in it") from None
    except OSError as error:
        raise UsageError(
            f"`{shown}` cannot be read: {error.strerror}", hint="see its permissions, and that its disk is there"
        ) from None
    return parse(raw, shown)


def _beside(path: Path) -> str:
    """A name like it that is there, else where it was looked for."""
    try:
        beside = [p.name for p in path.parent.iterdir()]
    except OSError:
        beside = []
    return did_you_mean(path.name, beside) or "is the path right? it counts from where you stand, or from `-C DIR`"


def parse(raw: bytes, name: str) -> Document:
    """Parse the bytes of a YAML mapping; raises as :func:`read` does."""
    if len(raw) > MOST_BYTES:
        raise UsageError(f"`{name}` has {len(raw):,} bytes; at most {MOST_BYTES:,} are read")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise SpecError([Problem("this is not UTF-8", f"{name}:{line}", "save the file as UTF-8")]) from None
    document = Document(name, {}, {(): 1})
    values = _Builder(document, text).whole()
    if values is None:
        return document
    if not isinstance(values, dict):
        raise SpecError([Problem("this is no mapping of keys to values", f"{name}:1", "begin with `name: …`")])
    document.values = values
    return document


def value(text: str) -> Any:
    """One YAML value, as in ``--set key=value``.

    Raises:
        UsageError: it is no YAML.
    """
    try:
        return _Builder(Document("value", {}), text).whole()
    except SpecError as error:
        reason = error.problems()[0].message
        raise UsageError(
            f"`{shorten(text)}` cannot be read as YAML: {reason.removeprefix('this is no YAML: ')}",
            hint="quote it: `--set 'key=\"text\"'`",
        ) from None


class _Builder:
    """Builds the values of one document, and notes their lines and what is wrong with them."""

    def __init__(self, document: Document, text: str) -> None:
        self._document = document
        self._text = text
        self._problems: list[Problem] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._built = 0
        self._aliased = 0

    def whole(self) -> Any:
        """The one value of the document; None where it is empty."""
        try:
            events: Iterator[Any] = iter(yaml.parse(self._text, _Loader))
            next(events), next(events)  # the stream begins, the document begins
            values = self._value(next(events), (), events)
            next(events)  # the document ends
            after = next(events)
            if isinstance(after, yaml.DocumentStartEvent):
                self._problem("there are several documents here, after `---`", after, "keep one")
        except StopIteration:  # nothing but comments
            return None
        except yaml.YAMLError as error:
            self._problems.append(_syntax_problem(error, self._document.name, self._text))
        if self._problems:
            raise SpecError(self._problems)
        return values

    def _problem(self, message: str, event: Any, hint: str | None = None) -> None:
        self._problems.append(Problem(message, f"{self._document.name}:{event.start_mark.line + 1}", hint))

    def _value(self, event: Any, at: tuple[str | int, ...], events: Iterator[Any]) -> Any:
        self._document.lines.setdefault(at, event.start_mark.line + 1)
        self._built += 1
        before = self._built
        if len(at) > DEEPEST:
            self._problem("this is nested too deep", event)
            raise SpecError(self._problems)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if isinstance(event, yaml.MappingStartEvent):
            self._refuse_tag(event, "map")
            made: Any = self._mapping(at, events)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._refuse_tag(event, "seq")
            made = self._sequence(at, events)
        else:
            made = self._scalar(event)
        if event.anchor:
            self._anchors[event.anchor] = (made, self._built - before + 1)
        return made

    def _mapping(self, at: tuple[str | int, ...], events: Iterator[Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            line = event.start_mark.line + 1
            if not isinstance(event, yaml.ScalarEvent):
                self._problem("a key must be text", event, "quote it, if a bracket or a `*` begins it")
                self._skip(event, events)
                self._skip(next(events), events)
                continue
            key = str(event.value)
            if key in values:
                first = self._document.lines[(*at, key)]
                self._problem(f"`{shorten(key)}` is here twice", event, f"first on line {first}")
                self._skip(next(events), events)
                continue
            self._document.lines[(*at, key)] = line
            values[key] = self._value(next(events), (*at, key), events)
        return values

    def _sequence(self, at: tuple[str | int, ...], events: Iterator[Any]) -> list[Any]:
        values: list[Any] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            values.append(self._value(event, (*at, len(values)), events))
        return values

    def _skip(self, event: Any, events: Iterator[Any]) -> None:
        depth = 0
        while True:
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth == 0:
                return
            event = next(events)

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            self._problem(f"`*{event.anchor}` repeats nothing: there is no `&{event.anchor}` above", event)
            return None
        made, size = self._anchors[event.anchor]
        self._aliased += size
        self._built += size - 1
        if self._aliased > MOST_ALIASED:
            self._problem("aliases (`*name`) repeat too much", event, "write it out")
            raise SpecError(self._problems)
        return copy.deepcopy(made)

    def _refuse_tag(self, event: Any, own: str) -> None:
        if event.tag not in (None, "!", f"{_TAG}{own}"):
            self._problem(f"the tag `{_shown(event.tag)}` is not taken here", event, "leave it out")

    def _scalar(self, event: Any) -> Any:
        text, tag = event.value, event.tag
        if tag in ("!", f"{_TAG}str"):
            return text
        kind = tag.removeprefix(_TAG) if tag else None
        if kind is not None and kind not in _TYPES:
            self._problem(f"the tag `{_shown(tag)}` is not taken here", event, "leave it out")
            return None
        if kind is None and not event.implicit[0]:
            return text
        try:
            made = _plain(text)
        except ValueError:
            self._problem(f"`{shorten(text, 30)}` is too long for a number", event, "quote it, if it is text")
            return None
        if kind is not None and not isinstance(made, _TYPES[kind]):
            self._problem(f"`{shorten(text)}` is no {kind}", event)
        return made


def _plain(text: str) -> Any:
    """An unquoted scalar by YAML 1.2's core schema."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text, 0) if text.startswith(("0o", "0x")) else int(text)
    if _FLOAT.fullmatch(text):
        return float(re.sub(r"\.(?=[a-zA-Z])", "", text))
    return text


def _shown(tag: str) -> str:
    return shorten(f"!!{tag.removeprefix(_TAG)}" if tag.startswith(_TAG) else tag, 40)


def _syntax_problem(error: yaml.YAMLError, name: str, text: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = mark.line + 1 if mark else 1
    reason = str(getattr(error, "problem", None) or error).splitlines()[0]
    source = text.split("\n")[line - 1] if line <= text.count("\n") + 1 else ""
    if "\t" in source[: len(source) - len(source.lstrip())]:
        return Problem("this line is indented with a tab", f"{name}:{line}", "YAML indents with spaces")
    return Problem(
        f"this is no YAML: {reason}", f"{name}:{line}", "quote the text, if it has a colon, a brace or a quote in it"
    )
