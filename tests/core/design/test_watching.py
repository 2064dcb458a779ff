"""What is watched of a design: thresholds that follow from it, and flips that become alerts."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

import pytest

from pipegen.core.design.architect import design, documented
from pipegen.core.design.decision import Flip
from pipegen.core.design.model import Design
from pipegen.core.design.watching import Monitoring, monitoring
from pipegen.core.spec.load import load
from pipegen.store import yaml_file
from tests.core.design.facts import ORDERS, measured

HEAD = "name: shop\nsources:\n  db:\n    kind: postgres\n    url_env: DB_URL\n"
BUSY = {
    **ORDERS, "rows": {"value": 120_000_000}, "foreign_keys": [],
    "watermark": {"column": "ordered_at", "since": "2021-05-06"}, "rows_per_day": {"value": 500_000, "how": "measured"},
}  # fmt: skip


def made(text: str = "", **tables: dict[str, Any]) -> Design:
    spec = load(yaml_file.parse(f"{HEAD}{text}".encode(), "pipegen.yml").values)
    facts = {name: measured(**tables) for name in spec.sources}
    return documented(design(spec, facts), spec, facts)


def watched(text: str = "", **tables: dict[str, Any]) -> Monitoring:
    return monitoring(made(text, **tables))


def test_the_budget_is_what_the_objective_leaves_of_its_window() -> None:
    found = watched("slo: {freshness: 99.5%, window: 30d}\n")
    assert (found.objective, found.window_seconds, found.retention) == (pytest.approx(0.995), 30 * 86_400, "37d")
    assert found.budget == "3h36m"  # 30 days x 0.5 %


def test_burn_rates_are_those_of_the_workbook_for_its_window_of_30_days() -> None:
    found = watched("slo: {freshness: 99.9%, window: 30d}\n")
    assert [(b.long, b.short) for b in found.burns] == [("1h", "5m"), ("6h", "30m"), ("3d", "6h")]
    assert [b.late for b in found.burns] == pytest.approx([0.0144, 0.006, 0.001])


def test_an_objective_that_could_never_burn_fast_enough_is_told_before_all_of_a_window_is_late() -> None:
    assert watched("slo: {freshness: 90%}\n").burns[0].late == 0.9


def test_windows_as_long_as_the_objective_looks_back_are_none() -> None:
    assert [b.long for b in watched("slo: {window: 2d}\n").burns] == ["1h", "6h"]


@pytest.mark.parametrize(
    ("text", "by", "freshness", "lost"),
    [
        ("defaults: {freshness: 10m}\non_call: always\n", "burn", "page", "page"),
        ("defaults: {freshness: 1d}\n", "deadline", "page", "page"),
        ("defaults: {freshness: 10m}\non_call: none\n", "burn", "ticket", "ticket"),
        ("defaults: {freshness: 1d}\non_call: none\n", "deadline", "ticket", "ticket"),
        (
            "overrides:\n  pipeline.alerts: {choice: rows-lost, because: dashboards only}\n",
            "deadline",
            "ticket",
            "page",
        ),
    ],
)
def test_what_pages_is_what_was_decided(text: str, by: str, freshness: str, lost: str) -> None:
    found = watched(text)
    assert (found.freshness_by, found.freshness_severity, found.rows_lost_severity) == (by, freshness, lost)
    assert {b.severity for b in found.burns[:2]} == {freshness}
    assert found.burns[2].severity == "ticket"


@pytest.mark.parametrize(("type_", "unsure"), [("timestamptz", 0), ("timestamp", 12), ("date", 36)])
def test_a_table_that_is_written_to_all_the_time_stands_still_after_twenty_gaps(type_: str, unsure: int) -> None:
    """A time without a zone may be that of a clock twelve hours behind UTC, and a date is of a whole day."""
    busy = {**BUSY, "columns": {**ORDERS["columns"], "ordered_at": {"type": type_}}}
    [of] = watched("defaults: {freshness: 1h}\n", orders=busy).objectives
    source = made("defaults: {freshness: 1h}\n", orders=BUSY).sources[0]
    gap = source.interval_seconds / source.tables[0].rows_per_run
    assert of.still_seconds == int(3600 + source.interval_seconds + 20 * gap) + unsure * 3600
    assert of.counts_days


def test_a_table_that_is_read_whole_or_seldom_written_says_nothing_of_standing_still() -> None:
    assert [o.still_seconds for o in watched().objectives] == [0, 0]
    seldom = {**BUSY, "rows_per_day": {"value": 3, "how": "measured"}}
    assert [o.still_seconds for o in watched("defaults: {freshness: 1h}\n", orders=seldom).objectives] == [0]


def test_a_run_is_missing_before_the_data_is_late_and_slow_where_it_was_planned_to_be_shorter() -> None:
    design = made("defaults: {freshness: 1h}\n", orders=BUSY)
    load, audit = monitoring(design).expected
    figures = next(s for s in design.sizing if s.source == "db")
    run, slack = figures.value("run_seconds_estimated"), figures.value("slack_seconds")
    assert run and slack and slack > 0
    assert load.interval_seconds + run < load.silent_seconds == int(3600 - slack / 2) < 3600
    assert load.longest_seconds == int(min(run + slack, design.sources[0].execution_timeout_seconds))
    assert load.deadline_seconds == 3600 - load.interval_seconds > run
    assert (audit.dag_id, audit.silent_seconds, audit.longest_seconds) == ("shop_audit", 2 * 86_400, 0)


def test_a_run_that_is_as_long_as_its_freshness_has_all_of_it() -> None:
    design = made("defaults: {freshness: 1d}\n")
    daily = replace(design.sources[0], interval_seconds=86_400)
    [load] = monitoring(replace(design, sources=(daily,))).expected
    assert load.deadline_seconds == 86_400


def test_a_flip_that_a_run_can_measure_is_an_assumption_with_the_command_that_tries_it() -> None:
    found = watched("defaults: {freshness: 1h}\n", orders=BUSY).assumptions
    assert {a.metric for a in found} == {"pipeline_table_rows"}
    for one in found:
        assert (one.threshold > BUSY["rows"]["value"]) == (one.comparison == ">=")
        assert shlex.split(one.command)[:3] == ["pipegen", "plan", "--set"]
        assert str(one.threshold) in one.command
    assert len({a.id for a in found}) == len(found)


def test_a_volume_is_measured_of_tables_that_are_read_bit_by_bit_alone() -> None:
    for tables, metrics in (({"orders": BUSY}, ["pipeline_rows_per_day"]), ({}, [])):
        design = made("defaults: {freshness: 1h}\n", **tables)
        flip = Flip(
            "cdc",
            "db.orders volume",
            "flips",
            (("sources.db.tables.orders.volume", "9 rows/day"),),
            "rows/day",
            3,
            8,
            9,
        )
        [record] = [r for r in design.records if r.id.endswith("-extract")]
        told = replace(record, decisions=(replace(record.decisions[0], flips=(flip,)),))
        assert [a.metric for a in monitoring(replace(design, records=(told,))).assumptions] == metrics


def test_a_flip_that_no_run_measures_is_none() -> None:
    whole = watched("defaults: {freshness: 1d}\n", orders=BUSY).assumptions
    assert all(a.metric == "pipeline_table_rows" for a in whole) and whole
