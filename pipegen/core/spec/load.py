"""From plain data to a PipelineSpec, or to every problem it has, each with its place and what is allowed there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipegen.core import names
from pipegen.core.errors import Problem, SpecError
from pipegen.core.spec import address as spec_address
from pipegen.core.spec import model as m
from pipegen.core.spec import sources as s

Address = tuple[str | int, ...]
Locate = Callable[[Address], str | None]
"""Where an address stands: ``pipegen.yml:12``, a flag, or None for its dotted form."""

_KINDS: dict[str, dict[str, type[BaseModel]]] = {
    "sources": {
        "files": s.FilesSource,
        "sqlite": s.SqliteSource,
        "postgres": s.PostgresSource,
        "sample": s.SampleSource,
    },
    "marts": {"fact": m.FactMart, "dimension": m.DimensionMart, "aggregate": m.AggregateMart, "custom": m.CustomMart},
    "destination": {"duckdb": m.DuckdbDestination, "postgres": m.PostgresDestination},
}
_NAMED = ("sources", "marts")  # a mapping of names to things of a kind; the others are one such thing
# Kinds that the design knows of but that nothing writes yet: an error that says so, rather than "unknown".
PLANNED_SOURCES = ("mysql", "mssql", "duckdb", "mongodb", "rest", "kafka", "s3", "sftp", "webhook")
PLANNED_DESTINATIONS = ("snowflake", "bigquery", "redshift", "databricks", "clickhouse", "lake")


# What pydantic finds, in the words of the file.
_SAID = {
    "dict_type": "must be a mapping of keys to values",
    "model_type": "must be a mapping of keys to values",
    "model_attributes_type": "must be a mapping of keys to values",
    "list_type": "must be a list: `[a, b]`",
    "string_type": "must be text",
    "string_unicode": "is not UTF-8",
    "string_too_short": "is empty",
    "string_too_long": "is longer than {max_length} characters",
    "too_short": "needs at least {min_length}",
}


def load(data: Mapping[str, Any], locate: Locate = lambda _: None) -> m.PipelineSpec:
    """Check plain data (a parsed pipegen.yml) and return the spec.

    Raises:
        SpecError: with every problem found, in the order of the file.
    """
    try:
        spec = m.PipelineSpec.model_validate(dict(data))
    except ValidationError as error:
        raise SpecError(_problems(error, data, locate)) from None
    problems = _name_problems(spec, locate)
    if problems:
        raise SpecError(problems)
    return spec


def where(address: Address, locate: Locate) -> str:
    """The place of an address as a person finds it."""
    return locate(address) or dotted(address)


def dotted(address: Address) -> str:
    return spec_address.text([str(part) for part in address]) or "pipegen.yml"


def _problems(error: ValidationError, data: Mapping[str, Any], locate: Locate) -> list[Problem]:
    problems: list[Problem] = []
    for detail in error.errors(include_url=False):
        problem = _problem(detail, data, locate)
        if problem not in problems:
            problems.append(problem)
    return sorted(problems, key=_line)


def _line(problem: Problem) -> tuple[str, int]:
    """Problems in the order of the file, behind those that stand in none."""
    name, _, line = (problem.where or "").rpartition(":")
    return (name, int(line)) if name and line.isdigit() else ("", 0)


def _problem(detail: ErrorDetails, data: Mapping[str, Any], locate: Locate) -> Problem:
    address = _real_address(detail["loc"], data)
    place, kind, given = where(address, locate), detail["type"], detail.get("input")
    label = f"`{dotted(address)}`"
    if kind == "extra_forbidden":
        parent = _model_at(address[:-1], data)
        known = [f.alias or name for name, f in parent.model_fields.items()] if parent else []
        hint: str | None = names.did_you_mean(str(address[-1]), known) or f"allowed here: {', '.join(known)}"
        return Problem(f"unknown key {label}", place, hint)
    if kind == "missing":
        return Problem(f"{label} is missing", place)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _kind_problem(address, given, locate)
    if kind == "literal_error":
        allowed = str(detail.get("ctx", {}).get("expected", "")).replace("'", "`").replace(" or ", ", ")
        hint = names.did_you_mean(str(given), [a.strip(" `") for a in allowed.split(",")])
        return Problem(f"{label}: `{names.shorten(str(given))}` is not one of {allowed}", place, hint)
    message = detail["msg"].removeprefix("Value error, ")
    if kind == "value_error":
        return Problem(f"{label}: {message}", place)
    if kind == "string_type" and isinstance(given, int | float):
        shown = str(given).lower() if isinstance(given, bool) else str(given)
        return Problem(f"{label}: {shown} is a {_plain_type(given)} here, not text", place, f'quote it: `"{shown}"`')
    if kind == "string_pattern_mismatch":
        return Problem(f"{label}: `{names.shorten(str(given))}` is not allowed here", place, _example(address, data))
    said = _SAID.get(kind, f"{message[:1].lower()}{message[1:]}")
    return Problem(f"{label} {said.format(**detail.get('ctx', {}))}", place, _example(address, data))


def _plain_type(given: object) -> str:
    return "yes or no" if isinstance(given, bool) else "number"


def _kind_problem(address: Address, given: object, locate: Locate) -> Problem:
    kinds = _KINDS[str(address[0])]
    kind = given.get("kind") if isinstance(given, Mapping) else None
    place = where(address if kind is None else (*address, "kind"), locate)
    allowed = f"allowed is `kind: {' | '.join(kinds)}`"
    if kind is None:
        return Problem(f"`{dotted((*address, 'kind'))}` is missing", place, allowed)
    if address[0] == "sources" and kind in PLANNED_SOURCES:
        hint = "the nearest that works: an export of it as `files` (CSV, JSON lines, Parquet) or `sqlite`"
        return Problem(f"sources of kind `{kind}` are not built yet", place, hint)
    if address[0] == "destination" and kind in PLANNED_DESTINATIONS:
        hint = "the nearest that works: `postgres`, or `duckdb`"
        return Problem(f"destination `{kind}` is not built yet", place, hint)
    hint = names.did_you_mean(str(kind), kinds) or allowed
    return Problem(f"`{dotted((*address, 'kind'))}`: `{names.shorten(str(kind))}` is not a kind", place, hint)


def _real_address(loc: tuple[str | int, ...], data: Mapping[str, Any]) -> Address:
    """pydantic's location without the union tags that are no keys of the file."""
    address: list[str | int] = []
    node: Any = data
    for i, part in enumerate(loc):
        depth = 2 if address and address[0] in _NAMED else 1
        is_tag = len(address) == depth and address[0] in _KINDS and part in _KINDS[str(address[0])]
        if is_tag and i == len(address) and not (isinstance(node, Mapping) and part in node):
            continue
        if part == "[key]":
            continue
        address.append(part)
        try:
            node = node[part]
        except (KeyError, IndexError, TypeError):
            node = None
    return tuple(address)


