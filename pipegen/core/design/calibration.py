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

    @property
    def share(self) -> str:
        """The value as a part of something: ``a third``, ``half``, ``30 %``."""
        return _SHARES.get(self.value, f"{self.value * 100:.3g} %")


_SHARES = {1 / 4: "a quarter", 1 / 3: "a third", 1 / 2: "half"}

# Mode
FREQUENT_BATCH_BELOW = Threshold(
    3600, "s of freshness", "Airflow's documentation: it is no streaming engine; cut-off (H)"
)
MICRO_BATCH_BELOW = Threshold(300, "s of freshness", "Spark's usual trigger is 3 to 5 s; cut-off (H)")
STREAM_BELOW = Threshold(60, "s of freshness", "Spark's usual trigger is 3 to 5 s; cut-off (H)")
FLINK_BELOW = Threshold(5, "s of freshness", "Spark's usual trigger is 3 to 5 s; cut-off (H)")
LARGE_STATE = Threshold(10e9, "bytes of event-time state", "beyond what one executor's memory holds (H)")

# Schedule, retries and run time
RETRY_SHARE = Threshold(1 / 4, "of freshness", "decision model, schedule: retries first, their sum at most F/4")
RETRIES = Threshold(3, "retries", "Airflow's documentation; (H)")
RETRY_DELAY = Threshold(300, "s, at most", "(H)")
TIMEOUT_FACTOR = Threshold(3, "x the estimated run time", "execution timeout = 2 to 3 x p95 run time (H)")
LEAST_TIMEOUT = Threshold(900, "s", "(H)")
RUN_OVERHEAD = Threshold(
    60, "s a run", "measured: 22 s of task starts and dbt's own start in `make demo`; the rest for a busy scheduler (H)"
)
MICRO_BATCH_OVERHEAD = Threshold(15, "s a micro-batch", "commit and merge of a small batch (H)")
TRIGGER_SHARE = Threshold(1 / 2, "of freshness", "the other half is for the batch itself (H)")
LOAD_ROWS_PER_SECOND = Threshold(60_000, "rows/s", "measured: files through DuckDB and dlt on 2 cores")
REST_ROWS_PER_SECOND = Threshold(12_000, "rows/s", "measured: dlt's REST source into Parquet")
EVENT_ROWS_PER_SECOND = Threshold(160_000, "messages/s", "measured: one librdkafka client, its mock cluster, 2 cores")
COPY_BYTES_PER_SECOND = Threshold(250e6, "bytes/s", "a small warehouse that loads files from object storage itself (H)")
RATE_LIMIT_SHARE = Threshold(1 / 2, "of a source's rate limit", "the rest is left to its other clients (H)")

# Extract
FULL_READ_SHARE = Threshold(1 / 3, "of freshness", "(H)")
CHANGED_SHARE_FOR_FULL = Threshold(0.4, "of the rows change a run", "decision model: 30 to 50 % (H)")
BEARABLE_READ_SHARE = Threshold(
    0.4, "of freshness", "where most rows change anyway; beyond it hardly an interval is left (H)"
)
TINY_ROWS = Threshold(100_000, "rows", "(H)")
KEY_ROWS_PER_SECOND = Threshold(500_000, "keys/s", "keys alone are read and compared (H)")
MARK_DISORDER = Threshold(
    0.2, "of the rows earlier than the one before", "a column that jumps like this is no mark (H)"
)
CHANGED_SHARE = Threshold(0.01, "of the rows a day, where no volume is known", "(H)")
VOLUME_DAYS = Threshold(365, "days of the declared volume that a table of unknown size holds", "(H)")
BYTES_PER_ROW = Threshold(100, "bytes a row, where none was measured", "(H)")
OVERLAP = Threshold(600, "s before the mark, at least", "decision model, watermark safety: 10 min unless measured (H)")
OVERLAP_UNITS = Threshold(1000, "units before a numeric mark", "(H)")

# Write, history, lookback, partitioning
LOOKBACK_BATCH = Threshold(86_400, "s a microbatch", "dbt's documentation: batch_size day")
DAILY_COPIES = Threshold(100e9, "bytes of daily copies a year", "dated snapshots where rows x days is affordable (H)")
DAY_PARTITION = Threshold(10e9, "bytes a day", "BigQuery's documentation: partitions of 10 GB on average")
MOST_PARTITIONS = Threshold(10_000, "partitions", "BigQuery's documentation: quota of partitions a table")
PARTITION_DAYS = Threshold(3650, "days to come that partitions are made for", "ten years (H)")
CLUSTER_ABOVE = Threshold(2e12, "bytes in a table", "Snowflake's documentation: clustering keys at multi-terabyte")
RANGE_ABOVE = Threshold(100e6, "rows in a table", "PostgreSQL: range partitions (H)")

