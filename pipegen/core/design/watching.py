"""What is watched while the pipeline runs, and from where on it is told: the objective, and a threshold for each thing that fails.

Everything here is derived from the :class:`Design`. Durations are seconds unless a name says otherwise; ids are those of the
warehouse, which metrics have as labels.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from pipegen.core import units
from pipegen.core.design import calibration as c
from pipegen.core.design.decision import Decision, Flip
from pipegen.core.design.model import Design, Source, Table
from pipegen.core.design.rules import running

#: What the newest row may seem older than it is: a time without a zone is read as UTC, and a date is of its whole day besides.
UNSURE_SECONDS = {"DATE": 86_400 + 43_200, "TIMESTAMP": 43_200, "TIMESTAMPTZ": 0}
#: The audit asks once a day.
AUDIT_INTERVAL = 86_400


@dataclass(frozen=True)
class Burn:
    """One pair of windows of the error budget: told when both are late for more than ``late`` of the time, a share.

    ``budget`` is the share of the error budget that is gone after ``long`` of it.
    """

    long: str
    short: str
    late: float
    budget: str
    severity: str


@dataclass(frozen=True)
class Objective:
    """How fresh the table ``of`` is to be: what readers see is complete up to a moment at most ``seconds`` ago.

    ``still_seconds``: a source whose newest row is older than this stands still; 0 where rows come too seldom to say, or have no time.
    ``quarantined``: so many rows in quarantine are told. ``counts_days``: what a day brings is compared with other days.
    """

    source: str
    table: str
    dag_id: str
    freshness: str
    seconds: int
    still_seconds: int
    quarantined: int
    counts_days: bool
    of: Table


@dataclass(frozen=True)
class Expected:
    """A DAG that runs by the clock: told when none of its runs has ended for ``silent_seconds``, when runs take longer on average than
    ``longest_seconds``, and when one is not over ``deadline_seconds`` after it was to begin (0: no limit). ``source`` is empty, and ``of``
    None, where it is of several.
    """

    dag_id: str
    source: str
    interval_seconds: int
    silent_seconds: int
    longest_seconds: int
    deadline_seconds: int
    of: Source | None


@dataclass(frozen=True)
class Assumption:
    """A number that the decision ``of`` was taken by, at the value from which it would be another.

    ``metric`` is what is measured of ``source`` and ``table``, ``comparison`` `>=` or `<=`; ``decision`` is the id, ``choice`` what was
    chosen; ``text`` says to people what it would be; ``command`` tries it.
    """

    id: str
    decision: str
    choice: str
    metric: str
    source: str
    table: str
    comparison: str
    threshold: int
    text: str
    command: str
    of: Decision


@dataclass(frozen=True)
class Monitoring:
    """The whole. ``objective`` is the share of the time in which all is as fresh as asked, over ``window``; ``budget`` the rest of it.

    ``freshness_by``: ``burn``, where the budget is watched as it is spent, or ``deadline``, where runs are so few that each late one is
    told. Severities are ``page`` or ``ticket``; ``on_call`` says when somebody can be called.
    """

    objective: float
    objective_text: str
    window: str
    window_seconds: int
    budget: str
    freshness_by: str
    freshness_severity: str
    rows_lost_severity: str
    on_call: str
    burns: tuple[Burn, ...]
    objectives: tuple[Objective, ...]
    expected: tuple[Expected, ...]
    assumptions: tuple[Assumption, ...]
    thresholds: dict[str, float]

    @property
    def retention(self) -> str:
        """How long measurements are kept: as long as the objective looks back, and a week."""
        return f"{self.window_seconds // 86_400 + 7}d"


def monitoring(design: Design) -> Monitoring:
    """What is watched of a design, with its thresholds."""
    choice = next((d.choice for d in design.decisions if d.id == "pipeline.alerts"), "tickets")
    paging = choice.split("+")
    by_deadline = "freshness-deadline" in paging
    if not by_deadline and "freshness-burn" not in paging:
        by_deadline = running.few_runs([s.interval_seconds for s in design.sources])
    severity = "page" if {"freshness-deadline", "freshness-burn"} & set(paging) else "ticket"
    objective = units.share(str(design.slo["freshness"]))
    window = units.duration(str(design.slo["window"]))
    return Monitoring(
        objective=objective,
        objective_text=str(design.slo["freshness"]),
        window=str(design.slo["window"]),
        window_seconds=window,
        budget=units.duration_text(max(1, round((1 - objective) * window))),
        freshness_by="deadline" if by_deadline else "burn",
        freshness_severity=severity,
        rows_lost_severity="page" if "rows-lost" in paging else "ticket",
        on_call=_on_call(design),
        burns=_burns(objective, window, severity),
        objectives=tuple(_objective(s, t) for s in design.sources for t in s.tables),
        expected=tuple(_expected(design)),
        assumptions=tuple(_assumptions(design)),
        thresholds={
            "volume_share": c.VOLUME_SHARE.value,
            "volume_rows": c.VOLUME_ROWS.value,
            "disk_free": c.DISK_FREE.value,
            "retried_tasks": c.RETRIED_TASKS.value,
        },
    )


def _on_call(design: Design) -> str:
    return {"none": "nobody", "working-hours": "in working hours", "always": "at any time"}[design.on_call]


def _burns(objective: float, window: int, severity: str) -> tuple[Burn, ...]:
    """The pairs of windows of the SRE workbook, for this objective and window."""
    pairs = (
        ("1h", "5m", 3600, c.BURN_PAGE_FAST, severity),
        ("6h", "30m", 6 * 3600, c.BURN_PAGE, severity),
        ("3d", "6h", 3 * 86_400, c.BURN_TICKET, "ticket"),
    )
    found = []
    for long, short, seconds, share, its in pairs:
        if seconds < window:
            faster = share.value * window / seconds  # than the budget allows, so many times
            late = min(faster * (1 - objective), c.MOST_BURN.value)
            found.append(Burn(long, short, round(late, 6), f"{share.value * 100:g} %", its))
    return tuple(found)


def _objective(source: Source, table: Table) -> Objective:
    share = min(c.QUARANTINE_SHARE.value * table.rows_per_run, c.QUARANTINE_MOST.value)
    return Objective(
        source=source.id,
        table=table.id,
        dag_id=source.dag_id,
        freshness=table.freshness,
        seconds=table.freshness_seconds,
        still_seconds=_still(source, table),
        quarantined=int(max(c.QUARANTINE_ROWS.value, share)),
        counts_days=table.incremental,
        of=table,
    )


def _still(source: Source, table: Table) -> int:
    """How old the newest row of a table may be that is written to all the time."""
    if source.is_sample or not table.incremental or not table.watermark or not table.rows_per_run:
        return 0
    kind = next((x.type for x in table.columns if x.id == table.watermark), "")
    if kind not in UNSURE_SECONDS:
        return 0
    quiet = c.STILL_GAPS.value * source.interval_seconds / table.rows_per_run
    if quiet > table.freshness_seconds:
        return 0
    return int(table.freshness_seconds + source.interval_seconds + quiet) + UNSURE_SECONDS[kind]


def _expected(design: Design) -> Iterator[Expected]:
    for source in design.sources:
        figures = next((s for s in design.sizing if s.source == source.name), None)
        run, slack = (
            (figures.value(id) or 0 for id in ("run_seconds_estimated", "slack_seconds")) if figures else (0, 0)
        )
        yield Expected(
            source.dag_id,
            source.id,
            source.interval_seconds,
            _silent(source, slack),
            int(min(run + slack, source.execution_timeout_seconds)) if slack > 0 else 0,
            _late(source, run),
            source,
        )
    if any(table.incremental for source in design.sources for table in source.tables):
        yield Expected(
            f"{design.pipeline.id}_audit", "", AUDIT_INTERVAL, int(c.MISSED_RUNS.value * AUDIT_INTERVAL), 0, 0, None
        )


def _silent(source: Source, slack: float) -> int:
    """Longer than any healthy run needs, and, where there is slack, half of it before the data is late."""
    most = c.MISSED_RUNS.value * source.interval_seconds
    return int(min(most, source.freshness_seconds - slack / 2) if slack > 0 else most)


def _late(source: Source, run: float) -> int:
    """When a run must be over, from its begin on: what the one before it brought is an interval old by then."""
    left = source.freshness_seconds - source.interval_seconds
    return left if left > run else source.freshness_seconds


def _assumptions(design: Design) -> Iterator[Assumption]:
    """The flips of the decisions that are recorded, as far as a run measures what they speak of."""
    measured = {
        f"{source.name}.{table.name} {what}": (metric, source, table)
        for source in design.sources
        for table in source.tables
        for what, metric in (("size", "pipeline_table_rows"), ("volume", "pipeline_rows_per_day"))
        if what == "size" or table.incremental
    }
    for record in design.records:
        for decision in record.decisions:
            for number, flip in enumerate(decision.flips, start=1):
                if flip.watch in measured and flip.flips is not None and flip.now is not None:
                    metric, source, table = measured[flip.watch]
                    yield Assumption(
                        id=f"{decision.id}.{number}",
                        decision=decision.id,
                        choice=decision.choice,
                        metric=metric,
                        source=source.id,
                        table=table.id,
                        comparison=">=" if flip.flips > flip.now else "<=",
                        threshold=int(flip.flips),
                        text=flip.text,
                        command=_command(flip),
                        of=decision,
                    )


def _command(flip: Flip) -> str:
    sets = " ".join(f"--set {shlex.quote(f'{key}={value}')}" for key, value in flip.sets)
    return f"pipegen plan {sets}" if sets else ""
