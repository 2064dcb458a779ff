"""One table that a SQL engine reads for the probe, and how that engine says what is asked of all of them."""

# ruff: noqa: S608 (names in queries are quoted)
from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from pipegen.core.measured import Count
from pipegen.probe.facts import ColumnFacts
from pipegen.probe.sql_names import quoted

SAMPLE_ROWS = 200_000
SCANNED_BYTES = 2 * 1024**3  # a table up to this is read for its oldest day, with an index or without
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass
class SqlTable(ABC):
    """A table to be read; every ``str`` of it but ``name`` is SQL, with names quoted.

    Args:
        name: its real name.
        rows: what is known of their number.
        relation: all of its rows, for ``from``.
        part: what columns are judged by: all of a small table, a part of a large one.
        order: what its rows are ordered by as they came, or as they lie; empty where there is no order.
        spread: whether ``part`` is taken from all over the table, and not only from its beginning.
        whole: whether all of its rows may be read at once, to find a key or a range; else the first ``sample`` rows are.
        scanned: whether all of its rows are read at least for the oldest day of its watermark.
        notes: what a person should know of it.
    """

    name: str
    rows: Count
    relation: str
    part: str
    order: Sequence[str]
    spread: bool = True
    whole: bool = True
    scanned: bool = False
    sample: int = SAMPLE_ROWS
    notes: list[str] = field(default_factory=list)

    @property
    def is_judged_in_part(self) -> bool:
        return self.part != self.relation

    def first(self, rows: int, selected: str = "*") -> str:
        """Its first rows, for ``from``."""
        order = f" order by {', '.join(self.order)}" if self.order else ""
        return f"(select {selected} from {self.relation}{order} limit {rows})"

    def quoted(self, name: str) -> str:
        """A column's name as a SQL identifier."""
        return quoted(name)

    def comparable(self, name: str, type_: str) -> str:
        """A column of a canonical type, as a value that has an equality."""
        return self.quoted(name)

    def shown(self, column: ColumnFacts, characters: int) -> str:
        """The beginning of a column's text."""
        return f"substr(cast({self.quoted(column.name)} as varchar), 1, {characters})"

    @abstractmethod
    def ask(self, select: str) -> list[tuple[Any, ...]] | None:
        """What a ``select`` answers; None where the engine takes too long for it."""

    @abstractmethod
    def is_moment(self, column: ColumnFacts) -> str:
        """Whether a time is one at all: no null, none that is infinite, no zero."""

    @abstractmethod
    def moment(self, column: ColumnFacts) -> str:
        """A time as what compares."""

    @abstractmethod
    def seconds(self, moment: str) -> str:
        """A moment in seconds since 1970."""

    @abstractmethod
    def moment_at(self, seconds: float, column: ColumnFacts) -> str:
        """The moment that many seconds after 1970 began, as it compares with those of a column."""

    @abstractmethod
    def day(self, moment: str) -> str:
        """The day of a moment in UTC, ``YYYY-MM-DD``."""

    def quantiles(self, numbers: str, shares: Sequence[float]) -> tuple[int, list[int]]:
        """How many values the column ``d`` of a select has, and of each share the least value that as many are not above."""
        rows = self.ask(f"select d, count(*) from ({numbers}) s where d is not null group by d order by d")
        counts = [(int(value), int(count)) for value, count in rows or ()]
        return sum(count for _, count in counts), quantiles(counts, shares)

    def one(self, select: str) -> tuple[Any, ...] | None:
        """The only row of an answer."""
        rows = self.ask(select)
        return rows[0] if rows else None

    def valid_day(self, text: object) -> str | None:
        return text if isinstance(text, str) and _DAY.fullmatch(text) else None


def quantiles(counts: Sequence[tuple[int, int]], wanted: Sequence[float]) -> list[int]:
    """Quantiles of values that come with their numbers, in the order of the values: of each the least that enough are below."""
    total = sum(count for _, count in counts)
    found = []
    for share in wanted:
        place, passed = max(1, ceil(round(share * total, 6))), 0
        for value, count in counts:
            passed += count
            if passed >= place:
                found.append(value)
                break
    return found
