"""How a CSV file is written: its encoding, its delimiter, and its header line.

Works on the start of a file, in Python, so that the answer does not change with a version of an engine; only the check
of the encoding reads further.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import re
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from pipegen.core.errors import SourceError

START_BYTES = 1 << 18  # what delimiter and header are judged by
_ENCODING_BYTES = 1 << 29  # how much of a file is checked to be UTF-8
_CHUNK_BYTES = 1 << 20
_DELIMITERS = (",", "\t", ";", "|")
_RECORDS = 200
_MAX_NAME = 200
_VALUE = re.compile(
    r"[-+]?(\d[\d,]*\.?\d*|\.\d+)([eE][-+]?\d+)?%?"  # a number
    r"|\d{4}-\d{2}-\d{2}([T ].*)?|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}.*"  # a date
    r"|(?i:true|false)|[^@\s]+@[^@\s]+\.[^@\s]+|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F-]{22}"
)


@dataclass(frozen=True)
class Dialect:
    """``header`` has the names as the first line has them."""

    delimiter: str
    header: tuple[str, ...]


def opened(path: Path) -> IO[bytes]:
    """A file's bytes, unpacked where its name ends in ``.gz``."""
    return cast(IO[bytes], gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def read_dialect(path: Path, delimiter: str | None = None) -> Dialect | None:
    """How a CSV file is written, or None where there is nothing in it.

    Raises:
        SourceError: it cannot be read, is not text, or has no header line.
    """
    try:
        with opened(path) as stream:
            start = stream.read(START_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(path, error) from error
    if not start.strip(b"\r\n \t\xef\xbb\xbf"):
        return None
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise _wrong_encoding(path, 1, "UTF-32")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise _wrong_encoding(path, 1, "UTF-16")
    if b"\0" in start:
        raise SourceError(f"`{path}` is not text", hint="a CSV file is expected; is it another format, or compressed?")
    text = codecs.getincrementaldecoder("utf-8-sig")(errors="replace").decode(start)
    if len(start) == START_BYTES:  # the last line may be cut
        text = text[: text.rfind("\n") + 1] or text
    delimiter = delimiter or _delimiter(text)
    records = _records(text, delimiter)
    header = tuple(records[0])
    _refuse_headless(path, header, records[1:])
    _refuse_ragged(path, header, records[1:])
    return Dialect(delimiter, header)


def refuse_undecodable(path: Path) -> None:
    """Read a file through (at most 512 MB of it).

    Raises:
        SourceError: it is not UTF-8, or only in part; the line is named.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    done = 0
    try:
        with opened(path) as stream:
            while done < _ENCODING_BYTES and (chunk := stream.read(_CHUNK_BYTES)):
                decoder.decode(chunk)
                done += len(chunk)
            if done < _ENCODING_BYTES:
                decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise _undecodable(path) from None
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(path, error) from error


def _undecodable(path: Path) -> SourceError:
    """What to say of a file that is not UTF-8: which line is not, and whether another one is."""
    utf8, other, encoding = None, None, "WINDOWS-1252"
    with opened(path) as stream:
        for number, line in enumerate(iter(lambda: stream.readline(_CHUNK_BYTES), b""), start=1):
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                utf8 = utf8 or number
            except UnicodeDecodeError:
                if other is None:
                    other, encoding = number, _likely(line)
            if utf8 and other:
                return SourceError(
                    f"`{path}` mixes two encodings: line {utf8} is UTF-8, line {other} is not, but like {encoding}",
                    hint="write or export it again in one encoding; to convert the whole file would break the lines that are UTF-8",
                )
    return _wrong_encoding(path, other or 1, encoding)


def _likely(line: bytes) -> str:
    """The encoding that a line which is not UTF-8 most likely has; any bytes are ISO-8859-1."""
    try:
        line.decode("cp1252")
    except UnicodeDecodeError:
        return "ISO-8859-1"
    return "WINDOWS-1252"


def unreadable(path: Path, error: Exception) -> SourceError:
    """A file that is there and cannot be read."""
    if isinstance(error, PermissionError):
        return SourceError(
            f"`{path}` may not be read: permission denied", hint=f"chmod +r '{path}', or run as its owner"
        )
    if isinstance(error, gzip.BadGzipFile | EOFError | zlib.error):
        return SourceError(f"`{path}` is not a whole gzip file", hint="unpack it by hand to see where it breaks")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return SourceError(
        f"`{path}` cannot be read: {reason}", hint="see that it is a plain file and that its disk is there"
    )


def _wrong_encoding(path: Path, line: int, encoding: str = "WINDOWS-1252") -> SourceError:
    return SourceError(
        f"`{path}` is not UTF-8: line {line} has other bytes",
        hint=f"convert it; where it is {encoding}: iconv -f {encoding} -t UTF-8 '{path.name}' > utf8.csv",
    )


def _records(text: str, delimiter: str) -> list[list[str]]:
    records: list[list[str]] = []
    try:
        for record in csv.reader(text.splitlines(keepends=True), delimiter=delimiter):
            if record:
                records.append(record)
            if len(records) >= _RECORDS:
                break
    except csv.Error:  # a field larger than the reader's limit: what came before it is enough
        pass
    return records or [[""]]


def fields_of(text: str) -> tuple[str, int]:
    """The delimiter of a text that begins with a header, and how many fields that has."""
    delimiter = _delimiter(text)
    return delimiter, len(_records(text, delimiter)[0])


def _delimiter(text: str) -> str:
    """The delimiter that gives most records one same number of fields; a comma where none gives two."""
    best, best_score = ",", (0.0, 0)
    for delimiter in _DELIMITERS:
        widths = [len(record) for record in _records(text, delimiter)]
        width, times = Counter(widths).most_common(1)[0]
        agreed = times / len(widths)
        if widths[0] > 1 and width == widths[0] and (round(agreed, 1), width) > best_score:
            best, best_score = delimiter, (round(agreed, 1), width)
    return best


def _refuse_headless(path: Path, header: tuple[str, ...], rows: list[list[str]]) -> None:
    """Raise where the first line is a row like those below it, or names a column twice."""
    if _looks_like_a_row(header, rows) or any(len(name) > _MAX_NAME for name in header):
        raise SourceError(
            f"`{path}` has no header line: its first line looks like a row",
            hint="write the names of the columns in a first line; pipegen names nothing by position",
        )
    folded = Counter(name.strip().casefold() for name in header)
    twice = [name for name in header if folded[name.strip().casefold()] > 1]
    if twice:
        raise SourceError(
            f"`{path}` names a column twice in its header: {', '.join(f'`{name[:80]}`' for name in twice[:6])}",
            hint="give each column its own name; upper and lower case count as one",
        )


def _refuse_ragged(path: Path, header: tuple[str, ...], rows: list[list[str]]) -> None:
    """Raise where hardly any row fits the header: it is not the rows that are wrong then."""
    fitting = sum(len(row) == len(header) for row in rows)
    if fitting * 10 < len(rows):
        width = Counter(len(row) for row in rows).most_common(1)[0][0]
        raise SourceError(
            f"the rows of `{path}` do not fit its header: {len(header)} names, and {width} fields in most rows",
            hint="see that the delimiter is one of , ; | or tab, and that rows do not end in one more than the header",
        )


def _looks_like_a_row(header: tuple[str, ...], rows: list[list[str]]) -> bool:
    if not any(name.strip() for name in header):
        return True
    valued = [bool(_VALUE.fullmatch(name.strip())) for name in header]
    for i, value in enumerate(valued):
        below = [row[i].strip() for row in rows if len(row) > i and row[i].strip()]
        if not value and below and header[i].strip() and sum(bool(_VALUE.fullmatch(b)) for b in below) * 2 > len(below):
            return False  # a name above values
    if any(valued):
        return True
    again = sum(row[i].strip() == name.strip() != "" for row in rows for i, name in enumerate(header) if i < len(row))
    repeated = sum(tuple(row) == header for row in rows)  # headers of concatenated files
    return again - repeated * len(header) > 0
