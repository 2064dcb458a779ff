"""Topics and change logs: how many partitions, and how long what was sent is kept."""

from __future__ import annotations

from math import ceil

from pipegen.core import units
from pipegen.core.design import calibration as c
from pipegen.core.design.decision import Alternative
from pipegen.core.design.inputs import Inputs, SourceInputs
from pipegen.core.design.rules import mode as modes
from pipegen.core.design.told import Told, Trouble, size_text
from pipegen.core.sizing import growth, work


def has_topic(s: SourceInputs, mode: str) -> bool:
    """Whether events go through Kafka: they come from there, or a stream reads them."""
    return s.kind == "kafka" or mode in modes.STREAMS


def has_log(s: SourceInputs, mode: str, extracts: tuple[str, ...]) -> bool:
    return has_topic(s, mode) or "cdc" in extracts


def peak_bytes(s: SourceInputs, p: Inputs) -> float:
    """Bytes a second in the busiest hour; of keyed topics at the end of the planned horizon, for they cannot grow later."""
    grown = growth.factor(max(0.0, p.growth), c.HORIZON.value) if s.keyed else 1.0
    return s.per_day_bytes / 86_400 * s.peak * grown


def headroom(s: SourceInputs) -> float:
    return c.HEADROOM_KEYED.value if s.keyed else c.HEADROOM.value


def consumers(s: SourceInputs, p: Inputs) -> int:
    """Stream tasks that read side by side: one a machine, and as many as the busiest hour needs."""
    return max(p.workers, work.readers(s, "flink"))


def partitions(s: SourceInputs, p: Inputs) -> int:
    """max(T/p, T/c) x headroom, rounded up, never fewer than the consumers."""
    return max(consumers(s, p), ceil(peak_bytes(s, p) / c.PARTITION_BYTES_PER_SECOND.value * headroom(s)), 1)


def partitions_problem(s: SourceInputs, p: Inputs, choice: str) -> Trouble | None:
    if not (choice.isascii() and choice.isdigit() and 1 <= int(choice) <= 100_000):
        return f"`{choice}` is not a number of partitions", "a whole number from 1 to 100000"
    least = max(consumers(s, p), ceil(peak_bytes(s, p) / c.PARTITION_BYTES_PER_SECOND.value))
    if int(choice) < least:
        return (
            f"{choice} partitions do not bear the peak of {size_text(peak_bytes(s, p))}/s",
            f"works: `{least}` or more",
        )
    return None


def tell_partitions(s: SourceInputs, p: Inputs, choice: str) -> Told:
    because = [
        f"peak {size_text(peak_bytes(s, p))}/s",
        f"headroom {headroom(s):g} x",
        f"{consumers(s, p)} consumer{'s' if consumers(s, p) > 1 else ''}",
    ]
    if s.keyed:
        because.append(f"messages of a key stay in order: sized for {c.HORIZON.value:g} months of growth")
    return Told(
        tuple(because), (Alternative(str(int(choice) * 4), "each one costs memory, open files and a slower failover"),),
        "topic_partitions", c.HEADROOM.source,
    )  # fmt: skip


def log_bytes_an_hour(s: SourceInputs) -> float:
    """Bytes of change log that a database writes an hour, at its average."""
    return s.per_day_bytes * c.LOG_BYTES.value / 24


def cap_bytes(s: SourceInputs, outage: int) -> float:
    """Bytes that the change log of an outage takes, with safety."""
    return log_bytes_an_hour(s) * outage / 3600 * c.LOG_SAFETY.value


def retention(s: SourceInputs, p: Inputs, mode: str) -> int:
    """Seconds that a topic keeps what was sent, or a change log what was not yet read."""
    kept = p.outage + c.REPLAY_WINDOW.value if has_topic(s, mode) else p.outage * c.LOG_SAFETY.value
    return min(units.CENTURY, ceil(kept))


def retention_problem(s: SourceInputs, p: Inputs, mode: str, choice: str) -> Trouble | None:
    try:
        value = units.duration(choice)
    except ValueError:
        return f"`{choice}` is not a duration", "for example `4d`"
    if value < p.outage:
        return (
            f"what is kept for {choice} is gone after an outage of {units.duration_text(p.outage)}",
            f"works: `{units.duration_text(retention(s, p, mode))}`",
        )
    return None


def shortfall(s: SourceInputs, p: Inputs, mode: str) -> str | None:
    """Why an outage as long as declared would lose what the source sent; None where it does not."""
    if s.log_kept is not None and s.log_kept < p.outage:
        return f"the source keeps its log for {units.duration_text(s.log_kept)}"
    if s.free_disk is not None:
        most, cap = s.free_disk * c.DISK_SHARE.value, size_text(cap_bytes(s, p.outage))
        if cap_bytes(s, p.outage) > most:
            return f"its log takes {cap}, and {c.DISK_SHARE.share} of its free disk is {size_text(most)}"
    return None


def tell_retention(s: SourceInputs, p: Inputs, mode: str) -> Told:
    outage = units.duration_text(p.outage)
    if has_topic(s, mode):
        return Told(
            (f"outage {outage}", f"replay window {units.duration_text(int(c.REPLAY_WINDOW.value))}"),
            (Alternative(f"no longer than {outage}", "nothing could be replayed once it is over"),), "log_retention.topic",
            c.REPLAY_WINDOW.source,
        )  # fmt: skip
    return Told(
        (f"outage {outage}", f"{size_text(log_bytes_an_hour(s))} of change log an hour",
         f"slot cap {size_text(cap_bytes(s, p.outage))}"),
        (Alternative("no cap", "a slot that nobody reads fills the disk of the source"),), "log_retention.slot",
        c.LOG_SAFETY.source,
    )  # fmt: skip
