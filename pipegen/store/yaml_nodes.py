"""Where everything stands in the text of a YAML mapping: each key and value by its offsets, so that it can be edited there.

The nodes are made from the parser's events, as :mod:`pipegen.store.yaml_file` makes the values. A block ends where its last entry
ends: what PyYAML says of its end is where the next thing begins, comments between them included.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import yaml

Kind = Literal["scalar", "mapping", "sequence", "alias"]
BLANK = " \t\r\n\x85\u2028\u2029"
_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_BLOCK_HEADER = re.compile(r"[|>][-+0-9]*")


@dataclass
class Node:
    """A value, or a key. ``style`` of a scalar is ``|``, ``>`` or a quote, or empty; ``named``: it has an anchor or a tag."""

    kind: Kind
    start: int
    end: int
    flow: bool = False
    style: str = ""
    named: bool = False
    entries: list[Entry] = field(default_factory=list)

    @property
    def block(self) -> bool:
        """Whether it is a mapping or a list of the block style."""
        return self.kind in ("mapping", "sequence") and not self.flow

    @property
    def empty(self) -> bool:
        """Whether nothing is written where it stands."""
        return self.start == self.end


@dataclass
class Entry:
    """A key with its value, or an item of a list; ``colon`` is where the value of a key may begin, None where no ``:`` stands."""

    key: Node | None
    value: Node
    colon: int | None = None
    text: str = ""

    @property
    def start(self) -> int:
        return self.key.start if self.key is not None else self.value.start

    @property
    def end(self) -> int:
        return max(self.value.end, self.colon or 0, self.key.end if self.key is not None else 0)


@dataclass(frozen=True)
class Page:
    """The text of a YAML mapping, its lines and its nodes; ``root`` is None where there is nothing but comments."""

    text: str
    root: Node | None

    @cached_property
    def newline(self) -> str:
        """What ends a line here."""
        found = _BREAK.search(self.text)
        return found[0] if found and found[0] in ("\r\n", "\n", "\r") else "\n"

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in _BREAK.finditer(self.text))]

    @cached_property
    def _ends(self) -> list[int]:
        return [*(found.start() for found in _BREAK.finditer(self.text)), len(self.text)]

    @property
    def lines(self) -> int:
        return len(self._starts)

    def line(self, offset: int) -> int:
        """The number of the line, from 0, that an offset stands on."""
        return bisect_right(self._starts, offset) - 1

    def start(self, line: int) -> int:
        return self._starts[line] if line < len(self._starts) else len(self.text)

    def end(self, line: int) -> int:
        """Where a line ends, before what ends it."""
        return self._ends[line]

    def of_line(self, line: int) -> str:
        return self.text[self._starts[line] : self._ends[line]]

    def column(self, offset: int) -> int:
        return offset - self._starts[self.line(offset)]

    def before(self, offset: int) -> str:
        """What stands before an offset on its line."""
        return self.text[self._starts[self.line(offset)] : offset]

    def extent(self, entry: Entry) -> int:
        """The end of the last line that belongs to an entry of a block: comments that are indented below its key belong to it."""
        column = self.column(entry.start) if entry.key is not None else max(self.column(entry.start) - 1, 0)
        last = self.line(entry.end)
        for line in range(last + 1, self.lines):
            text = self.of_line(line)
            bare = text.strip(BLANK)
            if bare.startswith("#") and len(text) - len(text.lstrip(" ")) > column:
                last = line
            elif bare:
                break
        return self.end(last)


def page(text: str) -> Page:
    """The nodes of a text that :func:`pipegen.store.yaml_file.parse` can read.

    Raises:
        yaml.YAMLError: it is no YAML.
    """
    events: Iterator[Any] = iter(yaml.parse(text, _Loader))
    next(events)  # the stream begins
    if isinstance(next(events), yaml.StreamEndEvent):
        return Page(text, None)
    return Page(text, _node(next(events), events, text))


def _node(event: Any, events: Iterator[Any], text: str) -> Node:
    start, end = event.start_mark.index, event.end_mark.index
    if isinstance(event, yaml.AliasEvent):
        return Node("alias", start, end)
    named = bool(event.anchor or event.tag)
    if isinstance(event, yaml.ScalarEvent):
        style = event.style or ""
        return Node("scalar", start, _block_end(text, start, end) if style in ("|", ">") else end, False, style, named)
    flow = bool(event.flow_style)
    is_mapping = isinstance(event, yaml.MappingStartEvent)
    node = Node("mapping" if is_mapping else "sequence", start, end, flow, "", named)
    for inner in events:
        if isinstance(inner, yaml.CollectionEndEvent):
            break
        value = _node(inner, events, text)
        node.entries.append(
            _entry(value, _node(next(events), events, text), inner.value, text) if is_mapping else Entry(None, value)
        )
    node.end = inner.end_mark.index if flow or not node.entries else node.entries[-1].end
    return node


def _entry(key: Node, value: Node, name: str, text: str) -> Entry:
    """A key and its value; an empty value stands right behind the colon, or behind a key that has none."""
    colon = text.find(":", key.end, value.start)
    after = colon + 1 if colon >= 0 else None
    if value.empty:
        value.start = value.end = after if after is not None else key.end
    return Entry(key, value, after, name)


def _block_end(text: str, start: int, end: int) -> int:
    """Where the last line of a block scalar ends; blank lines behind it belong to it only where they are kept (``|+``)."""
    held = text[start:end]
    header = _BLOCK_HEADER.search(held)
    if header and "+" in header[0]:
        return start + len(held.removesuffix("\n").removesuffix("\r"))
    return start + len(held.rstrip(BLANK))
