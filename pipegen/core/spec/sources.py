"""The sources of the spec and their tables, as typed models: what people said of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from pipegen.core.spec import remote_url
from pipegen.core.spec.fields import (
    Bytes,
    ChangedType,
    Deletes,
    Duration,
    EnvName,
    Expression,
    Factor,
    History,
    LostColumn,
    Model,
    Name,
    NewColumn,
    RequestRate,
    Share,
    Size,
    Text,
    TimeOfDay,
    Treatment,
    Volume,
    none_for_empty,
)


def _empty_for_null(value: Any) -> Any:
    """``orders:`` with nothing behind it is a table about which nothing is said."""
    return {k: {} if v is None else v for k, v in value.items()} if isinstance(value, dict) else value


def _or_null(schema: dict[str, Any]) -> None:
    """``orders:`` with nothing behind it, in the JSON Schema."""
    schema["additionalProperties"] = {"anyOf": [schema["additionalProperties"], {"type": "null"}]}


class SchemaContract(Model):
    """What happens at the door when a source's columns are no longer those that were declared, in dlt's words."""

    new_column: NewColumn = "discard"
    """A column that is not declared: `discard` loads without it and says so, `freeze` fails; for example `discard`."""
    lost_column: LostColumn = "freeze"
    """A declared column that is gone: `freeze` fails, `discard` lands null; for example `freeze`."""
    changed_type: ChangedType = "freeze"
    """A value of another type: `freeze` fails, `discard_row` quarantines its row; for example `discard_row`."""


class SchemaContractPart(Model):
    """What of the schema contract is other than the defaults say."""

    new_column: NewColumn | None = None
    """A column that is not declared: `discard` loads without it and says so, `freeze` fails; for example `freeze`."""
    lost_column: LostColumn | None = None
    """A declared column that is gone: `freeze` fails, `discard` lands null; for example `discard`."""
    changed_type: ChangedType | None = None
    """A value of another type: `freeze` fails, `discard_row` quarantines its row; for example `discard_row`."""


ContractPart = Annotated[SchemaContractPart | None, BeforeValidator(none_for_empty)]


class BusinessRule(Model):
    """A business rule: a dbt test, named in alerts."""

    name: Name
    """What people call it, for example `total is never negative`."""
    expect: Expression
    """A SQL expression over the table's columns that no row may make false, for example `total_amount >= 0`."""
    severity: Literal["error", "warn"] = "error"
    """`error` fails the run, `warn` reports; for example `warn`."""


class TableSpec(Model):
    """One table of a source; what is not said comes from the source, the defaults, or the probe."""

    key: list[Name] | None = None
    """Columns that identify a row, for example `[order_id]`."""
    watermark: Name | None = None
    """The column that grows with every change, for example `updated_at`."""
    freshness: Duration | None = None
    """p95 age of this table's data when it is read, for example `15m`."""
    lateness: Duration | None = None
    """How late a row of this table may arrive, for example `2h`."""
    deletes: Deletes | None = None
    """Wanted effect of a delete of this table's rows, for example `ignore`."""
    most_deleted: Share | None = None
    """The largest share of this table's rows that one run may delete, for example `5%`."""
    history: History | None = None
    """Whether earlier versions of this table's rows are kept, for example `none`."""
    schema_contract: ContractPart = None
    """What a changed schema of this table does at the door, for example `{new_column: freeze}`."""
    volume: Volume | None = None
    """New and changed data of this table, for example `2M rows/day`."""
    size: Size | None = None
    """What the table holds now, for example `3.2M rows` or `40 GB`; the probe's measurement if left out."""
    row_size: Bytes | None = None
    """Bytes of a row of this table, for example `250 B`; the probe's measurement if left out."""
    immutable: bool | None = None
    """Whether rows are only ever added, never changed or deleted, for example `true` for events."""
    retention: Duration | None = None
    """How long rows of this table are kept at the destination, for example `400d`; for ever if left out."""
    description: Text | None = None
    """What a row stands for, for example `One row an order.`"""
    rules: list[BusinessRule] = Field(default_factory=list)
    """Business rules that every row keeps, for example `[{name: no loss, expect: "total >= 0"}]`."""
    columns: dict[Name, Treatment] = Field(default_factory=dict)
    """Personal data, by column, for example `{email: tokenise}`."""
    was: Name | None = None
    """The table's name at the last render, where it was renamed, for example `clients`."""


