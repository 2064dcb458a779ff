"""The sealed base: the pristine bytes of what was rendered, by digest, from the archives in ``.pipegen/base/``.

They come with the repository, perhaps from somebody else, so nothing in them is trusted: an archive that is not what its name says is
refused, and none is unpacked.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tarfile
import zlib
from pathlib import Path

from pipegen.core.errors import WorkspaceError
from pipegen.core.lock import BASE_FOLDER
from pipegen.core.paths import unsafe_because
from pipegen.core.tree import digest
from pipegen.store import disk

# A base is about as large as the repository's text, some tens of megabytes at most; what is far larger is a bomb.
_LARGEST_ARCHIVE = 256 << 20  # bytes on disk
_LARGEST_CONTENT = 256 << 20  # bytes, uncompressed
_MOST_MEMBERS = 100_000
_CHUNK = 1 << 20
_SUFFIX = ".tar.gz"
_GZIP = 31  # zlib's number for gzip with a window of any size


class Bases:
    """Every archive of a repository: two, where two branches were merged that each were updated.

    None is opened before something is asked for, and none after it was found.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._waiting: list[str] | None = None
        self._contents: dict[str, bytes] = {}

    def archives(self) -> list[str]:
        """The paths of the archives, in order.

        Raises:
            WorkspaceError: their folder cannot be read, or is a symlink.
        """
        try:
            with disk.folder_of(self._root, f"{BASE_FOLDER}/x") as (folder, _), os.scandir(folder) as entries:
                return sorted(f"{BASE_FOLDER}/{entry.name}" for entry in entries if entry.name.endswith(_SUFFIX))
        except FileNotFoundError:
            return []
        except OSError as error:
            why = "it is no folder" if isinstance(error, NotADirectoryError) else error.strerror
            raise WorkspaceError(f"`{BASE_FOLDER}` cannot be read: {why}", hint=_restore(BASE_FOLDER)) from error

    def get(self, sha256: str) -> bytes | None:
        """The bytes with a digest (:func:`pipegen.core.tree.digest`); None where no archive has them.

        Raises:
            WorkspaceError: an archive is not what its name says, or not one that pipegen writes.
        """
        if self._waiting is None:
            self._waiting = self.archives()
        while sha256 not in self._contents and self._waiting:
            path = self._waiting.pop(0)
            try:
                self._contents |= _contents(_unpacked(self._root, path))
            except _Refused as refused:
                self._waiting.insert(0, path)
                raise WorkspaceError(f"`{path[:200]}` is refused: {refused}", hint=_restore(path)) from None
        return self._contents.get(sha256)


class _Refused(Exception):  # noqa: N818
    """Why an archive is not read."""


def _restore(path: str) -> str:
    return f"restore it from git: `git checkout {path}`"


def _unpacked(root: Path, path: str) -> bytes:
    """The uncompressed bytes of an archive; they have the digest that it is named by."""
    because = unsafe_because(path)
    if because:
        raise _Refused(because)
    try:
        with disk.folder_of(root, path) as (folder, name):
            handle = os.open(name, disk.READ, dir_fd=folder)
    except OSError as error:
        raise _Refused("it is no plain file that can be read") from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise _Refused("it is no plain file")
        if status.st_size > _LARGEST_ARCHIVE:
            raise _Refused(f"it is larger than {_LARGEST_ARCHIVE >> 20} MiB")
        content = _uncompressed(handle)
    finally:
        os.close(handle)
    if hashlib.sha256(content).hexdigest() != path.rpartition("/")[2].removesuffix(_SUFFIX):
        raise _Refused("its content is not the one that it is named by")
    return content


def _uncompressed(handle: int) -> bytes:
    """Uncompress an open file, piece by piece, so that a bomb is noticed before it goes off."""
    reader = zlib.decompressobj(wbits=_GZIP)
    pieces, size = [], 0
    try:
        while not reader.eof:
            packed = reader.unconsumed_tail or os.read(handle, _CHUNK)
            pieces.append(reader.decompress(packed, 4 * _CHUNK))
            if not packed and not pieces[-1]:
                raise _Refused("it ends too early")
            size += len(pieces[-1])
            if size > _LARGEST_CONTENT:
                raise _Refused(f"uncompressed it is larger than {_LARGEST_CONTENT >> 20} MiB")
    except zlib.error:
        raise _Refused("it is no gzip file") from None
    if reader.unused_data or os.read(handle, 1):
        raise _Refused("something follows after its end")
    return b"".join(pieces)


def _contents(archive: bytes) -> dict[str, bytes]:
    """The members of an archive by digest: plain files with safe paths, and nothing else."""
    contents: dict[str, bytes] = {}
    count = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:", errorlevel=2) as tar:
            while (member := tar.next()) is not None:
                count += 1
                if count > _MOST_MEMBERS:
                    raise _Refused(f"it has more than {_MOST_MEMBERS} members")
                if member.type != tarfile.REGTYPE or member.sparse is not None:
                    raise _Refused(f"its member `{member.name[:120]}` is no plain file")
                because = unsafe_because(member.name)
                if because:
                    raise _Refused(f"its member `{member.name[:120]}`: {because}")
                content = archive[member.offset_data : member.offset_data + member.size]
                if member.size < 0 or len(content) != member.size:
                    raise _Refused(f"its member `{member.name[:120]}` ends too early")
                contents[digest(content)] = content
    except (tarfile.TarError, ValueError, OverflowError, EOFError, RecursionError, OSError):
        raise _Refused("it is no tar file") from None
    return contents
