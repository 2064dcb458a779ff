"""Dotted addresses of values in a spec: ``sources.shop_db.tables.orders.freshness``, for ``--set`` and errors."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel

from pipegen.core.errors import UsageError
from pipegen.core.names import did_you_mean, shorten
from pipegen.core.spec.model import Defaults, PipelineSpec
from pipegen.core.spec.sources import SourceSpec, TableSpec

_MOST_NAMED = 8
_SOURCES: tuple[type[BaseModel], ...] = get_args(get_args(SourceSpec)[0])


def assignment(text: str) -> tuple[str, str] | None:
    """``KEY=VALUE`` as address and value, at the first ``=`` outside quotes; None where there is none, or no address."""
    quoted = False
    for i, char in enumerate(text):
        quoted ^= char == '"'
        if char == "=" and not quoted:
            return (text[:i], text[i + 1 :]) if i else None
    return None


def parse(text: str) -> list[str]:
    """Split a dotted address; a part with a dot in it stands in double quotes: ``tables."a.b".key``.

    A double quote in a quoted part is doubled.

    Raises:
        UsageError: an empty part, or a quote that is not closed.
    """
    parts: list[str] = []
    rest = text
    while True:
        if rest.startswith('"'):
            match = re.match(r'"((?:[^"]|"")*)"', rest)
            if not match:
                raise UsageError(f"`{text}`: a quote is not closed")
            part, rest = match[1].replace('""', '"'), rest[match.end() :]
        else:
            part, _, tail = rest.partition(".")
            rest = f".{tail}" if _ else ""
        if not part:
            raise UsageError(f"`{text}` is not an address", hint="for example `defaults.freshness`")
        parts.append(part)
        if not rest:
            return parts
        if not rest.startswith("."):
            raise UsageError(f"`{text}` is not an address", hint="for example `defaults.freshness`")
        rest = rest[1:]


def text(parts: list[str]) -> str:
    """The dotted form of an address; the inverse of :func:`parse`."""
    return ".".join(p if p and not re.search(r'[."=]', p) else f'"{p.replace(chr(34), chr(34) * 2)}"' for p in parts)


def of_decision(parts: list[str]) -> list[str]:
    """An address with a decision's id, which holds dots itself, as one part: ``overrides.shop.orders.extract``."""
    if parts[0] != "overrides" or len(parts) < 3:
        return parts
    fields = parts[-1:] if parts[-1] in ("choice", "because") else []
    return ["overrides", ".".join(parts[1 : len(parts) - len(fields)]), *fields]


def whole(parts: list[str], values: Mapping[str, Any]) -> list[str]:
    """The whole address of one that may begin with a bare key: ``freshness`` is ``defaults.freshness``, ``volume`` the only source's.

    A key of the spec itself comes before one of ``defaults``, that before one of a source, that before one of a table. ``values``
    are those of the spec that is addressed. What is no key of any of them, and like none, is left as it is.

    Raises:
        UsageError: several sources, or tables, have the key; or it is nearly a key, or the name of a source, a table or a mart.
    """
    key = parts[0]
    if key in _keys(PipelineSpec):
        return parts
    if key in _keys(Defaults):
        return ["defaults", *parts]
    found = [["sources", name, *parts] for name, said in _named(values, "sources") if key in _source_keys(said)]
    what = "source"
    if not found and key in _keys(TableSpec):
        what = "table"
        found = [
            ["sources", name, "tables", table, *parts]
            for name, said in _named(values, "sources")
            for table, _ in _named(said, "tables")
        ]
    if len(found) > 1:
        raise UsageError(f"`{text(parts)}` is a key of every {what}, and there are several", hint=_one_of(found))
    if not found:
        _refuse(parts, values)
    return found[0] if found else parts


