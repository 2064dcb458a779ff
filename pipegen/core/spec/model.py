"""The spec, pipegen.yml, as typed models: what people said, and nothing that can be derived.

Units stay text here, as people wrote them, checked on the way in; the design reads them by ``pipegen.core.units``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from pipegen.core import units
from pipegen.core.sql import expression_problem


def _checked(parse: Callable[[str], object]) -> Callable[[str], str]:
    def check(text: str) -> str:
        parse(text)
        return " ".join(text.split())

    return check


def _expression(text: str) -> str:
    problem = expression_problem(text)
    if problem:
        raise ValueError(f"this is not a SQL expression that can be tested: {problem}")
    return text.strip()


def _printable(text: str) -> str:
    bad = next((c for c in text if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"), None)
    if bad:
        raise ValueError(f"it has the control character {ascii(bad)[1:-1]}")
    return text


def _env_name(text: str) -> str:
    if not re.fullmatch(ENV_NAME, text):
        raise ValueError("this must be the name of an environment variable, never the value: letters, digits and `_`")
    return text


def _empty_for_null(value: Any) -> Any:
    """``orders:`` with nothing behind it is a table about which nothing is said."""
    return {k: {} if v is None else v for k, v in value.items()} if isinstance(value, dict) else value


def _text(check: Callable[[str], str], pattern: str, *examples: str) -> Any:
    """Checked text: what an editor can tell by a pattern is in the JSON Schema, the rest is told on loading."""
    return [AfterValidator(check), WithJsonSchema({"type": "string", "pattern": pattern, "examples": list(examples)})]


ENV_NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
_NUMBER = r"\d[\d_,]*(\.\d+)?"


def _or_null(schema: dict[str, Any]) -> None:
    """``orders:`` with nothing behind it, in the JSON Schema."""
    schema["additionalProperties"] = {"anyOf": [schema["additionalProperties"], {"type": "null"}]}


Duration = Annotated[str, *_text(_checked(units.duration), r"^(\s*\d+(\.\d+)?\s*[smhdwSMHDW])+\s*$", "15m", "2h", "1d")]
Volume = Annotated[
    str, *_text(_checked(units.volume), rf"^\s*{_NUMBER}\s*[A-Za-z ]+/\s*[A-Za-z]+\s*$", "2M rows/day", "40 GB/day")
]
Factor = Annotated[str, *_text(_checked(units.factor), r"^\s*\d+(\.\d+)?\s*[xX]\s*$", "4x")]
Share = Annotated[str, *_text(_checked(units.share), r"^\s*\d+(\.\d+)?\s*%\s*$", "99%", "99.9%")]
Growth = Annotated[str, *_text(_checked(units.growth), r"^\s*-?\d+(\.\d+)?\s*%\s*/\s*[A-Za-z]+\s*$", "5%/month")]
Expression = Annotated[str, AfterValidator(_expression), Field(max_length=2000)]
EnvName = Annotated[str, *_text(_env_name, ENV_NAME, "ALERT_WEBHOOK_URL")]
Text = Annotated[str, Field(max_length=2000), AfterValidator(_printable)]
Name = Annotated[str, Field(min_length=1, max_length=200)]

Deletes = Literal["ignore", "soft", "hard"]
History = Literal["none", "scd2", "daily"]


class Model(BaseModel):
    """Unknown keys are errors; nothing is changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Defaults(Model):
    """Hold for every source and table that does not say otherwise."""

    freshness: Duration = "1d"
    """p95 age of the data when it is read, for example `1h`."""
    lateness: Duration = "1d"
    """How late a row may arrive and still count without a restatement, for example `2h`."""
    deletes: Deletes = "hard"
    """Wanted effect of a delete at the destination, for example `hard`."""
    history: History = "none"
    """Whether earlier versions of a row are kept, for example `none`."""
    growth: Growth = "5%/month"
    """Expected growth of the volume, for example `5%/month`."""
    outage: Duration = "24h"
    """How long source or destination may be down with nothing lost, for example `24h`."""


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
    history: History | None = None
    """Whether earlier versions of this table's rows are kept, for example `none`."""
    volume: Volume | None = None
    """New and changed data of this table, for example `2M rows/day`."""
    description: Text | None = None
    """What a row stands for, for example `One row an order.`"""
    rules: list[BusinessRule] = Field(default_factory=list)
    """Business rules that every row keeps, for example `[{name: no loss, expect: "total >= 0"}]`."""
    columns: dict[Name, Literal["mask", "tokenise", "drop", "keep"]] = Field(default_factory=dict)
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
    history: History | None = None
    """Whether earlier versions of this source's rows are kept, for example `none`."""
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


class SampleSource(SourceBase):
    """The bundled sample: a small web shop, made by the repository itself."""

    kind: Literal["sample"]
    """Kind of source, for example `sample`."""


SourceSpec = Annotated[FilesSource | SqliteSource | SampleSource, Field(discriminator="kind")]


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

    kind: Literal["duckdb"] = "duckdb"
    """Kind of destination, for example `duckdb`."""


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

    choice: Name
    """The choice, for example `full`."""
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
    """Version of the blueprints, for example `"1.0"`."""
    defaults: Defaults = Field(default_factory=Defaults)
    """What holds for every source and table that does not say otherwise, for example `{freshness: 1h}`."""
    sources: dict[Name, SourceSpec] = Field(min_length=1)
    """Where the data comes from, by name, for example `{shop: {kind: sqlite, path: ../shop.db}}`."""
    marts: dict[Name, MartSpec] | None = None
    """What is to come out, by name; what the foreign keys allow where none is named.

    For example `{fct_orders: {kind: fact, from: orders}}`.
    """
    destination: DuckdbDestination = Field(default_factory=DuckdbDestination)
    """Where the data goes, for example `{kind: duckdb}`."""
    alerts: Alerts = Field(default_factory=Alerts)
    """Who is told when it breaks, for example `{email: [data@example.com]}`."""
    slo: Slo = Field(default_factory=Slo)
    """The objective that alerts are made from, for example `{freshness: 99%, window: 28d}`."""
    ci: Literal["github", "gitlab", "none"] = "github"
    """Where the repository's tests run, for example `github`."""
    deploy: Literal["compose", "kubernetes", "none"] = "compose"
    """How it is deployed, for example `compose`."""
    overrides: dict[Name, Override] = Field(default_factory=dict)
    """Decisions that a person took instead, by id, for example `shop_db.orders.extract`."""
    blueprints: list[BlueprintRef] = Field(default_factory=list)
    """Blueprints beyond the bundled ones, for example `[{source: ../blueprints/audit}]`."""
