"""Where a MySQL or MariaDB database is, from its URL: as PyMySQL takes it, and as a message may show it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from pipegen.core.errors import SourceError
from pipegen.core.names import shorten
from pipegen.core.spec import remote_url, source_url

DEFAULT_PORT = 3306
_MODES = ("DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY")
_FILES = ("ssl_ca", "ssl_cert", "ssl_key")
_KNOWN = ("ssl_mode", *_FILES, "unix_socket")


@dataclass(frozen=True)
class MysqlUrl:
    """A URL taken apart, nothing in it escaped; ``tls`` is what PyMySQL is told of TLS."""

    user: str
    password: str = field(repr=False)
    host: str
    port: int
    database: str
    socket: str | None = None
    tls: dict[str, Any] = field(default_factory=dict, repr=False)

    def shown(self) -> str:
        """The place of the database for a message."""
        at = f"`{self.socket}`" if self.socket else f"`{self.host}:{self.port}`"
        return f"database `{shorten(self.database)}` at {shorten(at)}" if self.database else shorten(at)

    def arguments(self) -> dict[str, Any]:
        """What PyMySQL is told, the password in it."""
        return {
            "user": self.user or None,
            "password": self.password,
            "host": self.host,
            "port": self.port,
            "database": self.database or None,
            **self.tls,
        }


def parse(url: str) -> MysqlUrl:
    """Take a URL apart.

    Raises:
        UsageError: it is none.
        SourceError: a parameter of it is not known. No message holds a value of one.
    """
    read = remote_url.parse_server(url, source_url.EXAMPLES["mysql"])
    given = {key.lower().replace("-", "_"): value for key, value in parse_qsl(read.query, keep_blank_values=True)}
    unknown = [key for key in given if key not in _KNOWN]
    if unknown:
        # the parameter's name is not shown either: it may be what stands behind a `?` of a password
        hint = f"known are: {', '.join(_KNOWN)}; in a password write `?` as `%3F`"
        raise SourceError("the URL of the MySQL server has a parameter that is not known", hint=hint)
    return MysqlUrl(
        user=unquote(read.user),
        password=read.password,
        host=read.host.strip("[]") or "localhost",
        port=read.port or DEFAULT_PORT,
        database=read.plain_path.strip("/"),
        socket=given.get("unix_socket") or None,
        tls=_tls(given),
    )


def _tls(given: dict[str, str]) -> dict[str, Any]:
    """What PyMySQL is told of TLS; where nothing is asked for, it is used wherever the server offers it.

    Raises:
        SourceError: a file of keys or certificates cannot be read.
    """
    mode = given.get("ssl_mode", "").upper().replace("-", "_")
    if mode and mode not in _MODES:
        raise SourceError("`ssl_mode` of the MySQL server's URL is none", hint=f"modes are: {', '.join(_MODES)}")
    files = {name: given[name] for name in _FILES if given.get(name)}
    if mode == "DISABLED":
        return {"ssl_disabled": True}
    if mode in ("", "PREFERRED") and not files:
        return {}
    try:
        return {"ssl": _context(mode or ("VERIFY_CA" if "ssl_ca" in files else "REQUIRED"), files)}
    except OSError as error:  # of the files, a broken one is an SSLError
        said = ", ".join(f"`{name}`" for name in files)
        hint = "they are paths of files in PEM format, from where pipegen runs"
        reason = error.strerror or "no PEM format"
        raise SourceError(f"{said} of the MySQL server's URL cannot be read: {reason}", hint=hint) from None


def _context(mode: str, files: dict[str, str]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=files.get("ssl_ca"))
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # certificates that MySQL makes by itself do not pass it
    context.check_hostname = mode == "VERIFY_IDENTITY"
    if mode in ("REQUIRED", "PREFERRED"):
        context.verify_mode = ssl.CERT_NONE
    if "ssl_cert" in files:
        context.load_cert_chain(files["ssl_cert"], files.get("ssl_key"))
    return context
