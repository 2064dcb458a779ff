"""Parse quarantined rows again, and land those that are good now: `python -m ingest.replay [SOURCE] [--table T]...`

After a declaration was mended (a wider type, a column that may be null, another word for null), the rows that were set
aside because of it come back. What still cannot be parsed stays in quarantine; so does what was no row at all. To mend a
value at the source, do it there: the next load reads it. Exit codes: 0 done, 1 not done, 2 wrong usage.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ingest import declaration, ledger, parse, warehouse
from ingest.apply import apply
from ingest.declaration import Column, LoadError, Table
from ingest.deletes import Extracted
from ingest.ledger import OF_TABLE, Outcome
from ingest.load import working_folder
from ingest.parse import FILE, LINE
from ingest.record import record
from ingest.treat import Treatment

AT_ONCE = 200


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m ingest.replay", description="Land quarantined rows."
    )
    parser.add_argument("source", nargs="?", help="default: every source")
    parser.add_argument("--table", action="append", default=[], help="only this table; repeatable")
    arguments = parser.parse_args()
    try:
        for source_id in [arguments.source] if arguments.source else declaration.source_ids():
            for table in declaration.read(source_id).select(arguments.table):
                print(replay(table))
    except LoadError as error:
        print(f"replay: {error}", file=sys.stderr)
        return 1
    return 0


def replay(table: Table) -> str:
    """Land what is good now, in one transaction; says what was done."""
    run_id = f"replay__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    name = f"{table.source}.{table.id}"
    with (
        working_folder() as folder,
        warehouse.locked([table]),
        ledger.open_warehouse() as db,
        db.transaction(),
    ):
        held = db.execute(
            f"SELECT file, line, raw FROM ops.quarantine WHERE {OF_TABLE}", [table.source, table.id]
        )
        rows = [(file, line, raw) for file, line, raw in held if _is_row(raw)]
        if not held:
            return f"{name}: nothing in quarantine"
        if not rows:
            return f"{name}: {len(held)} in quarantine, none of them a row"
        if ledger.state(db, table).token_key != Treatment(table).key_id:
            raise LoadError(
                f"{name}: personal data is now treated otherwise than when these rows were set aside: "
                f"load the table first (python -m ingest {table.source} --table {table.id})"
            )
        ledger.retype(db, table)  # what was mended may be a type
        good = _land(db, table, rows, folder, run_id)
    return f"{name}: {len(held)} in quarantine, {good} landed, {len(held) - good} stay"


def _is_row(raw: str | None) -> bool:
    return raw is not None and isinstance(json.loads(raw), dict)


def _land(
    db: warehouse.Warehouse,
    table: Table,
    rows: Sequence[tuple[Any, Any, str]],
    folder: Path,
    run_id: str,
) -> int:
    with parse.session() as session:
        typed, good = parse.RowParser(session, table, with_file=False).judge(
            _raw_rows(table, [r[2] for r in rows])
        )
    if table.format is not None:
        typed = typed.append_column(FILE, pa.array([row[0] for row in rows], pa.string()))
        typed = typed.append_column(LINE, pa.array([row[1] for row in rows], pa.int64()))
    landing = typed.filter(good)
    back = [raw for (_, _, raw), is_good in zip(rows, good.to_pylist(), strict=True) if is_good]
    if not back:
        return 0
    pq.write_table(landing, folder / "replayed.parquet")
    outcome = Outcome(table, "replay", rows_read=len(back))
    stamp = ledger.next_stamp(db, table, datetime.now(UTC))
    apply(db, Extracted(outcome, [folder / "replayed.parquet"]), stamp)
    record(db, outcome, stamp, run_id)
    for first in range(0, len(back), AT_ONCE):
        some = back[first : first + AT_ONCE]
        marks = ", ".join("?" for _ in some)
        query = f"DELETE FROM ops.quarantine WHERE {OF_TABLE} AND raw IN ({marks})"
        db.execute(query, [table.source, table.id, *some])
    return len(back)


def _raw_rows(table: Table, raws: Sequence[str]) -> pa.Table:
    """Rows as quarantine holds them, their values as text."""
    decode = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str).decode
    members = [decode(raw) for raw in raws]
    columns: dict[str, pa.Array] = {}
    for column in table.columns:
        values = [_text(row.get(column.name), column) for row in members]
        columns[column.id] = pa.array(values, pa.binary() if column.type == "BLOB" else pa.string())
    columns[LINE] = pa.nulls(len(members), pa.int64())
    return pa.table(columns)


def _text(value: object, column: Column) -> object:
    if value is None or isinstance(value, str):
        return bytes.fromhex(value) if value is not None and column.type == "BLOB" else value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(main())
