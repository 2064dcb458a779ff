"""What each value of the design follows from: the one table from fields and decisions to the answers and measurements behind them.

Addresses are those of pipegen.yml and of ``sources/NAME.yml``, dotted; ``{source}``, ``{table}``, ``{column}``, ``{rule}``, ``{mart}``,
``{aggregate}`` (a mart of that kind), ``{decision}`` and ``{question}`` in them stand for the record at hand; ``follows`` fills them in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipegen.core.design import decision as d
from pipegen.core.design import model as m
from pipegen.core.design.pages import Flow, Pages
from pipegen.core.design.watching import Burn, Expected, Monitoring, Objective

Levels = tuple[str, ...]
"""The addresses that may say one answer, the nearest first; the last has its default."""


@dataclass(frozen=True)
class Origin:
    """What a value follows from.

    ``decisions`` are ids; ``answers`` what people say in pipegen.yml; ``measured`` what ``sources/{source}.yml`` has of it. ``note``
    says what it is where neither a person nor a probe nor a rule decides it.
    """

    decisions: tuple[str, ...] = ()
    answers: tuple[Levels, ...] = ()
    measured: tuple[str, ...] = ()
    note: str = ""

    def __add__(self, other: Origin) -> Origin:
        return Origin(
            self.decisions + other.decisions, self.answers + other.answers, self.measured + other.measured,
            "; ".join(n for n in (self.note, other.note) if n),
        )  # fmt: skip


SMALLEST = frozenset({"freshness"})
"""Answers of which the smallest counts where a value is of several tables: a source runs for the freshest of them."""
MERGED = frozenset({"schema_contract"})
"""Answers whose levels are merged key by key, so that each level that says anything counts."""

_SOURCE = "sources.{source}"
_TABLE = f"{_SOURCE}.tables.{{table}}"
_MART = "marts.{mart}"


def _said(*addresses: str) -> Origin:
    return Origin(answers=tuple((address,) for address in addresses))


def _of_table(*fields: str) -> Origin:
    return _said(*(f"{_TABLE}.{field}" for field in fields))


def _of_source(*fields: str) -> Origin:
    return _said(*(f"{_SOURCE}.{field}" for field in fields))


def _of_mart(*fields: str) -> Origin:
    return _said(*(f"{_MART}.{field}" for field in fields))


def _levels(field: str, *, default: bool = True) -> Origin:
    """An answer that a table may say, else its source, else (with ``default``) the defaults."""
    last = (f"defaults.{field}",) if default else ()
    return Origin(answers=((f"{_TABLE}.{field}", f"{_SOURCE}.{field}", *last),))


def _decided(*ids: str) -> Origin:
    return Origin(decisions=ids)


def _measured(*fields: str) -> Origin:
    return Origin(measured=tuple(f"tables.{{table}}.{field}" for field in fields))


def _note(text: str) -> Origin:
    return Origin(note=text)


def _each(*groups: tuple[str, Origin]) -> dict[str, Origin]:
    """Fields by name, from groups of those that follow from the same."""
    return {field: origin for fields, origin in groups for field in fields.split()}


_FRESHNESS = _levels("freshness")
_LATENESS = _levels("lateness")
_DELETES = _levels("deletes")
_HISTORY = _levels("history")
_VOLUME = _levels("volume", default=False)
_ROW_SIZE = _levels("row_size", default=False)
_IMMUTABLE = _levels("immutable", default=False)
_RETENTION = _levels("retention")
_ROWS = _of_table("size") + _measured("rows")
_RATE = _VOLUME + _measured("rows_per_day")
_KEY = _of_table("key") + _measured("key")
_MARK = _of_table("watermark") + _measured("watermark")
_KIND = _of_source("kind")
_DESTINATION = _said("destination.kind")
_WORK = _ROWS + _RATE + _of_source("peak")

_EXTRACT = _decided("{source}.{table}.extract")
_WRITE = _decided("{source}.{table}.write")
_LOOKBACK = _decided("{source}.{table}.lookback")
_SCHEDULE = _decided("{source}.schedule")
_RETRIES = _decided("{source}.retries")

DECISIONS: Mapping[str, Origin] = {
    "mode": _FRESHNESS + _KIND + _said("consumers", "on_call") + _of_source("lag", "state", "delivered"),
    "schedule": _FRESHNESS + _of_source("lag", "window", "delivered", "rate_limit", "page_size") + _WORK + _DESTINATION,
    "direction": _KIND + _of_source("webhooks", "replay", "rate_limit", "page_size") + _FRESHNESS + _WORK,
    "topic_partitions": _RATE + _of_source("peak", "keyed") + _ROW_SIZE + _said("defaults.growth", "machine.workers"),
    "log_retention": _said("defaults.outage"),
    "parallelism": _of_source("connections") + _said("machine.cores", "machine.workers", "destination.kind"),
    "retries": _FRESHNESS,
    "extract": (
        _FRESHNESS + _DELETES + _KEY + _MARK + _ROWS + _RATE + _IMMUTABLE + _HISTORY + _of_source("window", "change_log")
        + _of_source("rate_limit", "page_size")
    ),
    "overlap": _LATENESS + _of_source("lag") + _MARK,
    "write": _KEY + _MARK + _DELETES + _IMMUTABLE,
    "history": _HISTORY,
    "lookback": _LATENESS,
    "partitioning": _DESTINATION + _ROWS + _RATE + _ROW_SIZE + _RETENTION,
    "pipeline.transform": _of_table("columns") + _said("raw_personal_data", "destination.kind") + _of_source("parsing"),
    "destination.engine": _DESTINATION + _said("machine.memory") + _ROWS + _RATE + _ROW_SIZE,
    "pipeline.alerts": _said("on_call", "consumers") + _FRESHNESS,
    "pipeline.executor": _said("machine.workers", "deploy") + _of_source("peak") + _FRESHNESS,
}  # fmt: skip
"""By the last part of a decision's id, or by the whole of it where it is of the pipeline."""

