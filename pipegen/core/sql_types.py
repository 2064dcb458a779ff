"""The SQL type that a measured type becomes in the warehouse."""

from __future__ import annotations

import re

_SQL = {
    "boolean": "BOOLEAN",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "text": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMPTZ",
    "time": "TIME",
    "blob": "BLOB",
    "json": "JSON",
    "uuid": "UUID",
    # PostgreSQL's and DuckDB's own names
    "bool": "BOOLEAN",
    "smallint": "BIGINT",
    "integer": "BIGINT",
    "int": "BIGINT",
    "int2": "BIGINT",
    "int4": "BIGINT",
    "int8": "BIGINT",
    "tinyint": "BIGINT",
    "utinyint": "BIGINT",
    "usmallint": "BIGINT",
    "uinteger": "BIGINT",
    "smallserial": "BIGINT",
    "serial": "BIGINT",
    "bigserial": "BIGINT",
    "oid": "BIGINT",
    "ubigint": "DECIMAL(20,0)",
    "hugeint": "DECIMAL(38,0)",
    "uhugeint": "DECIMAL(38,0)",
    "real": "DOUBLE",
    "float": "DOUBLE",
    "float4": "DOUBLE",
    "float8": "DOUBLE",
    "double precision": "DOUBLE",
    "money": "DECIMAL(19,2)",
    "varchar": "VARCHAR",
    "char": "VARCHAR",
    "bpchar": "VARCHAR",
    "character": "VARCHAR",
    "character varying": "VARCHAR",
    "citext": "VARCHAR",
    "timestamp without time zone": "TIMESTAMP",
    "timestamp_s": "TIMESTAMP",
    "timestamp_ms": "TIMESTAMP",
    "timestamp_ns": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMPTZ",
    "time without time zone": "TIME",
    "bytea": "BLOB",
    "jsonb": "JSON",
}
_DECIMAL = re.compile(r"(?:decimal|numeric)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)")
_MAX_PRECISION = 38
# A decimal of no said precision keeps what fits: 20 digits before the point and 18 behind it.
_UNBOUNDED_DECIMAL = "DECIMAL(38,18)"


def canonical_sql(type_: str) -> str:
    """The SQL type that a measured type becomes in the warehouse; what is not known becomes VARCHAR.

    ``decimal(10,2)`` keeps its precision and scale; a precision above 38, which DuckDB has no room for, is VARCHAR.
    """
    text = " ".join(type_.lower().split())
    if text in ("decimal", "numeric"):
        return _UNBOUNDED_DECIMAL
    decimal = _DECIMAL.fullmatch(text)
    if decimal:
        precision, scale = int(decimal[1]), int(decimal[2] or 0)
        fits = 1 <= precision <= _MAX_PRECISION and scale <= precision
        return f"DECIMAL({precision},{scale})" if fits else "VARCHAR"
    bare = re.sub(r"\s*\(\s*\d+\s*\)", "", text)  # varchar(20), timestamp(3) with time zone
    return _SQL.get(text) or _SQL.get(bare, "VARCHAR")
