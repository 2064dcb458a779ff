"""A SQLite table as it is read by the probe: times are texts to SQLite, and compare as days of Julian's calendar."""

# ruff: noqa: S608 (names in queries are the probe's own, or quoted)
from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from pipegen.core.measured import Count
from pipegen.probe.facts import ColumnFacts
from pipegen.probe.look import Look
from pipegen.probe.sql_names import quoted
from pipegen.probe.sql_rows import with_personal
from pipegen.probe.sql_table import SqlTable

CELLS = 4_000_000  # whose distinct values are counted: the wider a table, the fewer rows
_COLUMNS_A_QUERY = 100
_LONGEST_COMPARED = 1_000  # characters; how many longer texts are distinct is not asked
_STEPS = 20_000  # of SQLite's machine, between two looks at the clock
_EPOCH = 2440587.5  # 1970-01-01 as a Julian day
_DAY_SECONDS = 86_400


class TimeIsUp(Exception):  # noqa: N818 (it is no error)
    """The time for the look is spent."""


@dataclass
class SqliteTable(SqlTable):
    """A table that ``con`` reads; what runs when the time for looking is up answers nothing."""

    con: sqlite3.Connection | None = None
    look: Look | None = None

    def ask(self, select: str) -> list[tuple[Any, ...]] | None:
        assert self.con is not None
        try:
            return self.con.execute(select).fetchall()
        except sqlite3.OperationalError as error:
            if "interrupted" in str(error) and self.look is not None and self.look.is_over:
                return None
            raise

    def is_moment(self, column: ColumnFacts) -> str:
        return f"julianday({quoted(column.name)}) is not null"

    def moment(self, column: ColumnFacts) -> str:
        return f"julianday({quoted(column.name)})"

    def seconds(self, moment: str) -> str:
        return f"({moment} - {_EPOCH}) * {_DAY_SECONDS}"

    def moment_at(self, seconds: float, column: ColumnFacts) -> str:
        return repr(seconds / _DAY_SECONDS + _EPOCH)

    def day(self, moment: str) -> str:
        return f"date({moment})"


@contextmanager
def within_time(con: sqlite3.Connection, look: Look) -> Iterator[None]:
    """Whatever runs is stopped when the time for looking is up, and by Ctrl-C.

    Raises:
        TimeIsUp: something was stopped for the time.
        KeyboardInterrupt: SQLite is stopped by what is raised while it asks for the time, and forgets what it was.
    """
    con.set_progress_handler(lambda: look.is_over, _STEPS)
    try:
        yield
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            raise (TimeIsUp if look.is_over else KeyboardInterrupt) from None
        raise
    finally:
        con.set_progress_handler(None, 0)


def with_values(of: SqliteTable, columns: Sequence[ColumnFacts]) -> list[ColumnFacts]:
    """Columns with the number of their distinct values, and what they seem to hold by some of them, forgotten at once."""
    found: list[ColumnFacts] = []
    for start in range(0, len(columns), _COLUMNS_A_QUERY):
        found += with_personal(of, _with_distinct(of, columns[start : start + _COLUMNS_A_QUERY], len(columns)))
    return found


def _with_distinct(of: SqliteTable, columns: Sequence[ColumnFacts], width: int) -> list[ColumnFacts]:
    rows = max(1_000, CELLS // width)
    exact = of.rows.value <= rows
    compared = [c for c in columns if c.type not in ("blob", "json") and (c.longest or 0) <= _LONGEST_COMPARED]
    asked = ", ".join(f"count(distinct {quoted(c.name)})" for c in compared)
    answer = of.one(f"select {asked} from {of.relation if exact else of.first(rows)} p") if compared else None
    counted = {c.name: Count(value=n, exact=exact) for c, n in zip(compared, answer or (), strict=False)}
    return [replace(c, distinct=counted.get(c.name)) for c in columns]
