"""The oracle on rows made by hand: what each way of loading must leave behind."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from drill.declared import Column, Mart, Table
from drill.history import History
from drill.oracle import Expected, difference
from drill.treatment import NEXT_TOKEN_KEY
from drill.twins import Record

TABLE = Table(
    source="made_up", kind="sqlite", raw_schema="raw_made_up", id="things", name="Things", schema=None, format=None,
    load="full", write="replace", deletes="hard", key=("id",), watermark="changed", overlap=3600, most_deleted=0.2,
    contract={}, dropped=(),
    columns=(
        Column("id", "id", "BIGINT", False),
        Column("name", "name", "VARCHAR"),
        Column("changed", "changed", "TIMESTAMP", False),
    ),
)  # fmt: skip
NOON = datetime(2026, 1, 10, 12)
NOW = datetime(2026, 2, 1, tzinfo=UTC)


def record(number, name="a", at=NOON, **more):
    return Record({"id": number, "name": name, "changed": at}, **more)


def seen(table, *reads):
    """What is expected in raw after loads that saw these rows: keys, names and marks."""
    expected = Expected(table)
    for read in reads:
        expected.observe(list(read), NOW)
    return expected


def short(expected):
    return sorted((kept.values["id"], kept.values["name"], kept.deleted) for kept in expected.kept)


FIRST = (record(1), record(2), record(3))
SECOND = (record(1, "b"), record(3), record(4))
MERGED = {"load": "watermark-keys", "write": "merge"}


@pytest.mark.parametrize(
    ("how", "left"),
    [
        ({}, [(1, "b", False), (3, "a", False), (4, "a", False)]),
        ({**MERGED, "deletes": "hard"}, [(1, "b", False), (3, "a", False), (4, "a", False)]),
        (
            {**MERGED, "deletes": "soft"},
            [(1, "b", False), (2, "a", True), (3, "a", False), (4, "a", False)],
        ),
        (
            {**MERGED, "load": "watermark", "deletes": "ignore"},
            [(1, "b", False), (2, "a", False), (3, "a", False), (4, "a", False)],
        ),
    ],
)
def test_a_row_that_is_gone(how, left):
    assert short(seen(replace(TABLE, **how), FIRST, SECOND)) == left


def test_a_row_that_came_back_is_not_marked_any_more():
    table = replace(TABLE, **MERGED, deletes="soft")
    assert short(seen(table, FIRST, FIRST[:2], FIRST)) == [(n, "a", False) for n in (1, 2, 3)]


def test_a_row_that_cannot_be_read_any_more_is_not_gone():
    table = replace(TABLE, **MERGED)
    expected = seen(table, FIRST, (record(1), record(2, "x", bad="changed"), record(3)))
    assert short(expected) == [(1, "a", False), (2, "a", False), (3, "a", False)]
    assert expected.bad == 1


def test_the_newest_of_a_key_counts_whatever_the_order():
    table = replace(TABLE, **MERGED)
    old, new = record(1, "old", NOON), record(1, "new", NOON.replace(hour=13))
    assert short(seen(table, (new, old))) == short(seen(table, (old, new))) == [(1, "new", False)]
    whole = seen(TABLE, (new, old))
    assert len(whole.kept) == 2
    assert [kept.values["name"] for kept in whole.newest(dedupe=True)] == ["new"]


def test_files_that_are_gone_stay_and_those_that_changed_are_replaced():
    table = replace(TABLE, kind="files", format="csv", load="append", write="replace-by-unit")
    first = (record(1, file="a"), record(2, file="b"), record(3, file="b"))
    second = (record(4, file="b"), record(5, file="c"))
    expected = Expected(table)
    expected.observe(list(first), files=["a", "b"])
    expected.observe(list(second), files=["b", "c"])
    assert [kept[0] for kept in short(expected)] == [1, 4, 5]
    assert sorted(row[-1] for row in expected.raw()) == ["a", "b", "c"]
    expected.observe([], files=["b"])
    assert [kept[0] for kept in short(expected)] == [1, 5]


def test_whole_days_are_replaced_and_older_ones_left():
    table = replace(TABLE, key=(), load="watermark", write="partition-overwrite")
    old, late, today = datetime(2026, 1, 8, 3), datetime(2026, 1, 9, 23), datetime(2026, 1, 10, 1)
    first = (record(1, at=old), record(2, at=today), record(3, at=NOON))
    second = (record(4, at=late), record(5, at=today), record(3, at=NOON))
    assert [kept[0] for kept in short(seen(table, first, second))] == [1, 3, 5]
    near = replace(table, overlap=14 * 3600)
    assert [kept[0] for kept in short(seen(near, first, second))] == [1, 3, 4, 5]


def test_a_backfill_brings_its_window_and_no_more():
    for how in (
        {**MERGED, "load": "watermark"},
        {"load": "watermark", "write": "partition-overwrite"},
    ):
        expected = seen(replace(TABLE, **how), FIRST)
        rows = [*FIRST, record(8, at=datetime(2025, 5, 5, 23)), record(9, at=datetime(2025, 5, 6))]
        expected.backfilled(rows, datetime(2025, 5, 5), datetime(2025, 5, 6))
        assert [kept[0] for kept in short(expected)] == [1, 2, 3, 8]


def test_personal_data_is_expected_treated():
    columns = (
        TABLE.columns[0], replace(TABLE.columns[1], treatment="tokenise"), TABLE.columns[2]
    )  # fmt: skip
    table = replace(TABLE, columns=columns)
    token = seen(table, (record(1),)).kept[0].values["name"]
    assert token.startswith("tok_") and len(token) == 36
    assert seen(table, (record(2),)).kept[0].values["name"] == token
    other = Expected(table, token_key=NEXT_TOKEN_KEY)
    other.observe([record(1)])
    assert other.kept[0].values["name"] not in (token, "a")
    masked = replace(table, columns=(columns[0], replace(columns[1], treatment="mask"), columns[2]))
    assert seen(masked, (record(1),)).kept[0].values["name"] == "***"


def test_history_has_every_version_that_a_build_saw():
    table = replace(TABLE, **MERGED)
    history = History("made_up", "things", "stg", False, "scd2")
    expected = Expected(table)
    for rows in (FIRST, SECOND, SECOND, FIRST):
        expected.observe(list(rows))
        history.observe(expected, "2026-01-10")
    found = sorted((key[0], values[1], holds) for key, values, holds in history.versions)
    assert found == [
        (1, "a", False), (1, "a", True), (1, "b", False), (2, "a", False), (2, "a", True), (3, "a", True),
        (4, "a", False),
    ]  # fmt: skip


def test_history_has_each_day_as_it_was_last():
    history = History("made_up", "things", "stg", False, "daily")
    for day, rows in (("2026-01-10", FIRST), ("2026-01-10", SECOND), ("2026-01-11", FIRST)):
        history.observe(seen(TABLE, rows), day)
    assert {day: sorted(row[0] for row in rows) for day, rows in history.copies.items()} == {
        "2026-01-10": [1, 3, 4],
        "2026-01-11": [1, 2, 3],
    }


def test_a_difference_is_told_by_key_and_column_and_without_a_value():
    columns = list(TABLE.columns)
    wanted = seen(TABLE, FIRST).raw()
    assert difference(TABLE, columns, wanted, wanted) == ""
    found = seen(TABLE, (record(1, "a secret"), record(2), record(7))).raw()
    said = difference(TABLE, columns, wanted, found)
    assert "1 keys in both differ in name" in said
    assert "lacking keys such as 3" in said and "extra keys such as 7" in said
    assert "secret" not in said
    twice = wanted + wanted
    assert "3 that should not be there" in difference(TABLE, columns, wanted, twice)


def test_a_mart_shows_the_columns_it_takes():
    mart = Mart("dim", "stg", ("id",), "table", None, 1, False, False)
    assert sorted(seen(TABLE, FIRST).mart(mart, False)) == [(1,), (2,), (3,)]
    assert seen(TABLE, (record(1, at=date(2026, 1, 1)),)).staging(False) == {
        (1, "a", datetime(2026, 1, 1)): 1
    }
