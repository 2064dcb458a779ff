"""Retries: three that double, whose delays together take at most a quarter of the freshness."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipegen.core.design import calibration as c
from pipegen.core.design.rules import retries
from tests.core.design.given import DAY, HOUR, refuses, tells


@pytest.mark.parametrize(
    ("freshness", "choice", "waits"),
    [
        (30 * DAY, "3, first after 5m", 2100), (8400, "3, first after 5m", 2100), (8399, "3, first after 4m59s", 2093),
        (HOUR, "3, first after 2m8s", 896), (300, "3, first after 10s", 70), (28, "3, first after 1s", 7),
        (27, "2, first after 2s", 6), (12, "2, first after 1s", 3), (11, "1, first after 2s", 2), (4, "1, first after 1s", 1),
        (3, "0", 0), (1, "0", 0),
    ],
)  # fmt: skip
def test_retries_of_each_freshness(freshness: int, choice: str, waits: int) -> None:
    assert retries.choose(freshness) == choice
    read = retries.parse(choice, freshness)
    assert read is not None and retries.total(*read) == waits
    assert retries.problem(freshness, choice) is None
    tells(retries.tell(freshness, choice), choice)


@given(st.integers(1, 400 * DAY))
def test_retries_stay_within_a_quarter_of_the_freshness(freshness: int) -> None:
    read = retries.parse(retries.choose(freshness), freshness)
    assert read is not None
    many, delay = read
    assert retries.total(many, delay) <= freshness / 4
    assert 0 <= many <= c.RETRIES.value and 1 <= delay <= c.RETRY_DELAY.value
    assert many == c.RETRIES.value or retries.total(many + 1, 1) > freshness / 4
    assert many == 0 or delay == c.RETRY_DELAY.value or retries.total(many, delay + 1) > freshness / 4


@given(st.integers(1, 400 * DAY), st.integers(0, 10), st.integers(1, 10 * DAY))
def test_what_a_person_may_choose_waits_no_longer(freshness: int, many: int, delay: int) -> None:
    choice = retries.text(many, delay)
    assert retries.parse(choice, freshness) is not None
    assert (retries.problem(freshness, choice) is None) is (delay * (2**many - 1) <= freshness / 4)


def test_retries_that_a_person_may_choose() -> None:
    assert retries.parse("2", HOUR) == (2, 300)
    assert retries.parse(" 2 ,  first after 1m ", HOUR) == (2, 60)
    assert retries.parse("0", HOUR) is not None
    assert retries.problem(HOUR, "0") is None
    assert retries.problem(HOUR, "2, first after 5m") is None
    refuses(
        retries.problem(HOUR, "2, first after 5m1s"),
        "waits 15m3s in all, more than a quarter of the freshness",
        "works: `3, first after 2m8s`",
    )
    for choice in (
        "",
        "three",
        "11",
        "-1",
        "3, first after",
        "3, first after soon",
        "3 first after 5m",
        "3, first after 0s",
    ):
        refuses(retries.problem(HOUR, choice), "is not a number of retries", "for example `3, first after 5m`")


def test_how_long_they_wait_is_said() -> None:
    assert retries.tell(HOUR, "3, first after 2m8s").because == (
        "freshness 1h",
        "in all they wait 14m56s, at most a quarter of it",
    )
    none = retries.tell(2, "0")
    assert none.because == ("freshness 2s", "a wait of a second is more than a quarter of it")
    assert [a.choice for a in none.alternatives] == ["more"]
