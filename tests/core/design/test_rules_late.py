"""Late rows: what is read again before a mark, and the batches that are looked back."""

from __future__ import annotations

from typing import Any

import pytest

from pipegen.core.design.rules import late
from tests.core.design.given import DAY, HOUR, refuses, source, table, tells


@pytest.mark.parametrize(
    ("change", "lag", "overlap", "text"),
    [
        ({"lateness": 599}, 0, 600, "10m"), ({"lateness": 600}, 0, 600, "10m"), ({"lateness": 601}, 0, 601, "10m1s"),
        ({"lateness": 60}, 600, 600, "10m"), ({"lateness": 60}, 601, 601, "10m1s"), ({"lateness": DAY}, HOUR, DAY, "1d"),
        ({"lateness": DAY, "mark": "numeric"}, HOUR, 1000, "1000 units"),
    ],
)  # fmt: skip
def test_overlap_at_its_threshold(change: dict[str, Any], lag: int, overlap: int, text: str) -> None:
    t = table(**change)
    s = source(t, lag=lag)
    assert late.overlap(s, t) == overlap
    assert late.overlap_text(t, overlap) == text
    assert late.parse_overlap(t, text) == overlap
    assert late.overlap_problem(s, t, text) is None
    tells(late.tell_overlap(s, t), text)


@pytest.mark.parametrize(
    ("mark", "choice", "message", "hint"),
    [
        ("temporal", "59m", "rows may be 1h late, and `59m` before the mark would miss them", "`1h` or more"),
        ("temporal", "1000 units", "not what can be read again", "for example a duration: `2h`"),
        ("temporal", "", "not what can be read again", "`2h`"),
        ("numeric", "2h", "not what can be read again", "for example a number: `1000 units`"),
        ("numeric", "0 units", "not what can be read again", "`1000 units`"),
        ("numeric", "-5 units", "not what can be read again", "`1000 units`"),
        ("numeric", "1.5", "not what can be read again", "`1000 units`"),
        ("numeric", "9" * 400, "not what can be read again", "`1000 units`"),
    ],
)
def test_an_overlap_that_cannot_work(mark: str, choice: str, message: str, hint: str) -> None:
    t = table(mark=mark, lateness=HOUR)
    refuses(late.overlap_problem(source(t), t, choice), message, hint)


@pytest.mark.parametrize(
    ("mark", "choice", "value"), [("temporal", "1h", HOUR), ("numeric", "1", 1), ("numeric", "20 units", 20)]
)
def test_an_overlap_that_works(mark: str, choice: str, value: int) -> None:
    t = table(mark=mark, lateness=HOUR)
    assert late.overlap_problem(source(t), t, choice) is None
    assert late.parse_overlap(t, choice) == value


def test_a_lagging_source_bounds_the_overlap_as_lateness_does() -> None:
    t = table(lateness=60)
    assert late.overlap_problem(source(t, lag=HOUR), t, "1h") is None
    refuses(late.overlap_problem(source(t, lag=HOUR), t, "59m"), "rows may be 1h late", "`1h` or more")
    assert late.tell_overlap(source(t, lag=HOUR), t).because == ("lateness 1m", "source lag 1h")
    numeric = table(mark="numeric")
    assert late.tell_overlap(source(numeric), numeric).because == ("the mark is a number, which says nothing of time",)


@pytest.mark.parametrize(
    ("lateness", "batches"), [(1, 1), (DAY, 1), (DAY + 1, 2), (2 * DAY, 2), (30 * DAY, 30), (30 * DAY + 1, 31)]
)
def test_lookback_at_its_threshold(lateness: int, batches: int) -> None:
    t = table(lateness=lateness)
    assert late.lookback(t) == batches
    assert late.lookback_problem(t, str(batches)) is None
    tells(late.tell_lookback(t, str(batches)), str(batches))


def test_a_person_may_look_further_back_not_less() -> None:
    t = table(lateness=3 * DAY)
    assert late.lookback_problem(t, "1000") is None
    refuses(late.lookback_problem(t, "2"), "rows may be 3d late, and 2 batches back would miss them", "`3` or more")
    for choice in ("1001", "0", "-1", "3.5", "3 days", "", "²", "٣"):
        refuses(late.lookback_problem(t, choice), "is not a number of batches", "from 1 to 1000")
