"""Edits of pipegen.yml where they stand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipegen.core import yaml_text
from pipegen.core.errors import UsageError
from pipegen.core.spec import write
from pipegen.core.spec.load import load
from pipegen.store import yaml_file
from pipegen.store.spec_edit import Put, Remove, Rename, edited

FILE = """\
# yaml-language-server: $schema=.pipegen/schema.json
version: 1
name: shop  # ours
catalog: "1.0"   # pinned

# what holds
defaults:
    freshness: 1h
    # the DBA says so
    lateness: 2h   # at night

sources:
  shop_db: {kind: sqlite, path: ../shop.db, tables: {orders: {}}}
  files:
    kind: files
    path: './data/*.csv'
    tables:
      returns:
      clicks: {key: [id, "at"]}  # two

answers: {dbt: {threads: 4}}
blueprints:
  - {source: ../audit, answers: {team: x}}
  - source: ../other
    ref: v1
"""


def changed(*changes: Put | Rename | Remove, text: str = FILE) -> dict[str, tuple[str, str]]:
    """The lines that differ, by number: before and after; where lines were put in or taken out, all after them."""
    made = edited(text.encode(), changes).decode()
    before, after = text.splitlines(), made.splitlines()
    width = max(len(before), len(after))
    pairs = zip(before + [""] * (width - len(before)), after + [""] * (width - len(after)), strict=True)
    return {str(n): pair for n, pair in enumerate(pairs, 1) if pair[0] != pair[1]}


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        (Put(("catalog",), "1.1"), 'catalog: "1.0"   # pinned', 'catalog: "1.1"   # pinned'),
        (Put(("defaults", "lateness"), "3h"), "    lateness: 2h   # at night", "    lateness: 3h   # at night"),
        (
            Put(("sources", "files", "tables", "returns", "key"), ["id"]), "      returns:", "      returns: {key: [id]}",
        ),
        (
            Put(("sources", "shop_db", "freshness"), "5m"),
            "  shop_db: {kind: sqlite, path: ../shop.db, tables: {orders: {}}}",
            "  shop_db: {kind: sqlite, path: ../shop.db, tables: {orders: {}}, freshness: 5m}",
        ),
        (
            Put(("sources", "shop_db", "tables", "orders", "key"), ["id"]),
            "  shop_db: {kind: sqlite, path: ../shop.db, tables: {orders: {}}}",
            "  shop_db: {kind: sqlite, path: ../shop.db, tables: {orders: {key: [id]}}}",
        ),
        (Rename(("answers", "dbt", "threads"), "model_threads"), "answers: {dbt: {threads: 4}}", "answers: {dbt: {model_threads: 4}}"),
        (
            Rename(("sources", "files", "tables", "clicks"), "hits"),
            '      clicks: {key: [id, "at"]}  # two', '      hits: {key: [id, "at"]}  # two',
        ),
        (Put(("blueprints", "1", "ref"), "v2"), "    ref: v1", "    ref: v2"),
        (
            Put(("blueprints", "0", "ref"), "v2"),
            "  - {source: ../audit, answers: {team: x}}", "  - {source: ../audit, answers: {team: x}, ref: v2}",
        ),
        (Remove(("blueprints", "0", "answers", "team")),
            "  - {source: ../audit, answers: {team: x}}", "  - {source: ../audit, answers: {}}"),
        (Put(("sources", "files", "path"), "a: b"), "    path: './data/*.csv'", '    path: "a: b"'),
    ],
)  # fmt: skip
def test_one_line_changes(change: Put | Rename | Remove, before: str, after: str) -> None:
    assert list(changed(change).values()) == [(before, after)]


def test_lines_are_put_in_and_taken_out() -> None:
    made = edited(FILE.encode(), [Put(("defaults", "history"), "scd2"), Remove(("defaults", "freshness"))]).decode()
    assert (
        "defaults:\n    # the DBA says so\n    lateness: 2h   # at night\n    history: scd2  # none | scd2 | daily\n\nsources:"
        in made
    )
    made = edited(FILE.encode(), [Put(("slo", "freshness"), "95%")]).decode()
    assert made.replace("slo: {freshness: 95%}\n\n", "") == FILE.replace("answers", "answers")
    assert made.index("slo:") < made.index("answers:")
    made = edited(FILE.encode(), [Put(("sources", "files", "tables", "new"), {"key": ["id"]})]).decode()
    assert made == FILE.replace("  # two\n", "  # two\n      new: {key: [id]}\n")
    made = edited(
        FILE.encode(), [Put(("sources", "api"), {"kind": "files", "path": "x", "tables": {"a": {}}})]
    ).decode()
    assert "  # two\n  api:\n    kind: files\n    path: x\n    tables:\n      a: {}\n\nanswers" in made
    made = edited(FILE.encode(), [Remove(("sources", "files"))]).decode()
    assert "orders: {}}}\n\nanswers:" in made
    made = edited(FILE.encode(), [Remove(("sources", "files", "tables"))]).decode()
    assert "    path: './data/*.csv'\n\nanswers" in made


def test_a_block_becomes_a_value_and_back() -> None:
    made = edited(FILE.encode(), [Put(("defaults",), {}), Put(("catalog",), "next")]).decode()
    assert "# what holds\ndefaults: {}\n\nsources" in made
    back = edited(made.encode(), [Put(("defaults", "freshness"), "1h")]).decode()
    assert "# what holds\ndefaults:\n  freshness: 1h  # p95 age of the data when it is read\n\nsources" in back
    made = edited(
        FILE.encode(),
        [Remove(("sources", "files", "tables", "returns")), Remove(("sources", "files", "tables", "clicks"))],
    )
    assert b"    tables: {}\n" in made


def test_line_endings_and_the_byte_order_mark_stay() -> None:
    raw = b"\xef\xbb\xbf" + FILE.replace("\n", "\r\n").encode()
    made = edited(raw, [Put(("slo", "window"), "7d"), Put(("catalog",), "1.1")])
    assert made.startswith(b"\xef\xbb\xbf#")
    assert made.count(b"\n") == made.count(b"\r\n") == FILE.count("\n") + 2


@pytest.mark.parametrize("text", ["", "# nothing\n", "a: 1", "a: 1\n"])
def test_small_files(text: str) -> None:
    assert yaml_file.parse(edited(text.encode(), [Put(("x", "y"), 1)]), "f").values["x"] == {"y": 1}


@pytest.mark.parametrize(
    ("text", "change", "says"),
    [
        (FILE, Put(("name", "x"), 1), "`name` is a value, so `name.x` cannot be set"),
        (FILE, Rename(("names",), "x"), "`names` is not there"),
        (FILE, Remove(("blueprints", "7")), "`blueprints.7` is not there"),
        (FILE, Rename(("blueprints", "0"), "x"), "is an item of a list"),
        ("a: &x {b: 1}\nc: *x\n", Put(("a", "b"), 2), "cannot be edited in it"),
    ],
)
def test_what_cannot_be_edited_is_refused(text: str, change: Put | Rename | Remove, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        edited(text.encode(), [change])


@pytest.mark.parametrize("catalog", ["1.0", "1.10", "next"])
def test_an_edited_file_is_what_a_new_one_would_be(catalog: str) -> None:
    values: dict[str, Any] = {
        "name": "shop", "catalog": "1.0", "sources": {"s": {"kind": "sample"}}, "answers": {"dbt": {"threads": 4}},
    }  # fmt: skip
    text = write.text(load(values)).encode()
    answers = {"dbt": {"model_threads": 4}}
    made = edited(text, [Put(("catalog",), catalog), Rename(("answers", "dbt", "threads"), "model_threads")])
    assert made == write.text(load({**values, "catalog": catalog, "answers": answers})).encode()


KEYS = st.sampled_from(["a", "b", "c-d", "e f", "1", "no", "ü"])
SCALARS = st.one_of(
    st.sampled_from(["x", "1h", "1.0", "a: b", "# c", "yes", "", "it's", "a, b", "{", "ü\n"]),
    st.integers(),
    st.booleans(),
    st.none(),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.dictionaries(KEYS, inner, max_size=3) | st.lists(SCALARS, max_size=3), max_leaves=8
)


@st.composite
def files(draw: st.DrawFn) -> str:
    """A file as people write it: block or flow, comments, blank lines."""
    lines = []
    for key, value in draw(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4)).items():
        if draw(st.booleans()):
            lines += draw(st.sampled_from([["# a comment"], [""], ["", "# another", ""]]))
        style = draw(st.sampled_from([frozenset(), frozenset({(key,), (key, "*"), (key, "*", "*")})]))
        lines += yaml_text.dump({key: value}, {(key,): "why"} if draw(st.booleans()) else {}, block=style).splitlines()
    return "\n".join(lines) + draw(st.sampled_from(["\n", "", "\n\n# the end\n"]))


@given(files(), st.data())
def test_values_are_as_asked_and_no_comment_is_lost(text: str, data: st.DataObject) -> None:
    values = yaml_file.parse(text.encode(), "f").values
    at: list[str] = []
    node: Any = values
    while isinstance(node, dict) and node and (not at or data.draw(st.booleans())):
        at.append(data.draw(st.sampled_from(sorted(node))))
        node = node[at[-1]]
    more = data.draw(st.lists(KEYS, max_size=2)) if node is None or isinstance(node, dict) else []
    change = data.draw(
        st.sampled_from([Put((*at, *more), data.draw(VALUES)), Remove(tuple(at)), Rename(tuple(at), "new")])
    )
    try:
        made = edited(text.encode(), [change]).decode()
    except UsageError as error:
        raise AssertionError(f"{change} in {text!r}: {error}") from None
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert [line for line in made.splitlines() if line.startswith("#")] == comments
