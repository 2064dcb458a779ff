"""Reading one table: which parts are new, their measures, their typed rows; what cannot be typed is set aside."""

import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ingest import parse
from ingest.declaration import LoadError, Note, Source, Table
from ingest.ledger import Outcome, Part, State


class Rejects:
    """The rejected rows of a table, kept on disk until the load is committed: there may be many."""

    def __init__(self, path: Path):
        self.path = path
        self.reasons: Counter[str] = Counter()
        self._writer: pq.ParquetWriter | None = None

    def add(self, rows: pa.Table) -> None:
        if not rows.num_rows:
            return
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, parse.REJECTS)
        self._writer.write_table(rows)
        for entry in rows["reason"].value_counts().to_pylist():
            self.reasons[entry["values"]] += entry["counts"]

    def close(self) -> Path | None:
        if self._writer is None:
            return None
        self._writer.close()
        return self.path


class TableReader:
    """Reads one table in one load. After `rows()` is exhausted, `outcome` says what was read."""

    def __init__(
        self,
        source: Source,
        table: Table,
        state: State,
        parser: duckdb.DuckDBPyConnection,
        rejects: Path,
        note: Note,
    ):
        self.outcome = Outcome(table)
        self._source = source
        self._table = table
        self._state = state
        self._connection = parser
        self._parser = parse.RowParser(parser, table, with_file=source.kind == "files")
        self._rejects = Rejects(rejects)
        self._note = note

    def rows(self, database: sqlite3.Connection | None) -> Iterator[pa.Table]:
        """The typed rows, in batches; one without rows where there are none, so that the table is made."""
        started = time.perf_counter()
        found = self._of_files() if database is None else self._of_database(database)
        any_batch = False
        for batch in found:
            any_batch = True
            yield batch
        if not any_batch:
            yield self._parser.empty()
        self.outcome.rejects = self._rejects.close()
        self.outcome.reasons = dict(self._rejects.reasons)
        self.outcome.seconds = time.perf_counter() - started
        self._refuse_to_lose_all()

    def _of_files(self) -> Iterator[pa.Table]:
        from ingest import files

        found = files.find(self._source, self._table)
        if not found and not self._state.files:
            raise LoadError(
                f"{self._source.id}.{self._table.id}: no file matches {self._table.name!r} in {self._source.path}; "
                f"set {self._source.path_env} to where its files are"
            )
        for file in found:
            sha256 = file.sha256() if self._table.load == "append" else None
            known = self._state.files.get(file.name)
            if sha256 and known and known.sha256 == sha256:
                self.outcome.unchanged += 1
                continue
            measure = files.measure(self._connection, self._table, file.path)
            part = Part(measure, file, sha256)
            batches = files.read(self._table, file, self._note, measure.plain)
            yield from self._parse(batches, part)
            file.check_unchanged()
            self.outcome.parts.append(part)

    def _of_database(self, database: sqlite3.Connection) -> Iterator[pa.Table]:
        from ingest import sqlite

        table = self._table
        sqlite.check(database, table, self._note)
        part = Part(sqlite.measure(database, self._connection, table))
        mark = None
        if table.load == "append":
            mark = self._state.mark
            self.outcome.mark = sqlite.newest(database, table)
        yield from self._parse(sqlite.read(database, table, mark, self._state.retry), part)
        self.outcome.parts.append(part)

    def _parse(self, batches: Iterable[parse.Batch], part: Part) -> Iterator[pa.Table]:
        file = part.file.name if part.file else None
        for batch in batches:
            typed, rejected = self._parser.parse(batch, file)
            self._rejects.add(rejected)
            part.rows_read += typed.num_rows + rejected.num_rows
            part.rows_landed += typed.num_rows
            yield typed

    def _refuse_to_lose_all(self) -> None:
        """A full load whose every row is bad would empty the table: more likely the declaration is wrong."""
        outcome = self.outcome
        if self._table.load == "full" and outcome.rows_read and not outcome.rows_landed:
            reasons = "; ".join(list(outcome.reasons)[:3])
            raise LoadError(
                f"{self._source.id}.{self._table.id}: none of the {outcome.rows_read} rows can be loaded, "
                f"so the table stays as it was ({reasons})"
            )
