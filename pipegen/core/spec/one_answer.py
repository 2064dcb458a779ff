"""One answer of the spec by itself: what is wrong with it as it was typed, and the value that its key has unsaid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from pipegen.core.errors import SpecError
from pipegen.core.spec import address
from pipegen.core.spec import load as spec_load
from pipegen.core.spec.model import PipelineSpec

_LEAST: Mapping[str, Any] = {"name": "pipeline", "sources": {"pipeline_source": {"kind": "sample"}}}


def problem(key: str, value: Any) -> str | None:
    """What is wrong with a value at a dotted key, and what is allowed there, by the checks of pipegen.yml; None where it is fine."""
    parts = address.parse(key)
    data: dict[str, Any] = {**_LEAST}
    address.put(data, parts, value)
    try:
        spec_load.load(data)
    except SpecError as error:
        found = error.problems()[0]
        said = found.message.removeprefix(f"`{key}`").removeprefix(":").strip()
        return f"{said}; {found.hint}" if found.hint else said
    return None


def value_at(spec: PipelineSpec, key: str) -> Any:
    """The value of a spec at a dotted key, with the defaults that nobody said; None where there is none."""
    node: Any = spec
    for part in address.parse(key):
        node = _below(node, part)
    return node


def text_at(spec: PipelineSpec, key: str) -> str:
    """The same as people type it: a list with commas, nothing where there is no value."""
    return as_text(value_at(spec, key))


def as_text(value: Any) -> str:
    """A plain value as people type it."""
    if value is None:
        return ""
    return ", ".join(str(item) for item in value) if isinstance(value, list | tuple) else str(value)


def _below(node: Any, part: str) -> Any:
    if isinstance(node, Mapping):
        return node.get(part)
    if not isinstance(node, BaseModel):
        return None
    fields = type(node).model_fields
    name = next((name for name, field in fields.items() if part in (field.alias or name, name)), None)
    return getattr(node, name) if name is not None else None
