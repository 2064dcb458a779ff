"""From raw rows to typed rows: a row with a value that its column cannot hold is rejected, the rest go on."""

from collections.abc import Sequence
from dataclasses import dataclass, field

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
        ("reason", pa.string()),
        ("raw", pa.string()),
    ]
)


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
        self._nulls: Sequence[str] = table.options.get("nulls") or ()
        self._queries: dict[pa.Schema, tuple[str, str]] = {}

    def parse(self, batch: Batch, file: str | None) -> tuple[pa.Table, pa.Table]:
        """The typed rows, and the rejected ones as REJECTS has them."""
        rejects = _rejects_table(batch.rejects, file)
        held = batch.rows.schema
        if held not in self._queries:
            self._queries[held] = self._compile(batch.rows)
        typed_query, rejects_query = self._queries[held]
        typed = self._run(typed_query, batch.rows)
        good = typed.column("_ok")
        typed = typed.drop_columns(["_ok"])
        if not pc.all(good).as_py():
            bad = self._run(rejects_query, batch.rows.filter(pc.invert(good)))
            bad = bad.add_column(0, "file", pa.array([file] * bad.num_rows, pa.string()))
            rejects = pa.concat_tables([rejects, bad.cast(REJECTS)])
            typed = typed.filter(good)
        if self._with_file:
            typed = typed.append_column(
                FILE, pa.repeat(pa.scalar(file, pa.string()), typed.num_rows)
            )
        return typed, rejects

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
            f"SELECT {LINE} AS line, concat_ws('; ', {', '.join(why)}) AS reason, "
            f"json_object({members})::VARCHAR AS raw FROM ({middle})"
        )
        return select, reasons

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


def _good(column: Column, value: str, exact: str) -> str:
    if column.nullable:
        return f"({value} IS NULL OR coalesce({exact}, false))"
    return f"({value} IS NOT NULL AND coalesce({exact}, false))"


def _reason(column: Column, null: bool) -> str:
    """Names the column and its type, never the value: it may be personal."""
    return f"{column.id}: {'is null' if null else f'not a {column.type}'}"


def _rejects_table(rejects: list[Reject], file: str | None) -> pa.Table:
    rows = [{"file": file, "line": r.line, "reason": r.reason, "raw": r.raw} for r in rejects]
    return pa.Table.from_pylist(rows, schema=REJECTS)
