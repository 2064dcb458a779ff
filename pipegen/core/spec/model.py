"""The spec, pipegen.yml, as typed models: what people said, and nothing that can be derived."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from pipegen.core.spec.fields import (
    Bytes,
    Deletes,
    Duration,
    EnvName,
    Expression,
    Growth,
    History,
    Model,
    Name,
    Share,
    Text,
    none_for_empty,
    number_as_text,
)
from pipegen.core.spec.sources import SchemaContract, SourceSpec


class Defaults(Model):
    """Hold for every source and table that does not say otherwise."""

    freshness: Duration = "1d"
    """p95 age of the data when it is read, for example `1h`."""
    lateness: Duration = "1d"
    """How late a row may arrive and still count without a restatement, for example `2h`."""
    deletes: Deletes = "hard"
    """Wanted effect of a delete at the destination, for example `hard`."""
    most_deleted: Share = "20%"
    """The largest share of a table's rows that one run may delete, for example `20%`."""
    history: History = "none"
    """Whether earlier versions of a row are kept, for example `none`."""
    schema_contract: SchemaContract = Field(default_factory=SchemaContract)
    """What a changed schema of the source does at the door, for example `{new_column: discard}`."""
    growth: Growth = "5%/month"
    """Expected growth of the volume, for example `5%/month`."""
    outage: Duration = "24h"
    """How long source or destination may be down with nothing lost, for example `24h`."""
    retention: Duration | None = None
    """How long rows are kept at the destination, for example `400d`; for ever if left out."""


class FactMart(Model):
    """One row an event or transaction, with keys of its dimensions and measures."""

    kind: Literal["fact"]
    """Kind of mart, for example `fact`."""
    from_: Name = Field(alias="from")
    """The source table it is made of, for example `orders`."""
    grain: list[Name] | None = None
    """Columns that identify a row, for example `[order_id]`; the table's key if left out."""
    measures: list[Name] = Field(default_factory=list)
    """Columns that are added up, for example `[total_amount]`."""
    dimensions: list[Name] = Field(default_factory=list)
    """Tables that describe it, for example `[customers]`."""
    description: Text | None = None
    """What a row stands for, for example `One row an order.`"""


class DimensionMart(Model):
    """One row a thing that facts refer to."""

    kind: Literal["dimension"]
    """Kind of mart, for example `dimension`."""
    from_: Name = Field(alias="from")
    """The source table it is made of, for example `customers`."""
    description: Text | None = None
    """What a row stands for, for example `One row an order.`"""


class AggregateMart(Model):
    """Measures added up by columns."""

    kind: Literal["aggregate"]
    """Kind of mart, for example `aggregate`."""
    from_: Name = Field(alias="from")
    """The mart or source table it adds up, for example `fct_orders`."""
    by: list[Expression] = Field(min_length=1)
    """Columns, or expressions with a name, for example `[cast(ordered_at as date) as order_date]`."""
    measures: list[Expression] = Field(default_factory=lambda: ["count(*) as row_count"], min_length=1)
    """Aggregates with a name, for example `[sum(total_amount) as revenue]`."""
    description: Text | None = None
    """What a row stands for, for example `One row an order.`"""


class CustomMart(Model):
    """A model file that is the user's from the start."""

    kind: Literal["custom"]
    """Kind of mart, for example `custom`."""
    from_: list[Name] = Field(alias="from", default_factory=list)
    """Marts or source tables that it reads, for example `[fct_orders, dim_customers]`."""
    description: Text | None = None
    """What a row stands for, for example `One row an order.`"""


MartSpec = Annotated[FactMart | DimensionMart | AggregateMart | CustomMart, Field(discriminator="kind")]


class DuckdbDestination(Model):
    """One DuckDB file; one writer at a time."""

    kind: Literal["duckdb"]
    """Kind of destination, for example `duckdb`."""


class PostgresDestination(Model):
    """A PostgreSQL database; the repository's variables `WAREHOUSE_*` say which."""

    kind: Literal["postgres"]
    """Kind of destination, for example `postgres`."""


class WarehouseDestination(Model):
    """A warehouse in the cloud, or files in a lake (which compute nothing by themselves)."""

    kind: Literal["snowflake", "bigquery", "redshift", "databricks", "clickhouse", "lake"]
    """Kind of destination, for example `bigquery`."""


DestinationSpec = Annotated[DuckdbDestination | PostgresDestination | WarehouseDestination, Field(discriminator="kind")]


class Machine(Model):
    """What the pipeline runs on."""

    cores: Annotated[int, Field(ge=1, le=10_000)] = 2
    """Cores of one machine, for example `8`."""
    memory: Bytes = "8 GB"
    """Memory of one machine, for example `64 GB`."""
    workers: Annotated[int, Field(ge=1, le=10_000)] = 1
    """Machines that run tasks, for example `2`."""


