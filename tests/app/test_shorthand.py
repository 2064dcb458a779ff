"""The shorthand of ``--set``: bare keys, and what does not follow a value that is set above it."""

from __future__ import annotations

from typing import Any

import pytest

from pipegen.app.edit import addressed, own_values, set_values
from pipegen.core.errors import SpecError, UsageError
from pipegen.core.spec import address

ONE = {"sources": {"shop": {"kind": "sample", "tables": {"orders": {}}}}}
TWO = {"sources": {"shop": {"kind": "sample", "tables": {"orders": {}}}, "crm": {"kind": "rest", "url_env": "CRM_URL"}}}


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        ("freshness", "defaults.freshness"),
        ("retention", "defaults.retention"),
        ("schema_contract.new_column", "defaults.schema_contract.new_column"),
        ("volume", "sources.shop.volume"),
        ("peak", "sources.shop.peak"),
        ("watermark", "sources.shop.tables.orders.watermark"),
        ("size", "sources.shop.tables.orders.size"),
        ("owner", "owner"),
        ("ceiling", "ceiling"),
        ("description", "description"),
        ("alerts.email", "alerts.email"),
        ("sources.shop.tables.orders.freshness", "sources.shop.tables.orders.freshness"),
        ("overrides.shop.mode", "overrides.shop.mode"),
        ("zzz.freshness", "zzz.freshness"),
    ],
)
def test_a_bare_key_means_what_has_it(said: str, whole: str) -> None:
    assert address.text(address.whole(address.parse(said), ONE)) == whole


def test_a_key_that_one_kind_of_source_has_means_the_only_source_of_that_kind() -> None:
    assert address.whole(["rate_limit"], TWO) == ["sources", "crm", "rate_limit"]


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("volume", "say whose: `sources.shop.volume`, `sources.crm.volume`"),
        ("peak", "say whose: `sources.shop.peak`, `sources.crm.peak`"),
    ],
)
def test_with_several_sources_the_addresses_are_listed(key: str, hint: str) -> None:
    with pytest.raises(UsageError) as error:
        address.whole([key], TWO)
    assert error.value.hint == hint


def test_many_addresses_are_counted() -> None:
    many = {"sources": {"shop": {"kind": "sample", "tables": {f"t{i}": {} for i in range(11)}}}}
    with pytest.raises(UsageError) as error:
        address.whole(["watermark"], many)
    assert (error.value.hint or "").endswith("`sources.shop.tables.t7.watermark`, and 3 more")


def test_a_slip_of_a_bare_key_is_told() -> None:
    with pytest.raises(UsageError) as error:
        address.whole(["freshnes"], ONE)
    assert error.value.hint == "did you mean `freshness`?"


def test_a_key_of_another_kind_of_source_is_told() -> None:
    with pytest.raises(UsageError, match="no source here has a key `rate_limit`"):
        address.whole(["rate_limit"], ONE)


@pytest.mark.parametrize("values", [{}, {"sources": None}, {"sources": []}])
def test_values_that_are_no_spec_are_left_to_its_checks(values: dict[str, Any]) -> None:
    assert address.whole(["volume"], values) == ["volume"]


SPEC = b"""name: shop
defaults: {freshness: 1h}
sources:
  shop:
    kind: sample
    freshness: 2h
    tables:
      orders: {freshness: 15m}
      "a.b": {lateness: 1h}
"""


def test_bare_keys_are_set_at_their_whole_address() -> None:
    made = set_values(SPEC, [("freshness", "5m"), ("volume", "1M rows/day")]).decode()
    assert "defaults: {freshness: 5m}" in made
    assert "volume: 1M rows/day" in made.replace('"', "")


def test_keys_are_read_in_turn() -> None:
    pairs = [("volume", "1 row/day"), ("sources.crm", {"kind": "rest", "url_env": "CRM_URL"}), ("page_size", 10)]
    assert [address.text(list(at)) for at, _ in addressed(SPEC, pairs)] == [
        "sources.shop.volume",
        "sources.crm",
        "sources.crm.page_size",
    ]
    with pytest.raises(SpecError) as error:
        set_values(SPEC, [*pairs, ("peak", "4x")])
    assert [p.where for p in error.value.problems()] == ["--set peak"]


def test_what_says_its_own_value_is_told() -> None:
    assert own_values(SPEC, [("freshness", "5m")]) == [
        "shop does not follow, it says its own `freshness: 2h` (pipegen.yml:6); to take that out: "
        "`--set sources.shop.freshness=null`",
        "shop.orders does not follow, it says its own `freshness: 15m` (pipegen.yml:8); to take that out: "
        "`--set sources.shop.tables.orders.freshness=null`",
    ]


def test_tables_do_not_follow_their_source() -> None:
    (note,) = own_values(SPEC, [("sources.shop.lateness", "5m")])
    assert note.startswith("shop.a.b does not follow, it says its own `lateness: 1h` (pipegen.yml:9)")
    assert note.endswith("""`--set 'sources.shop.tables."a.b".lateness=null'`""")


@pytest.mark.parametrize(
    "pair",
    [
        ("freshness", None),
        ("deletes", "soft"),
        ("owner", "data"),
        ("sources.shop.tables.orders.freshness", "1m"),
        ("sources.shop.tables", {"orders": {}}),
    ],
)
def test_where_nothing_else_is_said_there_is_no_note(pair: tuple[str, Any]) -> None:
    assert own_values(SPEC, [pair]) == []


def test_the_same_value_needs_no_note() -> None:
    assert [n[:11] for n in own_values(SPEC, [("freshness", "2h")])] == ["shop.orders"]


def test_many_of_their_own_are_counted() -> None:
    tables = "".join(f"      t{i}: {{freshness: 9m}}\n" for i in range(8))
    notes = own_values(
        SPEC.replace(b"      orders:", f"{tables}      orders:".encode()), [("sources.shop.freshness", "5m")]
    )
    assert (len(notes), notes[-1]) == (6, "4 more say their own `freshness`, and do not follow")
