from __future__ import annotations

import keyword
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipegen.core import names
from pipegen.core.paths import unsafe_because

AWKWARD = [
    "Order ID",
    "orderId",
    "HTTPServer",
    "order-id",
    "a.b",
    "--",
    "'; drop table x; --",
    '"',
    "{{ x }}",
    "<% x %>",
    "\n",
    "1st",
    "straße",
    "日本語",
    "😀",
    "a😀b",
    "İstanbul",
    "½",
    "৴",
    "²",
    "x" * 200,
    "é" * 200,
    "select",
    "class",
    "_",
    "__init__",
    "٣",
    "ﬁ",
]


@pytest.mark.parametrize("name", AWKWARD)
def test_an_id_of_an_awkward_name_is_usable_everywhere(name: str) -> None:
    _usable(names.identifier(name))


@given(st.text(min_size=1, max_size=250))
def test_an_id_is_usable_everywhere_and_stays_itself(name: str) -> None:
    id_ = names.identifier(name)
    _usable(id_)
    assert names.identifier(id_) == id_


def _usable(id_: str) -> None:
    assert id_.isidentifier()
    assert len(id_.encode()) <= names.MAX_ID
    assert id_ == id_.lower()
    assert unsafe_because(f"stg_{id_}.sql") is None


@pytest.mark.parametrize(
    ("name", "id_"),
    [
        ("Order ID", "order_id"),
        ("orderId", "order_id"),
        ("HTTPServer", "http_server"),
        ("a__b", "a_b"),
        ("1st", "c_1st"),
        ("ﬁ", "fi"),
    ],
)
def test_ids_read_as_people_expect(name: str, id_: str) -> None:
    assert names.identifier(name) == id_


def test_names_with_nothing_to_keep_stay_apart() -> None:
    assert names.identifier("😀") != names.identifier("😁")
    assert names.identifier("x" * 200) != names.identifier("x" * 201)


@given(st.lists(st.text(min_size=1, max_size=20), min_size=2, max_size=2, unique=True))
def test_two_names_of_one_id_are_refused(pair: list[str]) -> None:
    ids = [names.identifier(name) for name in pair]
    problems = names.collisions(pair, ids, "columns", "x.yml:1")
    same = unicodedata.normalize("NFKC", ids[0].casefold()) == unicodedata.normalize("NFKC", ids[1].casefold())
    assert bool(problems) == same


@pytest.mark.parametrize("pair", [("a-b", "a_b"), ("Orders", "orders"), ("a b", "a.b"), ("straße", "strasse")])
def test_a_collision_names_both(pair: tuple[str, str]) -> None:
    (problem,) = names.collisions(pair, map(names.identifier, pair), "tables", "x.yml:3")
    assert all(f"`{name}`" in problem.message for name in pair)
    assert problem.where == "x.yml:3"
    assert problem.hint


@pytest.mark.parametrize("name", ["shop", "Shop-2", "a", "x" * 48])
def test_good_spec_names(name: str) -> None:
    assert names.spec_name_problem(name, "source") is None


@pytest.mark.parametrize(
    "name",
    ["", "1a", "a b", "a.b", "../x", "a\n", "é", "-a", "_a", "x" * 49, "aux", "CON", "com1", "a" * 5000, "\x1b[31m"],
)
def test_bad_spec_names(name: str) -> None:
    problem = names.spec_name_problem(name, "source")
    assert problem is not None
    assert problem.isprintable()
    assert len(problem) < 300


@given(st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,47}", fullmatch=True))
def test_a_module_can_be_imported(name: str) -> None:
    module = names.module(name)
    assert module.isidentifier()
    assert not keyword.iskeyword(module)
    assert names.module(module) == module


@given(st.sampled_from(["fct", "dim"]), st.text(min_size=1, max_size=80))
def test_a_mart_is_named_as_a_spec_may_name_it(prefix: str, table: str) -> None:
    name = names.mart(prefix, names.identifier(table, prefix="t"))
    assert names.spec_name_problem(name, "mart") is None
    assert len(name) <= names.MAX_ID - 15


def test_marts_of_tables_that_begin_alike_stay_apart() -> None:
    assert names.mart("fct", "orders") == "fct_orders"
    assert names.mart("fct", "x" * 60 + "_a") != names.mart("fct", "x" * 60 + "_b")
    assert names.mart("fct", "é_orders") != names.mart("fct", "orders")
    assert names.mart("fct", "orders", apart="a.orders") != names.mart("fct", "orders")


@pytest.mark.parametrize(
    ("parts", "variable"), [(("shop_db", "PATH"), "SHOP_DB_PATH"), (("é", "x"), "_X"), (("a-b",), "A_B")]
)
def test_environment_variables(parts: tuple[str, ...], variable: str) -> None:
    assert names.env_name(*parts) == variable


def test_did_you_mean_finds_the_nearest_and_takes_an_iterator() -> None:
    assert names.did_you_mean("freshnes", iter(["freshness", "lateness"])) == "did you mean `freshness`?"
    assert names.did_you_mean("ORDERS", ["orders"]) == "did you mean `orders`?"
    assert names.did_you_mean("zzz", ["orders"]) is None
    assert names.did_you_mean("x" * 1_000_000, ["orders"]) is None


def test_shortened_text_cannot_steer_a_terminal() -> None:
    assert names.shorten("a\x1b[31m\u202eb\nc") == "a?[31m?b c"
    assert len(names.shorten("x" * 1000)) == 80


@pytest.mark.parametrize(
    "text",
    ["postgresql://u:hunter2@h/db", "see mysql://u:p@hunter2@h, and x://:hunter2@h", "x=s3://key:hunter2@bucket/a b"],
)
def test_shortened_text_has_no_password_of_a_url(text: str) -> None:
    assert "hunter2" not in names.shorten(text)
    assert "…@" in names.shorten(text)
    assert names.shorten("https://h/a@b c") == "https://h/a@b c"


def test_no_source_takes_the_name_of_a_module_that_stands_beside_it() -> None:
    blueprints = Path(__file__).parents[2] / "blueprints"
    beside = {p.stem for p in blueprints.glob("*/*/files/dags/*.py")} | {
        p.stem for p in blueprints.glob("*/*/files/ingest/*.py")
    }
    own = {name for name in beside if not name.startswith(("_", "{"))}
    assert {"steps", "load"} < own <= names.RESERVED_SOURCES
