"""Every filter, read back by the language it is for."""

from __future__ import annotations

import ast
import io
import json
import shlex
import subprocess
import sys
import tomllib
from typing import Any

import duckdb
import pytest
import yaml as pyyaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jinja2 import Environment
from ruamel.yaml import YAML

from pipegen.render import quoting
from pipegen.render.text import UnsafeValueError

AWKWARD = [
    "",
    " ",
    "no",
    "Yes",
    "~",
    "null",
    "1e3",
    "0x1F",
    "0o17",
    "1_000",
    "12:30:45",
    "2024-01-01",
    ".5",
    "-",
    "- a",
    "a: b",
    "a #b",
    "#%",
    "--%",
    "<%= x %>",
    "{{ x }}",
    "{% raw %}",
    "{# no #}",
    "}}",
    "a'b",
    'a"b',
    "'\"",
    "\\",
    "\\n",
    "a\nb",
    "a\r\nb",
    "\n",
    "a\n",
    "tab\t",
    "\x00",
    "\x07",
    "\x7f",
    "\x85",
    "\u2028",
    "\ufeff",
    "🦆",
    "größe",
    "order",
    "Order",
    "a,b",
    "[a]",
    "{a}",
    "&a",
    "*a",
    "!a",
    "%a",
    "@a",
    "`a`",
    "$HOME",
    "$(rm)",
    "=",
    "<<",
    "x" * 200,
    "\u202e",
    "{" * 5,
    "__import__",
    "a{",
    "{'",
    'a" or "1"="1',
    "; drop table x; --",
]
texts = st.one_of(
    st.sampled_from(AWKWARD),
    st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    st.text(alphabet="{}%#'\"\\ \n-:,[]&*!|>a1~$`"),
)
scalars = st.one_of(texts, st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False, allow_infinity=False))
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)
relaxed = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])


@given(values)
@relaxed
def test_py_reads_back(value: Any) -> None:
    assert ast.literal_eval(quoting.py(value)) == value
    assert ast.literal_eval(quoting.py(value, 4)) == value


@pytest.mark.parametrize("value", AWKWARD)
def test_py_is_spelled_as_ruff_would(value: str, tmp_path: Any) -> None:
    literal = quoting.py(value)
    assert "\n" not in literal
    assert literal.startswith("'" if value.count('"') > value.count("'") else '"')


def test_py_is_formatted_as_ruff_would(tmp_path: Any) -> None:
    path = tmp_path / "literals.py"
    items = [*AWKWARD, ["a", {"b": 'it"s'}], {"k": [1, 2.5, None, True]}, 1e300, -0.1]
    path.write_text("".join(f"x = {quoting.py(item, 0)}\n" for item in items), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", str(path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


@given(scalars)
@relaxed
def test_sql_reads_back(value: Any) -> None:
    if isinstance(value, str) and "\0" in value:
        with pytest.raises(UnsafeValueError):
            quoting.sql(value)
        return
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**62:
        return
    row = duckdb.execute(f"select {quoting.sql(value)}").fetchone()
    assert row is not None
    assert (
        row[0] == value
        if not isinstance(value, float)
        else float(row[0]) == pytest.approx(value, rel=1e-12, abs=1e-300)
    )


@given(texts)
@relaxed
def test_sql_passes_through_dbt_as_it_is(value: str) -> None:
    if "\0" in value:
        return
    literal = quoting.sql(value)
    assert "\n" not in literal
    assert dbt_rendered(f"select {literal} as x") == f"select {literal} as x"


@given(texts)
@relaxed
def test_ident_reads_back(value: str) -> None:
    try:
        name = quoting.ident(value)
    except UnsafeValueError:
        assert not value or not value.isprintable() or any(opening in value for opening in ("{{", "{%", "{#"))
        return
    found = duckdb.execute(f"select {name} from (select 1 as {name})").description
    assert [column[0] for column in found or []] == [value]


@pytest.mark.parametrize(
    "word", ["order", "group", "table", "select", "user", "current_date", "lambda", "qualify", "end"]
)
def test_ident_quotes_reserved_words(word: str) -> None:
    assert quoting.ident(word) == f'"{word}"'


@pytest.mark.parametrize("word", ["orders", "order_id", "_x", "total_amount2"])
def test_ident_leaves_plain_names_alone(word: str) -> None:
    assert quoting.ident(word) == word


def test_every_keyword_of_duckdb_that_needs_it_is_quoted() -> None:
    found = duckdb.execute(
        "select keyword_name from duckdb_keywords() where keyword_category <> 'unreserved'"
    ).fetchall()
    assert [word for (word,) in found if quoting.ident(word) == word] == []


@given(values)
@relaxed
def test_yaml_reads_back_in_both_versions(value: Any) -> None:
    text = quoting.yaml(value)
    assert "\n" not in text
    for read in readers():
        assert same(read(f"key: {text}\n")["key"], value)
        assert same(read(f"- {text}\n")[0], value)
        assert same(read(f"key: [{text}, {text}]\n")["key"][1], value)
        assert same(read(f"{{key: {text}, x: 1}}\n")["key"], value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("orders", "orders"),
        ("Orders of the web shop.", "Orders of the web shop."),
        ("no", '"no"'),
        ("a: b", '"a: b"'),
        ("1e3", '"1e3"'),
        (1e16, "1.0e+16"),
        (None, "null"),
        (["a", True], "[a, true]"),
    ],
)
def test_yaml_quotes_only_where_it_must(value: Any, text: str) -> None:
    assert quoting.yaml(value) == text


