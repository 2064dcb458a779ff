"""The sample data looks like the source, as far as sources/NAME.yml says what that is like."""

import json
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID

import pytest

from ingest import declaration
from sample.facts import Facts
from sample.rows import Maker
from sample.schema import shapes

ROWS = 4_000


@pytest.fixture
def rows_of(place):
    """Make a function that makes tables of a source that was measured so: rows, columns with type and facts, what else."""

    def make(tables):
        declared, measured = {}, {}
        for name, (rows, columns, more) in tables.items():
            nulls = {c: "null_rate" in facts for c, (_, facts) in columns.items()}
            declared[name] = {
                "from": name,
                "load": "full",
                "key": more.get("key", []),
                "watermark": more.get("watermark"),
                "columns": {
                    c: {"from": c, "type": kind, "nullable": nulls[c]}
                    for c, (kind, _) in columns.items()
                },
            }
            facts = {column: facts for column, (_, facts) in columns.items()}
            found = {k: v for k, v in more.items() if k in ("foreign_keys", "near_key", "deletes")}
            measured[name] = {"rows": {"value": rows}, "columns": facts, **found}
        document = {
            "source": "made_up",
            "kind": "sqlite",
            "raw_schema": "raw_made_up",
            "tables": declared,
        }
        (place / "ingest" / "made_up.json").write_text(json.dumps(document))
        text = json.dumps({"tables": measured}, ensure_ascii=False)
        (place / "sources" / "made_up.yml").write_text(text, encoding="utf-8")
        source = declaration.read("made_up")
        maker = Maker(source, shapes(source))
        return {name: maker.rows(name) for name in tables}

    return make


@pytest.fixture
def values_of(rows_of):
    """Make a function that makes one column's good values."""

    def make(kind, facts, rows=ROWS, **more):
        made = rows_of({"things": (rows, {"c": (kind, facts)}, more)})["things"]
        return made.columns["c"][: made.count]

    return make


def test_a_value_that_only_one_row_may_have_comes_once(values_of):
    facts = {"unique": True, "values": ["a", "b", "c"], "null_rate": 0.0}
    found = values_of("VARCHAR", facts)
    assert sorted(value for value in found if value is not None) == ["a", "b", "c"]


def count(number):
    return {"value": number}


@pytest.mark.parametrize(
    ("kind", "least", "most", "first", "last"),
    [
        ("BIGINT", "-5", "70000", -5, 70_000),
        ("DECIMAL(10,2)", "0.99", "12.50", Decimal("0.99"), Decimal("12.50")),
        ("DOUBLE", "0.001", "0.25", 0.001, 0.25),
        ("DATE", "2019-02-01", "2024-12-31", date(2019, 2, 1), date(2024, 12, 31)),
        ("TIMESTAMP", "2019-02-01 10:00:00", "2019-02-03", datetime(2019, 2, 1, 10), datetime(2019, 2, 3)),
        ("TIMESTAMPTZ", "2019-02-01T01:00:00+01:00", "2020-01-01T00:00:00Z", datetime(2019, 2, 1), datetime(2020, 1, 1)),
        ("TIME", "08:00:00", "17:30:00", time(8), time(17, 30)),
    ],
)  # fmt: skip
def test_the_range_is_the_sources(values_of, kind, least, most, first, last):
    found = values_of(kind, {"least": least, "most": most, "distinct": count(40)})
    assert (min(found), max(found)) == (first, last)
    assert 30 <= len(set(found)) <= 40


@pytest.mark.parametrize("kind", ["VARCHAR", "BIGINT", "UUID"])
@pytest.mark.parametrize("distinct", [1, 3, 200, ROWS])
def test_there_are_as_many_different_values(values_of, kind, distinct):
    found = values_of(kind, {"distinct": count(distinct), "least": "1", "most": "100000"})
    # Half of the source's rows: of values that come once each, half of them.
    wanted = distinct if distinct <= 200 else distinct / 2
    assert 0.97 * wanted <= len(set(found)) <= wanted


@pytest.mark.parametrize("rate", [0.02, 0.4, 1.0])
def test_as_many_are_null(values_of, rate):
    found = values_of("VARCHAR", {"null_rate": rate, "distinct": count(10)})
    assert abs(found.count(None) / len(found) - rate) < 0.03


def test_declared_values_are_the_only_ones(values_of):
    declared = ["it's", 'a "b"', "{{ c }}", "größe\n🦆", ""]
    assert set(values_of("VARCHAR", {"values": declared, "distinct": count(5)})) == {*declared}
    assert set(values_of("BIGINT", {"values": ["1", "2"]})) == {1, 2}
    assert set(values_of("DECIMAL(3,1)", {"values": ["0.5", "1"]})) == {Decimal("0.5"), Decimal(1)}


@pytest.mark.parametrize("longest", [1, 2, 8, 60, 1_000])
@pytest.mark.parametrize("column", [{}, {"personal": {"guess": "name", "how": "name"}}])
def test_no_text_is_longer_than_the_longest(values_of, longest, column):
    found = values_of("VARCHAR", {"longest": longest, "distinct": count(20), **column})
    assert max(len(text) for text in found) <= longest
    assert len(set(found)) == 20
    if longest >= 60 and not column:
        assert max(len(text) for text in found) == longest


@pytest.mark.parametrize("longest", [3, 10, 40])
def test_unique_texts_fit_as_well(values_of, longest):
    found = values_of("VARCHAR", {"longest": longest, "unique": True}, rows=600)
    assert len(set(found)) == 600
    assert max(len(text) for text in found) <= longest


