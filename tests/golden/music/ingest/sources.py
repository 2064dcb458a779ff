"""Databases and APIs behind one interface: a consistent, read-only snapshot of which rows, sums and keys are asked."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from ingest.declaration import LoadError, Note, Source, Table
from ingest.measures import Measure
from ingest.parse import Batch


@dataclass(frozen=True)
class Window:
    """Rows with low <= watermark < high, as the source writes them; an open end is None, both open is the whole table.

    With an open upper end, rows with no watermark are in it too: whoever reads on from a mark must not lose them. `also`
    are single rows that are wanted besides, by rowid or by key.
    """

    low: object = None
    high: object = None
    also: tuple[object, ...] = ()

    @property
    def whole(self) -> bool:
        return self.low is None and self.high is None


WHOLE = Window()


@dataclass(frozen=True)
class Keys:
    """Rows by their keys: values as the source has them, in the order of the table's key."""

    values: Sequence[tuple[object, ...]]


Selection = Window | Keys


class Reader(Protocol):
    """A snapshot of a database."""

    # Whether quarantined rows are asked for by rowid; whether single rows can be asked for at all.
    has_rowids: bool
    asks_for_rows: bool

    def check(self, table: Table, note: Note) -> None:
        """LoadError when the table is not as declared, by its schema contract."""

    def newest(self, table: Table) -> object:
        """The watermark to read on from next time: the highest that no unfinished or misdated row can hide behind."""

    def read(self, table: Table, selection: Selection = WHOLE) -> Iterator[Batch]:
        """Raw rows, in batches that bound the memory."""

    def measure(self, table: Table, selection: Selection = WHOLE) -> dict[str, Measure]:
        """The source's own count and sums, by UTC day of a temporal watermark; '' where there is none."""

    def total(self, table: Table) -> Measure:
        """The same of the whole table."""

    def keys(self, table: Table) -> Iterator[Batch]:
        """The raw key columns of every row."""


@contextmanager
def open(source: Source) -> Iterator[Any]:
    """A snapshot of a source that is no files. SourceDown when it cannot be reached."""
    if source.is_api:
        from ingest import rest, rest_twin

        with rest_twin.standing_in(source) as there, rest.snapshot(there) as reader:
            yield reader
    elif source.kind == "postgres":
        from ingest import postgres

        with postgres.snapshot(source) as reader:
            yield reader
    elif source.kind == "mysql":
        from ingest import mysql

        with mysql.snapshot(source) as reader:
            yield reader
    else:
        from ingest import sqlite

        with sqlite.snapshot(source) as reader:
            yield reader


@contextmanager
def faults_of(source: Source) -> Iterator[None]:
    """What breaks a read under way, as a LoadError, where the reader itself does not say so."""
    if source.kind == "sqlite" and not source.is_api:
        from ingest import sqlite

        with sqlite.faults_of(source):
            yield
    else:
        yield


def overlapped(table: Table, mark: object) -> object:
    """The lower end to read from: the mark less the table's overlap, in the mark's own form."""
    if mark is None or not table.overlap:
        return mark
    if isinstance(mark, int):
        return mark - table.overlap
    if not table.temporal:
        return _less(mark, table.overlap)
    moment = as_moment(str(mark))
    if moment is None:
        return mark
    return in_form_of(str(mark), moment - timedelta(seconds=table.overlap))


def _less(mark: object, units: int) -> object:
    if isinstance(mark, float):
        return mark - units
    try:
        return str(Decimal(str(mark)) - units)
    except InvalidOperation:
        return mark


def as_moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def day_of(text: str) -> str:
    """The UTC day that a moment lies in."""
    moment = as_moment(text)
    if moment is None:
        return text
    return str((moment.astimezone(UTC) if moment.tzinfo else moment).date())


def in_form_of(example: str, moment: datetime) -> str:
    """A moment written as the example is, cut to whole seconds so that it sorts before all that begins with them."""
    if len(example) == 10:
        return moment.date().isoformat()
    text = moment.replace(microsecond=0).isoformat(sep=example[10])
    return text.replace("+00:00", "Z") if example.endswith("Z") else text


def check_bound(table: Table, text: str) -> str:
    """A bound of a window that a person gave. LoadError when it is none."""
    if table.watermark is None:
        raise LoadError(
            f"{table.source}.{table.id} has no watermark, so it has no windows: load it as a whole"
        )
    if table.temporal and as_moment(text) is None:
        raise LoadError(
            f"{text!r} is no date or time; for example 2026-01-31 or 2026-01-31T06:00:00"
        )
    return text
