"""Push or pull: pull, unless the producer owns the events, polls come too seldom, or a rate limit bars them."""

from __future__ import annotations

from typing import Any

import pytest

from pipegen.core.design.inputs import SourceInputs
from pipegen.core.design.rules import direction
from tests.core.design.given import DAY, HOUR, refuses, source, table, tells


def api(freshness: int = DAY, **more: Any) -> SourceInputs:
    return source(table(form="api", freshness=freshness), kind="rest", **more)


@pytest.mark.parametrize(
    ("s", "choice"),
    [
        (source(table(), kind="postgres"), "pull"),
        (source(table(freshness=1), kind="files"), "pull"),
        (source(table(form="events"), kind="kafka"), "push"),
        (source(table(form="events"), kind="webhook"), "push"),
        (api(1), "pull"),
        (api(300, webhooks=True), "pull"),
        (api(299, webhooks=True), "push"),
        (api(HOUR, webhooks=True, replay=True), "pull"),
        (api(HOUR - 1, webhooks=True, replay=True), "push"),
        (api(HOUR - 1, replay=True), "pull"),
    ],
)
def test_direction_at_its_thresholds(s: SourceInputs, choice: str) -> None:
    assert direction.choose(s, s.freshness, 1000, 600) == choice
    assert direction.problem(s, choice, choice) is None
    tells(direction.tell(s, s.freshness, 1000, 600, choice), choice)


@pytest.mark.parametrize(
    ("rows", "interval", "over"), [(600, 60, False), (601, 60, True), (600, 59, True), (0, 10, False), (0, 9, True)]
)
def test_polling_takes_at_most_half_of_a_rate_limit(rows: int, interval: int, over: bool) -> None:
    """0.2 requests a second are allowed and half of them used: 6 pages of 100 a minute, and one at least each poll."""
    s = api(request_rate=0.2, webhooks=True)
    assert direction.over_the_limit(s, rows, interval) is over
    assert direction.choose(s, DAY, rows, interval) == ("push" if over else "pull")
    assert direction.choose(api(request_rate=0.2), DAY, rows, interval) == "pull", "nothing is sent by itself"


def test_requests_of_a_poll() -> None:
    assert direction.requests_a_run(api(), 0) == 1
    assert direction.requests_a_run(api(), 100) == 1
    assert direction.requests_a_run(api(), 101) == 2
    assert direction.requests_a_run(api(page_size=10), 101) == 11
    assert direction.requests_a_run(source(*(table(f"t{i}") for i in range(5)), kind="rest"), 101) == 5


def test_what_never_stops_polling_is_over_any_limit() -> None:
    assert direction.over_the_limit(api(request_rate=1e9), 1, 0)
    assert not direction.over_the_limit(api(), 1, 0)


def test_a_direction_that_a_person_may_choose() -> None:
    sends = source(table(form="events"), kind="kafka")
    refuses(direction.problem(sends, "pull", "push"), "sends by itself, and cannot be asked", "works: `push`")
    refuses(direction.problem(api(), "push", "pull"), "does not offer to send anything", "works: `pull`")
    refuses(direction.problem(source(table()), "push", "pull"), "does not offer to send", "works: `pull`")
    refuses(
        direction.problem(api(299, webhooks=True), "pull", "push"), "does not reach freshness 4m59s", "works: `push`"
    )
    refuses(direction.problem(api(), "sideways", "pull"), "`sideways` is no direction", "`pull` or `push`")
    assert direction.problem(api(webhooks=True), "push", "pull") is None
    assert direction.problem(api(HOUR - 1, webhooks=True, replay=True), "pull", "push") is None, (
        "polls come often enough"
    )


def test_with_push_there_is_always_a_pulled_reconciliation() -> None:
    for s in (
        api(60, webhooks=True),
        api(60, webhooks=True, replay=True),
        source(table(form="events"), kind="webhook"),
    ):
        told = direction.tell(s, 60, 10, 30, "push")
        assert told.because[-1] == "a pulled reconciliation finds what was lost"
        assert ("what it sent can be asked for again by an id" in told.because) is s.replay


def test_what_polling_costs_is_said() -> None:
    told = direction.tell(api(request_rate=1.0), DAY, 1000, 600, "pull")
    assert told.because == ("kind: rest", "10 requests a poll, every 10m, are within its rate limit")
    pushed = direction.tell(api(request_rate=0.1, webhooks=True), DAY, 6000, 600, "push")
    assert "polling would pass its rate limit" in pushed.because
