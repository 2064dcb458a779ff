"""One load: rows of the chosen tables through dlt into Parquet, then in one transaction into `raw_…` with the bookkeeping.

dlt extracts into a working folder; the warehouse takes the files as a whole (ingest/apply.py). A reader never sees half a
table, and a load that is killed can be run again: all state is in the warehouse, so dlt starts from an empty working
folder each time, and nothing that a killed run left behind is taken up.
"""

import errno
import importlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
os.environ.setdefault("RUNTIME__LOG_LEVEL", "ERROR")
# One table after the other: a connection to a source has one query under way.
os.environ["EXTRACT__NEXT_ITEM_MODE"] = "fifo"

import dlt
from dlt.extract import DltResource

from ingest import ledger, parse, settings, sources, warehouse
from ingest.apply import apply
from ingest.declaration import LoadError, Source, Table
from ingest.deletes import Extracted
from ingest.extract import Asked, TableReader
from ingest.keys import Comparison
from ingest.ledger import Outcome
from ingest.record import record, record_drift, record_failure
from ingest.sql import ident

# dlt walks the tables of one run by recursion, a level each, and its schema is slow when it is large.
TABLES_AT_ONCE = 50


class Load:
    """What a source's module is given: the tables of this load, and a dlt resource for each."""

    def __init__(self, source: Source, tables: Sequence[Table], folder: Path, asked: Asked):
        self.source = source
        self.tables = tables
        self.notes: list[str] = []
        self.outcomes: list[Outcome] = []
        self._folder = folder
        self._asked = asked
        self._stack = ExitStack()
        self._parser = self._stack.enter_context(parse.session())
        self._states: dict[str, ledger.State] = {}
        self._readers: dict[str, TableReader] = {}
        self._database: sources.Reader | None = None  # where the source is one

    def prepare(self) -> None:
        """Read what earlier loads left, and open the source."""
        with ledger.open_warehouse() as db:
            db.lock(
                self.source.raw_schema
            )  # other tables of it may be loaded for the first time too
            db.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(self.source.raw_schema)}")
            for table in self.tables:
                changed = False
                if table.load != "full" or table.write != "replace":  # else it is made anew
                    with db.transaction():
                        changed = ledger.retype(db, table)
                state = ledger.state(db, table)
                anew = ledger.State(token_key=state.token_key, landed=state.landed)
                self._states[table.id] = anew if changed else state
        if self.source.kind != "files":
            self._database = self._stack.enter_context(sources.open(self.source))

    def close(self) -> None:
        self._stack.close()

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def resource(self, table: Table) -> DltResource:
        """The table as a dlt resource of Arrow tables."""
        resource: DltResource = dlt.resource(
            self._rows(table), name=table.id, write_disposition="append"
        )
        return resource

    def _rows(self, table: Table) -> Iterator[Any]:
        reader = TableReader(
            self.source,
            table,
            self._states[table.id],
            self._parser,
            self._file("rejects", table),
            self.note,
            self._asked,
        )
        with sources.faults_of(self.source):
            yield from reader.rows(self._database)
        self._readers[table.id] = reader

    def _file(self, what: str, table: Table) -> Path:
        return self._folder / f"{what}-{self.source.tables.index(table)}.parquet"

    def extracted(self, table: Table, rows: Sequence[Path]) -> Extracted:
        """What is to be landed of a table: what dlt wrote, and what the comparison of keys found missing."""
        reader = self._readers[table.id]
        outcome, keys = reader.outcome, None
        if self._database and self._states[table.id].landed and _compares_keys(outcome):
            comparison = Comparison(self._database, self._parser, reader, self._file("keys", table))
            keys = comparison.keys()
            if outcome.kind == "incremental":
                with ledger.open_warehouse() as db, db.transaction():
                    missing = comparison.missing(db, rows)
                rows = [*rows, *comparison.fetch(missing, self._file("missing", table))]
        reader.close()
        return Extracted(outcome, rows, keys, self._asked.allow_deletes)

    def land(self, tables: Sequence[Table], landed: dict[str, list[Path]], run_id: str) -> None:
        """Everything of these tables in one transaction."""
        extracted = [self.extracted(table, landed.get(table.id, [])) for table in tables]
        now = datetime.now(UTC)
        with ledger.open_warehouse() as db, db.transaction():
            for one in extracted:
                stamp = ledger.next_stamp(db, one.outcome.table, now)
                apply(db, one, stamp)
                record(db, one.outcome, stamp, run_id)
                record_drift(db, one.outcome.table, self.notes, stamp, run_id)
        self.outcomes += [one.outcome for one in extracted]


def _compares_keys(outcome: Outcome) -> bool:
    """Whether what is gone is told by the keys; a first load has nothing to compare, a backfill sees only a window."""
    table = outcome.table
    if outcome.kind == "full":
        return table.merges and table.soft_deletes and not outcome.rebuilt
    return outcome.kind == "incremental" and table.load == "watermark-keys"


def run(source: Source, tables: Sequence[Table], run_id: str, asked: Asked | None = None) -> Load:
    """Load the tables and return what was done.

    LoadError when it cannot: the tables that were to be loaded with the one that failed, and those after, are as before,
    and are written down as failed.
    """
    asked = asked or Asked()
    with working_folder() as folder:
        load = Load(source, tables, folder, asked)
        try:
            with sources.faults_of(source), closing(load), warehouse.locked(tables):
                _load(load, tables, folder, run_id)
        except Exception as error:
            cause = _cause(error)
            done = {outcome.table.id for outcome in load.outcomes}
            left = [table for table in tables if table.id not in done]
            record_failure(left, cause, run_id, asked.backfill, load.notes)
            raise cause from error
    return load


def _load(load: Load, tables: Sequence[Table], folder: Path, run_id: str) -> None:
    module = importlib.import_module(f"ingest.{load.source.id}")
    load.prepare()
    for first in range(0, len(tables), TABLES_AT_ONCE):
        load.tables = tables[first : first + TABLES_AT_ONCE]
        landed = _extract(load.source, module.extract(load), folder / f"dlt-{first}")
        load.land(load.tables, landed, run_id)


def _extract(source: Source, extract: Any, folder: Path) -> dict[str, list[Path]]:
    """Run dlt; the Parquet files that it wrote, by table."""
    pipeline = dlt.pipeline(
        f"ingest_{source.id}",
        destination=dlt.destinations.filesystem(
            bucket_url=str(folder / "landed"),
            naming_convention="direct",
            layout="{table_name}/{file_id}.{ext}",
        ),
        dataset_name=source.raw_schema,
        pipelines_dir=str(folder),
    )
    pipeline.config.restore_from_destination = False
    info = pipeline.run(extract, loader_file_format="parquet")
    info.raise_on_failed_jobs()
    found: dict[str, list[Path]] = {}
    for path in sorted((folder / "landed" / source.raw_schema).rglob("*.parquet")):
        found.setdefault(path.parent.name, []).append(path)
    return found


def _cause(error: BaseException) -> BaseException:
    """The LoadError that dlt wrapped, if that is what happened; a full disk, in a sentence."""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, LoadError):
            return link
        if isinstance(link, OSError) and link.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
            return LoadError(
                f"{link.strerror}: free room for {settings.work_path()} and the warehouse"
            )
        link = link.__cause__ or link.__context__
    return error


@contextmanager
def working_folder() -> Iterator[Path]:
    """A folder of this process; those of processes that are gone are removed."""
    parent = settings.work_path()
    parent.mkdir(parents=True, exist_ok=True)
    for left in parent.iterdir():
        process = left.name.split("-")[0]
        if process.isdecimal() and not _is_alive(int(process)):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
