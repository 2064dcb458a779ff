from __future__ import annotations

import json
from dataclasses import fields
from math import inf
from types import SimpleNamespace
from typing import Any

import pytest

from pipegen.core.design import document as plain
from pipegen.core.design.decision import Sizing
from tests.core.design import explained as e

DOCUMENTS: list[tuple[Any, dict[str, Any]]] = [
    (e.EXTRACT, plain.decision(e.EXTRACT)),
    (e.FLIP, plain.flip(e.FLIP)),
    (e.sizing().figures[0], plain.figure(e.sizing().figures[0])),
    (e.OPTION, plain.option(e.OPTION)),
    (e.QUESTION, plain.open_question(e.QUESTION)),
]


@pytest.mark.parametrize(("value", "document"), DOCUMENTS, ids=lambda v: type(v).__name__)
def test_a_document_has_every_field_and_is_json(value: Any, document: dict[str, Any]) -> None:
    assert document.keys() == {f.name for f in fields(value)}
    assert json.loads(json.dumps(document)) == document


def test_assignments_are_said_as_a_command_takes_them() -> None:
    assert plain.flip(e.FLIP)["sets"] == ["sources.shop.tables.orders.volume=5000001 rows/day"]


def test_a_sizing_has_its_values_by_id_and_its_arithmetic() -> None:
    document = plain.sizing(e.sizing())
    assert (document["source"], document["rows_per_run"], document["run_seconds_estimated"]) == ("shop", 12_000, 61.0)
    assert document["figures"][0]["how"] == "2.4 M rows a day / 200"


def test_what_has_no_end_is_null() -> None:
    never = Sizing("shop", (e.figure("catch_up_seconds", "catch-up", inf, "never"),))
    document = plain.sizing(never)
    assert (document["catch_up_seconds"], document["figures"][0]["value"]) == (None, None)
    assert json.dumps(document, allow_nan=False)


def test_the_cost_is_of_the_whole_alone() -> None:
    assert plain.cost([e.sizing(), e.whole()]) == {"compute_minutes_per_month": 744.0}
    assert plain.cost([e.sizing()]) == {}


def test_a_missed_demand_comes_with_what_works_and_what_that_costs() -> None:
    document = plain.unmet(e.UNMET)
    assert (document["asked"], document["got"], document["missed_by"]) == ("30s", "1m", "30 s")
    assert document["nearest"] == [
        {
            "sets": ["defaults.freshness=1m"],
            "design": "micro-batch",
            "cost": {"compute_minutes_per_month": 43_200},
            "woken": "nobody",
            "built": False,
        }
    ]


def test_a_choice_that_is_not_built_comes_with_what_is() -> None:
    found = SimpleNamespace(id="shop.mode", choice="flink", message="not built", nearest=(e.OPTION,))
    assert plain.unbuilt(found) == {
        "id": "shop.mode",
        "choice": "flink",
        "message": "not built",
        "nearest": [plain.option(e.OPTION)],
    }


def test_a_price_without_money_says_none() -> None:
    assert plain.price(e.tier("1h"))["money_per_month"] is None
    assert plain.price(e.tier("1h", money="EUR 3.10"))["money_per_month"] == "EUR 3.10"


def test_figures_of_the_whole_are_addressed_by_the_pipeline() -> None:
    assert plain.figure_address(e.sizing(), e.sizing().figures[0]) == "shop.rows_per_run"
    assert plain.figure_address(Sizing("", ()), e.whole().figures[0]) == "pipeline.compute_minutes_per_month"
