from __future__ import annotations

from typing import Any

import pytest

from pipegen.core.design.architect import design
from pipegen.core.design.marts import default_marts
from pipegen.core.design.model import Mart
from pipegen.core.errors import Problem, SpecError
from pipegen.core.measured import Measured
from pipegen.core.spec.load import load
from tests.core.design.facts import CUSTOMERS, ORDERS, keyed, measured

ONE = {"db": {"kind": "sqlite", "path": "x"}}
TWO = {"a": {"kind": "sqlite", "path": "x"}, "b": {"kind": "sqlite", "path": "y"}}


def marts(said: dict[str, Any] | None, sources: dict[str, Any] = ONE, **facts: Measured) -> dict[str, Mart]:
    spec = load({"name": "shop", "sources": sources, "marts": said})
    return {m.name: m for m in design(spec, facts or {name: measured() for name in sources}).marts}


def refused(said: dict[str, Any], sources: dict[str, Any] = ONE, **facts: Measured) -> list[Problem]:
    with pytest.raises(SpecError) as error:
        marts(said, sources, **facts)
    return error.value.problems()


def test_default_marts_follow_the_foreign_keys() -> None:
    made = marts(None)
    assert list(made) == ["fct_orders", "dim_customers"]
    fact, dimension = made["fct_orders"], made["dim_customers"]
    assert (fact.kind, fact.staging, fact.grain, fact.measures) == ("fact", "stg_db__orders", ("order_id",), ("total",))
    assert [(r.column, r.to, r.at) for r in fact.relationships] == [("customer_id", "dim_customers", "id")]
    assert (dimension.kind, dimension.grain) == ("dimension", ("id",))
    assert [c.nullable for c in dimension.columns] == [False, True]


def test_default_marts_written_out_give_the_same_design() -> None:
    spec = load({"name": "shop", "sources": TWO})
    facts = {name: measured() for name in TWO}
    first = design(spec, facts)
    written = spec.model_copy(update={"marts": default_marts(first.sources)})
    assert design(written, facts) == first
    assert {m.id for m in first.marts} == {"fct_a_orders", "dim_a_customers", "fct_b_orders", "dim_b_customers"}
    assert first.marts[2].relationships[0].to == "dim_b_customers"


def test_default_marts_of_names_that_begin_alike_or_have_no_ascii_stay_apart() -> None:
    tables = {
        "x" * 60 + "_a": keyed("id"),
        "x" * 60 + "_b": keyed("id"),
        "é_t": keyed("id"),
        "t": keyed("id"),
        "日本": keyed("id"),
    }
    assert len(marts(None, db=measured(**tables))) == 5


def test_default_marts_of_two_sources_that_spell_one_name_stay_apart() -> None:
    made = marts(
        None, {**TWO, "c": ONE["db"]}, a=measured(t=keyed("id")), b=measured(t=keyed("id")), c=measured(a_t=keyed("id"))
    )
    assert len(made) == 3


def test_a_fact_without_a_dimension_mart_refers_to_the_staging_model() -> None:
    made = marts({"f": {"kind": "fact", "from": "orders", "dimensions": ["customers"]}})["f"]
    assert made.relationships[0].to == "stg_db__customers"


def test_a_fact_says_all_that_is_wrong_with_it() -> None:
    said = {
        "f": {
            "kind": "fact",
            "from": "orders",
            "grain": ["order"],
            "measures": ["totl", "status"],
            "dimensions": ["customer", "orders"],
        }
    }
    found = {(p.where, p.hint) for p in refused(said)}
    assert ("marts.f.grain", "did you mean `order_id`?") in found
    assert ("marts.f.measures", "did you mean `total`?") in found
    assert ("marts.f.dimensions", "did you mean `customers`?") in found
    assert any(p.message.startswith("measure `status` is VARCHAR") for p in refused(said))


def test_a_dimension_needs_a_key() -> None:
    keyless = {"columns": {"a": {"type": "text"}}}
    (problem,) = refused({"d": {"kind": "dimension", "from": "t"}}, db=measured(t=keyless))
    assert "needs a key" in problem.message
    assert "`key: [...]`" in (problem.hint or "")


