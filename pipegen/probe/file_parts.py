"""What is read of the files of a table: all of a small one; of a large one pieces from all over it, as a smaller file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipegen.probe.file_cuts import cut_text
from pipegen.probe.file_store import Store
from pipegen.probe.filesets import FileSet, spread
from pipegen.probe.parquet_start import cut_parquet, rows_of_start

_GZIP_RATIO = 6  # bytes of text in a byte of it compressed
_LEAST_SHARE = 1 << 18  # of a file that is cut


@dataclass(frozen=True)
class Part:
    """``path`` holds ``read`` of a file's ``size`` bytes; ``rows`` is set where just the first of its rows are to be read."""

    path: Path
    size: int
    read: int
    spread: bool = True
    rows: int | None = None

    @property
    def is_whole(self) -> bool:
        return self.read == self.size and self.rows is None


@dataclass(frozen=True)
class Parts:
    """What is read of a table of ``size`` bytes: parts ``of`` some of its ``files``, or of all."""

    files: FileSet
    of: tuple[Part, ...]
    size: int

    @property
    def paths(self) -> list[Path]:
        return [part.path for part in self.of]

    @property
    def is_whole(self) -> bool:
        return len(self.of) == len(self.files.files) and all(part.is_whole for part in self.of)

    @property
    def is_spread(self) -> bool:
        """Whether what is read comes from all over the table, and not only from its beginning."""
        return len(self.of) > 1 or all(part.spread for part in self.of)

    @property
    def read(self) -> int:
        return sum(part.read for part in self.of)

    def in_all(self, rows: int) -> int:
        """Rows of the table, by those in what is read."""
        return rows if self.read == self.size else round(rows * self.size / max(self.read, 1))


def take(con: duckdb.DuckDBPyConnection, store: Store, files: FileSet) -> Parts:
    """See that what is to be read of a table is on this machine."""
    limits, total = store.limits(files.files), sum(store.size(file) for file in files.files)
    if len(files.files) <= limits.files and sum(_unpacked(store, f) for f in files.files) <= limits.whole:
        store.whole(files.files)
        return Parts(files, tuple(Part(file, (size := store.size(file)), size) for file in files.files), total)
    some = spread(files.files, limits.files)
    if sum(_unpacked(store, file) for file in some) > limits.sample:
        some = spread(some, max(1, limits.sample // _LEAST_SHARE))
    share = limits.sample // len(some)
    small = [file for file in some if _unpacked(store, file) <= share]
    store.whole(small)
    few = frozenset(small)
    parts = []
    for file in some:
        size = store.size(file)
        if file in few:
            parts.append(Part(file, size, size))
        elif files.format != "parquet":
            path, read, is_spread = cut_text(store, file, share, files.format)
            parts.append(Part(path, size, read, is_spread))
        elif store.here:
            parts.append(Part(file, size, size, spread=False, rows=rows_of_start(con, file, share).rows))
        else:
            path, rows = cut_parquet(con, store, file, share)
            parts.append(Part(path, size, size, spread=False, rows=rows))
    return Parts(files, tuple(parts), total)


def _unpacked(store: Store, file: Path) -> int:
    return store.size(file) * (_GZIP_RATIO if file.suffix == ".gz" else 1)
