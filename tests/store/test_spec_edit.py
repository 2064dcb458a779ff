"""Edits of pipegen.yml where they stand."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from pipegen.core.errors import SpecError, UsageError
from pipegen.core.spec import template, write
from pipegen.core.spec.load import load
from pipegen.store import yaml_file, yaml_nodes
from pipegen.store.spec_edit import Edit, Put, Remove, Rename, edited


@pytest.fixture(params=["CSafeLoader", "SafeLoader"], autouse=True)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers of PyYAML, whose marks differ."""
    monkeypatch.setattr(yaml_nodes, "_Loader", getattr(yaml, request.param))


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
            "  shop_db: {kind: sqlite, path: ../shop.db, freshness: 5m, tables: {orders: {}}}",
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
            "  - {source: ../audit, answers: {team: x}}", "  - {source: ../audit, ref: v2, answers: {team: x}}",
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


UNUSUAL = "an anchor, a tag or an unusual layout is in the way"
HELD = "a: &x {b: 1}\nc: *x\n"


@pytest.mark.parametrize(
    ("text", "change", "says", "hint"),
    [
        (FILE, Put(("name", "x"), 1), "`name` is a value, so `name.x` cannot be set", None),
        (FILE, Put(("blueprints", "2", "ref"), 1), "the list has 2 items, counted from 0", None),
        (FILE, Rename(("names",), "x"), "`names` is not there", None),
        (FILE, Rename(("name",), "version"), "`version` is there already", "choose another name"),
        (FILE, Remove(("blueprints", "7")), "`blueprints.7` is not there", None),
        (FILE, Rename(("blueprints", "0"), "x"), "is an item of a list", None),
        (HELD, Put(("a", "b"), 2), f"f:1: `a.b` cannot be edited here: {UNUSUAL}", "write it by hand: `a: {b: 2}`"),
        (HELD, Put(("c", "b"), 2), f"f:2: `c.b` cannot be edited here: {UNUSUAL}", "write it by hand: `c: {b: 2}`"),
        (HELD, Rename(("a", "b"), "d"), UNUSUAL, "by hand: write `d` in place of `b`"),
        (HELD, Remove(("a", "b")), UNUSUAL, "take it out by hand"),
        (HELD, Remove(("a",)), UNUSUAL, "take it out by hand"),
        ("a: !!map\n  b: 1\n", Put(("a", "c"), 2), UNUSUAL, "write it by hand: `a: {c: 2}`"),
        ("? a\n: b: 1\n", Put(("a",), {"b": 2}), UNUSUAL, "write it by hand: `a: {b: 2}`"),
        ("a: 1\n---\nb: 2\n", Put(("a",), 2), "f:2: there are several documents here", "keep one"),
        ("a: [1\n", Put(("a",), 2), "this is no YAML", None),
    ],
)
def test_what_cannot_be_edited_is_refused(text: str, change: Edit, says: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as found:
        edited(text.encode(), [change], "f")
    assert says in str(found.value)
    assert hint is None or [p.hint for p in found.value.problems()] == [hint]


@pytest.mark.parametrize(
    ("text", "change", "wanted"),
    [
        (HELD, Put(("c",), 2), "a: &x {b: 1}\nc: 2\n"),
        (HELD, Rename(("c",), "d"), "a: &x {b: 1}\nd: *x\n"),
        (HELD, Put(("d",), 2), "a: &x {b: 1}\nc: *x\nd: 2\n"),
        ("a: !!str 1  # c\n", Put(("a",), 1), "a: 1  # c\n"),
    ],
)
def test_an_anchor_or_a_tag_that_is_not_in_the_way_is_none(text: str, change: Edit, wanted: str) -> None:
    assert edited(text.encode(), [change]).decode() == wanted


def test_what_is_that_way_already_is_not_touched() -> None:
    odd = b'a:   "x"\nb: {c:  1 , d: [ 1,2 ]}\n'
    assert edited(odd, [Put(("a",), "x"), Put(("b", "d"), [1, 2]), Put(("b",), {"d": [1, 2], "c": 1})]) == odd
    assert edited(b"a: 1\n", [Put(("a",), True)]) == b"a: true\n", "of another type it is another value"
    assert edited(b"a: 1\n", [Put(("a",), "1")]) == b'a: "1"\n'


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [  # a trailing comment stays on its line, an aligned value where it is aligned
        ("a:    1   # c\n", Put(("a",), 22), "a:    22   # c\n"),
        ("a:   # c\nb: 1\n", Put(("a",), 2), "a: 2   # c\nb: 1\n"),
        ("a:   # c\nb: 1\n", Put(("a", "x", "z"), 2), "a: {x: {z: 2}}   # c\nb: 1\n"),
        ("a: |  # c\n  one\n  two\n\nb: 1\n", Put(("a",), "x"), "a: x  # c\n\nb: 1\n"),
        ("a: >-\n    one\n  # c\nb: 1\n", Put(("a",), {"x": 1}), "a: {x: 1}\n  # c\nb: 1\n"),
        ("a: |+\n  one\n\nb: 1\n", Put(("c",), 2), "a: |+\n  one\n\nb: 1\nc: 2\n"),
        ("a: one\n  two\nb: 1\n", Put(("a",), 2), "a: 2\nb: 1\n"),
        ("a:\n  # c\n  'x'  # d\nb: 1\n", Put(("a",), 2), "a:\n  # c\n  2  # d\nb: 1\n"),
        ("a:  # c\n- 1  # d\n- 2\nb: 1\n", Put(("a", "0"), 3), "a:  # c\n- 3  # d\n- 2\nb: 1\n"),
        ("a:\n  - x: 1  # c\n    y: 2\n", Put(("a", "0"), 3), "a:\n  - 3\n"),
        ("a:\n  -\n  - 2\n", Put(("a", "0"), 3), "a:\n  - 3\n  - 2\n"),
        ("a:  # c\n  x: 1\n  # d\nb: 1\n", Put(("a",), 2), "a: 2  # c\n  # d\nb: 1\n"),
        # into a flow mapping, however it is written
        ("{a: 1, b: 2}\n", Put(("c",), 3), "{a: 1, b: 2, c: 3}\n"),
        ("a: {b: {c}, d: }\n", Put(("a", "b", "c"), 1), "a: {b: {c: 1}, d: }\n"),
        ("a: {b: {c}, d: }\n", Put(("a", "d"), 1), "a: {b: {c}, d: 1 }\n"),
        ("a: { b: 1, }\n", Put(("a", "c"), 2), "a: { b: 1, c: 2, }\n"),
        ("a: {\n  b: 1,  # c\n  d: 2  # e\n}\n", Put(("a", "f"), 3), "a: {\n  b: 1,  # c\n  d: 2, f: 3  # e\n}\n"),
        ("a: {}  # c\n", Put(("a", "b"), 1), "a: {b: 1}  # c\n"),
        ("a: []\n", Put(("a",), {"b": 1}), "a: {b: 1}\n"),
        ('a: {"b":1}\n', Put(("a", "b"), 2), 'a: {"b":2}\n'),
        # what is taken out takes its own comments with it, and no other
        ("# a\na: 1  # c\n  # its own\n# b\nb: 2\n", Remove(("a",)), "# a\n# b\nb: 2\n"),
        ("a: 1\n\nb: 2\n\nc: 3\n", Remove(("b",)), "a: 1\n\nc: 3\n"),
        ("a: 1\n\nb: 2\n", Remove(("b",)), "a: 1\n"),
        ("a:  # c\n  b: 1\nd: 2\n", Remove(("a", "b")), "a: {}  # c\nd: 2\n"),
        ("a: 1  # c\n", Remove(("a",)), "{}\n"),
        ("a:\n- 1  # c\n# d\n- 2\n", Remove(("a", "0")), "a:\n# d\n- 2\n"),
        ("a:\n  - x: 1\n    # c\n    y: 2\n", Remove(("a", "0", "x")), "a:\n  -\n    # c\n    y: 2\n"),
        ("a:\n  - x: 1\n    y: 2\n", Remove(("a", "0", "x")), "a:\n  - y: 2\n"),
        ("a: {\n  b: 1,  # c\n  d: 2,  # e\n}\n", Remove(("a", "b")), "a: {\n  d: 2,  # e\n}\n"),
        ("a: [1,2,  3]\n", Remove(("a", "1")), "a: [1,3]\n"),
        ("a: [1,2,  3]\n", Remove(("a", "2")), "a: [1,2]\n"),
        # by the indentation that is used
        ("a:\n    b: 1\n", Put(("c",), {"d": {"e": {"f": {"g": 1}}}}), "a:\n    b: 1\nc:\n    d:\n        e: {f: {g: 1}}\n"),
        ("a:\n - b:\n     c: 1\n", Put(("a", "0", "d"), [1]), "a:\n - b:\n     c: 1\n   d: [1]\n"),
        ("--- # c\na: 1\n...\n", Put(("b",), 2), "--- # c\na: 1\nb: 2\n...\n"),
        ("a: 1", Put(("b",), 2), "a: 1\nb: 2"),
    ],
)  # fmt: skip
def test_an_edit_in_the_style_of_the_file(before: str, change: Edit, after: str) -> None:
    made = edited(before.encode(), [change]).decode()
    assert made == after
    crlf = edited(before.replace("\n", "\r\n").encode(), [change]).decode()
    assert crlf == (after.replace("\n", "\r\n") if "\n" in before else after)


