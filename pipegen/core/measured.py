"""What a probe measured of a source: the shape of ``sources/NAME.yml``.

It holds no row, no clock, and no value of a column that looks personal, so that an unchanged source measured twice gives the
same bytes. Column and table names are the source's own. Sizes are bytes, rates are fractions of all rows, times are seconds.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Format = Literal["csv", "jsonl", "parquet"]


class _Facts(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ChangeLog(_Facts):
    """Whether the change log can be read as things stand; ``lacks`` is what is missing for it, each with what would mend it."""

    readable: bool
    lacks: list[str] = Field(default_factory=list)
    format: str | None = None
    """A binlog's format, for example ``ROW``."""
    kept: int | None = Field(default=None, ge=0)
    """Seconds that the server keeps its log, where it says so; None where it keeps what is not yet read."""


class Server(_Facts):
    """What the source runs on."""

    kind: str
    version: str | None = None
    timezone: str | None = None
    wal_level: str | None = None
    can_replicate: bool | None = None
    log: ChangeLog | None = None
    connections: int | None = Field(default=None, ge=0)
    """Connections that the server allows in all."""
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
    """Whether rows disappear from the source, by what sign; ``column`` marks a row as deleted without removing it."""

    seen: Literal["unknown", "yes", "no"] = "unknown"
    how: str | None = None
    column: str | None = None


class Lateness(_Facts):
    """How long after it happened (``event``) a row came (``arrival``): quantiles in seconds over ``sampled`` rows."""

    event: str
    arrival: str
    p50: int
    p99: int
    p999: int
    sampled: int


class NearKey(_Facts):
    """The columns that one would take for a key, and why they are none in fact: rows with a null, rows that are not the only one."""

    columns: list[str] = Field(min_length=1)
    nulls: int = 0
    duplicates: int = 0
    sampled: int


class Pagination(_Facts):
    """How an API gives its rows a page at a time.

    In a dotted path a name with a dot stands in double quotes: ``"@odata.nextLink"``.

    ``cursor``: ``next`` is the dotted path, in the answer, of what ``param`` takes for the next page. ``link``: ``next`` is the
    dotted path of the next page's URL, or ``header`` for a ``Link`` header. ``page`` and ``offset``: ``param`` takes a number
    that begins at ``first``. ``size_param`` asks for ``size`` rows.
    """

    kind: Literal["none", "cursor", "link", "page", "offset"] = "none"
    param: str | None = None
    next: str | None = None
    first: int | None = None
    size_param: str | None = None
    size: int | None = None


class Since(_Facts):
    """The query parameter that asks for rows changed since a time, and the column that it speaks of."""

    param: str
    column: str
    format: Literal["iso", "date", "epoch"] = "iso"


class Endpoint(_Facts):
    """Where an API lists the rows of a table: ``path`` behind the API's URL, without a slash at its start.

    ``records`` is the dotted path of the list of rows in an answer, None where the answer is the list.
    """

    path: str
    records: str | None = None
    pagination: Pagination = Pagination()
    since: Since | None = None
    how: str


class Topic(_Facts):
    """A Kafka topic; ``kept`` is seconds, ``kept_bytes`` a partition's, None for no limit."""

    partitions: int
    replication: int | None = None
    kept: int | None = None
    kept_bytes: int | None = None
    compacted: bool = False
    format: Literal["json", "avro", "protobuf", "text", "binary"] | None = None
    keyed: bool | None = None
    schema_how: str | None = None


class Personal(_Facts):
    """What personal data a column seems to hold."""

    guess: str
    how: str


class MeasuredColumn(_Facts):
    """A column: its canonical type, or a database's own name for one (see :func:`pipegen.core.sql_types.canonical_sql`)."""

    type: str
    declared: str | None = None
    """The source's own type text, where it says more than ``type``."""
    nullable: bool | None = None
    null_rate: float | None = Field(default=None, ge=0, le=1)
    unique: bool | None = None
    generated: bool | None = None
    """Whether the source computes it from others."""
    distinct: Count | None = None
    """Distinct values."""
    values: list[str] | None = None
    """The values that the source declares as the only ones: an enum's, a check constraint's; never sampled."""
    least: str | None = None
    most: str | None = None
    """The range of numbers and times, as text; none of a column that looks personal, and none that is infinite."""
    longest: int | None = None
    """Characters of the longest text."""
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

    kind: Literal["view", "materialized view", "partitioned table", "foreign table"] | None = None
    """What it is, where it is no plain table."""
    files: str | None = None
    """Files only: a glob relative to the source's folder."""
    format: Format | None = None
    csv: CsvDialect | None = None
    endpoint: Endpoint | None = None
    topic: Topic | None = None
    rows: Count | None = None
    malformed: int | None = None
    bytes: int | None = None
    rows_per_day: Rate | None = None
    """New and changed rows."""
    new_per_day: Rate | None = None
    """New rows alone, where they can be told from changed ones."""
    key: Key | None = None
    near_key: NearKey | None = None
    watermark: Watermark | None = None
    lateness: Lateness | None = None
    deletes: Deletes | None = None
    replica_identity: str | None = None
    """PostgreSQL: what the change log says of the row before a change: ``default``, ``full``, ``nothing``, ``index``."""
    columns: dict[str, MeasuredColumn] = Field(default_factory=dict)
    foreign_keys: list[ForeignKeyFact] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)
    """What a person should know of it, a sentence each: what could not be measured, and why; what is odd."""


class Measured(_Facts):
    """Everything that was measured of one source, by the tables' real names.

    ``left_out`` are tables that are there and cannot be read: why, and what would mend it.
    """

    version: Literal[1] = 1
    server: Server
    tables: dict[str, MeasuredTable] = Field(default_factory=dict)
    left_out: dict[str, str] = Field(default_factory=dict)


def dump(measured: Measured) -> dict[str, Any]:
    """Plain values in the order of the models' fields, without what was not measured: equal facts, equal bytes."""
    data = measured.model_dump(exclude_none=True)
    for table in data["tables"].values():
        _drop_empty(table, "foreign_keys", "notes")
    _drop_empty(data, "left_out")
    return data


def _drop_empty(data: dict[str, Any], *keys: str) -> None:
    for key in keys:
        if not data[key]:
            del data[key]
