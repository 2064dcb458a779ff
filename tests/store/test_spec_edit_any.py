"""Edits of any YAML that people write: the values are as asked, no other line changes, no comment is lost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipegen.store import yaml_file, yaml_nodes
from pipegen.store.spec_edit import Edit, Put, Remove, Rename, edited, with_edits
from tests.store.yaml_texts import KEYS, VALUES, Written, written


@pytest.fixture(params=["CSafeLoader", "SafeLoader"], autouse=True)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers of PyYAML, whose marks differ."""
    monkeypatch.setattr(yaml_nodes, "_Loader", getattr(yaml, request.param))


@st.composite
def edits(draw: st.DrawFn, file: Written) -> Edit:
    """An edit at any address of the file, or below one."""
    at: list[str] = []
    node: Any = file.values
    while isinstance(node, dict | list) and node and (not at or draw(st.booleans())):
        keys = list(node) if isinstance(node, dict) else [str(i) for i in range(len(node))]
        at.append(draw(st.sampled_from(keys)))
        node = node[at[-1]] if isinstance(node, dict) else node[int(at[-1])]
    parts = tuple(at)
    if isinstance(node, dict) or node is None:
        more = tuple(draw(st.lists(KEYS, max_size=2)))
        if node and more and not isinstance(node.get(more[0]), dict | None):
            more = more[:1]
        if node is None and isinstance(_value(file.values, parts[:-1]), list):
            more = ()
        return draw(st.sampled_from([Put((*parts, *more), draw(VALUES)), Remove(parts)]))
    renamed = not parts[-1].isdigit() or isinstance(_value(file.values, parts[:-1]), dict)
    return draw(
        st.sampled_from([Put(parts, draw(VALUES)), Remove(parts), *([Rename(parts, "new name")] if renamed else [])])
    )


def _value(values: Any, parts: Sequence[str]) -> Any:
    for part in parts:
        values = values[int(part)] if isinstance(values, list) else values[part]
    return values


def subsequence(these: list[str], those: list[str]) -> bool:
    rest = iter(those)
    return all(any(line == other for other in rest) for line in these)


@settings(max_examples=400)
@given(written(), st.data())
def test_an_edit_changes_what_it_concerns_and_nothing_else(file: Written, data: st.DataObject) -> None:
    raw = file.text.encode()
    assert yaml_file.parse(raw, "f").values == file.values, "the test writes what it means to"
    change = data.draw(edits(file))
    made = edited(raw, [change]).decode()
    wanted = with_edits(file.values, [change])
    assert yaml_file.parse(made.encode(), "f").values == wanted
    assert made.startswith("\ufeff") == file.text.startswith("\ufeff")
    if "\r\n" in file.text:
        assert "\n" not in made.replace("\r\n", "")
    there = next(change.parts[:n] for n in range(len(change.parts), -1, -1) if n == 0 or change.parts[:n] in file.spans)
    first, last = file.spans.get(there, (len(file.lines), len(file.lines)))
    inserted = len(there) < len(change.parts)
    if isinstance(change, Remove) and len(_value(file.values, there[:-1])) == 1 and len(there) > 1:
        first, last = file.spans[there[:-1]]  # an empty mapping is left
    lines = file.lines
    of_mapping = bool(there) and isinstance(_value(file.values, there[:-1]), dict)
    if isinstance(change, Remove) and of_mapping and lines[first].lstrip(" ").startswith("- "):
        beside = [at for parts, (at, _) in file.spans.items() if parts[:-1] == there[:-1] and at > first]
        last = min(beside, default=last)  # the next key takes the place behind the dash
    if isinstance(change, Remove) and not of_mapping:  # comments that are indented below the dash go with the item
        dash = len(lines[first]) - len(lines[first].lstrip(" "))
        while last + 1 < len(lines) and re.match(rf" {{{dash + 1},}}#|\s*$", lines[last + 1]):
            last += 1
    kept = [line for n, line in enumerate(lines) if not first <= n <= last]
    after = made.removeprefix("\ufeff").split(file.newline)
    if isinstance(change, Remove):
        kept, after = [line for line in kept if line.strip()], [line for line in after if line.strip()]
    assert subsequence([line for line in kept if line], after), (change, file.text, made)
    if (
        inserted
        or isinstance(change, Rename)
        or (isinstance(change, Put) and not isinstance(_value(file.values, there), dict | list))
    ):
        assert comments(file.text) == comments(made), (change, file.text, made)


def comments(text: str) -> list[str]:
    return re.findall(r"# c\d+:", text)