_COLUMN = Origin(measured=("tables.{table}.columns.{column}",))
_TREATMENT = _of_table("columns.{column}")
_RULE = _of_table("rules.{rule}")
_FOREIGN_KEY = _measured("foreign_keys")
_SLO = _said("slo.freshness", "slo.window")
_THRESHOLDS = _note("a threshold of pipegen's own: docs/calibration.md of pipegen has its source")
_AGGREGATED = _said("marts.{aggregate}.by", "marts.{aggregate}.measures")

FIELDS: Mapping[type, Mapping[str, Origin]] = {
    m.Column: _each(
        ("name id", _COLUMN),
        ("type source_type", _COLUMN + _TREATMENT),
        ("nullable unique", _COLUMN + _KEY),
        ("treatment", _TREATMENT),
        ("values measured", _COLUMN + _TREATMENT),
        ("description", _note("nobody says one: a column has no `description` in pipegen.yml")),
    ),
    m.Rule: _each(("name id expect severity", _RULE)),
    m.ForeignKey: _each(("columns to_table to_staging at", _FOREIGN_KEY)),
    m.Table: _each(
        ("name id source source_name raw_schema staging relation", _said(_TABLE) + Origin(measured=("tables.{table}",))),
        ("from_ format options", _of_source("kind", "path") + _measured("files", "format", "csv")),
        ("source_schema", _of_source("schema")),
        ("endpoint", _measured("endpoint") + _of_source("page_size")),
        ("key", _KEY),
        ("dedupe", _KIND + _KEY),
        ("key_holds", _KEY + _measured("near_key")),
        ("notes", _KEY + _measured("kind", "near_key", "notes")),
        ("watermark began", _MARK),
        ("columns", _of_table("columns") + _measured("columns")),
        ("dropped", _of_table("columns")),
        ("rules", _of_table("rules")),
        ("foreign_keys", _FOREIGN_KEY),
        ("load incremental", _EXTRACT),
        ("write", _WRITE),
        ("history", _decided("{source}.{table}.history")),
        ("overlap", _decided("{source}.{table}.overlap") + _LATENESS),
        ("deletes soft_deletes", _DELETES + _EXTRACT),
        ("hard_deletes", _EXTRACT + _DELETES),
        ("most_deleted", _levels("most_deleted")),
        ("schema_contract", _levels("schema_contract")),
        ("freshness freshness_seconds", _FRESHNESS),
        ("lateness_seconds", _LATENESS),
        ("lookback_batches", _LOOKBACK + _LATENESS),
        ("rows", _ROWS + _VOLUME),
        ("rows_per_run", _WORK + _FRESHNESS + _EXTRACT),
        ("description", _of_table("description")),
    ),
    m.Load: _each(("id tables", _of_source("tables") + _note("a task a table; neighbours together where there are many"))),
    m.Source: _each(
        ("name id raw_schema asset", _said(_SOURCE)),
        ("dag_id", _said("name", _SOURCE)),
        ("kind is_sample", _KIND),
        ("path path_env", _of_source("path", "kind")),
        ("url_env", _of_source("url_env")),
        ("auth_env auth_header", _of_source("auth_env", "auth_header")),
        ("request_seconds", _of_source("rate_limit")),
        ("source_schema", _of_source("schema")),
        ("description", _of_source("description")),
        ("tables loads", _of_source("tables")),
        ("schedule interval_seconds", _SCHEDULE),
        ("freshness freshness_seconds deadline_seconds", _FRESHNESS),
        ("retries retry_delay_seconds max_retry_delay_seconds", _RETRIES + _FRESHNESS),
        ("execution_timeout_seconds", _RETRIES + _ROWS),
    ),
    m.MartColumn: _each(
        ("id expression type", _of_mart("from") + _AGGREGATED + _COLUMN + _TREATMENT),
        ("nullable unique", _of_mart("grain") + _AGGREGATED + _COLUMN + _KEY),
        ("description", _note("nobody says one: a column has no `description` in pipegen.yml")),
    ),
    m.Relationship: _each(("column to at", _of_mart("dimensions") + _FOREIGN_KEY)),
    m.Mart: _each(
        ("name id", _said(_MART)),
        ("kind", _of_mart("kind")),
        ("from_ staging", _of_mart("from")),
        ("columns", _of_mart("from") + _AGGREGATED + _measured("columns")),
        ("grain", _of_mart("grain", "by") + _KEY),
        ("by", _of_mart("by")),
        ("measures", _of_mart("measures")),
        ("relationships", _of_mart("dimensions") + _FOREIGN_KEY),
        ("description", _of_mart("description") + _of_table("description")),
        ("load", _EXTRACT + _WRITE + _of_mart("grain")),
        ("event_time", _WRITE + _MARK),
        ("began", _MARK),
        ("lookback_batches", _LOOKBACK + _LATENESS),
        ("lookback_seconds", _LATENESS + _SCHEDULE),
        ("soft_deletes", _DELETES + _EXTRACT),
        ("hard_deletes", _EXTRACT + _DELETES),
    ),
    m.Transform: _each(
        ("dag_id", _said("name")),
        ("schedule_assets", _said("sources")),
        ("pool", _note("a name of pipegen's own")),
        ("pool_slots", _decided("{source}.parallelism") + _DESTINATION),
        ("freshness_seconds deadline_seconds", _FRESHNESS),
        ("retries retry_delay_seconds max_retry_delay_seconds", _RETRIES + _note("retried as the freshest source is")),
        ("execution_timeout_seconds", _ROWS),
    ),
    m.Pipeline: _each(
        ("name id env_prefix", _said("name")),
        ("description", _said("description")),
        ("owner", _said("owner")),
        ("catalog", _said("catalog")),
    ),
    m.Design: _each(
        ("pipeline", _said("name", "description", "owner")),
        ("sources transform", _said("sources")),
        ("marts", _said("marts")),
        ("destination", _said("destination")),
        ("alerts", _said("alerts")),
        ("slo", _said("slo")),
        ("consumers", _said("consumers")),
        ("on_call", _said("on_call")),
        ("ci", _said("ci")),
        ("deploy", _said("deploy")),
        ("decisions records prices sizing open_questions", _note("the design as a whole: `pipegen explain` tells it")),
        ("answers", _note("an answer to the blueprint's own question, or its default")),
    ),
    Flow: _each(("kind", _KIND), ("patterns", _EXTRACT), ("every", _SCHEDULE)),
    Monitoring: _each(
        ("objective objective_text", _said("slo.freshness")),
        ("window window_seconds retention", _said("slo.window")),
        ("budget burns", _SLO),
        ("freshness_by freshness_severity rows_lost_severity", _decided("pipeline.alerts")),
        ("on_call", _said("on_call")),
        ("objectives", _said(_TABLE) + _FRESHNESS),
        ("expected", _SCHEDULE),
        ("thresholds", _THRESHOLDS),
    ),
    Burn: _each(("long short", _THRESHOLDS), ("late budget", _SLO), ("severity", _decided("pipeline.alerts"))),
    Objective: _each(
        ("source table dag_id", _said(_TABLE)),
        ("freshness seconds", _FRESHNESS),
        ("still_seconds", _FRESHNESS + _SCHEDULE + _MARK + _WORK),
        ("quarantined", _WORK + _EXTRACT + _THRESHOLDS),
        ("counts_days", _EXTRACT),
    ),
    Expected: _each(
        ("dag_id source", _said(_SOURCE)),
        ("interval_seconds", _SCHEDULE),
        ("silent_seconds", _SCHEDULE + _FRESHNESS),
        ("longest_seconds deadline_seconds", _SCHEDULE + _FRESHNESS + _WORK),
    ),
    Pages: _each(("engine", _DESTINATION), ("consumers", _said("consumers")), ("day", _SCHEDULE)),
}  # fmt: skip
"""By the record and its field; computed fields are among them. ``Design`` is for the names that every template sees.

Of what is laid out on pages, these are the fields that tell of less than all decisions in their record.
"""

_OF_A_DECISION = _decided("{decision}")
RECORDS: Mapping[type, Origin] = {
    **dict.fromkeys((d.Decision, d.Alternative, d.Flip, d.Record), _OF_A_DECISION),
    d.Sizing: _WORK + _FRESHNESS + _ROW_SIZE,
    d.Figure: _WORK + _FRESHNESS + _ROW_SIZE + _said("defaults.growth", "defaults.outage", "prices"),
    d.PriceTier: _FRESHNESS + _said("prices"),
    d.OpenQuestion: _said("{question}"),
}
"""Records of which every field follows from the same."""


def origin_of_field(kind: type, field: str) -> Origin | None:
    """What a field of a record follows from; None where the table does not know the record."""
    return FIELDS[kind].get(field) if kind in FIELDS else RECORDS.get(kind)


def origin_of_decision(id: str) -> Origin | None:
    """What a decision follows from; None where the table does not know it."""
    return DECISIONS.get(id) or DECISIONS.get(id.rpartition(".")[2])
