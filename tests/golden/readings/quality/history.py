"""The results of all checks over time, in `ops.checks`: what dbt, the loads and reconciliation found.

A result is known by its kind, its name and its moment: to look twice adds nothing. `kind` is dbt (a test), build (a model,
at the moment it was begun), freshness, reconciliation or load; `status` pass, warn, fail, error or skipped.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from ingest.sql import literal
from ingest.warehouse import Warehouse, insert
from quality import dbt_results
from quality.differences import newest

# Loads and failures of before are in the history already, or of no interest to it any more.
MOST_DAYS = 7
_STATUS = {"success": "pass", "partial success": "error", "runtime error": "error"}
Row = tuple[Any, ...]


def keep_loads(db: Warehouse, source: str) -> None:
    """Each load and each failure of this source's tables."""
    since = datetime.now(UTC) - timedelta(days=MOST_DAYS)
    for values, of, moment in (
        (
            "CASE WHEN o.kind IN ('full', 'incremental') THEN 'load' ELSE o.kind END, "
            "o.source, o.\"table\", 'pass', o.rows_quarantined, o.seconds",
            "loads",
            "o.loaded_at",
        ),
        ("o.what, o.source, o.\"table\", 'fail', NULL, NULL", "failures", "o.failed_at"),
    ):
        db.execute(
            f"INSERT INTO ops.checks SELECT o.run_id, {moment}, 'load', {values} FROM ops.{of} AS o "
            f"WHERE o.source = ? AND {moment} >= ? AND NOT EXISTS (SELECT 1 FROM ops.checks AS c "
            f'WHERE c.kind = \'load\' AND c.source = o.source AND c."table" = o."table" AND c.checked_at = {moment})',
            [source, since],
        )


def keep_reconciliation(db: Warehouse, hops: Collection[str], source: str = "") -> None:
    """The newest comparison of each table at these hops, of all sources or one."""
    only = f"r.source = {literal(source)}" if source else "1 = 1"
    db.execute(
        f"""
        INSERT INTO ops.checks
        SELECT r.run_id, r.checked_at, 'reconciliation', r.hop, r.source, r."table",
            CASE WHEN bool_and(r.ok) THEN 'pass' ELSE 'fail' END, sum(CASE WHEN r.ok THEN 0 ELSE 1 END), NULL
        FROM ops.reconciliation AS r JOIN ({newest(hops)}) AS n
            ON n.hop = r.hop AND n.source = r.source AND n."table" = r."table" AND n.checked_at = r.checked_at
        WHERE {only} AND NOT EXISTS (SELECT 1 FROM ops.checks AS c WHERE c.kind = 'reconciliation' AND c.name = r.hop
            AND c.source = r.source AND c."table" = r."table" AND c.checked_at = r.checked_at)
        GROUP BY 1, 2, 3, 4, 5, 6
        """
    )


def keep_dbt(db: Warehouse, checks: dict[str, Any], run_id: str) -> None:
    """dbt's newest results: its tests, the models it built, and how fresh its sources are."""
    sources = {check["model"]: check["source"] for check in checks["staging"]}
    for mart in checks["marts"]:
        sources.setdefault(mart["mart"], sources.get(mart["staging"], ""))
    models = dbt_results.tests()
    rows: list[Row] = []
    for one in dbt_results.results():
        kind, _, *names = one["unique_id"].split(".")
        model = models.get(names[0], "") if kind == "test" else names[0]
        what = {"test": "dbt", "model": "build"}.get(kind)
        if what:
            rows.append(_row(run_id, what, names[0], sources.get(model, ""), model, one))
    for one in dbt_results.freshness():
        source, table = one["unique_id"].split(".")[-2:]
        rows.append(_row(run_id, "freshness", f"{source}.{table}", source, table, one))
    # A file that was left behind says nothing of this run, and may be older than what is kept.
    since = datetime.now(UTC) - timedelta(days=MOST_DAYS)
    insert(db, "checks", _unknown(db, [row for row in rows if row[1] >= since]))


def _row(run_id: str, kind: str, name: str, source: str, table: str, one: dict[str, Any]) -> Row:
    status = _STATUS.get(one["status"], one["status"])
    moment = dbt_results.begun(one) if kind == "build" else dbt_results.ended(one)
    seconds = one.get("execution_time")
    return run_id, moment, kind, name, source, table, status, one.get("failures"), seconds


def _unknown(db: Warehouse, rows: list[Row]) -> list[Row]:
    """Those that are not in the history yet, each once."""
    new = {(kind, name, moment): row for row in rows for _, moment, kind, name, *_ in [row]}
    if not new:
        return []
    oldest = min(moment for _, _, moment in new)
    query = "SELECT kind, name, checked_at FROM ops.checks WHERE checked_at >= ?"
    known = set(db.execute(query, [oldest]))
    return [row for key, row in new.items() if key not in known]