def _model_at(address: Address, data: Mapping[str, Any]) -> type[BaseModel] | None:
    """The model that an address of the file is checked against, to say which keys it takes."""
    named: dict[Address, type[BaseModel]] = {
        (): m.PipelineSpec,
        ("defaults",): m.Defaults,
        ("defaults", "schema_contract"): s.SchemaContract,
        ("alerts",): m.Alerts,
        ("slo",): m.Slo,
    }
    if address in named:
        return named[address]
    match address:
        case (("sources" | "marts") as group, name):
            node = data.get(str(group), {}).get(name, {})
            return _KINDS[str(group)].get(node.get("kind", ""))
        case ("destination",):
            return _KINDS["destination"].get(data["destination"].get("kind", ""))
        case ("sources", _, "schema_contract") | ("sources", _, "tables", _, "schema_contract"):
            return s.SchemaContractPart
        case ("sources", _, "tables", _):
            return s.TableSpec
        case ("sources", _, "tables", _, "rules", _):
            return s.BusinessRule
        case ("overrides", _):
            return m.Override
        case ("blueprints", _):
            return m.BlueprintRef
    return None


def _example(address: Address, data: Mapping[str, Any]) -> str | None:
    """The sentence that the model says of a field, which holds an example."""
    while address and isinstance(address[-1], int):
        address = address[:-1]
    parent = _model_at(address[:-1], data) if address else None
    if parent is None:
        return None
    for name, field in parent.model_fields.items():
        if (field.alias or name) == address[-1]:
            return " ".join((field.description or "").split()) or None
    return None


def _name_problems(spec: m.PipelineSpec, locate: Locate) -> list[Problem]:
    problems: list[Problem] = []

    def refuse(address: Address, message: str | None) -> None:
        if message:
            problems.append(Problem(message, where(address, locate)))

    refuse(("name",), names.spec_name_problem(spec.name, "pipeline"))
    for name in spec.sources:
        refuse(("sources", name), names.spec_name_problem(name, "source"))
        if names.module(name) in names.RESERVED_SOURCES:
            refuse(("sources", name), f"`{name}` cannot be the name of a source: the repository uses it for itself")
    for name in spec.marts or {}:
        refuse(("marts", name), names.spec_name_problem(name, "mart"))
    problems += names.collisions(spec.sources, map(names.module, spec.sources), "sources", where(("sources",), locate))
    problems += names.collisions(
        spec.marts or {}, map(names.module, spec.marts or {}), "marts", where(("marts",), locate)
    )
    return problems
