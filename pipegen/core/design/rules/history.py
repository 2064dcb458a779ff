"""History: whether earlier versions of a row are kept; what people ask for, within what daily copies may cost."""

from __future__ import annotations

from pipegen.core.design import calibration as c
from pipegen.core.design.decision import Alternative
from pipegen.core.design.inputs import TableInputs
from pipegen.core.design.told import Told, Trouble, size_text, unknown

HISTORIES = ("none", "scd2", "daily", "every-change")


def daily_bytes(t: TableInputs) -> float:
    """Bytes of a year of daily copies."""
    return t.total_bytes * 365


def choose(t: TableInputs) -> str:
    if t.immutable:
        return "none"
    unaffordable = t.history == "daily" and t.key and daily_bytes(t) > c.DAILY_COPIES.value
    return "scd2" if unaffordable else t.history


def problem(t: TableInputs, choice: str) -> Trouble | None:
    if choice not in HISTORIES:
        return unknown(f"{t.address}.history", choice, HISTORIES)
    return None


_AGAINST = {
    "none": ("scd2", "earlier versions are kept that nobody asked for"),
    "scd2": ("daily", "every row is copied every day, changed or not"),
    "daily": ("scd2", "one row a version: the state of a day must be looked up"),
    "every-change": ("scd2", "a snapshot sees a row as it is when it looks, not the states in between"),
}


def tell(t: TableInputs, choice: str) -> Told:
    because = [f"history: {t.history}"]
    if t.immutable and t.history != "none":
        because.append("rows never change, so that each has one version")
    if t.history == "daily":
        more = "more than" if daily_bytes(t) > c.DAILY_COPIES.value else "at most"
        because.append(
            f"daily copies take {size_text(daily_bytes(t))} a year, {more} {size_text(c.DAILY_COPIES.value)}"
        )
    other, against = _AGAINST[choice]
    return Told(
        tuple(because), (Alternative(other, against),), f"history.{choice.replace('-', '_')}",
        "decision model, write: SCD2 snapshot, or dated snapshots where rows x days is affordable; (H)",
    )  # fmt: skip
