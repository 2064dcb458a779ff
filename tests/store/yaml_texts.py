"""YAML as people write it: plain values in any style, with comments and blank lines, and where each value ended up."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from pipegen.core import yaml_text

Parts = tuple[str, ...]

KEYS = st.sampled_from(["a", "b", "c-d", "e f", "1", "no", "ü", "defaults", "sources", "tables", "freshness", "x" * 40])
WORDS = st.sampled_from(
    ["x", "1h", "1.0", "a: b", "# c", "yes", "", "it's", "a, b", "{", "two words here", "ü 🦆", "- a", "null", "x" * 60]
)
TEXTS = st.one_of(WORDS, st.sampled_from(["one\ntwo\n", "one\n\ntwo", "end\n\n", "# one\ntwo\n"]))
SCALARS = st.one_of(TEXTS, st.integers(-5, 5), st.booleans(), st.none(), st.sampled_from([1.5, -2.0]))
VALUES = st.recursive(
    SCALARS, lambda inner: st.dictionaries(KEYS, inner, max_size=3) | st.lists(inner, max_size=3), max_leaves=8
)
MAPPINGS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=4)


@dataclass
class Written:
    """A text, its plain values, and by address the lines (from 0, both ends included) that an edit of the value may change."""

    text: str
    values: dict[str, Any]
    spans: dict[Parts, tuple[int, int]]
    newline: str

    @property
    def lines(self) -> list[str]:
        return self.text.removeprefix("\ufeff").split(self.newline)


@dataclass
class _Writer:
    draw: st.DrawFn
    lines: list[str] = field(default_factory=list)
    spans: dict[Parts, tuple[int, int]] = field(default_factory=dict)
    comments: int = 0

    def comment(self) -> str:
        self.comments += 1
        return f"# c{self.comments}: it's, {{a}}"

    def maybe(self, odds: int = 3) -> bool:
        return self.draw(st.integers(0, odds)) == odds

    def between(self, indent: int) -> None:
        """Blank lines and comments between two entries."""
        while self.maybe():
            self.lines.append(self.draw(st.sampled_from(["", "  ", " " * indent + self.comment()])))

    def tail(self) -> str:
        return f"{' ' * self.draw(st.integers(1, 3))}{self.comment()}" if self.maybe() else ""

    def mapping(self, values: dict[str, Any], at: Parts, indent: int, head: str = "") -> None:
        """A mapping of the block style; ``head`` stands before its first key, on the line that is begun."""
        for key, value in values.items():
            if not head:
                self.between(indent)
            first = len(self.lines)
            start = f"{head or ' ' * indent}{self.key(key)}:"
            head = ""
            self.value(start, value, (*at, key), indent)
            if self.maybe(8):
                self.lines.append(" " * (indent + 1) + self.comment())
            self.spans[(*at, key)] = (first, len(self.lines) - 1)

    def sequence(self, values: list[Any], at: Parts, indent: int) -> None:
        for index, value in enumerate(values):
            self.between(indent)
            first = len(self.lines)
            here = (*at, str(index))
            if isinstance(value, dict) and value and self.maybe(1):
                self.mapping(value, here, indent + 2, " " * indent + "- ")
            else:
                self.value(" " * indent + "-", value, here, indent)
            self.spans[here] = (first, len(self.lines) - 1)

    def value(self, start: str, value: Any, at: Parts, indent: int) -> None:
        """A value behind its key or its dash."""
        if isinstance(value, dict | list) and value and self.maybe(1):
            self.lines.append(start + self.tail())
            step = self.draw(st.sampled_from([2, 2, 4]))
            if isinstance(value, dict):
                self.mapping(value, at, indent + step)
            else:
                flat = not start.endswith("-") and self.maybe(1)
                self.sequence(value, at, indent + (0 if flat else step))
            return
        first = len(self.lines)
        gap = " " * self.draw(st.sampled_from([1, 1, 1, 3]))
        if isinstance(value, dict | list):
            self.flow(start + gap, value, indent + 2)
        elif isinstance(value, str) and self.literal(value) and self.maybe(1):
            self.block_scalar(start + gap, value, indent)
        elif value is None and self.maybe(1):
            self.lines.append(start + self.tail())
        else:
            self.lines.append(start + gap + self.scalar(value) + self.tail())
        for inside in _addresses(value, at):
            self.spans[inside] = (first, len(self.lines) - 1)

    def flow(self, start: str, value: Any, indent: int) -> None:
        """A flow collection, on one line or on several."""
        if not value or self.maybe(1):
            self.lines.append(start + self.flow_text(value) + self.tail())
            return
        is_mapping = isinstance(value, dict)
        self.lines.append(start + "[{"[is_mapping] + self.tail())
        items = [self.flow_text({k: v})[1:-1].strip(" ,") for k, v in value.items()] if is_mapping else []
        items = items or [self.flow_text(v) for v in value]
        for item in items:
            if self.maybe():
                self.lines.append(" " * indent + self.comment())
            self.lines.append(f"{' ' * indent}{item},{self.tail()}")
        self.lines.append(" " * (indent - 1) + "]}"[is_mapping] + self.tail())

    def flow_text(self, value: Any) -> str:
        if isinstance(value, dict):
            inner = ", ".join(f"{yaml_text.scalar(k)}: {self.flow_text(v)}" for k, v in value.items())
            pad = " " if self.maybe() else ""
            return "{" + pad + inner + ("," if inner and self.maybe(8) else "") + pad + "}"
        if isinstance(value, list):
            return "[" + ", ".join(self.flow_text(v) for v in value) + "]"
        return yaml_text.flow(value)

    def literal(self, value: str) -> bool:
        """Whether a text can stand as a literal block."""
        return "\n" in value and bool(re.fullmatch(r"[^\s].*", value.split("\n")[0]))

    def block_scalar(self, start: str, value: str, indent: int) -> None:
        body = value.rstrip("\n")
        ends = len(value) - len(body)
        self.lines.append(f"{start}|{'-' if ends == 0 else '' if ends == 1 else '+'}{self.tail()}")
        self.lines += [" " * (indent + 3) + line if line else "" for line in body.split("\n")]
        self.lines += [""] * max(ends - 1, 0)
        if ends > 1:  # what follows must not be one more blank line
            self.lines.append(" " * indent + self.comment())

    def scalar(self, value: Any) -> str:
        text = yaml_text.flow(value)
        if isinstance(value, str) and "\n" not in value and self.maybe(4):
            return "'" + value.replace("'", "''") + "'"
        if isinstance(value, str) and text == value and value.count(" ") == 2 and self.maybe(1):
            return text.replace(" ", self.draw(st.sampled_from([" ", "\n" + " " * 30])), 1)
        return text

    def key(self, key: str) -> str:
        return "'" + key + "'" if self.maybe(6) else yaml_text.scalar(key)


def _addresses(value: Any, at: Parts) -> list[Parts]:
    found = [at]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += _addresses(inner, (*at, str(key)))
    return found


@st.composite
def written(draw: st.DrawFn) -> Written:
    """A file: values in any style, a byte order mark or none, either line ending, a last line that ends or not."""
    values = draw(MAPPINGS)
    writer = _Writer(draw)
    writer.lines += draw(st.sampled_from([[], ["# head"], ["# head", ""], ["---"], ["# head", "---"]]))
    writer.mapping(values, (), 0)
    writer.between(0)
    newline = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    end = draw(st.sampled_from([newline, newline, ""]))
    if re.match(" {3}|$", writer.lines[-1]):  # the text of a block would end without its line ending
        end = newline
    lines = [part for line in writer.lines for part in line.split("\n")]
    bom = draw(st.sampled_from(["", "", "\ufeff"]))
    return Written(bom + newline.join(lines) + end, values, _shifted(writer), newline)


def _shifted(writer: _Writer) -> dict[Parts, tuple[int, int]]:
    """The spans by lines of the text: an entry of ``lines`` may be two of them."""
    starts, at = [], 0
    for line in writer.lines:
        starts.append(at)
        at += line.count("\n") + 1
    ends = [*starts[1:], at]
    return {parts: (starts[first], ends[last] - 1) for parts, (first, last) in writer.spans.items()}
