"""Is there a row at the source that no load has ever read?  python -m quality.reconcile --audit SOURCE

A load from a mark on reads what is newer than the mark less the overlap. A row that came with an older watermark is lost to
it. So the source is asked now, day by day, and compared with all of raw and quarantine: only for rows that are older than
what the next load reads anyway.
"""

import json
from datetime import UTC, date, timedelta
from typing import Any

from ingest import declaration, settings, sources
from ingest.declaration import Table
from ingest.sources import Window
from ingest.sql import ident, literal
from ingest.warehouse import Warehouse
from quality.compare import WHOLE_TABLE, Hop, Totals, Windows, whole
from quality.landing import is_marked, never, raw_relation
from quality.totals import (
    Relations,
    day_of,
    numeric,
    of_measures,
    of_quarantine,
    of_relation,
    of_source,
    relations,
)

HOP = "source now -> raw"
# Above this many separate stretches of days a load from nothing is less work to order.
MOST_BACKFILLS = 10


def audited(db: Warehouse, source_id: str) -> list[Hop]:
    """Each table of the source that is loaded from a mark on."""
    source = declaration.read(source_id)
    tables = [table for table in source.tables if table.incremental]
    if not tables:
        print(f"{source_id}: every load reads all of it, and checks it: there is nothing to audit")
        return []
    there = relations(db)
    hops = []
    with sources.open(source) as reader:
        for table in tables:
            if (table.raw_schema, table.id) not in there:
                raise never(table)
            hops += _audit(db, reader, table, there)
    return hops


def _audit(db: Warehouse, reader: Any, table: Table, there: Relations) -> list[Hop]:
    nothing = Hop(HOP, table.source, table.id, WHOLE_TABLE, Totals(), Totals())
    bound = _bound(db, table)
    if bound is None:
        return [nothing]
    day, columns = day_of(db, table, table.watermark), numeric(table)
    kind = db.sql_type(table.column(table.watermark or "").type)
    older = f"{ident(table.watermark or '')} < CAST({literal(str(bound))} AS {kind})"
    marked = is_marked(table, there)
    raw = of_relation(db, raw_relation(table), columns, window=day, marked=marked, where=older)
    aside = of_quarantine(db, table, windows=bool(day))
    source = of_measures(reader.measure(table, Window(high=bound)))
    if not day:
        source = whole(source)
    hops = [
        _compare(table, window, source.get(window, Totals()), raw.get(window, Totals()), aside)
        for window in sorted(source.keys() | raw.keys())
    ]
    hops = [hop for hop in hops if hop.expected.rows or hop.actual.rows]
    surplus = sum(max(0, hop.actual.rows - hop.expected.rows) for hop in hops)
    if surplus and surplus > _may_go(db, reader, table, older, marked, source):
        for hop in hops:
            if hop.actual.rows > hop.expected.rows:
                hop.differs("rows", hop.expected.rows, hop.actual.rows)
    _say_repair(table, hops)
    return hops or [nothing]


def _bound(db: Warehouse, table: Table) -> object:
    """From here on the next load reads; None when nothing was read yet."""
    found = db.execute(
        'SELECT mark FROM ops.marks WHERE source = ? AND "table" = ?', [table.source, table.id]
    )
    mark = json.loads(found[0][0]) if found and found[0][0] else None
    bound = sources.overlapped(table, mark)
    moment = sources.as_moment(str(bound)) if table.temporal else None
    if moment is None or table.merges:
        return bound
    # Whole days are read again.
    return str((moment.astimezone(UTC) if moment.tzinfo else moment).date())


def _compare(table: Table, window: str, source: Totals, raw: Totals, aside: Windows) -> Hop:
    """A row in quarantine may have an earlier state of itself in raw, or none."""
    quarantined = aside.get(window, Totals()).rows
    found = Totals(raw.rows, raw.sums, 0, raw.sizes)
    hop = Hop(HOP, table.source, table.id, window, source, found)
    if raw.rows < source.rows:
        hop.actual = Totals(min(source.rows, raw.rows + quarantined))
        hop.expected = Totals(source.rows)
    elif quarantined:
        hop.expected = Totals(source.rows)
    return hop.compare() if raw.rows <= source.rows else hop


def _may_go(
    db: Warehouse, reader: Any, table: Table, older: str, marked: bool, source: Windows
) -> float:
    """How many rows raw may have too many.

    One that was updated since the newest load has a newer watermark at the source. Where deletes are ignored any number is
    right; where each load compares the keys, a row too many is one that was deleted since, or that load has failed.
    """
    if table.deletes == "ignore" or of_source(db, table, "keys") is not None:
        return float("inf")
    total = reader.total(table).rows
    newer = total - sum(one.rows for one in source.values())
    landed = of_relation(
        db, raw_relation(table), [], marked=marked, where=f"({older}) IS NOT TRUE"
    )[WHOLE_TABLE].rows
    return max(0, newer - landed)


def _say_repair(table: Table, hops: list[Hop]) -> None:
    wrong = [hop for hop in hops if hop.differences]
    stretches = _stretches([hop.window for hop in wrong if hop.window != WHOLE_TABLE])
    again = f"python -m ingest {table.source} --table {table.id} --from-nothing"
    environment = settings.environment()
    for hop in wrong:
        first_last = next((s for s in stretches if s[0] <= hop.window <= s[1]), None)
        too_many = hop.actual.rows > hop.expected.rows
        # A backfill brings and changes rows; only where it replaces whole days it takes some away.
        if first_last is None or len(stretches) > MOST_BACKFILLS or (too_many and table.merges):
            hop.repair = again
            continue
        end = date.fromisoformat(first_last[1]) + timedelta(days=1)
        hop.repair = (
            f"make backfill SOURCE={table.source} TABLE={table.id} FROM={first_last[0]} TO={end}"
            f"{'' if environment == 'demo' else f' ENV={environment}'}"
        )


def _stretches(days: list[str]) -> list[tuple[str, str]]:
    """Days that follow one another, as their first and last."""
    found: list[tuple[str, str]] = []
    for day in sorted(day for day in days if day):
        before = str(date.fromisoformat(day) - timedelta(days=1))
        if found and found[-1][1] == before:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found
