"""The history of data quality as JSON, for the page: python -m quality.report_data [--days 60]

It reads schema `ops` alone: counts, times and reasons, and no row of the data. Exit codes: 0 done, 1 the warehouse cannot be
asked.
"""

import argparse
import json
import sys
from datetime import UTC, datetime
from typing import Any

from ingest import ledger, settings
from ingest.declaration import LoadError
from ingest.warehouse import Warehouse
from quality import (
    report_checks,
    report_freshness,
    report_loads,
    report_objective,
    report_wrong,
)
from quality.models import read_checks
from quality.reconcile import one_state
from quality.report_period import Period, iso

MOST_DAYS = 400
FEWEST_DAYS = 14


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m quality.report_data")
    parser.add_argument("--days", type=int, default=60, help="how many days to look back")
    arguments = parser.parse_args()
    if not 1 <= arguments.days <= MOST_DAYS:
        parser.error(f"--days is a number from 1 to {MOST_DAYS}")
    try:
        with ledger.open_warehouse() as db, one_state(db):
            found = gather(db, datetime.now(UTC), arguments.days)
    except LoadError as error:
        print(f"report: {error}", file=sys.stderr)
        return 1
    json.dump(found, sys.stdout)
    return 0


def gather(db: Warehouse, moment: datetime, days: int) -> dict[str, Any]:
    """All of the page. The period is no shorter than the window of the objective."""
    checks = read_checks()
    watched = checks["watched"]
    objective = watched["objective"]
    period = Period.of(moment, max(days, -(-objective["window_seconds"] // 86_400)))
    fresh = report_freshness.of_tables(db, checks, period)
    loads = report_loads.by_table(db, period)
    watch = {(one["source"], one["table"]): one for one in watched["tables"]}
    found = {
        "pipeline": watched["pipeline"],
        "environment": settings.environment(),
        "is_sample": settings.has_twin(),
        "now": iso(period.now),
        "days": _known(db, period),
        "objective": objective,
        "runs": _runs(db, period),
        "sources": report_objective.of_sources(fresh, objective, period),
        "late_now": sum(one.is_late for one in fresh),
        "never_loaded": sum(one.first is None for one in fresh),
        "tables": len(fresh),
        "freshness": report_freshness.plots(fresh, period),
        "rows": report_loads.rows_by_source(loads),
        "volumes": report_loads.volumes(loads),
        "quarantined": report_loads.moved(loads, "quarantined"),
        "deleted": report_loads.moved(loads, "deleted"),
        "slow": report_loads.slow(loads),
        "failures": report_loads.failures(db, period),
        "quarantine": report_loads.quarantine(db, watch),
        "dropped": report_loads.dropped(db, period, watch, watched),
        "dbt": report_checks.dbt_runs(db, period),
        "failing_by_day": report_checks.failing_by_day(db, period),
        "failing": report_checks.failing(db, period),
        "reconciled": report_checks.reconciled(db, period, _names(checks)),
        "drift": report_checks.drift(db, period),
    }
    return found | {"wrong": report_wrong.now(db, found, fresh)}


def _names(checks: dict[str, Any]) -> set[str]:
    """The tables and the marts that are compared, as they stand in ops.reconciliation."""
    sources = {one["model"]: one["source"] for one in checks["staging"]}
    marts = [one for one in checks["marts"] if one["staging"] in sources]
    tables = {f"{one['source']}.{one['table']}" for one in checks["staging"]}
    return tables | {f"{sources[one['staging']]}.{one['mart']}" for one in marts}


def _known(db: Warehouse, period: Period) -> list[str]:
    """The days of the period from the first on of which anything is known, but two weeks at least."""
    first = [period.days[-FEWEST_DAYS:][0]]
    for table, moment in (
        ("loads", "loaded_at"),
        ("failures", "failed_at"),
        ("checks", "checked_at"),
    ):
        query = f"SELECT {db.day(f'min({moment})')} FROM ops.{table} WHERE {moment} >= ?"
        first += [day for (day,) in db.execute(query, [period.since]) if day]
    return [day for day in period.days if day >= min(first)]


def _runs(db: Warehouse, period: Period) -> dict[str, Any]:
    """How many loads there were, and the first and the last."""
    query = "SELECT count(*), min(loaded_at), max(loaded_at) FROM ops.loads WHERE loaded_at >= ?"
    ((count, first, last),) = db.execute(query, [period.since])
    return {"loads": count, "first": iso(first), "last": iso(last)}


if __name__ == "__main__":
    sys.exit(main())
