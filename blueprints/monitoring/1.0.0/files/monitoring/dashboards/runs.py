"""Runs: what Airflow does, and whether it does anything at all."""

from __future__ import annotations

from monitoring.dashboards.expressions import DAG, OF_DAG, P
from monitoring.dashboards.panels import (
    SHARE_USED,
    ZERO_IS_BETTER,
    ZERO_IS_GOOD,
    Column,
    Rows,
    counted,
    lines_panel,
    or_none,
    or_zero,
    stat_panel,
    table_panel,
    variable,
)

OBSERVED = f"pipeline:observed:timestamp_seconds{{{P}, {OF_DAG}}}"
SILENT = f"pipeline:run_silent:seconds{{{P}, {OF_DAG}}}"
FAILED = f"airflow_dagrun_duration_failed_seconds_count{{{OF_DAG}}}"
RETRIED = f"pipeline_retried_total{{{OF_DAG}}}"

VARIABLES = [variable("dag", "DAG", f"label_values({DAG}, dag_id)", several=True)]


def rows() -> Rows:
    """The panels, by the title of their row."""
    return {
        "Now": [*_engine_now(), *_runs_now()],
        "Runs": _runs(),
        "Tasks": _tasks(),
        "Airflow": _airflow(),
    }


def _engine_now() -> list:
    return [
        stat_panel(
            "Heartbeats of the scheduler",
            or_zero("sum(rate(airflow_scheduler_heartbeat_total[5m])) * 60"),
            "In a minute. With none, no run is started.",
            steps=((None, "red"), (1, "green")),
        ),
        stat_panel(
            "DAG files that do not import",
            or_zero("max(airflow_dag_processing_import_errors)"),
            "Of all DAGs of this Airflow.",
            steps=ZERO_IS_GOOD,
        ),
        stat_panel(
            "Silence, of what is allowed",
            f"max((time() - {OBSERVED}) / on (pipeline, dag_id) {SILENT})",
            "Of the DAG whose newest run ended longest ago; above 100 % a run is missing.",
            unit="percentunit",
            steps=SHARE_USED,
        ),
    ]


def _runs_now() -> list:
    def in_a_day(series: str) -> str:
        return or_zero(f"sum({counted(series, '1d')})")

    return [
        stat_panel(
            "Failed runs, last day",
            in_a_day(FAILED),
            "Runs of which a task failed after all its retries.",
            steps=ZERO_IS_GOOD,
        ),
        stat_panel(
            "Retries, last day",
            in_a_day(RETRIED),
            "Tasks that failed and were tried again.",
            steps=ZERO_IS_BETTER,
        ),
        stat_panel(
            "Deadlines missed, last day",
            in_a_day(f"airflow_deadline_missed_total{{{OF_DAG}}}"),
            "Runs that took longer than the freshness leaves them.",
            steps=ZERO_IS_GOOD,
        ),
    ]


def _average(metric: str, by: str) -> str:
    """What one took on average, of those that ended within the last day."""
    seconds, number = (counted(f"{metric}_{part}{{{OF_DAG}}}", "1d") for part in ("sum", "count"))
    return f"sum by ({by}) ({seconds}) / (sum by ({by}) ({number}) > 0)"


def _runs() -> list:
    failed = f"sum by (dag_id) ({counted(FAILED, '1h')})"
    return [
        lines_panel(
            "Time of a run",
            {"{{dag_id}}": _average("airflow_dagrun_duration_success_seconds", "dag_id")},
            "Average of the runs that ended well in the day before.",
            unit="s",
        ),
        lines_panel(
            "Since the newest run by the clock ended",
            {"{{dag_id}}": f"time() - max by (dag_id) ({OBSERVED})"},
            "A line that does not fall back to zero: no run ends.",
            unit="s",
        ),
        lines_panel(
            "Runs that failed in an hour",
            {"{{dag_id}}": or_none(failed, "dag_id")},
            "A task of theirs failed after all its retries.",
        ),
    ]


def _tasks() -> list:
    retried = f"sum by (dag_id) ({counted(RETRIED, '1h')})"
    failed = f"max by (dag_id, task_id) (pipeline_task_failed{{{OF_DAG}}}) > 0"
    return [
        lines_panel(
            "Time of a task",
            {
                "{{dag_id}} {{task_id}}": _average(
                    "airflow_task_duration_seconds", "dag_id, task_id"
                )
            },
            "Average of those that ended in the day before.",
            unit="s",
        ),
        lines_panel(
            "Retries in an hour",
            {"{{dag_id}}": or_none(retried, "dag_id")},
            "Tasks that failed and were tried again.",
        ),
        table_panel(
            "Tasks that have failed",
            {"dag_id": "DAG", "task_id": "Task"},
            [Column("Failed", or_none(failed, "dag_id"))],
            "Tasks whose newest run failed.",
            width=8,
        ),
    ]


def _airflow() -> list:
    beats = {
        name: f"sum(rate(airflow_{name}_heartbeat_total[5m])) * 60"
        for name in ("scheduler", "triggerer", "dag_processor")
    }
    slots = {
        f"{name}, {{{{pool_name}}}}": f"max by (pool_name) (airflow_pool_{name}_slots)"
        for name in ("running", "queued")
    }
    told = counted(f"pipeline_notified_total{{{OF_DAG}}}", "1h")
    told = f"sum by (event, outcome) ({told})"
    return [
        lines_panel("Heartbeats in a minute", beats, "A process without any is dead.", width=6),
        lines_panel(
            "Slots of the pools",
            slots,
            "Places that tasks have taken, and those they wait for.",
            width=6,
        ),
        lines_panel(
            "People told in an hour",
            {"{{event}} {{outcome}}": or_none(told, "event")},
            "What Airflow's callbacks sent, and what they could not send.",
            width=6,
        ),
        lines_panel(
            "Free on the disks",
            {
                "{{volume}}": f"min by (volume) (pipeline:disk_free:bytes{{{P}}}"
                f" / pipeline:disk_size:bytes{{{P}}})"
            },
            "Of the warehouse's disk, and of that on which loads work.",
            unit="percentunit",
            width=6,
        ),
    ]
