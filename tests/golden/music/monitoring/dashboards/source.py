"""Source: what the loads of one source bring, and what they lose."""

from __future__ import annotations

from monitoring.dashboards.expressions import OF_SOURCE, OF_TABLE, P, age, used
from monitoring.dashboards.panels import (
    SHARE_USED,
    ZERO_IS_BETTER,
    ZERO_IS_GOOD,
    Column,
    Rows,
    lines_panel,
    or_none,
    or_zero,
    stat_panel,
    table_panel,
    variable,
)

VARIABLES = [
    variable("source", "Source", f"label_values(pipeline_source_up{{{P}}}, source)"),
    variable(
        "table",
        "Table",
        f"label_values(pipeline_rows_read{{{OF_SOURCE}}}, table)",
        several=True,
        every=".*",
    ),
]
UP = {"0": ("not reached", "red"), "1": ("reached", "green")}


def rows() -> Rows:
    """The panels, by the title of their row."""
    return {
        "Now": [*_reached_now(), *_lost_now()],
        "Rows of the newest load": _loads(),
        "Age and size": _sizes(),
        "What does not add up": _losses(),
    }


def _reached_now() -> list:
    return [
        stat_panel(
            "Source",
            f"min(pipeline_source_up{{{OF_SOURCE}}})",
            "Whether the newest load could reach it.",
            words=UP,
        ),
        stat_panel(
            "Used of the allowed age",
            f"max({used(OF_TABLE)})",
            "The oldest table's age as a share of what is allowed; above 100 % it is late.",
            unit="percentunit",
            steps=SHARE_USED,
        ),
        stat_panel(
            "Tables whose load failed",
            or_zero(f"count(pipeline_load_failed{{{OF_TABLE}}})"),
            "Tables whose newest load failed; the reasons stand below.",
            steps=ZERO_IS_GOOD,
        ),
    ]


def _lost_now() -> list:
    return [
        stat_panel(
            "Rows in quarantine",
            or_zero(f"sum(pipeline_quarantine_rows{{{OF_TABLE}}})"),
            "Rows that could not be read as their types, kept with the reason.",
            steps=ZERO_IS_BETTER,
        ),
        stat_panel(
            "Windows that differ",
            or_zero(f"sum(pipeline_reconciliation_differences{{{OF_TABLE}}})"),
            "Windows in which counts or sums differ between two hops.",
            steps=ZERO_IS_GOOD,
        ),
        stat_panel(
            "Changes of the schema",
            or_zero(f"count(pipeline_schema_drift{{{OF_TABLE}}})"),
            "What the newest loads found changed in the columns.",
            steps=ZERO_IS_BETTER,
        ),
    ]


def _loads() -> list:
    def of(metric: str) -> dict[str, str]:
        return {"{{table}}": f"max by (table) ({metric}{{{OF_TABLE}}})"}

    return [
        lines_panel("Rows read", of("pipeline_rows_read"), "Rows that the source gave."),
        lines_panel("Rows landed", of("pipeline_rows_landed"), "Rows written to raw."),
        lines_panel(
            "Rows put in quarantine",
            of("pipeline_rows_quarantined"),
            "Rows read that could not be landed as their types.",
        ),
        lines_panel(
            "Rows left out for a newer one",
            of("pipeline_rows_superseded"),
            "Rows read of which the same load brought a newer version.",
        ),
        lines_panel(
            "Rows deleted",
            of("pipeline_rows_deleted"),
            "Rows that are no longer at the source, and went from raw or were marked.",
        ),
        lines_panel("Time of a load", of("pipeline_load_seconds"), "By table.", unit="s"),
    ]


def _sizes() -> list:
    newest = f"time() - max by (table) (pipeline_newest_row_timestamp_seconds{{{OF_TABLE}}})"
    a_day = f"max by (table) (pipeline_rows_per_day{{{OF_TABLE}}})"
    return [
        lines_panel(
            "Age of what readers see",
            {"{{table}}": f"max by (table) ({age(OF_TABLE)})"},
            "What is published is complete up to so long ago.",
            unit="s",
            width=6,
        ),
        lines_panel(
            "Age of the newest row",
            {"{{table}}": or_none(newest, "table", "NaN")},
            "By the table's watermark. Sample data, and tables without a time, have none.",
            unit="s",
            width=6,
        ),
        lines_panel(
            "Rows in raw",
            {"{{table}}": f"max by (table) (pipeline_table_rows{{{OF_TABLE}}})"},
            "On PostgreSQL its estimate.",
            width=6,
        ),
        lines_panel(
            "Rows read in the last 24 hours",
            {"{{table}}": or_none(a_day, "table", "NaN")},
            "Of tables that are read by what is new, from their second day on.",
            width=6,
        ),
    ]


def _losses() -> list:
    differences = f"sum by (hop) (pipeline_reconciliation_differences{{{OF_TABLE}}})"
    drift = f"max by (table, change) (pipeline_schema_drift{{{OF_TABLE}}})"
    failed = f"max by (table, reason) (pipeline_load_failed{{{OF_TABLE}}})"
    return [
        lines_panel(
            "Windows that differ, by hop",
            {"{{hop}}": differences},
            "Windows in which counts or sums differ between two hops; 0 where all agree.",
        ),
        table_panel(
            "What changed in the schema",
            {"table": "Table", "change": "Change"},
            [Column("Seen", or_none(drift, "table"))],
            "What the newest load of each table found changed.",
            width=8,
        ),
        table_panel(
            "Failed loads",
            {"table": "Table", "reason": "Reason"},
            [Column("Failed", or_none(failed, "table"))],
            "Tables whose newest load failed, and why.",
            width=8,
        ),
    ]
