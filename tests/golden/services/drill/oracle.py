"""What must be in the warehouse, worked out in the plainest way from the twins' rows and the declared patterns.

It reads no database and shares no code with ingest/, quality/ or transform/. After each good load it is shown what the
source holds; from that and from what it was shown before it knows raw, staging, the one-to-one marts and the history.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from drill.declared import Column, Mart, Table
from drill.treatment import TOKEN_KEY, treated
from drill.twins import Record, Values
from drill.values import canonical

# Rows as they are compared: the values of the compared columns, in their order.
Rows = Counter[tuple[Any, ...]]


@dataclass
class Kept:
    """A row that is expected in raw. `place` is where in its file it stood; a deleted row is one that is marked."""

    values: Values
    file: str | None = None
    place: int = 0
    deleted: bool = False


@dataclass
class Expected:
    """One table: the rows that must be in raw, and how many of its source's rows must be in quarantine."""

    table: Table
    kept: list[Kept] = field(default_factory=list)
    bad: int = 0
    token_key: str = TOKEN_KEY

    def observe(
        self,
        records: list[Record],
        now: datetime | None = None,
        unseen: Sequence[Record] = (),
        files: Collection[str] = (),
    ) -> None:
        """A load was good while the source held these rows, in these files, and others that it could not see."""
        self.bad = sum(1 for record in records if record.bad)
        fresh = [
            self.landed(record, place=place)
            for place, record in enumerate(records)
            if not record.bad
        ]
        table = self.table
        if table.kind == "files":
            self.kept = fresh if table.load == "full" else self._by_file(files, fresh)
        elif table.by_day:
            self.kept = self._by_day(fresh, now or datetime.now(UTC))
        elif table.write == "replace":
            self.kept = fresh
        else:
            self.kept = self._by_key(
                fresh, [*unseen, *(record for record in records if record.bad)]
            )

    def landed(self, record: Record, columns: Iterable[Column] = (), place: int = 0) -> Kept:
        """A good row as it lands: all of its columns, or some."""
        return Kept(self._of(record, columns or self.table.columns), record.file, place)

    def _key_of(self, record: Record) -> Values:
        return self._of(record, [self.table.column(column) for column in self.table.key])

    def _of(self, record: Record, columns: Iterable[Column]) -> Values:
        values = record.values
        return {
            c.id: canonical(c.type, treated(c, values.get(c.id), self.token_key)) for c in columns
        }

    def _by_file(self, files: Collection[str], fresh: list[Kept]) -> list[Kept]:
        """The rows of files that are there now, as they are now; those of files that are gone, as they were."""
        return [kept for kept in self.kept if kept.file not in files] + fresh

    def _by_key(self, fresh: list[Kept], unread: list[Record]) -> list[Kept]:
        """The newest of each key; what is gone is kept, marked or dropped, as declared.

        A row that was not read, or could not be, is not gone: it stays as it was when it was.
        """
        there = {self.key(Kept(self._key_of(record))) for record in unread}
        found: dict[tuple[Any, ...], Kept] = {}
        for kept in fresh:
            key = self.key(kept)
            if key not in found or self.newness(kept) >= self.newness(found[key]):
                found[key] = kept
        gone = [kept for kept in self.kept if self.key(kept) not in found]
        stale = [kept for kept in gone if self.key(kept) in there]
        gone = [kept for kept in gone if self.key(kept) not in there]
        if not self.table.sees_deletes:
            return [*gone, *stale, *found.values()]
        if self.table.soft:
            return [*(replace(kept, deleted=True) for kept in gone), *stale, *found.values()]
        return [*stale, *found.values()]

    def _by_day(self, fresh: list[Kept], now: datetime) -> list[Kept]:
        """Whole days from the one on that the mark, less the overlap, falls in; older days stay as they were."""
        first = self.first_read(now)
        if first is None:
            return fresh
        watermark = self.table.watermark or ""
        old = [kept for kept in self.kept if moment(kept.values[watermark]) < first]
        return old + [kept for kept in fresh if moment(kept.values[watermark]) >= first]

    def backfilled(self, records: list[Record], first: Any, last: Any) -> None:
        """A backfill read the window of the watermark from `first` on, up to but without `last`."""
        watermark = self.table.watermark or ""

        def within(kept: Kept) -> bool:
            value = kept.values[watermark]
            if self.table.temporal and value is not None:
                value = moment(value)
            return value is not None and bool(first <= value < last)

        read = [self.landed(r, place=at) for at, r in enumerate(records) if not r.bad]
        read = [kept for kept in read if within(kept)]
        if self.table.by_day:
            self.kept = [kept for kept in self.kept if not within(kept)] + read
        else:
            keys = {self.key(kept) for kept in read}
            self.kept = [kept for kept in self.kept if self.key(kept) not in keys] + read

    def first_read(self, now: datetime) -> datetime | None:
        """The start of the first day that the next load of whole days reads; None when it reads all."""
        watermark = self.table.watermark or ""
        limit = now.astimezone(UTC).replace(tzinfo=None)
        marks = [moment(kept.values[watermark]) for kept in self.kept]
        marks = [mark for mark in marks if mark <= limit]
        if not marks:
            return None
        first = max(marks) - timedelta(seconds=self.table.overlap)
        return datetime(first.year, first.month, first.day)

    def key(self, kept: Kept) -> tuple[Any, ...]:
        return tuple(kept.values[column] for column in self.table.key)

    def newness(self, kept: Kept) -> tuple[Any, ...]:
        """What makes one row of a key newer than another: its watermark, its file, its place in it."""
        value = kept.values[self.table.watermark] if self.table.watermark else None
        return (value is not None, value if value is not None else 0, kept.file or "", kept.place)

    def raw(self) -> Rows:
        """All of raw: the declared columns, the file of a row from one, whether a row that may be marked is."""
        columns = [column.id for column in self.table.columns]
        return Counter(
            (
                *(kept.values[column] for column in columns),
                *([kept.file] if self.table.kind == "files" else []),
                *([kept.deleted] if self.table.soft else []),
            )
            for kept in self.kept
        )

    def newest(self, dedupe: bool) -> list[Kept]:
        """What staging shows: raw, or the newest row of each key where it has a key more than once."""
        if not dedupe:
            return self.kept
        found: dict[tuple[Any, ...], Kept] = {}
        for kept in self.kept:
            key = self.key(kept)
            if key not in found or self.newness(kept) > self.newness(found[key]):
                found[key] = kept
        return list(found.values())

    def staging(self, dedupe: bool) -> Rows:
        return self._shown(dedupe, [column.id for column in self.table.columns], self.table.soft)

    def mart(self, mart: Mart, dedupe: bool) -> Rows:
        """A mart that has each row of its staging model: of the columns that it takes as they are."""
        return self._shown(dedupe, mart.columns, mart.soft_deletes)

    def _shown(self, dedupe: bool, columns: Iterable[str], marked: bool) -> Rows:
        columns = list(columns)
        return Counter(
            (*(kept.values[c] for c in columns), *([kept.deleted] if marked else []))
            for kept in self.newest(dedupe)
        )


