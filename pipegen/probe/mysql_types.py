"""The canonical type of a MySQL or MariaDB column: nothing that it holds is lost as that."""

from __future__ import annotations

import re

_CANONICAL = {
    "tinyint": "bigint", "smallint": "bigint", "mediumint": "bigint", "int": "bigint", "bigint": "bigint", "year": "bigint",
    "float": "double", "double": "double",
    "date": "date", "datetime": "timestamp", "timestamp": "timestamptz", "time": "time",
    "json": "json", "uuid": "uuid",
    "binary": "blob", "varbinary": "blob", "tinyblob": "blob", "blob": "blob", "mediumblob": "blob", "longblob": "blob",
    "geometry": "blob", "point": "blob", "linestring": "blob", "polygon": "blob", "multipoint": "blob",
    "multilinestring": "blob", "multipolygon": "blob", "geometrycollection": "blob", "geomcollection": "blob",
    "vector": "blob",
}  # fmt: skip
_MAX_PRECISION = 38
_UNSIGNED_BIGINT = "decimal(20,0)"
_WIDTH = re.compile(r"\b(tinyint|smallint|mediumint|int|bigint|year)\(\d+\)")
_QUOTED = re.compile(r"'((?:[^'\\]|''|\\.)*)'", re.DOTALL)


def canonical(data_type: str, column_type: str) -> str:
    """The canonical type; ``column_type`` is the whole of what the server says: ``bigint(20) unsigned``.

    A ``timestamp`` is a moment, which the session reads in UTC; a ``datetime`` is what a clock showed. Enums, sets, addresses and
    all that has no type of its own in the warehouse are texts; shapes are the server's own bytes.
    """
    name, whole = data_type.lower(), column_type.lower()
    if name == "tinyint" and whole.startswith("tinyint(1)"):
        return "boolean"
    if name == "bit":
        bits = int(_digits(whole) or 1)
        return "boolean" if bits == 1 else "bigint" if bits < 64 else _UNSIGNED_BIGINT
    if name == "bigint" and "unsigned" in whole:
        return _UNSIGNED_BIGINT
    if name == "decimal":
        match = re.search(r"\((\d+),(\d+)\)", whole)
        assert match, whole
        return f"decimal({match[1]},{match[2]})" if int(match[1]) <= _MAX_PRECISION else "text"
    return _CANONICAL.get(name, "text")


def _digits(text: str) -> str | None:
    found = re.search(r"\((\d+)\)", text)
    return found[1] if found else None


def told(column_type: str, type_: str) -> str | None:
    """The server's own name of a type, where the canonical one does not say it; an enum's values stand elsewhere."""
    if column_type.startswith("enum("):
        return "enum"
    plain = column_type if column_type.startswith("tinyint(1)") else _WIDTH.sub(r"\1", column_type)
    return None if plain == type_ else plain


def enum_values(column_type: str) -> list[str] | None:
    """The values of an enum, in its own order."""
    if not column_type.startswith("enum("):
        return None
    return [text.replace("''", "'") for text in _QUOTED.findall(column_type)]
