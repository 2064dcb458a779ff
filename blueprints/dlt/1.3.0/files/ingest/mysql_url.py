"""Where a MySQL or MariaDB database is, from its URL, as PyMySQL takes it.

mysql://USER:PASSWORD@HOST:3306/DATABASE, with the parameters `ssl_mode` (DISABLED, PREFERRED, REQUIRED, VERIFY_CA,
VERIFY_IDENTITY), `ssl_ca`, `ssl_cert`, `ssl_key` and `unix_socket`. TLS is used wherever the server offers it.
"""

import ssl
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from ingest.declaration import LoadError, Source

MODES = ("DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY")
PORT = 3306


def arguments(source: Source) -> dict[str, Any]:
    """What PyMySQL is told, the password in it. LoadError, with no part of the URL, where it is none."""
    try:
        at = urlsplit(source.url())
        host, port = at.hostname or "localhost", at.port or PORT
    except ValueError:
        raise _wrong(source) from None
    if at.scheme not in ("mysql", "mariadb") or not at.path.strip("/"):
        raise _wrong(source)
    more = {
        name.lower().replace("-", "_"): value
        for name, value in parse_qsl(at.query, keep_blank_values=True)
    }
    return {
        "host": host,
        "port": port,
        "user": unquote(at.username or "") or None,
        "password": unquote(at.password or "").encode(),  # PyMySQL would send a text in Latin-1
        "database": unquote(at.path.strip("/")),
        "unix_socket": more.get("unix_socket") or None,
        **_tls(source, more),
    }


def _wrong(source: Source) -> LoadError:
    return LoadError(
        f"{source.id}: {source.url_env} holds no address of a database: "
        "mysql://USER:PASSWORD@HOST:3306/DATABASE, with `@`, `/`, `?` and `#` of the password as %40, %2F, %3F, %23"
    )


def _tls(source: Source, given: dict[str, str]) -> dict[str, Any]:
    files = {name: given[name] for name in ("ssl_ca", "ssl_cert", "ssl_key") if given.get(name)}
    mode = given.get("ssl_mode", "").upper().replace("-", "_")
    if mode and mode not in MODES:
        raise LoadError(f"{source.id}: ssl_mode in {source.url_env} is none of {', '.join(MODES)}")
    if mode == "DISABLED":
        return {"ssl_disabled": True}
    if mode in ("", "PREFERRED") and not files:
        return {}
    mode = mode or ("VERIFY_CA" if "ssl_ca" in files else "REQUIRED")
    try:
        context = ssl.create_default_context(cafile=files.get("ssl_ca"))
        # Certificates that MySQL makes by itself do not pass the strict check.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.check_hostname = mode == "VERIFY_IDENTITY"
        if mode in ("REQUIRED", "PREFERRED"):
            context.verify_mode = ssl.CERT_NONE
        if "ssl_cert" in files:
            context.load_cert_chain(files["ssl_cert"], files.get("ssl_key"))
    except OSError as error:  # of a file; an SSLError where it is in no PEM format
        raise LoadError(
            f"{source.id}: {', '.join(files)} in {source.url_env} cannot be read: "
            f"{error.strerror or 'no PEM format'}"
        ) from None
    return {"ssl": context}