def test_each_section_comes_where_a_new_file_has_it() -> None:
    text = "# head\nname: shop\n\nsources:\n  s: {kind: sample}\n\n# the last\nblueprints:\n  - {source: x}\n"
    values = {
        "version": 1, "catalog": "next", "defaults": {"freshness": "1h"}, "marts": {}, "slo": {"window": "7d"},
        "destination": {"kind": "duckdb"}, "ci": "none", "overrides": {"s.mode": {"choice": "batch"}}, "answers": {"dbt": {"threads": 2}},
    }  # fmt: skip
    made = edited(text.encode(), [Put((key,), value) for key, value in reversed(values.items())]).decode()
    keys = [line.partition(":")[0] for line in made.splitlines() if not line.startswith(("#", " ")) or not line]
    assert keys == [
        "version", "name", "catalog", "", "defaults", "", "sources", "", "marts", "", "destination", "slo", "ci", "",
        "overrides", "", "answers", "blueprints",
    ]  # fmt: skip
    assert made.startswith("# head\nversion: 1\nname: shop\n")
    assert "\n# the last\nblueprints:\n  - {source: x}\n" in made
    tight = edited(b"name: shop\nsources: {}\nci: none\n", [Put(("marts",), {})]).decode()
    assert tight == "name: shop\nsources: {}\n\nmarts: {}\n\nci: none\n"


