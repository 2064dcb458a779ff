"""What time does to rows: late ones, clocks that are wrong, zones, leap days, transactions that commit too late."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from drill import oracle
from drill.databases import Postgres
from drill.declared import Table
from drill.scenarios.rows import change
from drill.scenarios.scenario import Scenario, first, is_incremental
from drill.server import READER
from drill.stage import Broken, Stage, some
from drill.twins import Record

FAR_AWAY = "Pacific/Auckland"


def late_within(stage: Stage) -> str:
    for table in stage.cast:
        rows = stage.fresh(table)
        for row, share in zip(rows, (0.2, 0.5, 0.8), strict=True):
            row[table.watermark] = stage.before_mark(table, share)
        stage.twin.insert(table, rows)
    stage.good_load()
    return "3 rows older than the mark, within the overlap, landed with the next load"


def late_beyond(stage: Stage) -> str:
    """The load cannot see them; the audit must, and name the window; a backfill of it makes it exact."""
    late = {table.id: _beyond(stage, table) for table in stage.cast}
    stage.hidden |= {id(record) for record in late.values()}
    stage.good_load()
    audit = stage.pipeline.reconcile("--audit", stage.source.id)
    if audit.good:
        raise Broken("reconcile --audit found nothing, though a row is missing")
    for table in stage.cast:
        record = late[table.id]
        if table.temporal:
            day = oracle.moment(record.values[table.watermark or ""]).date().isoformat()
            if not any(table.id in line and day in line for line in audit.output.splitlines()):
                stage.fail(table, f"the audit does not name table and day: {audit.last()}")
        backfill(stage, table, record.values[table.watermark or ""])
    stage.hidden.clear()
    stage.compare()
    again = stage.pipeline.reconcile("--audit", stage.source.id)
    if not again.good:
        raise Broken(f"after the backfill the audit still fails: {again.last()}")
    return "a row later than the overlap: the audit names its day, a backfill of that day brings it"


def _beyond(stage: Stage, table: Table) -> Record:
    """A row that no load sees. Where keys are compared a new one would be seen: there it is an old row that moved."""
    watermark = table.watermark or ""
    old = stage.before_mark(table, 1.5)
    if table.load == "watermark-keys":
        (record,) = some(stage.twin.good(table), 1)
        stage.twin.update(table, record, {**stage.revalued(table, 5), watermark: old})
        return record
    (row,) = stage.fresh(table, 1)
    row[watermark] = old
    (record,) = stage.twin.insert(table, [row])
    return record


def backfill(stage: Stage, table: Table, watermark: Any) -> None:
    """The window of one day, or of one number, through the command; the oracle is told of it."""
    first, last = window(watermark)
    which = [
        stage.source.id,
        f"--from={_text(first)}",
        f"--to={_text(last)}",
        f"--table={table.id}",
    ]
    run = stage.pipeline.python("ingest.backfill", *which, "--yes")
    if not run.good:
        raise Broken(f"the backfill failed: {run.last()}")
    stage.expected[table.id].backfilled(stage.twin.rows(table), first, last)


def window(watermark: Any) -> tuple[Any, Any]:
    """The day that a moment is in, or one number."""
    if not isinstance(watermark, (date, datetime)):
        return watermark, watermark + 1
    moment = oracle.moment(watermark)
    day = datetime(moment.year, moment.month, moment.day)
    return day, day + timedelta(days=1)


def _text(limit: Any) -> str:
    return limit.date().isoformat() if isinstance(limit, datetime) else str(limit)


def clock_skew(stage: Stage) -> str:
    """A row with a watermark of tomorrow must not hide the rows of today."""
    ahead = {}
    for table in stage.cast:
        (row,) = stage.fresh(table, 1)
        row[table.watermark] = _tomorrow(table)
        ahead[table.id] = stage.twin.insert(table, [row])
    stage.good_load()
    for table in stage.cast:
        stage.twin.insert(table, stage.fresh(table))
    stage.good_load()
    for table in stage.cast:
        stage.twin.delete(table, ahead[table.id])
    stage.good_load()
    return "after a row with a watermark of tomorrow, rows of today still land"


def _tomorrow(table: Table) -> object:
    kind = table.column(table.watermark or "").type
    moment = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1)
    return moment.date() if kind == "DATE" else moment


def time_zone(stage: Stage) -> str:
    """Machine and sessions elsewhere: the same moments must land."""
    elsewhere = {"TZ": FAR_AWAY, "PGTZ": FAR_AWAY}
    _set_zone(stage, FAR_AWAY)
    for table in stage.cast:
        stage.twin.insert(table, stage.fresh(table))
        for number, record in enumerate(stage.changeable(table, 1) if table.key else []):
            change(stage, table, record, number)
    stage.good_load(env=elsewhere)
    _set_zone(stage, "UTC")
    stage.good_load()
    return f"a run with machine and sessions in {FAR_AWAY}, then one in UTC"


def _set_zone(stage: Stage, zone: str) -> None:
    if isinstance(stage.twin, Postgres):
        connection = stage.twin.server.connect()
        connection.cursor().execute(f"ALTER ROLE {READER} SET timezone = '{zone}'")
        connection.close()


LEAP_DAYS = (date(2024, 2, 29), date(2028, 2, 29))


def leap_day(stage: Stage) -> str:
    """Dates that some calendars lack, in each column with a day; in the watermark only where that is read or can be."""
    for table in stage.cast:
        rows = stage.fresh(table, len(LEAP_DAYS))
        for row, day in zip(rows, LEAP_DAYS, strict=True):
            for column in _days(table):
                if column != table.watermark or not table.incremental:
                    row[column] = _on(table, column, day)
        stage.twin.insert(table, rows)
    stage.good_load()
    backfilled = [table for table in stage.cast if table.incremental and table.temporal]
    for table in backfilled:
        (row,) = stage.fresh(table, 1)
        row[table.watermark] = _on(table, table.watermark or "", LEAP_DAYS[0])
        (record,) = stage.twin.insert(table, [row])
        backfill(stage, table, record.values[table.watermark or ""])
    stage.compare()
    return "rows of 29 February 2024 and 2028" + (
        ", and a backfill of that day" if backfilled else ""
    )


def _days(table: Table) -> list[str]:
    kinds = ("DATE", "TIMESTAMP", "TIMESTAMPTZ")
    return [
        c.id for c in table.columns if c.type in kinds and c.id not in table.key and not c.treatment
    ]


def _on(table: Table, column: str, day: date) -> object:
    if table.column(column).type == "DATE":
        return day
    return datetime(day.year, day.month, day.day, 23, 59, 59)


def late_transaction(stage: Stage) -> str:
    """An older row becomes visible after a load has read a newer one."""
    late = {}
    for table in stage.cast:
        (row,) = stage.fresh(table, 1)
        stage.twin.insert(table, stage.fresh(table, 1))
        row[table.watermark] = stage.before_mark(table, 0.3)
        late[table.id] = row
    if isinstance(stage.twin, Postgres):
        _with_open_transaction(stage, stage.twin, late)
    else:
        stage.good_load()
        for table in stage.cast:
            stage.twin.insert(table, [late[table.id]])
    stage.good_load()
    return "a row that was committed after the mark had passed it landed with the next load"


def _with_open_transaction(stage: Stage, twin: Postgres, late: dict[str, Any]) -> None:
    connection = twin.server.connect(twin.database, "drill_owner")
    connection.autocommit = False
    for table in stage.cast:
        record = Record(late[table.id])
        connection.cursor().execute(twin.insertion(table), twin.row(table, record))
    stage.good_load()
    connection.commit()
    connection.close()
    for table in stage.cast:
        twin.rows(table).append(Record(late[table.id]))


def _has_overlap(table: Table) -> str:
    return "" if table.overlap > 0 else "its watermark has no overlap"


def _is_temporal(table: Table) -> str:
    return "" if table.temporal else "its watermark is no time"


def _has_days(table: Table) -> str:
    return "" if _days(table) else "it has no column with a day"


SCENARIOS = [
    Scenario(
        "late rows within the lookback",
        late_within,
        first(is_incremental, _has_overlap),
        smoke=True,
    ),
    Scenario("late rows beyond the lookback", late_beyond, is_incremental),
    Scenario("a watermark of the future", clock_skew, first(is_incremental, _is_temporal)),
    Scenario("another time zone", time_zone),
    Scenario("leap days", leap_day, _has_days),
    Scenario(
        "a transaction that commits late", late_transaction, first(is_incremental, _has_overlap)
    ),
]
