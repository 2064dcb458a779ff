"""Mode, from both sides of every freshness: a value at a limit belongs to the slower side."""

from __future__ import annotations

from typing import Any

import pytest

from pipegen.core.design import calibration as c
from pipegen.core.design.inputs import SourceInputs
from pipegen.core.design.rules import mode
from tests.core.design.given import DAY, HOUR, against, refuses, source, table, tells, whole

LARGE = c.LARGE_STATE.value
ALWAYS = {"on_call": "always"}


def read(kind: str = "kafka", *, key: bool = True, immutable: bool = False, **more: Any) -> SourceInputs:
    form = {"files": "files", "rest": "api", "kafka": "events", "webhook": "events"}.get(kind, "rows")
    return source(table(form=form, key=key, immutable=immutable), kind=kind, **more)


@pytest.mark.parametrize(
    ("freshness", "choice"),
    [
        (30 * DAY, "batch"), (3600, "batch"), (3599, "frequent-batch"), (300, "frequent-batch"), (299, "micro-batch"),
        (60, "micro-batch"), (59, "spark-streaming"), (5, "spark-streaming"), (4, "flink"), (1, "flink"),
    ],
)  # fmt: skip
def test_each_freshness_has_its_mode(freshness: int, choice: str) -> None:
    assert mode.by_freshness(freshness) == choice
    assert mode.choose(read(), whole(**ALWAYS), freshness) == choice


@pytest.mark.parametrize(
    ("state", "freshness", "choice"),
    [
        (LARGE, 299, "micro-batch"), (LARGE + 1, 299, "flink"), (LARGE, 30, "spark-streaming"), (LARGE + 1, 30, "flink"),
        (LARGE * 100, 300, "frequent-batch"),
    ],
)  # fmt: skip
def test_a_stream_with_much_event_time_state_is_flinks_and_a_batch_joins_it_in_sql(
    state: float, freshness: int, choice: str
) -> None:
    assert mode.choose(read(state=state), whole(**ALWAYS), freshness) == choice


@pytest.mark.parametrize(
    ("kind", "more", "fastest", "why"),
    [
        ("kafka", {}, "flink", ""),
        ("webhook", {}, "flink", ""),
        ("files", {}, "frequent-batch", "arrives as files"),
        ("sample", {}, "frequent-batch", "arrives as files"),
        ("rest", {"webhooks": True}, "flink", ""),
        ("rest", {}, "frequent-batch", "no webhooks"),
        ("postgres", {"log": True}, "flink", ""),
        ("mongodb", {"log": True}, "flink", ""),
        ("postgres", {"log": True, "key": False}, "frequent-batch", "`s.t` has no key to merge changes by"),
        ("postgres", {"log": True, "key": False, "immutable": True}, "flink", ""),
        ("mysql", {"log": None, "log_lacks": "nobody has looked"}, "frequent-batch", "nobody has looked"),
        ("mssql", {"log": False, "log_lacks": "the role may not replicate"}, "frequent-batch", "may not replicate"),
        ("sqlite", {"log": False}, "frequent-batch", "`sqlite` has no change log"),
        ("duckdb", {"log": False}, "frequent-batch", "`duckdb` has no change log"),
    ],
)  # fmt: skip
def test_no_source_is_read_faster_than_it_can_be(kind: str, more: dict[str, Any], fastest: str, why: str) -> None:
    s = read(kind, **more)
    found, said = mode.fastest(s)
    assert found == fastest
    assert why in said and bool(why) == bool(said)
    for freshness in (1, 30, 60, 300, 3600):
        assert not mode.faster(mode.choose(s, whole(**ALWAYS), freshness), fastest)
    assert mode.choose(s, whole(**ALWAYS), 1) == fastest


@pytest.mark.parametrize("freshness", [59, 4])
def test_a_stream_needs_somebody_at_night_unless_something_acts_on_it(freshness: int) -> None:
    stream = mode.by_freshness(freshness)
    assert mode.choose(read(), whole(on_call="always"), freshness) == stream
    for call in ("none", "working-hours"):
        assert mode.choose(read(), whole(on_call=call), freshness) == "micro-batch"
        assert mode.choose(read(), whole(on_call=call, consumers=("actions",)), freshness) == stream
        assert mode.choose(read(), whole(on_call=call), 60) == "micro-batch"
        assert mode.choose(read(), whole(on_call=call), 3600) == "batch"


def test_a_person_may_take_a_faster_mode_that_the_source_allows() -> None:
    s, p = read(log=True), whole(**ALWAYS)
    for wanted in mode.MODES[1:]:
        assert mode.problem(s, p, 300, wanted) is None
    refuses(
        mode.problem(s, p, 300, "batch"), "`batch` cannot keep freshness 5m", "the slowest that works: `frequent-batch`"
    )
    refuses(
        mode.problem(read("files"), p, 300, "flink"), "arrives as files", "the fastest that works: `frequent-batch`"
    )
    refuses(
        mode.problem(s, p, 300, "microbatch"), "`microbatch` is not a choice of `s.mode`", "did you mean `micro-batch`?"
    )
    refuses(mode.problem(s, p, 300, "x"), "`x` is not a choice", "allowed is batch, frequent-batch, micro-batch")


@pytest.mark.parametrize("choice", mode.MODES)
@pytest.mark.parametrize("freshness", [1, 59, 299, 3599, DAY])
@pytest.mark.parametrize("kind", ["kafka", "files", "postgres"])
def test_every_mode_says_why_and_what_speaks_against_its_neighbours(choice: str, freshness: int, kind: str) -> None:
    told = mode.tell(read(kind), whole(), freshness, choice, True)
    tells(told, choice)
    near = {abs(mode.MODES.index(a.choice) - mode.MODES.index(choice)) for a in told.alternatives}
    assert near == {1}


def test_what_is_said_for_a_mode_is_true_of_it() -> None:
    nights, files, changes = whole(**ALWAYS), read("files"), read("postgres", log=True)
    assert (
        against(mode.tell(files, nights, DAY, "batch", True), "frequent-batch")
        == "more runs than freshness 1d asks for"
    )
    told = mode.tell(files, nights, 60, "frequent-batch", False)
    assert told.because == ("freshness 1m", "the source arrives as files", "the freshness is missed")
    assert against(told, "micro-batch") == "the source arrives as files"
    assert "lie too far apart" in against(told, "batch")
    told = mode.tell(source(table(), kind="sqlite"), nights, HOUR, "batch", False)
    assert against(told, "frequent-batch") == "no run of it fits freshness 1h either"
    told = mode.tell(changes, nights, HOUR, "micro-batch", True)
    assert told.because == ("freshness 1h", "runs of a batch do not fit the freshness")
    assert against(told, "frequent-batch") == "no run of it fits freshness 1h"
    told = mode.tell(changes, whole(), 30, "micro-batch", True)
    assert told.because == ("freshness 30s", "on call: working-hours, so nobody can run a stream at night")
    assert against(told, "spark-streaming") == "nobody can run it at night: on call: working-hours"
    told = mode.tell(changes, whole(consumers=("actions",)), 30, "spark-streaming", True)
    assert told.because == ("freshness 30s", "something acts on the result")
    assert "freshness 30s" in against(told, "micro-batch")
    told = mode.tell(read(state=40e9), nights, 30, "flink", True)
    assert told.because == ("freshness 30s", "40 GB of event-time state")
    assert against(told, "spark-streaming") == "it does not hold 40 GB of event-time state"
    assert "too seldom" in against(mode.tell(read(), nights, 2, "flink", True), "spark-streaming")