def test_a_mapping_that_no_longer_fits_on_its_line_is_unfolded_and_one_that_a_person_laid_out_is_not() -> None:
    long = "a" * 80
    raw = f"sources:\n  s:\n    tables:\n      orders: {{key: [{long}]}}  # mine\n      other: {{key:  [{long}]}}\n".encode()
    made = edited(raw, [Put(("sources", "s", "tables", name, "freshness"), "1h") for name in ("orders", "other")])
    assert made.decode() == (
        f"sources:\n  s:\n    tables:\n      orders:  # mine\n        key: [{long}]\n        freshness: 1h\n"
        f"      other: {{key:  [{long}], freshness: 1h}}\n"
    )


def test_a_file_of_measurements_is_laid_out_as_the_probe_does() -> None:
    raw = b"# kept\nversion: 1\nserver: {kind: sqlite}\ntables:\n  orders:\n    columns:\n      id: {type: bigint}  # kept too\n"
    table = {
        "rows": {"value": 3},
        "columns": {"id": {"type": "bigint"}},
        "foreign_keys": [{"columns": ["a"], "to": "b", "at": ["c"]}],
    }
    made = edited(
        raw, [Put(("tables", "lines"), table), Put(("tables", "orders", "key"), {"columns": ["id"], "how": "x"})]
    )
    lines = (
        b"  lines:\n    rows: {value: 3}\n    columns:\n      id: {type: bigint}\n"
        b"    foreign_keys:\n      - {columns: [a], to: b, at: [c]}\n"
    )
    assert made == raw.replace(b"    columns", b"    key: {columns: [id], how: x}\n    columns") + lines


