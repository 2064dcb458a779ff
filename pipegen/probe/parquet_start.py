"""The first groups of rows of a Parquet file, and a file that holds just these."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import duckdb

from pipegen.probe.file_store import Store
from pipegen.probe.landed import escaped

_LARGEST_GROUP = 64_000_000  # a group of rows larger than this is not fetched: its file is judged by its footer alone

_GROUPS = """
select max(row_group_num_rows), max(row_group_bytes), min(case when coalesce(dictionary_page_offset, 0) > 0
    then least(dictionary_page_offset, data_page_offset) else data_page_offset end), sum(total_compressed_size)
from parquet_metadata(?) group by row_group_id order by row_group_id
"""


class Start(NamedTuple):
    """The first rows of a file, where they begin in it and where they end."""

    rows: int
    begin: int
    end: int


def rows_of_start(con: duckdb.DuckDBPyConnection, file: Path, share: int) -> Start:
    """As many of the first rows as take a share of bytes unpacked; one at least."""
    rows = taken = 0
    for many, unpacked, _, packed in con.execute(_GROUPS, escaped([file])).fetchall():
        bytes_ = max(int(unpacked), int(packed), 1)
        if taken + bytes_ > share:
            rows += round(many * (share - taken) / bytes_)
            break
        rows, taken = rows + int(many), taken + bytes_
    return Start(max(rows, 1), 0, 0)


def cut_parquet(con: duckdb.DuckDBPyConnection, store: Store, file: Path, share: int) -> tuple[Path, int]:
    """A file with the footer and the first groups of rows where they stand, and nothing between; and the rows in it."""
    size, to = store.size(file), store.copy(file)
    [tail] = store.read([(file, max(0, size - 8), size)])
    footer = int.from_bytes(tail[:4], "little") if tail.endswith(b"PAR1") else 0
    [end] = store.read([(file, max(0, size - 8 - footer), size)])
    with to.open("wb") as out:
        out.truncate(size)
        out.write(b"PAR1")
        out.seek(size - len(end))
        out.write(end)
    start = _first_groups(con, to, share)
    if start.rows:
        [groups] = store.read([(file, start.begin, start.end)])
        with to.open("r+b") as out:
            out.seek(start.begin)
            out.write(groups)
    return to, start.rows


def _first_groups(con: duckdb.DuckDBPyConnection, file: Path, share: int) -> Start:
    """The first groups of rows that take a share of bytes, or the first alone; none where that is too large."""
    groups = con.execute(_GROUPS, escaped([file])).fetchall()
    if not groups or int(groups[0][3]) > max(share, _LARGEST_GROUP):
        return Start(0, 0, 0)
    rows, begin, end = int(groups[0][0]), int(groups[0][2]), int(groups[0][2] + groups[0][3])
    for many, _, at, packed in groups[1:]:
        if at + packed - begin > share:
            break
        rows, end = rows + int(many), int(at + packed)
    return Start(rows, begin, end)
