"""The rows of an API's pages on disk: a file of JSON lines for each day of the watermark, or one for all."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import simplejson

from ingest.declaration import Table
from ingest.sources import Window, as_moment, day_of


class Spool:
    """One reading of a table. `parts` are its files by day; `newest` the highest watermark that is no time to come.

    Rows outside of the window are left out, for an API may give more than it was asked for. `came` counts all rows,
    `again` those that came before on another page, and `twice` are hashes of their keys.
    """

    def __init__(self, folder: Path, table: Table, window: Window):
        folder.mkdir()
        self._folder = folder
        self._window = window
        self._now = datetime.now(UTC)
        self._mark = table.column(table.watermark).name if table.watermark else None
        self._temporal = table.temporal
        self._by_day = table.incremental and table.temporal
        self._key = [table.column(key).name for key in table.key]
        # By key: the page that it was last on, and its file and line there. About a hundred bytes a row.
        self._places: dict[int, tuple[int, str, int]] = {}
        self._stale: dict[str, set[int]] = {}
        self._lines: dict[str, int] = {}
        self._pages = 0
        self.parts: dict[str, Path] = {}
        self.names: set[str] = set()
        self.came = self.again = 0
        self.twice: set[int] = set()
        self.newest: Any = None

    def add(self, rows: list[Any]) -> None:
        """The rows of one page."""
        self._pages += 1
        by_part: dict[str, list[Any]] = {}
        for row in rows:
            self.came += 1
            mark = row.get(self._mark) if self._mark and isinstance(row, dict) else None
            self._remember(mark)
            if self._inside(mark):
                day = self._day(mark)
                by_part.setdefault(day, []).append(row)
                self._place(row, day)
        for day, some in by_part.items():
            self._write(day, some)

    def _write(self, day: str, rows: list[Any]) -> None:
        if day not in self.parts:
            self.parts[day] = self._folder / f"{day or 'rows'}.jsonl"
        # Half a character, which JSON can spell, goes to quarantine with its row.
        with self.parts[day].open(
            "a", encoding="utf-8", errors="surrogatepass", newline="\n"
        ) as file:
            for row in rows:
                file.write(simplejson.dumps(row, use_decimal=True, ensure_ascii=False) + "\n")

    def _place(self, row: Any, day: str) -> None:
        """Where the row is; another one of its key, on an earlier page, is stale."""
        line = self._lines[day] = self._lines.get(day, 0) + 1
        if not isinstance(row, dict):
            return
        self.names.update(row)
        key = [row.get(name) for name in self._key]
        if not key or None in key:
            return
        found = hash(tuple(map(str, key)))
        before = self._places.get(found)
        self._places[found] = (self._pages, day, line)
        if before and before[0] != self._pages:
            self._stale.setdefault(before[1], set()).add(before[2])
            self.again += 1
            self.twice.add(found)

    @property
    def different(self) -> int:
        return self.came - self.again

    def settle(self) -> bool:
        """Leave out what is stale; whether there was any."""
        for day, lines in self._stale.items():
            path = self.parts[day]
            kept = path.with_suffix(".kept.jsonl")
            with path.open("rb") as old, kept.open("wb") as new:
                new.writelines(text for number, text in enumerate(old, 1) if number not in lines)
            kept.replace(path)
        return bool(self._stale)

    def _day(self, mark: Any) -> str:
        """The UTC day of a row's watermark, as the row's own window in quarantine has it."""
        return day_of(str(mark)) if self._by_day and self._moment(mark) else ""

    def _moment(self, value: Any) -> datetime | None:
        """A time, in UTC where nothing else is said."""
        moment = as_moment(value) if isinstance(value, str) else None
        return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment

    def _comparable(self, value: Any) -> Any:
        if self._temporal:
            return self._moment(value)
        try:
            return Decimal(str(value))
        except InvalidOperation:
            return None

    def _inside(self, mark: Any) -> bool:
        """Whether a row is in the window; one with no watermark is wherever there is no upper end."""
        if self._window.whole:
            return True
        value = self._comparable(mark)
        if value is None:
            return self._window.high is None
        low, high = self._window.low, self._window.high
        return (low is None or value >= self._comparable(str(low))) and (
            high is None or value < self._comparable(str(high))
        )

    def _remember(self, mark: Any) -> None:
        value = self._comparable(mark) if mark is not None else None
        if value is None or (self._temporal and value > self._now):
            return
        if self.newest is None or value > self._comparable(self.newest):
            self.newest = mark if isinstance(mark, (str, int)) else str(mark)
