"""Blueprint: a capability of a repository, as its folder describes it; in memory, read by ``pipegen.store.blueprints``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, field_validator, model_validator

from pipegen.core.contributions import Contributions
from pipegen.core.errors import BlueprintError
from pipegen.core.paths import unsafe_because

#: ``{source}`` in a path.
TOKEN = re.compile(r"\{([^{}]*)\}")

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Version = Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]

_RANGE = re.compile(r"^(>=|<=|==|!=|>|<)\s*(\d+(?:\.\d+){0,2})$")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}


def version_key(version: str) -> tuple[int, int, int]:
    """A version as numbers: ``1.2`` is ``(1, 2, 0)``."""
    parts = [int(part) for part in version.split(".")]
    major, minor, patch = (*parts, 0, 0, 0)[:3]
    return major, minor, patch


def within(version: str, wanted: str) -> bool:
    """Whether ``1.4.0`` is in ``>=1.0,<2``.

    Raises:
        ValueError: the range cannot be read.
    """
    for clause in wanted.split(","):
        match = _RANGE.match(clause.strip())
        if match is None:
            raise ValueError(f"`{wanted}` is not a version range; write it like `>=1.0,<2`")
        if not _COMPARE[match[1]](version_key(version), version_key(match[2])):
            return False
    return True


def _mode(value: Any) -> Any:
    return str(value).removeprefix("0o").lstrip("0") if isinstance(value, (str, int)) else value


class FileRule(BaseModel):
    """What departs from the default for the files of one path or pattern."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ownership: Literal["merged", "once"] = Field("merged", description="`once`: written at the start, then the user's.")
    when: str = Field("true", description="An expression over the design and the path's own tokens.")
    mode: Annotated[Literal["644", "755"] | None, BeforeValidator(_mode)] = Field(
        None, description="Default: the template's own mode."
    )


class Question(BaseModel):
    """A question that a blueprint asks by itself; the answer is ``answers.ID`` in its templates."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Identifier
    ask: str
    type: Literal["text", "integer", "boolean", "choice"] = "text"
    choices: list[str] = Field(default_factory=list)
    default: str | int | bool | None = None
    help: str = ""
    pattern: str = Field("", description="A regular expression that the whole of a text fits; its default does.")
    was: Annotated[tuple[Identifier, ...], BeforeValidator(lambda v: (v,) if isinstance(v, str) else v)] = Field(
        (), description="Its ids in versions before, the newest first, where it was renamed or split off."
    )

    @model_validator(mode="after")
    def _choices_for_a_choice(self) -> Question:
        if (self.type == "choice") != bool(self.choices):
            raise ValueError("`choices` go with `type: choice`, and with nothing else")
        return self

    @model_validator(mode="after")
    def _pattern_of_a_text(self) -> Question:
        if self.pattern and self.type != "text":
            raise ValueError("a `pattern` goes with `type: text`, and with nothing else")
        try:
            pattern = re.compile(self.pattern)
        except re.error as error:
            raise ValueError(f"`pattern` is no regular expression: {error}") from None
        if self.pattern and self.default is not None and not pattern.fullmatch(str(self.default)):
            raise ValueError("`default` does not fit `pattern`")
        return self


class Manifest(BaseModel):
    """blueprint.yml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Slug
    version: Version
    summary: str = Field(min_length=1, max_length=200)
    when: str = Field("true", description="An expression over the design: whether the blueprint takes part.")
    requires: dict[Slug, str] = Field(default_factory=dict, description="Other blueprints, with a version range each.")
    reads: list[Slug] = Field(default_factory=list, description="Kinds of source that its loads read.")
    for_each: dict[Identifier, str] = Field(default_factory=dict, description="What a {token} in a path ranges over.")
    files: dict[str, FileRule] = Field(default_factory=dict, description="By path, or by pattern (`*`, `**`).")
    moves: dict[str, str] = Field(
        default_factory=dict, description="Paths, or folders with a `/` at the end, that moved since the first version."
    )
    verbatim: list[str] = Field(default_factory=list, description="Patterns of files that are copied, not rendered.")
    contributes: Contributions = Field(default_factory=Contributions)
    questions: list[Question] = Field(default_factory=list)

    @field_validator("requires")
    @classmethod
    def _ranges(cls, value: dict[str, str]) -> dict[str, str]:
        for wanted in value.values():
            within("1.0.0", wanted)
        return value

    @field_validator("moves")
    @classmethod
    def _safe_moves(cls, value: dict[str, str]) -> dict[str, str]:
        for path in (*value, *value.values()):
            because = unsafe_because(TOKEN.sub("x", path).rstrip("/"))
            if because:
                raise ValueError(f"`{path}` cannot be a path of a repository: {because}")
        return value

    @field_validator("questions")
    @classmethod
    def _distinct_questions(cls, value: list[Question]) -> list[Question]:
        ids = [question.id for question in value]
        twice = sorted({id for id in ids if ids.count(id) > 1})
        if twice:
            raise ValueError(f"asked twice: {', '.join(twice)}")
        return value


