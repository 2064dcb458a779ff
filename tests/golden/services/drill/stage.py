"""Where a scenario is played: one source's twin, the pipeline, and what the oracle expects of each table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from drill import oracle
from drill.declared import Source, Table
from drill.oracle import Expected
from drill.pipeline import Pipeline, Run
from drill.server import Server
from drill.twins import Record, Twin, Values
from drill.warehouse import Warehouse
from ingest import declaration
from sample import values as sample_values
from sample.schema import shapes

# Keys of rows that a scenario adds are numbered from here on: the sample has fewer.
FIRST_NEW = 500_000
# Rows that a scenario adds, changes or deletes, unless it is about many.
SOME = 3


class Broken(Exception):
    """The scenario does not hold, for every table it was about: the text says why."""


@dataclass
class Stage:
    """`cast` are the tables that the scenario is about; `wrong`, by table, what did not hold for one of them."""

    source: Source
    twin: Twin
    pipeline: Pipeline
    warehouse: Warehouse
    server: Server | None
    destination: str
    expected: dict[str, Expected]
    cast: list[Table] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)
    # Rows that the next load cannot see, as it reads from the mark on: by identity.
    hidden: set[int] = field(default_factory=set)
    _number: int = FIRST_NEW
    _newest: dict[str, Any] = field(default_factory=dict)
    _unique: dict[str, frozenset[str]] = field(default_factory=dict)

    # Rows.

    def fresh(self, table: Table, count: int = SOME) -> list[Values]:
        """New rows like those that are there, with keys that nobody has and watermarks of now; one for all of many."""
        many = count > 50 and table.watermark not in table.key
        at_once = self.tick(table) if table.watermark and many else None
        pattern = self.twin.good(table)
        columns = {c.id: c for c in declaration.read(self.source.id).table(table.id).columns}
        rows = []
        for place in range(count):
            row = dict(pattern[place % len(pattern)].values)
            self._number += 1
            for column in {*table.key, *self._unique_of(table)}:
                salt = f"{table}.{column}"
                row[column] = sample_values.numbered(columns[column], self._number, salt)
            if table.watermark:
                row[table.watermark] = self.tick(table) if at_once is None else at_once
            rows.append(row)
        return rows

    def _unique_of(self, table: Table) -> frozenset[str]:
        if not self._unique:
            found = shapes(declaration.read(self.source.id))
            self._unique = {name: shape.unique for name, shape in found.items()}
        return self._unique[table.id]

    def tick(self, table: Table) -> Any:
        """A watermark that is newer than all others, and not of the future."""
        highest = self._newest[table.id] if table.id in self._newest else self.mark(table)
        kind = table.column(table.watermark or "").type
        if table.temporal:
            since = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=10)
            moment = max(since, oracle.moment(highest) + timedelta(milliseconds=1))
            self._newest[table.id] = moment
            return moment.date() if kind == "DATE" else moment
        self._newest[table.id] = found = self._after(highest)
        return found

    def _after(self, highest: Any) -> Any:
        return highest + 1 if isinstance(highest, (int, float, Decimal)) else f"{highest}~"

    def mark(self, table: Table) -> Any:
        """The highest watermark at the source that is not of the future."""
        values = [r.values[table.watermark or ""] for r in self.twin.good(table)]
        values = [value for value in values if value is not None]
        if table.temporal:
            now = datetime.now(UTC).replace(tzinfo=None)
            past = [value for value in values if oracle.moment(value) <= now]
            return max(past or values)
        return max(values)

    def before_mark(self, table: Table, share: float) -> Any:
        """A watermark older than the mark by this share of the overlap; well beyond it where the share is above 1."""
        mark, kind = self.mark(table), table.column(table.watermark or "").type
        if not table.temporal:
            return mark - type(mark)(int(table.overlap * share) + (1000 if share > 1 else 0))
        back = timedelta(seconds=table.overlap * share)
        if share > 1:
            back += timedelta(days=3)
        moment = oracle.moment(mark) - back
        return moment.date() if kind == "DATE" else moment

    def revalued(self, table: Table, number: int) -> Values:
        """Other values for a row, but for its key, its watermark and what must be unique: those of another row."""
        rows = self.twin.good(table)
        other = rows[(number * 7 + 11) % len(rows)].values
        fixed = {*table.key, table.watermark, *self._unique_of(table)}
        return {column: value for column, value in other.items() if column not in fixed}

    def changeable(self, table: Table, count: int = SOME) -> list[Record]:
        """Rows whose change a load can see: any, but where whole days are replaced only those of the days it reads."""
        if not table.by_day:
            return some(self.twin.good(table), count)
        fresh = self.twin.deliver(table, self.fresh(table, count))
        self.good_load()
        return fresh

    # Runs.

    def names(self) -> list[str]:
        return [table.id for table in self.cast]

    def load(self, *arguments: str, **how: Any) -> Run:
        return self.pipeline.ingest(self.source.id, *arguments, tables=self.names(), **how)

    def good_load(self, *arguments: str, **how: Any) -> Run:
        """A load that must go well, and be reconciled; the oracle is shown the source, and raw compared."""
        run = self.load(*arguments, **how)
        if not run.good:
            raise Broken(f"the load failed: {run.last()}")
        self.observe()
        self.reconcile()
        self.compare()
        return run

    def reconcile(self) -> None:
        """It must find nothing; what it finds is noted for the tables that it names."""
        run = self.pipeline.reconcile(self.source.id)
        if run.good:
            return
        named = [
            table for table in self.cast if f"{table}:" in run.output or f"{table} [" in run.output
        ]
        for table in named:
            self.fail(table, f"reconciliation finds a difference: {run.line(str(table))}")
        if not named:
            raise Broken(f"reconciliation failed: {run.last()}")

    def observe(self) -> None:
        for table in self.cast:
            seen = [r for r in self.twin.rows(table) if id(r) not in self.hidden]
            unseen = [r for r in self.twin.rows(table) if id(r) in self.hidden]
            self.expected[table.id].observe(seen, unseen=unseen, files=self.twin.names(table))

    def failed_load(self, *arguments: str, **how: Any) -> Run:
        """A load that must fail, say so, and leave the target as it was."""
        run = self.load(*arguments, **how)
        if run.good:
            raise Broken(f"the load went through where it must fail: {run.last()}")
        if not run.output.strip() and not run.killed:
            raise Broken(f"the load failed without a word (exit {run.code})")
        self.compare()
        return run

    def either_load(self, **how: Any) -> Run:
        """A load that may fail, loudly, and leave the target as it was; or go well, and then it is exact."""
        run = self.load(**how)
        if run.good:
            self.observe()
            self.compare()
            return run
        if not run.output.strip() and not run.killed:
            raise Broken(f"the load failed without a word (exit {run.code})")
        self.compare()
        return run

    # Comparing.

    def compare(self, tables: Iterable[Table] | None = None) -> None:
        """Raw against the oracle: what differs is noted for its table."""
        for table in self.cast if tables is None else tables:
            expected = self.expected[table.id]
            found = oracle.difference(
                table, list(table.columns), expected.raw(), self.warehouse.raw(table)
            )
            if found:
                self.fail(table, f"raw: {found}")
            held = self.warehouse.quarantined(table)
            exact = table.kind == "files" or table.load == "full"
            if held < expected.bad or (exact and held != expected.bad):
                self.fail(table, f"quarantine: expected {expected.bad} rows, found {held}")

    def fail(self, table: Table, text: str) -> None:
        """The first thing that did not hold is the one to look at."""
        self.wrong.setdefault(table.id, text)

    def said(self, run: Run, *words: str) -> None:
        """All of these words must be in what a run printed."""
        lacking = [word for word in words if word.lower() not in run.output.lower()]
        if lacking:
            raise Broken(f"the message does not name {', '.join(lacking)}: {run.last()}")


def some(records: Sequence[Record], count: int = SOME) -> list[Record]:
    """A few rows from the middle, apart from one another."""
    step = max(1, len(records) // (count + 1))
    return list(records[step::step][:count])