def _refuse(parts: list[str], values: Mapping[str, Any]) -> None:
    """Refuse an address whose first part is a bare name, a key of another kind of source, or, alone, nearly a key."""
    key = parts[0]
    meant = _of_names(parts, values)
    if meant:
        hint = f"did you mean {' or '.join(f'`{text(one)}`' for one in meant[:_MOST_NAMED])}?"
        raise UsageError(f"unknown key `{shorten(key)}`", hint=hint)
    if len(parts) > 1:
        return
    if key in bare_keys():
        if _named(values, "sources"):
            raise UsageError(f"no source here has a key `{key}`")
    elif near := did_you_mean(key, bare_keys()):
        raise UsageError(f"unknown key `{shorten(key)}`", hint=near)


def _of_names(parts: list[str], values: Mapping[str, Any]) -> list[list[str]]:
    """The addresses that may be meant by one that begins with the name of a source, a table or a mart; or by a decision's id."""
    found = [["marts", *parts]] if parts[0] in dict(_named(values, "marts")) else []
    for source, said in _named(values, "sources"):
        tables = dict(_named(said, "tables"))
        below = parts[1:] if parts[0] == source else None
        if parts[0] in tables:
            found.append(_said_or_decided(["sources", source, "tables", *parts], [source, *parts], _keys(TableSpec)))
        elif below and below[0] in tables:
            found.append(_said_or_decided(["sources", source, "tables", *below], parts, _keys(TableSpec)))
        elif below is not None:
            found.append(_said_or_decided(["sources", source, *below], parts, _source_keys(said)))
    return found


def _said_or_decided(at: list[str], id: list[str], keys: set[str]) -> list[str]:
    """The address of an answer of a thing, or of the decision that its last part names."""
    of_thing = 4 if "tables" in at[2:3] else 2
    key = at[of_thing] if len(at) > of_thing else None
    return at if key is None or key in keys or did_you_mean(key, keys) else ["overrides", *id]


def bare_keys() -> set[str]:
    """Every key that :func:`whole` takes bare."""
    models: tuple[type[BaseModel], ...] = (PipelineSpec, Defaults, TableSpec, *_SOURCES)
    return set().union(*(_keys(model) for model in models))


def _one_of(addresses: Sequence[list[str]]) -> str:
    more = f", and {len(addresses) - _MOST_NAMED} more" if len(addresses) > _MOST_NAMED else ""
    return "say whose: " + ", ".join(f"`{text(a)}`" for a in addresses[:_MOST_NAMED]) + more


def _keys(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def _source_keys(said: Any) -> set[str]:
    """The keys that a source of its kind has."""
    kind = said.get("kind") if isinstance(said, Mapping) else None
    return set().union(*(_keys(m) for m in _SOURCES if kind in get_args(m.model_fields["kind"].annotation)))


def _named(values: Any, group: str) -> list[tuple[str, Any]]:
    """The names below a key that is a mapping of names to things."""
    there = values.get(group) if isinstance(values, Mapping) else None
    return list(there.items()) if isinstance(there, Mapping) else []


def put(data: dict[str, Any], parts: list[str], value: Any) -> None:
    """Set a value, making the mappings on the way.

    A decision's id holds dots itself, so ``overrides.shop_db.orders.extract`` is one key below ``overrides``.

    Raises:
        UsageError: the way leads through a value that is no mapping.
    """
    parts = of_decision(parts)
    if parts[0] == "overrides" and len(parts) == 2 and not isinstance(value, dict):
        value = {"choice": value}
    node: Any = data
    for i, part in enumerate(parts[:-1]):
        if isinstance(node, list):
            node = _item(node, part, parts)
        else:
            if node.get(part) is None:
                node[part] = {}
            node = node[part]
        if not isinstance(node, dict | list):
            raise UsageError(f"`{text(parts[: i + 1])}` is a value, so `{text(parts)}` cannot be set")
    if isinstance(node, list):
        _item(node, parts[-1], parts)
        node[int(parts[-1])] = value
    else:
        node[parts[-1]] = value


def _item(node: list[Any], part: str, parts: list[str]) -> Any:
    if not (part.isascii() and part.isdigit()) or int(part) >= len(node):
        raise UsageError(f"`{text(parts)}`: the list has {len(node)} items, counted from 0")
    return node[int(part)]
