from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import TypeAdapter

from pipegen.core.spec.model import MartSpec
from pipegen.core.spec.references import Place, Tables, rewritten

SHOP = {"shop": ["orders", "customers"]}
BOTH = {"shop": ["orders", "customers"], "crm": ["customers", "calls"]}


def changed(marts: Mapping[str, Any], before: Tables, after: Tables, moved: Mapping[Place, Place]) -> dict[str, str]:
    made = TypeAdapter(dict[str, MartSpec]).validate_python(marts)
    return {".".join(at): text for at, text in rewritten(made, before, after, moved).items()}


MARTS = {
    "fct_orders": {"kind": "fact", "from": "orders", "dimensions": ["customers"]},
    "dim_customers": {"kind": "dimension", "from": "shop.customers"},
    "daily": {"kind": "aggregate", "from": "fct_orders", "by": ["day"]},
    "churn": {"kind": "custom", "from": ["fct_orders", "customers"]},
}


def test_a_renamed_table_is_called_so_in_every_mart_in_the_way_it_was_called() -> None:
    after = {"shop": ["orders", "clients"]}
    assert changed(MARTS, SHOP, after, {("shop", "customers"): ("shop", "clients")}) == {
        "marts.fct_orders.dimensions.0": "clients",
        "marts.dim_customers.from": "shop.clients",
        "marts.churn.from.1": "clients",
    }


def test_a_renamed_source_changes_what_names_it_alone() -> None:
    after = {"store": SHOP["shop"]}
    moved = {("shop", table): ("store", table) for table in SHOP["shop"]}
    assert changed(MARTS, SHOP, after, moved) == {"marts.dim_customers.from": "store.customers"}


def test_a_bare_name_that_another_table_has_too_gets_its_source() -> None:
    assert changed(MARTS, SHOP, BOTH, {}) == {"marts.churn.from.1": "shop.customers"}, (
        "a dimension is found beside its fact"
    )


def test_a_new_name_that_another_source_has_gets_its_source_and_so_does_the_other() -> None:
    before = {"shop": ["clients"], "crm": ["customers"]}
    after = {"shop": ["customers"], "crm": ["customers"]}
    marts = {"a": {"kind": "dimension", "from": "clients"}, "b": {"kind": "dimension", "from": "customers"}}
    assert changed(marts, before, after, {("shop", "clients"): ("shop", "customers")}) == {
        "marts.a.from": "shop.customers",
        "marts.b.from": "crm.customers",
    }


def test_a_mart_goes_before_a_table_of_its_name_where_marts_are_read() -> None:
    marts = {
        "customers": {"kind": "dimension", "from": "clients"},
        "n": {"kind": "aggregate", "from": "clients", "by": ["id"]},
        "m": {"kind": "custom", "from": ["customers"]},
    }
    moved = {("shop", "clients"): ("shop", "customers")}
    assert changed(marts, {"shop": ["clients"]}, {"shop": ["customers"]}, moved) == {
        "marts.customers.from": "customers",
        "marts.n.from": "shop.customers",
    }


@pytest.mark.parametrize("text", ["nothing", "customers"])
def test_what_means_no_one_table_stays_for_the_design_to_refuse(text: str) -> None:
    marts = {"dim": {"kind": "dimension", "from": text}}
    after = {"shop": ["orders", "clients"], "crm": BOTH["crm"]}
    assert changed(marts, BOTH, after, {("shop", "customers"): ("shop", "clients")}) == {}