def test_an_aggregate_has_typed_columns() -> None:
    said = {
        "fct": {"kind": "fact", "from": "orders"},
        "daily": {
            "kind": "aggregate",
            "from": "fct",
            "by": ["cast(ordered_at as date) as day", "status"],
            "measures": ["sum(total) as revenue", "count(*) as n", "sum(total) / count(*) as mean"],
        },
        "per_customer": {"kind": "aggregate", "from": "customers", "by": ["email"]},
    }
    made = marts(said)
    assert [(c.id, c.type) for c in made["daily"].columns] == [
        ("day", "DATE"),
        ("status", "VARCHAR"),
        ("revenue", "DECIMAL(38,2)"),
        ("n", "BIGINT"),
        ("mean", "DOUBLE"),
    ]
    assert (made["daily"].from_, made["daily"].grain, made["daily"].measures) == (
        ("fct",),
        ("day", "status"),
        ("revenue", "n", "mean"),
    )
    assert made["per_customer"].measures == ("row_count",)
    assert made["per_customer"].from_ == ("stg_db__customers",)


@pytest.mark.parametrize(
    ("by", "measures", "says", "hint"),
    [
        (["statu"], ["count(*) as n"], "no column `statu`", "did you mean `status`?"),
        (["status"], ["sum(totl) as x"], "no column `totl`", "did you mean `total`?"),
        (["status"], ["sum(total)"], "has no name", "as revenue"),
        (["status"], ["count(*) as status"], "would both be called `status`", "rename"),
        (["status"], ["count(*) as Status"], "would both be called `status`", "rename"),
    ],
)
def test_an_aggregate_says_what_is_wrong(by: list[str], measures: list[str], says: str, hint: str) -> None:
    (problem,) = refused({"m": {"kind": "aggregate", "from": "orders", "by": by, "measures": measures}})
    assert says in problem.message
    assert hint in (problem.hint or "")


def test_custom_marts_are_built_after_what_they_read_and_listed_as_said() -> None:
    said = {
        "last": {"kind": "custom", "from": ["middle", "orders"]},
        "middle": {"kind": "custom", "from": ["first"]},
        "first": {"kind": "fact", "from": "orders"},
    }
    made = marts(said)
    assert list(made) == ["last", "middle", "first"]
    assert made["last"].from_ == ("middle", "stg_db__orders")


def test_marts_in_a_circle_are_refused() -> None:
    said = {"a": {"kind": "custom", "from": ["b"]}, "b": {"kind": "custom", "from": ["a"]}, "c": {"kind": "custom"}}
    (problem,) = refused(said)
    assert "in a circle: a, b" in problem.message


def test_a_mart_may_have_the_name_of_its_table() -> None:
    assert marts(
        {"orders": {"kind": "custom", "from": ["customers"]}, "customers": {"kind": "dimension", "from": "customers"}}
    )["orders"].from_ == ("customers",)
    (problem,) = refused({"x": {"kind": "custom", "from": ["x"]}})
    assert "reads `x`" in problem.message


def test_a_table_of_two_sources_must_be_said_in_full() -> None:
    (problem,) = refused({"f": {"kind": "fact", "from": "orders"}}, TWO)
    assert "several sources" in problem.message
    assert marts({"f": {"kind": "fact", "from": "b.orders"}}, TWO)["f"].staging == "stg_b__orders"


@pytest.mark.parametrize("kind", ["fact", "dimension"])
def test_a_mart_of_nothing_is_guessed(kind: str) -> None:
    (problem,) = refused({"m": {"kind": kind, "from": "ordrs"}})
    assert problem.hint == "did you mean `orders`?"


def test_no_marts_can_be_wanted() -> None:
    assert marts({}) == {}


def test_a_dimension_of_another_source_is_no_relationship() -> None:
    orders = {**ORDERS, "foreign_keys": [{"columns": ["customer_id"], "to": "Customers", "at": ["id"]}]}
    facts = {"a": measured(orders=orders, Customers=CUSTOMERS), "b": measured(customers=CUSTOMERS)}
    (problem,) = refused({"f": {"kind": "fact", "from": "orders", "dimensions": ["customers"]}}, TWO, **facts)
    assert "no foreign key" in problem.message
