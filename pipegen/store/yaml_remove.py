"""A key or an item is taken out of a YAML text, with the comments that belong to it and the comma or the line that it leaves."""

from __future__ import annotations

import re
from typing import Any

from pipegen.store.spec_layout import Parts
from pipegen.store.yaml_nodes import BLANK, Page
from pipegen.store.yaml_sheet import Piece, Sheet, Step, UnusualError
from pipegen.store.yaml_splice import changed_unit, replaced

_COMMA = re.compile(r"\s*,")


def remove(sheet: Sheet, parts: Parts) -> list[Piece]:
    """Take out what stands at an address that is there.

    Raises:
        UnusualError: it cannot be told what belongs to it.
    """
    page, step = sheet.page, sheet.way(parts)[-1]
    if step.holder.flow:
        anew = changed_unit(sheet, parts, _without)
        return anew if anew is not None else [_out_of_flow(page, step)]
    if len(step.holder.entries) > 1:
        return [_out_of_list(page, step) if step.entry.key is None else _out_of_block(page, step)]
    if step.above is not None:
        return replaced(sheet, step.above, parts[:-1], {} if step.holder.kind == "mapping" else [])
    if page.before(step.entry.start):
        raise UnusualError
    return [(step.entry.start, page.extent(step.entry), "{}")]


def _without(value: Any, rest: Parts) -> Any:
    node = value
    for part in rest[:-1]:
        node = node[int(part)] if isinstance(node, list) else node[part]
    del node[int(rest[-1]) if isinstance(node, list) else rest[-1]]
    return value


def _out_of_block(page: Page, step: Step) -> Piece:
    entry = step.entry
    first, end = page.line(entry.start), page.extent(entry)
    if not page.before(entry.start).strip(" "):
        return _lines_out(page, first, page.line(end))
    after = step.holder.entries[step.index + 1]  # behind the dash of a list stands the first of several
    if not page.text[end : after.start].strip(BLANK):
        return (entry.start, after.start, "")
    dash = page.start(first) + len(page.before(entry.start).rstrip(" "))
    return (dash, end, "")


def _out_of_list(page: Page, step: Step) -> Piece:
    """The lines of an item, from its dash on."""
    holder, entry = step.holder, step.entry
    column = page.column(holder.start)
    line = page.line(entry.value.start)
    first = page.line(step.holder.entries[step.index - 1].end) + 1 if step.index else page.line(holder.start)
    while line > first and page.of_line(line)[column : column + 1] != "-":
        line -= 1
    if holder.named or page.of_line(line)[: column + 1].strip(" ") != "-":
        raise UnusualError
    return _lines_out(page, line, page.line(page.extent(entry)))


def _lines_out(page: Page, first: int, last: int) -> Piece:
    """Whole lines, and of two blank ones that would meet the one before."""
    if first and not page.of_line(first - 1).strip(BLANK) and not _written(page, last + 1):
        first -= 1
    return (page.start(first), page.start(last + 1), "")


def _written(page: Page, line: int) -> bool:
    return line < page.lines and bool(page.of_line(line).strip(BLANK))


def _out_of_flow(page: Page, step: Step) -> Piece:
    text, entry, entries = page.text, step.entry, step.holder.entries
    comma = _COMMA.match(text, entry.end)
    end = comma.end() if comma else entry.end
    if step.index + 1 < len(entries):
        after = entries[step.index + 1].start
        if not comma or "#" in text[entry.end : end]:
            raise UnusualError
        if not text[end:after].strip(" \t"):
            return (entry.start, after, "")
    elif step.index and not re.search("[\n\r#]", text[entries[step.index - 1].end : entry.start]):
        return (entries[step.index - 1].end, entry.end, "")
    line = page.end(page.line(end))
    rest = text[end:line].strip(BLANK)
    if not page.before(entry.start).strip(" \t") and (not rest or rest.startswith("#")):
        return (page.start(page.line(entry.start)), page.start(page.line(end) + 1), "")
    return (entry.start, end, "")
