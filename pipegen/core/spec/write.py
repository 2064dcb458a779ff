"""A PipelineSpec as the text of pipegen.yml: short, commented, in the order that people read it."""

from __future__ import annotations

from typing import Any

from pipegen.core import yaml_text
from pipegen.core.spec.model import PipelineSpec

SCHEMA_LINE = "# yaml-language-server: $schema=.pipegen/schema.json\n"
COMMENTS = {
    ("name",): "folder, DAG prefix, dbt project",
    ("catalog",): "version of the blueprints",
    ("defaults",): "hold for every source and table that does not say otherwise",
    ("defaults", "freshness"): "p95 age of the data when it is read",
    ("defaults", "lateness"): "how late a row may arrive and still count without a restatement",
    ("defaults", "deletes"): "wanted effect at the destination: ignore | soft | hard",
    ("defaults", "most_deleted"): "the largest share of a table's rows that one run may delete",
    ("defaults", "history"): "none | scd2 | daily",
    ("defaults", "schema_contract"): "when the source's columns change",
    ("defaults", "outage"): "how long source or destination may be down with nothing lost",
    ("on_call",): "when somebody can be called: none | working-hours | always",
    ("consumers",): "reports | dashboards | applications | actions",
    ("raw_personal_data",): "allowed | forbidden",
    ("machine",): "what the pipeline runs on",
    ("prices",): "what things cost",
    ("ceiling",): "what a month may cost at most",
    ("alerts",): "addresses; tokens by environment variable",
    ("overrides",): "decisions that a person took instead, with the reason",
    ("answers",): "to the blueprints' own questions",
}
BLOCK = frozenset(
    {("defaults",), ("sources",), ("sources", "*"), ("sources", "*", "tables"), ("marts",), ("overrides",)}
)
# Sections of the file, a blank line between them.
SECTIONS = (
    ("version", "name", "description", "owner", "catalog"),
    ("defaults",),
    ("sources",),
    ("marts",),
    ("destination", "alerts", "slo", "ci", "deploy"),
    ("on_call", "consumers", "raw_personal_data", "machine", "prices", "ceiling"),
    ("overrides",),
    ("answers", "blueprints"),
)


# An empty list of these is said: no key, whatever was measured.
_SAID_EMPTY = frozenset({"key", "grain"})


def plain(spec: PipelineSpec) -> dict[str, Any]:
    """The spec as plain values: what was said, defaults of whole sections included, empty details left out."""
    full = spec.model_dump(by_alias=True, exclude_none=True)
    full["sources"] = {name: _source(source) for name, source in full["sources"].items()}
    full["marts"] = {name: _without_empty(mart) for name, mart in full.get("marts", {}).items()}
    full["alerts"] = _without_empty(full["alerts"])
    for key in ("machine", "prices"):  # of these nothing holds that was not said
        said = getattr(spec, key)
        full[key] = {k: _number(v) for k, v in said.model_dump(exclude_unset=True).items()} if said is not None else {}
    if spec.ceiling is not None:
        full["ceiling"] = _number(spec.ceiling)
    if spec.marts is None:
        del full["marts"]
    return {k: v for k, v in full.items() if v not in ({}, [], "") or k == "marts"}


def text(spec: PipelineSpec) -> str:
    """The text of pipegen.yml."""
    values = plain(spec)
    parts = []
    for section in SECTIONS:
        part = {key: values[key] for key in section if key in values}
        if part:
            parts.append(yaml_text.dump(part, COMMENTS, block=BLOCK))
    return SCHEMA_LINE + "\n".join(parts)


def _number(value: Any) -> Any:
    """A number as people say it: ``500``, not ``500.0``."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _source(source: dict[str, Any]) -> dict[str, Any]:
    """A source as people read it: what it is, what holds for all of it, its tables."""
    tables = {name: _without_empty(table) for name, table in source["tables"].items()}
    head: dict[str, Any] = {k: source[k] for k in ("kind", "path", "url_env", "schema") if k in source}
    return {**head, **{k: v for k, v in source.items() if k not in head and k != "tables"}, "tables": tables}


def _without_empty(values: dict[str, Any]) -> dict[str, Any]:
    kept = {k: v for k, v in values.items() if v not in ({}, []) or k in _SAID_EMPTY}
    for rule in kept.get("rules", []):
        if rule["severity"] == "error":
            del rule["severity"]
    return kept
