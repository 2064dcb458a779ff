"""The rules: each one small, pure, and named; a rule returns the Decision with its reasons, or the problem it found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipegen.core import units
from pipegen.core.design import calibration as c
from pipegen.core.design.model import Alternative, Decision, Table


def mode(source: str, freshness: int) -> Decision:
    """Batch or frequent batch by the freshness wanted; below 5 minutes nothing here can serve it."""
    wanted = f"freshness {units.duration_text(freshness)}"
    if freshness >= c.FREQUENT_BATCH_BELOW.value:
        return Decision(
            f"{source}.mode", "batch", (wanted,), "mode", c.FREQUENT_BATCH_BELOW.source,
            (Alternative("frequent batch", "more runs than the freshness asks for"),),
            f"freshness below {units.duration_text(int(c.FREQUENT_BATCH_BELOW.value))}",
        )  # fmt: skip
    return Decision(
        f"{source}.mode", "frequent-batch", (wanted,), "mode", c.MICRO_BATCH_BELOW.source,
        (Alternative("batch", f"runs an hour apart cannot keep {wanted}"),),
        f"freshness below {units.duration_text(int(c.MICRO_BATCH_BELOW.value))}, or "
        f"{units.duration_text(int(c.FREQUENT_BATCH_BELOW.value))} and above",
    )  # fmt: skip


def retry_delay(freshness: int) -> int:
    """Seconds before the first of three retries that double: their sum stays within a quarter of the freshness."""
    doublings = 2 ** int(c.RETRIES.value) - 1
    return max(1, min(int(c.RETRY_DELAY.value), int(freshness * c.RETRY_SHARE.value / doublings)))


def retry_sum(freshness: int) -> int:
    """Seconds that all retries together may wait."""
    return int(retry_delay(freshness) * (2 ** int(c.RETRIES.value) - 1))


def work(tables: Iterable[Table]) -> int:
    """Rows that one run reads; keys that are read to be compared count by what they cost."""
    per_key = c.LOAD_ROWS_PER_SECOND.value / c.KEY_ROWS_PER_SECOND.value
    return sum(t.rows_per_run + (int((t.rows or 0) * per_key) if t.load == "watermark-keys" else 0) for t in tables)


def run_seconds(rows: int) -> int:
    """Estimated seconds of one run that reads ``rows``."""
    return int(c.RUN_OVERHEAD.value + rows / c.LOAD_ROWS_PER_SECOND.value)


def interval_minutes(freshness: int, rows: int) -> int | None:
    """The longest readable interval <= freshness - run time - retry slack, in minutes; None where there is none."""
    room = (freshness - run_seconds(rows) - retry_sum(freshness)) / 60
    fitting = [m for m in c.INTERVALS_MINUTES if m <= room]
    return fitting[-1] if fitting else None


def cron(minutes: int) -> str:
    """The cron expression of an interval of :data:`calibration.INTERVALS_MINUTES`."""
    if minutes < 60:
        return "* * * * *" if minutes == 1 else f"*/{minutes} * * * *"
    if minutes == 60:
        return "0 * * * *"
    return "0 0 * * *" if minutes == 1440 else f"0 */{minutes // 60} * * *"


def schedule(source: str, freshness: int, rows: int, minutes: int) -> Decision:
    """How often a source is loaded."""
    run, slack = run_seconds(rows), retry_sum(freshness)
    text = units.duration_text
    return Decision(
        f"{source}.schedule", cron(minutes),
        (f"freshness {text(freshness)} - run {run} s - retries {slack} s leaves {text(freshness - run - slack)}",),
        "schedule", "arithmetic: interval <= freshness - run time - retry slack",
        (Alternative(f"every {text(freshness)}", "data would be older than asked as soon as a run takes time"),),
        f"a run takes longer than {freshness - slack - minutes * 60} s",
    )  # fmt: skip


def engine(kind: str) -> Decision:
    """Where the transformations run: where the data is."""
    if kind == "postgres":
        return Decision(
            "destination.engine", "postgres", ("destination: postgres",), "engine", "warehouse present: dbt runs there",
            (Alternative("duckdb", "a second copy of the data, and one writer at a time"),),
            "a run scans more than 1 TB, or destination: duckdb",
        )  # fmt: skip
    return Decision(
        "destination.engine", "duckdb", ("destination: duckdb", "a run scans at most 100 GB"), "engine",
        "DuckDB's published runs; (H)",
        (Alternative("spark", "a cluster to run for data that one machine holds"),),
        "a run scans more than 100 GB, or a second writer",
    )  # fmt: skip


def deliver(treated: Sequence[str]) -> Decision:
    """ETL where personal data is treated before it lands, else ELT; ``treated`` are the addresses of such columns."""
    if treated:
        more = f" and {len(treated) - 3} more" if len(treated) > 3 else ""
        return Decision(
            "pipeline.transform", "etl", (f"treated before they land: {', '.join(treated[:3])}{more}",), "transform",
            "personal data may not land raw: tokenise on the way in, the rest in dbt",
            (Alternative("elt", "personal data would lie raw in the warehouse"),), "no column is treated",
        )  # fmt: skip
    return Decision(
        "pipeline.transform", "elt", ("the destination computes", "no personal data is barred from landing raw"),
        "transform", "(H)", (Alternative("etl", "the warehouse does this work better, and keeps what was delivered"),),
        "personal data may not land raw",
    )  # fmt: skip
