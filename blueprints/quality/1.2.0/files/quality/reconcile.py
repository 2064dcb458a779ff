"""Does what left one hop arrive at the next?  python -m quality.reconcile SOURCE | --marts | --all | --audit SOURCE

SOURCE compares what the source had when it was read with what is in `raw_…` and in quarantine: of a table that is read
whole, all of it; of one that is read from its mark on, what the newest load brought, by UTC day of the watermark. --marts
compares raw with staging, and staging with the marts that have one row for each of its rows. --audit asks the source again:
see quality/audit.py. Counts and exact sums must agree; sums of DOUBLE columns to nine digits.

Results are kept in ops.reconciliation; they, and what is known of old loads, go after `keep_days` (quality/checks.json). Exit codes: 0 all agree, 1 a difference or nothing to compare, 2 wrong usage.
"""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from ingest import declaration, ledger
from ingest.declaration import LoadError
from ingest.warehouse import Warehouse
from quality import audit, landing, models
from quality.compare import WHOLE_TABLE, Hop

MOST_DIFFERENCES = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m quality.reconcile")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("source", nargs="?", help="source to raw, of this source")
    which.add_argument("--marts", action="store_true", help="raw to staging to marts")
    which.add_argument("--all", action="store_true", help="every source, then the marts")
    which.add_argument("--audit", metavar="SOURCE", help="ask this source again, day by day")
    arguments = parser.parse_args()
    run_id = (
        os.environ.get("PIPELINE_RUN_ID") or f"manual__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    )
    try:
        with ledger.open_warehouse() as db:
            with one_state(db):
                hops = _compared(db, arguments)
            keep(db, hops, run_id)
    except LoadError as error:
        print(f"reconcile: {error}", file=sys.stderr)
        return 1
    return report(hops, run_id)


def _compared(db: Warehouse, arguments: argparse.Namespace) -> list[Hop]:
    if arguments.audit:
        return audit.audited(db, arguments.audit)
    hops = []
    for source_id in declaration.source_ids() if arguments.all else [arguments.source]:
        hops += landing.landed(db, source_id) if source_id else []
    return hops + (models.transformed(db) if arguments.marts or arguments.all else [])


@contextmanager
def one_state(db: Warehouse) -> Iterator[None]:
    """All queries see the warehouse as it is now, whatever is loaded meanwhile."""
    with db.transaction():
        if db.kind == "postgres":
            db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def keep(db: Warehouse, hops: list[Hop], run_id: str) -> None:
    """Write the results down.

    Of windows that agree, which may be as many as the table has days, only the newest result is kept; all others for
    `keep_days`, and so is what the ledger knows of loads.
    """
    now = datetime.now(UTC)
    oldest = now - timedelta(days=models.read_checks().get("keep_days", 400))
    rows = [
        [
            run_id, now, hop.hop, hop.source, hop.table, hop.window, hop.expected.rows, hop.actual.rows,
            hop.sums_json(), not hop.differences,
        ]
        for hop in hops
    ]  # fmt: skip
    with db.transaction():
        ledger.forget_before(db, oldest)
        db.execute("DELETE FROM ops.reconciliation WHERE checked_at < ?", [oldest])
        for hop, source, table in dict.fromkeys(
            (hop.hop, hop.source, hop.table) for hop in hops if hop.window != WHOLE_TABLE
        ):
            db.execute(
                'DELETE FROM ops.reconciliation WHERE hop = ? AND source = ? AND "table" = ? '
                'AND ok AND "window" <> ?',
                [hop, source, table, WHOLE_TABLE],
            )
        for first in range(0, len(rows), 100):
            some = rows[first : first + 100]
            marks = ", ".join("(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)" for _ in some)
            db.execute(
                f"INSERT INTO ops.reconciliation VALUES {marks}", [v for row in some for v in row]
            )


def report(hops: list[Hop], run_id: str) -> int:
    for name in dict.fromkeys(hop.hop for hop in hops):
        of_hop = [hop for hop in hops if hop.hop == name]
        tables = {(hop.source, hop.table) for hop in of_hop}
        different = {(hop.source, hop.table) for hop in of_hop if hop.differences}
        windows = sum(1 for hop in of_hop if hop.window != WHOLE_TABLE)
        counts = f"{sum(hop.actual.rows for hop in of_hop):,} rows, "
        counts += f"{sum(len(hop.expected.sums) for hop in of_hop):,} sums"
        counts += f", {windows:,} windows" if windows else ""
        agreeing = len(tables) - len(different)
        print(f"{name}: {agreeing} of {len(tables)} tables agree ({counts})")
    told: Counter[tuple[str, str, str]] = Counter()
    for hop in hops:
        for difference in hop.differences:
            told[hop.hop, hop.source, hop.table] += 1
            if told[hop.hop, hop.source, hop.table] <= MOST_DIFFERENCES:
                print(f"reconcile: {difference}", file=sys.stderr)
    for (name, source, table), count in told.items():
        if count > MOST_DIFFERENCES:
            more = f"{count - MOST_DIFFERENCES} more differences: see ops.reconciliation"
            print(f"reconcile: {name}: {source}.{table}: {more}", file=sys.stderr)
    for repair in dict.fromkeys(hop.repair for hop in hops if hop.repair):
        print(f"reconcile: to mend it: {repair}", file=sys.stderr)
    summary = {
        "event": "reconcile",
        "run_id": run_id,
        "tables": len({(hop.hop, hop.source, hop.table) for hop in hops}),
        "differences": sum(told.values()),
    }
    print(json.dumps(summary))
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
