"""Twins that are files: CSV, JSON lines and Parquet, written as the sample data is."""

import copy
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from fnmatch import fnmatch
from pathlib import Path

from drill.declared import Source, Table
from drill.twins import Record, Twin, Values
from ingest import declaration
from sample import write
from sample.deliveries import Delivered, Delivery, file_names


class Files(Twin):
    """A folder of files. A table's files are written anew whenever a row of it changes."""

    def __init__(self, source: Source, folder: Path):
        super().__init__(source)
        self.folder = folder
        # The files of each table that were ever written: one that became empty is still there.
        self._written: dict[str, set[str]] = {}
        self._written_saved: dict[str, set[str]] = {}
        self._tables = {table.id: table for table in declaration.read(source.id).tables}

    def fill(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        super().fill()

    def deliver(self, table: Table, rows: Iterable[Values]) -> list[Record]:
        file = self._next_file(table)
        added = [Record(values, file) for values in rows]
        self.records[table.id] += added
        self._make(table)
        return added

    def _files(self, table: Table, rows: list[Values]) -> list[tuple[str | None, list[Values]]]:
        names = file_names(self._tables[table.id])
        size = -(-len(rows) // len(names))
        return [(name, rows[at * size : (at + 1) * size]) for at, name in enumerate(names)]

    def names(self, table: Table) -> list[str]:
        """The files of a table, in the order of their names; those that became empty too."""
        held = {record.file for record in self.rows(table) if record.file}
        written = self._written.setdefault(table.id, set(file_names(self._tables[table.id])))
        written |= held
        return sorted(written)

    def _last_file(self, table: Table) -> str | None:
        return self.names(table)[-1]

    def _next_file(self, table: Table) -> str:
        """A name that the next delivery could have; that of the last one where the glob leaves no other."""
        last = self.names(table)[-1]
        head, number, tail = (re.findall(r"^(.*?)(\d+)(\D*)$", last) or [("", "", "")])[0]
        if not number:
            return last
        following = f"{head}{int(number) + 1}{tail}"
        matches = fnmatch(following, table.name.replace("**/", ""))
        return following if matches and following > last else last

    def _make(self, table: Table) -> None:
        declared = self._tables[table.id]
        columns = tuple(
            declaration.Column(id=c.id, name=c.name, type=c.type, nullable=c.nullable)
            for c in self.layouts[table.id].columns
        )
        from dataclasses import replace

        shown = replace(declared, columns=columns)
        for name in self.names(table):
            delivery = Delivery(name)
            for record in self.rows(table):
                if record.file == name:
                    row = [record.values.get(column.id) for column in columns]
                    # A Parquet file has no malformed rows: what is bad there has good types.
                    bad = record.bad and table.format != "parquet"
                    (delivery.malformed if bad else delivery.rows).append(row)
            write.write_files(self.folder, Delivered(shown, [delivery]))

    def _added(self, table: Table, records: Sequence[Record]) -> None:
        self._make(table)

    def _changed(self, table: Table, before: Record, after: Record) -> None:
        self._make(table)

    def _removed(self, table: Table, records: Sequence[Record]) -> None:
        self._make(table)

    def _save(self) -> None:
        self._written_saved = copy.deepcopy(self._written)
        saved = self.folder.with_name(self.folder.name + ".saved")
        shutil.rmtree(saved, ignore_errors=True)
        shutil.copytree(self.folder, saved)

    def _restore(self) -> None:
        self._written = copy.deepcopy(self._written_saved)
        saved = self.folder.with_name(self.folder.name + ".saved")
        shutil.rmtree(self.folder)
        shutil.copytree(saved, self.folder)

    def paths(self, table: Table) -> list[Path]:
        return [self.folder / name for name in self.names(table)]

    def cut_off(self, table: Table) -> None:
        """The last file as a transfer that stopped half-way leaves it."""
        path = self.paths(table)[-1]
        os.truncate(path, path.stat().st_size // 2)

    def mend(self, table: Table) -> None:
        self._make(table)
