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
from pipegen.probe.csv_dialect import opened
from pipegen.probe.filesets import FileSet

WHOLE_BYTES = 2 << 30  # a table larger than this is judged by its first rows
SAMPLE_ROWS = 5_000_000
MEMORY_LIMIT = "1GB"
_GZIP_RATIO = 6  # bytes of text in a byte of it compressed


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
    """A set of files, read. ``rows`` are those in the probe's table; ``total`` those of the files, where more."""

    files: FileSet
    relation: str
    columns: list[LandedColumn]
    rows: int
    total: int
    malformed: int = 0
    csv: CsvDialect | None = None
    nulls: list[str] = field(default_factory=list)

    @property
    def sampled(self) -> bool:
        return self.total != self.rows


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


def too_large(files: FileSet) -> bool:
    """Whether a set of files is judged by its first rows."""
    return sum(f.stat().st_size * (_GZIP_RATIO if f.suffix == ".gz" else 1) for f in files.files) > WHOLE_BYTES


def limit(files: FileSet) -> str:
    """The clause that keeps to the first rows, where a set of files is too large for all of them."""
    return f" limit {SAMPLE_ROWS}" if too_large(files) else ""


def number(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    """The one number that a query gives; 0 for null."""
    row = con.execute(sql).fetchone()
    return int(row[0]) if row and row[0] is not None else 0


def count_lines(files: FileSet) -> int:
    """Line ends in all files: how many rows there are at most, where not all are read."""
    total = 0
    for file in files.files:
        with opened(file) as stream:
            while chunk := stream.read(1 << 22):
                total += chunk.count(b"\n")
    return total


def empty(files: FileSet) -> SourceError:
    """Nothing is in a table's files."""
    hint = "a table needs a header, or one row; leave the file out, or name the tables to take with --table"
    return SourceError(f"`{files.files[0]}` is empty", hint=hint)
