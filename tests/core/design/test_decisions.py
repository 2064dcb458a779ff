from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipegen.core.design import calibration as c
from pipegen.core.design import decisions

HOUR, DAY = 3600, 86_400


@pytest.mark.parametrize(
    ("freshness", "choice"),
    [(HOUR, "batch"), (HOUR - 1, "frequent-batch"), (300, "frequent-batch"), (30 * DAY, "batch")],
)
def test_mode_at_its_threshold(freshness: int, choice: str) -> None:
    decision = decisions.mode("s", freshness)
    assert (decision.id, decision.choice) == ("s.mode", choice)
    assert decision.because and decision.alternatives and decision.flips_when and decision.source


@given(st.integers(300, 400 * DAY), st.integers(0, 10**9))
def test_an_interval_leaves_room_for_run_and_retries(freshness: int, rows: int) -> None:
    minutes = decisions.interval_minutes(freshness, rows)
    spent = decisions.run_seconds(rows) + decisions.retry_sum(freshness)
    if minutes is None:
        assert freshness - spent < 60
        return
    assert minutes * 60 + spent <= freshness
    longer = [m for m in c.INTERVALS_MINUTES if m > minutes]
    assert not longer or longer[0] * 60 + spent > freshness


@given(st.integers(300, 400 * DAY))
def test_retries_stay_within_a_quarter_of_the_freshness(freshness: int) -> None:
    assert decisions.retry_sum(freshness) <= freshness / 4
    assert 1 <= decisions.retry_delay(freshness) <= c.RETRY_DELAY.value


def test_the_longest_run_that_fits_and_the_first_that_does_not() -> None:
    freshness = 600
    room = freshness - decisions.retry_sum(freshness) - 60
    rows = int((room - c.RUN_OVERHEAD.value) * c.LOAD_ROWS_PER_SECOND.value)
    assert decisions.interval_minutes(freshness, rows) == 1
    assert decisions.interval_minutes(freshness, rows + int(c.LOAD_ROWS_PER_SECOND.value)) is None


@pytest.mark.parametrize("minutes", c.INTERVALS_MINUTES)
def test_a_cron_expression_runs_at_its_interval(minutes: int) -> None:
    minute, hour, *rest = decisions.cron(minutes).split()
    assert rest == ["*", "*", "*"]
    runs = [h * 60 + m for h in range(24) for m in range(60) if _in(minute, m) and _in(hour, h)]
    assert {b - a for a, b in zip(runs, [*runs[1:], runs[0] + 1440], strict=True)} == {minutes}


def _in(field: str, value: int) -> bool:
    if field == "*":
        return True
    return value % int(field[2:]) == 0 if field.startswith("*/") else value == int(field)


def test_the_engine_is_where_the_data_goes() -> None:
    for kind in ("duckdb", "postgres"):
        decision = decisions.engine(kind)
        assert (decision.choice, decision.because[0]) == (kind, f"destination: {kind}")
        assert decision.alternatives and decision.flips_when


def test_personal_data_that_is_treated_makes_it_etl() -> None:
    assert decisions.deliver([]).choice == "elt"
    decision = decisions.deliver(["a.t.x", "a.t.y", "a.t.z", "a.t.w"])
    assert decision.choice == "etl"
    assert decision.because == ("treated before they land: a.t.x, a.t.y, a.t.z and 1 more",)


def test_every_threshold_says_where_it_comes_from() -> None:
    thresholds = [v for v in vars(c).values() if isinstance(v, c.Threshold)]
    assert len(thresholds) >= 10
    assert all(t.source and t.unit for t in thresholds)
