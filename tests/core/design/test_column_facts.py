"""What was measured of a column and a table, as tests take it and as people read it."""

from __future__ import annotations

from typing import Any

import pytest

from pipegen.core.design.column_facts import accepted, key_holds, table_notes, told
from pipegen.core.measured import MeasuredColumn, MeasuredTable


def column(**facts: Any) -> MeasuredColumn:
    return MeasuredColumn.model_validate({"type": "varchar", **facts})


@pytest.mark.parametrize(
    ("values", "type_", "wanted"),
    [
        (["b", "a", "b"], "VARCHAR", ("b", "a")),
        (["1", "2.50", "1"], "DECIMAL(4,2)", ("1", "2.50")),
        (["1", "1e2"], "BIGINT", ("1", "100")),
        (["1", "one"], "BIGINT", ()),
        (["1", "1); drop table x; --"], "BIGINT", ()),
        (["NaN"], "DOUBLE", ()),
        (["2020-01-01"], "DATE", ()),
        (["t"], "BOOLEAN", ()),
        (["a\0b"], "VARCHAR", ()),
        (None, "VARCHAR", ()),
    ],
)
def test_values_that_can_be_tested(values: list[str] | None, type_: str, wanted: tuple[str, ...]) -> None:
    assert accepted(column(values=values), type_, "postgres") == wanted


@pytest.mark.parametrize(
    ("declared", "kind", "kept"),
    [
        ("character(3)", "postgres", False),
        ("character(2)", "postgres", True),
        ("character", "postgres", False),
        ("character varying(3)", "postgres", True),
        ("enum", "mysql", True),
        ("char(2)", "mysql", False),
        ("citext", "postgres", False),
        ("varchar(9)", "sqlite", True),
    ],
)
def test_texts_that_land_otherwise_or_are_compared_otherwise_have_no_test(declared: str, kind: str, kept: bool) -> None:
    assert bool(accepted(column(values=["DE", "FR"], declared=declared), "VARCHAR", kind)) is kept


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, ""),
        ({"null_rate": 0.0}, ""),
        ({"null_rate": 0.0004}, "Measured: 0.04% null."),
        ({"null_rate": 1.0}, "Measured: 100% null."),
        ({"null_rate": 0.9999}, "Measured: 99.99% null."),
        ({"distinct": {"value": 1}}, "Measured: 1 distinct value."),
        ({"distinct": {"value": 1234567}}, "Measured: about 1.23 M distinct values."),
        ({"least": "-1", "most": "9", "longest": 2}, "Measured: from -1 to 9."),
        ({"least": "1"}, ""),
        ({"values": ["a"], "distinct": {"value": 1}}, "Declared values: `a`."),
        ({"values": ["a`b", "", "c\nd"]}, "Declared values: a`b, , `c d`."),
        ({"personal": {"guess": "email", "how": "name"}}, "Looks like personal data: email."),
    ],
)
def test_what_people_read_of_a_column(facts: dict[str, Any], said: str) -> None:
    assert told(column(**facts)) == said


def near(**counts: int) -> MeasuredTable:
    return MeasuredTable.model_validate({"near_key": {"columns": ["a", "b"], "sampled": 10, **counts}})


def test_a_key_holds_unless_it_is_the_one_that_was_seen_to_be_broken() -> None:
    assert key_holds(MeasuredTable(), ["a"])
    assert not key_holds(near(nulls=1), ["b", "a"])
    assert key_holds(near(nulls=1), ["a"])
    assert key_holds(near(), ["a", "b"])


def test_what_people_read_of_a_table() -> None:
    assert table_notes(MeasuredTable(notes=["It is slow."]), []) == ("It is slow.",)
    assert table_notes(near(duplicates=3), []) == (
        "`a`, `b` looks like a key and is none: of 10 rows looked at, 3 that are not the only one with theirs.",
    )
