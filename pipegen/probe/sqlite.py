"""Probe of a SQLite database, opened read-only."""

# ruff: noqa: S608 (names in queries are the probe's own, or quoted)
from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from pipegen.core.errors import SourceError
from pipegen.core.measured import Count, ForeignKeyFact, Key, Measured, MeasuredTable, Rate, Server, Watermark
from pipegen.core.names import identifier, shorten
from pipegen.probe.chosen_tables import choose
from pipegen.probe.facts import KEY_SAMPLE_ROWS, ColumnFacts, rate
from pipegen.probe.keys import find_key, watermark_column
from pipegen.probe.look import Look
from pipegen.probe.source_path import located, not_there
from pipegen.probe.sqlite_schema import TableSchema, list_tables, quoted, read_schema
from pipegen.probe.sqlite_types import read_columns, with_one_type_a_reference

WHOLE_ROWS = 2_000_000  # of a larger table the first rows are judged
ORDER_SAMPLE_ROWS = 200_000
RATE_DAYS = 14
_LOCK_SECONDS = 2.0
_MAGIC = b"SQLite format 3\0"


def measure(path: str, look: Look) -> Measured:
    """Measure a SQLite database; see :class:`pipegen.probe.registry.Probe`. Views are measured where they are asked for."""
    full = located(path, look.root)
    _refuse_other_files(full, path)
    with _opened(full, path) as con:
        there = list_tables(con)
        if not there:
            raise SourceError(
                f"`{path}` has no table", hint="is it the right file? an empty one is a database to SQLite"
            )
        named = list(there) if look.tables is not None else [name for name, kind in there.items() if kind == "table"]
        chosen = choose(look.tables, named, path)
        _refuse_collisions(chosen, path)
        return Measured(server=Server(kind="sqlite"), tables=_tables(con, chosen))


def _refuse_other_files(full: Path, said: str) -> None:
    if full.is_dir():
        hint = "give the database file; for a folder of CSV, JSON lines or Parquet the kind is `files`"
        raise SourceError(f"`{said}` is a folder, not a SQLite database", hint=hint)
    if not full.exists():
        raise not_there(full)
    try:
        with full.open("rb") as stream:
            start = stream.read(len(_MAGIC))
    except OSError as error:
        hint = f"chmod +r '{full}', or run as its owner"
        raise SourceError(f"`{said}` may not be read: {error.strerror}", hint=hint) from error
    if start and start != _MAGIC:
        hint = "an encrypted database must be decrypted first; for CSV, JSON lines or Parquet the kind is `files`"
        raise SourceError(f"`{said}` is not a SQLite database, or it is encrypted", hint=hint)


@contextmanager
def _opened(full: Path, said: str) -> Iterator[sqlite3.Connection]:
    """The database, read-only and in one transaction: what other programs write meanwhile is not seen."""
    try:
        uri = f"{full.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=_LOCK_SECONDS, isolation_level=None)) as con:
            con.text_factory = lambda raw: raw.decode("utf-8", "replace")
            con.execute("begin")
            yield con
    except sqlite3.Error as error:
        raise _unreadable(said, error) from error


def _unreadable(said: str, error: sqlite3.Error) -> SourceError:
    text = str(error)
    if "locked" in text or "busy" in text:
        return SourceError(
            f"`{said}` is locked by another program", hint="end that program's transaction, or probe a copy"
        )
    if "not a database" in text:
        return SourceError(f"`{said}` is not a SQLite database, or it is encrypted", hint="decrypt it, or see its kind")
    if "malformed" in text or "disk image" in text:
        hint = f"sqlite3 '{said}' .recover | sqlite3 mended.db"
        return SourceError(f"`{said}` is a broken SQLite database: {shorten(text)}", hint=hint)
    if "unable to open" in text or "readonly" in text:
        hint = "a database in WAL mode needs a folder that can be written to; probe a copy, or check its permissions"
        return SourceError(f"`{said}` cannot be opened: {shorten(text)}", hint=hint)
    return SourceError(
        f"`{said}` cannot be read: {shorten(text, 160)}", hint="sqlite3 can say more: pragma integrity_check"
    )


