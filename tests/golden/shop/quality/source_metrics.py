"""The gauges of a source's DAG: what the newest load of each table did, what failed, and what is in raw and quarantine."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ingest import settings
from ingest.declaration import Source, Table
from ingest.warehouse import Warehouse
from quality import landing, storage
from quality.differences import differences
from quality.gauges import Gauges

LOOKED = "kind IN ('full', 'incremental')"
DAY = 86_400
HOPS = (landing.HOP, f"{landing.HOP} keys")
COUNTED = ("seconds", "rows_read", "rows_landed", "rows_quarantined", "rows_superseded", "rows_deleted")  # fmt: skip


@dataclass(frozen=True)
class Loads:
    """When a table was loaded. `newest` looked for what is new, `before` was the last of those more than a day ago;
    `backfill` is the newest of a window, `attempt` of either kind.

    Of the last day, by loads that read on from a mark: how many, what they read, the most that one read, where the first began.
    """

    newest: datetime | None = None
    backfill: datetime | None = None
    attempt: datetime | None = None
    before: datetime | None = None
    count: int = 0
    rows: int = 0
    most: int = 0
    low: str = ""


@dataclass(frozen=True)
class Failure:
    failed_at: datetime
    reason: str


def observe(db: Warehouse, gauges: Gauges, source: Source) -> None:
    now = datetime.now(UTC)
    loads = _loads(db, source, now)
    failed = _failures(db, source)
    _attempts(db, gauges, source, loads, failed)
    _newest(db, gauges, source)
    marks = _marks(db, source)
    rows = storage.rows(db, source.raw_schema)
    aside = dict(_by_table(db, "count(*)", "quarantine", source))
    for table in source.tables:
        labels, known = {"source": source.id, "table": table.id}, loads.get(table.id, Loads())
        if table.id in rows:
            gauges.set("table_rows", rows[table.id], **labels)
        gauges.set("quarantine_rows", aside.get(table.id, 0), **labels)
        if known.newest:
            gauges.set("loaded_timestamp_seconds", known.newest.timestamp(), **labels)
        mark = _moment(marks.get(table.id)) if table.temporal else None
        if mark and not settings.has_twin():  # rows of sample data have no age
            gauges.set("newest_row_timestamp_seconds", mark.timestamp(), **labels)
        per_day = rows_per_day(table, known, mark)
        if per_day is not None:
            gauges.set("rows_per_day", per_day, **labels)
    differences(db, gauges, HOPS, {(source.id, table.id) for table in source.tables})


def _by_table(db: Warehouse, values: str, of: str, source: Source) -> list[tuple[Any, ...]]:
    query = f'SELECT "table", {values} FROM ops.{of} WHERE source = ? GROUP BY "table"'
    return db.execute(query, [source.id])


def _loads(db: Warehouse, source: Source, now: datetime) -> dict[str, Loads]:
    since = f"CAST('{(now - timedelta(seconds=DAY)).isoformat()}' AS TIMESTAMPTZ)"
    today = f"loaded_at >= {since} AND kind = 'incremental' AND window_from IS NOT NULL"
    values = f"""
        max(CASE WHEN {LOOKED} THEN loaded_at END), max(CASE WHEN kind = 'backfill' THEN loaded_at END),
        max(CASE WHEN kind <> 'replay' THEN loaded_at END), max(CASE WHEN {LOOKED} AND loaded_at < {since} THEN loaded_at END),
        count(CASE WHEN {today} THEN 1 END), coalesce(sum(CASE WHEN {today} THEN rows_read END), 0),
        coalesce(max(CASE WHEN {today} THEN rows_read END), 0), coalesce(min(CASE WHEN {today} THEN window_from END), '')
    """
    found = _by_table(db, values, "loads", source)
    return {
        table: Loads(newest, backfill, attempt, before, int(count), int(rows), int(most), low)
        for table, newest, backfill, attempt, before, count, rows, most, low in found
    }


def _failures(db: Warehouse, source: Source) -> dict[tuple[str, str], Failure]:
    """The newest by table and what failed, a load or a backfill."""
    query = """
        SELECT f."table", f.what, f.failed_at, max(f.reason) FROM ops.failures AS f JOIN (
            SELECT "table", what, max(failed_at) AS failed_at FROM ops.failures WHERE source = ? GROUP BY "table", what
        ) AS n ON n."table" = f."table" AND n.what = f.what AND n.failed_at = f.failed_at
        WHERE f.source = ? GROUP BY 1, 2, 3
    """
    found = db.execute(query, [source.id, source.id])
    return {(table, what): Failure(failed_at, reason) for table, what, failed_at, reason in found}


def _attempts(
    db: Warehouse,
    gauges: Gauges,
    source: Source,
    loads: dict[str, Loads],
    failed: dict[tuple[str, str], Failure],
) -> None:
    """Whether the newest attempts came through: of the source, and of each table."""
    newest: dict[str, tuple[datetime, str]] = {}  # the newest attempt, and why it failed
    for table in source.tables:
        labels, known = {"source": source.id, "table": table.id}, loads.get(table.id, Loads())
        load, backfill = (failed.get((table.id, what)) for what in ("load", "backfill"))
        if load and _is_after(load, known.newest):
            gauges.set("load_failed", 1, **labels, reason=load.reason)
        if backfill and _is_after(backfill, known.backfill):
            gauges.set("backfill_failed", 1, **labels)
        attempts = [(one.failed_at, one.reason) for one in (load, backfill) if one]
        attempts += [(known.attempt, "")] if known.attempt else []
        if attempts:
            newest[table.id] = max(attempts)
    _, reason = max(newest.values(), default=(None, ""))
    gauges.set("source_up", 0 if reason == "source_down" else 1, source=source.id)
    _drift(db, gauges, source, {table: moment for table, (moment, _) in newest.items()})


def _drift(db: Warehouse, gauges: Gauges, source: Source, newest: dict[str, datetime]) -> None:
    """The changes that the newest attempt of each table saw: they were written down at its moment."""
    if not newest:
        return
    query = (
        'SELECT DISTINCT "table", seen_at, change FROM ops.drift WHERE source = ? AND seen_at >= ?'
    )
    for table, seen_at, change in db.execute(query, [source.id, min(newest.values())]):
        if seen_at == newest.get(table):
            gauges.set("schema_drift", 1, source=source.id, table=table, change=change)


def _is_after(failure: Failure, success: datetime | None) -> bool:
    return success is None or failure.failed_at > success


def _newest(db: Warehouse, gauges: Gauges, source: Source) -> None:
    """What the newest load of each table did."""
    values = ", ".join(f"l.{column}" for column in COUNTED)
    query = f"""
        SELECT l."table", {values} FROM ops.loads AS l JOIN (
            SELECT "table", max(loaded_at) AS loaded_at FROM ops.loads WHERE source = ? AND {LOOKED} GROUP BY "table"
        ) AS n ON n."table" = l."table" AND n.loaded_at = l.loaded_at WHERE l.source = ? AND l.{LOOKED}
    """
    declared = {table.id for table in source.tables}
    for table, *found in db.execute(query, [source.id, source.id]):
        for column, value in zip(COUNTED, found, strict=True) if table in declared else ():
            name = "load_seconds" if column == "seconds" else column
            gauges.set(name, value or 0, source=source.id, table=table)


def _marks(db: Warehouse, source: Source) -> dict[str, object]:
    found = db.execute('SELECT "table", mark FROM ops.marks WHERE source = ?', [source.id])
    return {table: json.loads(mark) for table, mark in found if mark}


def _moment(mark: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(mark))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def rows_per_day(table: Table, loads: Loads, mark: datetime | None) -> float | None:
    """What the source had new in a day, of what the loads of the last one read; None where those cover no whole day.

    Each load reads again what lies before its mark: the overlap, and where rows have no key the whole day. That is no new row.
    """
    if not (table.incremental and loads.before and loads.newest and loads.count):
        return None
    days = max(1.0, (loads.newest - loads.before).total_seconds() / DAY)
    if not table.temporal:
        return max(0.0, loads.rows - loads.count * table.overlap) / days
    if not table.merges:
        return loads.most / days
    first, again = _moment(loads.low), loads.count * table.overlap
    if not again or mark is None or first is None:
        return loads.rows / days
    new = max(0.0, (mark - first).total_seconds() - table.overlap)
    return loads.rows * new / (new + again) / days
