"""Quality: what the checks say, and whether each hop has what the one before had."""

from __future__ import annotations

from monitoring.dashboards.expressions import P
from monitoring.dashboards.panels import (
    ZERO_IS_BETTER,
    ZERO_IS_GOOD,
    Column,
    Rows,
    lines_panel,
    or_none,
    or_zero,
    stat_panel,
    table_panel,
)

FAILED = f"max by (check, model, severity) (pipeline_check_failed{{{P}}})"
COLORS = {
    "pass": "green",
    "warn": "orange",
    "fail": "red",
    "error": "dark-red",
    "skipped": "text",
}
DIFFERENT = f"pipeline_reconciliation_differences{{{P}}}"


def rows() -> Rows:
    """The panels, by the title of their row."""
    return {"Now": _now(), "Checks": _checks(), "Hop by hop": _hops(), "Volumes": _volumes()}


def _now() -> list:
    def failing(severity: str) -> str:
        return or_zero(f'count(pipeline_check_failed{{{P}, severity="{severity}"}})')

    return [
        stat_panel(
            "Checks that pass",
            or_zero(f'sum(pipeline_checks{{{P}, status="pass"}})'),
            "Of dbt, by their newest result.",
        ),
        stat_panel(
            "Checks that fail",
            failing("error"),
            "Those that stop a build.",
            steps=ZERO_IS_GOOD,
        ),
        stat_panel(
            "Checks that warn",
            failing("warn"),
            "Those that are only told.",
            steps=ZERO_IS_BETTER,
        ),
        stat_panel(
            "Windows that differ",
            or_zero(f"sum({DIFFERENT})"),
            "Windows in which counts or sums differ between two hops.",
            steps=ZERO_IS_GOOD,
        ),
        stat_panel(
            "Rows in quarantine",
            or_zero(f"sum(pipeline_quarantine_rows{{{P}}})"),
            "Rows that could not be read as their types, kept with the reason.",
            steps=ZERO_IS_BETTER,
        ),
        stat_panel(
            "Failed backfills",
            or_zero(f"sum(pipeline_backfill_failed{{{P}}})"),
            "Tables whose newest backfill failed.",
            steps=ZERO_IS_GOOD,
        ),
    ]


def _checks() -> list:
    return [
        lines_panel(
            "Checks by result",
            {"{{status}}": f"sum by (status) (pipeline_checks{{{P}}})"},
            "The newest result of each check of dbt.",
            width=12,
            colors=COLORS,
        ),
        table_panel(
            "Checks that do not pass",
            {"check": "Check", "model": "Model", "severity": "Severity"},
            [Column("Rows that fail", or_none(FAILED, "check"))],
            "`make query` shows the rows; the runbook says how.",
            width=12,
        ),
    ]


def _hops() -> list:
    labels = "hop, source, table"
    rows = f"max by ({labels}) (pipeline_reconciliation_rows_difference{{{P}}})"
    return [
        lines_panel(
            "Windows that differ, by hop",
            {"{{hop}}": f"sum by (hop) ({DIFFERENT})"},
            "In the newest comparison; 0 where all agree.",
            width=12,
        ),
        table_panel(
            "Hops that do not agree",
            {"hop": "Hop", "source": "Source", "table": "Table"},
            [
                Column("Windows", or_none(f"max by ({labels}) ({DIFFERENT}) > 0", "hop")),
                Column("Rows", or_none(f"{rows} > 0", "hop")),
            ],
            "Windows in which counts or sums differ, and rows that one side has more.",
            width=12,
        ),
    ]


def _volumes() -> list:
    name = "{{source}} {{table}}"
    a_day = f"max by (source, table) (pipeline_rows_per_day{{{P}}})"
    return [
        lines_panel(
            "Rows read in the last 24 hours",
            {name: or_none(a_day, "table", "NaN")},
            "Of tables that are read by what is new, from their second day on.",
        ),
        lines_panel(
            "Rows of the marts",
            {"{{mart}}": f"max by (mart) (pipeline_mart_rows{{{P}}})"},
            "As the newest build left them.",
        ),
        lines_panel(
            "Size of the warehouse",
            {"warehouse": f"max(pipeline_warehouse_bytes{{{P}}})"},
            "Everything in it, history and quarantine too.",
            unit="bytes",
        ),
    ]
