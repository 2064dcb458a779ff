"""What was checked: the tests of dbt, reconciliation hop by hop, and changes of the sources' schemas, by day."""

from collections.abc import Collection
from typing import Any

from ingest.warehouse import Warehouse
from quality import dbt_results
from quality.report_period import MOST_ROWS, Days, Period, by_label, iso, section, worst

BAD = ("fail", "error")
# Kinds of ops.checks, as people say them.
KINDS = {
    "dbt": "tests",
    "build": "models",
    "freshness": "freshness of sources",
    "load": "loads and backfills",
    "reconciliation": "reconciliation",
}
_IS_BAD = f"status IN ({', '.join(repr(status) for status in BAD)})"
HOP_OF_AUDIT = "source now -> raw"


_FAILING = f"""
    WITH of_checks AS (
        SELECT * FROM ops.checks WHERE kind IN ('dbt', 'build') AND checked_at >= ?
    ), passed AS (
        SELECT kind, name, max(checked_at) AS newest FROM of_checks WHERE status = 'pass' GROUP BY 1, 2
    ), counted AS (
        SELECT kind, name, count(*) AS runs, max(checked_at) AS newest,
            sum(CASE WHEN {_IS_BAD} OR status = 'warn' THEN 1 ELSE 0 END) AS bad
        FROM of_checks GROUP BY 1, 2
    )
    SELECT c.kind, c.name, max(o."table"), c.runs, c.bad,
        max(CASE WHEN o.checked_at = c.newest THEN o.status END),
        max(CASE WHEN o.checked_at = c.newest THEN o.failures END),
        min(CASE WHEN p.newest IS NULL OR o.checked_at > p.newest THEN o.checked_at END)
    FROM counted AS c JOIN of_checks AS o ON o.kind = c.kind AND o.name = c.name
    LEFT JOIN passed AS p ON p.kind = c.kind AND p.name = c.name
    WHERE c.bad > 0 GROUP BY c.kind, c.name, c.runs, c.bad
"""


def dbt_runs(db: Warehouse, period: Period) -> dict[str, Any]:
    """Statuses of the tests by day: of each day the run with most that failed, then most that warned."""
    query = f"""
        SELECT {db.day("r.ended")}, r.ended, c.run_id, c.status, count(*) FROM ops.checks AS c JOIN (
            SELECT run_id, max(checked_at) AS ended FROM ops.checks WHERE kind = 'dbt' GROUP BY run_id
        ) AS r ON r.run_id = c.run_id
        WHERE c.kind = 'dbt' AND r.ended >= ? GROUP BY 1, 2, 3, 4 ORDER BY 2
    """
    runs: dict[str, dict[str, int]] = {}
    days: dict[str, str] = {}
    for day, _, run_id, status, count in db.execute(query, [period.since]):
        kind = "fail" if status in BAD else status
        run = runs.setdefault(run_id, {})
        run[kind] = run.get(kind, 0) + int(count)
        days[run_id] = day
    worst_run: dict[str, dict[str, int]] = {}
    for run_id, run in runs.items():
        day = days[run_id]
        if day not in worst_run or _badness(run) >= _badness(worst_run[day]):
            worst_run[day] = run
    shown: list[dict[str, Any]] = []
    for kind in ("fail", "warn", "skipped", "pass"):
        of_days: Days = {day: float(run[kind]) for day, run in worst_run.items() if run.get(kind)}
        shown.append({"label": kind, "days": of_days})
    newest = list(runs.values())[-1] if runs else {}
    return section(shown, len(runs), days=sorted(worst_run), newest=newest)


def _badness(counts: dict[str, int]) -> tuple[int, int, int]:
    return counts.get("fail", 0), counts.get("warn", 0), counts.get("skipped", 0)


def failing_by_day(db: Warehouse, period: Period) -> list[dict[str, Any]]:
    """How many different checks of each kind failed."""
    which = "name || ' ' || coalesce(source, '') || ' ' || coalesce(\"table\", '')"
    query = (
        f"SELECT kind, {db.day('checked_at')}, count(DISTINCT {which}) FROM ops.checks "
        f"WHERE {_IS_BAD} AND checked_at >= ? GROUP BY 1, 2"
    )
    rows = db.execute(query, [period.since])
    return worst(by_label((KINDS.get(kind, kind), day, count) for kind, day, count in rows))


