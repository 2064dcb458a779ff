"""A schedule as a day of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipegen.core.design import calibration
from pipegen.core.design.day import by_hour, grid, in_words, starts
from pipegen.core.design.rules.schedule import cron


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("* * * * *", "every minute"),
        ("*/20 * * * *", "every 20 min"),
        ("0 * * * *", "every hour"),
        ("15 * * * *", "every hour from 00:15"),
        ("0 */6 * * *", "every 6 h"),
        ("30 */6 * * *", "every 6 h from 00:30"),
        ("0 0 * * *", "daily at 00:00"),
        ("10 6 * * *", "daily at 06:10"),
        ("5 2,8 * * *", "at 02:05, 08:05"),
        ("*/7 * * * *", "*/7 * * * *"),
        ("0 6 * * 1", "0 6 * * 1"),
        ("0 6 1 * *", "0 6 1 * *"),
        ("0 25 * * *", "0 25 * * *"),
        ("*/0 * * * *", "*/0 * * * *"),
        ("every 30s", "every 30s"),
        ("continuous", "continuous"),
        ("", ""),
    ],
)
def test_words(schedule: str, words: str) -> None:
    assert in_words(schedule) == words


@pytest.mark.parametrize("minutes", calibration.INTERVALS_MINUTES)
def test_every_schedule_that_is_designed_has_words_and_its_number_of_starts(minutes: int) -> None:
    schedule = cron(minutes)
    assert in_words(schedule).startswith(("every ", "daily "))
    assert len(starts(schedule)) == 1440 // minutes


@given(st.integers(0, 59), st.integers(0, 23))
def test_hours_hold_every_start_once(minute: int, hour: int) -> None:
    assert by_hour(f"{minute} {hour} * * *") == tuple(int(h == hour) for h in range(24))


def test_a_picture_of_a_day_leaves_out_what_no_clock_starts() -> None:
    head, files, audit = grid([("shop_files", "*/20 * * * *"), ("stream", "continuous"), ("audit", "30 4 * * *")])
    assert head.split() == ["UTC", *(f"{hour:02}" for hour in range(24))]
    assert files.split() == ["shop_files", *["3"] * 24]
    assert audit.split() == ["audit", *["·"] * 4, "1", *["·"] * 19]
    assert len(head) == len(files) == len(audit)
    assert grid([("stream", "continuous")]) == ()
