"""Rows that were extracted take their place in `raw_…`: one transaction a group of tables, with the bookkeeping in it.

How depends on the table's `write`. replace: the whole table is made anew. merge: rows take the place of those with the
same key. replace-by-unit: the rows of the files that were read are replaced. partition-overwrite: everything from the
first day that was read on is replaced. Whatever it is, doing it twice leaves the same rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from ingest.declaration import Column, LoadError, Table
from ingest.ledger import Outcome, Part
from ingest.measures import Measure, Sum, add_up, numeric_columns, plus
from ingest.parse import FILE, LINE
from ingest.sql import ident
from ingest.warehouse import Warehouse

LOADED_AT = "_loaded_at"
DELETED_AT = "_deleted_at"
# Below this many rows a run may delete any share of them (H); an empty read of a filled table is stopped whatever its size.
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


def landed_columns(table: Table) -> list[Column]:
    """The columns of extracted rows: those declared, and of files where each row came from."""
    added = (
        [Column(FILE, FILE, "VARCHAR", True), Column(LINE, LINE, "BIGINT", True)]
        if table.format
        else []
    )
    return [*table.columns, *added]


def apply(db: Warehouse, extracted: Extracted, stamp: datetime) -> None:
    """Land the rows of one table, within the caller's transaction. LoadError when the mass-delete guard stops it."""
    table, outcome = extracted.outcome.table, extracted.outcome
    staged = db.stage(table, landed_columns(table), extracted.rows)
    replaces = outcome.kind == "full" and table.write == "replace"
    if not replaces:
        _create(db, table)
    if outcome.kind == "replay":
        _replay(db, outcome, staged, stamp)
    elif replaces:
        _guard(db, extracted, _count(db, staged))
        _replace(db, table, staged, stamp)
    elif table.merges:
        _merge(db, extracted, staged, stamp)
    elif table.format is not None:
        _replace_files(db, outcome, staged, stamp)
    else:
        _overwrite(db, outcome, staged, stamp)


def _definition(db: Warehouse, table: Table) -> str:
    added = [
        f"{LOADED_AT} TIMESTAMPTZ",
        *([f"{DELETED_AT} TIMESTAMPTZ"] if table.soft_deletes else []),
    ]
    own = [f"{ident(c.id)} {db.sql_type(c.type)}" for c in landed_columns(table)]
    return ", ".join([*own, *added])


def _create(db: Warehouse, table: Table) -> None:
    """The table, where it is not there; columns that were declared since, where it is."""
    db.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(table.raw_schema)}")
    db.execute(f"CREATE TABLE IF NOT EXISTS {relation(table)} ({_definition(db, table)})")
    there = db.columns(table.raw_schema, table.id)
    wanted = [*landed_columns(table), Column(LOADED_AT, LOADED_AT, "TIMESTAMPTZ", True)]
    if table.soft_deletes:
        wanted.append(Column(DELETED_AT, DELETED_AT, "TIMESTAMPTZ", True))
    for column in wanted:
        if column.id not in there:
            db.execute(
                f"ALTER TABLE {relation(table)} ADD COLUMN {ident(column.id)} {db.sql_type(column.type)}"
            )
    if db.kind == "postgres" and table.merges:
        keys = ", ".join(map(ident, table.key))
        name = ident(f"{table.id[:50]}_key")
        db.execute(f"CREATE UNIQUE INDEX IF NOT EXISTS {name} ON {relation(table)} ({keys})")


def _names(table: Table) -> str:
    return ", ".join(ident(column.id) for column in landed_columns(table))


def _insert(db: Warehouse, table: Table, staged: str, stamp: datetime) -> None:
    names = _names(table)
    db.execute(
        f"INSERT INTO {relation(table)} ({names}, {LOADED_AT}) SELECT {names}, {_moment(stamp)} FROM {staged}"
    )


def _moment(stamp: datetime) -> str:
    return f"CAST('{stamp.isoformat()}' AS TIMESTAMPTZ)"


def _replace(db: Warehouse, table: Table, staged: str, stamp: datetime) -> None:
    db.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(table.raw_schema)}")
    if db.kind == "duckdb":
        db.execute(
            f"CREATE OR REPLACE TABLE {relation(table)} AS "
            f"SELECT {_names(table)}, {_moment(stamp)} AS {LOADED_AT} FROM {staged}"
        )
        return
    # dbt's views stand on the table: it is emptied, and made anew only when its columns have changed.
    wanted = {c.id: c.type for c in landed_columns(table)} | {LOADED_AT: "TIMESTAMPTZ"}
    if db.columns(table.raw_schema, table.id) != wanted:
        db.execute(f"DROP TABLE IF EXISTS {relation(table)} CASCADE")
    _create(db, table)
    db.execute(f"TRUNCATE {relation(table)}")
    _insert(db, table, staged, stamp)


