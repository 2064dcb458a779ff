"""A source that is a REST API: its pages are kept on disk as they come, and what is asked of the table is asked of those.

An API has no snapshot: what a load counts, compares and lands is one and the same reading of its pages. Rows that came
twice because others were added or deleted meanwhile are kept once; where the API says how many rows it has, that many
must have come.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import requests

from ingest import contract, files, parse, settings
from ingest import rest_requests as requested
from ingest.declaration import LoadError, Note, Source, Table
from ingest.ledger import File
from ingest.measures import Measure, plus
from ingest.parse import LINE, Batch
from ingest.rest_pages import Pages
from ingest.rest_spool import Spool
from ingest.sources import WHOLE, Keys, Selection, Window, as_moment

READINGS = 3  # of a table, where the rows that came are not those that the API says there are

MANY = 100  # rows of which one at least has a column that is not lost


@contextmanager
def snapshot(source: Source) -> Iterator["Snapshot"]:
    """What is read of an API, for as long as the block lasts."""
    parent = settings.work_path()
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-{source.id}-", dir=parent))
    try:
        yield Snapshot(source, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Snapshot:
    """The pages of a source's tables, each table read when it is first asked for."""

    has_rowids = False
    asks_for_rows = False

    def __init__(self, source: Source, folder: Path):
        self._source = source
        self._folder = folder
        self._at = requested.address(source)
        self._client = requested.client(source, self._at)
        self._parser = parse.session()
        self._note: Note = lambda text: None
        self._read_of: dict[tuple[str, object, object], Spool] = {}

    def check(self, table: Table, note: Note) -> None:
        self._note = note

    def newest(self, table: Table) -> object:
        """The highest watermark of what was read, but no time that is still to come."""
        return self._last(table).newest

    def read(self, table: Table, selection: Selection = WHOLE) -> Iterator[Batch]:
        for path in self._spool(table, selection).parts.values():
            status = path.stat()
            file = File(path.name, path, status.st_size, status.st_mtime_ns)
            for batch in files.read(_lines_of(table), file, self._note):
                yield _nameless(batch)

    def keys(self, table: Table) -> Iterator[Batch]:
        ids = [*table.key, LINE]
        for batch in self.read(table):
            yield Batch(batch.rows.select(ids))

    def measure(self, table: Table, selection: Selection = WHOLE) -> dict[str, Measure]:
        parts = self._spool(table, selection).parts
        return {
            day: files.measure(self._parser, _lines_of(table), path) for day, path in parts.items()
        }

    def total(self, table: Table) -> Measure:
        found = Measure()
        for measure in self.measure(table).values():
            found = plus(found, measure)
        return found

    def _last(self, table: Table) -> Spool:
        """The last reading of a table."""
        found = [spool for (table_id, *_), spool in self._read_of.items() if table_id == table.id]
        return found[-1] if found else self._spool(table, WHOLE)

    def _spool(self, table: Table, selection: Selection) -> Spool:
        if isinstance(selection, Keys):
            raise LoadError(f"{self._source.id}.{table.id}: an API gives no rows by their keys")
        asked = (table.id, selection.low, selection.high)
        if asked not in self._read_of:
            self._read_of[asked] = self._reading(table, selection)
        return self._read_of[asked]

    def _reading(self, table: Table, window: Window) -> Spool:
        """One reading of all pages, or another one where rows may have been lost between them."""
        told, twice = "", None
        for _ in range(READINGS):
            spool = Spool(self._folder / f"{len(list(self._folder.iterdir()))}", table, window)
            pages = Pages(table.endpoint, self._at)
            totals = self._pages(table, window, spool, pages)
            if _complete(spool, totals, pages):
                self._check_names(table, spool)
                if spool.settle():
                    self._note(
                        f"{table.id}: {spool.again:,} rows came twice, on two pages: kept once"
                    )
                return spool
            # As many as there are came all along: those of one key are at the API itself more than one, or were moved onto a
            # later page, and others onto an earlier one. Only the former come twice again.
            if {*totals} == {spool.came} and spool.twice == twice:
                self._check_names(table, spool)
                return spool
            twice = spool.twice
            told = f"the API says that there are {totals[-1]:,} rows, and {spool.different:,} came"
        raise LoadError(
            f"{self._source.id}.{table.id}: {told}, {READINGS} times: rows are lost or doubled between its pages"
        )

    def _pages(self, table: Table, window: Window, spool: Spool, pages: Pages) -> list[int]:
        """Every page into the spool; how many rows the API said there are, on each."""
        endpoint: dict[str, Any] = table.endpoint
        totals: list[int] = []
        place = f"{self._source.id}.{table.id}"
        with requested.faults_of(self._source, endpoint["path"]):
            try:
                for _ in self._client.paginate(
                    endpoint["path"],
                    params=self._parameters(table, window),
                    paginator=pages,
                    data_selector="$",
                    hooks={"response": [requested.judge(self._at)]},
                ):
                    spool.add(pages.rows)
                    totals += [] if pages.total is None else [pages.total]
            except requests.HTTPError as error:
                gone = error.response is not None and error.response.status_code == 404
                if not (gone and pages.ends_in_refusal):
                    raise
            except LoadError as error:
                raise LoadError(f"{place}: {error}") from None
            except ValueError as error:  # of the JSON
                raise LoadError(
                    f"{place}: the answer is no JSON ({type(error).__name__}); look at {self._source.url_env}"
                ) from None
        return totals

    def _parameters(self, table: Table, window: Window) -> dict[str, Any]:
        pagination, since = table.endpoint.get("pagination") or {}, table.endpoint.get("since")
        asked: dict[str, Any] = dict(self._at.parameters)
        if pagination.get("size_param") and pagination.get("size"):
            asked[pagination["size_param"]] = pagination["size"]
        # What changed since a time, by another column than the watermark, may leave out rows of the window.
        if (
            since
            and window.low is not None
            and since["column"] == table.column(str(table.watermark)).name
        ):
            asked[since["param"]] = _as_asked(table, since.get("format") or "iso", window.low)
        return asked

    def _check_names(self, table: Table, spool: Spool) -> None:
        """The schema contract. A row may leave out what has no value: only what every row must have can be missed."""
        if not spool.names:
            return
        where = f"GET {table.endpoint['path']}"
        optional = {
            column.name
            for column in table.columns
            if column.nullable and column.id not in (*table.key, table.watermark)
        }
        contract.check_names(table, where, sorted(spool.names | optional), self._note)
        for name in sorted(optional - spool.names) if spool.came >= MANY else ():
            self._note(f"{table.id}: none of {spool.came:,} rows has {name!r}: loaded as null")


