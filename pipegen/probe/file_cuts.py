"""Pieces of a large text file, from all over it, as a smaller file that is whole in itself."""

from __future__ import annotations

import csv
import gzip
import zlib
from itertools import islice
from pathlib import Path

from pipegen.core.measured import Format
from pipegen.probe.csv_dialect import fields_of
from pipegen.probe.file_store import Store

PIECE_BYTES = 1 << 18  # many small pieces tell how often a time comes better than few large ones
_TRIED_LINES = 50  # line ends that may be within a quoted field, before a piece is given up
_JUDGED_RECORDS = 20
_JUDGED_BYTES = 1 << 18
_CHUNK = 1 << 20


def cut_text(store: Store, file: Path, share: int, format_: Format) -> tuple[Path, int, bool]:
    """A file of about ``share`` bytes of another, how many bytes of that it stands for, and whether they are from all over it.

    What is compressed can be read from its start alone.
    """
    to = store.copy(file)
    if file.suffix == ".gz":
        try:
            text, read = _unpacked(store, file, share)
            to.write_bytes(gzip.compress(_whole_lines(text), 1, mtime=0))
        except zlib.error:
            read = store.size(file)
            to.write_bytes(b"no gzip file")  # so it is told when it is read
        return to, read, False
    size, many = store.size(file), max(share // PIECE_BYTES, 1)
    length = min(share // many, size)
    starts = [round(i * (size - length) / (many - 1)) for i in range(many)] if many > 1 else [0]
    pieces = store.read([(file, at, min(at + length, size)) for at in starts])
    head = _whole_lines(next(pieces))
    width = fields_of(head.decode("utf-8-sig", "replace")) if format_ == "csv" else None
    read = len(head)
    with to.open("wb") as out:
        out.write(head)
        for piece in pieces:
            inner = _whole_lines(_from_a_record(piece, width))
            out.write(inner)
            read += len(inner)
    return to, read, many > 1


def _whole_lines(text: bytes) -> bytes:
    """A text up to its last line end outside quotes; to its last line end where there is none, or all of it."""
    end = len(text)
    for _ in range(_TRIED_LINES):
        end = text.rfind(b"\n", 0, end)
        if end < 0:
            break
        if text.count(b'"', 0, end) % 2 == 0:
            return text[: end + 1]
    return text[: text.rfind(b"\n") + 1] or text


def _from_a_record(piece: bytes, width: tuple[str, int] | None) -> bytes:
    """A piece from the middle of a file, from where a line begins; of a CSV file one with as many fields as its header."""
    start = 0
    for _ in range(_TRIED_LINES):
        start = piece.find(b"\n", start) + 1
        if not start:
            break
        if width is None or _begins_record(piece[start : start + _JUDGED_BYTES], *width):
            return piece[start:]
    return b""


def _begins_record(text: bytes, delimiter: str, width: int) -> bool:
    lines = text.decode("utf-8", "replace").splitlines(keepends=True)[:-1]
    try:
        records = list(islice(csv.reader(lines, delimiter=delimiter), _JUDGED_RECORDS))
    except csv.Error:
        return False
    fitting = sum(len(record) == width for record in records)
    return bool(records) and len(records[0]) == width and 2 * fitting > len(records)


def _unpacked(store: Store, file: Path, most: int) -> tuple[bytes, int]:
    """The start of a gzip file, unpacked, and how many bytes of the file that took."""
    unpack, out, read, size = zlib.decompressobj(wbits=31), bytearray(), 0, store.size(file)
    while read < size and len(out) < most:
        [chunk] = store.read([(file, read, min(read + _CHUNK, size))])
        read += len(chunk)
        while chunk and len(out) < most:
            out += unpack.decompress(chunk, most - len(out))
            chunk = unpack.unconsumed_tail
            if unpack.eof:
                chunk, unpack = unpack.unused_data, zlib.decompressobj(wbits=31)
        read -= len(chunk)
    return bytes(out), read
