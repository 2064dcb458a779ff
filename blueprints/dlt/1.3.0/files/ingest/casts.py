"""Casts to the declared types that change no value: what a cast would round, cut or shift counts as not castable.

DuckDB's own casts are lenient ('1.7' becomes the BIGINT 2, '2026-01-01 12:30' the DATE 2026-01-01, and an offset on
a TIMESTAMP is dropped). Each function here gives SQL over an expression `value`; `exact` is SQL that is false for
such a value. Two roundings are accepted: digits below a microsecond are cut, and a binary floating-point number
becomes the DECIMAL it stands for when it is within 1e-9 of it.
"""

import re
from dataclasses import dataclass

_INTEGERS = {
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT",
    "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
}  # fmt: skip
_FLOATS = {"FLOAT", "DOUBLE"}
_MOMENTS = {
    "DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE",
}  # fmt: skip
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")
_OFFSET = r":\d{2}(\.\d+)?\s*[+-]\d{1,2}(:?\d{2})?\s*$"
_NO_OFFSET = r"[+-]00?(:?00)?\s*$"
_CLOCK = r"\s*\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*"


@dataclass(frozen=True)
class Cast:
    """SQL of the typed value (NULL when it cannot be cast) and of the test that the cast kept the value."""

    typed: str
    exact: str


def decimal(sql_type: str) -> tuple[int, int] | None:
    """Precision and scale of a DECIMAL type."""
    match = _DECIMAL.fullmatch(sql_type)
    return (int(match[1]), int(match[2])) if match else None


def is_numeric(sql_type: str) -> bool:
    return sql_type in ("BIGINT", "DOUBLE") or decimal(sql_type) is not None


def storage_type(sql_type: str) -> str:
    """The name that DuckDB itself gives the declared type."""
    return "TIMESTAMP WITH TIME ZONE" if sql_type == "TIMESTAMPTZ" else sql_type


def cast(value: str, held: str, declared: str, typed: str | None = None) -> Cast:
    """The cast of `value`, which DuckDB holds as type `held`, to the `declared` type.

    `typed` names the column where an inner query put the typed value, so that it is not computed twice.
    """
    held = held.upper()
    if held == storage_type(declared):
        return Cast(value, _finite(value, declared))
    if held.startswith(("STRUCT", "MAP", "UNION")) or held.endswith("]"):
        value = f"to_json({value})::VARCHAR"
    elif _is_typed(held, declared):
        return _typed_cast(value, held, declared, typed)
    elif held == "BLOB":
        value = f"try(decode({value}))"
    elif held != "VARCHAR":
        value = f"{value}::VARCHAR"
    return _text_cast(value, declared, typed)


def _is_typed(held: str, declared: str) -> bool:
    number = held in _INTEGERS | _FLOATS or decimal(held) is not None
    if is_numeric(declared):
        return number or held == "BOOLEAN"
    if declared == "BOOLEAN":
        return held in _INTEGERS
    return storage_type(declared) in _MOMENTS and held in _MOMENTS


def _typed_cast(value: str, held: str, declared: str, typed: str | None) -> Cast:
    expression = f"TRY_CAST({value} AS {declared})"
    typed = typed or expression
    if held == "TIMESTAMP_NS" and declared in ("TIMESTAMP", "TIMESTAMPTZ"):
        exact = "true"
    elif held in _FLOATS and decimal(declared):
        exact = f"abs({typed}::DOUBLE - {value}) <= 1e-9 * abs({value})"
    else:
        exact = f"TRY_CAST({typed} AS {held}) = {value}"
    return Cast(expression, f"coalesce({exact} AND {_finite(typed, declared)}, false)")


def _text_cast(value: str, declared: str, typed: str | None) -> Cast:
    expression = f"TRY_CAST({value} AS {declared})"
    if declared == "VARCHAR":
        return Cast(value, f"{value} IS NOT NULL")
    if declared == "BLOB":
        return Cast(f"encode({value})", f"{value} IS NOT NULL")
    typed = typed or expression
    otherwise = _text_exact(value, typed, declared)
    if otherwise is None:
        return Cast(expression, _finite(typed, declared))
    # Most values are written as DuckDB would write them: that comparison is much cheaper than a pattern.
    return Cast(
        expression,
        f"CASE WHEN {typed} IS NULL THEN false "
        f"WHEN {typed}::VARCHAR = {value} THEN {_finite(typed, declared)} ELSE {otherwise} END",
    )


def _text_exact(value: str, typed: str, declared: str) -> str | None:
    """SQL: is `typed`, which is not NULL, the same value as the text. None for a type whose cast loses nothing."""
    precision, scale = decimal(declared) or (19, 0)
    if is_numeric(declared) and declared != "DOUBLE":
        whole = r"\d+" if scale == 0 else r"\d*"
        plain = rf"\s*[+-]?{whole}(\.\d{{0,{scale}}}0*)?\s*"
        wide = f"TRY_CAST({value} AS DECIMAL(38,{38 - precision + scale}))"
        return (
            f"regexp_full_match({value}, '{plain}') "
            f"OR (contains(lower({value}), 'e') AND coalesce({wide} = {typed}, false))"
        )
    if declared == "DATE":
        return (
            f"isfinite({typed}) AND coalesce(TRY_CAST({value} AS TIMESTAMP) = {typed}, false) "
            f"AND NOT regexp_matches({value}, '{_OFFSET}')"
        )
    if declared == "TIMESTAMP":
        offset = (
            f"regexp_matches({value}, '{_OFFSET}') AND NOT regexp_matches({value}, '{_NO_OFFSET}')"
        )
        return f"isfinite({typed}) AND NOT ({offset})"
    if declared == "TIME":
        return f"regexp_full_match({value}, '{_CLOCK}')"
    return None


def _finite(typed: str, declared: str) -> str:
    moments = ("DATE", "TIMESTAMP", "TIMESTAMPTZ")
    return f"isfinite({typed})" if declared in moments else f"{typed} IS NOT NULL"