@given(texts)
@relaxed
def test_dbt_prints_the_text_itself(value: str) -> None:
    for read in readers():
        scalar = read(f"key: {quoting.dbt(value)}\n")["key"]
        assert dbt_rendered(scalar) == value


@given(texts)
@relaxed
def test_dbt_leaves_what_has_no_braces_as_yaml(value: str) -> None:
    if not any(mark in value for mark in ("{{", "{%", "{#", "}}", "%}", "#}")):
        assert quoting.dbt(value) == quoting.yaml(value)


@given(values)
@relaxed
def test_json_reads_back(value: Any) -> None:
    assert json.loads(quoting.json(value)) == value
    assert json.loads(quoting.json(value, 2)) == value


@given(st.lists(st.one_of(texts, st.integers(-(2**63), 2**63 - 1), st.booleans()), max_size=4))
@relaxed
def test_toml_reads_back(value: list[Any]) -> None:
    assert tomllib.loads(f"key = {quoting.toml(value)}\n")["key"] == value
    table = {f"k{index}": item for index, item in enumerate(value)}
    assert tomllib.loads(f"key = {quoting.toml(table)}\n")["key"] == table


@given(texts)
@relaxed
def test_sh_is_one_word(value: str) -> None:
    if "\0" in value:
        with pytest.raises(UnsafeValueError):
            quoting.sh(value)
        return
    assert shlex.split(quoting.sh(value)) == [value]


def test_sh_and_make_are_read_back_by_the_real_programs(tmp_path: Any) -> None:
    for value in AWKWARD:
        if "\0" in value:
            continue
        done = subprocess.run(["sh", "-c", f"printf %s {quoting.sh(value)}"], capture_output=True, check=True)
        assert done.stdout.decode() == value
        if "\n" in value or "\r" in value:
            with pytest.raises(UnsafeValueError):
                quoting.make(value)
            continue
        (tmp_path / "Makefile").write_text(f"all:\n\t@printf %s {quoting.make(value)}\n", encoding="utf-8")
        done = subprocess.run(["make", "-s", "-C", str(tmp_path), "all"], capture_output=True, check=True)
        assert done.stdout.decode() == value


@pytest.mark.parametrize(
    "expression",
    ["a >= 0", "b is null or c in ('x;y', 'it''s')", '"order" > 0', "f(a[1], (b))", "x -> 'a'", "a - -1", "'--' = x"],
)
def test_expr_lets_an_expression_through(expression: str) -> None:
    assert quoting.expr(expression) == expression


@pytest.mark.parametrize(
    "expression",
    ["", "a; drop table x", "a -- b", "a /* b", "(a", "a)", "'a", '"a', "{{ x }}", "{% x %}", "a }}", "$$a$$", "a\0"],
)
def test_expr_refuses_what_could_break_out(expression: str) -> None:
    with pytest.raises(UnsafeValueError):
        quoting.expr(expression)


@pytest.mark.parametrize(
    "type_", ["BIGINT", "DECIMAL(18,2)", "TIMESTAMP WITH TIME ZONE", "VARCHAR[]", "DECIMAL(18, 2)"]
)
def test_sql_type_is_a_type(type_: str) -> None:
    assert quoting.sql_type(type_) == type_


@pytest.mark.parametrize("type_", ["", "BIGINT)", "x; y", "DECIMAL(18,2", "a'b", "{{x}}"])
def test_sql_type_refuses_the_rest(type_: str) -> None:
    with pytest.raises(UnsafeValueError):
        quoting.sql_type(type_)


@pytest.mark.parametrize("name", [name for name in quoting.CODE if name != "expr"])
def test_half_a_surrogate_pair_is_refused(name: str) -> None:
    with pytest.raises(UnsafeValueError):
        quoting.CODE[name]("a\ud800")


@pytest.mark.parametrize("name", ["py", "sql", "yaml", "json", "toml"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), b"x", {1, 2}])
def test_what_a_language_cannot_spell_is_refused(name: str, value: Any) -> None:
    with pytest.raises(UnsafeValueError):
        quoting.CODE[name](value)


def dbt_rendered(text: str) -> str:
    """What dbt makes of a text: as it is without braces, else by Jinja (dbt-common, ``clients/jinja.py``, get_rendered)."""
    if not any(mark in text for mark in ("{{", "{%", "{#", "}}", "%}", "#}")):
        return text
    return Environment().from_string(text).render()


def readers() -> list[Any]:
    ruamel_12, ruamel_11 = YAML(typ="safe", pure=True), YAML(typ="safe", pure=True)
    ruamel_11.version = (1, 1)
    return [
        pyyaml.safe_load,
        lambda text: ruamel_12.load(io.StringIO(text)),
        lambda text: ruamel_11.load(io.StringIO(text)),
    ]


def same(read: Any, value: Any) -> bool:
    """Equal, and of the same type: ``1`` is not ``"1"`` nor ``True``."""
    return type(read) is type(value) and bool(read == value)
