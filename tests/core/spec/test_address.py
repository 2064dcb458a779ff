from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipegen.core.errors import UsageError
from pipegen.core.spec import address


@given(st.lists(st.text(min_size=1, max_size=10), min_size=1, max_size=5))
def test_an_address_survives_being_said(parts: list[str]) -> None:
    assert address.parse(address.text(parts)) == parts


@given(st.lists(st.text(min_size=1, max_size=10), min_size=1, max_size=4), st.text(max_size=10))
def test_an_assignment_is_cut_behind_the_address(parts: list[str], value: str) -> None:
    assert address.assignment(f"{address.text(parts)}={value}") == (address.text(parts), value)


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", '"a', '"a"b', 'a."', '""'])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        address.parse(text)


@pytest.mark.parametrize("text", ["", "a", "=1", '"a=1'])
def test_what_is_no_assignment_is_none(text: str) -> None:
    assert address.assignment(text) is None


@pytest.mark.parametrize(
    ("at", "value", "result"),
    [
        ("name", "x", {"name": "x"}),
        ("defaults.freshness", "1h", {"defaults": {"freshness": "1h"}}),
        ('sources.s."a.b".key', ["id"], {"sources": {"s": {"a.b": {"key": ["id"]}}}}),
        ("overrides.s.t.extract", "full", {"overrides": {"s.t.extract": {"choice": "full"}}}),
        ("overrides.s.t.extract.because", "why", {"overrides": {"s.t.extract": {"because": "why"}}}),
        ("overrides.s.mode.choice", "batch", {"overrides": {"s.mode": {"choice": "batch"}}}),
        ('overrides."s.t.extract".choice', "full", {"overrides": {"s.t.extract": {"choice": "full"}}}),
        (
            "overrides.s.t.extract",
            {"choice": "full", "because": "x"},
            {"overrides": {"s.t.extract": {"choice": "full", "because": "x"}}},
        ),
    ],
)
def test_a_value_is_put_at_its_address(at: str, value: Any, result: dict[str, Any]) -> None:
    data: dict[str, Any] = {}
    parts = address.parse(at)
    address.put(data, parts, value)
    assert data == result
    assert address.parse(at) == parts, "the caller's address is left as it was"


def test_an_item_of_a_list_is_replaced() -> None:
    data: dict[str, Any] = {"blueprints": [{"source": "a"}, {"source": "b"}]}
    address.put(data, ["blueprints", "1", "ref"], "v1")
    assert data["blueprints"][1] == {"source": "b", "ref": "v1"}
    for part in ("2", "-1", "x", "²"):
        with pytest.raises(UsageError, match="2 items"):
            address.put(data, ["blueprints", part, "ref"], "v1")


def test_nothing_stands_below_a_value() -> None:
    with pytest.raises(UsageError, match="is a value"):
        address.put({"name": "x"}, ["name", "y"], 1)


def test_null_gives_way() -> None:
    data: dict[str, Any] = {"defaults": None}
    address.put(data, ["defaults", "freshness"], "1h")
    assert data == {"defaults": {"freshness": "1h"}}


NAMED = {
    "sources": {
        "shop": {"kind": "sqlite", "tables": {"orders": {}, "a.b": {}}},
        "crm": {"kind": "rest", "tables": {"orders": None}},
    },
    "marts": {"fct": {}},
}


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("orders.size", ["sources.shop.tables.orders.size", "sources.crm.tables.orders.size"]),
        ('"a.b".size', ['sources.shop.tables."a.b".size']),
        ("orders", ["sources.shop.tables.orders", "sources.crm.tables.orders"]),
        ("shop.peak", ["sources.shop.peak"]),
        ("shop.mode", ["overrides.shop.mode"]),
        ("shop.orders.siz", ["sources.shop.tables.orders.siz"]),
        ("shop.orders.extract", ["overrides.shop.orders.extract"]),
        ("fct.by", ["marts.fct.by"]),
    ],
)
def test_an_address_that_begins_with_a_name_is_refused_with_what_was_meant(given: str, meant: list[str]) -> None:
    with pytest.raises(UsageError, match="unknown key") as error:
        address.whole(address.parse(given), NAMED)
    assert error.value.hint == f"did you mean {' or '.join(f'`{one}`' for one in meant)}?"