def _complete(spool: Spool, totals: list[int], pages: Pages) -> bool:
    """Whether every row came, as far as the API says how many there are.

    By place, the one behind a deleted row may have been passed over, however many came.
    """
    if not totals:
        return True
    fewer = any(after < before for before, after in pairwise(totals))
    return min(totals) <= spool.different <= max(totals) and not (fewer and pages.by_place)


def _as_asked(table: Table, form: str, low: object) -> object:
    """A time as the API's parameter takes it: a bit earlier, for some give what changed after it, and not what changed then."""
    moment = as_moment(str(low)) if table.temporal else None
    if moment is None:
        return low
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    moment -= timedelta(days=1) if form == "date" else timedelta(seconds=1)
    if form == "date":
        return str(moment.date())
    if form == "epoch":
        return int(moment.timestamp())
    return datetime.isoformat(moment.astimezone(UTC)).replace("+00:00", "Z")


def _lines_of(table: Table) -> Table:
    return replace(table, format="jsonl")


def _nameless(batch: Batch) -> Batch:
    """A row is known by its key, not by the line that it happens to stand in."""
    place = batch.rows.column_names.index(LINE)
    numbers = pa.nulls(batch.rows.num_rows, pa.int64())
    return Batch(
        batch.rows.set_column(place, LINE, numbers),
        [replace(reject, line=None) for reject in batch.rejects],
    )
