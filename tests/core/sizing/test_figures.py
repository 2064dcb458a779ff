"""The figures of a design, by hand and by what must hold of any."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipegen.core.design.choose import Chosen, choose
from pipegen.core.design.decision import Figure
from pipegen.core.design.inputs import Inputs, SourceInputs
from pipegen.core.design.rules import mode
from pipegen.core.sizing import figures, work
from pipegen.core.spec.model import Machine, Prices
from tests.core.design.given import DAY, GB, HOUR, source, table, whole
from tests.core.sizing.any_inputs import wholes

M = 10**6
MONTH = 30.44
GROWN = "1 GB now, 1.8 GB at +5.0% a month, x 2 (raw and marts)"
UNITS = {
    "rows_per_run": "rows", "bytes_per_run": "bytes", "run_seconds_estimated": "s", "slack_seconds": "s",
    "days_to_first_threshold": "days", "storage_bytes_after_a_year": "bytes", "topic_partitions": "partitions",
    "topic_bytes": "bytes", "log_bytes": "bytes", "catch_up_seconds": "s", "source_connections": "connections",
    "compute_minutes_per_month": "min/month", "scanned_gb_per_month": "GB/month", "stored_gb": "GB",
    "money_per_month": "EUR/month", "task_runs_per_hour": "task runs/h",
}  # fmt: skip


def of(s: SourceInputs, overrides: dict[str, str] | None = None, **more: Any) -> dict[str, Figure]:
    """The figures of a source, and of the whole that it is alone in."""
    made = choose(whole(s, **more), overrides)
    assert not made.refused
    return by_id(made)


def by_id(made: Chosen) -> dict[str, Figure]:
    return {f.id: f for one in figures.sizing(made) for f in one.figures}


def shown(figure: Figure) -> tuple[float, str, str]:
    return figure.value, figure.text, figure.how


NIGHTLY = source(table("a", known_rows=3 * M, freshness=DAY), table("b", known_rows=6 * M, freshness=DAY))
EVENTS = source(table(form="events", known_per_day=86_400.0 * 1000, freshness=10), kind="kafka", peak=4.0)


def test_a_run_of_a_batch() -> None:
    found = of(NIGHTLY)
    assert shown(found["rows_per_run"]) == (9 * M, "9 M", "b 6 M + a 3 M")
    assert shown(found["bytes_per_run"]) == (900 * M, "900 MB", "9 M rows x 100 B")
    assert shown(found["run_seconds_estimated"]) == (210, "3.5 min", "60 s to start + 9 M rows / 60 k rows/s")


def test_a_run_that_compares_keys() -> None:
    s = source(table(known_rows=100 * M, known_per_day=0.0))
    assert shown(of(s)["run_seconds_estimated"]) == (
        260, "4.33 min", "60 s to start + 0 rows / 60 k rows/s + 100 M keys / 500 k keys/s",
    )  # fmt: skip


def test_a_run_at_several_rates() -> None:
    tables = [
        table(f"t{i}", form="files", known_rows=250_000, row_bytes=100.0 * i, freshness=DAY) for i in (1, 2, 4, 8)
    ]
    bulk = source(*tables, kind="files", bulk=True)
    run = of(bulk, destination="bigquery")["run_seconds_estimated"]
    assert run.value == 60 + 0.1 + 0.2 + 0.4 + 0.8
    assert run.how == (
        "60 s to start + 250 k rows / 2.5 M rows/s + 250 k rows / 1.25 M rows/s + 250 k rows / 625 k rows/s + 1 more such"
    )


def test_an_overlap_that_a_person_chose_is_in_the_figures() -> None:
    s = source(table(known_rows=100 * M, known_per_day=86_400.0, deletes="ignore", lateness=HOUR))
    assert of(s)["rows_per_run"].value == 5400, "half an hour, and an hour before the mark"
    assert of(s, {"s.t.overlap": "2h"})["rows_per_run"].value == 9000
    assert of(s, {"s.t.overlap": "2h"})["bytes_per_run"].value == 900_000


def test_a_run_of_a_stream() -> None:
    found = of(EVENTS, on_call="always")
    assert shown(found["rows_per_run"]) == (20_000, "20 k", "4,000 rows/s in the busiest hour x 5 s")
    assert shown(found["run_seconds_estimated"]) == (0.125, "0.12 s", "0 s to start + 20 k rows / 160 k rows/s")
    two = source(table(form="events", known_per_day=86_400.0 * 160_000, freshness=10), kind="kafka")
    assert of(two, on_call="always")["run_seconds_estimated"].how.endswith("/ 160 k rows/s, 2 readers")


def test_the_slack() -> None:
    assert shown(of(NIGHTLY)["slack_seconds"]) == (
        DAY - 210 - 2100 - 12 * HOUR, "11.4 h", "freshness 1d - run 3m30s - retries 35m - interval 12h",
    )  # fmt: skip
    lagging = replace(NIGHTLY, lag=HOUR)
    assert of(lagging)["slack_seconds"].value == of(NIGHTLY)["slack_seconds"].value - HOUR
    assert "- lag 1h" in of(lagging)["slack_seconds"].how
    assert shown(of(EVENTS, on_call="always")["slack_seconds"]) == (5, "5 s", "freshness 10s - trigger 5s")
    assert of(replace(EVENTS, lag=2), on_call="always")["slack_seconds"].value == 10 - 2 - 3
    assert of(replace(NIGHTLY, window=1))["slack_seconds"].value < 0, "once a day is too often for it"
    missed = of(source(table(known_rows=10**9, mark="")))["slack_seconds"]
    assert missed.value < 0 and missed.text == "missed by 9.89 h"
    delivered = source(table(form="files", known_rows=0), kind="files", delivered=(6, 0))
    assert shown(of(delivered)["slack_seconds"]) == (
        HOUR - 60 - 896,
        "44.1 min",
        "freshness 1h - run 1m - retries 14m56s",
    )


@pytest.mark.parametrize(
    ("change", "size", "how"),
    [
        ({}, 2 * 1.05**12 * GB, GROWN),
        ({"history": "scd2"}, 2 * 1.05**12 * GB + 0.365 * GB, f"{GROWN} + 365 MB of versions"),
        ({"history": "daily", "known_rows": 1000}, 2 * 1.05**12 * 100_000 + 36.5 * M, None),
        ({"history": "daily"}, 2 * 1.05**12 * GB + 0.365 * GB, None),
        ({"immutable": True, "known_rows": 0}, 2 * MONTH * M * (1.05**12 - 1) / 0.05, None),
        ({"immutable": True, "known_rows": 0, "retention": DAY}, 2 * 1.05**12 * M, None),
        ({"immutable": True, "known_rows": 0, "retention": 3650 * DAY}, 2 * MONTH * M * (1.05**12 - 1) / 0.05, None),
    ],
)  # fmt: skip
def test_storage_after_a_year(change: dict[str, Any], size: float, how: str | None) -> None:
    """10 M rows of 100 B, 10,000 new or changed a day; daily copies that are too many are versions instead."""
    t = table(**{"known_rows": 10 * M, "known_per_day": 10_000.0, "freshness": DAY, **change})
    found = of(source(t))["storage_bytes_after_a_year"]
    assert found.value == pytest.approx(size)
    assert how is None or found.how == how


def test_what_lies_in_topics_and_in_a_change_log() -> None:
    found = of(EVENTS, on_call="always")
    assert shown(found["topic_partitions"]) == (1, "1", "400 kB/s / 10 MB/s x 2, rounded up, at least 1")
    assert shown(found["topic_bytes"]) == (34.56 * GB, "34.6 GB", "8.64 GB a day x 4d, before replication")
    assert "log_bytes" not in found
    t = table(known_rows=10**10, known_per_day=240.0 * M, mark="", freshness=DAY)
    changes = of(source(t, log=True), outage=2 * HOUR)
    assert shown(changes["log_bytes"]) == (9 * GB, "9 GB", "3 GB an hour x 2 h x 1.5")
    assert "topic_bytes" not in changes
    streamed = of(source(replace(t, freshness=10), log=True), on_call="always")
    assert {"topic_bytes", "topic_partitions", "log_bytes"} <= streamed.keys(), "the log is kept until the topic has it"
    assert not {"topic_bytes", "topic_partitions", "log_bytes"} & of(NIGHTLY).keys()


def test_catching_up_after_an_outage() -> None:
    assert shown(of(NIGHTLY)["catch_up_seconds"]) == (210, "3.5 min", "one run: it reads all there is")
    t = table(known_rows=10**10, known_per_day=86_400.0 * 15_000, deletes="ignore", lateness=1)
    found = of(source(t), outage=3 * HOUR)
    run = found["run_seconds_estimated"].value
    assert found["catch_up_seconds"].value == pytest.approx(run + HOUR), "a quarter of the time is spent on what is new"
    assert found["catch_up_seconds"].how == "a run, and 3h of arrivals, read 4 x as fast as they arrive"
    still = source(replace(t, known_per_day=0.0))
    assert of(still)["catch_up_seconds"].how == "one run"
    flood = source(replace(t, known_per_day=86_400.0 * 60_000))
    assert "catch_up_seconds" not in of(flood), "it never does"
    stream = source(table(form="events", known_per_day=86_400.0 * 240_000, freshness=10), kind="kafka")
    assert "read 1.33 x as fast" in of(stream, on_call="always", outage=60)["catch_up_seconds"].how, "two readers"


def test_connections_at_the_source() -> None:
    tables = [table(f"t{i}", known_rows=1) for i in range(20)]
    found = of(source(*tables, connections=100), destination="postgres")
    assert shown(found["source_connections"]) == (4, "4", "min(4 tasks side by side, 12 loads)")
    assert (
        of(source(tables[0], connections=100), {"s.parallelism": "9"}, destination="postgres")[
            "source_connections"
        ].value
        == 1
    )


def test_the_cost_of_a_month() -> None:
    prices = Prices(currency="USD", compute_minute=0.5, scanned_gb=2, stored_gb=0.1)
    found = of(NIGHTLY, prices=prices)
    runs = 2 * MONTH
    assert found["compute_minutes_per_month"].value == pytest.approx(runs * 3.5)
    assert found["compute_minutes_per_month"].how == "s: 61 runs x 3.5 min"
    assert found["scanned_gb_per_month"].value == pytest.approx(runs * 1.8)
    assert found["stored_gb"].value == 1.8
    assert found["task_runs_per_hour"].value == pytest.approx(10 / 12)
    money = found["money_per_month"]
    assert (money.unit, money.value) == ("USD/month", pytest.approx(runs * 3.5 * 0.5 + runs * 1.8 * 2 + 0.18))
    assert money.how == "213 min x 0.5 + 109.6 GB x 2 + 1.8 GB x 0.1"
    assert "money_per_month" not in of(NIGHTLY)


def test_no_month_has_more_minutes_than_it_has() -> None:
    """A run that takes longer than a day is waited for."""
    found = of(source(table(known_rows=10**10, mark="")))
    assert found["run_seconds_estimated"].value > DAY
    assert found["compute_minutes_per_month"].value == pytest.approx(MONTH * 1440)


def test_a_stream_costs_every_minute_of_the_month() -> None:
    found = of(EVENTS, on_call="always")
    assert found["compute_minutes_per_month"].value == pytest.approx(MONTH * 1440)
    assert found["compute_minutes_per_month"].how == "s: 1 x all the time"
    assert found["scanned_gb_per_month"].value == pytest.approx(MONTH * 8.64 * (1 + 24)), (
        "loaded once, and a day of it read by dbt every hour"
    )
    assert found["task_runs_per_hour"].value == 0
    two = source(table(form="events", known_per_day=86_400.0 * 160_000, freshness=10), kind="kafka")
    assert of(two, on_call="always")["compute_minutes_per_month"].value == pytest.approx(2 * MONTH * 1440)


def test_the_first_threshold_is_said_where_one_is_known() -> None:
    made = choose(whole(NIGHTLY, growth=0.05))
    assert "days_to_first_threshold" not in by_id(made)
    (its, _) = figures.sizing(made, {"s": (400.0, "s.a.extract flips to watermark-keys")})
    found = {f.id: f for f in its.figures}["days_to_first_threshold"]
    assert shown(found) == (400, "400 days", "s.a.extract flips to watermark-keys, at +5.0% a month")


def test_each_source_has_its_sizing_and_the_whole_comes_last() -> None:
    made = choose(whole(NIGHTLY, replace(EVENTS, name="e")))
    assert [one.source for one in figures.sizing(made)] == ["s", "e", ""]


@given(wholes())
def test_every_figure_is_a_number_with_its_unit_and_its_arithmetic(p: Inputs) -> None:
    for one in figures.sizing(choose(p)):
        ids = [f.id for f in one.figures]
        assert len(set(ids)) == len(ids)
        for f in one.figures:
            json.dumps(asdict(f), allow_nan=False)
            assert f.name and f.text and f.how
            assert f.unit == UNITS[f.id]
            assert f.value >= 0 or f.id == "slack_seconds"


@given(wholes())
def test_a_pipeline_computes_no_longer_than_its_month_has(p: Inputs) -> None:
    made = choose(p)
    readers = sum(work.readers(s, made.sources[s.name].mode) for s in p.sources)
    assert _sum(made, "compute_minutes_per_month") <= MONTH * 1440 * readers * (1 + 1e-9)


@given(wholes())
def test_slack_is_left_where_the_freshness_is_kept_and_none_where_it_is_not(p: Inputs) -> None:
    made = choose(p)
    for s, one in zip(p.sources, figures.sizing(made), strict=False):
        slack = {f.id: f.value for f in one.figures}["slack_seconds"]
        how = made.sources[s.name]
        if made.met(s.name) and how.mode != "flink":
            assert slack >= 0
        elif not how.fits and how.mode in mode.BATCHES:
            assert slack < 0


@given(wholes(), st.integers(0, 200))
def test_what_grows_needs_more_room(p: Inputs, percent: int) -> None:
    slow, fast = (choose(replace(p, growth=one / 100)) for one in (percent, percent + 1))
    size = "storage_bytes_after_a_year"
    assert _sum(slow, size) <= _sum(fast, size)
    assert _sum(slow, "stored_gb") == _sum(fast, "stored_gb"), "what is stored now is what there is"


def _sum(made: Chosen, id: str) -> float:
    return sum(f.value for one in figures.sizing(made) for f in one.figures if f.id == id)


@pytest.mark.parametrize("kind", ["postgres", "files"])
def test_whoever_runs_it_oftener_pays_more(kind: str) -> None:
    costs = []
    for freshness in (7 * DAY, DAY, 6 * HOUR, HOUR, 900):
        form = "rows" if kind == "postgres" else "files"
        t = table(form=form, known_rows=500_000, freshness=freshness)
        costs.append(
            of(source(t, kind=kind), prices=Prices(compute_minute=1), machine=Machine())["money_per_month"].value
        )
    assert costs == sorted(costs) and len(set(costs)) == len(costs)
