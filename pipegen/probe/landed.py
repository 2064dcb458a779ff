"""Files read into a DuckDB of the probe's own: one temporary table a set of files, columns ``k0``, ``k1``, ….

The columns of text formats are texts, typed later from their values; those of Parquet have their own types.
"""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from pipegen.core.errors import SourceError
from pipegen.core.measured import CsvDialect
from pipegen.probe.filesets import FileSet

MEMORY_LIMIT = "1GB"


@dataclass(frozen=True)
class LandedColumn:
    """``id`` is its name in the probe's table. A text may be of ``allowed`` types; else ``type`` it is."""

    name: str
    id: str
    allowed: tuple[str, ...] = ()
    type: str | None = None
    declared: str | None = None
    required: bool = False


@dataclass
class Landed:
    """A set of files, read. ``rows`` are those in the probe's table; ``total`` those of the files, where not all were read.

    ``whole`` says whether all rows were read, ``exact`` whether ``total`` is counted, ``spread`` whether what was read comes from
    all over the files; ``files`` are those that were read.
    """

    files: FileSet
    relation: str
    columns: list[LandedColumn]
    rows: int
    total: int
    malformed: int = 0
    csv: CsvDialect | None = None
    nulls: list[str] = field(default_factory=list)
    whole: bool = True
    exact: bool = True
    spread: bool = True
    notes: list[str] = field(default_factory=list)


@contextmanager
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB in memory that spills to a folder of its own, has no network, and reads times as UTC."""
    with TemporaryDirectory(prefix="pipegen-probe-") as folder:
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": folder,
            "autoinstall_known_extensions": "false",
        }
        con = duckdb.connect(":memory:", config=config)
        try:
            con.execute("set TimeZone = 'UTC'")
            con.execute("set enable_progress_bar = false")
            yield con
        finally:
            con.close()


def escaped(files: Sequence[Path]) -> list[str]:
    """Paths as DuckDB takes them: it reads every path as a glob."""
    return [glob.escape(str(f)) for f in files]


def number(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    """The one number that a query gives; 0 for null."""
    row = con.execute(sql).fetchone()
    return int(row[0]) if row and row[0] is not None else 0


def empty(files: FileSet) -> SourceError:
    """Nothing is in a table's files."""
    hint = "a table needs a header, or one row; leave the file out, or name the tables to take with --table"
    return SourceError(f"`{files.files[0]}` is empty", hint=hint)
