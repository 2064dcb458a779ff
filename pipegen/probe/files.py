"""Probe of files: CSV, JSON lines and Parquet, alone, in folders, or by a glob; on this machine or on a server."""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from pipegen.core.errors import SourceError
from pipegen.core.measured import Count, ForeignKeyFact, Format, Measured, MeasuredTable, Server
from pipegen.core.spec.remote_url import is_remote
from pipegen.probe.chosen_tables import choose, wanted
from pipegen.probe.csv_dialect import START_BYTES, read_dialect
from pipegen.probe.file_store import LocalFiles, Store
from pipegen.probe.filesets import FileSet, Header, find_filesets, format_of
from pipegen.probe.foreign_keys import read_foreign_keys
from pipegen.probe.json_lines import first_keys
from pipegen.probe.landed import connection
from pipegen.probe.landed_facts import LandedTable, read_facts
from pipegen.probe.landed_in_time import TimeIsUp, in_time
from pipegen.probe.landing import fetched, land
from pipegen.probe.look import Look
from pipegen.probe.source_path import dangling, located

NOT_IN_TIME = "the time for looking was up before it was measured; name the tables to take with --table"
_NO_FOREIGN_KEYS = "the time for looking was up before it was compared with the other tables"


def measure(path: str, look: Look) -> Measured:
    """Measure files; see :class:`pipegen.probe.registry.Probe`."""
    if not is_remote(path):
        with LocalFiles(path, look.root) as here:
            return _measured(here, look)
    from pipegen.probe.remote_files import opened

    with opened(path, look) as far:
        return _measured(far, look)


def _measured(store: Store, look: Look) -> Measured:
    try:
        with connection() as con:
            return _Measuring(store, look, con).all()
    except SourceError as error:
        raise store.told(error) from None


@dataclass
class _Measuring:
    store: Store
    look: Look
    con: duckdb.DuckDBPyConnection
    headers: dict[Path, Header | None] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def all(self) -> Measured:
        folder, found = find_filesets(self.store.path, self.store.root, self.header)
        base = located(folder, self.store.root)
        by_name = {f.name: f for f in found}
        asked = wanted(self.look, by_name)
        chosen = choose(asked, by_name, self.store.folder(self.store.path))
        tables = self.tables([by_name[name] for name in chosen], asked or self.look.named)
        if asked is None:
            links = {name: to for name, to in dangling(base).items() if format_of(Path(name))}
            self.left_out |= {name: f"it is a link to `{to}`, which is not there" for name, to in links.items()}
        notes, foreign_keys = [], {}
        try:
            foreign_keys = in_time(self.con, self.look, lambda: read_foreign_keys(self.con, tables))
        except TimeIsUp:
            notes = [_NO_FOREIGN_KEYS] if len(tables) > 1 else []
        said = self.store.folder(folder)
        within = f"{base}/" if self.store.here else f"{said}/"
        return Measured(
            server=Server(kind="files", folder=said),
            tables={t.name: self.facts(t, by_name[t.name], foreign_keys, notes) for t in tables},
            left_out={name: why.replace(within, "") for name, why in self.left_out.items()},
        )

    def header(self, file: Path, format_: Format) -> Header | None:
        """The names of a file's columns, for telling like files from others; none in an empty file, None where it is broken."""
        if file not in self.headers:
            self.store.start(file, START_BYTES)
            self.headers[file] = _header(self.con, file, format_)
        return self.headers[file]

    def tables(self, chosen: Sequence[FileSet], named: Sequence[str]) -> list[LandedTable]:
        """What can be read of the chosen tables; of the others why not, unless one of them was named or none can be read."""
        found: list[LandedTable] = []
        refused: SourceError | None = None
        for position, files in enumerate(chosen):
            self.look.tell(position, len(chosen), files.name)
            try:
                found.append(self.table(files, position))
            except TimeIsUp:
                error = SourceError(f"table `{files.name}` was not measured", hint=NOT_IN_TIME)
                self.left_out[files.name] = NOT_IN_TIME
            except SourceError as its:
                error, told = its, self.store.told(its)
                self.left_out[files.name] = f"{told.message}; {told.hint}" if told.hint else told.message
            else:
                continue
            refused = refused or error
            if files.name in named:
                raise error
        if refused is not None and not found:
            raise refused
        return found

    def table(self, files: FileSet, position: int) -> LandedTable:
        if self.look.is_over:
            raise TimeIsUp
        parts = fetched(self.con, self.store, files)
        landed = in_time(self.con, self.look, lambda: land(self.con, parts, position))
        return in_time(self.con, self.look, lambda: read_facts(self.con, landed))

    def facts(
        self,
        table: LandedTable,
        files: FileSet,
        foreign_keys: Mapping[str, list[ForeignKeyFact]],
        notes: Sequence[str],
    ) -> MeasuredTable:
        landed, times, key = table.landed, table.times, table.key.columns if table.key else []
        return MeasuredTable(
            files=landed.files.pattern,
            format=landed.files.format,
            csv=landed.csv,
            rows=Count(value=landed.total, exact=landed.exact),
            malformed=landed.malformed or None,
            bytes=sum(self.store.size(file) for file in files.files),
            rows_per_day=times.rows_per_day,
            new_per_day=times.new_per_day,
            key=table.key,
            near_key=table.near_key,
            watermark=times.watermark,
            lateness=times.lateness,
            deletes=table.deletes,
            columns={c.name: c.measured(key) for c in table.columns},
            foreign_keys=foreign_keys.get(table.name, []),
            notes=[*landed.notes, *notes],
        )


def _header(con: duckdb.DuckDBPyConnection, file: Path, format_: Format) -> Header | None:
    if format_ == "jsonl":
        return first_keys(file)
    try:
        if format_ == "csv":
            dialect = read_dialect(file)
            return dialect.header if dialect else ()
        return tuple(row[0] for row in con.read_parquet(glob.escape(str(file))).limit(0).description)
    except (SourceError, duckdb.Error):
        return None  # it is said when the table is read, if it is one that is asked for
