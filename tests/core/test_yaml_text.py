from __future__ import annotations

import io
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from pipegen.core import yaml_text
from pipegen.store import yaml_file

HOSTILE = st.sampled_from(
    [
        "",
        " ",
        "no",
        "on",
        "y",
        "true",
        "null",
        "~",
        "1",
        "010",
        "0x1F",
        "1_000",
        "1e3",
        ".5",
        ".inf",
        "12:30:45",
        "2024-01-01",
        "- a",
        "a: b",
        "a #b",
        "#a",
        "'",
        '"',
        "\\",
        "\n",
        "a\nb\n",
        "\t",
        "{{ x }}",
        "[",
        "]",
        "{",
        "}",
        ",",
        "a, b",
        "%a",
        "@a",
        "`a",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "?",
        "? a",
        ":",
        "::",
        "=",
        "<<",
        "---",
        "...",
        "\u2028",
        "\x85",
        "\x7f",
        "\x1b",
        "😀",
        "é",
        "\ufeff",
        "a ",
        " a",
        "x" * 300,
        "0o17",
        "+1",
        "-",
        "--",
        "a:",
        "1.",
        "Yes",
        "OFF",
        "NaN",
        ".nan",
        "null ",
        "/x/*.csv",
        "a%b",
        "=a",
        "\ud7ff",
        "\ue000",
        "\U0010ffff",
    ]
)
TEXT = st.one_of(HOSTILE, st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
SCALARS = st.one_of(
    TEXT, st.booleans(), st.none(), st.integers(-(10**12), 10**12), st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=12,
)


@given(st.dictionaries(TEXT, VALUES, max_size=4))
@example({"a": 1e22, "b": 1e-07, "c": -0.0})
def test_what_is_written_is_read_back_by_every_reader(data: dict[str, Any]) -> None:
    text = yaml_text.dump(data)
    assert text.endswith("\n")
    assert yaml_file.parse(text.encode(), "x").values == data
    assert (yaml.safe_load(text) or {}) == data
    assert (YAML(typ="safe", pure=True).load(io.StringIO(text)) or {}) == data


@given(VALUES)
def test_a_value_on_one_line_is_read_back(value: Any) -> None:
    text = yaml_text.flow(value)
    assert "\n" not in text
    assert yaml_file.value(text) == value


def test_people_can_read_it() -> None:
    data = {
        "name": "shop",
        "defaults": {"freshness": "1h"},
        "tables": {"orders": {"key": ["id"]}, "no": {}},
        "flag": "yes",
        "m": "1",
    }
    text = yaml_text.dump(data, {("name",): "the folder"}, block=frozenset({("defaults",), ("tables",)}))
    assert text == (
        'name: shop  # the folder\ndefaults:\n  freshness: 1h\ntables:\n  orders: {key: [id]}\n  "no": {}\nflag: "yes"\nm: "1"\n'
    )


def test_what_is_no_scalar_is_refused() -> None:
    with pytest.raises(TypeError):
        yaml_text.scalar(object())