def failing(db: Warehouse, period: Period) -> dict[str, Any]:
    """The dbt tests and models that did not pass: those that still do not, then those that failed most often.

    `since`: the first of the runs without a pass up to now. Tests that are no longer declared are left out.
    """
    declared = dbt_results.tests()
    found = [
        {
            "kind": kind,
            "name": name,
            "of": (table or "") if kind == "dbt" else "the model itself",
            "runs": int(runs),
            "bad": int(bad),
            "status": status,
            "rows": int(rows or 0),
            "since": iso(since),
        }
        for kind, name, table, runs, bad, status, rows, since in db.execute(
            _FAILING, [period.since]
        )
        if kind == "build" or not declared or name in declared
    ]
    order = {"error": 0, "fail": 0, "warn": 1, "skipped": 2}
    found.sort(key=lambda one: (order.get(one["status"], 3), -one["bad"], one["name"]))
    now = [one for one in found if one["status"] in BAD]
    return section(found[:MOST_ROWS], len(found), now=now)


def reconciled(db: Warehouse, period: Period, declared: Collection[str]) -> dict[str, Any]:
    """Windows that differ by day and hop, of each day the worst comparison; and what differs now.

    `declared` are the tables and marts that still are.
    """
    query = (
        f"SELECT hop, {db.day('checked_at')}, checked_at, sum(CASE WHEN ok THEN 0 ELSE 1 END) "
        "FROM ops.reconciliation WHERE checked_at >= ? GROUP BY 1, 2, 3"
    )
    found = db.execute(query, [period.since])
    strips = {hop: Days() for hop in sorted({row[0] for row in found})}
    strips |= by_label((hop, day, windows) for hop, day, _, windows in found)
    newest = db.execute(
        """
        SELECT r.hop, r.source, r."table", count(*), sum(CASE WHEN r.ok THEN 0 ELSE 1 END),
            sum(CASE WHEN r.ok THEN 0 ELSE abs(r.expected_rows - r.actual_rows) END), max(r.checked_at)
        FROM ops.reconciliation AS r JOIN (
            SELECT hop, source, "table", max(checked_at) AS newest FROM ops.reconciliation GROUP BY 1, 2, 3
        ) AS n ON n.hop = r.hop AND n.source = r.source AND n."table" = r."table" AND n.newest = r.checked_at
        GROUP BY 1, 2, 3 ORDER BY 6 DESC, 5 DESC, 1, 2, 3
        """
    )
    differ = [
        {
            "hop": hop,
            "name": f"{source}.{table}",
            "windows": int(windows),
            "differ": int(different),
            "rows": int(rows),
            "checked_at": iso(checked_at),
        }
        for hop, source, table, windows, different, rows, checked_at in newest
        if different and f"{source}.{table}" in declared
    ]
    shown = [{"label": hop, "days": days} for hop, days in strips.items()]
    return section(shown, len(newest), differ=differ)


def drift(db: Warehouse, period: Period) -> dict[str, Any]:
    """Changes of the sources' schemas: by day, each change once with its first and last time, and those of the newest loads."""
    by_day = db.execute(
        f"SELECT change, {db.day('seen_at')}, count(DISTINCT source || '.' || \"table\") FROM ops.drift "
        "WHERE seen_at >= ? GROUP BY 1, 2",
        [period.since],
    )
    events = db.execute(
        'SELECT source, "table", change, text, min(seen_at), max(seen_at), count(*) FROM ops.drift '
        "WHERE seen_at >= ? GROUP BY 1, 2, 3, 4 ORDER BY 6 DESC, 1, 2, 3, 4",
        [period.since],
    )
    now = db.execute(
        """
        SELECT DISTINCT d.source, d."table", d.change FROM ops.drift AS d JOIN (
            SELECT source, "table", max(loaded_at) AS newest FROM ops.loads
            WHERE kind IN ('full', 'incremental') GROUP BY 1, 2
        ) AS n ON n.source = d.source AND n."table" = d."table" AND n.newest = d.seen_at
        ORDER BY 1, 2, 3
        """
    )
    shown = [
        {
            "name": f"{source}.{table}",
            "change": change,
            "text": text,
            "first": iso(first),
            "last": iso(last),
            "times": times,
        }
        for source, table, change, text, first, last, times in events[:MOST_ROWS]
    ]
    strips = worst(by_label((change.replace("_", " "), day, n) for change, day, n in by_day))
    current = [(f"{source}.{table}", change) for source, table, change in now]
    return section(shown, len(events), strips=strips, now=current)
