"""Probe of files: CSV, JSON lines and Parquet, alone, in folders, or by a glob."""

from __future__ import annotations

import glob
from pathlib import Path

import duckdb

from pipegen.core.errors import SourceError
from pipegen.core.measured import Count, Format, Measured, MeasuredTable, Server
from pipegen.probe.chosen_tables import choose
from pipegen.probe.csv_dialect import read_dialect
from pipegen.probe.filesets import Header, find_filesets
from pipegen.probe.foreign_keys import read_foreign_keys
from pipegen.probe.json_lines import first_keys
from pipegen.probe.landed import connection
from pipegen.probe.landed_facts import LandedTable, read_facts, read_watermark
from pipegen.probe.landing import land
from pipegen.probe.look import Look


def measure(path: str, look: Look) -> Measured:
    """Measure files; see :class:`pipegen.probe.registry.Probe`."""
    with connection() as con:
        headers: dict[Path, Header | None] = {}

        def header(file: Path, format_: Format) -> Header | None:
            if file not in headers:
                headers[file] = _header(con, file, format_)
            return headers[file]

        folder, found = find_filesets(path, look.root, header)
        by_name = {f.name: f for f in found}
        chosen = choose(look.tables, by_name, path)
        landed = [read_facts(con, land(con, by_name[name], i)) for i, name in enumerate(chosen)]
        foreign_keys = read_foreign_keys(con, landed)
        measured = {t.name: _table(con, t) for t in landed}
    for name, table in measured.items():
        table.foreign_keys = foreign_keys[name]
    return Measured(server=Server(kind="files", folder=folder), tables=measured)


def _header(con: duckdb.DuckDBPyConnection, file: Path, format_: Format) -> Header | None:
    """The names of a file's columns, for telling like files from others; none in an empty file, None where it is broken."""
    if format_ == "jsonl":
        return first_keys(file)
    try:
        if format_ == "csv":
            dialect = read_dialect(file)
            return dialect.header if dialect else ()
        return tuple(row[0] for row in con.read_parquet(glob.escape(str(file))).limit(0).description)
    except (SourceError, duckdb.Error):
        return None  # it is said when the table is read, if it is one that is asked for


def _table(con: duckdb.DuckDBPyConnection, table: LandedTable) -> MeasuredTable:
    landed = table.landed
    watermark, per_day = read_watermark(con, table)
    key = table.key.columns if table.key else []
    return MeasuredTable(
        files=landed.files.pattern,
        format=landed.files.format,
        csv=landed.csv,
        rows=Count(value=landed.total, exact=not landed.sampled or landed.files.format == "parquet"),
        malformed=landed.malformed or None,
        bytes=sum(file.stat().st_size for file in landed.files.files),
        rows_per_day=per_day,
        key=table.key,
        watermark=watermark,
        columns={c.name: c.measured(key) for c in table.columns},
    )
