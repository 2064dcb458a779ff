"""The rules: each one small, pure, and named; a rule returns the Decision with its reasons, or the problem it found."""

from __future__ import annotations

from pipegen.core import units
from pipegen.core.design import calibration as c
from pipegen.core.design.model import Alternative, Decision


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


def extract(table: str, rows: int | None, freshness: int, *, drops: bool, deletes: str) -> Decision:
    """Full refresh, or append where the source delivers files that are never changed.

    ``drops``: the table is a set of files that differ by a date or number. Appending keeps what was delivered, so it
    stands only where deletes are to be ignored.
    """
    read = (rows or 0) / c.LOAD_ROWS_PER_SECOND.value
    limit = freshness * c.FULL_READ_SHARE.value
    size = f"{rows:,} rows, read in about {max(1, round(read))} s" if rows is not None else "rows not measured"
    flips = f"above {int(limit * c.LOAD_ROWS_PER_SECOND.value):,} rows the read takes a third of the freshness"
    if drops and deletes == "ignore":
        return Decision(
            f"{table}.extract", "append", ("the source adds files and deletes are ignored", size), "extract.append",
            "decision model: immutable events append by offset or cursor",
            (Alternative("full", "reads every delivered file again at each run"),), "deletes: hard",
        )  # fmt: skip
    too_long = read > limit and (rows or 0) >= c.TINY_ROWS.value
    missed = (
        f"the read takes more than a third of freshness {units.duration_text(freshness)}: nothing better is built yet",
    )
    return Decision(
        f"{table}.extract", "full", (size, f"deletes: {deletes}", *(missed if too_long else ())), "extract.full",
        c.FULL_READ_SHARE.source,
        (Alternative("append", "would keep rows that changed or were deleted at the source"),), flips,
    )  # fmt: skip


def write(table: str, extract_choice: str, has_key: bool) -> Decision:
    """How rows reach the destination, so that a second run of the same window changes nothing."""
    if extract_choice == "full":
        return Decision(
            f"{table}.write", "replace", ("every run reads the whole table",), "write.replace",
            "functional data engineering: overwrite the partition",
            (Alternative("merge", "deleted rows would stay"),), "extract is not full",
        )  # fmt: skip
    return Decision(
        f"{table}.write", "replace-by-unit", ("a delivered file or window is replaced whole",), "write.unit",
        "functional data engineering: overwrite the partition",
        (Alternative("bare append", "a task that is run again would write its rows twice"),), "extract is full",
    )  # fmt: skip


def engine() -> Decision:
    """Where the transformations run."""
    return Decision(
        "destination.engine", "duckdb", ("destination: duckdb", "a run scans at most 100 GB"), "engine",
        "DuckDB's published runs; (H)",
        (Alternative("spark", "a cluster to run for data that one machine holds"),),
        "a run scans more than 100 GB, or a second writer",
    )  # fmt: skip


def deliver() -> Decision:
    """ETL or ELT."""
    return Decision(
        "pipeline.transform", "elt", ("the destination computes", "no personal data is barred from landing raw"),
        "transform", "(H)", (Alternative("etl", "the warehouse does this work better, and keeps what was delivered"),),
        "personal data may not land raw",
    )  # fmt: skip
