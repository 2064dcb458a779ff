"""What all servers of files have in common that fsspec reads: the driver, the listing in one go, and ranges of bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pipegen.core.errors import SourceError
from pipegen.core.names import shorten
from pipegen.core.spec.remote_url import RemoteUrl
from pipegen.probe.look import Look

_LEAST_SECONDS = 1.0
_SLOW = "name a folder or a glob further down, where fewer files are"


def shown(url: RemoteUrl, path: str) -> str:
    """A path of a server as it may be printed."""
    return shorten(url.shown(path), 200)


def no_driver(url: RemoteUrl, package: str, install: str) -> SourceError:
    """The package that reads such files is not installed."""
    return SourceError(
        f"`{url.scheme}://` needs the package `{package}`, which is not installed", hint=f"pip install '{install}'"
    )


def absent(url: RemoteUrl, folder: str, more: str) -> SourceError:
    """Nothing is where a URL leads."""
    return SourceError(f"nothing is at `{shown(url, folder)}`", hint=more)


class Files:
    """Files that a driver of fsspec reads many of at once; see :class:`pipegen.probe.remote_files.Remote`."""

    def __init__(self, url: RemoteUrl, look: Look, driver: Any, root: str) -> None:
        self.url, self.look, self.driver, self.root = url, look, driver, root

    def listed(self, folder: str) -> Mapping[str, int]:
        from fsspec.asyn import sync  # type: ignore[import-untyped]
        from fsspec.exceptions import FSTimeoutError  # type: ignore[import-untyped]

        with self.refused(folder):
            try:
                found = sync(
                    self.driver.loop, self.driver._find, self._full(folder), detail=True,
                    timeout=max(self.look.left(), _LEAST_SECONDS),
                )  # fmt: skip
            except FSTimeoutError:
                raise SourceError(
                    f"`{shown(self.url, folder)}` could not be listed in {self.look.seconds:.0f} s", hint=_SLOW
                ) from None
        return {
            self._inner(path): int(info.get("size") or 0)
            for path, info in sorted(found.items())
            if info.get("type") == "file" and not path.endswith("/")
        }

    def read(self, ranges: Sequence[tuple[str, int, int]]) -> list[bytes]:
        from fsspec.asyn import sync
        from fsspec.exceptions import FSTimeoutError

        paths, starts, ends = (
            [self._full(p) for p, _, _ in ranges],
            [s for _, s, _ in ranges],
            [e for _, _, e in ranges],
        )
        with self.refused(ranges[0][0]):
            try:
                found = sync(
                    self.driver.loop, self.driver._cat_ranges, paths, starts, ends, on_error="return",
                    timeout=max(self.look.left(), _LEAST_SECONDS),
                )  # fmt: skip
            except FSTimeoutError:
                raise SourceError(
                    f"`{shown(self.url, ranges[0][0])}` could not be read in the time for looking",
                    hint="name the tables to take with --table, or a glob of fewer files",
                ) from None
        for (path, _, _), its in zip(ranges, found, strict=True):
            if isinstance(its, Exception):
                with self.refused(path):
                    raise its
        return [bytes(its) for its in found]

    def _full(self, path: str) -> str:
        return f"{self.root}/{path}".rstrip("/")

    def _inner(self, path: str) -> str:
        return path.removeprefix(self.root).lstrip("/")

    @contextmanager
    def refused(self, path: str) -> Iterator[None]:
        """What a driver raises, in a sentence of its own."""
        try:
            yield
        except SourceError:
            raise
        except Exception as error:
            raise self.refusal(path, error) from None

    def refusal(self, path: str, error: Exception) -> SourceError:
        """What an error of the driver means."""
        where = f"`{shown(self.url, path)}`"
        if isinstance(error, FileNotFoundError):
            return self.absent(path)
        if isinstance(error, PermissionError):
            return SourceError(
                f"{where} may not be read with these keys", hint="ask its owner for leave to list and read it"
            )
        return SourceError(
            f"{where} cannot be read: {type(error).__name__}",
            hint="see that the URL is right and its server is there",
        )

    def absent(self, folder: str) -> SourceError:
        return absent(self.url, folder, "see that bucket and folder are spelled right; names are case-sensitive")

    def close(self) -> None:
        """Connections end with the driver."""
