"""Load a source: `python -m ingest SOURCE [--table TABLE ...] [--run-id ID]`.

Prints a table for people and one line of JSON for machines. Exit codes: 0 loaded, 1 not loaded, 2 wrong usage.
"""

import argparse
import json
import os
import sys
import time
from datetime import UTC, datetime

from ingest import declaration, settings
from ingest.declaration import LoadError
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
        from ingest import load

        done = load.run(source, tables, run_id)
    except LoadError as error:
        print(f"ingest: {error}", file=sys.stderr)
        return 1
    for note in done.notes:
        print(f"ingest: {source.id}: {note}", file=sys.stderr)
    seconds = time.perf_counter() - started
    print(f"{source.id} -> {settings.warehouse_path().name}, schema {source.raw_schema}")
    print(_summary(done.outcomes))
    print(json.dumps(_report(source.id, run_id, seconds, done.outcomes), ensure_ascii=False))
    return 0


def _arguments() -> argparse.Namespace:
    known = ", ".join(declaration.source_ids())
    parser = argparse.ArgumentParser(prog="python -m ingest", description="Load a source.")
    parser.add_argument("source", help=f"one of: {known}")
    parser.add_argument("--table", action="append", default=[], help="only this table; repeatable")
    parser.add_argument("--run-id", help="names the run in the ops tables; default: a new one")
    return parser.parse_args()


def _summary(outcomes: list[Outcome]) -> str:
    width = max([len(outcome.table.id) for outcome in outcomes] + [5])
    lines = [f"  {'table':<{width}}  {'read':>11}  {'landed':>11}  {'quarantined':>11}"]
    for outcome in outcomes:
        unchanged = f"  {outcome.unchanged} files unchanged" if outcome.unchanged else ""
        lines.append(
            f"  {outcome.table.id:<{width}}  {outcome.rows_read:>11,}  {outcome.rows_landed:>11,}"
            f"  {outcome.rows_quarantined:>11,}{unchanged}"
        )
        lines += [
            f"  {'':<{width}}    {count:,} x {reason}" for reason, count in outcome.reasons.items()
        ]
    return "\n".join(lines)


def _report(source: str, run_id: str, seconds: float, outcomes: list[Outcome]) -> dict[str, object]:
    tables = [
        {
            "table": outcome.table.id,
            "read": outcome.rows_read,
            "landed": outcome.rows_landed,
            "quarantined": outcome.rows_quarantined,
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
