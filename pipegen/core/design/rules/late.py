"""Late rows: what is read again before the mark, and how many batches an incremental model looks back."""

from __future__ import annotations

from math import ceil

from pipegen.core import units
from pipegen.core.design import calibration as c
from pipegen.core.design.decision import Alternative
from pipegen.core.design.inputs import SourceInputs, TableInputs
from pipegen.core.design.told import Told, Trouble


def overlap(s: SourceInputs, t: TableInputs) -> int:
    """What is read again before the mark: seconds of a time, units of a number; rows are committed late."""
    return max(int(c.OVERLAP.value), t.lateness, s.lag) if t.mark == "temporal" else int(c.OVERLAP_UNITS.value)


def overlap_text(t: TableInputs, value: int) -> str:
    return units.duration_text(value) if t.mark == "temporal" else f"{value} units"


def parse_overlap(t: TableInputs, choice: str) -> int | None:
    """Seconds or units of an overlap as people say it; None where it is none."""
    if t.mark == "temporal":
        try:
            return units.duration(choice)
        except ValueError:
            return None
    number = choice.removesuffix("units").strip()
    return int(number) if number.isascii() and number.isdigit() and len(number) < 19 else None


def overlap_problem(s: SourceInputs, t: TableInputs, choice: str) -> Trouble | None:
    value, least = parse_overlap(t, choice), max(t.lateness, s.lag)
    if not value:
        example = "a duration: `2h`" if t.mark == "temporal" else "a number: `1000 units`"
        return f"`{choice}` is not what can be read again before the mark", f"for example {example}"
    if t.mark == "temporal" and value < least:
        said = f"rows may be {units.duration_text(least)} late, and `{choice}` before the mark would miss them"
        return said, f"works: `{units.duration_text(least)}` or more, or a smaller `lateness`"
    return None


def tell_overlap(s: SourceInputs, t: TableInputs) -> Told:
    because = (
        (
            f"lateness {units.duration_text(t.lateness)}",
            *((f"source lag {units.duration_text(s.lag)}",) if s.lag else ()),
        )
        if t.mark == "temporal"
        else ("the mark is a number, which says nothing of time",)
    )
    longest = "at least the lateness that is declared"
    source = f"{c.OVERLAP.source}; {longest}" if t.mark == "temporal" else c.OVERLAP_UNITS.source
    against = "rows that are committed after a later one was read would be lost (dlt#2269)"
    return Told(because, (Alternative("none", against),), "overlap", source)


def lookback(t: TableInputs) -> int:
    """Batches that every incremental model looks back."""
    return max(1, ceil(t.lateness / c.LOOKBACK_BATCH.value))


def lookback_problem(t: TableInputs, choice: str) -> Trouble | None:
    if not (choice.isascii() and choice.isdigit() and 1 <= int(choice) <= 1000):
        return f"`{choice}` is not a number of batches", "a whole number from 1 to 1000"
    if int(choice) < lookback(t):
        said = f"rows may be {units.duration_text(t.lateness)} late, and {choice} batches back would miss them"
        return said, f"works: `{lookback(t)}` or more, or a smaller `lateness`"
    return None


def tell_lookback(t: TableInputs, choice: str) -> Told:
    return Told(
        (f"lateness {units.duration_text(t.lateness)}", "a batch is a day"),
        (Alternative(str(int(choice) + 1), "one more day would be computed again at each run"),),
        "lookback", "lookback = lateness p99.9 / batch, rounded up; dbt's default is 1 batch",
    )  # fmt: skip
