"""One edit of a YAML text as pieces that are put in its place; all the rest stays as it is.

A value that pipegen laid out is laid out anew, so that an edited file is what a new one would be; what a person laid out is kept
as far as the edit allows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from pipegen.core import yaml_text
from pipegen.store.spec_layout import Layout, Parts, nested
from pipegen.store.yaml_nodes import BLANK, Entry, Node, Page
from pipegen.store.yaml_sheet import Piece, Sheet, Step, UnusualError, neighbour


def put(sheet: Sheet, parts: Parts, value: Any) -> list[Piece]:
    """A value at an address; ``value`` may be what is made of the missing mappings as well.

    Raises:
        UnusualError: the way leads through an alias, or the like.
    """
    way, root = sheet.way(parts), sheet.page.root
    if root is None or (not way and root.empty):
        return _first(sheet, parts, value)
    unit = next((step for step in way if not step.entry.value.block), None)
    if len(way) == len(parts) and unit is None:
        unit = way[-1]
    if unit is None or unit.holder.flow:
        holder = way[-1].entry.value if way else root
        if holder.block:
            return _inserted(sheet, holder, parts[: len(way)], parts[len(way)], nested(parts[len(way) + 1 :], value))
        return _in_flow(sheet, way, parts, value)
    here = (*unit.at, parts[len(unit.at)])
    rest = parts[len(here) :]
    if not rest:
        return replaced(sheet, unit, here, value)
    old = sheet.value(here)
    if old is None and unit.entry.value.kind == "scalar":
        return replaced(sheet, unit, here, nested(rest, value))
    if laid_out(sheet, unit, here):
        return replaced(sheet, unit, here, _with(sheet.layout, old, here, rest, value))
    return _in_flow(sheet, way, parts, value)


def rename(sheet: Sheet, parts: Parts, new: str) -> list[Piece]:
    """Another key at an address that is there."""
    step = sheet.way(parts)[-1]
    key = step.entry.key
    assert key is not None
    if key.named:
        raise UnusualError
    unit = _flow_around(step)
    if unit is not None:
        here = parts[: len(unit.at) + 1]
        inside = parts[len(here) :]
        if laid_out(sheet, unit, here):
            return replaced(sheet, unit, here, _renamed(sheet.value(here), inside, new))
    elif step.entry.value.flow and laid_out(sheet, step, parts):
        return replaced(sheet, step, parts, sheet.value(parts), new)
    return [(key.start, key.end, yaml_text.scalar(new))]


def _flow_around(step: Step) -> Step | None:
    """The step of a block whose value is the flow collection that another step is in; None where it is in none."""
    around = step
    while around.holder.flow and around.above is not None:
        around = around.above
    return around if around is not step and not around.holder.flow else None


def changed_unit(sheet: Sheet, parts: Parts, edit: Callable[[Any, Parts], Any]) -> list[Piece] | None:
    """The flow collection around an address laid out anew with an edit of its plain value; None where a person laid it out."""
    unit = _flow_around(sheet.way(parts)[-1])
    if unit is None:
        return None
    here = parts[: len(unit.at) + 1]
    if not laid_out(sheet, unit, here):
        return None
    return replaced(sheet, unit, here, edit(deepcopy(sheet.value(here)), parts[len(here) :]))


def _first(sheet: Sheet, parts: Parts, value: Any) -> list[Piece]:
    """The first key of a file that has nothing but comments."""
    page = sheet.page
    lines = sheet.layout.lines((), parts[0], nested(parts[1:], value), comment=True)
    end = len(page.text)
    head = "" if not page.text or page.before(end) == "" else page.newline
    return [(end, end, head + "".join(line + page.newline for line in lines))]


def laid_out(sheet: Sheet, step: Step, here: Parts) -> bool:
    """Whether a key's value on its line is written as pipegen writes it."""
    entry, page = step.entry, sheet.page
    if entry.key is None or entry.colon is None or entry.value.named:
        return False
    lines = sheet.layout.lines(step.at, here[-1], sheet.value(here), comment=False)
    written = page.text[entry.colon : entry.value.end]
    return len(lines) == 1 and lines[0] == f"{yaml_text.scalar(here[-1])}:{written}"


def replaced(sheet: Sheet, step: Step, here: Parts, value: Any, key: str | None = None) -> list[Piece]:
    """Another value of a key of a block, or of an item of a list, and another key where one is given; comments on its line stay."""
    page, entry, old = sheet.page, step.entry, step.entry.value
    if old.named and old.block:
        raise UnusualError
    if entry.key is None or entry.colon is None:
        return [_item(page, step, value)]
    lines = sheet.layout.lines(step.at, here[-1] if key is None else key, value, comment=False)
    lines = sheet.indented(lines, page.column(entry.key.start), step.holder)
    name = yaml_text.scalar(here[-1] if key is None else key)
    inline, below = lines[0].lstrip(" ")[len(name) + 1 :], "".join(page.newline + line for line in lines[1:])
    renamed = [] if key is None else [(entry.key.start, entry.key.end, name)]
    if old.block:
        return [*renamed, *_block_replaced(page, entry, inline, below)]
    tail = _header_tail(page, old)
    if inline:
        gap = page.text[entry.colon : old.start] or " "
        return [*renamed, (entry.colon, old.end, gap + inline[1:] + tail)]
    line, end = page.line(entry.colon), page.end(page.line(old.end))
    behind = (tail or page.text[old.end : end]).rstrip(BLANK)
    if page.line(old.start) == line:
        return [*renamed, (entry.colon, end, behind + below)]
    comment = page.newline + page.before(entry.key.start) + behind.lstrip(" ") if behind else ""
    return [*renamed, (page.end(page.line(old.start) - 1), end, comment + below)]


