"""A connection to PostgreSQL that reads and changes nothing, and what to say where there is none."""

# No message here holds a password: what the server or its library says is searched for known words, and shown without it.
from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from typing import Any

import psycopg
from psycopg import sql

from pipegen.core.errors import SourceError
from pipegen.core.names import shorten
from pipegen.core.spec.postgres_url import PostgresUrl

logging.getLogger("psycopg").addHandler(logging.NullHandler())  # what goes wrong is said once, by an error

CONNECT_SECONDS = 10
STATEMENT_SECONDS = 60
LOCK_SECONDS = 2

Connection = psycopg.Connection[tuple[Any, ...]]

# Words of the library and the server, what they mean, and what to do; `{0}` is where the database should be.
_REFUSALS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("connection refused", "no such file or directory"),
        "no PostgreSQL answers at {0}",
        "see that it runs, and that host and port are right; behind a firewall or in a container its port must be open",
    ),
    (
        ("could not translate host name", "failed to resolve", "name or service not known", "no address associated",
         "temporary failure in name resolution", "nodename nor servname"),
        "the host of {0} is not known",
        "is it spelt right, and is the name known on this machine?",
    ),
    (
        ("no password supplied",),
        "{0} asks for a password, and none was given",
        "set PGPASSWORD, or the source's own variable: `url_env` in the spec; both are written nowhere",
    ),
    (
        ("password authentication failed", "authentication failed", "scram"),
        "{0} refuses the user or the password",
        "in a URL write `@ : / ? # %` of a password as `%40 %3A %2F %3F %23 %25`",
    ),
    (
        ("no pg_hba.conf entry",),
        "{0} lets this user in from nowhere near here",
        "its pg_hba.conf must have a line for this user, database and address; perhaps it wants `?sslmode=require`",
    ),
    (
        ("too many connections", "too many clients", "remaining connection slots"),
        "{0} has no connection left",
        "try again later, or ask for a higher max_connections",
    ),
    (
        ("timeout expired", "timed out", "no route to host", "network is unreachable"),
        "{0} does not answer",
        "is the host right, and does a firewall let this machine through?",
    ),
    (
        ("ssl", "certificate"),
        "{0} and this machine agree on no encryption",
        "try `?sslmode=require`, or `?sslmode=disable` on a network that is trusted",
    ),
    (
        ("starting up", "shutting down", "recovery mode"),
        "{0} is starting or stopping",
        "try again in a minute",
    ),
)  # fmt: skip


@contextmanager
def opened(url: PostgresUrl, seconds: float = CONNECT_SECONDS) -> Iterator[Connection]:
    """A session in one read-only transaction: what others write meanwhile is not seen, and no lock is waited for.

    Raises:
        SourceError: there is no way in within ``seconds``, or the server refuses what is asked of it.
    """
    try:
        con = connect(url, seconds)
    except psycopg.Error as error:
        raise _no_way_in(url, error) from None
    try:
        with con:
            yield con
    except psycopg.Error as error:
        raise refusal(url, error) from None


def connect(url: PostgresUrl, seconds: float = CONNECT_SECONDS) -> Connection:
    """A session whose every transaction can only read, and sees the database as it was when the transaction began."""
    wait = max(2, min(CONNECT_SECONDS, ceil(seconds)))
    con = psycopg.connect(url.connection(), connect_timeout=wait, application_name="pipegen", prepare_threshold=None)
    con.read_only = True
    con.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    return con


def prepare(con: Connection, schema: str, seconds: float = STATEMENT_SECONDS) -> None:
    """Make what is read independent of the session and of chance: time zone, order of rows, names of types."""
    settings = {
        "statement_timeout": f"{statement_milliseconds(seconds)}ms",
        "lock_timeout": f"{LOCK_SECONDS}s",
        "idle_in_transaction_session_timeout": "0",  # one that has no more to do waits for the others
        "timezone": "UTC",
        "datestyle": "ISO, YMD",
        "intervalstyle": "postgres",
        "extra_float_digits": "1",
        "bytea_output": "hex",
        "synchronize_seqscans": "off",
        "max_parallel_workers_per_gather": "0",
    }
    asked = sql.SQL(", ").join(
        sql.SQL("set_config({}, {}, true)").format(name, value) for name, value in settings.items()
    )
    con.execute(sql.SQL("select {}").format(asked))
    con.execute(sql.SQL("set local search_path to {}").format(sql.Identifier(schema)))


def statement_milliseconds(left: float) -> int:
    """How long a statement may take of the seconds that are ``left``; never 0, which would be for ever."""
    return max(1, int(1000 * min(STATEMENT_SECONDS, left)))


def where(url: PostgresUrl) -> str:
    """The place of a database for a message."""
    hosts = url.hosts or dict(url.options).get("host", "")
    at = f"`{hosts}`" if hosts else "this machine's own socket"
    return f"database `{shorten(url.database)}` at {shorten(at)}" if url.database else at


def _no_way_in(url: PostgresUrl, error: psycopg.Error) -> SourceError:
    text = _without_password(url, str(error))
    low = text.lower()
    if "does not exist" in low and "database" in low and "role" not in low:
        hint = "`psql -l` lists those that are there"
        return SourceError(f"there is no database `{shorten(url.database or url.user)}` on the server", hint=hint)
    if "does not exist" in low and "role" in low:
        return SourceError(f"{where(url)} knows no user `{shorten(url.user)}`", hint="is the name in the URL right?")
    for words, message, hint in _REFUSALS:
        if any(word in low for word in words):
            return SourceError(message.format(where(url)), hint=hint)
    reason = shorten(text.splitlines()[-1] if text else type(error).__name__, 160)
    return SourceError(f"{where(url)} cannot be opened: {reason}", hint="`psql` with the same URL may say more")


def refusal(url: PostgresUrl, error: psycopg.Error, table: str | None = None) -> SourceError:
    """What to say where a session is there, and the server refuses what is asked in it, of a ``table`` where one is to blame."""
    said = shorten(_without_password(url, (error.diag.message_primary or str(error)).strip()), 160)
    what = f"table `{shorten(table)}` of {where(url)}" if table else where(url)
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        user = shorten(url.user or "this user")
        hint = f"`grant select on all tables in schema NAME to {user}`, or name the tables to take with --table"
        return SourceError(f"{what} may not be read: {said}", hint=hint)
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return SourceError(
            f"{what if table else f'a table of {what}'} is locked by another session", hint="try again when it is done"
        )
    if isinstance(error, psycopg.errors.QueryCanceled):
        return SourceError(f"{what} does not answer in time", hint="name fewer tables with --table, or probe a replica")
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        hint = "it is read in a session that can only read: name other tables with --table"
        return SourceError(f"{what} cannot be read without writing: {said}", hint=hint)
    if isinstance(error, psycopg.OperationalError) and not table:
        return SourceError(f"the connection to {what} broke: {said}", hint="try again")
    return SourceError(f"{what} cannot be read: {said}", hint="leave that table out: name others with --table")


def _without_password(url: PostgresUrl, text: str) -> str:
    return text.replace(url.password, "…") if url.password else text
