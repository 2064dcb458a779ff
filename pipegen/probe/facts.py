"""What is known of a column and of a table while they are measured, whatever engine measures them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipegen.core.measured import MeasuredColumn
from pipegen.probe.named_columns import personal

TEMPORAL = frozenset({"date", "timestamp", "timestamptz"})
RATE_DIGITS = 4


@dataclass(frozen=True)
class ColumnFacts:
    """A column as measured over ``rows`` rows; ``longest`` is characters of the longest text, where it was measured."""

    name: str
    type: str
    rows: int
    nulls: int
    longest: int | None = None
    required: bool = False
    unique: bool = False
    declared: str | None = None

    def measured(self, key: Sequence[str] = ()) -> MeasuredColumn:
        """As ``sources/NAME.yml`` has it; a column of the ``key`` is never null."""
        nullable = not (self.required or self.name in key)
        return MeasuredColumn(
            type=self.type,
            declared=self.declared,
            nullable=nullable,
            null_rate=rate(self.nulls, self.rows) if nullable and self.rows else None,
            unique=True if self.unique or [self.name] == list(key) else None,
            personal=personal(self.name),
        )


CountDistinct = Callable[[Sequence[str], bool], int]
"""Distinct combinations of columns: of the whole table, or (True) of its first ``KEY_SAMPLE_ROWS`` rows."""

KEY_SAMPLE_ROWS = 20_000


def rate(part: int, whole: int) -> float:
    """A fraction in four digits; what is not 0 does not become 0."""
    if not part or not whole:
        return 0.0
    return max(round(part / whole, RATE_DIGITS), 10.0**-RATE_DIGITS)
