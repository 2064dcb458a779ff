from __future__ import annotations

import json

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipegen.core import sql

PIECES = st.sampled_from(
    [
        "'",
        "''",
        '"',
        "e'",
        "E'",
        "\\",
        "\\'",
        ";",
        "--",
        "/*",
        "*/",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "{{",
        "$$",
        "$a$",
        "\n",
        "\t",
        " ",
        "x",
        "1",
        "=",
        "and",
        "or",
        "not",
        "in",
        ",",
        "::date",
        "case",
        "end",
        "é",
        "😀",
        "\x00",
        "\r",
        "x'00'",
        "u&'",
        "#",
        "?",
        "limit 1",
    ]
)


@given(st.one_of(st.lists(PIECES, max_size=14).map("".join), st.text(max_size=40)))
@example(r"e'\'' || x --'")
@example("x -- y")
@example("1) union select (2")
@example("'a' = $$b$$")
def test_what_passes_stays_one_expression(text: str) -> None:
    if sql.expression_problem(text) is not None:
        return
    query = f"select 1 where ({text}) limit 987654321"  # on the same line: a comment would swallow the limit
    try:
        statements = duckdb.extract_statements(query)
    except (duckdb.Error, UnicodeError):
        return  # the engine refuses it: nothing broke out
    assert len(statements) == 1
    con = duckdb.connect()
    serialised = con.execute("select json_serialize_sql(?::varchar)", [query]).fetchone()
    assert serialised is not None
    parsed = json.loads(serialised[0])
    if not parsed["error"]:
        assert "987654321" in json.dumps(parsed["statements"][0]["node"]["modifiers"])


@pytest.mark.parametrize(
    "text",
    [
        "total >= 0",
        "a is null or b in ('x;y', 'it''s')",
        '"Order -- ID" > 1',
        "date'2020-01-01' < d",
        "x ~ 'a{2}'",
        "m['k'] = {'a': 1}",
        "a\n  and b",
        "x like '%--%'",
        "note != 'type'",
    ],
)
def test_ordinary_rules_pass(text: str) -> None:
    assert sql.expression_problem(text) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("a; b", "`;`"),
        ("a -- b", "comment"),
        ("a /* b", "comment"),
        ("'a", "quote"),
        ('"a', "quote"),
        ("(a", "`(` is not closed"),
        ("a)", "`)` closes nothing"),
        ("(a]", "`]` closes nothing"),
        ("{{ x }}", "Jinja"),
        ("{% x", "Jinja"),
        ("a {# b", "Jinja"),
        ("$$a$$ = b", "parameter"),
        ("a\x00", "control"),
        ("a\rb", "control"),
        (r"e'\''", "backslash"),
        ("\ud800", "UTF-8"),
    ],
)
def test_what_is_refused_says_why(text: str, says: str) -> None:
    problem = sql.expression_problem(text)
    assert problem is not None
    assert says in problem


@pytest.mark.parametrize(
    ("text", "alias"),
    [
        ("sum(x) as revenue", ("sum(x)", "revenue")),
        ("sum(x) AS Revenue", ("sum(x)", "revenue")),
        ("order_date", ("order_date", "order_date")),
        ("cast(a as date) as day", ("cast(a as date)", "day")),
        ("cast(a as date)", None),
        ("sum(x)", None),
        ("coalesce(x, ' as y') as z", ("coalesce(x, ' as y')", "z")),
        ("a\nas b", ("a", "b")),
        ("1", None),
        ("sum(x) as 1", None),
    ],
)
def test_aliases(text: str, alias: tuple[str, str] | None) -> None:
    assert sql.split_alias(text) == alias


TYPES = {"n": "BIGINT", "d": "DECIMAL(18,2)", "f": "DOUBLE", "t": "VARCHAR", "at": "TIMESTAMP"}


@pytest.mark.parametrize(
    ("expression", "type_"),
    [
        ("count(*)", "BIGINT"),
        ("COUNT(distinct t)", "BIGINT"),
        ("count(*) filter (where (n) > 0)", "BIGINT"),
        ("sum(n)", "DECIMAL(38,0)"),
        ("sum(d)", "DECIMAL(38,2)"),
        ('sum("d")', "DECIMAL(38,2)"),
        ("sum(d) filter (where n > 0)", "DECIMAL(38,2)"),
        ("sum(f)", "DOUBLE"),
        ("avg(n)", "DOUBLE"),
        ("min(at)", "TIMESTAMP"),
        ("max(t)", "VARCHAR"),
        ("count(n) / count(d)", "DOUBLE"),
        ("sum(n) - sum(d)", "DOUBLE"),
        ("string_agg(t, ',')", "VARCHAR"),
        ("cast(max(n) as integer)", "BIGINT"),
        ("cast(sum(d) as decimal(20, 4))", "DECIMAL(20,4)"),
        ("count(')') + count('(')", "DOUBLE"),
        ("bool_and(n > 0)", "BOOLEAN"),
    ],
)
def test_the_type_of_an_aggregate(expression: str, type_: str) -> None:
    assert sql.aggregate_type(expression, TYPES) == type_


def test_a_ratio_of_counts_is_no_whole_number() -> None:
    con = duckdb.connect()
    expression = "count(n) / count(d)"
    type_ = sql.aggregate_type(expression, TYPES)
    row = con.execute(f"select cast({expression} as {type_}) from (values (1, 1), (null, 1)) as v(n, d)").fetchone()
    assert row == (0.5,)


def test_unknown_columns_are_the_words_that_nothing_explains() -> None:
    known = {"total", "created_at"}
    assert sql.unknown_columns("totl > 0 and created_at < current_date", known) == ["totl"]
    assert sql.unknown_columns("extract(isodow from created_at) in (6, 7) or total is not null", known) == []
    assert sql.unknown_columns("length('nobody') > total::bigint", known) == []
    assert sql.unknown_columns('"Total" = 1', known) == []


def test_identifiers_are_quoted_where_they_must_be() -> None:
    assert sql.quoted("orders") == "orders"
    assert sql.quoted("order") == '"order"'
    assert sql.quoted("é") == '"é"'
    assert sql.quoted('a"b') == '"a""b"'
