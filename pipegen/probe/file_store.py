"""Where files lie, and how much of them is read: of files on this machine, and of those on a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from pipegen.core.errors import SourceError


@dataclass(frozen=True)
class Limits:
    """A table of at most ``whole`` bytes in ``files`` files is read whole; of any other about ``sample`` bytes of so many."""

    whole: int
    sample: int
    files: int


Range = tuple[Path, int, int]
"""A file, and where in it some bytes begin and end."""


class Store(Protocol):
    """Where files lie.

    Attributes:
        path: the source, as a path of this machine: where the files lie, or where those of a server are copied to.
        root: what ``path`` starts from.
        here: whether the files lie on this machine.
    """

    path: str
    root: Path
    here: bool

    def limits(self, files: Sequence[Path]) -> Limits:
        """How much of a table is read whose files these are."""

    def size(self, file: Path) -> int:
        """Bytes of a file."""

    def start(self, file: Path, length: int) -> None:
        """See that the first bytes of a file are under its path."""

    def read(self, ranges: Sequence[Range]) -> Iterator[bytes]:
        """Some bytes of files, in the order in which they are asked for."""

    def whole(self, files: Sequence[Path]) -> None:
        """See that files are under their paths whole."""

    def copy(self, file: Path) -> Path:
        """Where a part of a file may be written: a path that ends as the file's does."""

    def folder(self, found: str) -> str:
        """The source's folder as the source says it, by what it is in terms of ``path``."""

    def told(self, error: SourceError) -> SourceError:
        """An error in terms of the source, and not of where files were copied to."""


class LocalFiles:
    """Files of this machine. See :class:`Store`."""

    # Read in seconds with one engine and two cores; the parts of a larger table stand for it
    most = Limits(whole=100_000_000, sample=32_000_000, files=10_000)
    here = True

    def __init__(self, path: str, root: Path) -> None:
        self.path, self.root = path, root
        self._copies = TemporaryDirectory(prefix="pipegen-parts-")

    def __enter__(self) -> LocalFiles:
        return self

    def __exit__(self, *_: object) -> None:
        self._copies.cleanup()

    def limits(self, files: Sequence[Path]) -> Limits:
        return self.most

    def size(self, file: Path) -> int:
        return file.stat().st_size

    def start(self, file: Path, length: int) -> None:
        """There is nothing to do."""

    def read(self, ranges: Sequence[Range]) -> Iterator[bytes]:
        for file, start, end in ranges:
            with file.open("rb") as stream:
                stream.seek(start)
                yield stream.read(end - start)

    def whole(self, files: Sequence[Path]) -> None:
        """There is nothing to do."""

    def copy(self, file: Path) -> Path:
        to = Path(self._copies.name + str(file.absolute()))
        to.parent.mkdir(parents=True, exist_ok=True)
        return to

    def folder(self, found: str) -> str:
        return found

    def told(self, error: SourceError) -> SourceError:
        return retold(error, self._copies.name, "")


def retold(error: SourceError, place: str, shown: str) -> SourceError:
    """An error with another text for a place."""
    hint = error.hint.replace(place, shown) if error.hint else error.hint
    return SourceError(error.message.replace(place, shown), hint=hint)