def _refuse_collisions(names: Sequence[str], said: str) -> None:
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(identifier(name, prefix="t"), name)
        if other != name:
            raise SourceError(
                f"two tables of `{said}` would be called `{identifier(name, prefix='t')}`: `{other}` and `{name}`",
                hint="name the tables to take with --table, one of these two among them",
            )


def _one(con: sqlite3.Connection, sql: str) -> tuple[int, ...]:
    row = con.execute(sql).fetchone()
    return tuple(int(value or 0) for value in row)


def _tables(con: sqlite3.Connection, names: Sequence[str]) -> dict[str, MeasuredTable]:
    schemas = {name: read_schema(con, name) for name in names}
    totals = {name: _one(con, f"select count(*) from {quoted(name)}")[0] for name in names}
    foreign_keys = {
        name: [ForeignKeyFact(columns=fk.columns, to=fk.to, at=fk.at) for fk in schema.foreign_keys]
        for name, schema in schemas.items()
    }
    columns = with_one_type_a_reference(
        {name: read_columns(con, schemas[name], min(totals[name], WHOLE_ROWS), totals[name]) for name in names},
        foreign_keys,
    )
    found = {}
    for name, schema in schemas.items():
        rows = min(totals[name], WHOLE_ROWS)
        key = _key(con, schema, columns[name], rows, totals[name])
        watermark, per_day = _watermark(con, schema, columns[name], rows)
        found[name] = MeasuredTable(
            rows=Count(value=totals[name]),
            rows_per_day=per_day,
            key=key,
            watermark=watermark,
            columns={c.name: c.measured(key.columns if key else ()) for c in columns[name]},
            foreign_keys=foreign_keys[name],
        )
    return found


def _key(
    con: sqlite3.Connection, schema: TableSchema, columns: Sequence[ColumnFacts], rows: int, total: int
) -> Key | None:
    """The primary key, a unique index over columns that are never null, or a measured one.

    SQLite lets the columns of a primary key be null; one that has a null tells no rows apart, and is passed over.
    """
    nulls = {c.name: c.nulls for c in columns}
    if schema.primary_key and not any(nulls[c] for c in schema.primary_key):
        return Key(columns=schema.primary_key, how="primary key")
    required = {c.name for c in columns if c.required}
    for index in schema.unique_indexes:
        if required.issuperset(index):
            return Key(columns=index, how="unique index")
    part = f"(select * from {quoted(schema.name)} limit {rows})"

    def distinct(names: Sequence[str], sample: bool) -> int:
        selected = ", ".join(quoted(n) for n in names)
        source = f"(select * from {quoted(schema.name)} limit {KEY_SAMPLE_ROWS})" if sample else part
        return _one(con, f"select count(*) from (select distinct {selected} from {source})")[0]

    return find_key(schema.name, columns, rows, distinct, f"{rows} rows" if rows == total else f"the first {rows} rows")


def _watermark(
    con: sqlite3.Connection, schema: TableSchema, columns: Sequence[ColumnFacts], rows: int
) -> tuple[Watermark | None, Rate | None]:
    """The watermark; how far out of order the rows lie in the order of rowid, or of the key where there is no rowid."""
    column = watermark_column(columns)
    if column is None:
        return None, None
    name, table = quoted(column.name), quoted(schema.name)
    order = "rowid" if schema.has_rowid else ", ".join(quoted(c) for c in schema.primary_key) or "1"
    sampled = min(rows, ORDER_SAMPLE_ROWS)
    (earlier,) = _one(
        con,
        f"select sum(x < before) from (select x, lag(x) over (order by r) before from (select julianday({name}) x, "
        f"row_number() over (order by {order}) r from {table} order by {order} limit {sampled}))",
    )
    newest, oldest, since = con.execute(
        f"select max(x), min(x), date(min(x)) from (select julianday({name}) x from {table} limit {rows})"
    ).fetchone()
    days = min(RATE_DAYS, int(newest - oldest)) if newest is not None else 0
    per_day = None
    if days:
        (recent,) = _one(con, f"select count(*) from {table} where julianday({name}) > {newest!r} - {days}")
        per_day = Rate(value=round(recent / days), how=f"{column.name}, the {days} days up to the newest row")
    mark = Watermark(
        column=column.name,
        indexed=column.name in schema.indexed_first,
        out_of_order=rate(earlier, max(sampled - 1, 1)),
        sampled=sampled,
        since=since,
    )
    return mark, per_day
