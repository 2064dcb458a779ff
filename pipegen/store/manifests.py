"""Read blueprint.yml and catalog.yml: every problem at once, each with file:line."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from pipegen.core.errors import BlueprintError, Problem, UsageError
from pipegen.store.yaml_file import Document, parse

Model = TypeVar("Model", bound=BaseModel)


class ManifestError(BlueprintError):
    """Everything that is wrong with a manifest or a catalog, at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self._problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self._problems), hint=self._problems[0].hint)

    def problems(self) -> list[Problem]:
        return list(self._problems)


def read_text(path: Path, shown: str) -> str:
    """The text of a file.

    Raises:
        BlueprintError: it is not there, or not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError as error:
        raise BlueprintError(
            f"there is no {shown}", hint="pipegen blueprints new NAME shows what a blueprint has"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise BlueprintError(f"{shown} cannot be read: {error}") from error


def document(text: str, shown: str) -> Document:
    """A YAML text: its values, and the line of each.

    Raises:
        ManifestError: a YAML parse error, a key twice; with file:line.
    """
    try:
        return parse(text.encode(), shown)
    except UsageError as error:
        raise ManifestError(error.problems()) from error


def validated(model: type[Model], text: str, shown: str) -> Model:
    """A YAML text as a model.

    Raises:
        ManifestError: every problem, each at its line, with what is allowed and "did you mean".
    """
    read = document(text, shown)
    try:
        return model.model_validate(read.values)
    except ValidationError as error:
        raise ManifestError([_problem(item, read, model) for item in error.errors()]) from error


def _problem(item: Any, read: Document, model: type[BaseModel]) -> Problem:
    location = tuple(item["loc"])
    address = ".".join(str(part) for part in location) or "the file"
    where = read.locate(location)
    if item["type"] == "extra_forbidden":
        return Problem(f"`{address}` is not a field", where=where, hint=_near(str(location[-1]), location, model))
    if item["type"] == "missing":
        return Problem(f"`{address}` is missing", where=where)
    message = str(item["msg"]).removeprefix("Value error, ")
    return Problem(f"`{address}`: {message[:1].lower()}{message[1:]}", where=where)


def _near(name: str, location: tuple[Any, ...], model: type[BaseModel]) -> str:
    known = _fields_at(location[:-1], model)
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean `{near[0]}`?" if near else f"allowed here: {', '.join(known)}"


def _fields_at(location: tuple[Any, ...], model: type[BaseModel]) -> list[str]:
    """The fields that are allowed at a place of the document."""
    definitions = model.model_json_schema()
    schema: dict[str, Any] = definitions
    for part in location:
        if isinstance(part, int):
            schema = schema.get("items", {})
        else:
            schema = schema.get("properties", {}).get(part) or schema.get("additionalProperties") or {}
        if "$ref" in schema:
            schema = definitions["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
    return list(schema.get("properties", {}))
