"""Files that lie behind a URL: listed there, and copied to a temporary folder as far as they are looked at.

The folder has every file of the listing under its own name, empty until something of it is fetched, so that files of a server
are looked at as those of this machine are. Passwords are in the connection alone.
"""

from __future__ import annotations

import glob
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from pipegen.core.errors import SourceError
from pipegen.core.spec import remote_url
from pipegen.core.spec.remote_url import RemoteUrl
from pipegen.probe.file_store import Limits, Range, retold
from pipegen.probe.look import Look
from pipegen.probe.remote_files_drivers import shown

_CHUNK = 1 << 20  # what is fetched of it tells how fast the line is
_TELLING = 4 << 20  # a table of more bytes is worth that look
_SHARE = 0.5  # of the time that is left, for the files of one table
_MOST_FILES = 100_000
_LONGEST_NAME = 255


class Remote(Protocol):
    """A server's files, by paths as the server has them."""

    def listed(self, folder: str) -> Mapping[str, int]:
        """The sizes of the files below a folder, or of the file itself; nothing where there is neither."""

    def read(self, ranges: Sequence[tuple[str, int, int]]) -> list[bytes]:
        """Some bytes of files, fetched side by side where the server lets that be."""

    def absent(self, folder: str) -> SourceError:
        """What to say where nothing is in a folder."""

    def close(self) -> None:
        """End the connection."""


@contextmanager
def opened(path: str, look: Look) -> Iterator[RemoteFiles]:
    """The files behind a URL with its password.

    Raises:
        SourceError: no driver, no connection, no permission, or nothing there.
    """
    url = remote_url.parse_files(path)
    look.progress(f"connecting to {url.shown('')}")
    remote = _connected(url, look)
    try:
        with TemporaryDirectory(prefix="pipegen-files-") as folder:
            yield RemoteFiles(url, remote, look, Path(folder))
    finally:
        remote.close()


def _connected(url: RemoteUrl, look: Look) -> Remote:
    if url.scheme == "s3":
        from pipegen.probe.remote_files_s3 import S3

        return S3(url, look)
    if url.scheme == "sftp":
        from pipegen.probe.remote_files_sftp import Sftp

        return Sftp(url, look)
    from pipegen.probe.remote_files_cloud import Cloud

    return Cloud(url, look)