# Engine, executor, parallelism
ONE_MACHINE = Threshold(100e9, "bytes scanned a run", "DuckDB's published runs; (H)")
SPARK_ABOVE = Threshold(1e12, "bytes scanned a run", "DuckDB's published runs; (H)")
LARGE_MACHINE = Threshold(64e9, "bytes of memory", "DuckDB's published runs at 1 TB; (H)")
TASKS_AN_HOUR = Threshold(500, "task runs an hour", "(H)")
SPIKY = Threshold(10, "x peak over average", "(H)")
CONNECTION_SHARE = Threshold(0.25, "of a source's connections", "(H)")
WAREHOUSE_SLOTS = Threshold(
    4, "tasks that write to a warehouse side by side", "min(connections / 4, tables, cores) (H)"
)
TASKS_AROUND = Threshold(
    8,
    "task runs beside the loads of a run",
    "counted in a generated repository: a reconciliation, an observation, and six of the transform",
)
LOADS_PER_SOURCE = Threshold(12, "extract-load tasks", "a task start costs about 2 s and DuckDB takes one writer (H)")

# Topics and logs
PARTITION_BYTES_PER_SECOND = Threshold(10e6, "bytes/s a partition", "partitions = max(T/p, T/c), p and c 10 MB/s (H)")
HEADROOM = Threshold(2, "x the partitions that the peak needs", "the widely published formula: 2 to 3")
HEADROOM_KEYED = Threshold(3, "x, where keys must stay in order", "the widely published formula: 2 to 3")
HORIZON = Threshold(12, "months of growth that keyed partitions are made for", "they cannot grow later (H)")
LOG_SAFETY = Threshold(1.5, "x the change log of the outage", "(H)")
LOG_BYTES = Threshold(3, "x the bytes of changed rows, in the change log", "row images, indexes, checkpoints (H)")
DISK_SHARE = Threshold(1 / 2, "of the free disk", "(H)")
REPLAY_WINDOW = Threshold(259_200, "s that can be replayed after an outage", "a long weekend (H)")

# Alerts and cost
FEW_RUNS = Threshold(24, "runs a day", "SRE workbook, alerting on SLOs: low traffic; cut-off (H)")
BURN_PAGE_FAST = Threshold(0.02, "of the error budget within an hour", "SRE workbook, alerting on SLOs, table 5-8")
BURN_PAGE = Threshold(0.05, "of the error budget within 6 hours", "SRE workbook, alerting on SLOs, table 5-8")
BURN_TICKET = Threshold(0.1, "of the error budget within 3 days", "SRE workbook, alerting on SLOs, table 5-8")
MOST_BURN = Threshold(
    0.9, "of a window is late, where an objective would ask for more", "an alert that cannot fire (H)"
)
MISSED_RUNS = Threshold(2, "x the interval of a schedule without a run", "one late run is no missing one (H)")
VOLUME_SHARE = Threshold(0.5, "of the rows of an average day", "elementary's users: one-sided; cut-off (H)")
VOLUME_ROWS = Threshold(1000, "rows fewer than on an average day, at least", "a minimum absolute change (H)")
QUARANTINE_SHARE = Threshold(0.01, "of the rows that a load reads, in quarantine", "(H)")
QUARANTINE_ROWS = Threshold(10, "rows in quarantine, at least", "(H)")
QUARANTINE_MOST = Threshold(1000, "rows in quarantine that nobody is told of, at most", "(H)")
STILL_GAPS = Threshold(20, "x the average time between two rows of a table", "a quiet hour is no standstill (H)")
DISK_FREE = Threshold(0.1, "of the disk is free", "(H)")
RETRIED_TASKS = Threshold(3, "tasks tried again within a day", "(H)")
STREAM_MARTS = Threshold(3600, "s between two builds of the marts behind a stream", "(H)")
COPIES = Threshold(2, "copies of the data at the destination", "raw and marts (H)")

# Intervals that divide an hour or a day, in minutes: a schedule that people can read.
INTERVALS_MINUTES = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440)
# Triggers of micro-batches and of streams, in seconds.
TRIGGERS_SECONDS = (1, 2, 3, 5, 10, 15, 20, 30, 60, 120)


def table() -> dict[str, Threshold]:
    """Every threshold by its name."""
    return {name: value for name, value in globals().items() if isinstance(value, Threshold)}
