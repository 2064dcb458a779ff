"""From raw rows to typed rows: a row with a value that its column cannot hold is rejected, the rest go on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from ingest import casts
from ingest.declaration import Column, Table
from ingest.sql import ident, literal

# Columns that a load adds to what the source has: which file a row came from, and which record of it.
FILE = "_file"
LINE = "_line"

REJECTS = pa.schema(
    [
        ("file", pa.string()),
        ("line", pa.int64()),
        ("key", pa.string()),
        ("window", pa.string()),
        ("reason", pa.string()),
        ("raw", pa.string()),
    ]
)

# Declared types, and the Arrow types that are the very same.
ARROW = {
    "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "VARCHAR": pa.string(), "BOOLEAN": pa.bool_(), "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"), "TIMESTAMPTZ": pa.timestamp("us", "UTC"), "TIME": pa.time64("us"),
    "BLOB": pa.binary(),
}  # fmt: skip
# Beyond this many days or microseconds from 1970 lie DuckDB's infinities.
_DAYS, _MICROSECONDS = 2**31 - 2, 2**63 - 2


@dataclass(frozen=True)
class Reject:
    """A row that could not be read at all. `raw` is JSON: the text as the source has it."""

    line: int | None
    reason: str
    raw: str


@dataclass
class Batch:
    """Raw rows of one part of a table.

    `rows` has the columns by their ids, as text or as whatever type the source holds, and `_line`: the record's
    number in a file (a header is number 1), the rowid in SQLite.
    """

    rows: pa.Table
    rejects: list[Reject] = field(default_factory=list)


def whole(table: Table, rows: pa.Table) -> pa.Table:
    """The rows with a column of nulls for each declared one that the source has no more."""
    for place, column in enumerate(table.columns):
        if column.id not in rows.column_names:
            rows = rows.add_column(place, column.id, pa.nulls(rows.num_rows, pa.string()))
    return rows


def session() -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB to parse in."""
    connection = duckdb.connect(":memory:")
    # A TIMESTAMPTZ written without an offset must not take the machine's.
    connection.execute("SET TimeZone = 'UTC'")
    # It moves a TRY_CAST into the CSV reader, which then drops the row where the cast gives NULL.
    connection.execute("SET disabled_optimizers = 'type_pushdown'")
    return connection


