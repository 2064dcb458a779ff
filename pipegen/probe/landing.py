"""One set of files into the probe's DuckDB, by its format; what an engine says of a broken file, in plain words."""

# ruff: noqa: S608 (names in queries are the probe's own, or quoted)
from __future__ import annotations

import duckdb

from pipegen.core.errors import SourceError
from pipegen.core.names import shorten
from pipegen.probe.csv_dialect import opened, unreadable
from pipegen.probe.filesets import FileSet
from pipegen.probe.land_csv import land_csv
from pipegen.probe.land_jsonl import land_jsonl
from pipegen.probe.land_parquet import land_parquet
from pipegen.probe.landed import MEMORY_LIMIT, Landed, escaped

_LANDERS = {"csv": land_csv, "jsonl": land_jsonl, "parquet": land_parquet}
_READERS = {"csv": "read_csv", "jsonl": "read_json", "parquet": "read_parquet"}
_TITLES = {"csv": "CSV", "jsonl": "JSON lines", "parquet": "Parquet"}


def land(con: duckdb.DuckDBPyConnection, files: FileSet, position: int) -> Landed:
    """Read a set of files into table ``t<position>``.

    Raises:
        SourceError: a file cannot be read, is broken, is empty, or is not text.
    """
    for file in files.files:
        try:
            with opened(file) as stream:
                stream.read(1)
        except (OSError, EOFError) as error:
            raise unreadable(file, error) from error
    try:
        return _LANDERS[files.format](con, files, f"t{position}")
    except duckdb.Error as error:
        raise _broken(con, files, error) from error


def _broken(con: duckdb.DuckDBPyConnection, files: FileSet, error: duckdb.Error) -> SourceError:
    """The file that the engine could not read, found by reading each alone."""
    if isinstance(error, duckdb.OutOfMemoryException):
        return SourceError(
            f"`{files.pattern}` is too large to measure in {MEMORY_LIMIT}", hint="split it into several files"
        )
    culprit = files.files[0]
    for file in files.files:
        try:
            con.execute(f"select count(*) from {_READERS[files.format]}(?)", [escaped([file])]).fetchone()
        except duckdb.Error as its:
            culprit, error = file, its
            break
    return SourceError(
        f"`{culprit}` cannot be read as {_TITLES[files.format]}: {shorten(str(error).splitlines()[0], 160)}",
        hint="is the file whole, and of the format its name says? write or copy it again",
    )
