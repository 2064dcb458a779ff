"""What is known of a column and of a table while they are measured, whatever engine measures them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipegen.core.measured import Count, MeasuredColumn, Personal
from pipegen.probe.personal import personal

TEMPORAL = frozenset({"date", "timestamp", "timestamptz"})
RATE_DIGITS = 4


@dataclass(frozen=True)
class ColumnFacts:
    """A column as measured over ``rows`` rows: see :class:`pipegen.core.measured.MeasuredColumn`.

    ``personal`` is what :func:`pipegen.probe.personal.personal` found, where values were looked at; else the name says it.
    """

    name: str
    type: str
    rows: int
    nulls: int
    longest: int | None = None
    required: bool = False
    unique: bool = False
    declared: str | None = None
    generated: bool = False
    distinct: Count | None = None
    values: Sequence[str] | None = None
    least: str | None = None
    most: str | None = None
    personal: Personal | None = None

    def measured(self, key: Sequence[str] = ()) -> MeasuredColumn:
        """As ``sources/NAME.yml`` has it; a column of the ``key`` is never null, and no value of a personal one is told."""
        nullable = not (self.required or self.name in key)
        seems = self.personal or personal(self.name, self.type)
        return MeasuredColumn(
            type=self.type,
            declared=self.declared,
            nullable=nullable,
            null_rate=rate(self.nulls, self.rows) if nullable and self.rows else None,
            unique=True if self.unique or [self.name] == list(key) else None,
            generated=self.generated or None,
            distinct=self.distinct,
            values=list(self.values) if self.values is not None else None,
            least=None if seems else self.least,
            most=None if seems else self.most,
            longest=self.longest if self.type == "text" else None,
            personal=seems,
        )


CountDistinct = Callable[[Sequence[str], bool], int]
"""Distinct combinations of columns: of the whole table, or (True) of its first ``KEY_SAMPLE_ROWS`` rows."""

KEY_SAMPLE_ROWS = 20_000


def rate(part: int, whole: int) -> float:
    """A fraction in four digits; what is not 0 does not become 0."""
    if not part or not whole:
        return 0.0
    return max(round(part / whole, RATE_DIGITS), 10.0**-RATE_DIGITS)
