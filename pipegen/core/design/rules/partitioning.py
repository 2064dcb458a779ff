"""Partitioning of a landed table, by what its warehouse documents."""

from __future__ import annotations

from pipegen.core.design import calibration as c
from pipegen.core.design.decision import Alternative
from pipegen.core.design.inputs import TableInputs
from pipegen.core.design.told import Told, Trouble, quantity, size_text, unknown

CHOICES: dict[str, tuple[str, ...]] = {
    "duckdb": ("none",),
    "postgres": ("none", "range"),
    "bigquery": ("none", "cluster", "day", "month"),
    "snowflake": ("none", "cluster"),
    "databricks": ("none", "liquid-clustering"),
    "redshift": ("none", "sort-key"),
    "clickhouse": ("none", "month"),
    "lake": ("none", "day"),
}


def choose(t: TableInputs, destination: str) -> str:
    timed = t.mark == "temporal"
    if destination == "bigquery":
        return _bigquery(t) if timed else "cluster" if t.key else "none"
    if destination == "snowflake":
        return "cluster" if t.total_bytes > c.CLUSTER_ABOVE.value else "none"
    if destination == "postgres":
        drops = t.retention is not None and timed
        return "range" if timed and ((t.rows or 0) > c.RANGE_ABOVE.value or drops) else "none"
    if destination == "databricks":
        return "liquid-clustering"
    if destination == "redshift":
        return "sort-key" if timed else "none"
    if destination == "clickhouse":
        return "month" if timed else "none"
    return "day" if destination == "lake" and timed else "none"


def _bigquery(t: TableInputs) -> str:
    if t.retention is None and t.per_day * t.row_bytes < c.DAY_PARTITION.value:
        return "cluster"
    days = (
        t.retention / 86_400
        if t.retention is not None
        else (t.rows or 0) / max(1.0, t.per_day) + c.PARTITION_DAYS.value
    )
    return "day" if days <= c.MOST_PARTITIONS.value else "month"


def problem(t: TableInputs, destination: str, choice: str) -> Trouble | None:
    allowed = CHOICES[destination]
    if choice not in allowed:
        return unknown(f"{t.address}.partitioning", choice, allowed, f"destination is {destination}: ")
    if choice in ("day", "month", "range", "sort-key") and t.mark != "temporal":
        return f"`{t.address}` has no time to partition by", "name one: `watermark: COLUMN`, or `none`"
    return None


_SOURCE = {
    "bigquery": c.DAY_PARTITION.source,
    "snowflake": c.CLUSTER_ABOVE.source,
    "databricks": "Databricks' documentation: liquid clustering for new tables",
    "postgres": c.RANGE_ABOVE.source,
    "duckdb": "DuckDB's documentation: zone maps; it has no partitions of its own tables",
    "redshift": "Redshift's documentation: a sort key on the time that is filtered by",
    "clickhouse": "ClickHouse's documentation: partitions of a month at most",
    "lake": "(H)",
}
_AGAINST = {
    "none": "old rows could only be deleted one by one, and every query reads them all",
    "day": "partitions would be small, and many",
    "month": "a day could not be dropped or replaced by itself",
    "cluster": "whole days could not be dropped at once",
    "range": "an index is enough for a table of this size",
}


def _against(t: TableInputs, destination: str, choice: str, other: str) -> str:
    trouble = problem(t, destination, other)
    if trouble is not None:
        return trouble[0].replace("`", "")
    if destination == "snowflake" and other == "cluster":
        return "keeping rows clustered costs compute, which a table of this size does not earn back"
    if (choice, other) == ("month", "day"):
        return f"there would be more than {c.MOST_PARTITIONS.value:,.0f} of them"
    return _AGAINST.get(other, "nothing asks for it")


def tell(t: TableInputs, destination: str, choice: str) -> Told:
    because = [f"destination: {destination}"]
    if t.rows is not None:
        because.append(
            f"{quantity(t.rows)} rows, {size_text(t.total_bytes)}, and {size_text(t.per_day * t.row_bytes)} a day"
        )
    if t.retention is not None:
        because.append(f"rows are kept {t.retention // 86_400} days")
    if t.mark != "temporal" and destination in ("postgres", "bigquery", "redshift", "clickhouse", "lake"):
        because.append("it has no time to partition by")
    others = [o for o in CHOICES[destination] if o != choice]
    against = tuple(Alternative(o, _against(t, destination, choice, o)) for o in others[-2:])
    return Told(tuple(because), against, f"partitioning.{destination}", _SOURCE[destination])
