"""Contributions: typed pieces that one blueprint adds to files which another one renders.

A template never asks which other blueprint is there: it loops over what was contributed. Text that is code or prose of
the blueprint's author (``run``, ``text``) reaches templates as it is; everything else is quoted by them like any value.

An item is rendered once for every thing that it speaks of: one whose text names ``source`` is contributed once a source,
exactly as a path with ``{source}`` in it is.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

#: A name of letters, digits, ``_``, ``.``, ``:``, ``/`` and ``-``; placeholders may stand in it.
Name = Annotated[str, StringConstraints(pattern=r"^(?:[A-Za-z0-9_.:/-]|<%=[^%]*%>)+$")]


class Contribution(BaseModel):
    """What every kind of contribution has.

    ``when`` is an expression over the design; ``blueprint`` is filled in by the renderer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    when: str = Field("true", description="An expression over the design; the item is left out where it is false.")
    blueprint: str = Field(
        "", description="The blueprint that contributes it; filled in by the renderer.", exclude=True
    )

    #: Fields that hold the author's own code or prose: templates print them as they are.
    code: ClassVar[frozenset[str]] = frozenset({"run", "text", "entry", "expr", "package"})


class _Texted(Contribution):
    """A contribution whose text stands in the manifest or in a file beside it."""

    file: str | None = Field(None, description="Path of the text, relative to the blueprint's version folder.")
    text: str = Field("", description="The text itself, where it is short.")

    @model_validator(mode="after")
    def _one_of_both(self) -> _Texted:
        if (self.file is None) == (self.text == ""):
            raise ValueError("give either `file` or `text`")
        return self


class MakeTarget(Contribution):
    """A target of the Makefile; ``run`` is its recipe, one command a line."""

    target: Name
    help: str
    run: str = ""
    needs: list[Name] = Field(default_factory=list, description="Targets that must be made before it.")
    phony: bool = True


class EnvVariable(Contribution):
    """An environment variable that the pipeline reads, for ``.env.example``."""

    name: Name
    default: str = ""
    help: str = ""
    required: bool = False


class Requirement(Contribution):
    """A Python package in one of the repository's environments."""

    package: str
    environment: str = Field("", description="Filled in from the key it stands under.")


class ReadmeSection(_Texted):
    """A section of the README; sections with one title follow each other under it."""

    section: str
    order: int = 50


class CiJob(Contribution):
    """A job of the CI; ``run`` is its shell command."""

    job: Name
    run: str
    summary: str = ""
    needs: list[Name] = Field(default_factory=list)
    minutes: int = 15


class ComposeService(_Texted):
    """A service of compose.yaml: ``text`` is the YAML below its name, not indented."""

    service: Name
    volumes: list[Name] = Field(default_factory=list, description="Named volumes that are its own.")


class ComposeSecret(Contribution):
    """A secret that services of compose.yaml read as a file, ``/run/secrets/NAME``: the environment variable that holds it."""

    name: Name
    variable: Name


class PreCommitHook(Contribution):
    """A local pre-commit hook."""

    id: Name
    name: str
    entry: str
    files: str = ""
    types: list[str] = Field(default_factory=list)
    pass_filenames: bool = True


class Runbook(Contribution):
    """A page of runbooks/: the alert that leads to it, and where it is."""

    alert: Name
    path: str
    summary: str = ""


class Series(BaseModel):
    """One series of a rule's test, in promtool's notation: ``series: up{job="x"}``, ``values: 1x10 0x10``, a minute apart."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    series: str
    values: str


class Alert(Contribution):
    """An alert rule in Prometheus's language, with measurements under which it fires and others under which it stays quiet.

    Both tests look ``at`` one moment. A rule without both is refused: nobody would know that it works.
    """

    name: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9]*$")]
    severity: Literal["page", "ticket"]
    summary: str
    expr: Annotated[str, StringConstraints(min_length=1)]
    wait: str = Field("5m", description="How long it must hold before it fires.")
    runbook: Annotated[str, StringConstraints(pattern=r"^runbooks/.+\.md$")] = Field(
        description="The path of the page that says what to do: `runbooks/x.md`."
    )
    at: str = Field("30m", description="When the tests look.")
    fires: list[Series] = Field(min_length=1, description="Measurements under which it fires.")
    quiet: list[Series] = Field(min_length=1, description="Measurements under which it does not.")


class Dashboard(_Texted):
    """A dashboard: ``text`` is its definition."""

    name: Name
    title: str


class Secret(Contribution):
    """A secret that the pipeline reads: the name of its environment variable, never a value."""

    name: Name
    help: str
    required: bool = True


def _spread(value: Any) -> Any:
    """``{work: [dbt-duckdb, {package: x, when: y}]}`` as a flat list of requirements."""
    if not isinstance(value, dict):
        return value
    flat = []
    for environment, items in value.items():
        if not isinstance(items, list):
            raise ValueError(f"`{environment}` must be a list of packages")
        for item in items:
            piece = dict(item) if isinstance(item, dict) else {"package": item}
            flat.append({**piece, "environment": environment})
    return flat


class Contributions(BaseModel):
    """Everything a blueprint contributes, by kind."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    make: list[MakeTarget] = Field(default_factory=list)
    env: list[EnvVariable] = Field(default_factory=list)
    requirements: Annotated[list[Requirement], BeforeValidator(_spread)] = Field(default_factory=list)
    readme: list[ReadmeSection] = Field(default_factory=list)
    ci: list[CiJob] = Field(default_factory=list)
    compose: list[ComposeService] = Field(default_factory=list)
    compose_secrets: list[ComposeSecret] = Field(default_factory=list)
    pre_commit: list[PreCommitHook] = Field(default_factory=list)
    runbooks: list[Runbook] = Field(default_factory=list)
    alerts: list[Alert] = Field(default_factory=list)
    dashboards: list[Dashboard] = Field(default_factory=list)
    secrets: list[Secret] = Field(default_factory=list)


#: Every kind, in the order of formats.md.
KINDS: tuple[str, ...] = tuple(Contributions.model_fields)
