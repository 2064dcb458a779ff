"""One load: rows of the chosen tables through dlt into `raw_…`, then the bookkeeping.

Full: dlt fills a staging copy and replaces the table in one transaction. Append: dlt replaces the rows of each file
that was read, or the rows with the same key. Either way a reader never sees half a table, and a load that is killed
can be run again. All state is in the warehouse: dlt starts from an empty working folder each time, so that nothing a
killed run left behind is taken up.
"""

import importlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
os.environ.setdefault("RUNTIME__LOG_LEVEL", "ERROR")
os.environ["DESTINATION__REPLACE_STRATEGY"] = "insert-from-staging"

import dlt
from dlt.common.schema.typing import TColumnSchema
from dlt.destinations.impl.duckdb.factory import DuckDbTypeMapper
from dlt.extract import DltResource

from ingest import ledger, parse, settings
from ingest.declaration import LoadError, Source, Table
from ingest.extract import TableReader
from ingest.ledger import Outcome

# dlt walks the tables of one run by recursion, a level each, and its schema is slow when it is large.
TABLES_AT_ONCE = 50


class DeclaredTypes(DuckDbTypeMapper):
    """Creates columns with their declared types; dlt alone has no UUID, and its own idea of some others."""

    def to_destination_type(self, column: TColumnSchema, table: Any = None) -> str:
        declared = column.get("x-declared-type")
        return str(declared) if declared else super().to_destination_type(column, table)


class Load:
    """What a source's module is given: the tables of this load, and a dlt resource for each."""

    def __init__(self, source: Source, tables: Sequence[Table], folder: Path):
        self.source = source
        self.tables = tables
        self.notes: list[str] = []
        self.outcomes: list[Outcome] = []
        self._folder = folder
        self._stack = ExitStack()
        self._parser = self._stack.enter_context(parse.session())
        self._states: dict[str, ledger.State] = {}
        self._database: sqlite3.Connection | None = None  # where the source is one

    def prepare(self, warehouse: Path) -> None:
        """Read what earlier loads left, and open the source."""
        with ledger.open_warehouse(warehouse) as connection:
            for table in self.tables:
                ledger.retype(connection, table)
                self._states[table.id] = ledger.state(connection, table)
        if self.source.kind == "sqlite":
            from ingest import sqlite

            self._database = self._stack.enter_context(sqlite.snapshot(self.source))

    def close(self) -> None:
        self._stack.close()

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def resource(self, table: Table) -> DltResource:
        """The table as a dlt resource of Arrow tables."""
        resource: DltResource = dlt.resource(self._rows(table), name=table.id, **hints(table))
        return resource

    def _rows(self, table: Table) -> Iterator[Any]:
        rejects = self._folder / f"rejects-{self.source.tables.index(table)}.parquet"
        reader = TableReader(
            self.source, table, self._states[table.id], self._parser, rejects, self.note
        )
        yield from reader.rows(self._database)
        self.outcomes.append(reader.outcome)


def hints(table: Table) -> dict[str, Any]:
    """How dlt lands the table."""
    columns = [{"name": column.id, "x-declared-type": column.type} for column in table.columns]
    if table.load == "full":
        return {"columns": columns, "write_disposition": "replace"}
    if table.format:
        return {"columns": columns, "write_disposition": "merge", "merge_key": parse.FILE}
    if not table.key:
        raise LoadError(f"{table.source}.{table.id}: append from a database needs a key")
    return {"columns": columns, "write_disposition": "merge", "primary_key": list(table.key)}


def run(source: Source, tables: Sequence[Table], run_id: str) -> Load:
    """Load the tables and return what was done.

    LoadError when it cannot: the tables that were to be loaded with the one that failed, and those after, are as before.
    """
    warehouse = settings.warehouse_path()
    module = importlib.import_module(f"ingest.{source.id}")
    with working_folder() as folder:
        load = Load(source, tables, folder)
        try:
            load.prepare(warehouse)
            for first in range(0, len(tables), TABLES_AT_ONCE):
                load.tables = tables[first : first + TABLES_AT_ONCE]
                pipeline = _pipeline(source, warehouse, folder / f"dlt-{first}")
                info = pipeline.run(module.extract(load), loader_file_format="parquet")
                info.raise_on_failed_jobs()
                done = load.outcomes[first:]
                load.outcomes[first:] = sorted(done, key=lambda one: load.tables.index(one.table))
                with ledger.open_warehouse(warehouse) as connection:
                    ledger.commit(connection, load.outcomes[first:], run_id)
        except Exception as error:
            raise _cause(error) from error
        finally:
            load.close()
    return load


def _pipeline(source: Source, warehouse: Path, folder: Path) -> dlt.Pipeline:
    pipeline = dlt.pipeline(
        f"ingest_{source.id}",
        destination=dlt.destinations.duckdb(
            str(warehouse), type_mapper=DeclaredTypes, naming_convention="direct"
        ),
        dataset_name=source.raw_schema,
        pipelines_dir=str(folder),
    )
    pipeline.config.restore_from_destination = False
    return pipeline


def _cause(error: BaseException) -> BaseException:
    """The LoadError that dlt wrapped, if that is what happened."""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, LoadError):
            return link
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
