"""Every threshold of the decision model in one table: value, unit, and where it comes from.

``(H)`` marks a heuristic with no published source; it is printed as such and can be overridden in the spec.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Threshold:
    """A number that a rule decides by."""

    value: float
    unit: str
    source: str


FREQUENT_BATCH_BELOW = Threshold(
    3600, "s of freshness", "Airflow's documentation: it is no streaming engine; cut-off (H)"
)
MICRO_BATCH_BELOW = Threshold(300, "s of freshness", "Spark's usual trigger is 3 to 5 s; cut-off (H)")
FULL_READ_SHARE = Threshold(1 / 3, "of freshness", "(H)")
TINY_ROWS = Threshold(100_000, "rows", "(H)")
RETRY_SHARE = Threshold(1 / 4, "of freshness", "retries first: their sum at most F/4")
RETRIES = Threshold(3, "retries", "Airflow's documentation; (H)")
RETRY_DELAY = Threshold(300, "s, at most", "(H)")
TIMEOUT_FACTOR = Threshold(3, "x the estimated run time", "execution timeout = 2 to 3 x p95 run time (H)")
LEAST_TIMEOUT = Threshold(900, "s", "(H)")
LOAD_ROWS_PER_SECOND = Threshold(60_000, "rows/s", "measured: files through DuckDB and dlt on 2 cores")
RUN_OVERHEAD = Threshold(60, "s a run", "measured: task starts and dbt's own start")
KEY_ROWS_PER_SECOND = Threshold(500_000, "keys/s", "keys alone are read and compared (H)")
CHANGED_SHARE = Threshold(0.01, "of the rows a day, where no volume is known", "(H)")
VOLUME_DAYS = Threshold(365, "days of the declared volume that a table of unknown size holds", "(H)")
BYTES_PER_ROW = Threshold(100, "bytes a row, where a volume is said in bytes", "(H)")
OVERLAP = Threshold(600, "s before the mark, at least", "decision model, watermark safety: 10 min unless measured (H)")
OVERLAP_UNITS = Threshold(1000, "units before a numeric mark", "(H)")
LOOKBACK_BATCH = Threshold(86_400, "s a microbatch", "dbt's batch_size day")
WAREHOUSE_SLOTS = Threshold(4, "tasks that write to PostgreSQL side by side", "min(connections / 4, tables, cores) (H)")
LOADS_PER_SOURCE = Threshold(12, "extract-load tasks", "a task start costs about 2 s and DuckDB takes one writer (H)")

# Intervals that divide an hour or a day, in minutes: a schedule that people can read.
INTERVALS_MINUTES = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440)
