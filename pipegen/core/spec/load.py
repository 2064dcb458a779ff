"""From plain data to a PipelineSpec, or to every problem it has, each with its place and what is allowed there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipegen.core import names
from pipegen.core.errors import Problem, SpecError
from pipegen.core.spec import address as spec_address
from pipegen.core.spec import model as m
from pipegen.core.spec import source_url
from pipegen.core.spec import sources as s
from pipegen.core.spec.contradictions import contradictions

Address = tuple[str | int, ...]
Locate = Callable[[Address], str | None]
"""Where an address stands: ``pipegen.yml:12``, a flag, or None for its dotted form."""


def _kinds(union: Any) -> dict[str, type[BaseModel]]:
    """The models of a union by the kinds that each one is."""
    models: tuple[type[BaseModel], ...] = get_args(get_args(union)[0])
    return {kind: model for model in models for kind in get_args(model.model_fields["kind"].annotation)}


_KINDS = {"sources": _kinds(s.SourceSpec), "marts": _kinds(m.MartSpec), "destination": _kinds(m.DestinationSpec)}
_NAMED = ("sources", "marts")  # a mapping of names to things of a kind; the others are one such thing


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
    found = [Problem(message, where(at, locate), hint) for at, message, hint in contradictions(data)]
    try:
        spec = m.PipelineSpec.model_validate(dict(data))
    except ValidationError as error:
        raise SpecError(sorted([*_problems(error, data, locate), *found], key=_line)) from None
    problems = [*_name_problems(spec, locate), *found]
    if problems:
        raise SpecError(problems)
    return spec


def where(address: Address, locate: Locate) -> str:
    """The place of an address as a person finds it."""
    return locate(address) or dotted(address)


def of_its_kind(source: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """A source's plain values without the keys that only other kinds have; what no kind has stays, to be refused."""
    own = _keys(_KINDS["sources"][kind])
    others = {key for model in _KINDS["sources"].values() for key in _keys(model)}
    return {key: value for key, value in source.items() if key in own or key not in others}


def dotted(address: Address) -> str:
    return spec_address.text([str(part) for part in address]) or "pipegen.yml"


def _problems(error: ValidationError, data: Mapping[str, Any], locate: Locate) -> list[Problem]:
    problems: list[Problem] = []
    for detail in error.errors(include_url=False):
        problem = _problem(detail, data, locate)
        if problem not in problems:
            problems.append(problem)
    return problems


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
        known = _keys(parent) if parent else []
        hint: str | None = _of_other_kinds(address) or names.did_you_mean(str(address[-1]), known)
        return Problem(f"unknown key {label}", place, hint or f"allowed here: {', '.join(known)}")
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


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _of_other_kinds(address: Address) -> str | None:
    """That sources of other kinds have the key which this one has not."""
    if len(address) != 3 or address[0] != "sources":
        return None
    kinds = [f"`{kind}`" for kind, model in _KINDS["sources"].items() if address[-1] in _keys(model)]
    return f"it is said of sources of kind {' or '.join(kinds)} alone" if kinds else None


def _plain_type(given: object) -> str:
    return "yes or no" if isinstance(given, bool) else "number"


def _kind_problem(address: Address, given: object, locate: Locate) -> Problem:
    kinds = _KINDS[str(address[0])]
    kind = given.get("kind") if isinstance(given, Mapping) else None
    place = where(address if kind is None else (*address, "kind"), locate)
    allowed = f"allowed is `kind: {' | '.join(kinds)}`"
    if kind is None:
        return Problem(f"`{dotted((*address, 'kind'))}` is missing", place, allowed)
    hint = _by_scheme(kind) if address[0] == "sources" else None
    hint = hint or names.did_you_mean(str(kind), kinds) or allowed
    return Problem(f"`{dotted((*address, 'kind'))}`: `{names.shorten(str(kind))}` is not a kind", place, hint)


def _by_scheme(kind: object) -> str | None:
    """The kind of source that is meant by the scheme of its URL."""
    if kind in source_url.FILES:
        return f"`kind: files`, with `path: {kind}://…`"
    return f"`kind: {source_url.SERVERS[kind]}`" if isinstance(kind, str) and kind in source_url.SERVERS else None


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
        ("machine",): m.Machine,
        ("prices",): m.Prices,
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
