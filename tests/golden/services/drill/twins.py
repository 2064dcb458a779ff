"""A twin of a source: the same schema, made-up rows, and a hand on every one of them.

What a twin holds is kept in memory too: that is what the oracle goes by, so that it reads no database and no file.
"""

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from drill.declared import Column, Source, Table
from ingest import declaration
from sample.rows import Maker
from sample.schema import shapes

# A column that must never land has this in its name here, and a text that nothing else has in its rows.
DROPPED = "dropped "
MARKER = "drill-must-not-land"

Values = dict[str, Any]


@dataclass
class Record:
    """One row at the source: values by column id. `bad` says why it cannot land, where that is so."""

    values: Values
    file: str | None = None
    bad: str = ""

    def key(self, table: Table) -> tuple[Any, ...]:
        return tuple(self.values[column] for column in table.key)


@dataclass
class Layout:
    """The columns a table has now, and whether its keys and not-nulls are enforced."""

    columns: list[Column]
    strict: bool = True


class Twin:
    """One source's twin. A subclass says how the rows are kept: `_make`, `_added`, `_changed`, `_removed`."""

    def __init__(self, source: Source):
        self.source = source
        self.records: dict[str, list[Record]] = {}
        self.layouts: dict[str, Layout] = {}
        self._saved: tuple[dict[str, list[Record]], dict[str, Layout]] | None = None

    def fill(self) -> None:
        """The twin anew, with the rows that the sample data has, all of them good."""
        for table, rows in initial_rows(self.source):
            self.layouts[table.id] = Layout(layout(table))
            self.records[table.id] = [
                Record(values, file) for file, batch in self._files(table, rows) for values in batch
            ]
            self._make(table)

    # Reading.

    def rows(self, table: Table) -> list[Record]:
        return self.records[table.id]

    def good(self, table: Table) -> list[Record]:
        return [record for record in self.rows(table) if not record.bad]

    def names(self, table: Table) -> list[str]:
        """The files that a table has, with those that are empty; none where it is one of a database."""
        return []

    # Changing rows.

    def insert(self, table: Table, rows: Iterable[Values], *, bad: str = "") -> list[Record]:
        """Add rows: in a table, or at the end of its last file."""
        file = self._last_file(table)
        added = [Record(values, file, bad) for values in rows]
        self.records[table.id] += added
        self._added(table, added)
        return added

    def deliver(self, table: Table, rows: Iterable[Values]) -> list[Record]:
        """Add rows as they would come: in a new file where the source is one of several files, else as `insert`."""
        return self.insert(table, rows)

    def update(self, table: Table, record: Record, changes: Values) -> None:
        """Change a row in place; its key too where `changes` has that."""
        before = copy.copy(record)
        before.values = dict(record.values)
        record.values.update(changes)
        self._changed(table, before, record)

    def delete(self, table: Table, records: Sequence[Record]) -> None:
        gone = {id(record) for record in records}
        self.records[table.id] = [r for r in self.rows(table) if id(r) not in gone]
        self._removed(table, records)

    def empty(self, table: Table) -> None:
        """All rows gone; the table, or its files, are still there."""
        self.delete(table, list(self.rows(table)))

    def shuffle(self, table: Table) -> None:
        """The same rows in another order."""
        self.records[table.id].reverse()
        self._make(table)

    # Changing what a table is.

    def loosen(self, table: Table) -> None:
        """Take away keys and not-nulls, so that the table may hold what it should not."""
        self.layouts[table.id].strict = False
        self._make(table)

    def add_column(self, table: Table, column: Column, value: Callable[[int], Any]) -> None:
        self.layouts[table.id].columns.append(column)
        for number, record in enumerate(self.rows(table)):
            record.values[column.id] = value(number)
        self._make(table)

    def drop_column(self, table: Table, column_id: str) -> None:
        held = self.layouts[table.id]
        held.columns = [column for column in held.columns if column.id != column_id]
        self._make(table)

    def retype_column(
        self, table: Table, column_id: str, kind: str, convert: Callable[[Any], Any]
    ) -> None:
        held = self.layouts[table.id]
        held.columns = [
            replace(c, type=kind, source_type="") if c.id == column_id else c for c in held.columns
        ]
        for record in self.rows(table):
            record.values[column_id] = convert(record.values[column_id])
        self._make(table)

    def remake(self, table: Table, records: list[Record] | None = None) -> None:
        """The table as declared again, with the rows it has, or others."""
        self.layouts[table.id] = Layout(layout(table))
        if records is not None:
            self.records[table.id] = records
        self._make(table)

    # The twin as a whole.

    def save(self) -> None:
        self._saved = copy.deepcopy((self.records, self.layouts))
        self._save()

    def restore(self) -> None:
        """As it was when it was saved."""
        assert self._saved, "a twin is saved before it is restored"
        self.records, self.layouts = copy.deepcopy(self._saved)
        self._restore()

    def address(self) -> dict[str, str]:
        """The variables that tell the pipeline where the twin is; none where it looks there anyway."""
        return {}

    # What a kind of source does.

    def _files(self, table: Table, rows: list[Values]) -> list[tuple[str | None, list[Values]]]:
        return [(None, rows)]

    def _last_file(self, table: Table) -> str | None:
        return None

    def _make(self, table: Table) -> None:
        raise NotImplementedError

    def _added(self, table: Table, records: Sequence[Record]) -> None:
        raise NotImplementedError

    def _changed(self, table: Table, before: Record, after: Record) -> None:
        raise NotImplementedError

    def _removed(self, table: Table, records: Sequence[Record]) -> None:
        raise NotImplementedError

    def _save(self) -> None:
        raise NotImplementedError

    def _restore(self) -> None:
        raise NotImplementedError


def layout(table: Table) -> list[Column]:
    """The columns that the source has: those declared, and those that are dropped on the way."""
    dropped = [Column(DROPPED + name, name, "VARCHAR") for name in table.dropped]
    return [*table.columns, *dropped]


def initial_rows(source: Source) -> list[tuple[Table, list[Values]]]:
    """The good rows of each table as the sample data has them."""
    read = declaration.read(source.id)
    maker = Maker(read, shapes(read))
    found = []
    for table in source.tables:
        made = maker.rows(table.id)
        ids = [column.id for column in table.columns]
        rows = [dict(zip(ids, made.row(number), strict=True)) for number in range(made.count)]
        for number, row in enumerate(rows):
            row.update({DROPPED + name: f"{MARKER}-{number}" for name in table.dropped})
        found.append((table, rows))
    return found
