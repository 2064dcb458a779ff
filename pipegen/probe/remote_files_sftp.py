"""Files on a server that is reached by SFTP; its host key must be known, and is never accepted unasked."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pipegen.core.errors import SourceError
from pipegen.core.spec.remote_url import RemoteUrl
from pipegen.probe.look import Look
from pipegen.probe.remote_files_drivers import absent, no_driver, shown
from pipegen.probe.remote_files_sftp_refusals import PASSWORD, UnknownHost, connection_refusal, user_of

_SECONDS = 10.0


class Sftp:
    """See :class:`pipegen.probe.remote_files.Remote`. One connection does one thing at a time."""

    def __init__(self, url: RemoteUrl, look: Look) -> None:
        self.url, self.look = url, look
        try:
            import paramiko  # noqa: F401 (the driver's own)
        except ImportError:
            raise no_driver(url, "paramiko", "pipegen-cli[sftp]") from None
        with self._refused(""):
            self.driver = _driver(url, max(min(_SECONDS, look.left()), 1.0))

    def listed(self, folder: str) -> Mapping[str, int]:
        found: dict[str, int] = {}
        with self._refused(folder):
            top = self.driver.info(f"/{folder}")
            if top["type"] == "link":
                top = {**top, "type": "directory" if self.driver.isdir(f"/{folder}") else "file"}
            if top["type"] == "file":
                return {folder: int(top["size"])}
            for _, _, files in self.driver.walk(f"/{folder}".rstrip("/") or "/", detail=True, on_error="raise"):
                found |= {
                    info["name"].lstrip("/"): int(info["size"]) for info in files.values() if info["type"] == "file"
                }
                if self.look.is_over:
                    raise SourceError(
                        f"`{shown(self.url, folder)}` could not be listed in {self.look.seconds:.0f} s",
                        hint="name a folder or a glob further down, where fewer files are",
                    )
        return dict(sorted(found.items()))

    def read(self, ranges: Sequence[tuple[str, int, int]]) -> list[bytes]:
        found = []
        for path, start, end in ranges:
            with self._refused(path), self.driver.ftp.open(f"/{path}") as file:
                found += file.readv([(start, end - start)])
        return found

    def absent(self, folder: str) -> SourceError:
        home = self.driver.ftp.normalize(".")
        hint = f"a path begins at the root of the server; the user's own folder there is `{home}`"
        return absent(self.url, folder, hint)

    def close(self) -> None:
        self.driver.client.close()

    @contextmanager
    def _refused(self, path: str) -> Iterator[None]:
        try:
            yield
        except SourceError:
            raise
        except Exception as error:
            raise self._refusal(path, error) from None

    def _refusal(self, path: str, error: Exception) -> SourceError:
        if isinstance(error, FileNotFoundError):
            return self.absent(path)
        if isinstance(error, PermissionError):
            hint = "ask for leave to list the folder and read the files in it"
            return SourceError(f"`{shown(self.url, path)}` may not be read by {user_of(self.url)}", hint=hint)
        return connection_refusal(self.url, error, "password" if _password(self.url) else "key")


def _password(url: RemoteUrl) -> str | None:
    return url.password or os.environ.get(PASSWORD) or None


def _driver(url: RemoteUrl, seconds: float) -> Any:
    import paramiko
    from fsspec.implementations.sftp import SFTPFileSystem  # type: ignore[import-untyped]

    class Refusing(paramiko.MissingHostKeyPolicy):
        def missing_host_key(self, client: Any, hostname: str, key: paramiko.PKey) -> None:
            raise UnknownHost(key.get_name(), key.fingerprint)

    class KnownHosts(SFTPFileSystem):  # type: ignore[misc]
        """fsspec's driver, which reads no known_hosts of its own."""

        def _connect(self) -> None:
            self.client = paramiko.SSHClient()
            self.client.load_system_host_keys()
            self.client.set_missing_host_key_policy(Refusing())
            try:
                self.client.connect(self.host, **self.ssh_kwargs)
                self.ftp = self.client.open_sftp()
                self.ftp.sock.settimeout(seconds)
            except BaseException:
                self.client.close()
                raise

    said: dict[str, Any] = {"port": url.port} if url.port else {}
    return KnownHosts(
        url.host, username=url.user or None, password=_password(url), timeout=seconds, banner_timeout=seconds,
        auth_timeout=seconds, skip_instance_cache=True, **said,
    )  # fmt: skip
