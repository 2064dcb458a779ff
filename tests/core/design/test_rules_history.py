"""History: what was asked for; of daily copies that are too many, versions of rows instead."""

from __future__ import annotations

import pytest

from pipegen.core.design import calibration as c
from pipegen.core.design.rules import history
from tests.core.design.given import against, refuses, table, tells

AFFORDABLE = c.DAILY_COPIES.value / 365 / 100  # rows of 100 B


@pytest.mark.parametrize("asked", history.HISTORIES)
def test_what_is_asked_for_is_kept(asked: str) -> None:
    t = table(history=asked, known_rows=1000)
    assert history.choose(t) == asked
    told = history.tell(t, asked)
    tells(told, asked)
    assert told.because[0] == f"history: {asked}"


@pytest.mark.parametrize(
    ("rows", "key", "choice"),
    [
        (int(AFFORDABLE), True, "daily"), (int(AFFORDABLE) + 1, True, "scd2"), (1e12, False, "daily"), (None, True, "daily"),
    ],
)  # fmt: skip
def test_daily_copies_up_to_what_they_may_take(rows: float | None, key: bool, choice: str) -> None:
    t = table(history="daily", known_rows=rows, key=key)
    assert history.choose(t) == choice
    tells(history.tell(t, choice), choice)


def test_no_other_history_is_too_large() -> None:
    for asked in ("none", "scd2", "every-change"):
        assert history.choose(table(history=asked, known_rows=1e15)) == asked


def test_the_cost_of_daily_copies_is_said() -> None:
    dear = history.tell(table(history="daily", known_rows=1e9), "scd2")
    assert dear.because == ("history: daily", "daily copies take 36.5 TB a year, more than 100 GB")
    assert against(dear, "daily") == "every row is copied every day, changed or not"
    assert "at most 100 GB" in history.tell(table(history="daily", known_rows=10), "daily").because[1]


def test_a_person_may_keep_any_history_there_is() -> None:
    t = table(history="daily", known_rows=1e12)
    for choice in history.HISTORIES:
        assert history.problem(t, choice) is None, "a person may pay for it"
        tells(history.tell(t, choice), choice)
    refuses(history.problem(t, "scd3"), "`scd3` is not a choice of `s.t.history`", "did you mean `scd2`?")
    refuses(history.problem(t, "x"), "not a choice", "allowed is none, scd2, daily, every-change")
