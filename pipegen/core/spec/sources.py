"""The sources of the spec and their tables, as typed models: what people said of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from pipegen.core.spec.fields import (
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
    Share,
    Text,
    Treatment,
    Volume,
)


def _empty_for_null(value: Any) -> Any:
    """``orders:`` with nothing behind it is a table about which nothing is said."""
    return {k: {} if v is None else v for k, v in value.items()} if isinstance(value, dict) else value


def _or_null(schema: dict[str, Any]) -> None:
    """``orders:`` with nothing behind it, in the JSON Schema."""
    schema["additionalProperties"] = {"anyOf": [schema["additionalProperties"], {"type": "null"}]}


def _none_for_empty(value: Any) -> Any:
    return None if value == {} else value


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


ContractPart = Annotated[SchemaContractPart | None, BeforeValidator(_none_for_empty)]


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


class FilesSource(SourceBase):
    """CSV, JSON lines or Parquet: a file, a folder, or a glob."""

    kind: Literal["files"]
    """Kind of source, for example `files`."""
    path: Name
    """A file, folder or glob, from the repository's root, for example `../data/*.csv`."""


class SqliteSource(SourceBase):
    """A SQLite database file."""

    kind: Literal["sqlite"]
    """Kind of source, for example `sqlite`."""
    path: Name
    """The database file, from the repository's root, for example `../shop.db`."""


class PostgresSource(SourceBase):
    """A PostgreSQL database, or one schema of it."""

    kind: Literal["postgres"]
    """Kind of source, for example `postgres`."""
    url_env: EnvName
    """The name of the environment variable that holds the URL, never the value; for example `SHOP_DB_URL`."""
    schema_: Name = Field(alias="schema", default="public")
    """The schema that the tables are in, for example `public`."""


class SampleSource(SourceBase):
    """The bundled sample: a small web shop, made by the repository itself."""

    kind: Literal["sample"]
    """Kind of source, for example `sample`."""


SourceSpec = Annotated[FilesSource | SqliteSource | PostgresSource | SampleSource, Field(discriminator="kind")]