def test_a_repository_of_a_template_is_laid_out_as_a_new_one() -> None:
    values: dict[str, Any] = {"name": "x", "blueprints": [{"source": "../t", "answers": {"a": "1"}}]}
    after = {
        **values,
        "blueprints": [{"source": "../t", "ref": "v1", "answers": {"a": "2"}, "drawn": {"seed": "ab" * 8}}],
    }
    changes = [
        Put(("blueprints", "0", "drawn"), {"seed": "ab" * 8}),
        Put(("blueprints", "0", "answers", "a"), "2"),
        Put(("blueprints", "0", "ref"), "v1"),
    ]
    made = edited(template.text(template.load(values)).encode(), changes)
    assert made.decode() == template.text(template.load(after))


def test_many_edits_are_made_at_once_or_one_after_the_other() -> None:
    raw = ("overrides:\n" + "".join(f"  s.t{n}.extract: {{choice: full}}  # {n}\n" for n in range(300))).encode()
    made = edited(raw, [Rename(("overrides", f"s.t{n}.extract"), f"x.t{n}.extract") for n in range(300)])
    assert made == raw.replace(b"  s.", b"  x.")
    items = b"a:\n  - 1\n  - 2\n  - 3\n"
    assert edited(items, [Remove(("a", "0")), Remove(("a", "0")), Put(("a", "0"), 9)]) == b"a:\n  - 9\n"
    assert edited(b"a: {b: 1, c: 2}\n", [Remove(("a", "b")), Remove(("a", "c")), Put(("d",), 1)]) == b"a: {}\nd: 1\n"
    moved = [Rename(("a",), "b"), Put(("b", "x"), 1), Rename(("b", "x"), "z"), Put(("c",), 1), Put(("b", "z"), 2)]
    assert edited(b"a:  # kept\n", moved) == b"b: {z: 2}  # kept\nc: 1\n"


def test_with_one_edit_that_cannot_be_made_it_is_the_one_that_is_said() -> None:
    with pytest.raises(SpecError) as found:
        edited(b"a: 1\nb: &x {c: 1}\nd: *x\n", [Put(("a",), 2), Put(("b", "c"), 2), Put(("e",), 1)], "f")
    assert [p.where for p in found.value.problems()] == ["f:2"]


@pytest.mark.parametrize("catalog", ["1.0", "1.10", "next"])
def test_an_edited_file_is_what_a_new_one_would_be(catalog: str) -> None:
    values: dict[str, Any] = {
        "name": "shop", "catalog": "1.0", "sources": {"s": {"kind": "sample"}}, "answers": {"dbt": {"threads": 4}},
    }  # fmt: skip
    text = write.text(load(values)).encode()
    answers = {"dbt": {"model_threads": 4}}
    made = edited(text, [Put(("catalog",), catalog), Rename(("answers", "dbt", "threads"), "model_threads")])
    assert made == write.text(load({**values, "catalog": catalog, "answers": answers})).encode()
