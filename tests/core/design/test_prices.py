"""The freshness price list: each tier is what the same answers give with that freshness, held choices held."""

from __future__ import annotations

from typing import Any

import pytest

from pipegen.core.design.choose import held_at
from pipegen.core.design.decide import decide
from pipegen.core.design.explain import explain
from pipegen.core.spec.load import load


def spec(default: str, **source: Any) -> dict[str, Any]:
    table = {"key": ["id"], "watermark": "at", "size": "60M rows", "volume": "900k rows/day"}
    shop = {"kind": "postgres", "url_env": "SHOP_URL", "tables": {"orders": table}, **source}
    destination = {"kind": "postgres"}
    return {"name": "p", "defaults": {"freshness": default}, "sources": {"shop": shop}, "destination": destination}


@pytest.mark.parametrize("freshness", ["1d", "1h", "5m", "90m"])
@pytest.mark.parametrize("accepted", [{}, {"shop.orders.extract": "watermark-keys"}], ids=["anew", "accepted"])
def test_a_tier_costs_what_its_freshness_costs(freshness: str, accepted: dict[str, str]) -> None:
    found = explain(load(spec(freshness)), {}, accepted)
    current = [tier for tier in found.prices if tier.current]
    assert [tier.freshness for tier in current] == [{"90m": "1h30m"}.get(freshness, freshness)]
    now = decide(load(spec(freshness)), {}, accepted).chosen
    for tier in found.prices:
        asked = load(spec(freshness, freshness=tier.freshness))
        held = accepted if tier.current else held_at(decide(asked, {}).chosen.inputs, now, {})
        made = decide(asked, {}, held)
        cost = made.sizing[-1].value("compute_minutes_per_month")
        assert cost == pytest.approx(tier.compute_minutes), tier.freshness
        assert tier.works == (not made.unmet)
        assert tier.built == (not made.unbuilt)
        assert tier.design.startswith(f"shop: {made.choice('shop.mode')}, ")


def test_the_list_goes_from_fresh_to_stale_and_has_tiers_on_both_sides() -> None:
    tiers = explain(load(spec("1h")), {}).prices
    assert [tier.freshness for tier in tiers] == ["5m", "15m", "1h", "6h", "1d"]
    assert [tier.current for tier in tiers] == [False, False, True, False, False]
