"""Rows that the source no longer has: which they are, how they go, and the guard against losing them by mistake."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ingest.declaration import MassDelete, Table
from ingest.ledger import Outcome
from ingest.sql import ident
from ingest.warehouse import Warehouse

LOADED_AT = "_loaded_at"
DELETED_AT = "_deleted_at"
# Up to so many rows may go whatever their share (H); that all go is stopped whatever their number.
FEW_ROWS = 100


@dataclass(frozen=True)
class Extracted:
    """What was extracted of a table: Parquet files of typed rows, and of all keys that the source has now."""

    outcome: Outcome
    rows: Sequence[Path]
    keys: Sequence[Path] | None = None
    allow_deletes: bool = False


def relation(table: Table) -> str:
    return f"{ident(table.raw_schema)}.{ident(table.id)}"


def moment(stamp: datetime) -> str:
    return f"CAST('{stamp.isoformat()}' AS TIMESTAMPTZ)"


def named(staged: str, name: str) -> str:
    """A staged relation under another name."""
    inner = staged.rsplit(" AS ", 1)[0] if staged.startswith("(") else staged
    return f"{inner} AS {name}"


def same_key(table: Table, left: str, right: str) -> str:
    return " AND ".join(f"{left}.{ident(k)} = {right}.{ident(k)}" for k in table.key)


def alive(table: Table, name: str = "r") -> str:
    return f"{name}.{DELETED_AT} IS NULL" if table.soft_deletes else "1 = 1"


def gone(db: Warehouse, extracted: Extracted, present: str) -> int:
    """How many living rows the source no longer has. MassDelete when they are too many."""
    table = extracted.outcome.table
    absent = f"NOT EXISTS (SELECT 1 FROM {named(present, 'p')} WHERE {same_key(table, 'r', 'p')})"
    where = f"{alive(table)} AND {absent}"
    ((absent_rows,),) = db.execute(f"SELECT count(*) FROM {relation(table)} AS r WHERE {where}")
    if absent_rows:
        ((living,),) = db.execute(
            f"SELECT count(*) FROM {relation(table)} AS r WHERE {alive(table)}"
        )
        refuse(extracted, int(living), int(absent_rows))
    return int(absent_rows)


def delete_gone(db: Warehouse, table: Table, present: str, stamp: datetime) -> None:
    absent = f"NOT EXISTS (SELECT 1 FROM {named(present, 'p')} WHERE {same_key(table, 'r', 'p')})"
    if table.soft_deletes:
        db.execute(
            f"UPDATE {relation(table)} AS r SET {DELETED_AT} = {moment(stamp)}, {LOADED_AT} = {moment(stamp)} "
            f"WHERE r.{DELETED_AT} IS NULL AND {absent}"
        )
    else:
        db.execute(f"DELETE FROM {relation(table)} AS r WHERE {absent}")


def refuse(extracted: Extracted, before: int, gone: int) -> None:
    table = extracted.outcome.table
    few = gone <= max(FEW_ROWS, before * table.most_deleted)
    if extracted.allow_deletes or (few and gone < before):
        return
    raise MassDelete(
        f"{table.source}.{table.id}: this run would delete {gone:,} of {before:,} rows, and at most "
        f"{table.most_deleted:.0%} may go in one run, and never all: the table stays as it was. If the source "
        f"is right: python -m ingest {table.source} --table {table.id} --allow-deletes",
        table.id,
    )


def guard(
    db: Warehouse, extracted: Extracted, staged: str, where: str = "", given: Sequence[object] = ()
) -> None:
    """MassDelete where what was read would take the place of too many more rows, all of them or those that `where` says."""
    table = extracted.outcome.table
    if not db.columns(table.raw_schema, table.id):
        return
    ((held,),) = db.execute(f"SELECT count(*) FROM {relation(table)}{where}", given)
    read = count(db, staged)
    if held > read:
        refuse(extracted, count(db, relation(table)) if read else int(held), int(held) - read)


def count(db: Warehouse, of: str) -> int:
    ((count,),) = db.execute(f"SELECT count(*) FROM {of}")
    return int(count)
