"""What the newest reconciliation of each hop and table found, as gauges."""

from collections.abc import Collection

from ingest.sql import literal
from ingest.warehouse import Warehouse
from quality.gauges import Gauges

NEWEST = """
    SELECT DISTINCT hop, source, "table", checked_at FROM (
        SELECT hop, source, "table", checked_at, max(checked_at) OVER (PARTITION BY source, "table") AS newest
        FROM ops.reconciliation WHERE hop IN ({hops})
    ) AS compared WHERE checked_at = newest
"""


def newest(hops: Collection[str]) -> str:
    """SQL: when each table was last compared at these hops; one that was left out then says nothing any more."""
    return NEWEST.format(hops=", ".join(map(literal, hops)))


def differences(
    db: Warehouse, gauges: Gauges, hops: Collection[str], tables: Collection[tuple[str, str]]
) -> None:
    """Of these hops, and of those of their tables that are still declared."""
    query = f"""
        SELECT r.hop, r.source, r."table", sum(CASE WHEN r.ok THEN 0 ELSE 1 END),
            sum(CASE WHEN r.ok THEN 0 ELSE abs(r.expected_rows - r.actual_rows) END)
        FROM ops.reconciliation AS r JOIN ({newest(hops)}) AS n
            ON n.hop = r.hop AND n.source = r.source AND n."table" = r."table" AND n.checked_at = r.checked_at
        GROUP BY 1, 2, 3
    """
    for hop, source, table, windows, rows in db.execute(query):
        if (source, table) in tables:
            labels = {"hop": hop, "source": source, "table": table}
            gauges.set("reconciliation_differences", int(windows), **labels)
            gauges.set("reconciliation_rows_difference", int(rows), **labels)
