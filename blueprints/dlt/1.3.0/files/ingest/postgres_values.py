"""PostgreSQL's values: how each type is asked for, added up, and handed on as Arrow."""

import json
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from ingest import casts
from ingest.declaration import Column, Table
from ingest.parse import LINE, Batch, Reject
from ingest.sql import ident, literal

UNFIT = "_unfit"
# From here on, and before year 1, not every engine downstream holds a date.
TOO_LATE = "10000-01-01"
_INTEGERS = ("smallint", "integer", "bigint")
_MOMENTS = ("date", "timestamp without time zone", "timestamp with time zone")
_PLAIN = (
    *_INTEGERS,
    *_MOMENTS,
    "real",
    "double precision",
    "boolean",
    "text",
    "bytea",
    "time without time zone",
)


def typed_literal(value: object) -> str:
    return literal("\\x" + value.hex() if isinstance(value, bytes) else str(value))


def value(column: Column, types: dict[str, str]) -> str:
    """A column as it is read: natively where Arrow has the type and the value fits, else as PostgreSQL writes it."""
    kind, name = types.get(column.name), ident(column.name)
    if kind is None:
        return "NULL::text"
    if kind == "real":
        return f"{name}::double precision"
    if kind == "money":
        return f"{name}::numeric"
    bare = kind.split("(")[0].strip()
    if kind.startswith("timestamp("):
        bare = (
            "timestamp with time zone"
            if "with time zone" in kind
            else "timestamp without time zone"
        )
    if bare in _MOMENTS:
        return f"CASE WHEN {fits(name)} THEN {name} END"
    if bare in _PLAIN or bare in ("numeric", "json", "character varying"):
        return name
    return f"{name}::text"


def fits(name: str) -> str:
    return f"(isfinite({name}) AND {name} >= '0001-01-01' AND {name} < '{TOO_LATE}')"


def unfit(columns: Sequence[Column], types: dict[str, str]) -> str:
    """SQL: the reasons why a row cannot be read, for what Arrow could not even hold; null where there is none."""
    reasons = []
    for column in columns:
        if types.get(column.name, "").startswith(("date", "timestamp")):
            name = ident(column.name)
            reason = literal(f"{column.id}: not a {column.type}")
            reasons.append(f"CASE WHEN NOT {fits(name)} THEN {reason} END")
    return f"nullif(concat_ws('; ', {', '.join(reasons)}), '')" if reasons else ""


def finite_only(table: Table, column: Column) -> str:
    return f" WHERE isfinite({ident(column.name)})" if table.temporal else ""


def in_utc(column: Column, types: dict[str, str]) -> str:
    name = ident(column.name)
    return (
        f"({name} AT TIME ZONE 'UTC')" if "with time zone" in types.get(column.name, "") else name
    )


def total(column: Column, types: dict[str, str]) -> str:
    """The sum of what the declared type can hold."""
    kind, name = types[column.name], ident(column.name)
    if kind == "real":
        return f"sum({name}::double precision)"
    if kind == "money":
        return f"sum({name}::numeric)"
    digits = casts.decimal(column.type)
    if kind.startswith("numeric") or digits:
        precision, scale = digits or (19, 0)
        value = f"{name}::numeric"
        holds = f"{value} <> 'NaN' AND abs({value}) < 1e{precision - scale} AND {value} = round({value}, {scale})"
        return f"sum({value}) FILTER (WHERE {holds})"
    if column.type == "BIGINT" and kind not in _INTEGERS and kind != "oid":
        return f"sum(CASE WHEN {name}::text ~ '^[+-]?[0-9]{{1,18}}$' THEN {name}::text::bigint END)"
    return f"sum({name}::bigint)" if kind == "oid" else f"sum({name})"


def batch_of(columns: Sequence[Column], pending: list[pa.RecordBatch]) -> Batch:
    rows = pa.Table.from_batches(pending)
    for place, column in enumerate(columns):
        rows = rows.set_column(place, column.id, _plain(rows.column(place)))
    numbers = pa.nulls(rows.num_rows, pa.int64())
    if UNFIT not in rows.column_names:
        return Batch(rows.append_column(LINE, numbers))
    reasons = rows.column(UNFIT)
    rows = rows.drop_columns([UNFIT])
    if reasons.null_count == len(reasons):
        return Batch(rows.append_column(LINE, numbers))
    fit = pc.is_null(reasons)
    bad = rows.filter(pc.invert(fit)).to_pylist()
    why = reasons.filter(pc.invert(fit)).to_pylist()
    names = {column.id: column.name for column in columns}
    rejects = [
        Reject(
            None,
            reason,
            json.dumps({names[k]: v for k, v in row.items()}, default=str, ensure_ascii=False),
        )
        for reason, row in zip(why, bad, strict=True)
    ]
    return Batch(rows.append_column(LINE, numbers).filter(fit), rejects)


def _plain(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whole numbers as 64 bits; what ADBC marks as a type of its own, as the text that it holds."""
    kind = values.type
    if isinstance(kind, pa.BaseExtensionType):
        return pa.chunked_array([chunk.storage for chunk in values.chunks], kind.storage_type)
    return pc.cast(values, pa.int64()) if pa.types.is_integer(kind) else values
