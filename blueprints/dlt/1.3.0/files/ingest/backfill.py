"""Load a window of a source's tables again: `python -m ingest.backfill SOURCE --from X --to Y [--yes]`.

Without --yes it shows what would be read, and how long that takes. The window is cut into slices, each loaded and written
down in one transaction: a backfill that was killed goes on where it was when the same command is given again. Tables are
loaded side by side up to --parallel; the slices of a table one after the other. The mark of the schedule's own loads is
left alone. Exit codes: 0 done, 1 not done, 2 wrong usage.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from datetime import UTC, date, datetime, timedelta
from subprocess import run

from ingest import declaration, ledger, record, settings, sources
from ingest.declaration import LoadError, Source, Table
from ingest.extract import Asked
from ingest.ledger import OF_TABLE
from ingest.sources import Window

# Rows a second, where no load of the table has been measured yet (H).
ROWS_A_SECOND = 50_000
MOST_PARALLEL = {"duckdb": 1, "postgres": 4}
Slice = tuple[str, str]


def main() -> int:
    arguments = _arguments()
    try:
        source = declaration.read(arguments.source)
        tables = _tables(source, arguments.table)
        for table in tables:
            for bound in (arguments.low, arguments.high):
                sources.check_bound(table, bound)
        plans = {
            table.id: _slices(table, arguments.low, arguments.high, arguments.slice)
            for table in tables
        }
        with _written_down(tables) if arguments.yes else nullcontext():
            _preview(source, tables, plans, arguments)
        if not arguments.yes:
            print("Nothing was loaded. To load it: the same with --yes (make backfill … YES=1)")
            return 0
        return _load(source, tables, plans, arguments)
    except LoadError as error:
        print(f"backfill: {error}", file=sys.stderr)
        return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ingest.backfill", description=__doc__)
    parser.add_argument("source", help=f"one of: {', '.join(declaration.source_ids())}")
    parser.add_argument(
        "--from", dest="low", required=True, metavar="X", help="from here on, such as 2026-01-31"
    )
    parser.add_argument(
        "--to", dest="high", required=True, metavar="Y", help="up to here, not included"
    )
    parser.add_argument("--table", action="append", default=[], help="only this table; repeatable")
    parser.add_argument(
        "--slice", type=_days, default=1, metavar="1d", help="days a slice; default: 1d"
    )
    parser.add_argument("--parallel", type=int, default=0, help="tables at a time, at most")
    parser.add_argument("--yes", action="store_true", help="load it")
    return parser.parse_args()


def _days(text: str) -> int:
    days = text.removesuffix("d")
    if not days.isdecimal() or int(days) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days, such as 7d")
    return int(days)


def _tables(source: Source, names: Sequence[str]) -> list[Table]:
    """The named tables, or all that have windows. LoadError when there is none."""
    chosen = [table for table in source.select(names) if names or table.incremental]
    whole = [table.id for table in chosen if not table.incremental]
    if whole or not chosen:
        listed = ", ".join(whole or [table.id for table in source.tables])
        raise LoadError(
            f"{source.id}: {listed}: loaded as a whole or by file, so there is no window to load; "
            f"python -m ingest {source.id} reads them again"
        )
    return chosen


def _slices(table: Table, low: str, high: str, days: int) -> list[Slice]:
    """The window in slices of whole days; one slice where the watermark is no time."""
    if not table.temporal:
        return [(low, high)]
    first, last = date.fromisoformat(low[:10]), date.fromisoformat(high[:10])
    if low >= high:
        raise LoadError(f"--from {low} is not before --to {high}")
    edges = [first + timedelta(days=d) for d in range(days, (last - first).days + 1, days)]
    inner = [str(edge) for edge in edges if str(edge) < high]
    starts = [low, *inner]
    return list(zip(starts, [*starts[1:], high], strict=True))


def _preview(
    source: Source,
    tables: Sequence[Table],
    plans: dict[str, list[Slice]],
    arguments: argparse.Namespace,
) -> None:
    with sources.open(source) as reader, ledger.open_warehouse() as db:
        print(f"{source.id}: {arguments.low} to {arguments.high}")
        for table in tables:
            found = reader.measure(table, Window(arguments.low, arguments.high))
            rows = sum(measure.rows for measure in found.values())
            rate = _rate(db, table)
            done = len(plans[table.id]) - len(_open_slices(db, table, plans[table.id]))
            resumed = f", {done} of them done before" if done else ""
            print(
                f"  {table.id}: {rows:,} rows in {len(plans[table.id])} slices{resumed}, "
                f"about {max(1, round(rows / rate))} s"
            )


def _rate(db: ledger.Warehouse, table: Table) -> float:
    """Rows a second, as the table's loads had it."""
    query = (
        f"SELECT sum(rows_read), sum(seconds) FROM ops.loads WHERE {OF_TABLE} AND rows_read > 1000"
    )
    ((rows, seconds),) = db.execute(query, [table.source, table.id])
    return float(rows) / seconds if rows and seconds else ROWS_A_SECOND


