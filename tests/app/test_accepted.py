"""Choices that were accepted before: which stay, which are taken anew, and which are to blame where a demand is missed."""

from __future__ import annotations

from typing import Any

import pytest

from pipegen.app.accepted import Inputs, settle, weigh
from pipegen.core.errors import UsageError
from pipegen.core.measured import Measured
from pipegen.core.spec.load import load

NOWHERE = lambda _: None  # noqa: E731


def measured(rows: int) -> dict[str, Measured]:
    table = {
        "rows": {"value": rows},
        "key": {"columns": ["id"], "how": "primary key"},
        "watermark": {"column": "at"},
        "columns": {"id": {"type": "bigint", "nullable": False}, "at": {"type": "timestamp", "nullable": False}},
    }
    return {"a": Measured.model_validate({"server": {"kind": "postgres"}, "tables": {"t": table}})}


def inputs(rows: int, **more: Any) -> Inputs:
    source = {"kind": "postgres", "url_env": "A_URL", "tables": {"t": {}}}
    data = {"name": "p", "sources": {"a": source}, "destination": {"kind": "postgres"}, **more}
    return Inputs(load(data), measured(rows))


def chosen(of: Inputs) -> dict[str, str]:
    return {d.id: d.choice for d in of.design().decisions}


def test_what_no_version_of_then_asked_stays_as_it_was() -> None:
    """A lock from before there was partitioning; decided anew a table of this size would be partitioned, which is not built."""
    small, large = inputs(1000), inputs(200_000_000)
    before = {id: choice for id, choice in chosen(small).items() if not id.endswith((".partitioning", ".executor"))}
    found = settle(large, small, before, frozenset(), NOWHERE)
    assert {d.id: d.choice for d in found.design.decisions}["a.t.partitioning"] == "none"
    assert any(
        note.startswith("a.t.partitioning stays `none`; decided anew it would be `range`") for note in found.notes
    )
    assert large.accepted(before)["a.t.partitioning"] == "none"
    asked_then = before | {"a.other.partitioning": "none"}
    assert "a.t.partitioning" not in large.accepted(asked_then), "a table that is new is decided like any other"


def test_only_what_is_to_blame_for_a_missed_demand_is_lost() -> None:
    now = inputs(80_000_000, defaults={"freshness": "1h", "deletes": "soft"})
    accepted = {"a.t.extract": "watermark", "a.parallelism": "1", "a.schedule": "*/15 * * * *"}
    found = weigh(now, now, accepted)
    assert list(found.lost) == ["a.t.extract"]
    assert "a.parallelism" in found.flips.keys() | found.held.keys() or found.anew["a.parallelism"].choice == "1"
    with pytest.raises(UsageError) as error:
        settle(now, now, accepted, frozenset(), NOWHERE)
    assert error.value.message == (
        "`a.t.extract` was accepted as `watermark`, which does not work any more: it would be `watermark-keys`"
    )
    assert error.value.hint is not None and error.value.hint.startswith("take it: `--accept-design=a.t.extract`")


def test_a_schedule_is_to_blame_for_a_ceiling_that_it_passes() -> None:
    money = {"prices": {"compute_minute": 1}, "ceiling": 100}
    now = inputs(1000, defaults={"freshness": "1d"}, **money)
    assert chosen(now)["a.schedule"] == "0 */12 * * *"
    found = weigh(now, now, {"a.schedule": "*/10 * * * *"})
    assert (dict(found.held), list(found.lost)) == ({}, ["a.schedule"])


def test_what_follows_from_a_held_choice_is_named() -> None:
    """A whole read of two hours stays, and leaves no four hours between two runs."""
    answers = {"defaults": {"freshness": "6h"}, "destination": {"kind": "duckdb"}}
    before, now = inputs(1000, **answers), inputs(450_000_000, **answers)
    then = chosen(before)
    assert (then["a.t.extract"], then["a.schedule"]) == ("full", "0 */4 * * *")
    found = settle(now, before, then, frozenset(), NOWHERE)
    after = {d.id: d.choice for d in found.design.decisions}
    assert (after["a.t.extract"], after["a.schedule"]) == ("full", "0 */3 * * *")
    assert any(
        n.startswith("a.schedule: 0 */4 * * * -> 0 */3 * * * (it follows from what stays: ") for n in found.notes
    )
    assert any(n.startswith("a.t.extract stays `full`; decided anew it would be `watermark-keys`") for n in found.notes)
