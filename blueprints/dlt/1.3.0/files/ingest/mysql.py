"""A MySQL or MariaDB source by PyMySQL: rows as they come, in one read-only transaction that sees one state of the database."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pyarrow as pa
from pymysql.cursors import SSCursor

from ingest import contract
from ingest import mysql_values as mv
from ingest.declaration import Column, LoadError, Note, Source, Table
from ingest.measures import Measure, Sum, numeric_columns
from ingest.mysql_connection import COUNT_SECONDS, connect, faults_of
from ingest.parse import LINE, Batch
from ingest.sources import WHOLE, Keys, Selection, Window

# Rows of one batch: so many at most, and no more than what takes so many bytes.
BATCH_ROWS, BATCH_BYTES = 50_000, 32 << 20
LOCK_SECONDS = 30
Row = tuple[bytes | None, ...]


@contextmanager
def snapshot(source: Source) -> Iterator["Snapshot"]:
    """One state of the database. LoadError, without the password, when it cannot be reached or is cut off."""
    with faults_of(source):
        connection = connect(source)
    try:
        yield Snapshot(source, connection)
    finally:
        if connection.open:
            connection.close()


class Snapshot:
    """One transaction of the source."""

    has_rowids = False
    asks_for_rows = True

    def __init__(self, source: Source, connection: Any):
        self._source = source
        self._connection = connection
        self._types: dict[str, dict[str, str]] = {}
        self._required: dict[str, set[str]] = {}
        self._note: Note = lambda text: None
        self._run(
            "SET SESSION time_zone = '+00:00', sql_mode = '', "
            f"lock_wait_timeout = {LOCK_SECONDS}, net_write_timeout = {COUNT_SECONDS}"
        )
        ((version,),) = self._rows("SELECT VERSION()")
        self._seconds = (
            f"max_statement_time = {COUNT_SECONDS}"
            if "mariadb" in str(version).lower()
            else f"max_execution_time = {COUNT_SECONDS * 1000}"
        )
        # Asked for before the snapshot is taken: who writes then, writes what is seen, or what is stamped later.
        self._limit, self._limit_of_instants = self._oldest_writer()
        self._run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        self._run("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    def _run(self, statement: str) -> None:
        with faults_of(self._source), self._connection.cursor() as cursor:
            cursor.execute(statement)

    def _rows(self, query: str, given: Sequence[object] = ()) -> list[tuple[str | None, ...]]:
        with faults_of(self._source), self._connection.cursor() as cursor:
            cursor.execute(query, tuple(given))
            found = cursor.fetchall()
        return [
            tuple(v.decode("utf-8", "replace") if isinstance(v, bytes) else v for v in row)
            for row in found
        ]

    def _oldest_writer(self) -> tuple[str, str]:
        """When the oldest transaction that still writes began, or now: for a DATETIME, and in UTC.

        Nobody says by which clock a DATETIME was written, UTC's or the server's own: the earlier of the two holds.
        """
        clock = "CONVERT_TZ(UTC_TIMESTAMP(6), '+00:00', 'SYSTEM')"
        age = f"SELECT MAX(TIMESTAMPDIFF(SECOND, trx_started, {clock})) FROM information_schema.innodb_trx"
        seconds = 1
        try:
            ((found,),) = self._rows(f"{age} WHERE trx_rows_modified > 0")
            # One more: what the server says of them is a tenth of a second old at the most.
            seconds += max(0, int(found or 0))
        except LoadError:
            pass  # it takes the right PROCESS to see them; without it the overlap alone covers what commits late
        ((utc, local),) = self._rows(
            f"SELECT UTC_TIMESTAMP(6) - INTERVAL {seconds} SECOND, "
            f"CONVERT_TZ(UTC_TIMESTAMP(6), '+00:00', @@GLOBAL.time_zone) - INTERVAL {seconds} SECOND"
        )
        return min(str(utc), str(local or utc)), str(utc)

    def types(self, table: Table) -> dict[str, str]:
        """Columns and their types, as the server writes them."""
        if table.id not in self._types:
            found = self._rows(
                "SELECT table_name, column_name, column_type, is_nullable FROM information_schema.columns "
                "WHERE table_schema = DATABASE() AND table_name = %s ORDER BY ordinal_position",
                [table.name],
            )
            rows = [row for row in found if row[0] == table.name] or found
            self._types[table.id] = {str(name): str(kind) for _, name, kind, _ in rows}
            self._required[table.id] = {str(name) for _, name, _, null in rows if null == "NO"}
        return self._types[table.id]

    def check(self, table: Table, note: Note) -> None:
        self._note = note
        types = self.types(table)
        where = f"table {table.name}"
        if not types:
            raise LoadError(
                f"{table.source}.{table.id}: the database has no {where}, or this user may not see it"
            )
        contract.check_names(table, where, list(types), note)
        declared = {column.name: column.source_type for column in table.columns}
        found = {
            name: declared[name]
            if declared.get(name) and mv.same_type(declared[name], kind)
            else kind
            for name, kind in types.items()
        }
        contract.check_types(table, where, found, note)
        engine = self._rows(
            "SELECT engine FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = %s",
            [table.name],
        )
        if engine and engine[0][0] in ("MyISAM", "Aria", "MEMORY", "CSV", "ARCHIVE"):
            note(
                f"{table.id}: the engine {engine[0][0]} keeps no snapshots: what is written during a load is seen by part of it"
            )

    def newest(self, table: Table) -> object:
        """The highest watermark, but not later than now, nor than the start of the oldest transaction that still writes."""
        if not table.watermark:
            return None
        column = table.column(table.watermark)
        ((value,),) = self._rows(f"SELECT MAX({mv.named(column.name)}) FROM {mv.named(table.name)}")
        if value is None or not table.temporal:
            return value
        instant = mv.bare(self.types(table)[column.name]) == "timestamp"
        mark = min(value, (self._limit_of_instants if instant else self._limit)[: len(value)])
        if mark.startswith("0000-"):
            return None
        return f"{mark}+00:00" if column.type == "TIMESTAMPTZ" and len(mark) > 10 else mark

    def read(self, table: Table, selection: Selection = WHOLE) -> Iterator[Batch]:
        return self._read(table, table.columns, *self._where(table, selection))

    def keys(self, table: Table) -> Iterator[Batch]:
        return self._read(table, [table.column(key) for key in table.key], "", [])

    def _read(
        self, table: Table, columns: Sequence[Column], where: str, given: Sequence[object]
    ) -> Iterator[Batch]:
        types = self.types(table)
        values = ", ".join(mv.value(column, types) for column in columns)
        zeros: Counter[str] = Counter()
        query = f"SELECT {values} FROM {mv.named(table.name)}{where}"
        for rows in self._stream(query, given):
            yield _batch(table, columns, types, rows, zeros)
        for column_id, count in zeros.items():
            self._note(f"{table.id}: {count:,} zero dates in {column_id} are read as null")

    def _stream(self, query: str, given: Sequence[object]) -> Iterator[Sequence[Row]]:
        """The rows as the server sends them, a batch at a time."""
        cursor = self._connection.cursor(SSCursor)
        try:
            with faults_of(self._source):
                cursor.execute(query, tuple(given))
            while True:
                with faults_of(self._source):
                    rows = _some_of(cursor)
                if not rows:
                    return
                yield rows
        finally:
            self._leave(cursor)

    def _leave(self, cursor: Any) -> None:
        """End a query of which not all was read: PyMySQL would read what is left, however much, and so would the server."""
        result = self._connection._result
        if result is not None and result.unbuffered_active:
            result.unbuffered_active = False
            result.connection = None
            if self._connection.open:
                self._connection.close()
        cursor.close()

    def measure(self, table: Table, selection: Selection = WHOLE) -> dict[str, Measure]:
        day = "''"
        if table.temporal and table.watermark:
            column = table.column(table.watermark)
            shown = f"DATE_FORMAT({mv.named(column.name)}, '%%Y-%%m-%%d')"
            day = f"CASE WHEN {mv.moment(column)} THEN {shown} ELSE '' END"
        return self._measure(table, day, *self._where(table, selection))

    def total(self, table: Table) -> Measure:
        return self._measure(table, "''", "", []).get("", Measure())

    def _measure(
        self, table: Table, day: str, where: str, given: Sequence[object]
    ) -> dict[str, Measure]:
        types = self.types(table)
        columns = [c for c in numeric_columns(table) if c.name in types]
        sums = "".join(f", {mv.total(column, types)}" for column in columns)
        group = "" if day == "''" else " GROUP BY 1"
        query = f"SELECT {day}, COUNT(*){sums} FROM {mv.named(table.name)}{where}{group}"
        self._run(f"SET SESSION {self._seconds}")
        found = self._rows(query, given)
        self._run(f"SET SESSION {self._seconds.split(' ')[0]} = 0")
        return {
            str(part): Measure(
                int(rows or 0),
                {
                    column.id: Sum(
                        None if value is None else Decimal(value), column.type != "DOUBLE"
                    )
                    for column, value in zip(columns, values, strict=True)
                },
            )
            for part, rows, *values in found
        }

    def _where(self, table: Table, selection: Selection) -> tuple[str, list[object]]:
        given: list[object] = []
        if isinstance(selection, Keys):
            return f" WHERE {self._has_key(table, selection.values, given)}", given
        if selection.whole:
            return "", given
        return f" WHERE {self._within(table, selection, given)}", given

    def _within(self, table: Table, window: Window, given: list[object]) -> str:
        column = table.column(table.watermark or "")
        mark, kind = mv.named(column.name), self.types(table)[column.name]
        bounds = []
        for bound, operator in ((window.low, ">="), (window.high, "<")):
            if bound is not None:
                bounds.append(f"{mark} {operator} %s")
                given.append(mv.parameter(kind, bound))
        inside = " AND ".join(bounds)
        if window.high is None:
            # Of a column that is never null, IS NULL would find the zero dates.
            if column.name not in self._required[table.id]:
                inside += f" OR {mark} IS NULL"
            if table.temporal and not mv.keeps_zeros(table):
                inside += f" OR {mark} < '0001-01-01'"
        if window.also:
            inside += f" OR {self._has_key(table, window.also, given)}"
        return f"({inside})"

    def _has_key(self, table: Table, keys: Sequence[Any], given: list[object]) -> str:
        columns = [table.column(key) for key in table.key]
        kinds = [self.types(table)[column.name] for column in columns]
        for key in keys:
            given += [mv.parameter(kind, value) for value, kind in zip(key, kinds, strict=True)]
        if len(columns) == 1:
            return f"{mv.named(columns[0].name)} IN ({', '.join('%s' for _ in keys)})"
        one = " AND ".join(f"{mv.named(column.name)} = %s" for column in columns)
        return f"({' OR '.join(f'({one})' for _ in keys)})"


def _batch(
    table: Table,
    columns: Sequence[Column],
    types: dict[str, str],
    rows: Sequence[Row],
    zeros: Counter[str],
) -> Batch:
    arrays = {}
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        kind = types.get(column.name)
        if not mv.keeps_zeros(table):
            values, found = mv.without_zeros(kind, values)
            if found:
                zeros[column.id] += found
        arrays[column.id] = mv.array(column, kind, values)
    arrays[LINE] = pa.nulls(len(rows), pa.int64())
    return Batch(pa.table(arrays))


def _some_of(cursor: Any) -> list[Row]:
    """The rows of the next batch; each is weighed, for large ones may come behind many small ones."""
    rows: list[Row] = []
    taken = 0
    while len(rows) < BATCH_ROWS and taken < BATCH_BYTES and (row := cursor.fetchone()) is not None:
        rows.append(row)
        taken += sum(map(len, filter(None, row)))
    return rows