def _replace_files(db: Warehouse, outcome: Outcome, staged: str, stamp: datetime) -> None:
    files = [part.name for part in outcome.parts]
    for first in range(0, len(files), 500):
        some = files[first : first + 500]
        marks = ", ".join("?" for _ in some)
        db.execute(f"DELETE FROM {relation(outcome.table)} WHERE {ident(FILE)} IN ({marks})", some)
    _insert(db, outcome.table, staged, stamp)


def _overwrite(db: Warehouse, outcome: Outcome, staged: str, stamp: datetime) -> None:
    """Replace the range of the watermark that was read, with the rows that have no watermark where those were read too."""
    table = outcome.table
    mark, (low, high) = ident(table.watermark or ""), outcome.window
    kind = db.sql_type(table.column(table.watermark or "").type)
    if low is None and high is None:
        db.execute(f"DELETE FROM {relation(table)}")
    else:
        bounds = [f"{mark} >= CAST(? AS {kind})"] if low else []
        bounds += [f"{mark} < CAST(? AS {kind})"] if high else []
        nulls = "" if high else f" OR {mark} IS NULL"
        db.execute(
            f"DELETE FROM {relation(table)} WHERE {' AND '.join(bounds)}{nulls}",
            [bound for bound in (low, high) if bound],
        )
    _insert(db, table, staged, stamp)


def _merge(db: Warehouse, extracted: Extracted, staged: str, stamp: datetime) -> None:
    table, outcome = extracted.outcome.table, extracted.outcome
    staged = _newest(db, outcome, staged)
    same = _same_key(table, "r", "s")
    if outcome.kind == "full" and (outcome.rebuilt or not table.soft_deletes):
        _guard(db, extracted, _count(db, staged))
        db.execute(f"DELETE FROM {relation(table)}")
        _insert(db, table, staged, stamp)
        return
    present = None
    if extracted.keys is not None and table.deletes != "ignore":
        present = db.stage(table, [table.column(k) for k in table.key], extracted.keys)
    gone = _gone(db, extracted, staged, present) if present else 0
    db.execute(f"DELETE FROM {relation(table)} AS r USING {_named(staged, 's')} WHERE {same}")
    _insert(db, table, staged, stamp)
    if present and gone:
        _delete_gone(db, table, present, stamp)
        outcome.rows_deleted = gone


def _named(staged: str, name: str) -> str:
    """A staged relation under another name."""
    inner = staged.rsplit(" AS ", 1)[0] if staged.startswith("(") else staged
    return f"{inner} AS {name}"


def _same_key(table: Table, left: str, right: str) -> str:
    return " AND ".join(f"{left}.{ident(k)} = {right}.{ident(k)}" for k in table.key)


def _alive(table: Table, name: str = "r") -> str:
    return f"{name}.{DELETED_AT} IS NULL" if table.soft_deletes else "1 = 1"


def _gone(db: Warehouse, extracted: Extracted, staged: str, present: str) -> int:
    """How many living rows the source no longer has. LoadError when they are too many."""
    table = extracted.outcome.table
    absent = f"NOT EXISTS (SELECT 1 FROM {_named(present, 'p')} WHERE {_same_key(table, 'r', 'p')})"
    where = f"{_alive(table)} AND {absent}"
    ((gone,),) = db.execute(f"SELECT count(*) FROM {relation(table)} AS r WHERE {where}")
    if gone:
        ((alive,),) = db.execute(
            f"SELECT count(*) FROM {relation(table)} AS r WHERE {_alive(table)}"
        )
        _refuse(extracted, int(alive), int(gone))
    return int(gone)


def _delete_gone(db: Warehouse, table: Table, present: str, stamp: datetime) -> None:
    absent = f"NOT EXISTS (SELECT 1 FROM {_named(present, 'p')} WHERE {_same_key(table, 'r', 'p')})"
    if table.soft_deletes:
        db.execute(
            f"UPDATE {relation(table)} AS r SET {DELETED_AT} = {_moment(stamp)}, {LOADED_AT} = {_moment(stamp)} "
            f"WHERE r.{DELETED_AT} IS NULL AND {absent}"
        )
    else:
        db.execute(f"DELETE FROM {relation(table)} AS r WHERE {absent}")


