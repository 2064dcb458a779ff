"""What one run reads, and how long that takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import ceil

from pipegen.core.design import calibration as c
from pipegen.core.design.inputs import SourceInputs, TableInputs
from pipegen.core.design.rules import extract, late
from pipegen.core.design.rules import mode as modes


def rows_per_run(
    s: SourceInputs, t: TableInputs, choice: str, overlap: int | None = None, interval: float | None = None
) -> float:
    """Rows that one run reads: all of them, or what is new at the peak since the run before, and in the overlap.

    ``interval``: seconds from one run to the next; at most, where it is not given.
    """
    rows = t.rows or 0
    if choice == "full":
        return rows
    seconds = interval or extract.between_runs(s)
    if choice != "cdc" and t.form in ("rows", "api") and t.mark == "temporal":
        seconds += late.overlap(s, t) if overlap is None else overlap
    new = ceil(t.per_day * s.peak * seconds / 86_400)
    return new if t.rows is None and t.known_per_day is not None else min(rows, new)


def read_seconds(
    s: SourceInputs, t: TableInputs, choice: str, overlap: int | None = None, interval: float | None = None
) -> float:
    """Seconds that one run takes to read a table; keys that are compared are read too."""
    keys = extract.key_seconds(t) if choice == "watermark-keys" else 0.0
    return rows_per_run(s, t, choice, overlap, interval) / extract.read_rate(s, t) + keys


def rows_of_a_run(
    s: SourceInputs, extracts: Mapping[str, str], overlaps: Mapping[str, int], interval: float | None
) -> float:
    """Rows that one run reads of all tables."""
    return sum(rows_per_run(s, t, extracts[t.name], overlaps.get(t.name), interval) for t in s.tables)


def arriving_rows(s: SourceInputs, t: TableInputs, seconds: float) -> float:
    """Rows that arrive in some seconds of the busiest hour."""
    return t.per_day * s.peak * seconds / 86_400


def busy(s: SourceInputs, tables: Iterable[TableInputs], mode: str) -> float:
    """How much of the time one reader is busy with what arrives, on average: from 1 on it never catches up."""
    return sum(t.per_day / extract.read_rate(s, t, mode) for t in tables) / 86_400


def readers(s: SourceInputs, mode: str) -> int:
    """Readers side by side that the busiest hour needs: a stream takes more than one, batches take turns."""
    return int(busy(s, s.tables, mode) * s.peak) + 1 if mode in modes.STREAMS else 1


def longest_trigger(s: SourceInputs) -> float:
    """Seconds of the longest trigger that a micro-batch or a stream may have."""
    return min(s.freshness * c.TRIGGER_SHARE.value, c.TRIGGERS_SECONDS[-1])


def run_time(
    s: SourceInputs, mode: str, extracts: Mapping[str, str], overlaps: Mapping[str, int] | None = None
) -> Callable[[float | None], float]:
    """The seconds of one run of a source, or of one of a stream's small batches, by the ``interval`` as in :func:`rows_per_run`."""
    known = overlaps or {}
    if mode not in modes.BATCHES:
        reading = longest_trigger(s) * s.peak * busy(s, s.tables, mode) / readers(s, mode)
        small = (c.MICRO_BATCH_OVERHEAD.value if mode == "micro-batch" else 0.0) + reading
        return lambda _: small
    whole = [t for t in s.tables if extracts[t.name] == "full"]
    new = [t for t in s.tables if extracts[t.name] != "full"]
    always = c.RUN_OVERHEAD.value + sum(read_seconds(s, t, "full") for t in whole)
    return lambda interval: always + sum(read_seconds(s, t, extracts[t.name], known.get(t.name), interval) for t in new)


def run_seconds(
    s: SourceInputs, mode: str, extracts: Mapping[str, str], overlaps: Mapping[str, int] | None = None,
    interval: float | None = None,
) -> float:  # fmt: skip
    """Estimated seconds of one run of a source; of a stream, of one of its small batches. ``interval`` as in :func:`rows_per_run`."""
    return run_time(s, mode, extracts, overlaps)(interval)


def loaded_bytes(s: SourceInputs, extracts: Mapping[str, str], interval: float | None = None) -> float:
    """Bytes that one run reads at the source; ``interval`` as in :func:`rows_per_run`."""
    return sum(rows_per_run(s, t, extracts[t.name], interval=interval) * t.row_bytes for t in s.tables)


def built_bytes(s: SourceInputs, extracts: Mapping[str, str], interval: float | None = None) -> float:
    """Bytes that dbt reads once: whole tables, or the days that it looks back.

    Of files that a warehouse loads by itself it reads what was loaded.
    """
    total = 0.0
    for t in s.tables:
        days = t.per_day * t.row_bytes * late.lookback(t)
        if s.bulk:
            total += rows_per_run(s, t, extracts[t.name], interval=interval) * t.row_bytes
        elif extracts[t.name] == "full" or t.form == "files":
            total += t.total_bytes
        else:
            total += min(days, t.total_bytes) if t.rows is not None else days
    return total


def scanned_bytes(s: SourceInputs, extracts: Mapping[str, str], interval: float | None = None) -> float:
    """Bytes that one run reads at the source, and dbt after it."""
    return loaded_bytes(s, extracts, interval) + built_bytes(s, extracts, interval)


def load_tasks(tables: int) -> int:
    """Extract-load tasks of one run: a table each, or groups where there are many."""
    return min(max(tables, 1), int(c.LOADS_PER_SOURCE.value))


def tasks_an_hour(s: SourceInputs, mode: str, interval: int) -> float:
    """Task runs an hour: loads, what stands around them, and the transform that follows; a stream is one process."""
    if mode not in modes.BATCHES or not interval:
        return 0.0
    return (load_tasks(len(s.tables)) + c.TASKS_AROUND.value) * 3600 / interval
