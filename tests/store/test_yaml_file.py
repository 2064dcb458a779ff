from __future__ import annotations

import time
from pathlib import Path

import pytest

from pipegen.core.errors import SpecError, UsageError
from pipegen.store import yaml_file


def refused(raw: str | bytes) -> list[tuple[str | None, str, str | None]]:
    with pytest.raises(SpecError) as error:
        yaml_file.parse(raw.encode() if isinstance(raw, str) else raw, "p.yml")
    return [(p.where, p.message, p.hint) for p in error.value.problems()]


def test_plain_scalars_are_read_by_the_rules_of_yaml_1_2() -> None:
    text = """
    words: [no, on, y, 2024-01-01, 12:30, 1_000, true, "true", ~, null]
    numbers: [010, -3, 0x1F, 0o17, 1.5, .5, 1e3, -.inf]
    block: |
      no
    no: 1
    1: 2
    <<: 3
    """
    values = yaml_file.parse(text.encode(), "x").values
    assert values["words"] == ["no", "on", "y", "2024-01-01", "12:30", "1_000", True, "true", None, None]
    assert values["numbers"] == [10, -3, 31, 15, 1.5, 0.5, 1000.0, float("-inf")]
    assert values["block"] == "no\n"
    assert (values["no"], values["1"], values["<<"]) == (1, 2, 3)


def test_an_empty_file_is_an_empty_mapping() -> None:
    for raw in (b"", b"# only a comment\n", b"\xef\xbb\xbf", b"---\n", b"\n\n"):
        assert yaml_file.parse(raw, "x").values == {}


def test_a_byte_order_mark_and_windows_line_endings_are_taken() -> None:
    document = yaml_file.parse(b"\xef\xbb\xbfa: 1\r\nb: {c: d}\r\n", "x")
    assert document.values == {"a": 1, "b": {"c": "d"}}
    assert document.locate(("b", "c")) == "x:2"


@pytest.mark.parametrize(
    ("raw", "where", "says"),
    [
        ("a: 1\nb:\n\t- c\n", "p.yml:3", "indented with a tab"),
        (b"a: 1\nb: \xff\n", "p.yml:2", "not UTF-8"),
        ("- a\n", "p.yml:1", "no mapping"),
        ("text", "p.yml:1", "no mapping"),
        ("a: 1\nb: [1\n", "p.yml:3", "no YAML"),
        ("a: b: c", "p.yml:1", "no YAML"),
        ("a: 1\n---\nb: 2\n", "p.yml:2", "several documents"),
        ("a: *x", "p.yml:1", "repeats nothing"),
        ("a: &a [*a]", "p.yml:1", "repeats nothing"),
        ("? [a]\n: b\n", "p.yml:1", "must be text"),
        ("a: !!python/object/apply:os.system [ls]", "p.yml:1", "tag"),
        ("a: !!int x", "p.yml:1", "no int"),
        ("a: !!timestamp x", "p.yml:1", "tag"),
        ("a: !!binary x", "p.yml:1", "tag"),
        ("a: " + "1" * 5000, "p.yml:1", "too long"),
        ("a: \x01", "p.yml:1", "control"),
        ("a: 'x", "p.yml:1", "no YAML"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(raw: str | bytes, where: str, says: str) -> None:
    (place, message, _), *more = refused(raw)
    assert (place, more) == (where, [])
    assert says in message


def test_every_double_key_is_named_with_its_first_line() -> None:
    found = refused("a: 1\nb: {c: 1, c: 2}\na: {x: [1, {y: 2}]}\nd: 1\n'a': 3\n")
    assert found == [
        ("p.yml:2", "`c` is here twice", "first on line 2"),
        ("p.yml:3", "`a` is here twice", "first on line 1"),
        ("p.yml:5", "`a` is here twice", "first on line 1"),
    ]


def test_aliases_repeat_what_they_name() -> None:
    document = yaml_file.parse(b"a: &x {k: [1]}\nb: *x\n", "x")
    assert document.values == {"a": {"k": [1]}, "b": {"k": [1]}}
    document.values["b"]["k"].append(2)
    assert document.values["a"] == {"k": [1]}, "a copy, not the same object"


@pytest.mark.parametrize(
    "raw",
    [
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(20)),
        "a: " + "[" * 100_000,
        "a: " + "{a: " * 100_000,
        "- " * 100_000,
        "".join(" " * i + "a:\n" for i in range(2_000)),
    ],
    ids=["billion laughs", "brackets", "braces", "dashes", "indentation"],
)
def test_a_bomb_is_refused_at_once(raw: str) -> None:
    started = time.monotonic()
    ((_, message, _),) = refused(raw)
    assert "too deep" in message or "repeat too much" in message
    assert time.monotonic() - started < 5


def test_a_huge_file_is_refused_unread() -> None:
    with pytest.raises(UsageError, match="at most"):
        yaml_file.parse(b" " * (yaml_file.MOST_BYTES + 1), "p.yml")


def test_the_line_of_an_address_or_of_the_nearest_above() -> None:
    document = yaml_file.parse(b"a:\n  1:\n    - x\n    - k: v\n  b: 2\n", "p.yml")
    assert document.locate(("a", "1", 1, "k")) == "p.yml:4"
    assert document.locate(("a", "1", "1", "k")) == "p.yml:4"
    assert document.locate(("a", "1", "9")) == "p.yml:2"
    assert document.locate(("a", "b", "c", "d")) == "p.yml:5"
    assert document.locate(("zzz",)) == "p.yml:1"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not there"):
        yaml_file.read(tmp_path / "x.yml", "x.yml")
    with pytest.raises(UsageError, match="is a folder"):
        yaml_file.read(tmp_path, "x")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1h", "1h"),
        ("", None),
        ("no", "no"),
        ("true", True),
        ("[a, b]", ["a", "b"]),
        ("{a: {1: 2}}", {"a": {"1": 2}}),
        ('"5"', "5"),
    ],
)
def test_one_value(text: str, value: object) -> None:
    assert yaml_file.value(text) == value


@pytest.mark.parametrize("text", ["{a", "a: b: c", "[" * 1000, "*x", "{a: 1, a: 2}", "a\n---\nb"])
def test_what_is_no_value_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="cannot be read as YAML"):
        yaml_file.value(text)
