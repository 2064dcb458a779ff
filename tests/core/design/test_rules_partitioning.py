"""Partitioning, by what each warehouse documents."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from pipegen.core.design.rules import partitioning
from tests.core.design.given import DAY, GB, TB, against, refuses, table, tells

A_DAY = 10 * GB / 100  # rows of 100 B that make 10 GB


@pytest.mark.parametrize(
    ("destination", "change", "choice"),
    [
        ("duckdb", {"known_rows": 1e12}, "none"),
        ("postgres", {"known_rows": 100e6}, "none"),
        ("postgres", {"known_rows": 100e6 + 1}, "range"),
        ("postgres", {"known_rows": 1e9, "mark": "numeric"}, "none"),
        ("postgres", {"known_rows": 5, "retention": 400 * DAY}, "range"),
        ("postgres", {"known_rows": 5, "retention": 400 * DAY, "mark": ""}, "none"),
        ("postgres", {}, "none"),
        ("bigquery", {"known_per_day": A_DAY}, "day"),
        ("bigquery", {"known_per_day": A_DAY - 1}, "cluster"),
        ("bigquery", {"known_per_day": 5.0, "retention": 10_000 * DAY}, "day"),
        ("bigquery", {"known_per_day": 5.0, "retention": 10_001 * DAY}, "month"),
        ("bigquery", {"known_per_day": A_DAY, "known_rows": 6350 * A_DAY}, "day"),
        ("bigquery", {"known_per_day": A_DAY, "known_rows": 6351 * A_DAY}, "month"),
        ("bigquery", {"known_per_day": A_DAY, "mark": "numeric"}, "cluster"),
        ("bigquery", {"known_per_day": A_DAY, "mark": "", "key": False}, "none"),
        ("snowflake", {"known_rows": 2 * TB / 100}, "none"),
        ("snowflake", {"known_rows": 2 * TB / 100 + 1}, "cluster"),
        ("databricks", {}, "liquid-clustering"),
        ("redshift", {}, "sort-key"),
        ("redshift", {"mark": "numeric"}, "none"),
        ("clickhouse", {}, "month"),
        ("clickhouse", {"mark": ""}, "none"),
        ("lake", {}, "day"),
        ("lake", {"mark": ""}, "none"),
    ],
)
def test_partitioning_at_its_thresholds(destination: str, change: dict[str, Any], choice: str) -> None:
    t = table(**change)
    assert partitioning.choose(t, destination) == choice
    assert partitioning.problem(t, destination, choice) is None
    # DuckDB has no partitions of its own tables, so nothing stands beside `none`.
    tells(partitioning.tell(t, destination, choice), choice, alone=destination == "duckdb")


def test_whatever_is_chosen_works() -> None:
    for destination, mark, key, rows, retention in itertools.product(
        partitioning.CHOICES, ("", "numeric", "temporal"), (True, False), (None, 5, 1e13), (None, DAY, 30_000 * DAY)
    ):
        t = table(mark=mark, key=key, known_rows=rows, retention=retention)
        choice = partitioning.choose(t, destination)
        assert partitioning.problem(t, destination, choice) is None


@pytest.mark.parametrize(
    ("destination", "change", "choice", "message", "hint"),
    [
        ("duckdb", {}, "day", "`day` is not a choice of `s.t.partitioning`", "destination is duckdb: allowed is none"),
        ("snowflake", {}, "day", "not a choice", "allowed is none, cluster"),
        ("databricks", {}, "liquid-clusterng", "not a choice", "did you mean `liquid-clustering`?"),
        (
            "postgres",
            {"mark": "numeric"},
            "range",
            "`s.t` has no time to partition by",
            "`watermark: COLUMN`, or `none`",
        ),
        ("bigquery", {"mark": ""}, "day", "no time to partition by", "`none`"),
        ("redshift", {"mark": ""}, "sort-key", "no time to partition by", "`none`"),
    ],
)
def test_what_a_person_may_not_choose(
    destination: str, change: dict[str, Any], choice: str, message: str, hint: str
) -> None:
    refuses(partitioning.problem(table(**change), destination, choice), message, hint)


@pytest.mark.parametrize("destination", partitioning.CHOICES)
def test_a_person_may_choose_whatever_the_warehouse_has(destination: str) -> None:
    t = table(known_rows=1000)
    for choice in partitioning.CHOICES[destination]:
        assert partitioning.problem(t, destination, choice) is None
        tells(partitioning.tell(t, destination, choice), choice, alone=destination == "duckdb")


def test_what_is_said_is_true() -> None:
    told = partitioning.tell(table(known_rows=2e6, known_per_day=1e4, retention=30 * DAY), "postgres", "range")
    assert told.because == ("destination: postgres", "2 M rows, 200 MB, and 1 MB a day", "rows are kept 30 days")
    told = partitioning.tell(table(known_rows=5, mark=""), "bigquery", "cluster")
    assert told.because[-1] == "it has no time to partition by"
    assert against(told, "day") == "s.t has no time to partition by"
    told = partitioning.tell(table(known_per_day=A_DAY), "bigquery", "month")
    assert against(told, "day") == "there would be more than 10,000 of them"
    assert "does not earn back" in against(partitioning.tell(table(), "snowflake", "none"), "cluster")
    assert "index is enough" in against(partitioning.tell(table(), "postgres", "none"), "range")
