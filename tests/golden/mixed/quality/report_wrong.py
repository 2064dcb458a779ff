"""What is wrong now, in words, each with the page of `runbooks/` that says what to do. Alerts are told by the same signs."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from ingest import settings
from ingest.warehouse import Warehouse
from quality.report_checks import HOP_OF_AUDIT
from quality.report_freshness import Freshness
from quality.report_period import age

# Of one thing that is wrong, so many tables are named.
MOST_NAMES = 5
# Reason of a failed load: what it means, and its runbook.
REASONS = {
    "source_down": ("The source cannot be reached", "source-down"),
    "schema_drift": ("The source has another schema than declared", "schema-drift"),
    "mass_delete": ("A load would have deleted too many rows", "mass-delete"),
}


def wrong(title: str, items: Iterable[str], runbook: str) -> list[dict[str, Any]]:
    """One thing that is wrong; none where there is no item."""
    items = list(items)
    if not items:
        return []
    path = f"runbooks/{runbook}.md"
    return [
        {
            "title": title,
            "items": items[:MOST_NAMES],
            "more": max(0, len(items) - MOST_NAMES),
            "runbook": path if (settings.ROOT / path).is_file() else None,
        }
    ]


def now(db: Warehouse, found: dict[str, Any], tables: list[Freshness]) -> list[dict[str, Any]]:
    """All that is wrong, the worst first. `found` is the rest of the page."""
    declared = {table.name for table in tables}
    late = sorted((t for t in tables if t.is_late), key=lambda t: -(t.age or 0) / t.target)
    spent = (f"{source}: {100 * share:,.0f} % of it" for source, share in found["sources"]["spent"])
    changed = [(name, change) for name, change in found["drift"]["now"] if name in declared]
    return [
        *_failed(db, declared),
        *wrong(
            "Older than asked",
            (f"{t.name}: {age(t.age or 0)} old, {age(t.target)} asked" for t in late),
            "freshness",
        ),
        *_of_hops(found["reconciled"]["differ"]),
        *_of_tests(found["failing"]["now"]),
        *_of_rows(found),
        *wrong(
            "The source has changed, and the newest load let it through",
            (f"{name}: {change.replace('_', ' ')}" for name, change in changed),
            "schema-drift",
        ),
        *wrong("The budget for late data is spent", spent, "budget-spent"),
    ]


def _of_hops(differ: list[dict[str, Any]]) -> list[dict[str, Any]]:
    lost = (_differs(one) for one in differ if one["hop"] != HOP_OF_AUDIT)
    missing = (_differs(one) for one in differ if one["hop"] == HOP_OF_AUDIT)
    return [
        *wrong("Rows differ from one hop to the next", lost, "reconciliation"),
        *wrong("The source has rows that no load has read", missing, "missing-rows"),
    ]


def _of_tests(failing: list[dict[str, Any]]) -> list[dict[str, Any]]:
    models = (one["name"] for one in failing if one["kind"] == "build")
    tests = (
        f"{one['name']}: {'could not run' if one['status'] == 'error' else _rows(one['rows'])}"
        for one in failing
        if one["kind"] == "dbt"
    )
    return [
        *wrong("Models cannot be built", models, "failed-run"),
        *wrong("Tests of the data fail", tests, "check-failed"),
    ]


def _of_rows(found: dict[str, Any]) -> list[dict[str, Any]]:
    over = (f"{name}: {_rows(rows)}" for name, rows in found["quarantine"]["over"])
    dropped = (
        f"{name}: {rows:,} in 24 h, {usual:,} usually" for name, rows, usual in found["dropped"]
    )
    return [
        *wrong("Quarantine is filling", over, "quarantine"),
        *wrong("Far fewer rows than usual", dropped, "volume-drop"),
    ]


def _differs(one: dict[str, Any]) -> str:
    what = _rows(one["rows"]) if one["rows"] else "sums, not rows"
    return f"{one['name']}, {one['hop']}: {what}"


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def _failed(db: Warehouse, declared: Collection[str]) -> list[dict[str, Any]]:
    """Tables that are declared and whose newest attempt failed, by reason; then backfills."""
    query = """
        SELECT f.what, f.reason, f.source, f."table", max(f.failed_at) FROM ops.failures AS f
        LEFT JOIN (
            SELECT source, "table", max(CASE WHEN kind = 'backfill' THEN loaded_at END) AS backfilled,
                max(CASE WHEN kind IN ('full', 'incremental') THEN loaded_at END) AS loaded
            FROM ops.loads GROUP BY 1, 2
        ) AS l ON l.source = f.source AND l."table" = f."table"
        WHERE f.failed_at > coalesce(
            CASE WHEN f.what = 'backfill' THEN l.backfilled ELSE l.loaded END, CAST('1970-01-01' AS TIMESTAMPTZ)
        )
        GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1, 2, 3, 4
    """
    seen: set[tuple[str, str, str]] = set()
    failed: dict[tuple[str, str], list[tuple[str, datetime]]] = {}
    for what, reason, source, table, failed_at in db.execute(query):
        # The newest of each table comes first.
        if (what, source, table) not in seen and f"{source}.{table}" in declared:
            seen.add((what, source, table))
            kind = what if what == "backfill" else reason
            failed.setdefault((kind, source), []).append((table, failed_at))
    items: dict[str, list[str]] = {}
    for (kind, source), tables in failed.items():
        items.setdefault(kind, []).append(_tried(source, tables))
    backfills = items.pop("backfill", [])
    known = [
        one
        for reason, (title, runbook) in REASONS.items()
        for one in wrong(title, items.pop(reason, []), runbook)
    ]
    others = wrong("The newest load failed", (t for ts in items.values() for t in ts), "failed-run")
    return known + others + wrong("A backfill failed", backfills, "failed-backfill")


def _tried(source: str, tables: list[tuple[str, datetime]]) -> str:
    name = f"{source}.{tables[0][0]}" if len(tables) == 1 else f"{source}, {len(tables):,} tables"
    return f"{name}: last tried {max(moment for _, moment in tables):%Y-%m-%d %H:%M} UTC"
