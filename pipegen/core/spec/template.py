"""pipegen.yml of a repository that one plain cookiecutter template renders: its model, its text, its JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from pipegen.core import names, yaml_text
from pipegen.core.errors import Problem, SpecError
from pipegen.core.spec import load as spec_load
from pipegen.core.spec.fields import Model, Name
from pipegen.core.spec.schema import DIALECT
from pipegen.core.spec.write import SCHEMA_LINE

Address = tuple[str | int, ...]
Locate = Callable[[Address], str | None]
Place = Annotated[str, Field(min_length=1, max_length=2000)]

COMMENTS: dict[tuple[str, ...], str] = {
    ("source",): "a folder, a git URL, a zip, or gh:owner/name",
    ("ref",): "a tag, branch or commit",
    ("answers",): "to the template's own variables; what is not here has its default",
    ("drawn",): "at random and from the clock, once: every later render uses the same",
}


class Drawn(Model):
    """What makes a render repeatable whose template draws at random or asks for the time."""

    seed: Annotated[str, Field(pattern=r"^[0-9a-f]{16,128}$")] | None = None
    """What random text and ids are derived from, for example `9f86d081884c7d65`."""
    now: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$")] | None = None
    """The time of the first render, for example `"2026-11-25T09:30:00+00:00"`."""


class TemplateRef(Model):
    """Where the template is, and the answers to its variables."""

    source: Place
    """A folder, a git URL, a zip or an abbreviation, for example `gh:acme/service-template`."""
    ref: Name | None = None
    """A tag, branch or commit, for example `v2.1.0`."""
    answers: dict[Name, Any] = Field(default_factory=dict)
    """Answers to the template's variables, for example `{project_name: Orders}`."""
    drawn: Drawn | None = None
    """What the template drew once, for example `{seed: 9f86d081884c7d65}`."""


class TemplateSpec(Model):
    """pipegen.yml: one plain template, and the answers to it."""

    version: Literal[1] = 1
    """Version of this format, for example `1`."""
    name: Name
    """Name of the repository's folder, for example `orders`."""
    blueprints: Annotated[list[TemplateRef], Field(min_length=1, max_length=1)]
    """The template, for example `[{source: "gh:acme/service-template", ref: v2.1.0}]`."""

    @property
    def template(self) -> TemplateRef:
        return self.blueprints[0]


_MODELS: dict[int, type[Model]] = {0: TemplateSpec, 2: TemplateRef, 3: Drawn}


def is_template_spec(values: Mapping[str, Any]) -> bool:
    """Whether a pipegen.yml has no sources and names a blueprint: a template that stands alone."""
    return "sources" not in values and isinstance(values.get("blueprints"), list) and bool(values["blueprints"])


def load(values: Mapping[str, Any], locate: Locate = lambda _: None) -> TemplateSpec:
    """Check plain data (a parsed pipegen.yml).

    Raises:
        SpecError: with every problem found, each at its line.
    """
    try:
        spec = TemplateSpec.model_validate(dict(values))
    except ValidationError as error:
        problems = [_problem(detail, locate) for detail in error.errors(include_url=False)]
        raise SpecError(sorted(problems, key=_line)) from None
    because = names.spec_name_problem(spec.name, "repository")
    if because:
        raise SpecError([Problem(because, spec_load.where(("name",), locate))])
    return spec


def plain(spec: TemplateSpec) -> dict[str, Any]:
    """The spec as plain values, what was not said left out."""
    values = spec.model_dump(exclude_none=True)
    values["blueprints"] = [{k: v for k, v in ref.items() if v != {}} for ref in values["blueprints"]]
    return values


def text(spec: TemplateSpec) -> str:
    """The text of pipegen.yml."""
    values = plain(spec)
    head = yaml_text.dump({k: values[k] for k in ("version", "name")})
    block = frozenset({("answers",), ("drawn",)})
    lines = yaml_text.dump(values["blueprints"][0], COMMENTS, block=block).splitlines()
    entry = "".join(f"{'  - ' if i == 0 else '    '}{line}\n" for i, line in enumerate(lines))
    return f"{SCHEMA_LINE}{head}\nblueprints:\n{entry}"


def schema_text() -> str:
    """The JSON Schema of such a pipegen.yml."""
    schema = TemplateSpec.model_json_schema(by_alias=True)
    schema["title"] = "pipegen.yml"
    return json.dumps({"$schema": DIALECT, **schema}, indent=2, ensure_ascii=False) + "\n"


def _line(problem: Problem) -> int:
    """Problems in the order of the file, behind those that stand in none."""
    line = (problem.where or "").rpartition(":")[2]
    return int(line) if line.isdigit() else 0


def _problem(detail: ErrorDetails, locate: Locate) -> Problem:
    address, kind, given = tuple(detail["loc"]), detail["type"], detail.get("input")
    place, label = spec_load.where(address, locate), f"`{spec_load.dotted(address)}`"
    model = _MODELS.get(len(address) - 1)
    fields = model.model_fields if model else {}
    if kind == "extra_forbidden":
        hint = names.did_you_mean(str(address[-1]), fields) or f"allowed here: {', '.join(fields)}"
        return Problem(f"unknown key {label}", place, hint)
    if kind == "missing":
        return Problem(f"{label} is missing", place)
    if address == ("blueprints",) and kind == "too_long":
        return Problem(f"{label}: a template stands alone, and more than one is named", place, "keep one of them")
    if kind == "string_type" and isinstance(given, int | float):
        shown = str(given).lower() if isinstance(given, bool) else str(given)
        return Problem(f"{label}: {shown} is no text here", place, f'quote it: `"{shown}"`')
    field = fields.get(str(address[-1]))
    described = " ".join((field.description or "").split()) if field else ""
    return Problem(f"{label}: {detail['msg'][:1].lower()}{detail['msg'][1:]}", place, described or None)