@dataclass(frozen=True)
class Blueprint:
    """A blueprint in memory.

    ``files`` are its templates by path under ``files/``; ``modes`` their permission bits; ``pieces`` the other files of
    its folder (texts of contributions, the changelog); ``digest`` covers all of them and blueprint.yml; ``origin`` is
    where it was read from, for messages.
    """

    manifest: Manifest = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)
    modes: Mapping[str, int] = field(repr=False)
    digest: str
    pieces: Mapping[str, bytes] = field(repr=False)
    origin: str

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def version(self) -> str:
        return self.manifest.version


def _glob(pattern: str) -> re.Pattern[str]:
    out = []
    for part in re.split(r"(\*\*/|\*\*|\*|\?)", pattern):
        out.append({"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(part, re.escape(part)))
    return re.compile("".join(out))


class Patterns:
    """Paths and patterns of a manifest: ``*`` stays within a folder, ``**`` does not; ``[`` and ``{`` mean themselves."""

    def __init__(self, patterns: Mapping[str, Any]) -> None:
        self._exact = {path for path in patterns if not re.search(r"[*?]", path)}
        self._globs = [(path, _glob(path)) for path in reversed(list(patterns)) if path not in self._exact]

    def match(self, path: str) -> str | None:
        """The entry that holds for a path: the path itself before any pattern, a later pattern before an earlier one."""
        if path in self._exact:
            return path
        return next((pattern for pattern, regex in self._globs if regex.fullmatch(path)), None)


def in_order(blueprints: Mapping[str, Blueprint]) -> list[Blueprint]:
    """Blueprints so that each comes after those that it requires, else by name.

    Raises:
        BlueprintError: one is missing, has a version out of range, or they require each other in a circle.
    """
    for blueprint in sorted(blueprints.values(), key=lambda b: b.name):
        _check_requires(blueprint, blueprints)
    ordered: list[Blueprint] = []
    placed: set[str] = set()
    waiting = sorted(blueprints)
    while waiting:
        ready = next((name for name in waiting if placed.issuperset(blueprints[name].manifest.requires)), None)
        if ready is None:
            raise BlueprintError(
                f"blueprints require each other in a circle: {', '.join(waiting)}",
                hint="let one of them contribute to the other instead (`contributes:`)",
            )
        waiting.remove(ready)
        placed.add(ready)
        ordered.append(blueprints[ready])
    return ordered


def _check_requires(blueprint: Blueprint, others: Mapping[str, Blueprint]) -> None:
    for name, wanted in blueprint.manifest.requires.items():
        other = others.get(name)
        if other is None:
            raise BlueprintError(
                f"blueprint `{blueprint.name}` {blueprint.version} requires `{name}` {wanted}, which is not selected",
                hint=f"add `{name}` to the set, or take `{blueprint.name}` out",
            )
        if not within(other.version, wanted):
            raise BlueprintError(
                f"blueprint `{blueprint.name}` {blueprint.version} requires `{name}` {wanted}, but {other.version} is here",
                hint="choose a catalog in which both were tested together",
            )
