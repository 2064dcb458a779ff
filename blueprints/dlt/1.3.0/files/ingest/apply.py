"""Rows that were extracted take their place in `raw_…`: one transaction a group of tables, with the bookkeeping in it.

How depends on the table's `write`. replace: the whole table is made anew. merge: rows take the place of those with the
same key. replace-by-unit: the rows of the files that were read are replaced. partition-overwrite: everything from the
first day that was read on is replaced. Whatever it is, doing it twice leaves the same rows.
"""

from datetime import datetime
from decimal import Decimal

from ingest.declaration import Column, Table
from ingest.deletes import (
    DELETED_AT,
    LOADED_AT,
    Extracted,
    delete_gone,
    gone,
    guard,
    moment,
    named,
    relation,
    same_key,
)
from ingest.ledger import Outcome, Part
from ingest.measures import Measure, Sum, add_up, numeric_columns, plus
from ingest.parse import FILE, LINE
from ingest.sql import ident, literal
from ingest.treat import MASK
from ingest.warehouse import Warehouse


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
        guard(db, extracted, staged)
        _replace(db, table, staged, stamp)
    elif table.merges:
        _merge(db, extracted, staged, stamp)
    elif table.format is not None:
        _replace_files(db, extracted, staged, stamp)
    else:
        _overwrite(db, extracted, staged, stamp)
    if outcome.retreated and not replaces:
        _cover(db, table)


def _cover(db: Warehouse, table: Table) -> None:
    """Personal data that landed before it was declared so, in rows that the source has no more: covered."""
    for column in (column for column in table.columns if column.treatment):
        name = ident(column.id)
        db.execute(
            f"UPDATE {relation(table)} SET {name} = {literal(MASK)} "
            f"WHERE {name} <> {literal(MASK)} AND {name} NOT LIKE 'tok!_%' ESCAPE '!'"
        )


def _definition(db: Warehouse, table: Table) -> str:
    added = [
        f"{LOADED_AT} TIMESTAMPTZ",
        *([f"{DELETED_AT} TIMESTAMPTZ"] if table.soft_deletes else []),
    ]
    own = [f"{ident(c.id)} {db.sql_type(c.type)}" for c in landed_columns(table)]
    return ", ".join([*own, *added])


def _create(db: Warehouse, table: Table) -> None:
    """The table, where it is not there; where it is, with the columns that are declared now and no other."""
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
    if DELETED_AT in there and not table.soft_deletes:
        # Deletes were soft before: what is marked is gone.
        db.execute(f"DELETE FROM {relation(table)} WHERE {DELETED_AT} IS NOT NULL")
    for name in there.keys() - {column.id for column in wanted}:
        # What is no longer declared may be personal; and a view of dbt's is made anew by its next run.
        views = " CASCADE" if db.kind == "postgres" else ""
        db.execute(f"ALTER TABLE {relation(table)} DROP COLUMN {ident(name)}{views}")
    if db.kind == "postgres":
        _index(db, table)


def _index(db: Warehouse, table: Table) -> None:
    """A unique index on the key that is declared now."""
    name, key = f"{table.id[:50]}_key", list(table.key) if table.merges else []
    held = db.execute(
        "SELECT a.attname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid "
        "JOIN pg_attribute a ON a.attrelid = i.oid WHERE x.indrelid = CAST(? AS regclass) AND i.relname = ? "
        "ORDER BY a.attnum",
        [relation(table), name],
    )
    if held and [column for (column,) in held] != key:
        db.execute(f"DROP INDEX {ident(table.raw_schema)}.{ident(name)}")
    if key:
        keys = ", ".join(map(ident, key))
        db.execute(f"CREATE UNIQUE INDEX IF NOT EXISTS {ident(name)} ON {relation(table)} ({keys})")


def _names(table: Table) -> str:
    return ", ".join(ident(column.id) for column in landed_columns(table))


def _insert(db: Warehouse, table: Table, staged: str, stamp: datetime) -> None:
    names = _names(table)
    db.execute(
        f"INSERT INTO {relation(table)} ({names}, {LOADED_AT}) SELECT {names}, {moment(stamp)} FROM {staged}"
    )


