"""What a load writes down of itself, in the transaction that lands its rows; and of one that failed.

A failed load has rolled back, so that has a transaction of its own. Where the warehouse cannot be written either, nothing is
written down: what stopped the load is what people must hear of.
"""

import json
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ingest import ledger, settings
from ingest.declaration import Column, Drift, SchemaDrift, Table
from ingest.ledger import OF_TABLE, QUARANTINED, Outcome
from ingest.parse import key_text
from ingest.sources import day_of
from ingest.sql import ident
from ingest.warehouse import Warehouse, insert

# The load has failed already: for a warehouse that another program holds it does not wait long.
MOST_SECONDS = 5


def record(db: Warehouse, outcome: Outcome, stamp: datetime, run_id: str) -> None:
    """Write down what was loaded, in the transaction that lands the rows."""
    table = outcome.table
    which = [table.source, table.id]
    _forget_replaced(db, outcome)
    measured = [
        [*which, what, *row, run_id] for what, measures in _measured(outcome) for row in measures
    ]
    _insert_measures(db, table, measured)
    insert(
        db,
        "loaded_files",
        [
            [*which, part.name, part.file.bytes, part.file.mtime_ns, part.sha256, run_id]
            for part in outcome.parts
            if part.file
        ],
    )
    if outcome.kind in ("full", "incremental"):
        db.execute(f"DELETE FROM ops.marks WHERE {OF_TABLE}", which)
        mark = None if outcome.mark is None else json.dumps(outcome.mark)
        insert(db, "marks", [[*which, mark, outcome.token_key, run_id]])
    if outcome.kind == "backfill":
        db.execute(
            f"UPDATE ops.backfills SET done_at = ?, rows_landed = ? WHERE {OF_TABLE} AND window_from = ? AND window_to = ?",
            [stamp, outcome.rows_landed, *which, *outcome.window],
        )
    _quarantine(db, outcome, stamp, run_id)
    insert(
        db,
        "loads",
        [
            [
                run_id, *which, outcome.kind, stamp, *outcome.window, outcome.seconds,
                sum(1 for part in outcome.parts if part.file), outcome.rows_read, outcome.rows_landed,
                outcome.rows_quarantined, outcome.rows_superseded, outcome.rows_deleted,
            ]
        ],
    )  # fmt: skip