class RowParser:
    """Parses the batches of one table."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: Table, with_file: bool):
        self._connection = connection
        self._table = table
        self._with_file = with_file
        self._ids = [column.id for column in table.columns]
        self._nulls: Sequence[str] = table.options.get("nulls") or ()
        self._queries: dict[pa.Schema, tuple[str, str]] = {}

    def parse(self, batch: Batch, file: str | None) -> tuple[pa.Table, pa.Table]:
        """The typed rows, and the rejected ones as REJECTS has them."""
        rejects = _rejects_table(self._table, batch.rejects, file)
        typed, good = self.judge(batch.rows)
        if not pc.all(good).as_py():
            bad = self._run(self._compiled(batch.rows)[1], batch.rows.filter(pc.invert(good)))
            bad = bad.add_column(0, "file", pa.array([file] * bad.num_rows, pa.string()))
            bad = bad.select(REJECTS.names)
            rejects = pa.concat_tables([rejects, bad.cast(REJECTS)])
            typed = typed.filter(good)
        if self._with_file:
            typed = typed.append_column(
                FILE, pa.repeat(pa.scalar(file, pa.string()), typed.num_rows)
            )
        return typed, rejects

    def judge(self, rows: pa.Table) -> tuple[pa.Table, pa.ChunkedArray]:
        """Every row typed, in order, and which of them may stand."""
        if self._stands(rows):
            good = pa.chunked_array([pa.repeat(True, rows.num_rows)])
            return rows.select([*self._ids, *([LINE] if self._with_file else [])]), good
        typed = self._run(self._compiled(rows)[0], rows)
        return typed.drop_columns(["_ok"]), typed.column("_ok")

    def _stands(self, rows: pa.Table) -> bool:
        """Whether every value already is what its column is declared, as rows of a database mostly are."""
        if self._nulls or len(rows) == 0:
            return False
        for column in self._table.columns:
            held = rows.column(column.id)
            if held.type != ARROW.get(column.type) or (held.null_count and not column.nullable):
                return False
            if pa.types.is_temporal(held.type) and not _finite(held):
                return False
        return True

    def _compiled(self, rows: pa.Table) -> tuple[str, str]:
        if rows.schema not in self._queries:
            self._queries[rows.schema] = self._compile(rows)
        return self._queries[rows.schema]

    def empty(self) -> pa.Table:
        """No rows, with the columns and types of the landed table."""
        names = [column.id for column in self._table.columns]
        fields = [pa.field(name, pa.string()) for name in names]
        schema = pa.schema([*fields, pa.field(LINE, pa.int64())])
        return self.parse(Batch(schema.empty_table()), None)[0]

    def _run(self, query: str, rows: pa.Table) -> pa.Table:
        self._connection.register("batch", rows)
        try:
            return self._connection.sql(query).to_arrow_table()
        finally:
            self._connection.unregister("batch")

    def _compile(self, rows: pa.Table) -> tuple[str, str]:
        """SQL of the typed rows with their `_ok`, and SQL of the reasons for rows that are not."""
        self._connection.register("batch", rows)
        described = self._connection.execute("DESCRIBE SELECT * FROM batch").fetchall()
        self._connection.unregister("batch")
        held = {name: sql_type for name, sql_type, *_ in described}
        values, typed, kept, exact, why = [], [], [], [], []
        for number, column in enumerate(self._table.columns):
            value, cast_value = f"v{number}", f"t{number}"
            cast = casts.cast(value, held[column.id], column.type, cast_value)
            values.append(f"{self._value(column, held[column.id])} AS {value}")
            typed.append(f"{cast.typed} AS {cast_value}")
            kept.append(f"{cast_value} AS {ident(column.id)}")
            good = _good(column, value, cast.exact)
            exact.append(good)
            why.append(f"CASE WHEN NOT {good} THEN {literal(_reason(column, False))} END")
            if not column.nullable:
                why[-1] = (
                    f"CASE WHEN {value} IS NULL THEN {literal(_reason(column, True))} "
                    f"WHEN NOT {good} THEN {literal(_reason(column, False))} END"
                )
        inner = f"SELECT {', '.join(values)}, {LINE}, {', '.join(self._raw(held))} FROM batch"
        middle = f"SELECT *, {', '.join(typed)} FROM ({inner})"
        line = f", {LINE}" if self._with_file else ""
        select = f"SELECT {', '.join(kept)}{line}, {' AND '.join(exact)} AS _ok FROM ({middle})"
        members = ", ".join(
            f"{literal(column.name)}, r{number}"
            for number, column in enumerate(self._table.columns)
        )
        reasons = (
            f"SELECT {LINE} AS line, {self._identity()}, concat_ws('; ', {', '.join(why)}) AS reason, "
            f"json_object({members})::VARCHAR AS raw FROM ({middle})"
        )
        return select, reasons

    def _identity(self) -> str:
        """SQL: which row it is, by its key, and which window it belongs to, by its watermark."""
        table = self._table
        places = {column.id: place for place, column in enumerate(table.columns)}
        keys = [f"r{places[key]}" for key in table.key]
        whole = " AND ".join(f"{key} IS NOT NULL" for key in keys)
        texts = ", ".join(f"{key}::VARCHAR" for key in keys)
        key = f"CASE WHEN {whole} THEN to_json([{texts}])::VARCHAR END" if keys else "NULL"
        window = "''"
        if table.incremental and table.temporal and table.watermark:
            window = f"coalesce((t{places[table.watermark]}::DATE)::VARCHAR, '')"
        return f'{key} AS "key", {window} AS "window"'

    def _value(self, column: Column, held: str) -> str:
        """The value with the source's words for NULL taken out."""
        if not self._nulls or held != "VARCHAR":
            return ident(column.id)
        words = ", ".join(literal(word) for word in self._nulls)
        return f"CASE WHEN {ident(column.id)} IN ({words}) THEN NULL ELSE {ident(column.id)} END"

    def _raw(self, held: dict[str, str]) -> list[str]:
        """The values as the source has them, in a form that JSON keeps: bytes as hexadecimal digits."""
        kept = []
        for number, column in enumerate(self._table.columns):
            value = ident(column.id)
            if held[column.id] == "BLOB":
                value = f"hex({value})"
            elif casts.decimal(held[column.id]):
                value = f"{value}::VARCHAR"
            kept.append(f"{value} AS r{number}")
        return kept


def _finite(values: pa.ChunkedArray) -> bool:
    whole = pc.cast(values, pa.int32() if values.type == pa.date32() else pa.int64())
    limit = _DAYS if values.type == pa.date32() else _MICROSECONDS
    found = pc.min_max(whole).as_py()
    return found["min"] is None or (-limit <= found["min"] and found["max"] <= limit)


def _good(column: Column, value: str, exact: str) -> str:
    if column.nullable:
        return f"({value} IS NULL OR coalesce({exact}, false))"
    return f"({value} IS NOT NULL AND coalesce({exact}, false))"


def _reason(column: Column, null: bool) -> str:
    """Names the column and its type, never the value: it may be personal."""
    return f"{column.id}: {'is null' if null else f'not a {column.type}'}"


def _rejects_table(table: Table, rejects: list[Reject], file: str | None) -> pa.Table:
    rows = []
    for reject in rejects:
        key, window = _named(table, json.loads(reject.raw))
        rows.append(
            {
                "file": file,
                "line": reject.line,
                "key": key,
                "window": window,
                "reason": reject.reason,
                "raw": reject.raw,
            }
        )
    return pa.Table.from_pylist(rows, schema=REJECTS)


def key_text(values: Sequence[object]) -> str:
    """A key as quarantine holds it: JSON texts, as DuckDB writes them."""
    return json.dumps([str(value) for value in values], separators=(",", ":"), ensure_ascii=False)


def _named(table: Table, members: object) -> tuple[str | None, str]:
    """Key and window of a row that could not be read, as far as it says them."""
    if not isinstance(members, Mapping):
        return None, ""
    values = [members.get(table.column(key).name) for key in table.key]
    key = key_text(values) if values and None not in values else None
    mark = members.get(table.column(table.watermark).name) if table.watermark else None
    if not (table.incremental and table.temporal) or mark is None:
        return key, ""
    try:
        moment = datetime.fromisoformat(str(mark))
    except ValueError:
        return key, ""
    return key, str((moment.astimezone(UTC) if moment.tzinfo else moment).date())
