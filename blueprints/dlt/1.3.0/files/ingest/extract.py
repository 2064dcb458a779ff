"""Reading one table: which parts are new, their measures, their typed rows; what cannot be typed is set aside."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ingest import measures, parse
from ingest.declaration import LoadError, Note, Source, Table
from ingest.ledger import Outcome, Part, State
from ingest.sources import WHOLE, Keys, Reader, Selection, Window, day_of, overlapped
from ingest.treat import Treatment


@dataclass(frozen=True)
class Asked:
    """What a load was asked to read. `low` and `high` are the window of a backfill; `allow_deletes` lifts the guard."""

    low: str | None = None
    high: str | None = None
    allow_deletes: bool = False

    @property
    def backfill(self) -> bool:
        return self.low is not None or self.high is not None


class Rejects:
    """The rejected rows of a table, kept on disk until the load is committed: there may be many."""

    def __init__(self, path: Path):
        self.path = path
        self.reasons: Counter[str] = Counter()
        self.keys: set[str] = set()
        self._writer: pq.ParquetWriter | None = None

    def add(self, rows: pa.Table) -> None:
        if not rows.num_rows:
            return
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, parse.REJECTS)
        self._writer.write_table(rows)
        self.keys.update(key for key in rows["key"].to_pylist() if key)
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
        asked: Asked,
    ):
        self.outcome = Outcome(table, "incremental" if table.load != "full" else "full")
        self.treatment = Treatment(table)
        self._source = source
        self._table = table
        self._connection = parser
        self._parser = parse.RowParser(parser, table, with_file=source.kind == "files")
        self._rejects = Rejects(rejects)
        self._note = note
        self._asked = asked
        self._state = self._current(state)
        self.outcome.token_key = self.treatment.key_id

    def _current(self, state: State) -> State:
        """What is known of the table; nothing where it was treated otherwise, so that all of it is read again."""
        if not state.landed or state.token_key == self.treatment.key_id:
            return state
        self._note(
            f"{self._table.id}: the token key, or how personal data is treated, has changed: "
            "the table is read from its start"
        )
        self.outcome.retreated = True
        if any(self._table.column(key).treatment for key in self._table.key):
            self.outcome.kind = "full"
            self.outcome.rebuilt = True
        return State()

    def rows(self, reader: Reader | None) -> Iterator[pa.Table]:
        """The typed rows, in batches; one without rows where there are none, so that the table is made."""
        started = time.perf_counter()
        found = self._of_files() if reader is None else self._of_database(reader)
        any_batch = False
        for batch in found:
            any_batch = True
            yield batch
        if not any_batch:
            yield self._parser.empty()
        self.outcome.seconds = time.perf_counter() - started
        self._refuse_to_lose_all()

    @property
    def rejected_keys(self) -> set[str]:
        """Keys of rows that were read and cannot be landed."""
        return self._rejects.keys

    def close(self) -> None:
        """Everything has been read, the rows that were missing too."""
        self.outcome.rejects = self._rejects.close()
        self.outcome.reasons = dict(self._rejects.reasons)

    def _of_files(self) -> Iterator[pa.Table]:
        from ingest import files

        if self._asked.backfill:
            raise LoadError(
                f"{self._source.id}.{self._table.id}: files are loaded by file, not by window"
            )
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
            part = Part(measure, file.name, file, sha256)
            batches = files.read(self._table, file, self._note, measure.plain)
            yield from self._parse(batches, file.name)
            file.check_unchanged()
            self.outcome.parts.append(part)

    def _of_database(self, reader: Reader) -> Iterator[pa.Table]:
        table = self._table
        reader.check(table, self._note)
        if self._asked.backfill and not table.incremental:
            raise LoadError(f"{self._source.id}.{table.id} is loaded as a whole: it has no windows")
        if not table.incremental or self.outcome.kind == "full":
            self.outcome.parts = [Part(reader.total(table))]
            if table.incremental:
                self.outcome.mark = reader.newest(table)
            yield from self._parse(reader.read(table), None)
            return
        window = self._window(reader)
        self.outcome.parts = [Part(m, day) for day, m in reader.measure(table, window).items()]
        if not self._asked.backfill:
            newest = reader.newest(table)
            self.outcome.mark = self._state.mark if newest is None else newest
        yield from self._parse(reader.read(table, window), None)

    def _window(self, reader: Reader) -> Window:
        """What is read: a backfill's window, else everything from the mark less the overlap on."""
        table, asked = self._table, self._asked
        if asked.backfill:
            self.outcome.kind = "backfill"
            self.outcome.window = (asked.low, asked.high)
            return Window(asked.low, asked.high)
        low = overlapped(table, self._state.mark)
        if low is None:
            return WHOLE
        if table.temporal and (self._state.nameless or not table.merges):
            low = day_of(str(low))
        named = reader.asks_for_rows and (
            reader.has_rowids or not any(table.column(key).treatment for key in table.key)
        )
        # A row is asked for by rowid where there are rowids, else by key; no entry of the other kind can be read again.
        self.outcome.retried = tuple(
            row for row in self._state.retry if named and isinstance(row, int) == reader.has_rowids
        )
        self.outcome.window = (str(low), None)
        return Window(low, None, self.outcome.retried)

    def missing(self, reader: Reader, keys: list[tuple[object, ...]]) -> Iterator[pa.Table]:
        """The rows of keys that the source has and raw has not, though their watermark lies before the window."""
        for first in range(0, len(keys), 500):
            selection: Selection = Keys(keys[first : first + 500])
            for day, measure in reader.measure(self._table, selection).items():
                self._add_to_part(day, measure)
            yield from self._parse(reader.read(self._table, selection), None)

    def _add_to_part(self, day: str, measure: measures.Measure) -> None:
        for part in self.outcome.parts:
            if part.name == day:
                part.measure = measures.plus(part.measure, measure)
                return
        self.outcome.parts.append(Part(measure, day))

    def _parse(self, batches: Iterable[parse.Batch], file: str | None) -> Iterator[pa.Table]:
        for batch in batches:
            typed, rejected = self._parser.parse(self.treatment.batch(batch), file)
            self._rejects.add(rejected)
            self.outcome.rows_read += typed.num_rows + rejected.num_rows
            self.outcome.rows_quarantined += rejected.num_rows
            yield typed

    def _refuse_to_lose_all(self) -> None:
        """A full load whose every row is bad would empty the table: more likely the declaration is wrong."""
        outcome = self.outcome
        if self._table.load == "full" and outcome.rows_read and not outcome.rows_landed:
            self.close()
            reasons = "; ".join(list(outcome.reasons)[:3])
            raise LoadError(
                f"{self._source.id}.{self._table.id}: none of the {outcome.rows_read} rows can be loaded, "
                f"so the table stays as it was ({reasons})"
            )
