"""Running: tasks side by side, the executor, and what wakes somebody."""

from __future__ import annotations

from typing import Any

import pytest

from pipegen.core.design.rules import running
from pipegen.core.spec.model import Machine
from tests.core.design.given import DAY, HOUR, refuses, source, table, tells, whole

TABLES = tuple(table(f"t{i}") for i in range(6))


@pytest.mark.parametrize(
    ("destination", "tables", "connections", "machine", "tasks"),
    [
        ("duckdb", 6, 100, Machine(cores=64), 1),
        ("postgres", 6, None, None, 4),
        ("postgres", 3, None, None, 3),
        ("postgres", 0, None, None, 1),
        ("postgres", 6, 16, None, 4),
        ("postgres", 6, 15, None, 3),
        ("postgres", 6, 1, None, 1),
        ("postgres", 6, 100, Machine(cores=2), 2),
        ("postgres", 6, 100, Machine(cores=2, workers=2), 4),
        ("snowflake", 6, 8, Machine(cores=16), 2),
    ],
)
def test_the_least_of_what_is_known_bounds_the_tasks(
    destination: str, tables: int, connections: int | None, machine: Machine | None, tasks: int
) -> None:
    s = source(*TABLES[:tables], connections=connections)
    p = whole(s, destination=destination, machine=machine)
    assert running.parallelism(s, p) == tasks
    assert running.parallelism_problem(s, p, str(tasks)) is None
    tells(running.tell_parallelism(s, p), str(tasks))


def test_tasks_that_a_person_may_choose() -> None:
    s = source(*TABLES, connections=40)
    warehouse, duckdb = whole(s, destination="postgres"), whole(s)
    assert running.parallelism_problem(s, warehouse, "10") is None, (
        "the pool is advice, the source's connections are not"
    )
    refuses(
        running.parallelism_problem(s, warehouse, "11"),
        "11 tasks side by side are more than a quarter of the source's connections: 10",
        "works: `4`",
    )
    refuses(running.parallelism_problem(s, duckdb, "2"), "more than writers of DuckDB: 1", "works: `1`")
    for choice in ("0", "-1", "two", "", "1001", "²"):
        refuses(running.parallelism_problem(s, warehouse, choice), "is not a number of tasks", "from 1 to 1000")


def test_the_pool_is_what_every_source_can_bear() -> None:
    one, two = source(*TABLES, name="a", connections=100), source(*TABLES[:1], name="b", connections=8)
    assert running.pool_slots(whole(one, destination="postgres")) == 4
    assert running.pool_slots(whole(one, two, destination="postgres")) == 2
    assert running.pool_slots(whole(one, two)) == 1
    assert running.pool_slots(whole()) == 1


@pytest.mark.parametrize(
    ("tasks", "deploy", "peak", "workers", "choice"),
    [
        (500, "compose", 1.0, 1, "LocalExecutor"), (500.1, "compose", 1.0, 1, "CeleryExecutor"),
        (1, "compose", 1.0, 2, "CeleryExecutor"), (1, "compose", 100.0, 1, "LocalExecutor"),
        (1, "kubernetes", 10.0, 1, "LocalExecutor"), (1, "kubernetes", 10.1, 1, "KubernetesExecutor"),
        (501, "kubernetes", 10.0, 1, "CeleryExecutor"), (1, "none", 100.0, 1, "LocalExecutor"),
    ],
)  # fmt: skip
def test_the_executor_at_its_thresholds(tasks: float, deploy: str, peak: float, workers: int, choice: str) -> None:
    p = whole(source(table(), peak=peak), deploy=deploy, machine=Machine(workers=workers))
    assert running.choose_executor(p, tasks) == choice
    assert running.executor_problem(p, choice) is None
    told = running.tell_executor(p, tasks, choice)
    tells(told, choice)
    assert ("a peak of" in " ".join(told.because)) is (choice == "KubernetesExecutor")


def test_an_executor_that_cannot_work() -> None:
    one, two = whole(), whole(machine=Machine(workers=2))
    refuses(running.executor_problem(one, "KubernetesExecutor"), "needs a cluster", "`deploy: kubernetes`")
    refuses(running.executor_problem(two, "LocalExecutor"), "and there are 2 workers", "works: `CeleryExecutor`")
    refuses(
        running.executor_problem(one, "Celery"), "`Celery` is not a choice of `pipeline.executor`", "CeleryExecutor"
    )
    for choice in ("LocalExecutor", "CeleryExecutor"):
        assert running.executor_problem(one, choice) is None
        tells(running.tell_executor(one, 1, choice), choice)
    assert running.executor_problem(whole(deploy="kubernetes"), "KubernetesExecutor") is None


@pytest.mark.parametrize(
    ("intervals", "few"),
    [([HOUR], False), ([HOUR + 1], True), ([DAY, HOUR], False), ([DAY], True), ([0, DAY], False), ([0], False), ([], True)],
)  # fmt: skip
def test_a_burn_rate_says_nothing_of_fewer_than_24_runs_a_day(intervals: list[int], few: bool) -> None:
    """A stream, whose interval is 0, runs all the time."""
    assert running.few_runs(intervals) is few
    pages = running.choose_alerts(whole(), intervals, False, False)
    assert pages == ("freshness-deadline+rows-lost" if few else "freshness-burn+rows-lost")
    tells(running.tell_alerts(whole(), intervals), pages)


@pytest.mark.parametrize(
    ("more", "log", "topic", "pages"),
    [
        ({}, False, False, "freshness-burn+rows-lost"),
        ({}, True, False, "freshness-burn+rows-lost+slot"),
        ({}, True, True, "freshness-burn+rows-lost+slot"),
        ({"consumers": ("actions",)}, False, True, "freshness-burn+rows-lost+dead-letters"),
        ({"consumers": ("actions",)}, True, False, "freshness-burn+rows-lost+slot"),
        ({"on_call": "none", "consumers": ("actions",)}, True, True, "tickets"),
    ],
)
def test_what_pages(more: dict[str, Any], log: bool, topic: bool, pages: str) -> None:
    p = whole(**more)
    assert running.choose_alerts(p, [HOUR], log, topic) == pages
    assert running.alerts_problem(p, pages) is None


def test_alerts_that_a_person_may_choose() -> None:
    assert running.alerts_problem(whole(), "tickets") is None
    assert running.alerts_problem(whole(), "+".join(running.ALERTS)) is None
    refuses(
        running.alerts_problem(whole(), "rows-lost+volume"),
        "`volume` is no alert that pages",
        "allowed is `tickets`, or of freshness-burn",
    )
    refuses(running.alerts_problem(whole(), ""), "is no alert that pages", "`tickets`")
    refuses(running.alerts_problem(whole(on_call="none"), "rows-lost"), "nobody is on call", "`on_call: working-hours`")


@pytest.mark.parametrize(
    ("call", "modes", "alerts", "who"),
    [
        ("none", ("batch",), "tickets", "nobody: tickets only"),
        ("always", ("batch",), "tickets", "nobody: tickets only"),
        ("working-hours", ("flink",), "rows-lost", "whoever is on call, in working hours"),
        ("always", ("batch",), "rows-lost", "whoever is on call, at night too"),
        ("always", ("batch", "flink"), "rows-lost", "whoever is on call, at night too: a stream"),
    ],
)
def test_who_is_woken(call: str, modes: tuple[str, ...], alerts: str, who: str) -> None:
    assert running.woken(whole(on_call=call), modes, alerts) == who
