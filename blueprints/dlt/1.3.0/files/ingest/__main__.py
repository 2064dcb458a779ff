"""Load a source: `python -m ingest SOURCE [--table TABLE ...]`.

Prints a table for people and one line of JSON for machines. Exit codes: 0 loaded, 1 not loaded, 2 wrong usage.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from ingest import declaration, ledger, settings, sources, warehouse
from ingest.declaration import LoadError, Table
from ingest.extract import Asked
from ingest.ledger import Outcome


def main() -> int:
    arguments = _arguments()
    run_id = (
        arguments.run_id
        or os.environ.get("PIPELINE_RUN_ID")
        or f"manual__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    )
    started = time.perf_counter()
    try:
        source = declaration.read(arguments.source)
        tables = source.select(arguments.table)
        asked = Asked(
            _bound(tables, arguments.low), _bound(tables, arguments.high), arguments.allow_deletes
        )
        from ingest import load

        if arguments.from_nothing:
            _forget(tables)
        done = load.run(source, tables, run_id, asked)
    except LoadError as error:
        print(f"ingest: {error}", file=sys.stderr)
        return 1
    for note in done.notes:
        print(f"ingest: {source.id}: {note}", file=sys.stderr)
    seconds = time.perf_counter() - started
    kind = settings.warehouse_kind()
    where = settings.warehouse_path().name if kind == "duckdb" else kind
    print(f"{source.id} -> {where}, schema {source.raw_schema}")
    print(_summary(done.outcomes))
    print(json.dumps(_report(source.id, run_id, seconds, done.outcomes), ensure_ascii=False))
    return 0


def _arguments() -> argparse.Namespace:
    known = ", ".join(declaration.source_ids())
    parser = argparse.ArgumentParser(prog="python -m ingest", description="Load a source.")
    parser.add_argument("source", help=f"one of: {known}")
    parser.add_argument("--table", action="append", default=[], help="only this table; repeatable")
    parser.add_argument("--run-id", help="names the run in the ops tables; default: a new one")
    window = parser.add_argument_group("a window of the watermark: the mark stays where it is")
    window.add_argument("--from", dest="low", metavar="X", help="from here on, such as 2026-01-31")
    window.add_argument("--to", dest="high", metavar="Y", help="up to here, not included")
    parser.add_argument(
        "--allow-deletes",
        action="store_true",
        help="let through what the mass-delete guard stopped",
    )
    parser.add_argument(
        "--from-nothing", action="store_true", help="forget what was landed, and load all of it"
    )
    return parser.parse_args()


def _bound(tables: Sequence[Table], text: str | None) -> str | None:
    """A bound of the window, checked against every table."""
    for table in tables if text else ():
        sources.check_bound(table, text or "")
    return text


def _forget(tables: Sequence[Table]) -> None:
    with warehouse.locked(tables), ledger.open_warehouse() as db, db.transaction():
        for table in tables:
            ledger.forget(db, table)


def _summary(outcomes: list[Outcome]) -> str:
    width = max([len(outcome.table.id) for outcome in outcomes] + [5])
    lines = [f"  {'table':<{width}}  {'read':>11}  {'landed':>11}  {'quarantined':>11}"]
    for outcome in outcomes:
        lines.append(
            f"  {outcome.table.id:<{width}}  {outcome.rows_read:>11,}  {outcome.rows_landed:>11,}"
            f"  {outcome.rows_quarantined:>11,}{_besides(outcome)}"
        )
        lines += [
            f"  {'':<{width}}    {count:,} x {reason}" for reason, count in outcome.reasons.items()
        ]
    return "\n".join(lines)


def _besides(outcome: Outcome) -> str:
    low, high = outcome.window
    found = {
        f"{outcome.unchanged} files unchanged": outcome.unchanged,
        f"from {low}": low and not high,
        f"{low or 'the start'} to {high}": high,
        f"{outcome.rows_superseded:,} older of the same key": outcome.rows_superseded,
        f"{outcome.rows_deleted:,} deleted": outcome.rows_deleted,
    }
    said = ", ".join(text for text, there in found.items() if there)
    return f"  {said}" if said else ""


def _report(source: str, run_id: str, seconds: float, outcomes: list[Outcome]) -> dict[str, object]:
    tables = [
        {
            "table": outcome.table.id,
            "read": outcome.rows_read,
            "landed": outcome.rows_landed,
            "quarantined": outcome.rows_quarantined,
            "superseded": outcome.rows_superseded,
            "deleted": outcome.rows_deleted,
            "files_unchanged": outcome.unchanged,
        }
        for outcome in outcomes
    ]
    environment = settings.environment()
    return {
        "event": "load", "environment": environment, "source": source, "run_id": run_id,
        "seconds": round(seconds, 3), "tables": tables,
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