def _insert_measures(db: Warehouse, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Many at once: the first load of a table has a row a day and column."""
    names = ["source", "table", "what", "part", "column", "value", "exact", "run_id"]
    columns = [Column(n, n, "BOOLEAN" if n == "exact" else "VARCHAR", True) for n in names]
    arrays = [
        pa.array([row[place] for row in rows], pa.bool_() if c.type == "BOOLEAN" else pa.string())
        for place, c in enumerate(columns)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "measures.parquet"
        pq.write_table(pa.table(arrays, names), path)
        listed = ", ".join(map(ident, names))
        relation = db.stage(table, columns, [path])
        db.execute(f"INSERT INTO ops.source_measures SELECT {listed} FROM {relation}")


def _measured(outcome: Outcome) -> list[tuple[str, list[list[object]]]]:
    """Counts and sums as rows of ops.source_measures."""
    source = [(part.name, part.measure) for part in outcome.parts]
    found = []
    for what, parts in (("source", source), ("superseded", list(outcome.superseded.items()))):
        rows: list[list[object]] = []
        for part, measure in parts:
            rows.append([part, None, str(measure.rows), True])
            rows += [
                [part, column, None if total.value is None else str(total.value), total.exact]
                for column, total in measure.sums.items()
            ]
        found.append((what, rows))
    if outcome.keys is not None:
        found.append(("keys", [["", None, str(outcome.keys), True]]))
    return found


def _forget_replaced(db: Warehouse, outcome: Outcome) -> None:
    """Take away what this load replaces: a table's entries, or those of the files or rows that were read."""
    table = outcome.table
    which = [table.source, table.id]
    if outcome.kind == "replay":
        if table.incremental:
            db.execute(f"DELETE FROM ops.source_measures WHERE {OF_TABLE}", which)
        return
    if table.load == "append" and table.format is not None:
        for part in outcome.parts:
            for name, column in (
                ("quarantine", "file"),
                ("loaded_files", "file"),
                ("source_measures", "part"),
            ):
                db.execute(
                    f"DELETE FROM ops.{name} WHERE {OF_TABLE} AND {column} = ?", [*which, part.name]
                )
        return
    for name in ("loaded_files", "source_measures"):
        db.execute(f"DELETE FROM ops.{name} WHERE {OF_TABLE}", which)
    if outcome.window == (None, None):
        db.execute(f"DELETE FROM ops.quarantine WHERE {OF_TABLE}", which)
        return
    _forget_read_again(db, outcome)


def _forget_read_again(db: Warehouse, outcome: Outcome) -> None:
    """The quarantined rows that an incremental load has read again: those of its window, and those it asked for by name."""
    low, high = outcome.window
    which: list[object] = [outcome.table.source, outcome.table.id]
    again = f"DELETE FROM ops.quarantine WHERE {OF_TABLE}"
    within = [f"\"window\" > '{day_of(low or '')}'"] if outcome.table.temporal else ["1 = 0"]
    if low and len(low) == 10:  # whole days were read
        within = [f"\"window\" >= '{low}'"]
    if high:
        within.append(f"\"window\" < '{day_of(high)}'")
    db.execute(f"{again} AND {' AND '.join(within)}", which)
    found = db.execute(
        f"SELECT DISTINCT raw FROM ops.quarantine WHERE {OF_TABLE} AND \"window\" = ''", which
    )
    for raw in (raw for (raw,) in found if raw and _was_read(outcome, json.loads(raw))):
        db.execute(f"{again} AND raw = ?", [*which, raw])
    for row in outcome.retried:
        column, value = ("line", row) if isinstance(row, int) else ('"key"', key_text(row))
        db.execute(f"{again} AND {column} = ?", [*which, value])


def _was_read(outcome: Outcome, row: dict[str, Any]) -> bool:
    """Whether the window has a quarantined row that belongs to no day: by the watermark as the source has it."""
    table, (low, high) = outcome.table, outcome.window
    mark = row.get(table.column(table.watermark or "").name)
    if mark is None:
        return high is None
    if table.temporal:
        return (low or "") <= str(mark) and (high is None or str(mark) < high)
    try:
        number = Decimal(str(mark))
        return (not low or number >= Decimal(low)) and (not high or number < Decimal(high))
    except InvalidOperation:
        return high is None  # SQLite sorts a text after every number


def _quarantine(db: Warehouse, outcome: Outcome, stamp: datetime, run_id: str) -> None:
    if outcome.rejects is None:
        return
    columns = [Column(name, name, kind, True) for name, kind in QUARANTINED.items()]
    relation = db.stage(outcome.table, columns, [outcome.rejects])
    if outcome.table.incremental:
        db.execute(
            f'DELETE FROM ops.quarantine WHERE {OF_TABLE} AND "key" IN (SELECT "key" FROM {relation})',
            [outcome.table.source, outcome.table.id],
        )
    names = ", ".join(map(ident, QUARANTINED))
    db.execute(
        f"INSERT INTO ops.quarantine SELECT ?, ?, {names}, ?, CAST(? AS TIMESTAMPTZ) FROM {relation}",
        [outcome.table.source, outcome.table.id, run_id, stamp],
    )


def record_failure(
    tables: Sequence[Table],
    error: BaseException,
    run_id: str,
    backfill: bool,
    notes: Iterable[str] = (),
) -> None:
    """Write down that these tables were to be loaded and are not, and why. It raises nothing."""
    if not tables:
        return
    now = datetime.now(UTC)
    what, reason = "backfill" if backfill else "load", getattr(error, "reason", "other")
    only = getattr(error, "table", None)  # the others went with it
    changes = [*notes, *([error.drift] if isinstance(error, SchemaDrift) else [])]
    with (
        suppress(Exception),
        settings.waiting_at_most(MOST_SECONDS),
        ledger.open_warehouse() as db,
        db.transaction(),
    ):
        rows = [
            [run_id, t.source, t.id, now, what, reason if only in (None, t.id) else "other"]
            for t in tables
        ]
        insert(db, "failures", rows)
        for table in tables:
            record_drift(db, table, changes, now, run_id)


def record_drift(
    db: Warehouse, table: Table, notes: Iterable[str], moment: datetime, run_id: str
) -> None:
    """Write down what the schema contract noted of a table, at the moment of its load or failure."""
    own = [note for note in notes if isinstance(note, Drift) and note.table == table.id]
    insert(
        db,
        "drift",
        [[run_id, table.source, table.id, moment, note.change, str(note)] for note in own],
    )
