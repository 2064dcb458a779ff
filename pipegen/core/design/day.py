"""A schedule as a day of it: at which minutes it starts, and how people say that."""

from __future__ import annotations

import re
from collections.abc import Iterable

_DAY = 1440
_STEP = re.compile(r"\*/(\d+)")


def starts(schedule: str) -> tuple[int, ...]:
    """The minutes of a day, from midnight on, at which a cron expression starts something.

    Empty for one that does not do the same each day, and for what is no cron expression: ``continuous``, ``every 30s``.
    """
    fields = schedule.split()
    if len(fields) != 5 or fields[2:] != ["*", "*", "*"]:
        return ()
    minutes, hours = _values(fields[0], 60), _values(fields[1], 24)
    return tuple(sorted(hour * 60 + minute for hour in hours for minute in minutes))


def in_words(schedule: str) -> str:
    """``every 20 min``, ``every 6 h from 00:30``, ``daily at 06:00``; a schedule that has no short words as it is."""
    at = starts(schedule)
    if not at:
        return schedule
    if len(at) == 1:
        return f"daily at {_clock(at[0])}"
    steps = {(later - earlier) % _DAY for earlier, later in zip(at, (*at[1:], at[0]), strict=True)}
    if len(steps) == 1:
        first = at[0] % steps.copy().pop()
        return f"every {_span(steps.pop())}{f' from {_clock(first)}' if first else ''}"
    return f"at {', '.join(map(_clock, at))}" if len(at) <= 4 else schedule


def by_hour(schedule: str) -> tuple[int, ...]:
    """How many times something starts in each of the 24 hours; empty where :func:`starts` is."""
    at = starts(schedule)
    return tuple(sum(minute // 60 == hour for minute in at) for hour in range(24)) if at else ()


def grid(rows: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Lines of a picture of a day: for each name and schedule, the number of starts in each hour. None where no day is alike."""
    told = [(name, by_hour(schedule)) for name, schedule in rows]
    told = [(name, hours) for name, hours in told if hours]
    if not told:
        return ()
    width = max(3, *(len(name) for name, _ in told))
    head = "UTC".ljust(width) + "".join(f" {hour:02}" for hour in range(24))
    return (head, *(name.ljust(width) + "".join(f" {n or '·':>2}" for n in hours) for name, hours in told))


def _values(field: str, end: int) -> set[int]:
    """The values of one field of a cron expression, below ``end``; none of what cannot be read."""
    values: set[int] = set()
    for part in field.split(","):
        step = _STEP.fullmatch(part)
        if part == "*":
            values.update(range(end))
        elif step and int(step[1]):
            values.update(range(0, end, int(step[1])))
        elif part.isdecimal() and int(part) < end:
            values.add(int(part))
        else:
            return set()
    return values


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _span(minutes: int) -> str:
    if minutes == 1:
        return "minute"
    if minutes == 60:
        return "hour"
    return f"{minutes} min" if minutes % 60 else f"{minutes // 60} h"
