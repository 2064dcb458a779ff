"""Human units in, numbers out: durations, volumes, sizes, rates, times of day, factors, shares. Parsed once, here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from pipegen.core.names import shorten

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SCALE = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "b": 10**9, "t": 10**12}
_BYTES = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_NUMBER = r"(?P<number>(?:\d{1,3}(?:,\d{3})+|\d+(?:_\d+)*)(?:\.\d+)?)"
_AMOUNT = rf"{_NUMBER}\s*(?:(?P<scale>[kmgbt]?)\s*(?P<rows>rows?|events?)|(?P<bytes>[kmgt]?b))"
_SIZE = re.compile(_AMOUNT)
_VOLUME = re.compile(rf"{_AMOUNT}\s*/\s*(?P<period>[a-z]+)")
_RATE = re.compile(rf"{_NUMBER}\s*(?P<scale>[kmgbt]?)\s*(?:requests?|calls?)\s*/\s*(?P<period>[a-z]+)")
MONTH_DAYS = 30.44  # on average
_PER_DAY = {"second": 86_400.0, "minute": 1440.0, "hour": 24.0, "day": 1.0, "week": 1 / 7, "month": 1 / MONTH_DAYS}
_PERIOD = {"s": "second", "sec": "second", "min": "minute", "h": "hour", "d": "day", "w": "week"}

DURATION_HINT = "a number and s, m, h, d or w: `15m`, `2h`, `1d`"
VOLUME_HINT = "`N rows/day` or `N GB/day`: `2M rows/day`, `40 GB/day`, `500 rows/s`"
SIZE_HINT = "`N rows` or `N GB`: `3.2M rows`, `40 GB`"
BYTES_HINT = "a number and B, KB, MB, GB or TB: `250 B`, `40 GB`"
RATE_HINT = "`N requests/minute`: `100 requests/minute`, `5 requests/s`"
TIME_HINT = "a time of day in UTC: `06:00`"
FACTOR_HINT = "a number and x: `4x`"
SHARE_HINT = "a percentage: `99%`, `99.9%`"
GROWTH_HINT = "a percentage a period: `5%/month`"
CENTURY = 100 * 365 * 86_400  # s; what is longer is a slip of the keyboard
_MOST = 1e18  # of rows or bytes, held or moved in a day: likewise
_MOST_REQUESTS = 1e9  # a second


def duration(text: str) -> int:
    """Seconds of a duration such as ``15m``, ``2h``, ``1d``, ``1h30m``.

    Raises:
        ValueError: not a duration, not a whole number of seconds, or more than a century.
    """
    compact = text.replace(" ", "").lower()
    if not re.fullmatch(r"(\d+(\.\d+)?[smhdw])+", compact):
        raise ValueError(f"`{shorten(text)}` is not a duration; allowed is {DURATION_HINT}")
    seconds = sum(Decimal(n) * SECONDS[unit] for n, _, unit in re.findall(r"(\d+(\.\d+)?)([smhdw])", compact))
    if seconds > CENTURY:
        raise ValueError(f"`{shorten(text)}` is longer than a century")
    if seconds < 1 or seconds != int(seconds):
        raise ValueError(f"`{shorten(text)}` is not a whole number of seconds above zero")
    return int(seconds)


def duration_text(seconds: int) -> str:
    """The usual way to say a duration, which :func:`duration` reads back: ``90`` is ``90s``, ``5400`` is ``1h30m``."""
    if seconds < 2 * SECONDS["m"] and seconds % SECONDS["m"]:
        return f"{seconds}s"
    parts, rest = [], seconds
    for unit in ("w", "d", "h", "m", "s"):
        if unit == "w" and (rest % SECONDS["w"] or rest < 2 * SECONDS["w"]):
            continue
        count, rest = divmod(rest, SECONDS[unit])
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts)


@dataclass(frozen=True)
class Volume:
    """New or changed data: rows a day or bytes a day, whichever was said."""

    rows_per_day: float | None = None
    bytes_per_day: float | None = None


def volume(text: str) -> Volume:
    """Parse ``2M rows/day`` or ``40 GB/day``; any period from a second to a month.

    Raises:
        ValueError: not a volume.
    """
    match = _VOLUME.fullmatch(text.strip().lower())
    per_day = _per_day(match["period"]) if match else None
    if match is None or per_day is None:
        raise ValueError(f"`{shorten(text)}` is not a volume; allowed is {VOLUME_HINT}")
    moved = _amount(match) * per_day
    if moved > _MOST:
        raise ValueError(f"`{shorten(text)}` is more than anything moves in a day")
    return Volume(rows_per_day=moved) if match["rows"] else Volume(bytes_per_day=moved)


def _amount(match: re.Match[str]) -> float:
    """Rows or bytes of ``2M rows`` or ``40 GB``."""
    return _number(match) * (_SCALE[match["scale"]] if match["rows"] else _BYTES[match["bytes"]])


def _number(match: re.Match[str]) -> float:
    return float(re.sub("[_,]", "", match["number"]))


def _per_day(period: str) -> float | None:
    """How often a period comes in a day; None where it is none."""
    return _PER_DAY.get(_PERIOD.get(period, period))


@dataclass(frozen=True)
class Size:
    """What a table holds: rows or bytes, whichever was said."""

    rows: float | None = None
    bytes: float | None = None


def size(text: str) -> Size:
    """Parse ``3.2M rows`` or ``40 GB``.

    Raises:
        ValueError: not a size.
    """
    match = _SIZE.fullmatch(text.strip().lower())
    if match is None:
        raise ValueError(f"`{shorten(text)}` is not a size; allowed is {SIZE_HINT}")
    held = _amount(match)
    if held > _MOST:
        raise ValueError(f"`{shorten(text)}` is more than any table holds")
    return Size(rows=held) if match["rows"] else Size(bytes=held)


def bytes_(text: str) -> float:
    """Parse ``250 B`` or ``40 GB``, in powers of 1,000; above zero.

    Raises:
        ValueError: not an amount of bytes.
    """
    match = _SIZE.fullmatch(text.strip().lower())
    held = _amount(match) if match is not None and match["bytes"] else 0
    if not 0 < held <= _MOST:
        raise ValueError(f"`{shorten(text)}` is not an amount of bytes; allowed is {BYTES_HINT}")
    return held


def request_rate(text: str) -> float:
    """Parse ``100 requests/minute`` as requests a second; above zero.

    Raises:
        ValueError: not a rate.
    """
    match = _RATE.fullmatch(text.strip().lower())
    per_day = _per_day(match["period"]) if match else None
    rate = _number(match) * _SCALE[match["scale"]] * per_day / _PER_DAY["second"] if match and per_day else 0
    if not 0 < rate <= _MOST_REQUESTS:
        raise ValueError(f"`{shorten(text)}` is not a rate; allowed is {RATE_HINT}")
    return rate


def time_of_day(text: str) -> tuple[int, int]:
    """Parse ``06:00`` as hour and minute.

    Raises:
        ValueError: not a time of day.
    """
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text.strip())
    if not match:
        raise ValueError(f"`{shorten(text)}` is not a time; allowed is {TIME_HINT}")
    return int(match[1]), int(match[2])


def factor(text: str) -> float:
    """Parse ``4x``; at least 1.

    Raises:
        ValueError: not a factor.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*x", text.strip().lower())
    if not match or not 1 <= float(match[1]) <= 1e6:
        raise ValueError(f"`{shorten(text)}` is not a factor of at least 1; allowed is {FACTOR_HINT}")
    return float(match[1])


def share(text: str) -> float:
    """Parse ``99.9%`` as 0.999; above 0 % and below 100 %.

    Raises:
        ValueError: not a share.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", text.strip())
    if not match or not 0 < float(match[1]) < 100:
        raise ValueError(f"`{shorten(text)}` is not above 0% and below 100%; allowed is {SHARE_HINT}")
    return float(match[1]) / 100


def growth(text: str) -> float:
    """Parse ``5%/month`` as the fraction a month, 0.05; a day, week or year is converted by compounding.

    Raises:
        ValueError: not a growth.
    """
    match = re.fullmatch(r"(-?\d+(?:\.\d+)?)\s*%\s*/\s*(day|week|month|year)", text.strip().lower())
    if not match or not -100 < float(match[1]) <= 1000:
        raise ValueError(f"`{shorten(text)}` is not a growth; allowed is {GROWTH_HINT}")
    periods = {"day": MONTH_DAYS, "week": MONTH_DAYS / 7, "month": 1.0, "year": 1 / 12}[match[2]]
    return float((1 + float(match[1]) / 100) ** periods - 1)
