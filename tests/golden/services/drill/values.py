"""One form for each value, whichever driver it came from, so that two can be compared."""

import json
import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

_DECIMAL = re.compile(r"DECIMAL\((\d+), *(\d+)\)")


def scale(kind: str) -> int | None:
    """The digits after the point of a DECIMAL type; None for another type."""
    match = _DECIMAL.fullmatch(kind)
    return int(match[2]) if match else None


def canonical(kind: str, value: Any) -> Any:
    """The value as one of its declared type: hashable, and equal to every other form of the same value."""
    if value is None:
        return None
    digits = scale(kind)
    if digits is not None:
        return _decimal(value).quantize(Decimal(1).scaleb(-digits))
    return _FORMS[kind](value)


def _decimal(value: Any) -> Decimal:
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(str(value))


def _moment(value: Any) -> datetime:
    """In UTC, without a zone: what has none is UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    elif isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    moment: datetime = value
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _boolean(value: Any) -> bool:
    return value.lower() in ("true", "t", "1") if isinstance(value, str) else bool(value)


def _date(value: Any) -> date:
    return _moment(value).date()


def _time(value: Any) -> time:
    return time.fromisoformat(value) if isinstance(value, str) else value


def _json(value: Any) -> str:
    """A document by its content. `value` is its text, or what a driver made of that."""
    if isinstance(value, (str, bytes)):
        value = json.loads(value)
    return json.dumps(value, sort_keys=True)


_FORMS = {
    "BIGINT": int,
    "DOUBLE": lambda value: float(f"{float(value):.12g}"),
    "BOOLEAN": _boolean,
    "DATE": _date,
    "TIMESTAMP": _moment,
    "TIMESTAMPTZ": _moment,
    "TIME": _time,
    "UUID": lambda value: UUID(str(value)),
    "BLOB": lambda value: value.encode() if isinstance(value, str) else bytes(value),
    "JSON": _json,
    "VARCHAR": str,
}
