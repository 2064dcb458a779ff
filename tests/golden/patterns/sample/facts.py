"""What the probe measured of a column, in sources/NAME.yml; nothing where it did not."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from ingest import casts
from ingest.declaration import Column

NUMBERS = ("BIGINT", "DOUBLE", "DECIMAL")
# Larger numbers are marks for "no limit", not amounts: sums of them would not fit, or, with places behind the point, not be exact.
_LARGEST_INTEGER = Decimal(10**15)
_LARGEST = Decimal(10**9)
_KINDS = {
    "boolean": "BOOLEAN",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "double precision": "DOUBLE",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMPTZ",
    "time": "TIME",
    "uuid": "UUID",
}
# Room for every digit of a DECIMAL(38, …).
_DIGITS = Context(prec=60)


@dataclass(frozen=True)
class Facts:
    """`rows` and `distinct` are the source's; `values` the only ones that it allows, `least` and `most` of the column's type.

    `type` is the column's at the source, where it is another than the text that lands, or does not, of personal data.
    """

    rows: int = 0
    distinct: int | None = None
    null_rate: float | None = None
    values: tuple[object, ...] = ()
    least: object = None
    most: object = None
    longest: int | None = None
    unique: bool = False
    guess: str = ""
    type: str = ""

    @property
    def ranged(self) -> bool:
        return self.least is not None and self.most is not None

    @property
    def known(self) -> bool:
        """Whether anything was measured that says what its values are like, beyond what a name does."""
        return bool(self.values or self.ranged or self.distinct or self.longest)

    def different(self, count: int) -> int:
        """How many values so many of the source's rows have, were each as frequent as the others."""
        if self.distinct is None:
            return count
        if not self.rows or count >= self.rows:
            return min(count, self.distinct)
        share = 1.0 - float((1 - count / self.rows) ** (self.rows / max(1, self.distinct)))
        return max(1, min(count, round(self.distinct * share)))


def read(column: Column, found: dict[str, Any], rows: int) -> Facts:
    """The facts of a column of a table of so many rows."""
    kind = _kind(column, str(found.get("type") or ""))
    column = replace(column, type=kind)
    ends = [None if column.type == "VARCHAR" else found.get(end) for end in ("least", "most")]
    least, most = (typed(column, end) for end in ends)
    if isinstance(least, Decimal) and isinstance(most, Decimal):
        largest = _LARGEST_INTEGER if column.type == "BIGINT" else _LARGEST
        least, most = max(least, -largest), min(most, largest)
    values = [typed(column, value) for value in found.get("values") or ()]
    in_order = least is not None and most is not None and least <= most
    return Facts(
        rows=rows,
        distinct=(found.get("distinct") or {}).get("value"),
        null_rate=found.get("null_rate"),
        values=tuple(value for value in values if value is not None),
        least=least if in_order else None,
        most=most if in_order else None,
        longest=found.get("longest"),
        unique=bool(found.get("unique")),
        guess=(found.get("personal") or {}).get("guess") or "",
        type=kind,
    )


def _kind(column: Column, measured: str) -> str:
    """The type to make values of: the measured one for a text that was made of something else."""
    measured = measured.lower()
    if column.type != "VARCHAR":
        return column.type
    if re.fullmatch(r"decimal\(\d+, ?\d+\)", measured):
        return measured.upper().replace(" ", "")
    return _KINDS.get(measured, "VARCHAR")


def typed(column: Column, text: object) -> Any:
    """A measured text as a value of the column's type: every number a Decimal, times in UTC; None where it is none."""
    if text is None:
        return None
    try:
        if column.type.startswith(NUMBERS):
            number = Decimal(str(text))
            return number if number.is_finite() else None
        if column.type == "DATE":
            return date.fromisoformat(str(text)[:10])
        if column.type.startswith("TIMESTAMP"):
            moment = datetime.fromisoformat(str(text))
            return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
        if column.type == "TIME":
            return time.fromisoformat(str(text)).replace(tzinfo=None)
    except (InvalidOperation, ValueError, OverflowError):
        return None
    return str(text) if column.type == "VARCHAR" else None


def as_stored(column: Column, value: object) -> object:
    """A number that was measured, as the column's type has it."""
    if not isinstance(value, Decimal):
        return value
    if column.type == "BIGINT":
        return int(value)
    digits = casts.decimal(column.type)
    return (
        value.quantize(Decimal(1).scaleb(-digits[1]), context=_DIGITS) if digits else float(value)
    )
