"""A connection to a MySQL or MariaDB server: what may pass is waited for, and what is said of a fault holds no secret."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import pymysql
from pymysql.converters import encoders

from ingest import mysql_url
from ingest.declaration import LoadError, Source, SourceDown

# A query that only counts is ended by the server after so long; one that sends rows, when nobody has taken any for so long.
COUNT_SECONDS = 3600
_PAUSES = (1, 3)  # seconds before another attempt to connect
# Too many connections; the server is not to be reached, or went away while it was greeted.
_PASSING = (1040, 1203, 2003, 2006, 2013)
# Those, and: no such user, password, database or socket; the server shuts down, or has ended the connection.
_LOST = (*_PASSING, 1044, 1045, 1049, 1053, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2002, 4031)


@contextmanager
def faults_of(source: Source) -> Iterator[None]:
    """What the driver raises, as a LoadError that keeps every secret."""
    try:
        yield
    except (pymysql.MySQLError, OSError) as error:
        lost = isinstance(error, OSError) or bool(error.args and error.args[0] in _LOST)
        kind = SourceDown if lost else LoadError
        raise kind(f"{source.id}: {_reason(error, source.url())}") from None
    except RuntimeError as error:  # a way to log in that takes a package which is not there
        raise LoadError(
            f"{source.id}: {_reason(error, source.url())}; or ask for TLS: ?ssl_mode=REQUIRED"
        ) from None


def _reason(error: Exception, url: str) -> str:
    """What the server said, with no part of the address that is secret."""
    text = str(error.args[-1]) if error.args else type(error).__name__
    secrets = {unquote(urlsplit(url).password or ""), urlsplit(url).password or "", url} - {""}
    for secret in secrets:
        text = text.replace(secret, "…")
    return " ".join(text.split()) or "the connection was lost"


def connect(source: Source) -> Any:
    """A connection on which everything comes as bytes. What may pass is waited for."""
    for pause in (*_PAUSES, None):
        try:
            return pymysql.connect(
                **mysql_url.arguments(source),
                charset="utf8mb4",
                use_unicode=False,
                conv=dict(encoders),
                connect_timeout=30,
                read_timeout=COUNT_SECONDS + 60,
                autocommit=None,
                local_infile=False,
            )
        except pymysql.OperationalError as error:
            if pause is None or error.args[0] not in _PASSING:
                raise
            time.sleep(pause)
    raise AssertionError("the last attempt returns or raises")
