"""What the loads brought by day: rows, quarantine, deletes, failures, seconds. Plots are of the worst tables."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ingest.warehouse import Warehouse
from quality.report_period import MOST_PLOTS, MOST_ROWS, Days, Period, by_label, iso, section, worst

# By source and table: what is watched of it, of quality/checks.json.
Watch = dict[tuple[str, str], dict[str, Any]]


@dataclass
class Volumes:
    """One table by day: rows of a run (the mean of the day's runs), set aside, deleted; seconds of the slowest run."""

    name: str
    read: Days = field(default_factory=dict)
    landed: Days = field(default_factory=dict)
    quarantined: Days = field(default_factory=dict)
    deleted: Days = field(default_factory=dict)
    seconds: Days = field(default_factory=dict)
    runs: Days = field(default_factory=dict)

    @property
    def usual(self) -> float:
        """What a run brought in the week before its newest day."""
        before = list(self.read.values())[:-1][-7:]
        return sum(before) / len(before) if before else 0.0

    @property
    def change(self) -> float:
        """Of the newest day against the usual; -1 is a loss of all."""
        newest = list(self.read.values())[-1] if self.read else 0.0
        return newest / self.usual - 1 if self.usual else 0.0


def by_table(db: Warehouse, period: Period) -> list[Volumes]:
    """The loads of the period, a day at a time. Rows of backfills and replays are not what a run brings."""
    regular = "CASE WHEN kind IN ('full', 'incremental') THEN"
    day = db.day("loaded_at")
    query = (
        f'SELECT source, "table", {day}, avg({regular} rows_read END), avg({regular} rows_landed END), '
        f"max(rows_quarantined), sum(rows_deleted), max({regular} seconds END), count(*) "
        "FROM ops.loads WHERE loaded_at >= ? GROUP BY 1, 2, 3 ORDER BY 3, 1, 2"
    )
    found: dict[str, Volumes] = {}
    for source, table, when, *numbers in db.execute(query, [period.since]):
        one = found.setdefault(f"{source}.{table}", Volumes(f"{source}.{table}"))
        kept = (one.read, one.landed, one.quarantined, one.deleted, one.seconds, one.runs)
        for days, number in zip(kept, numbers, strict=True):
            if number is not None:
                days[when] = round(float(number), 1)
    return list(found.values())


def volumes(tables: Sequence[Volumes]) -> dict[str, Any]:
    """Those that fell most against their usual, then the largest."""
    ordered = sorted(tables, key=lambda one: (min(0.0, round(one.change, 1)), -one.usual, one.name))
    shown = [
        {
            "name": one.name,
            "usual": round(one.usual),
            "change": round(one.change, 3),
            "read": one.read,
            "landed": one.landed,
        }
        for one in ordered[:MOST_PLOTS]
        if one.read
    ]
    return section(shown, len(tables))


def rows_by_source(tables: Sequence[Volumes]) -> list[dict[str, Any]]:
    """Rows read by day: what a run brought times the runs."""
    sums: dict[str, Days] = defaultdict(lambda: defaultdict(float))
    for one in tables:
        for day, rows in one.read.items():
            sums[one.name.split(".")[0]][day] += round(rows * one.runs.get(day, 1))
    return worst({source: dict(days) for source, days in sums.items()})


def moved(tables: Sequence[Volumes], what: str) -> dict[str, Any]:
    """Rows quarantined or deleted, by day, of the tables that have any."""
    found = by_label(
        (one.name, day, rows) for one in tables for day, rows in getattr(one, what).items()
    )
    return section(worst(found), len(found))


def slow(tables: Sequence[Volumes]) -> dict[str, Any]:
    """The loads that take longest, by their newest day."""
    timed = [one for one in tables if one.seconds]
    ordered = sorted(timed, key=lambda one: (-list(one.seconds.values())[-1], one.name))
    shown = []
    for one in ordered[:MOST_PLOTS]:
        spent = list(one.seconds.values())
        mean = sum(spent) / len(spent)
        shown.append(
            {"name": one.name, "newest": spent[-1], "mean": round(mean, 1), "longest": max(spent), "days": one.seconds}
        )  # fmt: skip
    return section(shown, len(timed))


def failures(db: Warehouse, period: Period) -> list[dict[str, Any]]:
    """Loads and backfills that failed, by day and reason."""
    query = (
        f"SELECT what, reason, {db.day('failed_at')}, count(*) FROM ops.failures "
        "WHERE failed_at >= ? GROUP BY 1, 2, 3"
    )
    rows = db.execute(query, [period.since])
    label = {"backfill": "backfill: {}", "load": "{}"}
    return worst(
        by_label(
            (label.get(what, "{}").format(said(reason)), day, n) for what, reason, day, n in rows
        )
    )


def said(reason: str) -> str:
    return reason.replace("_", " ")


def quarantine(db: Warehouse, watch: Watch) -> dict[str, Any]:
    """What is in quarantine now, and why; never the rows themselves."""
    limits = {which: one["quarantined"] for which, one in watch.items()}
    counts = db.execute(
        'SELECT source, "table", count(*), min(loaded_at) FROM ops.quarantine GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2'
    )
    reasons: dict[tuple[str, str], list[str]] = defaultdict(list)
    for source, table, reason, rows in db.execute(
        'SELECT source, "table", reason, count(*) FROM ops.quarantine GROUP BY 1, 2, 3 ORDER BY 4 DESC, 3'
    ):
        if len(reasons[source, table]) < 3:
            reasons[source, table].append(f"{reason} ({rows:,})")
    shown = [
        {
            "name": f"{source}.{table}",
            "rows": rows,
            "limit": limits.get((source, table), 0),
            "since": iso(since),
            "reasons": reasons[source, table],
        }
        for source, table, rows, since in counts[:MOST_ROWS]
    ]
    over = [
        (f"{source}.{table}", rows)
        for source, table, rows, _ in counts
        if 0 < limits.get((source, table), 0) <= rows
    ]
    return section(shown, len(counts), rows=sum(row[2] for row in counts), over=over)


def dropped(
    db: Warehouse, period: Period, watch: Watch, limits: dict[str, float]
) -> list[tuple[str, int, int]]:
    """Tables that grow, of which the last 24 hours brought much less than a day of the week before: name, rows, usual."""
    day, week = period.now - timedelta(days=1), period.now - timedelta(days=8)
    query = (
        'SELECT source, "table", sum(CASE WHEN loaded_at >= ? THEN rows_read ELSE 0 END), '
        "sum(CASE WHEN loaded_at < ? THEN rows_read ELSE 0 END) / 7.0, min(loaded_at) FROM ops.loads "
        "WHERE kind = 'incremental' AND loaded_at >= ? GROUP BY 1, 2 ORDER BY 1, 2"
    )
    found = []
    for source, table, rows, usual, first in db.execute(query, [day, day, week]):
        one = watch.get((source, table))
        # Of a table that is known for less than a week the mean is of fewer days.
        if not one or not one["counts_days"] or first >= week + timedelta(days=1):
            continue
        read, mean = int(rows), float(usual)
        if read < limits["volume_share"] * mean and mean - read >= limits["volume_rows"]:
            found.append((f"{source}.{table}", read, round(mean)))
    return found
