"""MySQL's and MariaDB's values: how each type is asked for, added up, and handed on as Arrow.

Values come as the server writes them, and are made what they are by Arrow, a column at a time; what does not fit goes on
as text, and is judged row by row by ingest/parse.py. A date that is all zeros stands for none: it is read as null and
counted, or, where the declaration's options say `"zero_dates": "quarantine"`, its row is set aside.
"""

import re
from collections.abc import Sequence
from datetime import UTC
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

from ingest import casts
from ingest.declaration import Column, Table
from ingest.sources import as_moment

_WIDTH = re.compile(r"^((?:small|medium|big)?int|integer|tinyint|year)\(\d+\)")
_INTEGERS = ("tinyint", "smallint", "mediumint", "int", "integer", "bigint", "year", "bit")
_MOMENTS = ("date", "datetime", "timestamp")
_BINARY = ("blob", "tinyblob", "mediumblob", "longblob", "binary", "varbinary", "vector")
_SHAPES = (
    "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
    "geometrycollection", "geomcollection",
)  # fmt: skip
_FIRST = "0001-01-01"
_BIGINT = 2**63


def named(name: str) -> str:
    """A name in SQL that PyMySQL fills in."""
    return "`" + name.replace("`", "``").replace("%", "%%") + "`"


def plain_type(declared: str) -> str:
    """A type without what says nothing of its values: the width that numbers are shown in."""
    text = " ".join(declared.lower().split())
    if text.startswith("tinyint(1)"):
        return text
    return _WIDTH.sub(r"\1", text).removesuffix(" zerofill")


def bare(kind: str) -> str:
    return kind.split("(")[0].split(" ")[0]


def same_type(declared: str, found: str) -> bool:
    """Whether two names are of one type; MariaDB keeps JSON as a long text, and an enum may go without its values, a
    time that is kept as text without its places.
    """
    left, right = plain_type(declared), plain_type(found)
    if left in ("enum", "time"):
        return bare(right) == left
    return left == right or {left, right} == {"json", "longtext"}


def value(column: Column, types: dict[str, str]) -> str:
    """A column as it is read: what the server would write inexactly, or not as text, in another form."""
    kind, name = types.get(column.name), named(column.name)
    if kind is None:
        return "NULL"
    if bare(kind) == "float":
        return f"{name} + 0e0"  # else it is shown with six digits
    if bare(kind) == "bit" or kind.endswith("zerofill"):
        return f"{name} + 0"
    if bare(kind) in _SHAPES:
        return f"ST_AsBinary({name})" if column.type == "BLOB" else f"ST_AsText({name})"
    return name


def moment(column: Column) -> str:
    """SQL: whether a watermark is a real date."""
    name = named(column.name)
    return f"({name} >= '{_FIRST}' AND {name} + INTERVAL 0 DAY IS NOT NULL)"


def total(column: Column, types: dict[str, str]) -> str:
    """The sum of what the declared type can hold."""
    kind, name = types[column.name], named(column.name)
    number = bare(kind)
    if number in _INTEGERS or number == "decimal":
        whole = f"({name} + 0)" if number in ("bit", "year") else name
        digits = casts.decimal(column.type)
        if digits:
            precision, scale = digits
            fits = (
                f"ABS({whole}) < 1{'0' * (precision - scale)} AND {whole} = ROUND({whole}, {scale})"
            )
            return f"SUM(CASE WHEN {fits} THEN {whole} END)"
        if column.type == "BIGINT" and (
            number == "decimal" or "unsigned" in kind or number == "bit"
        ):
            fits = f"{whole} BETWEEN {-_BIGINT} AND {_BIGINT - 1} AND {whole} = ROUND({whole})"
            return f"SUM(CASE WHEN {fits} THEN {whole} END)"
        return f"SUM({whole})"
    if column.type == "BIGINT" and number not in ("float", "double"):
        return (
            f"SUM(CASE WHEN {name} REGEXP '^[+-]?[0-9]{{1,18}}$' THEN CAST({name} AS SIGNED) END)"
        )
    return f"SUM({name} + 0e0)"


def array(column: Column, kind: str | None, values: Sequence[bytes | None]) -> pa.Array:
    """The values of a column as the declared type, or, where one of them is not of it, as text, or as the bytes they are."""
    found = pa.array(values, pa.binary())
    if kind is None:
        return found.cast(pa.string())
    if bare(kind) in _BINARY or (bare(kind) in _SHAPES and column.type == "BLOB"):
        return found
    try:
        text = found.cast(pa.string())
        return _typed(column, bare(kind), text)
    except pa.ArrowInvalid:
        return _text_or(found)


def _text_or(found: pa.Array) -> pa.Array:
    try:
        return found.cast(pa.string())
    except pa.ArrowInvalid:
        return found


def _typed(column: Column, kind: str, text: pa.Array) -> pa.Array:
    digits = casts.decimal(column.type)
    if kind in _INTEGERS:
        if column.type in ("BIGINT", "BOOLEAN"):
            return text.cast(pa.int64())
    elif kind in ("float", "double"):
        return text.cast(pa.float64())
    elif kind in ("date", "datetime", "timestamp"):
        if kind == "date" and column.type == "DATE":
            return text.cast(pa.date32())
        if kind != "date" and column.type == "TIMESTAMP":
            return text.cast(pa.timestamp("us"))
        if kind != "date" and column.type == "TIMESTAMPTZ":  # the session's time zone is UTC
            return text.cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))
    if kind in (*_INTEGERS, "decimal") and digits:
        return text.cast(pa.decimal128(*digits))
    return text


def without_zeros(
    kind: str | None, values: Sequence[bytes | None]
) -> tuple[Sequence[bytes | None], int]:
    """The values with none in the place of dates of the year zero, and how many of those there were."""
    if kind is None or bare(kind) not in _MOMENTS:
        return values, 0
    kept = [None if v is not None and v.startswith(b"0000-") else v for v in values]
    found = kept.count(None) - list(values).count(None)
    return (kept, found) if found else (values, 0)


def parameter(kind: str, given: object) -> Any:
    """A value that is compared with a column, as the column has it: a number as a number, a time in UTC."""
    text = given.decode() if isinstance(given, bytes) and bare(kind) not in _BINARY else given
    if bare(kind) in (*_INTEGERS, "decimal", "float", "double"):
        try:
            number = Decimal(str(text))
            return int(number) if number == number.to_integral_value() else number
        except (InvalidOperation, OverflowError):
            return text
    if bare(kind) in _MOMENTS and (at := as_moment(str(text))):
        at = at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
        return at.isoformat(sep=" ")
    return text


def keeps_zeros(table: Table) -> bool:
    """Whether a row with a zero date is set aside."""
    return table.options.get("zero_dates") == "quarantine"
