"""One set of files into the probe's DuckDB, by its format; what an engine says of a broken file, in plain words."""

# ruff: noqa: S608 (names in queries are the probe's own, or quoted)
from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb

from pipegen.core.errors import SourceError
from pipegen.core.measured import Format
from pipegen.core.names import shorten
from pipegen.probe.csv_dialect import START_BYTES, opened, unreadable
from pipegen.probe.file_parts import Parts, take
from pipegen.probe.file_store import Store
from pipegen.probe.filesets import FileSet
from pipegen.probe.land_csv import land_csv
from pipegen.probe.land_jsonl import land_jsonl
from pipegen.probe.land_parquet import land_parquet
from pipegen.probe.landed import MEMORY_LIMIT, Landed, escaped

_LANDERS: dict[Format, Callable[[duckdb.DuckDBPyConnection, Parts, str], Landed]] = {
    "csv": land_csv,
    "jsonl": land_jsonl,
    "parquet": land_parquet,
}
_READERS = {"csv": "read_csv", "jsonl": "read_json", "parquet": "read_parquet"}
_TITLES = {"csv": "CSV", "jsonl": "JSON lines", "parquet": "Parquet"}
_MAGIC = b"PAR1"


def fetched(con: duckdb.DuckDBPyConnection, store: Store, files: FileSet) -> Parts:
    """What is to be read of a set of files, on this machine.

    Raises:
        SourceError: a file cannot be read, or is broken.
    """
    try:
        return take(con, store, files)
    except duckdb.Error as error:
        raise _broken(con, files, error) from error
    except OSError as error:
        raise unreadable(Path(error.filename or files.files[0]), error) from error


def land(con: duckdb.DuckDBPyConnection, parts: Parts, position: int) -> Landed:
    """Read a set of files, or what stands for it, into table ``t<position>``.

    Raises:
        SourceError: a file cannot be read, is broken, is empty, or is not text.
    """
    read = replace(parts.files, files=tuple(parts.paths))
    _refuse_unreadable(read)
    try:
        landed = _LANDERS[read.format](con, replace(parts, files=read), f"t{position}")
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        raise _broken(con, read, error) from error
    return _said_of(landed, parts)


def _refuse_unreadable(files: FileSet) -> None:
    for file in files.files:
        try:
            with opened(file) as stream:
                stream.read(1)
        except (OSError, EOFError, zlib.error) as error:
            raise unreadable(file, error) from error


def _said_of(landed: Landed, parts: Parts) -> Landed:
    """What is known of all rows by those that were read."""
    landed.whole, landed.exact, landed.spread = parts.is_whole, parts.is_whole, parts.is_spread
    if parts.is_whole:
        return landed
    landed.total = max(landed.rows, parts.in_all(landed.total))
    landed.malformed = parts.in_all(landed.malformed)
    landed.exact = landed.files.format == "parquet" and len(parts.of) == len(parts.files.files)
    files = len(parts.files.files)
    some = f"{len(parts.of)} of {files} files, and " if files > len(parts.of) else ""
    landed.notes.append(f"judged by {some}{landed.rows} of {'' if landed.exact else 'about '}{landed.total} rows")
    return landed


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
    if files.format == "csv" and _mixes_line_ends(culprit):
        hint = f"give all lines one end: dos2unix '{culprit.name}'"
        return SourceError(f"`{culprit}` mixes line ends: some lines end as in Windows, some do not", hint=hint)
    if files.format == "parquet" and _is_cut(culprit):
        hint = "write or copy it again; was it still being written?"
        return SourceError(f"`{culprit}` cannot be read as Parquet: it is cut, its end is missing", hint=hint)
    return SourceError(
        f"`{culprit}` cannot be read as {_TITLES[files.format]}: {shorten(str(error).splitlines()[0], 160)}",
        hint="is the file whole, and of the format its name says? write or copy it again",
    )


def _mixes_line_ends(file: Path) -> bool:
    with opened(file) as stream:
        start = stream.read(START_BYTES)
    windows = start.count(b"\r\n")
    return bool(windows) and (start.count(b"\n") > windows or start.count(b"\r") > windows)


def _is_cut(file: Path) -> bool:
    """Whether a Parquet file begins as one, and does not end as one."""
    with file.open("rb") as stream:
        begins = stream.read(len(_MAGIC)) == _MAGIC
        stream.seek(-len(_MAGIC), 2) if begins else None
        return begins and stream.read() != _MAGIC
