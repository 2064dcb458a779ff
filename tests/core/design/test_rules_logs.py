"""Topics and change logs: partitions for the peak, and what is kept over an outage."""

from __future__ import annotations

from typing import Any

import pytest

from pipegen.core.design.inputs import Inputs, SourceInputs
from pipegen.core.design.rules import logs
from pipegen.core.spec.model import Machine
from tests.core.design.given import DAY, GB, HOUR, refuses, source, table, tells, whole

MB = 1e6
CENTURY = 100 * 365 * DAY


def sends(bytes_per_second: float, kind: str = "kafka", **more: Any) -> SourceInputs:
    t = table(form="events", row_bytes=1000.0, known_per_day=bytes_per_second * 86_400 / 1000)
    return source(t, kind=kind, **more)


def changes(bytes_per_day: float, **more: Any) -> SourceInputs:
    return source(table(row_bytes=1000.0, known_per_day=bytes_per_day / 1000), log=True, **more)


FLAT = whole(growth=0.0)


@pytest.mark.parametrize(
    ("s", "p", "partitions"),
    [
        (sends(5 * MB), FLAT, 1),
        (sends(5.01 * MB), FLAT, 2),
        (sends(10 * MB), FLAT, 2),
        (sends(10.01 * MB), FLAT, 3),
        (sends(5 * MB, peak=4.0), FLAT, 4),
        (sends(10 * MB, keyed=True), FLAT, 3),
        (sends(10 * MB, keyed=True), whole(growth=0.05), 6),
        (sends(10 * MB, keyed=True), whole(growth=-0.05), 3),
        (sends(10 * MB), whole(growth=0.05), 2),
        (sends(1.0), whole(growth=0.0, machine=Machine(workers=5)), 5),
        (sends(0.0), FLAT, 1),
    ],
)
def test_partitions_for_the_peak_with_headroom(s: SourceInputs, p: Inputs, partitions: int) -> None:
    """Keyed topics cannot grow later: three times, and what a year of growth makes of the peak; 1.05^12 is 1.8."""
    assert logs.partitions(s, p) == partitions
    assert logs.partitions_problem(s, p, str(partitions)) is None
    tells(logs.tell_partitions(s, p, str(partitions)), str(partitions))


def test_there_are_partitions_for_every_reader_that_small_events_need() -> None:
    """320,000 events of 10 B a second are two readers and more, and a third of what one partition bears."""
    s = source(table(form="events", row_bytes=10.0, known_per_day=320_000 * 86_400.0), kind="kafka")
    assert logs.partitions(s, FLAT) == 3
    refuses(logs.partitions_problem(s, FLAT, "2"), "2 partitions do not bear", "works: `3` or more")


def test_partitions_that_a_person_may_choose() -> None:
    s = sends(25 * MB)
    assert logs.partitions(s, FLAT) == 5
    assert logs.partitions_problem(s, FLAT, "3") is None, "headroom is advice"
    assert logs.partitions_problem(s, FLAT, "100000") is None
    refuses(logs.partitions_problem(s, FLAT, "2"), "2 partitions do not bear the peak of 25 MB/s", "works: `3` or more")
    for choice in ("0", "-1", "1.5", "many", "", "100001"):
        refuses(logs.partitions_problem(s, FLAT, choice), "is not a number of partitions", "from 1 to 100000")


@pytest.mark.parametrize(
    ("kind", "mode", "extracts", "topic", "log"),
    [
        ("kafka", "batch", ("append",), True, True), ("postgres", "flink", ("cdc",), True, True),
        ("postgres", "micro-batch", ("cdc",), False, True), ("postgres", "batch", ("full", "cdc"), False, True),
        ("postgres", "batch", ("full",), False, False), ("files", "batch", ("full",), False, False),
        ("webhook", "micro-batch", ("append",), False, False), ("webhook", "spark-streaming", ("append",), True, True),
    ],
)  # fmt: skip
def test_where_there_is_a_topic_or_a_log(
    kind: str, mode: str, extracts: tuple[str, ...], topic: bool, log: bool
) -> None:
    s = source(table(), kind=kind)
    assert (logs.has_topic(s, mode), logs.has_log(s, mode, extracts)) == (topic, log)


def test_what_is_kept_over_an_outage() -> None:
    p = whole(outage=DAY)
    assert logs.retention(sends(1.0), p, "batch") == DAY + 3 * DAY
    assert logs.retention(changes(1.0), p, "batch") == 1.5 * DAY
    assert logs.retention(changes(1.0), whole(outage=1), "batch") == 2, "rounded up"
    for mode in ("batch", "flink"):
        assert logs.retention(changes(1.0), whole(outage=CENTURY), mode) == CENTURY, "no longer than can be said"
    assert logs.log_bytes_an_hour(changes(24 * GB)) == 3 * GB
    assert logs.cap_bytes(changes(24 * GB), DAY) == 24 * 3 * GB * 1.5


@pytest.mark.parametrize(("s", "mode"), [(sends(1.0), "batch"), (changes(1.0), "batch"), (changes(1.0), "flink")])
def test_retention_that_a_person_may_choose(s: SourceInputs, mode: str) -> None:
    p = whole(outage=DAY)
    assert logs.retention_problem(s, p, mode, "1d") is None
    refuses(logs.retention_problem(s, p, mode, "23h59m"), "is gone after an outage of 1d", "works: `")
    for choice in ("long", "", "4", "101w 99999d"):
        refuses(logs.retention_problem(s, p, mode, choice), "is not a duration", "for example `4d`")
    for choice in ("1d", "4d"):
        tells(logs.tell_retention(s, p, mode), choice)


@pytest.mark.parametrize(("disk", "short"), [(216 * GB, False), (216 * GB - 1, True), (None, False)])
@pytest.mark.parametrize("mode", ["batch", "micro-batch", "flink"])
def test_the_log_of_an_outage_takes_at_most_half_of_the_free_disk(disk: float | None, short: bool, mode: str) -> None:
    """24 GB of rows a day are 72 GB of log, 108 GB with safety."""
    found = logs.shortfall(changes(24 * GB, free_disk=disk), whole(outage=DAY), mode)
    assert (found is not None) is short
    if found:
        assert found == "its log takes 108 GB, and half of its free disk is 108 GB"


@pytest.mark.parametrize(("kept", "short"), [(DAY, False), (DAY - 1, True), (None, False)])
@pytest.mark.parametrize("make", [sends, changes])
def test_a_log_that_is_kept_for_less_than_the_outage_falls_short(kept: int | None, short: bool, make: Any) -> None:
    found = logs.shortfall(make(1.0, log_kept=kept), whole(outage=DAY), "batch")
    assert (found is not None) is short
    if found:
        assert found.startswith("the source keeps its log for 23h59m")


def test_the_arithmetic_is_shown() -> None:
    s, p = sends(10 * MB, keyed=True), whole(growth=0.0, machine=Machine(workers=2))
    assert logs.tell_partitions(s, p, "3").because == (
        "peak 10 MB/s", "headroom 3 x", "2 consumers", "messages of a key stay in order: sized for 12 months of growth",
    )  # fmt: skip
    assert logs.tell_retention(s, p, "batch").because == ("outage 1d", "replay window 3d")
    told = logs.tell_retention(changes(24 * GB), whole(outage=2 * HOUR), "batch")
    assert told.because == ("outage 2h", "3 GB of change log an hour", "slot cap 9 GB")