def _block_replaced(page: Page, entry: Entry, inline: str, below: str) -> list[Piece]:
    """A block below a key is replaced: what is written on the key's line, and the lines below it."""
    assert entry.colon is not None
    first, last = page.line(entry.value.start), page.line(entry.value.end)
    if first == page.line(entry.colon):
        raise UnusualError
    body = (page.end(first - 1), page.end(last), below)
    return [(entry.colon, entry.colon, inline), body] if inline else [body]


def _header_tail(page: Page, old: Node) -> str:
    """The comment on the first line of a block scalar: it stays when the text below is replaced."""
    if old.style not in ("|", ">"):
        return ""
    comment = re.search(r"[ \t]+#.*", page.text[old.start : page.end(page.line(old.start))])
    return comment[0] if comment else ""


def _item(page: Page, step: Step, value: Any) -> Piece:
    """Another value of an item of a list, or of a key that has no colon."""
    old, text = step.entry.value, yaml_text.flow(value)
    if step.entry.key is not None:
        return (old.start, old.end, f": {text}")
    tail = _header_tail(page, old)
    if old.empty and page.text[old.start - 1 : old.start] == "-":
        text = f" {text}"
    return (old.start, old.end, text + tail)


def _in_flow(sheet: Sheet, way: list[Step], parts: Parts, value: Any) -> list[Piece]:
    """A value at an address inside a flow collection that a person laid out."""
    node = way[-1].entry.value if way else sheet.page.root
    assert node is not None
    rest = parts[len(way) :]
    if node.kind == "alias" or node.named:
        raise UnusualError
    if not rest or node.kind == "scalar":
        return [_flow_value(way[-1], nested(rest, value))]
    new = yaml_text.flow(nested(rest, value))[1:-1]
    if not node.entries:
        at = node.start + 1
        return [(at, at, new + (" " if sheet.page.text[at : at + 1] == "#" else ""))]
    index, after = neighbour(sheet.layout, node, parts[: len(way)], rest[0])
    entry = node.entries[index]
    if not after:
        return [(entry.start, entry.start, f"{new}, ")]
    space = " " if entry.value.empty and entry.colon is not None else ""
    return [(entry.end, entry.end, f"{space}, {new}")]


def _flow_value(step: Step, value: Any) -> Piece:
    entry = step.entry
    text = yaml_text.flow(value)
    if not entry.value.empty or entry.key is None:
        return (entry.value.start, entry.value.end, text)
    return (entry.end, entry.end, f"{' ' if entry.colon else ': '}{text}")


def _inserted(sheet: Sheet, node: Node, at: Parts, key: str, value: Any) -> list[Piece]:
    """A new key in a mapping of the block style."""
    page = sheet.page
    if node.kind != "mapping" or node.named or any(e.key is None or e.colon is None for e in node.entries):
        raise UnusualError
    column = page.column(node.entries[0].start)
    lines = sheet.indented(sheet.layout.lines(at, key, value, comment=True), column, node)
    index, after = neighbour(sheet.layout, node, at, key)
    entry = node.entries[index]
    apart = not at and sheet.layout.section(entry.text) != sheet.layout.section(key)
    blank = page.newline if apart else ""
    block = page.newline.join(lines)
    if after:
        end = page.extent(entry)
        line = page.line(end) + 1
        crowded = apart and line < page.lines and page.of_line(line).strip(BLANK)
        return [(end, end, page.newline + blank + block + (page.newline if crowded else ""))]
    if page.before(entry.start).strip(" "):  # behind the dash of a list
        return [(entry.start, entry.start, block.lstrip(" ") + page.newline + " " * column)]
    start = page.start(_above_comments(page, entry))
    return [(start, start, block + page.newline + blank)]


def _above_comments(page: Page, entry: Entry) -> int:
    """The line that an entry begins on, with the comments right above it; those at the head of the file are the file's."""
    line = page.line(entry.start)
    first = line
    while first > 0 and page.of_line(first - 1).strip(BLANK).startswith("#"):
        first -= 1
    return line if first == 0 else first


def _with(layout: Layout, old: Any, at: Parts, rest: Parts, value: Any) -> Any:
    """A plain value with another one put into it, each new key in its place."""
    if not rest:
        return value
    if isinstance(old, list):
        index = int(rest[0])
        return [*old[:index], _with(layout, old[index], (*at, rest[0]), rest[1:], value), *old[index + 1 :]]
    made = dict(old or {})
    if rest[0] in made:
        made[rest[0]] = _with(layout, made[rest[0]], (*at, rest[0]), rest[1:], value)
        return made
    items = list(made.items())
    entries = [Entry(None, Node("scalar", 0, 0), None, key) for key in made]
    index, after = neighbour(layout, Node("mapping", 0, 0, entries=entries), at, rest[0]) if entries else (0, False)
    items.insert(index + after, (rest[0], nested(rest[1:], value)))
    return dict(items)


def _renamed(old: Any, rest: Parts, new: str) -> Any:
    if isinstance(old, list):
        index = int(rest[0])
        return [*old[:index], _renamed(old[index], rest[1:], new), *old[index + 1 :]]
    if len(rest) == 1:
        return {new if key == rest[0] else key: value for key, value in old.items()}
    return {key: _renamed(value, rest[1:], new) if key == rest[0] else value for key, value in old.items()}
