"""The objective, source by source: the share of the time in which all its tables were as fresh as asked, and the budget spent.

The budget is the time that the objective allows to be late within its window. The window ends now.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from quality.report_freshness import Freshness, Stretch, seconds_within, together
from quality.report_period import MOST_ROWS, Days, Period, iso, section


def of_sources(
    tables: Sequence[Freshness], objective: dict[str, Any], period: Period
) -> dict[str, Any]:
    """The sources, those that have spent most of their budget first."""
    groups: dict[str, list[Freshness]] = {}
    for table in tables:
        groups.setdefault(table.source, []).append(table)
    found = [_of_source(name, group, objective, period) for name, group in groups.items()]
    found.sort(key=lambda one: -(one["budget_spent"] or 0))
    spent = [one for one in found if (one["budget_spent"] or 0) >= 1]
    known = [one["good_share"] for one in found if one["good_share"] is not None]
    return section(
        found[:MOST_ROWS],
        len(found),
        spent=[(one["source"], one["budget_spent"]) for one in spent],
        worst=min(known, default=None),
    )


def _of_source(
    name: str, tables: Sequence[Freshness], objective: dict[str, Any], period: Period
) -> dict[str, Any]:
    late = together(stretch for table in tables for stretch in table.late)
    first = min((table.first for table in tables if table.first), default=None)
    low = max(first or period.now, period.now - timedelta(seconds=objective["window_seconds"]))
    observed = (period.now - low).total_seconds()
    allowed = (1 - objective["share"]) * objective["window_seconds"]
    spent = seconds_within(late, low, period.now)
    return {
        "source": name,
        "tables": len(tables),
        "never_loaded": sum(table.first is None for table in tables),
        "late_now": sum(table.is_late for table in tables),
        "good_share": round(1 - spent / observed, 6) if observed else None,
        "observed_seconds": round(observed),
        "late_seconds": round(spent),
        "was_late": seconds_within(late, period.since, period.now) > 0,
        "budget_spent": round(spent / allowed, 4) if allowed and observed else None,
        "complete": iso(max((table.complete for table in tables if table.complete), default=None)),
        "late_by_day": _late_shares(late, first, period) if first else {},
        "budget_by_day": _budget(late, low, allowed, period) if first and allowed else {},
    }


def _late_shares(late: Sequence[Stretch], first: datetime, period: Period) -> Days:
    """Percent of each day."""
    shares: Days = {}
    for start in period.starts:
        end = min(start + timedelta(days=1), period.now)
        known = max(start, first)
        if known < end:
            seconds = (end - known).total_seconds()
            shares[f"{start:%Y-%m-%d}"] = round(100 * seconds_within(late, known, end) / seconds, 2)
    return shares


def _budget(late: Sequence[Stretch], low: datetime, allowed: float, period: Period) -> Days:
    """Percent that was spent by the end of each day."""
    share: Days = {}
    for start in period.starts:
        end = min(start + timedelta(days=1), period.now)
        if end > low:
            spent = seconds_within(late, low, end)
            share[f"{start:%Y-%m-%d}"] = round(100 * spent / allowed, 1)
    return share
