"""Overview: is the data fresh, and does anything need a person?"""

from __future__ import annotations

from monitoring.dashboards.expressions import (
    BUDGET,
    FRESH,
    GOOD,
    OBJECTIVE,
    OF_OUR_DAGS,
    UID,
    WINDOW,
    P,
    age,
    target,
    used,
)
from monitoring.dashboards.panels import (
    SHARE_USED,
    ZERO_IS_GOOD,
    Column,
    Rows,
    Steps,
    lines_panel,
    or_none,
    or_zero,
    stat_panel,
    states_panel,
    table_panel,
)

FIRING = f'ALERTS{{{P}, alertstate="firing"}}'
BUDGET_STEPS: Steps = ((None, "red"), (0, "orange"), (0.25, "green"))
GOOD_STEPS: Steps = ((None, "red"), (OBJECTIVE, "green"))
LATE = {"0": ("late", "red"), "1": ("fresh", "green")}


def rows() -> Rows:
    """The panels, by the title of their row."""
    return {
        "Now": [*_freshness_now(), *_work_now()],
        "Sources": [_sources()],
        "Over time": _over_time(),
    }


def _freshness_now() -> list:
    return [
        stat_panel(
            "Tables later than asked",
            or_zero(f"count({used(P)} > 1)"),
            "Tables whose readers see data older than asked for.",
            steps=ZERO_IS_GOOD,
        ),
        stat_panel(
            f"Fresh, of the last {WINDOW}",
            f"min({GOOD})",
            "The share of the time in which all tables of a source were as fresh as asked; of the"
            f" worst source. The objective is {OBJECTIVE}.",
            unit="percentunit",
            steps=GOOD_STEPS,
        ),
        stat_panel(
            "Error budget left",
            f"min({BUDGET})",
            "How much is not spent of the time in which data may be late; of the worst source."
            " Below zero the objective is missed.",
            unit="percentunit",
            steps=BUDGET_STEPS,
        ),
    ]


def _work_now() -> list:
    return [
        stat_panel(
            "Alerts firing",
            or_zero(f"count({FIRING})"),
            "Each has a page in runbooks/.",
            steps=ZERO_IS_GOOD,
        ),
        stat_panel(
            "Tasks failed",
            or_zero(f"sum(pipeline_task_failed {OF_OUR_DAGS})"),
            "Tasks whose newest run failed, after all its retries.",
            steps=ZERO_IS_GOOD,
        ),
        stat_panel(
            "Last run ended",
            f"max(pipeline_observed_timestamp_seconds{{{P}}}) * 1000",
            "The newest end of a run of any DAG, whatever became of it.",
            unit="dateTimeFromNow",
        ),
    ]


def _sources() -> object:
    ended = f'max by (source) (pipeline:observed:timestamp_seconds{{{P}, source!=""}})'
    return table_panel(
        "Freshness by source",
        {"source": "Source"},
        [
            Column("Age of the oldest table", f"max by (source) ({age(P)})", "s"),
            Column("Asked for", f"min by (source) ({target(P)})", "s"),
            Column("Used of it", f"max by (source) ({used(P)})", "percentunit", SHARE_USED),
            Column(f"Fresh, of {WINDOW}", f"min by (source) ({GOOD})", "percentunit", GOOD_STEPS),
            Column("Budget left", f"min by (source) ({BUDGET})", "percentunit", BUDGET_STEPS),
            Column("Since its last run", f"time() - {ended}", "s"),
        ],
        "What readers see is complete up to so long ago. A source leads to its dashboard.",
        link=("source", f"/d/{UID}-source?var-source=${{__value.raw}}"),
    )


def _over_time() -> list:
    labels = "alertname, severity, dag_id, source"
    return [
        lines_panel(
            "Age of the data, as a share of what is allowed",
            {"{{source}}": f"max by (source) ({used(P)})"},
            "The oldest table of each source; above 100 % it is late.",
            unit="percentunit",
            limit=1,
            width=12,
        ),
        states_panel(
            "Fresh or late",
            f"min by (source) ({FRESH})",
            "{{source}}",
            LATE,
            "Late: a table of the source is older than asked for.",
        ),
        lines_panel(
            "Error budget left, over time",
            {"{{source}}": f"min by (source) ({BUDGET})"},
            f"How much is not spent of the time in which data may be late, over {WINDOW}.",
            unit="percentunit",
            below_zero=True,
            width=12,
        ),
        table_panel(
            "What is firing",
            {"alertname": "Alert", "severity": "Severity", "dag_id": "DAG", "source": "Source"},
            [Column("Alerts", or_none(f"count by ({labels}) ({FIRING})", "alertname"))],
            "Each has a page in runbooks/.",
            width=12,
        ),
    ]