class RemoteFiles:
    """See :class:`pipegen.probe.file_store.Store`."""

    # What a slow line brings within the time for looking
    most = Limits(whole=64_000_000, sample=16_000_000, files=200)
    here = False

    def __init__(self, url: RemoteUrl, remote: Remote, look: Look, temporary: Path) -> None:
        self._url, self._remote, self._look = url, remote, look
        said = url.path.rstrip("/")
        parts = said.split("/")
        first = next((i for i, part in enumerate(parts) if glob.has_magic(part)), len(parts))
        self._base = "/".join(parts[:first])
        look.progress(f"listing {shown(url, self._base)}")
        sizes = remote.listed(self._base)
        if len(sizes) > _MOST_FILES:
            raise SourceError(
                f"`{shown(url, self._base)}` has more than {_MOST_FILES} files below it",
                hint="name a folder or a glob further down: all that lies below its folder is listed",
            )
        if not sizes:
            raise remote.absent(self._base)
        pattern = "/".join(parts[first:])
        if list(sizes) == [self._base]:  # a file was named
            self._base, pattern = self._base.rpartition("/")[0], parts[-1]
        name = self._base.rpartition("/")[2] or url.host
        self.root = temporary / "files" / (name if _is_name(name) else "files")
        self.root.mkdir(parents=True)
        self.path = str(self.root / pattern) if pattern else str(self.root)
        self._sizes: dict[Path, int] = {}
        self._paths: dict[Path, str] = {}
        self._there: dict[Path, int] = {}
        self._bytes, self._seconds = 0, 0.0  # of what was fetched in large chunks
        for path, size in sizes.items():
            self._put(path, size)

    def _put(self, path: str, size: int) -> None:
        """An empty file for one of the server; none for a name that no folder of this machine can have."""
        inner = path.removeprefix(self._base).removeprefix("/")
        parts = inner.split("/")
        if not all(_is_name(part) for part in parts):
            return
        to = self.root.joinpath(*parts)
        try:
            to.parent.mkdir(parents=True, exist_ok=True)
            to.touch()
        except OSError:
            return  # where there is a file, there is a folder of that name too
        self._sizes[to], self._paths[to] = size, path

    def limits(self, files: Sequence[Path]) -> Limits:
        """Over a slow line less is read, so that the time for looking is kept."""
        if sum(self._sizes[file] for file in files) <= _TELLING:
            return self.most
        if not self._bytes:
            largest = max(files, key=lambda file: self._sizes[file])
            self.start(largest, _CHUNK)
        speed = self._bytes / max(self._seconds, 1e-6) if self._bytes else math.inf
        bearable = min(speed * self._look.left() * _SHARE, self.most.whole)
        return Limits(whole=int(bearable), sample=int(min(bearable, self.most.sample)), files=self.most.files)

    def size(self, file: Path) -> int:
        return self._sizes[file]

    def start(self, file: Path, length: int) -> None:
        wanted = min(length, self._sizes[file])
        if self._there.get(file, 0) < wanted:
            file.write_bytes(b"".join(self.read([(file, 0, wanted)])))
            self._there[file] = wanted

    def read(self, ranges: Sequence[Range]) -> Iterator[bytes]:
        """As many at once as there may be connections; each is put together from chunks."""
        for batch in _batches(ranges, self._look.connections):
            chunks = [(r, start) for r in batch for start in range(r[1], max(r[2], r[1] + 1), _CHUNK)]
            got: dict[Range, list[bytes]] = {r: [] for r in batch}
            for some in _batches(chunks, self._look.connections):
                asked = [(self._paths[r[0]], at, min(at + _CHUNK, r[2])) for r, at in some]
                self._look_on()
                for (r, _), found in zip(some, self._fetched(asked), strict=True):
                    got[r].append(found)
            for r in batch:
                yield b"".join(got[r])

    def _fetched(self, asked: Sequence[tuple[str, int, int]]) -> list[bytes]:
        wanted, began = [one for one in asked if one[1] < one[2]], self._look.clock()
        found = iter(self._remote.read(wanted) if wanted else [])
        fetched = sum(end - start for _, start, end in wanted)
        if fetched >= _CHUNK:
            self._bytes, self._seconds = self._bytes + fetched, self._seconds + self._look.clock() - began
            self._look.progress(f"{self._bytes // _CHUNK} MB are fetched")
        return [next(found) if start < end else b"" for _, start, end in asked]

    def _look_on(self) -> None:
        if self._look.is_over:
            raise SourceError(
                "the time for looking was up while files were fetched",
                hint="name the tables to take with --table, or a glob of fewer files",
            )

    def whole(self, files: Sequence[Path]) -> None:
        missing = [file for file in files if self._there.get(file, -1) < self._sizes[file]]
        for file, content in zip(missing, self.read([(f, 0, self._sizes[f]) for f in missing]), strict=True):
            file.write_bytes(content)
            self._there[file] = len(content)

    def copy(self, file: Path) -> Path:
        self._there.pop(file, None)
        return file

    def folder(self, found: str) -> str:
        inner = os.path.relpath(found, self.root) if found.startswith(str(self.root)) else found
        return self._url.shown(self._base if inner == "." else f"{self._base}/{inner}".lstrip("/"))

    def told(self, error: SourceError) -> SourceError:
        return retold(error, str(self.root), self._url.shown(self._base))


def _is_name(text: str) -> bool:
    """Whether a file of this machine can be called so, and is then within its folder."""
    return (
        text not in ("", ".", "..") and "/" not in text and "\0" not in text and len(os.fsencode(text)) <= _LONGEST_NAME
    )


def _batches(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for at in range(0, len(items), size):
        yield items[at : at + size]
