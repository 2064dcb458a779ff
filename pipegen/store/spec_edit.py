"""Edits of pipegen.yml and ``sources/NAME.yml`` where they stand: every byte that an edit does not concern stays as it is.

What comes out is parsed again and compared with the same edits of the plain values, so that no file is ever wrong: one that is
too unusual (anchors, tags) is refused, with what to write by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import yaml

from pipegen.core import yaml_text
from pipegen.core.errors import Problem, SpecError, UsageError
from pipegen.core.names import shorten
from pipegen.core.spec import address
from pipegen.store import yaml_file
from pipegen.store.spec_layout import Parts, layout_of, nested
from pipegen.store.yaml_nodes import page
from pipegen.store.yaml_remove import remove
from pipegen.store.yaml_sheet import Piece, Sheet, UnusualError
from pipegen.store.yaml_splice import put, rename

BOM = "\ufeff"


@dataclass(frozen=True)
class Put:
    """A value at an address; the mappings on the way are made where they are missing."""

    parts: Parts
    value: Any


@dataclass(frozen=True)
class Rename:
    """Another key at an address; its value, its place and its comments stay."""

    parts: Parts
    new: str


@dataclass(frozen=True)
class Remove:
    """No key at an address any more, nor its value, nor the comments that belong to it."""

    parts: Parts


Edit = Put | Rename | Remove


def edited(raw: bytes, changes: Sequence[Edit], name: str = "pipegen.yml") -> bytes:
    """The bytes of a YAML mapping with edits made one after the other; digits in an address count the items of a list.

    Raises:
        SpecError: the file is no YAML mapping, or one in which an edit cannot be made; where, and what to write by hand.
        UsageError: an address that is not there, that leads through a value, or that is taken.
    """
    document = yaml_file.parse(raw, name)
    text = raw.decode("utf-8").removeprefix(BOM)
    for run in _independent(changes):
        try:
            text, document = _made(text, document, run)
        except SpecError:
            if len(run) == 1:
                raise
            for change in run:  # says which of them cannot be made
                text, document = _made(text, document, [change])
    return ((BOM if raw.startswith(BOM.encode()) else "") + text).encode()


def with_edits(values: dict[str, Any], changes: Sequence[Edit]) -> dict[str, Any]:
    """Plain values with the same edits; those that were given stay as they are.

    Raises:
        UsageError: as :func:`edited` has it.
    """
    made = deepcopy(values)
    for change in changes:
        _make(made, change)
    return made


def _independent(changes: Sequence[Edit]) -> Iterator[list[Edit]]:
    """The edits in runs of which none concerns what another one does, so that they are made at once."""
    run: list[Edit] = []
    touched: set[Parts] = set()
    above: set[Parts] = set()
    for change in changes:
        parts = _parts(change)
        ours = [parts, (*parts[:-1], change.new)] if isinstance(change, Rename) else [parts]
        if any(at in above or not touched.isdisjoint(_prefixes(at)) for at in ours):
            yield run
            run, touched, above = [], set(), set()
        run.append(change)
        touched.update(ours)
        above.update(prefix for at in ours for prefix in _prefixes(at))
    if run:
        yield run


def _parts(change: Edit) -> Parts:
    """An edit's address, a decision's id in it as one part."""
    return tuple(address.of_decision(list(change.parts)))


def _prefixes(parts: Parts) -> list[Parts]:
    return [parts[:n] for n in range(1, len(parts) + 1)]


def _make(values: dict[str, Any], change: Edit) -> None:
    """An edit of plain values."""
    if isinstance(change, Put):
        address.put(values, list(change.parts), deepcopy(change.value))
        return
    node: Any = values
    parts = _parts(change)
    for part in parts[:-1]:
        node = _child(node, part, parts)
    last = parts[-1]
    _child(node, last, parts)
    if isinstance(change, Remove):
        del node[int(last) if isinstance(node, list) else last]
        return
    if isinstance(node, list):
        raise UsageError(f"`{_shown(parts)}` is an item of a list, which has no name")
    if change.new in node and change.new != last:
        raise UsageError(f"`{_shown((*parts[:-1], change.new))}` is there already", hint="choose another name")
    items = [(change.new if key == last else key, value) for key, value in node.items()]
    node.clear()
    node.update(items)


def _child(node: Any, part: str, parts: Parts) -> Any:
    if isinstance(node, dict) and part in node:
        return node[part]
    if isinstance(node, list) and part.isascii() and part.isdigit() and int(part) < len(node):
        return node[int(part)]
    raise UsageError(f"`{_shown(parts)}` is not there")


def _made(text: str, document: yaml_file.Document, run: Sequence[Edit]) -> tuple[str, yaml_file.Document]:
    """The text with edits that do not concern each other, and what it says then."""
    before = document.values
    after = with_edits(before, run)
    if _same(before, after):
        return text, document
    try:
        sheet = Sheet(page(text), before, layout_of(before))
        made = _put_in(text, [piece for change in run for piece in _pieces(sheet, change, after)])
        found = yaml_file.parse(made.encode(), document.name)
    except (UnusualError, yaml.YAMLError, SpecError) as error:
        raise _refusal(run[0], document) from error
    if not _same(found.values, after):
        raise _refusal(run[0], document)
    return made, found


def _pieces(sheet: Sheet, change: Edit, after: dict[str, Any]) -> list[Piece]:
    parts = _parts(change)
    match change:
        case Put():
            value = Sheet(sheet.page, after, sheet.layout).value(parts)
            there = len(sheet.way(parts)) == len(parts)
            return [] if there and _same(sheet.value(parts), value) else put(sheet, parts, value)
        case Rename():
            return rename(sheet, parts, change.new)
        case Remove():
            return remove(sheet, parts)


def _put_in(text: str, pieces: Sequence[Piece]) -> str:
    made, at, last = [], 0, (-1, -1)
    for start, end, new in sorted(pieces, key=lambda piece: piece[:2]):
        if start < at or (start, end) == last:
            raise UnusualError
        made += [text[at:start], new]
        at, last = end, (start, end)
    return "".join([*made, text[at:]])


def _refusal(change: Edit, document: yaml_file.Document) -> SpecError:
    """That a file cannot be edited in place, where, and what to write by hand."""
    match change:
        case Put():
            hint = f"write it by hand: `{shorten(yaml_text.flow(nested(change.parts, change.value))[1:-1], 200)}`"
        case Rename():
            hint = f"by hand: write `{shorten(yaml_text.scalar(change.new))}` in place of `{shorten(change.parts[-1])}`"
        case Remove():
            hint = "take it out by hand"
    message = f"`{_shown(change.parts)}` cannot be edited here: an anchor, a tag or an unusual layout is in the way"
    return SpecError([Problem(message, document.locate(change.parts) or document.name, hint)])


def _shown(parts: Parts) -> str:
    return shorten(address.text(list(parts)), 200)


def _same(one: Any, other: Any) -> bool:
    """Equal, and of equal types: `1`, `1.0` and `true` are three values."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_same(a, b) for a, b in zip(one, other, strict=True))
    return type(one) is type(other) and (one == other or (one != one and other != other))