def _guard(db: Warehouse, extracted: Extracted, read: int) -> None:
    """The mass-delete guard of a whole replacement."""
    table = extracted.outcome.table
    if not db.columns(table.raw_schema, table.id):
        return
    before = _count(db, relation(table))
    if before > read:
        _refuse(extracted, before, before - read)


def _refuse(extracted: Extracted, before: int, gone: int) -> None:
    table = extracted.outcome.table
    few = gone <= max(FEW_ROWS, before * table.most_deleted)
    if extracted.allow_deletes or (few and gone < before):
        return
    raise LoadError(
        f"{table.source}.{table.id}: this run would delete {gone:,} of {before:,} rows, and at most "
        f"{table.most_deleted:.0%} may go in one run, and never all: the table stays as it was. If the source "
        f"is right: python -m ingest {table.source} --table {table.id} --allow-deletes"
    )


def _count(db: Warehouse, of: str) -> int:
    ((count,),) = db.execute(f"SELECT count(*) FROM {of}")
    return int(count)


def _newest(db: Warehouse, outcome: Outcome, staged: str) -> str:
    """The staged rows, the newest of each key. What is dropped is measured, for reconciliation."""
    table = outcome.table
    keys = ", ".join(map(ident, table.key))
    ((rows, distinct),) = db.execute(f"SELECT count(*), count(DISTINCT ({keys})) FROM {staged}")
    if rows == distinct:
        return staged
    order = f"{ident(table.watermark)} DESC NULLS LAST" if table.watermark else keys
    db.execute(
        f"CREATE TEMP TABLE ranked_rows AS SELECT *, row_number() OVER (PARTITION BY {keys} ORDER BY {order}) "
        f"AS place_of_row FROM {staged}"
    )
    outcome.superseded = _measures(
        db, table, "(SELECT * FROM ranked_rows WHERE place_of_row > 1) AS older"
    )
    db.execute("DROP TABLE IF EXISTS newest_rows")
    db.execute(
        f"CREATE TEMP TABLE newest_rows AS SELECT {_names(table)} FROM ranked_rows WHERE place_of_row = 1"
    )
    db.execute("DROP TABLE ranked_rows")
    return "newest_rows"


def _measures(db: Warehouse, table: Table, of: str) -> dict[str, Measure]:
    """Rows and sums by day of the watermark; all together ('') where it has none."""
    day = (
        f"coalesce({db.day(ident(table.watermark or ''))}, '')"
        if table.incremental and table.temporal
        else "''"
    )
    columns = numeric_columns(table)
    sums = "".join(f", {add_up(ident(c.id), c, db.kind)}" for c in columns)
    found = db.execute(f"SELECT {day}, count(*){sums} FROM {of} GROUP BY 1")
    return {
        str(part): Measure(
            int(rows),
            {
                column.id: Sum(
                    None if value is None else Decimal(str(value)), column.type != "DOUBLE"
                )
                for column, value in zip(columns, values, strict=True)
            },
        )
        for part, rows, *values in found
    }


def _replay(db: Warehouse, outcome: Outcome, staged: str, stamp: datetime) -> None:
    """Rows out of quarantine; of a merged table those that raw has no newer row of."""
    table = outcome.table
    if table.incremental:
        outcome.parts = [Part(m, day) for day, m in _measures(db, table, staged).items()]
    if not table.merges:
        _insert(db, table, staged, stamp)
        return
    staged = _newest(db, outcome, staged)
    same = _same_key(table, "r", "s")
    mark = ident(table.watermark or table.key[0])
    newer = f"EXISTS (SELECT 1 FROM {relation(table)} AS r WHERE {same} AND r.{mark} > s.{mark})"
    stale = _measures(db, table, f"(SELECT * FROM {_named(staged, 's')} WHERE {newer}) AS stale")
    for day, measure in stale.items():
        outcome.superseded[day] = plus(outcome.superseded.get(day, Measure()), measure)
    fresh = f"(SELECT * FROM {_named(staged, 's')} WHERE NOT {newer})"
    db.execute("DROP TABLE IF EXISTS fresh_rows")
    db.execute(f"CREATE TEMP TABLE fresh_rows AS SELECT * FROM {fresh} AS f")
    db.execute(f"DELETE FROM {relation(table)} AS r USING fresh_rows AS s WHERE {same}")
    _insert(db, table, "fresh_rows", stamp)
