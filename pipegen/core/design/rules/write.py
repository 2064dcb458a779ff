"""Write: how rows reach the destination, so that a second run of the same window changes nothing."""

from __future__ import annotations

from pipegen.core.design.decision import Alternative
from pipegen.core.design.inputs import TableInputs
from pipegen.core.design.told import Told, Trouble, unknown


def ways(t: TableInputs, extract: str) -> tuple[str, ...]:
    """The ways to write that give the same rows however often a window is run; the first is the default."""
    if t.form == "files":
        return ("replace",) if extract == "full" else ("replace-by-unit",)
    if extract == "full":
        return ("merge",) if t.deletes == "soft" and t.key else ("replace",)
    days = ("microbatch", "partition-overwrite") if t.mark == "temporal" else ()
    if extract == "cdc":
        if not t.key:
            return ("append-log",)
        return ("append-log", "merge") if t.history == "every-change" else ("merge", "append-log")
    if extract == "append":
        return (*days, *(("merge",) if t.key else ()), *(("append-log",) if t.form in ("events", "api") else ())) or (
            "replace",
        )
    return ("merge",) if t.key else tuple(reversed(days)) or ("replace",)


def choose(t: TableInputs, extract: str) -> str:
    return ways(t, extract)[0]


def problem(t: TableInputs, extract: str, choice: str) -> Trouble | None:
    allowed = ways(t, extract)
    if choice in allowed:
        return None
    return unknown(f"{t.address}.write", choice, allowed, f"extract is {extract}: ")


_TOLD: dict[str, tuple[str, str, str, str]] = {
    "replace": (
        "every run reads the whole table", "functional data engineering: overwrite the partition", "merge",
        "deleted rows would stay",
    ),
    "merge": (
        "rows change and have a key", "dbt's documentation; functional data engineering", "replace",
        "rows that this run did not read would be lost",
    ),
    "replace-by-unit": (
        "a delivered file or window is replaced whole", "functional data engineering: overwrite the partition",
        "bare append", "a task that is run again would write its rows twice",
    ),
    "partition-overwrite": (
        "no key, and a watermark that is a time: its whole days are read and replaced",
        "decision model: no key: overwrite the partition instead", "merge", "there is no key to merge by",
    ),
    "microbatch": (
        "rows have a time and never change", "decision model: event time, immutable: microbatch", "merge",
        "every row of the table would be compared",
    ),
    "append-log": (
        "every change is kept, and the current state is a view of the latest of each key",
        "functional data engineering: an append log with its offset is written once", "merge",
        "the states in between would be lost",
    ),
}  # fmt: skip


def tell(t: TableInputs, extract: str, choice: str) -> Told:
    because, source, other, against = _TOLD[choice]
    if choice == "merge" and extract == "full":
        because = "rows that are no longer read are kept and marked: deletes: soft"
        against = "rows that are gone at the source would be gone here too"
    if choice == "append-log" and extract == "cdc" and not t.key:
        because, against = "rows are only ever added", "there is no key to merge by"
    elif choice == "append-log" and t.form in ("events", "api"):
        because, against = "events are told apart by their offset", "they have neither a time nor a key to merge by"
    return Told(
        (f"extract: {extract}", because), (Alternative(other, against),), f"write.{choice.replace('-', '_')}", source
    )
