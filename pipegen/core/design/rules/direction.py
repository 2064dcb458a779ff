"""Push or pull: pull, unless the producer owns the events or polling would not do."""

from __future__ import annotations

from math import ceil

from pipegen.core import units
from pipegen.core.design import calibration as c
from pipegen.core.design.decision import Alternative
from pipegen.core.design.inputs import EVENTS, SourceInputs
from pipegen.core.design.told import Told, Trouble, quantity

CHOICES = ("pull", "push")


def requests_a_run(s: SourceInputs, rows: float) -> int:
    """Requests that one poll takes: a page each, and one a table that finds nothing."""
    return max(len(s.tables), ceil(rows / s.page_size))


def over_the_limit(s: SourceInputs, rows: float, interval: int) -> bool:
    """Whether polling would pass what the rate limit leaves to this pipeline."""
    if s.request_rate is None or interval <= 0:
        return s.request_rate is not None
    return requests_a_run(s, rows) / interval > s.request_rate * c.RATE_LIMIT_SHARE.value


def choose(s: SourceInputs, freshness: int, rows: float, interval: int) -> str:
    """``rows`` of one poll, ``interval`` in seconds between polls."""
    if s.kind in EVENTS:
        return "push"
    if s.kind != "rest" or not s.webhooks:
        return "pull"
    often = s.replay and freshness < c.FREQUENT_BATCH_BELOW.value
    return "push" if _too_fresh(freshness) or often or over_the_limit(s, rows, interval) else "pull"


def problem(s: SourceInputs, choice: str, natural: str) -> Trouble | None:
    if choice not in CHOICES:
        return f"`{choice}` is no direction", "`pull` or `push`"
    if choice == "push" and s.kind not in EVENTS and not s.webhooks:
        return f"source `{s.name}` does not offer to send anything", "works: `pull`"
    if choice == "pull" and natural == "push" and s.kind in EVENTS:
        return f"source `{s.name}` sends by itself, and cannot be asked", "works: `push`"
    if choice == "pull" and natural == "push" and _too_fresh(s.freshness):
        return f"polling source `{s.name}` does not reach freshness {units.duration_text(s.freshness)}", "works: `push`"
    return None


def _too_fresh(freshness: int) -> bool:
    """Whether no poll comes often enough."""
    return freshness < c.MICRO_BATCH_BELOW.value


def tell(s: SourceInputs, freshness: int, rows: float, interval: int, choice: str) -> Told:
    f = units.duration_text(freshness)
    if choice == "pull":
        because = [f"kind: {s.kind}"]
        if s.request_rate is not None:
            a_run = quantity(requests_a_run(s, rows))
            because.append(f"{a_run} requests a poll, every {about_interval(interval)}, are within its rate limit")
        against = "it needs an endpoint that is always up, and a pull beside it to find what was lost"
        return Told(tuple(because), (Alternative("push", against),), "direction.pull", "(H)")
    because = ["the producer owns the events" if s.kind in EVENTS else f"freshness {f}"]
    because += ["what it sent can be asked for again by an id"] if s.replay else []
    because.append("a pulled reconciliation finds what was lost")
    if s.kind == "rest" and over_the_limit(s, rows, interval):
        because.append("polling would pass its rate limit")
    return Told(
        tuple(because), (Alternative("pull", "what happens between two polls is seen late, or not at all"),),
        "direction.push", "(H)",
    )  # fmt: skip


def about_interval(interval: int) -> str:
    return units.duration_text(interval) if interval else "moment"
