"""Schedule: the longest interval that freshness, source lag, run time and retries leave, and not one longer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipegen.core.design import calibration as c
from pipegen.core.design.rules import mode, schedule
from tests.core.design.given import DAY, HOUR, MINUTE, against, refuses, source, table, tells

PLAIN = source(table())


@pytest.mark.parametrize("minutes", c.INTERVALS_MINUTES)
def test_a_cron_expression_runs_at_its_interval(minutes: int) -> None:
    minute, hour, *rest = schedule.cron(minutes).split()
    assert rest == ["*", "*", "*"]
    runs = [h * 60 + m for h in range(24) for m in range(60) if _in(minute, m) and _in(hour, h)]
    assert {b - a for a, b in zip(runs, [*runs[1:], runs[0] + 1440], strict=True)} == {minutes}
    assert schedule.interval(schedule.cron(minutes)) == minutes * 60


def takes(seconds: float) -> Callable[[float | None], float]:
    """A run that takes as long whatever the interval."""
    return lambda _: seconds


def _in(field: str, value: int) -> bool:
    if field == "*":
        return True
    return value % int(field[2:]) == 0 if field.startswith("*/") else value == int(field)


@given(
    st.sampled_from(mode.BATCHES), st.integers(1, 400 * DAY), st.integers(0, DAY), st.floats(0, 1e6),
    st.integers(0, HOUR),
)  # fmt: skip
def test_an_interval_leaves_room_for_lag_run_and_retries(
    how: str, freshness: int, lag: int, run: float, slack: int
) -> None:
    works = schedule.fitting(source(table(), lag=lag), how, freshness, takes(run), slack)
    spent = lag + int(run) + slack
    every = [m * 60 for m in c.INTERVALS_MINUTES]
    assert [schedule.interval(one) for one in works] == [i for i in every if i >= run and i + spent <= freshness]


@pytest.mark.parametrize(
    ("freshness", "choice"),
    [
        (HOUR + 600, "0 * * * *"), (HOUR + 599, "*/30 * * * *"), (120 + 600, "*/2 * * * *"), (DAY + 600, "0 0 * * *"),
        (DAY + 599, "0 */12 * * *"),
    ],
)  # fmt: skip
def test_the_longest_interval_that_fits_and_the_first_that_does_not(freshness: int, choice: str) -> None:
    assert schedule.fitting(PLAIN, "batch", freshness, takes(100), 500)[-1] == choice
    assert schedule.fitting(PLAIN, "batch", 120 + 599, takes(100), 500) == [], "a run of 100 s does not end in a minute"


def test_a_source_that_lags_leaves_less() -> None:
    behind = source(table(), lag=300)
    assert schedule.fitting(behind, "batch", HOUR + 600, takes(100), 200)[-1] == "0 * * * *"
    assert schedule.fitting(behind, "batch", HOUR + 599, takes(100), 200)[-1] == "*/30 * * * *"
    assert schedule.fitting(behind, "spark-streaming", 304, takes(0), 0)[-1] == "every 2s"
    assert schedule.fitting(behind, "spark-streaming", 303, takes(0), 0) == ["every 1s"]
    assert schedule.fitting(behind, "spark-streaming", 301, takes(0), 0) == []
    assert schedule.fitting(behind, "flink", 301, takes(0), 0) == ["continuous"]
    assert schedule.fitting(behind, "flink", 300, takes(0), 0) == [], "what is not there cannot be read in time"


@pytest.mark.parametrize(
    ("freshness", "choice"),
    [(60 + 45, "every 60s"), (59 + 45, "every 30s"), (20 + 45, "every 20s"), (19 + 45, "every 15s"), (14 + 45, None)],
)
def test_a_micro_batch_has_triggers_of_seconds(freshness: int, choice: str | None) -> None:
    works = schedule.fitting(PLAIN, "micro-batch", freshness, takes(15), 30)
    assert (works[-1] if works else None) == choice


@pytest.mark.parametrize(("freshness", "choice"), [(4, "every 2s"), (3, "every 1s"), (2, "every 1s"), (1, None)])
def test_a_streams_trigger_takes_half_of_the_freshness(freshness: int, choice: str | None) -> None:
    works = schedule.fitting(PLAIN, "spark-streaming", freshness, takes(0.5), 10)
    assert (works[-1] if works else None) == choice


def test_what_is_delivered_once_a_day_is_read_when_it_is_there() -> None:
    files = source(table(form="files"), kind="files", delivered=(6, 5))
    assert schedule.fitting(files, "batch", 160, takes(60), 100) == ["5 6 * * *"]
    assert schedule.fitting(files, "batch", 159, takes(60), 100) == []
    assert schedule.interval("5 6 * * *") == DAY
    told = schedule.tell(files, "batch", 2 * HOUR, 60, "5 6 * * *", 100)
    assert told.because[0] == "delivered at 06:05 UTC; freshness counts from then"
    tells(told, "5 6 * * *")


@pytest.mark.parametrize(("choice", "seconds"), [("continuous", 0), ("every 30s", 30), ("every 120s", 120)])
def test_seconds_between_two_starts(choice: str, seconds: int) -> None:
    assert schedule.interval(choice) == seconds


def test_a_person_may_run_it_oftener_never_more_seldom() -> None:
    works = schedule.fitting(PLAIN, "batch", 2 * HOUR, takes(100), 500)
    for choice in works:
        assert schedule.problem(choice, works, 2 * HOUR) is None
    for choice in ("0 */2 * * *", "0 9-17 * * *", "hourly", ""):
        refuses(
            schedule.problem(choice, works, 2 * HOUR),
            "no schedule that keeps freshness 2h",
            "`0 * * * *`, or oftener: `*/2 * * * *`",
        )
    refuses(schedule.problem("* * * * *", [], MINUTE), "keeps freshness 1m", "no schedule does")


@pytest.mark.parametrize(
    ("how", "freshness", "choice"),
    [
        ("batch", DAY, "0 */12 * * *"), ("frequent-batch", 900, "*/10 * * * *"), ("micro-batch", 120, "every 60s"),
        ("spark-streaming", 30, "every 15s"), ("flink", 2, "continuous"),
    ],
)  # fmt: skip
def test_every_schedule_says_why(how: str, freshness: int, choice: str) -> None:
    for lag in (0, 1):
        told = schedule.tell(source(table(), lag=lag), how, freshness, 60, choice, 30)
        tells(told, choice)
        assert ("source lag 1s" in told.because[0]) is (lag == 1)


def test_the_arithmetic_is_shown() -> None:
    told = schedule.tell(source(table(), lag=300), "batch", 2 * HOUR, 60.9, "0 * * * *", 2100)
    assert told.because == (
        "freshness 2h - source lag 5m - run 1m - retries 35m leaves 1h19m",
        "runs never overlap",
    )
    assert against(told, "every 2h").startswith("data would be older than asked")
    assert "leaves nothing" in schedule.tell(PLAIN, "batch", HOUR, HOUR, "* * * * *", 1).because[0]
    assert schedule.tell(PLAIN, "spark-streaming", 30, 1, "every 15s", 1).because == (
        "half of freshness 30s is the trigger's",
    )