def moment(value: Any) -> datetime:
    """A watermark's value as a moment in UTC."""
    found: datetime = canonical("TIMESTAMP", value)
    return found


def difference(table: Table, columns: list[Column], expected: Rows, actual: Rows) -> str:
    """What disagrees, in one line without a value of a row; empty when nothing does."""
    lacking, strange = expected - actual, actual - expected
    if not lacking and not strange:
        return ""
    counts = f"expected {expected.total()} rows, found {actual.total()}"
    parts = [f"{counts}: {lacking.total()} lacking, {strange.total()} that should not be there"]
    places = {column.id: place for place, column in enumerate(columns)}
    key = [places[column] for column in table.key if column in places]
    if key:
        lost = {tuple(row[at] for at in key): row for row in lacking}
        found = {tuple(row[at] for at in key): row for row in strange}
        both = [k for k in lost if k in found]
        odd = {
            columns[at].id if at < len(columns) else "what the load added"
            for k in both
            for at in range(len(lost[k]))
            if lost[k][at] != found[k][at]
        }
        if both:
            parts.append(f"{len(both)} keys in both differ in {', '.join(sorted(odd))}")
        for word, keys in (
            ("lacking", [k for k in lost if k not in found]),
            ("extra", [k for k in found if k not in lost]),
        ):
            if keys:
                shown = ", ".join("/".join(map(str, k)) for k in keys[:3])
                parts.append(f"{word} keys such as {shown}")
    return "; ".join(parts)
