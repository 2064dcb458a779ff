"""The gauges of the transform's DAG: up to when readers see all, how large marts are, and which dbt tests fail."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from ingest.sql import literal
from ingest.warehouse import Warehouse
from quality import dbt_results, storage
from quality.differences import differences
from quality.gauges import Gauges

HOPS = ("raw -> staging", "staging -> mart")
STATUSES = ("pass", "warn", "fail", "error", "skipped")
# A test that has not run for so long says nothing of the data.
MOST_DAYS = 30


def observe(db: Warehouse, gauges: Gauges, checks: dict[str, Any]) -> None:
    for source, table, moment in published(db, checks):
        gauges.set("published_timestamp_seconds", moment.timestamp(), source=source, table=table)
    marts = {mart["mart"]: mart["staging"] for mart in checks["marts"]}
    for mart, rows in storage.rows(db, "marts").items():
        gauges.set("mart_rows", rows, mart=mart)
    sources = {check["model"]: check["source"] for check in checks["staging"]}
    tables = {(check["source"], check["table"]) for check in checks["staging"]}
    tables |= {(sources[staging], mart) for mart, staging in marts.items() if staging in sources}
    differences(db, gauges, HOPS, tables)
    _tests(db, gauges)


def published(db: Warehouse, checks: dict[str, Any]) -> list[tuple[str, str, datetime]]:
    """By table: the newest load that looked for what is new and ended before all that is read of it was begun to be built.

    That is each of its marts, or its staging where it has none. Where staging is a table too, it is begun before its marts.
    """
    marts: dict[str, list[str]] = {}
    for mart in checks["marts"]:
        marts.setdefault(mart["staging"], []).append(mart["mart"])
    models = ", ".join(
        f"({', '.join(map(literal, (check['source'], check['table'], first, model)))})"
        for check in checks["staging"]
        for model in marts.get(check["model"], [check["model"]])
        for first in [check["model"] if check["dedupe"] else model]
    )
    if not models:
        return []
    built = "ops.checks WHERE kind = 'build' AND status = 'pass'"
    query = f"""
        SELECT l.source, l."table", max(l.loaded_at) FROM ops.loads AS l JOIN (
            SELECT source, "table", min(begun) AS begun FROM (
                SELECT m.source, m."table", m.model, max(f.checked_at) AS begun
                FROM (VALUES {models}) AS m(source, "table", first, model)
                JOIN (SELECT name, max(checked_at) AS begun FROM {built} GROUP BY name) AS b ON b.name = m.model
                JOIN (SELECT name, checked_at FROM {built}) AS f ON f.name = m.first AND f.checked_at <= b.begun
                GROUP BY 1, 2, 3
            ) AS of_models GROUP BY 1, 2
        ) AS p ON p.source = l.source AND p."table" = l."table" AND l.loaded_at < p.begun
        WHERE l.kind IN ('full', 'incremental') GROUP BY 1, 2
    """
    return [(source, table, moment) for source, table, moment in db.execute(query)]


def _tests(db: Warehouse, gauges: Gauges) -> None:
    """The newest status of each dbt test that is still declared. One that was skipped says nothing: what it found before holds."""
    query = """
        SELECT c.name, c."table", c.status, max(c.failures), n.newest > n.ran FROM ops.checks AS c JOIN (
            SELECT name, max(checked_at) AS newest,
                coalesce(max(CASE WHEN status <> 'skipped' THEN checked_at END), max(checked_at)) AS ran
            FROM ops.checks WHERE kind = 'dbt' AND checked_at >= ? GROUP BY name
        ) AS n ON n.name = c.name AND n.ran = c.checked_at
        WHERE c.kind = 'dbt' GROUP BY 1, 2, 3, 5
    """
    declared = dbt_results.tests()
    counts: Counter[str] = Counter()
    for name, model, status, failures, is_skipped in db.execute(
        query, [datetime.now(UTC) - timedelta(days=MOST_DAYS)]
    ):
        if declared and name not in declared:
            continue
        counts["skipped" if is_skipped else status] += 1
        if status in ("warn", "fail", "error"):
            severity = "warn" if status == "warn" else "error"
            labels = {"check": name, "model": model, "severity": severity}
            gauges.set("check_failed", max(1, failures or 0), **labels)
    for status in STATUSES:
        gauges.set("checks", counts[status], status=status)
