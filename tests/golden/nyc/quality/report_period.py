"""The days that the page of data quality looks back on, and how what was found is put to them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

# How many tables, checks and the like are shown where there are more: the worst ones.
MOST_PLOTS = 9
MOST_ROWS = 12

# Something by day, `2026-01-31`.
Days = dict[str, float]


@dataclass(frozen=True)
class Period:
    """Whole UTC days up to now."""

    now: datetime
    since: datetime

    @classmethod
    def of(cls, now: datetime, days: int) -> "Period":
        today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return cls(now.astimezone(UTC), today - timedelta(days=days - 1))

    @property
    def starts(self) -> list[datetime]:
        count = (self.now - self.since).days + 1
        return [self.since + timedelta(days=n) for n in range(count)]

    @property
    def days(self) -> list[str]:
        return [f"{start:%Y-%m-%d}" for start in self.starts]


def by_label(rows: Iterable[tuple[str, str, Any]]) -> dict[str, Days]:
    """Rows of (label, day, number) as days by label; of several numbers of one day the highest, and none that is 0."""
    found: dict[str, Days] = {}
    for label, day, number in rows:
        if number:
            days = found.setdefault(label, {})
            days[day] = max(days.get(day, 0), float(number))
    return found


def worst(strips: dict[str, Days]) -> list[dict[str, Any]]:
    """The labels with the highest sums."""
    ordered = sorted(strips.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    return [{"label": label, "days": days} for label, days in ordered[:MOST_PLOTS]]


def section(items: Sequence[Any], all_of: int, **more: Any) -> dict[str, Any]:
    """What is shown of something, and of how many."""
    return {"shown": list(items), "of": all_of, **more}


def iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else None


def age(seconds: float | None) -> str:
    """As people say it: one number, and a place after the point where it is small."""
    if seconds is None:
        return "never"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= size:
            number = seconds / size
            return f"{number:.0f} {unit}" if abs(number) >= 10 else f"{round(number, 1):g} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{round(seconds, 1):g} s"
