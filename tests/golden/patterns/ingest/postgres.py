"""A PostgreSQL source by ADBC: binary COPY into Arrow, in one read-only transaction that sees one state of the database."""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from urllib.parse import unquote, urlsplit

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa

from ingest import contract, settings
from ingest import postgres_values as pv
from ingest.declaration import Column, LoadError, Note, Source, SourceDown, Table
from ingest.measures import Measure, Sum, numeric_columns
from ingest.parse import Batch
from ingest.sources import WHOLE, Keys, Selection, Window
from ingest.sql import ident, literal

BATCH_ROWS = 200_000
LOCK_SECONDS = 30
# What libpq says when there is no connection, whatever language the server speaks.
_LOST = re.compile(
    "connection to server|failed to connect|could not (receive|send) data|no connection to the server|"
    "server closed the connection|terminating connection|SSL (SYSCALL|connection)",
    re.IGNORECASE,
)


@contextmanager
def snapshot(source: Source) -> Iterator["Snapshot"]:
    """One state of the database. LoadError, without the password, when it cannot be reached or is cut off."""
    with (
        _faults_of(source),
        adbc.connect(source.url()) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SET LOCAL TimeZone = 'UTC'")
        cursor.execute("SET LOCAL DateStyle = 'ISO'")
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        yield Snapshot(source, cursor)


@contextmanager
def _faults_of(source: Source) -> Iterator[None]:
    """What the driver raises, as a LoadError that keeps every secret."""
    try:
        yield
    except (adbc.Error, pa.ArrowException, OSError) as error:  # the last two while rows stream
        kind = SourceDown if _is_lost(error) else LoadError
        raise kind(f"{source.id}: {_reason(error, source.url())}") from None


def _is_lost(error: Exception) -> bool:
    """Whether there is no connection: none was made, or the server has ended it. While rows stream only the words tell."""
    state = getattr(error, "sqlstate", None) or ""
    return state[:2] == "08" or state[:3] == "57P" or bool(_LOST.search(str(error)))


def _reason(error: Exception, url: str) -> str:
    """What the server said, with no part of the address that is secret and no row."""
    text = re.sub(r"\s*Query was:.*", "", str(error), flags=re.DOTALL)
    text = re.split(r"\n(?:DETAIL|CONTEXT|LINE \d+)", text)[0]
    secrets = {unquote(urlsplit(url).password or ""), urlsplit(url).password or "", url} - {""}
    for secret in secrets:
        text = text.replace(secret, "…")
    return " ".join(text.split())


class Snapshot:
    """One transaction of the source."""

    has_rowids = False
    asks_for_rows = True

    def __init__(self, source: Source, cursor: Any):
        self._source = source
        self._cursor = cursor
        self._types: dict[str, dict[str, str]] = {}
        self._own_types: dict[str, dict[str, str]] = {}
        # The first query, which fixes what all others see: who still writes then, writes what none of them sees, also
        # when it has ended by the time a later table is read. Of other roles' transactions only those are seen that
        # this role may see; the overlap is there for the rest.
        ((self._limit,),) = self._rows(
            "SELECT least(clock_timestamp(), min(xact_start))::text FROM pg_stat_activity "
            "WHERE backend_xid IS NOT NULL AND datname = current_database() AND pid <> pg_backend_pid()"
        )

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with _faults_of(self._source):
            self._cursor.execute(query)
            found: list[tuple[Any, ...]] = self._cursor.fetchall()
        return found

    def types(self, table: Table) -> dict[str, str]:
        """Columns and their types, as PostgreSQL writes them; of a domain, the type that it is made of."""
        if table.id not in self._types:
            found = self._rows(
                "WITH RECURSIVE base AS (SELECT a.attname, a.attnum, a.atttypid AS type, a.atttypmod AS mod, "
                "format_type(a.atttypid, a.atttypmod) AS own FROM pg_attribute a "
                f"JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
                f"WHERE n.nspname = {literal(_schema(table))} AND c.relname = {literal(table.name)} "
                "AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped "
                "UNION ALL SELECT b.attname, b.attnum, t.typbasetype, t.typtypmod, b.own FROM base b "
                "JOIN pg_type t ON t.oid = b.type WHERE t.typtype = 'd') "
                "SELECT b.attname::text, format_type(b.type, b.mod)::text, b.own::text FROM base b "
                "JOIN pg_type t ON t.oid = b.type AND t.typtype <> 'd' ORDER BY b.attnum"
            )
            self._types[table.id] = {name: base for name, base, _ in found}
            self._own_types[table.id] = {name: own for name, _, own in found}
        return self._types[table.id]

    def check(self, table: Table, note: Note) -> None:
        types = self.types(table)
        where = f"table {_schema(table)}.{table.name}"
        if not types:
            raise LoadError(
                f"{table.source}.{table.id}: the database has no {where}, or this role may not see it"
            )
        contract.check_names(table, where, list(types), note)
        contract.check_types(table, where, self._as_declared(table, types), note)

    def _as_declared(self, table: Table, types: dict[str, str]) -> dict[str, str]:
        """The types, each by the declaration's name for it where that is another one of the same.

        A declaration may have a domain's own name; and what lands as a text is a text in a drill's twin.
        """
        own, found = self._own_types[table.id], dict(types)
        for column in table.columns:
            kind = types.get(column.name)
            in_twin = settings.has_twin() and kind == "text" and column.type == "VARCHAR"
            if kind and column.source_type and (own[column.name] == column.source_type or in_twin):
                found[column.name] = column.source_type
        return found

    def newest(self, table: Table) -> object:
        """The highest watermark, but not later than the snapshot, nor than the start of the oldest transaction that still writes."""
        if not table.watermark:
            return None
        column = table.column(table.watermark)
        mark = f"max({ident(column.name)})"
        if table.temporal:
            limit = f"{literal(self._limit)}::timestamptz"
            mark = f"least({mark}, CAST({limit} AS {self.types(table)[column.name]}))"
        ((value,),) = self._rows(
            f"SELECT ({mark})::text FROM {_relation(table)}{pv.finite_only(table, column)}"
        )
        return value

    def read(self, table: Table, selection: Selection = WHOLE) -> Iterator[Batch]:
        return self._read(table, table.columns, self._where(table, selection))

    def keys(self, table: Table) -> Iterator[Batch]:
        return self._read(table, [table.column(key) for key in table.key], "")

    def _read(self, table: Table, columns: Sequence[Column], where: str) -> Iterator[Batch]:
        types = self.types(table)
        values = [f"{pv.value(column, types)} AS {ident(column.id)}" for column in columns]
        unfit = pv.unfit(columns, types)
        if unfit:
            values.append(f"{unfit} AS {pv.UNFIT}")
        query = f"SELECT {', '.join(values)} FROM {_relation(table)}{where}"
        pending: list[pa.RecordBatch] = []
        rows = 0
        for batch in _ahead(self._batches(query)):
            pending.append(batch)
            rows += batch.num_rows
            if rows >= BATCH_ROWS:
                yield pv.batch_of(columns, pending)
                pending, rows = [], 0
        if rows:
            yield pv.batch_of(columns, pending)

    def _batches(self, query: str) -> Iterator[pa.RecordBatch]:
        with _faults_of(self._source):
            self._cursor.execute(query)
            yield from self._cursor.fetch_record_batch()

    def measure(self, table: Table, selection: Selection = WHOLE) -> dict[str, Measure]:
        day = "''"
        if table.temporal and table.watermark:
            mark = pv.in_utc(table.column(table.watermark), self.types(table))
            day = f"coalesce(CASE WHEN {pv.fits(mark)} THEN to_char({mark}, 'YYYY-MM-DD') END, '')"
        return self._measure(table, day, self._where(table, selection))

    def total(self, table: Table) -> Measure:
        return self._measure(table, "''", "").get("", Measure())

    def _measure(self, table: Table, day: str, where: str) -> dict[str, Measure]:
        types = self.types(table)
        columns = [c for c in numeric_columns(table) if c.name in types]
        sums = "".join(f", {pv.total(column, types)}::text" for column in columns)
        group = "" if day == "''" else " GROUP BY 1"
        query = f"SELECT {day}, count(*){sums} FROM {_relation(table)}{where}{group}"
        return {
            part: Measure(
                rows,
                {
                    column.id: Sum(
                        None if value is None else Decimal(value), column.type != "DOUBLE"
                    )
                    for column, value in zip(columns, values, strict=True)
                },
            )
            for part, rows, *values in self._rows(query)
        }

    def _where(self, table: Table, selection: Selection) -> str:
        if isinstance(selection, Keys):
            return f" WHERE {self._has_key(table, selection.values)}"
        if selection.whole:
            return ""
        return f" WHERE {self._within(table, selection)}"

    def _within(self, table: Table, window: Window) -> str:
        column = table.column(table.watermark or "")
        mark, kind = ident(column.name), self.types(table)[column.name]
        bounds = [f"{mark} >= {literal(str(window.low))}::{kind}"] if window.low is not None else []
        bounds += (
            [f"{mark} < {literal(str(window.high))}::{kind}"] if window.high is not None else []
        )
        inside = " AND ".join(bounds)
        if window.high is None:
            inside += f" OR {mark} IS NULL"
        if window.also:
            inside += f" OR {self._has_key(table, window.also)}"
        return f"({inside})"

    def _has_key(self, table: Table, keys: Sequence[Any]) -> str:
        columns = [table.column(key) for key in table.key]
        kinds = [self.types(table)[column.name] for column in columns]
        listed = ", ".join(
            "("
            + ", ".join(f"{pv.typed_literal(v)}::{k}" for v, k in zip(key, kinds, strict=True))
            + ")"
            for key in keys
        )
        return f"({', '.join(ident(c.name) for c in columns)}) IN ({listed})"


def _ahead(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The next batch is decoded, by a thread of its own, while this one is being written."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = pool.submit(next, batches, None)
            yield batch


def _schema(table: Table) -> str:
    return table.schema or "public"


def _relation(table: Table) -> str:
    return f"{ident(_schema(table))}.{ident(table.name)}"
