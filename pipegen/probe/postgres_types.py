"""The canonical type of a PostgreSQL column, by the type that its base has: nothing that it holds is lost as that."""

from __future__ import annotations

import re

_CANONICAL = {
    "smallint": "bigint",
    "integer": "bigint",
    "bigint": "bigint",
    "oid": "bigint",
    "real": "double",
    "double precision": "double",
    "numeric": "decimal(38,18)",
    "money": "decimal(19,2)",
    "boolean": "boolean",
    "date": "date",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
    "time without time zone": "time",
    "bytea": "blob",
    "json": "json",
    "jsonb": "json",
    "uuid": "uuid",
}
_NUMERIC = re.compile(r"numeric\((\d+),(-?\d+)\)")
_MAX_PRECISION = 38


def canonical(base: str, kind: str, category: str) -> str:
    """The canonical type.

    ``base`` is what the server calls the type (a domain's base type), ``kind`` its ``typtype`` and ``category`` its
    ``typcategory``. Arrays, ranges, enums, intervals and all that has no type of its own in the warehouse are texts.
    """
    if kind != "b" or category == "A":
        return "text"
    numeric = _NUMERIC.fullmatch(base)
    if numeric:
        precision, scale = int(numeric[1]), int(numeric[2])
        if scale < 0:  # rounded to tens or hundreds: more digits before the point than the precision says
            precision, scale = precision - scale, 0
        precision = max(precision, scale)
        return f"decimal({precision},{scale})" if precision <= _MAX_PRECISION else "text"
    bare = re.sub(r"\(\d+\)", "", base)  # timestamp(3) without time zone
    return _CANONICAL.get(" ".join(bare.split()), "text")


def told(base: str, type_: str) -> str | None:
    """The server's own name of a type, where the canonical one does not say it."""
    return None if base == type_ else base
