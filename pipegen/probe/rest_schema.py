"""What the schemas of an OpenAPI or Swagger document say: references followed, and columns with their types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipegen.core.measured import Personal

Schema = Mapping[str, Any]
_DEEPEST = 12
_DEEPEST_SHAPE = 3
_TYPES = {
    ("string", "date-time"): "timestamptz", ("string", "date"): "date", ("string", "time"): "text", ("string", "uuid"): "uuid",
    ("string", "guid"): "uuid", ("string", "decimal"): "decimal(38,18)", ("string", "int64"): "bigint",
    ("number", "decimal"): "decimal(38,18)", ("integer", "unix-time"): "bigint",
}  # fmt: skip
_PLAIN = {
    "integer": "bigint",
    "number": "double",
    "boolean": "boolean",
    "string": "text",
    "object": "json",
    "array": "json",
}
_PERSONAL = {
    "email": "email",
    "idn-email": "email",
    "password": "secret",
    "phone": "phone",
    "ipv4": "ip address",
    "ipv6": "ip address",
}


@dataclass(frozen=True)
class DeclaredColumn:
    """A column as a document tells of it."""

    name: str
    type: str
    required: bool
    declared: str | None = None
    values: tuple[str, ...] | None = None
    personal: Personal | None = None


def resolve(
    schema: Any, document: Schema, depth: int = 0, followed: dict[str, dict[str, Any]] | None = None
) -> dict[str, Any]:
    """A schema with its references followed and its parts (``allOf``) put together; of alternatives the only one that is no null.

    ``followed`` are references by what they led to, so that each is followed once: one that leads back to itself says nothing.
    """
    followed = {} if followed is None else followed
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return {}
    if "$ref" in schema:
        reference = str(schema["$ref"])
        if reference not in followed:
            followed[reference] = {}
            followed[reference] = resolve(_at(document, reference), document, depth + 1, followed)
        return {**followed[reference], **{k: v for k, v in schema.items() if k != "$ref"}}
    found = dict(schema)
    for part in _list(schema.get("allOf")):
        _merge(found, resolve(part, document, depth + 1, followed))
    for choice in ("oneOf", "anyOf"):
        parts = [resolve(part, document, depth + 1, followed) for part in _list(schema.get(choice))]
        some = [part for part in parts if part.get("type") != "null"]
        if len(some) == 1:
            _merge(found, some[0])
        if len(some) < len(parts):
            found["nullable"] = True
    return found


def _merge(into: dict[str, Any], part: Schema) -> None:
    for name, value in part.items():
        if name == "properties":
            into["properties"] = {**properties(part), **properties(into)}
        elif name == "required":
            into["required"] = [*_list(value), *_list(into.get("required"))]
        else:
            into.setdefault(name, value)


def _at(document: Schema, reference: str) -> Any:
    """What a reference into the document points at; nothing for one into another."""
    node: Any = document
    if not reference.startswith("#/"):
        return {}
    for part in reference[2:].split("/"):
        name = part.replace("~1", "/").replace("~0", "~").replace("%7B", "{").replace("%7D", "}")
        node = node.get(name) if isinstance(node, Mapping) else None
    return node


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def properties(schema: Schema) -> Mapping[str, Any]:
    found = schema.get("properties")
    return found if isinstance(found, Mapping) else {}


def kind(schema: Schema) -> str:
    """The type of a resolved schema; one of several that is no null."""
    said = schema.get("type")
    some = [t for t in _list(said) if t != "null"]
    if isinstance(said, str):
        return said
    if len(some) == 1:
        return str(some[0])
    return "object" if properties(schema) else "array" if "items" in schema else ""


def columns(row: Schema, document: Schema) -> list[DeclaredColumn]:
    """The columns of a row's resolved schema."""
    needed = {str(name) for name in _list(row.get("required"))}
    found = []
    for name, said in properties(row).items():
        schema = resolve(said, document)
        if schema.get("writeOnly") is True:
            continue
        found.append(_column(str(name), schema, str(name) in needed))
    return found


def _column(name: str, schema: Schema, required: bool) -> DeclaredColumn:
    known, format_ = kind(schema), str(schema.get("format") or "")
    nullable = schema.get("nullable") is True or schema.get("x-nullable") is True or "null" in _list(schema.get("type"))
    values = _list(schema.get("enum"))
    texts = tuple(dict.fromkeys(v for v in values if isinstance(v, str))) if known in ("string", "") else ()
    guess = _PERSONAL.get(format_) if known == "string" else None
    return DeclaredColumn(
        name=name,
        type=_TYPES.get((known, format_)) or _PLAIN.get(known) or ("text" if texts else "json"),
        required=required and not nullable and None not in values,
        declared=f"{known} ({format_})" if format_ and known else None,
        values=texts or None,
        personal=Personal(guess=guess, how="document") if guess else None,
    )


def example(schema: Any, document: Schema, depth: int = 0) -> Any:
    """The shape of an answer: objects as they lie in one another, each list with one item, an empty text or 0 at the ends."""
    found = resolve(schema, document)
    known = kind(found)
    if known == "array":
        is_row = kind(resolve(found.get("items"), document)) == "object"
        return [{} if is_row else ""]
    if known == "object" and depth < _DEEPEST_SHAPE:
        return {str(name): example(part, document, depth + 1) for name, part in properties(found).items()}
    return 0 if known in ("integer", "number") else ""


def row_at(schema: Any, path: Sequence[str], document: Schema) -> dict[str, Any]:
    """The schema of one of the rows that lie at a path of an answer."""
    found = resolve(schema, document)
    for part in path:
        found = resolve(properties(found).get(part), document)
    return resolve(found.get("items"), document)