def _replace(db: Warehouse, table: Table, staged: str, stamp: datetime) -> None:
    db.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(table.raw_schema)}")
    if db.kind == "duckdb":
        db.execute(
            f"CREATE OR REPLACE TABLE {relation(table)} AS "
            f"SELECT {_names(table)}, {moment(stamp)} AS {LOADED_AT} FROM {staged}"
        )
        return
    # dbt's views stand on the table: it is emptied, and made anew only when its columns have changed.
    wanted = {c.id: c.type for c in landed_columns(table)} | {LOADED_AT: "TIMESTAMPTZ"}
    if db.columns(table.raw_schema, table.id) != wanted:
        db.execute(f"DROP TABLE IF EXISTS {relation(table)} CASCADE")
    _create(db, table)
    db.execute(f"TRUNCATE {relation(table)}")
    _insert(db, table, staged, stamp)


def _replace_files(db: Warehouse, extracted: Extracted, staged: str, stamp: datetime) -> None:
    table = extracted.outcome.table
    files = [part.name for part in extracted.outcome.parts]
    if not files:
        return
    where = f" WHERE {ident(FILE)} IN ({', '.join('?' for _ in files)})"
    guard(db, extracted, staged, where, files)
    db.execute(f"DELETE FROM {relation(table)}{where}", files)
    _insert(db, table, staged, stamp)


def _overwrite(db: Warehouse, extracted: Extracted, staged: str, stamp: datetime) -> None:
    """Replace the range of the watermark that was read, with the rows that have no watermark where those were read too."""
    table, outcome = extracted.outcome.table, extracted.outcome
    mark, (low, high) = ident(table.watermark or ""), outcome.window
    kind = db.sql_type(table.column(table.watermark or "").type)
    where = ""
    if low is not None or high is not None:
        bounds = [f"{mark} >= CAST(? AS {kind})"] if low else []
        bounds += [f"{mark} < CAST(? AS {kind})"] if high else []
        where = f" WHERE {' AND '.join(bounds)}{'' if high else f' OR {mark} IS NULL'}"
    given = [bound for bound in (low, high) if bound]
    guard(db, extracted, staged, where, given)
    db.execute(f"DELETE FROM {relation(table)}{where}", given)
    _insert(db, table, staged, stamp)


def _merge(db: Warehouse, extracted: Extracted, staged: str, stamp: datetime) -> None:
    table, outcome = extracted.outcome.table, extracted.outcome
    staged = _newest(db, outcome, staged)
    same = same_key(table, "r", "s")
    if outcome.kind == "full" and (outcome.rebuilt or not table.soft_deletes):
        guard(db, extracted, staged)
        db.execute(f"DELETE FROM {relation(table)}")
        _insert(db, table, staged, stamp)
        return
    present = None
    if extracted.keys is not None and table.deletes != "ignore":
        present = db.stage(table, [table.column(k) for k in table.key], extracted.keys)
    absent = gone(db, extracted, present) if present else 0
    db.execute(f"DELETE FROM {relation(table)} AS r USING {named(staged, 's')} WHERE {same}")
    _insert(db, table, staged, stamp)
    if present and absent:
        delete_gone(db, table, present, stamp)
        outcome.rows_deleted = absent


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
    same = same_key(table, "r", "s")
    mark = ident(table.watermark or table.key[0])
    newer = f"EXISTS (SELECT 1 FROM {relation(table)} AS r WHERE {same} AND r.{mark} > s.{mark})"
    stale = _measures(db, table, f"(SELECT * FROM {named(staged, 's')} WHERE {newer}) AS stale")
    for day, measure in stale.items():
        outcome.superseded[day] = plus(outcome.superseded.get(day, Measure()), measure)
    fresh = f"(SELECT * FROM {named(staged, 's')} WHERE NOT {newer})"
    db.execute("DROP TABLE IF EXISTS fresh_rows")
    db.execute(f"CREATE TEMP TABLE fresh_rows AS SELECT * FROM {fresh} AS f")
    db.execute(f"DELETE FROM {relation(table)} AS r USING fresh_rows AS s WHERE {same}")
    _insert(db, table, "fresh_rows", stamp)
