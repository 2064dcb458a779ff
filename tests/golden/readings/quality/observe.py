"""What a DAG's run ends with: results go into the history, and its gauges to Prometheus's Pushgateway.

    python -m quality.observe SOURCE | --transform | --audit [--print]

The address of the Pushgateway is in PUSHGATEWAY_URL; where that is not set nothing is sent. --print prints what would be
sent, in Prometheus's notation. Each run takes the place of what the last one sent: what was repaired is gone from it.
Exit codes: 0 done, 1 the warehouse cannot be asked (the disks are told even so) or nothing could be sent, 2 wrong usage.
"""

import argparse
import os
import sys
import time
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError

from ingest import declaration, ledger
from ingest.declaration import LoadError
from ingest.warehouse import Warehouse
from quality import history, mart_metrics, source_metrics, storage
from quality.differences import differences
from quality.gauges import Gauges
from quality.models import read_checks

AUDIT = ("source now -> raw",)


def main() -> int:
    arguments = _arguments()
    checks = read_checks()
    url = os.environ.get("PUSHGATEWAY_URL", "")
    gauges = Gauges() if url or arguments.print else None
    is_whole = True
    if gauges:
        gauges.set("observed_timestamp_seconds", time.time())
        if not arguments.audit:
            storage.disks(gauges)
    try:
        with ledger.open_warehouse() as db:
            if db.kind == "postgres":
                # Of what was just written it has no statistics: row by row it would join for minutes.
                db.execute("SET enable_nestloop = off")
            _keep(db, arguments, checks)
            if gauges:
                _measure(db, gauges, arguments, checks)
    except LoadError as error:
        print(f"observe: {error}", file=sys.stderr)
        is_whole = False
    if gauges and arguments.print:
        print(gauges.text(), end="")
    elif gauges and not _sent(gauges, url, _group(arguments, checks), is_whole):
        return 1
    return 0 if is_whole else 1


def _arguments() -> argparse.Namespace:
    known = declaration.source_ids()
    parser = argparse.ArgumentParser(prog="python -m quality.observe")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("source", nargs="?", help=f"the DAG of this source: {', '.join(known)}")
    which.add_argument("--transform", action="store_true", help="the DAG of staging and marts")
    which.add_argument("--audit", action="store_true", help="the DAG that asks the sources again")
    parser.add_argument("--print", action="store_true", help="print it, and send nothing")
    arguments = parser.parse_args()
    if arguments.source and arguments.source not in known:
        parser.error(f"no source {arguments.source!r}; there are {', '.join(known)}")
    return arguments


def _group(arguments: argparse.Namespace, checks: dict[str, Any]) -> dict[str, str]:
    """What tells the gauges of this DAG from those of others."""
    dags = checks["dags"]
    one = "audit" if arguments.audit else "transform"
    dag_id = dags["sources"][arguments.source] if arguments.source else dags[one]
    return {"pipeline": checks["pipeline"], "dag_id": dag_id}


def _keep(db: Warehouse, arguments: argparse.Namespace, checks: dict[str, Any]) -> None:
    run_id = (
        os.environ.get("PIPELINE_RUN_ID") or f"manual__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    )
    with db.transaction():
        if arguments.source:
            history.keep_loads(db, arguments.source)
            history.keep_reconciliation(db, source_metrics.HOPS, arguments.source)
        elif arguments.audit:
            history.keep_reconciliation(db, AUDIT)
        else:
            history.keep_dbt(db, checks, run_id)
            history.keep_reconciliation(db, mart_metrics.HOPS)


def _measure(
    db: Warehouse, gauges: Gauges, arguments: argparse.Namespace, checks: dict[str, Any]
) -> None:
    if arguments.audit:
        tables = {(check["source"], check["table"]) for check in checks["staging"]}
        differences(db, gauges, AUDIT, tables)
        return
    storage.size(db, gauges)
    if arguments.source:
        source_metrics.observe(db, gauges, declaration.read(arguments.source))
    else:
        mart_metrics.observe(db, gauges, checks)


def _sent(gauges: Gauges, url: str, group: dict[str, str], is_whole: bool) -> bool:
    """Of a warehouse that could not be asked, what was known of it before stays, so that it grows old."""
    try:
        gauges.push(url, group, whole=is_whole)
    except (OSError, ValueError, HTTPException) as error:
        print(f"observe: nothing was sent to PUSHGATEWAY_URL: {_said(error)}", file=sys.stderr)
        return False
    return True


def _said(error: Exception) -> str:
    """What went wrong, with no part of the URL: it may hold a password."""
    if isinstance(error, HTTPError):
        return f"it answers with status {error.code}"
    if isinstance(error, URLError) and isinstance(error.reason, OSError):
        return error.reason.strerror or type(error.reason).__name__
    return type(error).__name__


if __name__ == "__main__":
    sys.exit(main())
