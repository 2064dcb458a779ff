"""Counts and sums of one hop, expected against actual, window by window."""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from ingest.measures import Sum, add_sums

# Sums of floating-point numbers depend on the order of addition.
RELATIVE_TOLERANCE = 1e-9

WHOLE_TABLE = "whole table"


@dataclass(frozen=True)
class Totals:
    """Rows, and sums by column id. `deleted` are the rows beside them that are kept and marked as deleted.

    `sizes` has of each column of floating-point numbers the sum of what they are without their signs: a sum in which
    large numbers cancel each other out is no more exact than these are.
    """

    rows: int = 0
    sums: dict[str, Sum] = field(default_factory=dict)
    deleted: int = 0
    sizes: dict[str, float] = field(default_factory=dict)


# By UTC day of the watermark; '' where there is none. WHOLE_TABLE alone where there are no windows.
Windows = dict[str, Totals]


@dataclass
class Hop:
    """One comparison. `differences` names what disagrees, with both values, and `repair` what mends it; empty when all agrees."""

    hop: str
    source: str
    table: str
    window: str
    expected: Totals
    actual: Totals
    differences: list[str] = field(default_factory=list)
    repair: str = ""

    @property
    def where(self) -> str:
        window = "" if self.window == WHOLE_TABLE else f" [{self.window or 'no day'}]"
        return f"{self.hop}: {self.source}.{self.table}{window}"

    def differs(self, what: str, expected: object, found: object) -> None:
        self.differences.append(f"{self.where}: {what}: expected {expected}, found {found}")

    def compare(self) -> "Hop":
        wanted, found = self.expected, self.actual
        if wanted.rows != found.rows:
            self.differs("rows", wanted.rows, found.rows)
        if wanted.deleted != found.deleted:
            self.differs("rows marked as deleted", wanted.deleted, found.deleted)
        if bool(wanted.rows) == bool(found.rows):
            self._compare_sums()
        return self

    def _compare_sums(self) -> None:
        for column, wanted in self.expected.sums.items():
            found = self.actual.sums.get(column, Sum(None, True))
            sizes = (self.expected.sizes.get(column, 0.0), self.actual.sizes.get(column, 0.0))
            if not agree(wanted, found, max(sizes)):
                self.differs(f"sum of {column}", wanted.value, found.value)

    def sums_json(self) -> str:
        return json.dumps(
            {
                column: {"expected": _text(wanted), "actual": _text(self.actual.sums.get(column))}
                for column, wanted in self.expected.sums.items()
            }
        )


def compare(hop: str, source: str, table: str, expected: Windows, actual: Windows) -> list[Hop]:
    """A comparison for each window that one of the two has; of two empty tables, one."""
    windows = sorted(expected.keys() | actual.keys()) or [WHOLE_TABLE]
    return [
        Hop(
            hop,
            source,
            table,
            window,
            expected.get(window, Totals()),
            actual.get(window, Totals()),
        ).compare()
        for window in windows
    ]


def agree(wanted: Sum, found: Sum, size: float = 0.0) -> bool:
    if wanted.value is None or found.value is None:
        # SQLite and an empty quarantine say 0 and NULL for the same thing.
        return not wanted.value and not found.value
    if wanted.value == found.value:
        return True
    if wanted.exact and found.exact:
        return False
    left, right = float(wanted.value), float(found.value)
    if math.isnan(left) and math.isnan(right):
        return True
    least = RELATIVE_TOLERANCE * size if math.isfinite(size) else 0.0
    return math.isclose(left, right, rel_tol=RELATIVE_TOLERANCE, abs_tol=max(least, 1e-12))


def add(parts: Iterable[Totals]) -> Totals:
    """All of them together."""
    parts = list(parts)
    sums = add_sums(part.sums for part in parts)
    sizes = {
        column: sum(part.sizes.get(column, 0.0) for part in parts)
        for column in dict.fromkeys(column for part in parts for column in part.sizes)
    }
    return Totals(
        sum(part.rows for part in parts), sums, sum(part.deleted for part in parts), sizes
    )


def add_windows(*several: Windows) -> Windows:
    """Window by window."""
    windows = dict.fromkeys(window for one in several for window in one)
    return {window: add(one[window] for one in several if window in one) for window in windows}


def whole(windows: Windows) -> Windows:
    """All windows as one."""
    return {WHOLE_TABLE: add(windows.values())}


def _text(total: Sum | None) -> str | None:
    return None if total is None or total.value is None else str(total.value)