class SourceBase(Model):
    """What every source has."""

    volume: Volume | None = None
    """New and changed data of the whole source, for example `2M rows/day`; the probe's measurement if left out."""
    peak: Factor | None = None
    """The busiest hour against the average, for example `4x`."""
    row_size: Bytes | None = None
    """Bytes of a row of this source, for example `250 B`; the probe's measurement if left out."""
    immutable: bool | None = None
    """Whether rows of this source are only ever added, for example `true` for events."""
    retention: Duration | None = None
    """How long rows of this source are kept at the destination, for example `400d`."""
    lag: Duration | None = None
    """How long after it happened a row can be seen at this source, for example `5m` for a replica; none if left out."""
    window: Duration | None = None
    """How long a day this source may bear a heavy read, for example `4h`; the whole day if left out."""
    connections: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Connections that this source allows in all, for example `100`."""
    state: Bytes | None = None
    """What joins and windows over event time must hold at once, for example `40 GB`."""
    parsing: Literal["sql", "code"] | None = None
    """`code` where rows can only be parsed by a program, not in SQL; for example `code` for PDF or protobuf."""
    freshness: Duration | None = None
    """p95 age of this source's data when it is read, for example `1h`."""
    lateness: Duration | None = None
    """How late a row of this source may arrive, for example `2h`."""
    deletes: Deletes | None = None
    """Wanted effect of a delete at this source, for example `ignore`."""
    most_deleted: Share | None = None
    """The largest share of a table's rows that one run may delete, for example `5%`."""
    history: History | None = None
    """Whether earlier versions of this source's rows are kept, for example `none`."""
    schema_contract: ContractPart = None
    """What a changed schema of this source does at the door, for example `{new_column: freeze}`."""
    description: Text | None = None
    """What this source is, for example `The shop's order database.`"""
    was: Name | None = None
    """The source's name at the last render, where it was renamed, for example `old_shop`."""
    tables: Annotated[dict[Name, TableSpec], BeforeValidator(_empty_for_null)] = Field(
        default_factory=dict, json_schema_extra=_or_null
    )
    """Tables to load, by their real names, for example `{orders: {key: [order_id]}}`; all that were measured where none is."""


class LogSource(SourceBase):
    """A database whose change log may be read."""

    change_log: bool | None = None
    """Whether its change log can be read, for example `true`; the probe's measurement, else not known, if left out."""
    log_kept: Duration | None = None
    """How long it keeps its change log, for example `3d`; as long as it is needed if left out."""
    free_disk: Bytes | None = None
    """Free disk on the volume of its change log, for example `500 GB`."""


class FilesSource(SourceBase):
    """CSV, JSON lines or Parquet: a file, a folder, or a glob."""

    kind: Literal["files"]
    """Kind of source, for example `files`."""
    path: Name
    """A file, folder or glob, from the repository's root, for example `../data/*.csv`; or its URL: `sftp://`, `s3://`."""
    delivered: TimeOfDay | None = None
    """When a day's files are there, in UTC, for example `06:00`; at any time if left out."""

    @property
    def is_remote(self) -> bool:
        """Whether the files lie behind a URL, and not on a disk of this machine."""
        return remote_url.is_remote(self.path)


class SqliteSource(SourceBase):
    """A SQLite database file."""

    kind: Literal["sqlite"]
    """Kind of source, for example `sqlite`."""
    path: Name
    """The database file, from the repository's root, for example `../shop.db`."""


class PostgresSource(LogSource):
    """A PostgreSQL database, or one schema of it."""

    kind: Literal["postgres"]
    """Kind of source, for example `postgres`."""
    url_env: EnvName
    """The name of the environment variable that holds the URL, never the value; for example `SHOP_DB_URL`."""
    schema_: Name = Field(alias="schema", default="public")
    """The schema that the tables are in, for example `public`."""


class ServerSource(LogSource):
    """A database server of another kind: MySQL or MariaDB, SQL Server, MongoDB."""

    kind: Literal["mysql", "mssql", "mongodb"]
    """Kind of source, for example `mysql`."""
    url_env: EnvName
    """The name of the environment variable that holds the URL, never the value; for example `SHOP_DB_URL`."""


class DuckdbSource(SourceBase):
    """A DuckDB database file."""

    kind: Literal["duckdb"]
    """Kind of source, for example `duckdb`."""
    path: Name
    """The database file, from the repository's root, for example `../shop.duckdb`."""


class RestSource(SourceBase):
    """A REST API that is polled; its tables are what it lists."""

    kind: Literal["rest"]
    """Kind of source, for example `rest`."""
    url_env: EnvName
    """The name of the environment variable that holds the URL, never the value; for example `CRM_URL`."""
    auth_env: EnvName | None = None
    """The name of the environment variable that holds its token, never the value; for example `CRM_TOKEN`."""
    auth_header: Name | None = None
    """The header that the token is sent in, for example `X-Api-Key`; `Authorization: Bearer` if left out."""
    rate_limit: RequestRate | None = None
    """What it allows, for example `100 requests/minute`; no limit if left out."""
    page_size: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Rows that one request gives at most, for example `100`."""
    webhooks: bool | None = None
    """Whether it offers to send its events by itself, for example `true`."""
    replay: bool | None = None
    """Whether what it sent can be asked for again by an id, for example `true`."""


class KafkaSource(SourceBase):
    """A Kafka cluster; its tables are topics."""

    kind: Literal["kafka"]
    """Kind of source, for example `kafka`."""
    url_env: EnvName
    """The name of the environment variable that holds the brokers, for example `EVENTS_BROKERS`."""
    log_kept: Duration | None = None
    """How long its topics keep what was sent, for example `7d`."""
    keyed: bool | None = None
    """Whether messages of a key must stay in order, for example `true`."""


class WebhookSource(SourceBase):
    """A producer that sends its events by itself; its tables are kinds of event."""

    kind: Literal["webhook"]
    """Kind of source, for example `webhook`."""
    replay: bool | None = None
    """Whether what it sent can be asked for again by an id, for example `true`."""


class SampleSource(SourceBase):
    """The bundled sample: a small web shop, made by the repository itself."""

    kind: Literal["sample"]
    """Kind of source, for example `sample`."""


SourceSpec = Annotated[
    FilesSource
    | SqliteSource
    | PostgresSource
    | ServerSource
    | DuckdbSource
    | RestSource
    | KafkaSource
    | WebhookSource
    | SampleSource,
    Field(discriminator="kind"),
]