class Prices(Model):
    """What things cost, in one currency; without them costs are told as minutes and gigabytes."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    """The currency, for example `EUR`."""
    compute_minute: Annotated[float, Field(ge=0, le=1e6)] = 0
    """A minute in which something computes, for example `0.02`."""
    scanned_gb: Annotated[float, Field(ge=0, le=1e6)] = 0
    """A gigabyte that is read, for example `0.005`."""
    stored_gb: Annotated[float, Field(ge=0, le=1e6)] = 0
    """A gigabyte that is kept for a month, for example `0.02`."""


OnCall = Literal["none", "working-hours", "always"]
Consumer = Literal["reports", "dashboards", "applications", "actions"]


class Alerts(Model):
    """Who is told; addresses only, tokens are environment variables of the repository."""

    email: list[Annotated[str, Field(pattern=r"^[^@\s,;<>\"']+@[^@\s,;<>\"']+$", max_length=254)]] = Field(
        default_factory=list
    )
    """Addresses, for example `[data@example.com]`."""
    slack: Annotated[str, Field(pattern=r"^[#@]?[\w.-]+$", max_length=80)] | None = None
    """A channel, for example `"#data-alerts"`."""
    pagerduty: Annotated[str, Field(pattern=r"^[\w .-]+$", max_length=80)] | None = None
    """The name of the service, for example `data-platform`; the key is an environment variable."""
    webhook: EnvName | None = None
    """The name of the environment variable that holds the URL, for example `ALERT_WEBHOOK_URL`."""


class Slo(Model):
    """The objective that alerts are made from."""

    freshness: Share = "99%"
    """Share of the time in which the data is as fresh as asked, for example `99%`."""
    window: Duration = "28d"
    """The time over which it is counted, for example `28d`."""


class Override(Model):
    """A decision that a person took instead."""

    choice: Annotated[Name, BeforeValidator(number_as_text, json_schema_input_type=Name | int | float)]
    """The choice, for example `full`; a number is its text."""
    because: Text | None = None
    """The reason, kept and printed, for example `the DBA rebuilds updated_at every Sunday`."""


class BlueprintRef(Model):
    """A blueprint beyond the bundled ones."""

    source: Name
    """A folder, for example `../blueprints/audit`."""
    ref: Name | None = None
    """A tag, branch or commit, for example `v2.1.0`."""
    answers: dict[Name, Any] = Field(default_factory=dict)
    """Answers to the blueprint's own questions, for example `{team: finance}`."""


class PipelineSpec(Model):
    """pipegen.yml: what people said about one pipeline."""

    version: Literal[1] = 1
    """Version of this format, for example `1`."""
    name: Name
    """Folder, DAG prefix and dbt project, for example `shop`."""
    description: Text = ""
    """What the pipeline is for, for example `Orders of the web shop, for finance.`"""
    owner: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]+$", min_length=1, max_length=100)] = "data-team"
    """The team that owns it, for example `data-team`."""
    catalog: Name = "next"
    """Version of the blueprints, for example `"1.0"`; the newest release for a new repository that does not say."""
    defaults: Defaults = Field(default_factory=Defaults)
    """What holds for every source and table that does not say otherwise, for example `{freshness: 1h}`."""
    sources: dict[Name, SourceSpec] = Field(min_length=1)
    """Where the data comes from, by name, for example `{shop: {kind: sqlite, path: ../shop.db}}`."""
    marts: dict[Name, MartSpec] | None = None
    """What is to come out, by name; what the foreign keys allow where none is named.

    For example `{fct_orders: {kind: fact, from: orders}}`.
    """
    destination: DestinationSpec = Field(default_factory=lambda: DuckdbDestination(kind="duckdb"))
    """Where the data goes, for example `{kind: duckdb}`."""
    alerts: Alerts = Field(default_factory=Alerts)
    """Who is told when it breaks, for example `{email: [data@example.com]}`."""
    slo: Slo = Field(default_factory=Slo)
    """The objective that alerts are made from, for example `{freshness: 99%, window: 28d}`."""
    on_call: OnCall | None = None
    """When somebody can be called, for example `always`, nights too; `working-hours` if left out."""
    consumers: Annotated[list[Consumer], Field(min_length=1)] | None = None
    """What reads the result, for example `[dashboards]`; `actions` where something is done at once because of it."""
    raw_personal_data: Literal["allowed", "forbidden"] | None = None
    """Whether personal data may land as it is, for example `forbidden`; allowed if left out."""
    machine: Annotated[Machine | None, BeforeValidator(none_for_empty)] = None
    """What the pipeline runs on, for example `{cores: 8, memory: 64 GB}`."""
    prices: Annotated[Prices | None, BeforeValidator(none_for_empty)] = None
    """What things cost, for example `{currency: EUR, compute_minute: 0.02}`."""
    ceiling: Annotated[float, Field(gt=0, le=1e12)] | None = None
    """What a month may cost at most, in the currency of `prices`, for example `500`."""
    ci: Literal["github", "gitlab", "none"] = "github"
    """Where the repository's tests run, for example `github`."""
    deploy: Literal["compose", "kubernetes", "none"] = "compose"
    """How it is deployed, for example `compose`."""
    overrides: dict[Name, Override] = Field(default_factory=dict)
    """Decisions that a person took instead, by id, for example `shop_db.orders.extract`."""
    answers: dict[Name, dict[Name, Any]] = Field(default_factory=dict)
    """Answers to the bundled blueprints' own questions, by blueprint, for example `{dbt: {threads: 4}}`."""
    blueprints: list[BlueprintRef] = Field(default_factory=list)
    """Blueprints beyond the bundled ones, for example `[{source: ../blueprints/audit}]`."""
