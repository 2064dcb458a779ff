"""What a probe measured of a source: the shape of ``sources/NAME.yml``.

It holds no row, no sampled value and no clock, so that an unchanged source measured twice gives the same bytes. Column
and table names are the source's own. Sizes are bytes, rates are fractions of all rows.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Format = Literal["csv", "jsonl", "parquet"]

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


class _Facts(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Server(_Facts):
    """What the source runs on."""

    kind: str
    version: str | None = None
    timezone: str | None = None
    wal_level: str | None = None
    can_replicate: bool | None = None
    folder: str | None = None
    """Files only: the folder that every table's ``files`` starts from, as the spec's path says it."""


class Count(_Facts):
    """A number of rows; ``exact`` is false where it was estimated."""

    value: int = Field(ge=0)
    exact: bool = True


class Rate(_Facts):
    """Rows a day, and over which days."""

    value: int = Field(ge=0)
    how: str


class Key(_Facts):
    """The columns that tell the rows of a table apart, and how that is known."""

    columns: list[str] = Field(min_length=1)
    how: str


class Watermark(_Facts):
    """A column that grows as rows are written.

    ``out_of_order`` is the fraction of rows earlier than the row before, ``nulls`` a number of rows, both of ``sampled``.
    ``since`` is the day of the oldest value of a time, ``YYYY-MM-DD``.
    """

    column: str
    indexed: bool | None = None
    nulls: int = 0
    out_of_order: float | None = None
    sampled: int | None = None
    since: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}-\d{2}$")


class Deletes(_Facts):
    """Whether rows disappear from the source."""

    seen: Literal["unknown", "yes", "no"] = "unknown"


class Personal(_Facts):
    """What personal data a column seems to hold."""

    guess: str
    how: str


class MeasuredColumn(_Facts):
    """A column: its canonical type, or a database's own name for one (see :func:`canonical_sql`)."""

    type: str
    declared: str | None = None
    """The source's own type text, where it says more than ``type``."""
    nullable: bool | None = None
    null_rate: float | None = Field(default=None, ge=0, le=1)
    unique: bool | None = None
    personal: Personal | None = None


class ForeignKeyFact(_Facts):
    """``columns`` point at columns ``at`` of table ``to``; ``how`` is absent for a constraint of the database."""

    columns: list[str] = Field(min_length=1)
    to: str
    at: list[str]
    how: str | None = None


class CsvDialect(_Facts):
    """How a CSV file is read; ``nulls`` are the texts that stand for a missing value."""

    delimiter: str = ","
    header: bool = True
    nulls: list[str] = Field(default_factory=lambda: [""])
    quote: str | None = None
    encoding: str | None = None


class MeasuredTable(_Facts):
    """One table. ``malformed`` counts the rows that do not parse, which a load quarantines; ``rows`` are the others."""

    files: str | None = None
    """Files only: a glob relative to the source's folder."""
    format: Format | None = None
    csv: CsvDialect | None = None
    rows: Count | None = None
    malformed: int | None = None
    bytes: int | None = None
    rows_per_day: Rate | None = None
    key: Key | None = None
    watermark: Watermark | None = None
    deletes: Deletes | None = None
    columns: dict[str, MeasuredColumn] = Field(default_factory=dict)
    foreign_keys: list[ForeignKeyFact] = Field(default_factory=list)


class Measured(_Facts):
    """Everything that was measured of one source, by the tables' real names."""

    version: Literal[1] = 1
    server: Server
    tables: dict[str, MeasuredTable] = Field(default_factory=dict)


def dump(measured: Measured) -> dict[str, Any]:
    """Plain values in the order of the models' fields, without what was not measured: equal facts, equal bytes."""
    data = measured.model_dump(exclude_none=True)
    for table in data["tables"].values():
        if not table["foreign_keys"]:
            del table["foreign_keys"]
    return data
