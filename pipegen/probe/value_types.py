"""The type of a column of texts, from every one of its values: the narrowest that loses nothing.

The checks are DuckDB expressions over ``s``, a value without the blanks around it. A number with leading zeros is a code,
not a number; ``0`` and ``1`` are numbers, not booleans; a date in any but ISO order is a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

_INT = r"-?(0|[1-9]\d*)"
_MONEY = r"-?((0|[1-9]\d{0,15})(\.\d{1,2})?|\.\d{1,2})"
# `1e3` is a number that R and Python write; `1E3` may be a code, `1.0E3` and `1E+3` are not
_DOUBLE = r"-?((0|[1-9]\d*)(\.\d*)?|\.\d+)(e[-+]?\d+|E[-+]\d+)?|-?\d\.\d+E\d+|-?(inf|Infinity)"
# No more digits than a double keeps: 15 of a whole number, 17 of what was a double once
_EXACT_DOUBLE = (
    r"not regexp_full_match(s, '-?\d{16,}') and "
    "length(ltrim(regexp_replace(regexp_replace(s, '[eE].*', ''), '[^0-9]', '', 'g'), '0')) <= 17 and "
    "(isfinite(try_cast(s as double)) or s like '%inf' or s like '%Infinity')"
)
_DATE = r"\d{4}-\d{2}-\d{2}"
_CLOCK = r"\d{2}:\d{2}(:\d{2}(\.\d{1,6}0*)?)?"
_ZONE = r" ?(Z|UTC|[+-]\d{2}(:?\d{2})?)"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


@dataclass(frozen=True)
class Check:
    """A type's pattern, for Python and DuckDB alike, and what must hold besides, as a DuckDB expression over ``s``."""

    type: str
    pattern: str
    besides: str = "true"

    @property
    def sql(self) -> str:
        return f"(regexp_full_match(s, '{self.pattern}') and {self.besides})"

    def may_hold(self, values: Iterable[str]) -> bool:
        """Whether the pattern fits values; what else must hold is for the engine to see."""
        pattern = re.compile(self.pattern, re.ASCII)
        return all(pattern.fullmatch(value.strip(" ")) for value in values)


def _casts(type_: str) -> str:
    return f"try_cast(s as {type_}) is not null"


LADDER = (
    Check("boolean", "(?i:true|false)"),
    Check("bigint", _INT, _casts("bigint")),
    Check("decimal(38,0)", _INT, "length(ltrim(s, '-')) <= 38"),
    Check("decimal(18,2)", _MONEY),
    Check("double", _DOUBLE, f"{_casts('double')} and {_EXACT_DOUBLE}"),
    Check("date", _DATE, _casts("date")),
    Check("timestamp", f"{_DATE}([ T]{_CLOCK})?", _casts("timestamp")),
    Check("timestamptz", f"{_DATE}[ T]{_CLOCK}{_ZONE}", _casts("timestamptz")),
    Check("time", _CLOCK, _casts("time")),
    Check("uuid", _UUID),
    Check("json", r"(?s:[\[{].*)", "json_valid(s)"),
)
TYPES = tuple(check.type for check in LADDER)
NUMBERS = ("bigint", "decimal(38,0)", "decimal(18,2)", "double")
STRINGS = ("date", "timestamp", "timestamptz", "time", "uuid")

# Texts that files write for a missing value. These two never mean anything else; the others count where the rest of some
# column of the table are numbers, times or booleans: `NA` alone may be Namibia.
ALWAYS_NULL = ("NULL", "\\N")
NULL_TOKENS = (*ALWAYS_NULL, "NA", "N/A", "n/a", "#N/A", "null", "None", "NaN", "nan", "-")


@dataclass(frozen=True)
class TextFacts:
    """What the values of a column show, apart from ``tokens``: null tokens in it and how often each is there.

    ``some`` are a few of its different values, for a look at whether they are personal; they are kept nowhere.
    """

    type: str
    nulls: int
    distinct: int
    longest: int | None = None
    tokens: Mapping[str, int] = field(default_factory=dict)
    least: str | None = None
    most: str | None = None
    some: Sequence[str] | None = field(default=None, repr=False)

    def nulls_with(self, nulls: Iterable[str]) -> int:
        return self.nulls + sum(self.tokens.get(token, 0) for token in nulls)

    def distinct_without(self, nulls: Iterable[str]) -> int:
        return self.distinct - len(self.tokens.keys() & set(nulls))


def table_nulls(columns: Iterable[TextFacts]) -> list[str]:
    """The texts that stand for a missing value in a table; an empty field always does."""
    seen: set[str] = set()
    for column in columns:
        shown = column.tokens if column.type != "text" else [t for t in column.tokens if t in ALWAYS_NULL]
        seen.update(shown)
    return ["", *(token for token in NULL_TOKENS if token in seen)]
