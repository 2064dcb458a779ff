"""What a run reads, by hand and by what must hold of any."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipegen.core.design import calibration as c
from pipegen.core.design.inputs import SourceInputs
from pipegen.core.design.rules import extract, mode
from pipegen.core.sizing import work
from tests.core.design.given import DAY, HOUR, source, table
from tests.core.sizing.any_inputs import sources

MINUTES = 10 * 60
M = 10**6


def of(*, choice: str = "watermark", overlap: int | None = None, **change: Any) -> float:
    its = {k: v for k, v in change.items() if k in ("peak", "lag", "delivered", "kind")}
    t = table(
        **{
            "known_rows": 100 * M,
            "known_per_day": 1.0 * M,
            "lateness": 1,
            **{k: v for k, v in change.items() if k not in its},
        }
    )
    return work.rows_per_run(source(t, **its), t, choice, overlap)


@pytest.mark.parametrize(
    ("change", "rows"),
    [
        ({"choice": "full"}, 100 * M),
        ({}, 48_612),  # an hour and ten minutes of a million a day, rounded up
        ({"mark": "numeric"}, 41_667),
        ({"choice": "cdc"}, 41_667),
        ({"peak": 4.0}, 194_445),
        ({"lateness": DAY}, 1_041_667),
        ({"lateness": DAY, "overlap": HOUR}, 83_334),
        ({"lag": HOUR}, 83_334),
        ({"known_per_day": None}, 48_612),  # a hundredth of 100 M a day
        ({"known_rows": 1000}, 1000),
        ({"known_rows": None, "per_day_how": "said"}, 48_612),
        ({"known_rows": None, "known_per_day": None}, 0),
        ({"form": "events", "choice": "append"}, 41_667),
        ({"form": "files", "kind": "files", "choice": "append"}, 41_667),
        ({"form": "files", "kind": "files", "choice": "append", "delivered": (6, 0)}, M),
        ({"form": "files", "kind": "files", "choice": "full"}, 100 * M),
    ],
)
def test_rows_of_a_run(change: dict[str, Any], rows: int) -> None:
    assert of(**change) == rows


def test_every_table_is_read_as_often_as_the_freshest() -> None:
    fresh, stale = table("fresh", freshness=HOUR), table("stale", freshness=DAY, known_rows=M, known_per_day=86_400.0)
    assert work.rows_per_run(source(fresh, stale), stale, "cdc") == HOUR
    assert work.rows_per_run(source(stale), stale, "cdc") == DAY


def test_the_seconds_of_a_run() -> None:
    t = table(known_rows=3 * M, known_per_day=0.0)
    s = source(t)
    assert work.run_seconds(s, "batch", {"t": "full"}) == 60 + 50
    assert work.run_seconds(s, "batch", {"t": "watermark-keys"}) == 60 + 0 + 6
    assert work.run_seconds(s, "batch", {"t": "watermark"}) == 60
    assert work.run_seconds(source(), "batch", {}) == 60
    both = source(t, table("u", known_rows=6 * M))
    assert work.run_seconds(both, "batch", {"t": "full", "u": "full"}) == 60 + 50 + 100


def test_an_overlap_that_a_person_chose_is_read_too() -> None:
    s = source(table(known_rows=100 * M, known_per_day=86_400.0 * 60_000))
    assert work.run_seconds(s, "batch", {"t": "watermark"}, {"t": HOUR}) == pytest.approx(60 + 100 * M / 60_000)
    assert (
        work.run_seconds(
            source(table(known_rows=100 * M, known_per_day=86_400.0)), "batch", {"t": "watermark"}, {"t": 60_000 - HOUR}
        )
        == 61
    )


@pytest.mark.parametrize(
    ("how", "per_second", "seconds"),
    [("micro-batch", 60_000, 15 + 50), ("micro-batch", 0, 15), ("spark-streaming", 30_000, 25), ("spark-streaming", 90_000, 37.5)],
)  # fmt: skip
def test_the_seconds_of_a_small_batch(how: str, per_second: int, seconds: float) -> None:
    """Of half of the freshness: 50 s of arrivals at 60,000 rows a second; two readers where one is too few."""
    s = source(table(freshness=100, known_per_day=per_second * 86_400.0), log=True)
    assert work.run_seconds(s, how, {"t": "cdc"}) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("per_second", "peak", "batches", "streams"), [(0, 1.0, 1, 1), (59_999, 1.0, 1, 1), (60_000, 1.0, 1, 2), (30_000, 4.0, 1, 3)]
)  # fmt: skip
def test_readers_for_the_busiest_hour(per_second: int, peak: float, batches: int, streams: int) -> None:
    s = source(table(known_per_day=per_second * 86_400.0), peak=peak)
    assert [work.readers(s, how) for how in mode.MODES] == [batches] * 3 + [streams] * 2
    assert work.busy(s, s.tables, "flink") == pytest.approx(per_second / 60_000), "on average"


def test_what_an_api_sends_by_itself_is_under_no_rate_limit() -> None:
    s = source(table(form="api", known_per_day=86_400.0 * 1000), kind="rest", request_rate=2.0, webhooks=True)
    assert work.busy(s, s.tables, "batch") == 10
    assert work.busy(s, s.tables, "micro-batch") == 1 / 160


def test_no_trigger_is_longer_than_the_longest() -> None:
    assert work.longest_trigger(source(table(freshness=30))) == 15
    assert (
        work.longest_trigger(source(table(freshness=240))) == work.longest_trigger(source(table(freshness=DAY))) == 120
    )


def test_bytes_that_are_scanned() -> None:
    t = table(known_rows=1000, known_per_day=10.0, row_bytes=50.0, lateness=DAY, freshness=DAY)
    assert work.scanned_bytes(source(t), {"t": "full"}) == 50_000 + 50_000, "at the source, and by dbt"
    assert work.scanned_bytes(source(t), {"t": "cdc"}) == 500 + 500, "what is new, and a day that is looked back"
    late = table(known_rows=1000, known_per_day=10.0, row_bytes=50.0, lateness=3 * DAY, freshness=DAY)
    assert work.scanned_bytes(source(late), {"t": "cdc"}) == 500 + 1500
    assert work.scanned_bytes(source(table(known_rows=1, known_per_day=10.0, row_bytes=50.0)), {"t": "cdc"}) == 50 + 50
    unknown = table(known_per_day=10.0, row_bytes=50.0, freshness=DAY, form="events")
    assert work.scanned_bytes(source(unknown, kind="kafka"), {"t": "append"}) == 500 + 500


@pytest.mark.parametrize(("tables", "loads"), [(0, 1), (1, 1), (12, 12), (13, 12), (1000, 12)])
def test_loads_of_a_source(tables: int, loads: int) -> None:
    assert work.load_tasks(tables) == loads


def test_task_runs_an_hour() -> None:
    """A repository of one table has nine tasks: its load, and eight around it."""
    s = source(table())
    assert work.tasks_an_hour(s, "batch", HOUR) == 9
    assert work.tasks_an_hour(s, "frequent-batch", MINUTES) == 54
    assert work.tasks_an_hour(s, "batch", DAY) == 9 / 24
    assert work.tasks_an_hour(s, "micro-batch", 30) == work.tasks_an_hour(s, "flink", 0) == 0


@given(sources(), st.sampled_from(extract.EXTRACTS), st.integers(0, 10**12), st.sampled_from(mode.MODES))
def test_more_rows_take_no_less_time_and_bytes(s: SourceInputs, choice: str, more: int, how: str) -> None:
    first, *rest = s.tables
    grown = source(
        table(**{**vars(first), "known_rows": (first.known_rows or 0) + more, "known_per_day": first.per_day + more}), *rest,
        kind=s.kind, peak=s.peak, request_rate=s.request_rate,
    )  # fmt: skip
    before = source(
        table(**{**vars(first), "known_rows": first.known_rows or 0, "known_per_day": first.per_day}), *rest,
        kind=s.kind, peak=s.peak, request_rate=s.request_rate,
    )  # fmt: skip
    extracts = {t.name: choice for t in s.tables}
    if how not in mode.STREAMS:  # a stream takes another reader
        assert work.run_seconds(before, how, extracts) <= work.run_seconds(grown, how, extracts) * (1 + 1e-12)
    assert work.scanned_bytes(before, extracts) <= work.scanned_bytes(grown, extracts) * (1 + 1e-12)
    assert work.readers(before, how) <= work.readers(grown, how)
    assert work.run_seconds(before, how, extracts) >= (c.RUN_OVERHEAD.value if how in mode.BATCHES else 0)
