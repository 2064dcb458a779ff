"""How old what readers see was at each moment, against what was asked for.

A load is seen when the marts of its table are built after it (staging, where a table has no mart), as far back as `ops.checks`
knows of builds. Its age counts from the moment it was committed. The alerts and dashboards measure the same.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ingest.sql import literal
from ingest.warehouse import Warehouse
from quality.report_period import MOST_PLOTS, Days, Period, section

Stretch = tuple[datetime, datetime]
# Loads of so many tables are held in memory at once.
TABLES_AT_ONCE = 50


@dataclass(frozen=True)
class Freshness:
    """One table: when it was late, and by day its age at the worst moment. `first` and `complete` are None before the first load."""

    source: str
    name: str
    target: int
    first: datetime | None
    complete: datetime | None
    age: float | None
    late: list[Stretch]
    oldest: Days

    @property
    def is_late(self) -> bool:
        return self.age is not None and self.age > self.target


def of_tables(db: Warehouse, checks: dict[str, Any], period: Period) -> list[Freshness]:
    """Every table that is declared."""
    marts: dict[str, list[str]] = {}
    for mart in checks["marts"]:
        marts.setdefault(mart["staging"], []).append(mart["mart"])
    found = []
    for first in range(0, len(checks["staging"]), TABLES_AT_ONCE):
        some = checks["staging"][first : first + TABLES_AT_ONCE]
        loads = _loads(db, some, period)
        models = {
            (one["source"], one["table"]): [
                *([one["model"]] if one["dedupe"] else []),
                *marts.get(one["model"], [one["model"]]),
            ]
            for one in some
        }
        builds = _builds(db, {name for names in models.values() for name in names}, period)
        for one in some:
            which = one["source"], one["table"]
            its_builds = [builds[name] for name in models[which] if name in builds]
            found.append(freshness(one, seen_from(loads.get(which, []), its_builds), period))
    return found


def _builds(db: Warehouse, models: Collection[str], period: Period) -> dict[str, list[datetime]]:
    """By model: when the builds that came through were begun."""
    query = (
        "SELECT name, checked_at FROM ops.checks WHERE kind = 'build' AND status = 'pass' "
        f"AND checked_at >= ? AND name IN ({', '.join(map(literal, sorted(models)))}) ORDER BY 2"
    )
    found: dict[str, list[datetime]] = {}
    for name, moment in db.execute(query, [period.since]):
        found.setdefault(name, []).append(moment)
    return found


def _loads(
    db: Warehouse, targets: Sequence[dict[str, Any]], period: Period
) -> dict[tuple[str, str], list[datetime]]:
    """When each table was loaded within the period; with it the newest load before."""
    names = ", ".join(f"({literal(one['source'])}, {literal(one['table'])})" for one in targets)
    of_some = f"kind IN ('full', 'incremental') AND (source, \"table\") IN ({names})"
    before = (
        'SELECT source, "table", max(loaded_at) FROM ops.loads '
        f"WHERE {of_some} AND loaded_at < ? GROUP BY 1, 2"
    )
    within = (
        'SELECT source, "table", loaded_at FROM ops.loads '
        f"WHERE {of_some} AND loaded_at >= ? ORDER BY loaded_at"
    )
    loads: dict[tuple[str, str], list[datetime]] = {}
    for query in (before, within):
        for source, table, moment in db.execute(query, [period.since]):
            loads.setdefault((source, table), []).append(moment)
    return loads


def seen_from(loads: Sequence[datetime], builds: Sequence[Sequence[datetime]]) -> list[Stretch]:
    """From when on which load was seen: when all models of the table were begun after it.

    Of several loads that come to be seen at once, the newest. `builds` has the times of each model; before the first known
    one, a load counts as seen when it is there.
    """
    seen: dict[datetime, datetime] = {}
    for load in loads:
        begun = [load]
        for times in builds:
            if load >= times[0]:
                place = bisect_right(times, load)
                if place == len(times):
                    break  # not built yet
                begun.append(times[place])
        else:
            seen[max(begun)] = load
    return sorted(seen.items())


def freshness(target: dict[str, Any], seen: Sequence[Stretch], period: Period) -> Freshness:
    allowed = target["freshness_seconds"]
    late = [
        (max(start, complete + timedelta(seconds=allowed)), end)
        for start, end, complete in _stretches(seen, period.now)
    ]
    complete = seen[-1][1] if seen else None
    return Freshness(
        source=target["source"],
        name=f"{target['source']}.{target['table']}",
        target=allowed,
        first=seen[0][0] if seen else None,
        complete=complete,
        age=(period.now - complete).total_seconds() if complete else None,
        late=[(start, end) for start, end in late if start < end],
        oldest=_oldest(seen, period),
    )


def _stretches(
    seen: Sequence[Stretch], now: datetime
) -> Iterator[tuple[datetime, datetime, datetime]]:
    """From, to, and up to when what was seen in between is complete."""
    ends = [start for start, _ in seen[1:]] + [now]
    for (start, complete), end in zip(seen, ends, strict=False):
        yield start, end, complete


def _oldest(seen: Sequence[Stretch], period: Period) -> Days:
    found: Days = {}
    for start, end, complete in _stretches(seen, period.now):
        day = max(start, period.since).replace(hour=0, minute=0, second=0, microsecond=0)
        while day < end:
            after = day + timedelta(days=1)
            age = (min(end, after) - complete).total_seconds()
            name = f"{day:%Y-%m-%d}"
            found[name] = max(found.get(name, 0.0), round(age))
            day = after
    return found


def together(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same time, with no overlaps."""
    found: list[Stretch] = []
    for start, end in sorted(stretches):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def seconds_within(stretches: Iterable[Stretch], low: datetime, high: datetime) -> float:
    cut = ((max(start, low), min(end, high)) for start, end in stretches)
    return sum((end - start).total_seconds() for start, end in cut if start < end)


def plots(tables: Sequence[Freshness], period: Period) -> dict[str, Any]:
    """The tables that were late for longest; then those that came closest to it."""
    found = []
    for table in tables:
        if table.first:
            late = seconds_within(table.late, period.since, period.now)
            closest = max(table.oldest.values(), default=0) / table.target
            found.append((late, closest, table))
    found.sort(key=lambda one: (-one[0], -one[1], one[2].name))
    shown = [
        {
            "name": table.name,
            "target": table.target,
            "age": round(table.age or 0),
            "late_seconds": round(late),
            "days": table.oldest,
        }
        for late, _, table in found[:MOST_PLOTS]
    ]
    return section(shown, len(found))