@pytest.mark.parametrize(
    ("guess", "like"),
    [("email", "@example.com"), ("phone", "+1 "), ("ip address", "192.0.2."), ("address", " Street")],
)  # fmt: skip
def test_personal_data_is_made_up_by_what_it_is(values_of, guess, like):
    facts = {"personal": {"guess": guess, "how": "values"}, "distinct": count(50)}
    assert all(like in value for value in values_of("VARCHAR", facts))


def test_references_resolve_and_some_are_pointed_at_far_more_often(rows_of):
    made = rows_of(
        {
            "people": (500, {"id": ("BIGINT", {"unique": True})}, {"key": ["id"]}),
            "badges": (
                500,
                {"person": ("BIGINT", {"unique": True})},
                {"foreign_keys": [{"columns": ["person"], "to": "people", "at": ["id"]}]},
            ),
            "calls": (
                2_000,
                {"person": ("BIGINT", {"distinct": count(100)})},
                {"foreign_keys": [{"columns": ["person"], "to": "people", "at": ["id"]}]},
            ),
        }
    )
    people = made["people"].columns["id"][:500]
    badges = made["badges"].columns["person"][: made["badges"].count]
    calls = made["calls"].columns["person"][:2_000]
    assert {*badges} <= {*people} and len(set(badges)) == len(badges) == 500
    assert {*calls} <= {*people} and len(set(calls)) == 100
    assert max(calls.count(one) for one in set(calls)) > 3 * 2_000 / 100


def test_a_key_of_several_columns_has_as_many_values_in_each(rows_of):
    columns = {
        "film": ("BIGINT", {"distinct": count(900)}),
        "actor": ("BIGINT", {"distinct": count(200)}),
        "part": ("VARCHAR", {"values": ["lead", "guest"], "distinct": count(2)}),
    }
    made = rows_of({"cast": (5_000, columns, {"key": ["film", "actor", "part"]})})["cast"]
    keys = list(zip(*made.columns.values(), strict=True))
    assert len(set(keys)) == len(keys)
    assert len(set(made.columns["film"])) > 700
    assert len(set(made.columns["actor"])) > 190
    assert {*made.columns["part"]} == {"lead", "guest"}


def test_columns_of_a_key_that_point_at_one_row_together_do(rows_of):
    lines = {
        "order": ("BIGINT", {"distinct": count(300)}),
        "line": ("BIGINT", {"distinct": count(7)}),
    }
    parcels = {**lines, "parcel": ("BIGINT", {"distinct": count(3)})}
    points = [{"columns": ["order", "line"], "to": "lines", "at": ["order", "line"]}]
    made = rows_of(
        {
            "lines": (1_000, lines, {"key": ["order", "line"]}),
            "parcels": (2_000, parcels, {"key": ["order", "line", "parcel"], "foreign_keys": points}),
        }
    )  # fmt: skip
    keys = list(zip(*made["parcels"].columns.values(), strict=True))
    assert len(set(keys)) == len(keys)
    held = {*zip(*(made["lines"].columns[c] for c in ("order", "line")), strict=True)}
    assert {key[:2] for key in keys} <= held


def test_what_is_nearly_a_key_is_so_here(values_of):
    near = {"columns": ["c"], "duplicates": 40, "sampled": ROWS}
    found = values_of("BIGINT", {"distinct": count(3_980)}, near_key=near)
    assert 0.98 * len(found) <= len(set(found)) < len(found)
    keyed = values_of("BIGINT", {"distinct": count(3_980)}, near_key=near, key=["c"])
    assert len(set(keyed)) == len(keyed)


def test_few_rows_are_marked_as_deleted(values_of):
    found = values_of("BOOLEAN", {"distinct": count(2)}, deletes={"column": "c"})
    assert 0.01 < found.count(True) / len(found) < 0.1


@pytest.mark.parametrize(
    ("kind", "least", "most", "at_least"),
    [
        ("TIMESTAMP", "2019-01-01 00:00:00", "2024-01-01 00:00:00", datetime(2019, 1, 1)),
        ("TIMESTAMP", "2024-01-01 00:00:00", "2024-01-01 00:00:00", datetime(2023, 7, 1)),
        ("DATE", "2024-01-01", "2024-01-02", date(2023, 7, 1)),
        ("DATE", "2019-01-01", "9999-12-31", date(2026, 1, 1)),
    ],
)
def test_a_watermark_goes_on_through_the_sources_span(values_of, kind, least, most, at_least):
    found = values_of(kind, {"least": least, "most": most}, watermark="c")
    assert found == sorted(found) and len(set(found)) > 100
    assert found[0] >= at_least and (str(found[-1]) <= most or most.startswith("9999"))


def test_how_many_of_the_values_a_part_of_the_rows_has():
    assert Facts().different(7) == 7
    assert Facts(rows=100, distinct=40).different(100) == 40
    assert Facts(rows=1_000_000, distinct=1_000_000).different(500) == 500
    assert Facts(rows=1_000_000, distinct=5).different(500) == 5
    assert 1 < Facts(rows=100_000, distinct=50_000).different(1_000) < 1_000


@pytest.mark.parametrize(
    ("measured", "like"),
    [
        ("date", date.fromisoformat),
        ("timestamptz", datetime.fromisoformat),
        ("decimal(8, 2)", Decimal),
        ("bigint", int),
        ("uuid", UUID),
        ("boolean", {"true": True, "false": False}.__getitem__),
    ],
)
def test_a_text_that_is_made_of_something_else_reads_as_that(values_of, measured, like):
    """As a token is made of a number or a date."""
    found = {
        like(value) for value in values_of("VARCHAR", {"type": measured, "distinct": count(9)})
    }
    # How many different moments there are is not followed where their range is not known.
    assert len(found) == {"boolean": 2, "date": 180, "timestamptz": 2_000}.get(measured, 9)
