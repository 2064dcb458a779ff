from __future__ import annotations

import json

import pytest

from pipegen.core.plan import MARKS, Action, ChangePlan
from tests.core.design import explained as e


def plan(*actions: str) -> ChangePlan:
    return ChangePlan(".", tuple(Action(kind, f"{i}.txt", "b", b"x") for i, kind in enumerate(actions)))


@pytest.mark.parametrize(
    ("actions", "line"),
    [
        ((), "Plan: 0 to add, 0 to change, 0 to remove"),
        (("create", "create"), "Plan: 2 to add, 0 to change, 0 to remove"),
        (("update", "merge", "delete", "keep"), "Plan: 0 to add, 2 to change, 1 to remove"),
        (("move", "conflict"), "Plan: 0 to add, 0 to change, 1 to move, 0 to remove, 1 conflict"),
        (("conflict", "conflict"), "Plan: 0 to add, 0 to change, 0 to remove, 2 conflicts"),
    ],
)
def test_the_last_line_counts(actions: tuple[str, ...], line: str) -> None:
    assert plan(*actions).headline() == line


def test_the_document_is_the_plan() -> None:
    document = plan("create", "keep").document(applied=True)
    assert json.loads(json.dumps(document)) == document
    assert document["schema_version"] == 1
    assert document["applied"] is True
    assert document["summary"] == {"create": 1, "keep": 1}
    assert document["plan"][0] == {"action": "create", "path": "0.txt", "blueprint": "b", "bytes": 1, "note": None}


def test_every_action_has_a_mark() -> None:
    assert [Action(kind, "x", None, None).mark for kind in MARKS] == ["+", "~", "~", ">", "-", "=", "!"]


def test_the_document_has_the_design_with_its_sizing_and_cost() -> None:
    made = ChangePlan(".", (), (e.EXTRACT,), (e.sizing(), e.whole()), (e.QUESTION,))
    document = made.document(applied=False)
    assert json.loads(json.dumps(document)) == document
    assert [d["id"] for d in document["design"]] == ["shop.orders.extract"]
    assert document["design"][0]["flips"][0]["flips"] == 5_000_001
    assert [(s["source"], s.get("run_seconds_estimated")) for s in document["sizing"]] == [("shop", 61.0), ("", None)]
    assert document["cost"] == {"compute_minutes_per_month": 744.0}
    assert [q["id"] for q in document["open_questions"]] == ["sources.shop.tables.orders.volume"]
