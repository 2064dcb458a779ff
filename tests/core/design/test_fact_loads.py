"""How facts are built: whole, by what was landed, or in microbatches of event time."""

from __future__ import annotations

from typing import Any

import pytest

from pipegen.core.design.model import Mart
from tests.core.design.test_loading import BIG, facts, made, spec


def fact(
    table: dict[str, Any] | None = None, measured: Any = None, mart: dict[str, Any] | None = None, **more: Any
) -> Mart:
    data = spec(table, marts={"m": {"kind": "fact", "from": "t", **(mart or {})}}, **more)
    return made(data, measured).marts[0]


def test_a_fact_over_a_table_that_grows_is_incremental() -> None:
    one = fact()
    assert (one.load, one.event_time, one.hard_deletes, one.soft_deletes) == ("incremental", None, True, False)
    assert (one.began, one.lookback_batches, one.lookback_seconds) == ("2021-05-06", 1, 86_400)
    soft = fact({"deletes": "soft"})
    assert (soft.load, soft.hard_deletes, soft.soft_deletes) == ("incremental", False, True)
    kept = fact({"deletes": "ignore"})
    assert (kept.load, kept.hard_deletes, kept.soft_deletes) == ("incremental", False, False)


def test_a_fact_over_a_table_that_is_read_whole_is_a_table() -> None:
    one = fact(measured=facts(5))
    assert (one.load, one.event_time, one.began, one.hard_deletes) == ("table", None, None, False)
    assert fact({"deletes": "soft"}, facts(5)).soft_deletes


def test_another_grain_than_the_key_is_a_table() -> None:
    assert fact(mart={"grain": ["id"]}).load == "incremental"
    assert fact(mart={"grain": ["id", "code"]}).load == "table"
    assert fact({"key": [], "deletes": "ignore"}, mart={"grain": ["id"]}).load == "table"


def test_event_time_makes_microbatches() -> None:
    by_days = fact({"key": [], "deletes": "ignore"})
    assert (by_days.load, by_days.event_time, by_days.grain) == ("microbatch", "updated_at", ())
    immutable = fact(overrides={"s.t.extract": {"choice": "append"}})
    assert (immutable.load, immutable.event_time, immutable.grain) == ("microbatch", "updated_at", ("id",))
    merged = {"s.t.extract": {"choice": "append"}, "s.t.write": {"choice": "merge"}}
    assert fact(overrides=merged).load == "incremental"


@pytest.mark.parametrize(("lateness", "batches"), [("1h", 1), ("1d", 1), ("86401s", 2), ("2d", 2), ("49h", 3)])
def test_lookback_at_its_threshold(lateness: str, batches: int) -> None:
    assert fact({"lateness": lateness, "key": [], "deletes": "ignore"}).lookback_batches == batches


@pytest.mark.parametrize(("lateness", "seconds"), [("10m", 1800), ("1801s", 1801), ("2h", 7200)])
def test_lookback_is_never_shorter_than_the_time_between_runs(lateness: str, seconds: int) -> None:
    data = spec({"lateness": lateness}, marts={"m": {"kind": "fact", "from": "t"}})
    design = made(data)
    assert design.sources[0].interval_seconds == 1800
    assert design.marts[0].lookback_seconds == seconds


def test_where_no_first_day_was_measured_there_is_one() -> None:
    assert fact({"watermark": "updated_at"}, facts(BIG, mark=None)).began == "2020-01-01"


def test_dimensions_and_aggregates_stay_tables() -> None:
    said = {
        "d": {"kind": "dimension", "from": "t"},
        "a": {"kind": "aggregate", "from": "t", "by": ["code"]},
        "c": {"kind": "custom", "from": ["t"]},
    }
    marts = made(spec({"deletes": "soft"}, marts=said)).marts
    assert [m.load for m in marts] == ["table", "table", "table"]
    assert [m.soft_deletes for m in marts] == [True, False, False]
