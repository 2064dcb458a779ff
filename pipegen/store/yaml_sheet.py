"""A YAML text that is edited: its nodes, its plain values and its layout, and the way to an address in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipegen.store.spec_layout import Layout, Parts
from pipegen.store.yaml_nodes import Entry, Node, Page

Piece = tuple[int, int, str]
"""From where to where, and what stands there instead."""


class UnusualError(Exception):
    """The text is written in a way in which the edit cannot be made."""


@dataclass(frozen=True)
class Step:
    """One step on the way to an address: an entry, what holds it, and the holder's address and own step."""

    holder: Node
    index: int
    at: Parts
    above: Step | None = None

    @property
    def entry(self) -> Entry:
        return self.holder.entries[self.index]


@dataclass(frozen=True)
class Sheet:
    """A text that is edited: its nodes, its plain values, and how it is laid out."""

    page: Page
    values: dict[str, Any]
    layout: Layout

    def value(self, parts: Parts) -> Any:
        """The plain value at an address that is there."""
        node: Any = self.values
        for part in parts:
            node = node[int(part)] if isinstance(node, list) else node[part]
        return node

    def way(self, parts: Parts) -> list[Step]:
        """The steps to an address, as far as it is there."""
        steps: list[Step] = []
        node = self.page.root
        for part in parts:
            index = _index(node, part)
            if node is None or index is None:
                break
            steps.append(Step(node, index, parts[: len(steps)], steps[-1] if steps else None))
            node = steps[-1].entry.value
        return steps

    def indented(self, lines: list[str], column: int, holder: Node | None) -> list[str]:
        """Lines of the layout as they stand at a column, by the indentation of the file."""
        step = _indentation(self.page, holder)
        return [" " * (column + (len(line) - len(line.lstrip(" "))) // 2 * step) + line.lstrip(" ") for line in lines]


def _index(node: Node | None, part: str) -> int | None:
    if node is None or node.kind not in ("mapping", "sequence"):
        return None
    if node.kind == "sequence":
        return int(part) if part.isascii() and part.isdigit() and int(part) < len(node.entries) else None
    return next((i for i, entry in enumerate(node.entries) if entry.text == part), None)


def _indentation(page: Page, near: Node | None) -> int:
    """By how much a mapping is indented below its key: as beside the edit, else as first in the file, else by two."""
    for node in (near, page.root):
        found = _first_indentation(page, node)
        if found:
            return found
    return 2


def _first_indentation(page: Page, node: Node | None) -> int | None:
    for entry in node.entries if node is not None and node.block else ():
        inner = entry.value
        if entry.key is not None and inner.block and inner.kind == "mapping":
            return page.column(inner.entries[0].start) - page.column(entry.start)
        found = _first_indentation(page, inner)
        if found:
            return found
    return None


def neighbour(layout: Layout, node: Node, at: Parts, key: str) -> tuple[int, bool]:
    """The entry that a new key stands beside, and whether behind it; one of its own section first."""
    order = layout.order(at)
    rank = {name: number for number, name in enumerate(order)}
    if key not in rank:
        return len(node.entries) - 1, True
    known = [(rank[entry.text], index) for index, entry in enumerate(node.entries) if entry.text in rank]
    section = layout.section(key) if not at else None
    own = [k for k in known if not at and layout.section(order[k[0]]) == section]
    for choices in (own, known):
        before = [k for k in choices if k[0] < rank[key]]
        behind = [k for k in choices if k[0] > rank[key]]
        if before:
            return max(before)[1], True
        if behind:
            return min(behind)[1], False
    return len(node.entries) - 1, True