def _open_slices(db: ledger.Warehouse, table: Table, plan: Sequence[Slice]) -> list[Slice]:
    """What is left of a backfill of exactly these slices that was begun and not finished; all of it where there is none."""
    query = f"SELECT window_from, window_to, done_at FROM ops.backfills WHERE {OF_TABLE}"
    found = {(low, high): done for low, high, done in db.execute(query, [table.source, table.id])}
    left = [one for one in plan if found.get(one) is None]
    begun = all(one in found for one in plan)
    return left if begun and left else list(plan)


def _load(
    source: Source,
    tables: Sequence[Table],
    plans: dict[str, list[Slice]],
    arguments: argparse.Namespace,
) -> int:
    most = MOST_PARALLEL[settings.warehouse_kind()]
    at_once = min(arguments.parallel or most, most, len(tables))
    if at_once <= 1:
        for place, table in enumerate(tables, start=1):
            with _written_down(tables[place:]):  # a load writes down its own failure
                _load_table(source, table, plans[table.id])
        return 0
    command = [
        sys.executable,
        "-m",
        "ingest.backfill",
        source.id,
        "--from",
        arguments.low,
        "--to",
        arguments.high,
    ]
    command += ["--slice", f"{arguments.slice}d", "--yes"]
    with ThreadPoolExecutor(at_once) as pool:
        codes = list(
            pool.map(lambda t: run([*command, "--table", t.id], check=False).returncode, tables)
        )
    return max(codes)


@contextmanager
def _written_down(tables: Sequence[Table]) -> Iterator[None]:
    """Where the block fails, these tables are not backfilled either."""
    try:
        yield
    except Exception as error:
        record.record_failure(tables, error, _run_id("failed"), backfill=True)
        raise


def _run_id(what: str) -> str:
    return f"backfill__{what}__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def _load_table(source: Source, table: Table, plan: list[Slice]) -> None:
    from ingest import load

    with ledger.open_warehouse() as db, db.transaction():
        left = _open_slices(db, table, plan)
        if left == plan:
            for low, high in plan:
                which = [table.source, table.id, low, high]
                db.execute(
                    f"DELETE FROM ops.backfills WHERE {OF_TABLE} AND window_from = ? AND window_to = ?",
                    which,
                )
                db.execute("INSERT INTO ops.backfills VALUES (?, ?, ?, ?, NULL, NULL)", which)
    for number, (low, high) in enumerate(left, start=len(plan) - len(left) + 1):
        started = time.perf_counter()
        done = load.run(source, [table], _run_id(low), Asked(low, high))
        rows = done.outcomes[0].rows_landed
        print(
            f"  {table.id}: slice {number} of {len(plan)}, {low} to {high}: {rows:,} rows "
            f"in {time.perf_counter() - started:.1f} s",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main())
