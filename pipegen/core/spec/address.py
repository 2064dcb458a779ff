"""Dotted addresses of values in a spec: ``sources.shop_db.tables.orders.freshness``, for ``--set`` and errors."""

from __future__ import annotations

import re
from typing import Any

from pipegen.core.errors import UsageError


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
