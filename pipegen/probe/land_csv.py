"""CSV files as texts in the probe's DuckDB."""

# ruff: noqa: S608 (names in queries are the probe's own, or quoted)
from __future__ import annotations

from pathlib import Path

import duckdb

from pipegen.core.errors import SourceError
from pipegen.core.measured import CsvDialect
from pipegen.probe.csv_dialect import Dialect, read_dialect, refuse_undecodable
from pipegen.probe.file_parts import Parts
from pipegen.probe.filesets import FileSet
from pipegen.probe.landed import Landed, LandedColumn, empty, escaped, number
from pipegen.probe.value_types import TYPES


def land_csv(con: duckdb.DuckDBPyConnection, parts: Parts, relation: str) -> Landed:
    """Read CSV files; a column that only some of them have is null for the others. Rows that do not parse are counted.

    Raises:
        SourceError: nothing in them, no header, not UTF-8, or no row that fits the header.
    """
    files = parts.files
    by_dialect = _by_dialect(files)
    if not by_dialect:
        raise empty(files)
    names: dict[str, str] = {}
    for dialect in by_dialect:
        for name in dialect.header:
            names.setdefault(name, f"k{len(names)}")
    selects = [_read_csv(dialect, [names[n] for n in dialect.header], relation) for dialect in by_dialect]
    paths = [escaped(its) for its in by_dialect.values()]
    con.execute(f"create temp table {relation} as {' union all by name '.join(selects)}", paths)
    rows = number(con, f"select count(*) from {relation}")
    malformed = number(con, f"select count(*) from (select distinct file_id, scan_id, line from {relation}_rejects)")
    first = next(iter(by_dialect))
    if malformed and not rows:
        hint = "see that the delimiter is one of , ; | or tab, and that rows do not end in one more than the header"
        raise SourceError(f"no row of `{files.files[0]}` has the {len(first.header)} fields of its header", hint=hint)
    columns = [LandedColumn(name, id_, TYPES) for name, id_ in names.items()]
    return Landed(files, relation, columns, rows, rows, malformed, CsvDialect(delimiter=first.delimiter))


def _by_dialect(files: FileSet) -> dict[Dialect, list[Path]]:
    """Files by their header; all have the delimiter of the first. Empty ones are left out."""
    found: dict[Dialect, list[Path]] = {}
    for file in files.files:
        first = next(iter(found), None)
        dialect = read_dialect(file, first.delimiter if first else None)
        if dialect is not None:
            refuse_undecodable(file)
            found.setdefault(dialect, []).append(file)
    return found


def _read_csv(dialect: Dialect, ids: list[str], relation: str) -> str:
    columns = ", ".join(f"'{id_}': 'VARCHAR'" for id_ in ids)
    return (
        f"select * from read_csv(?, auto_detect = false, columns = {{{columns}}}, header = true, "
        f"delim = '{dialect.delimiter}', quote = '\"', escape = '\"', hive_partitioning = false, "
        f"store_rejects = true, rejects_table = '{relation}_rejects', rejects_scan = '{relation}_scans')"
    )
