"""What to say where a MySQL or MariaDB server lets nobody in, or refuses what is asked of it."""

# No message here holds a password: what the server or its library says is searched for known words, and shown without it.
from __future__ import annotations

import re

import pymysql

from pipegen.core.errors import SourceError
from pipegen.core.names import shorten
from pipegen.probe.mysql_url import MysqlUrl

TIMED_OUT = frozenset({1969, 3024, 1317})  # MariaDB's limit of a statement, MySQL's, and a statement that was ended
LOCKED = frozenset({1205})
DENIED = frozenset({1142, 1143, 1370, 1227, 1345})
BROKEN_VIEW = frozenset({1356, 1449})

# Codes of the server, what they mean, and what to do; `{0}` is where the database should be.
_BY_CODE: dict[int, tuple[str, str]] = {
    1040: ("{0} has no connection left", "try again later, or ask for a higher max_connections"),
    1203: ("this user has no connection left at {0}", "try again later, or ask for a higher max_user_connections"),
    1226: ("this user has used up what it may use of {0}", "try again in an hour, or ask for a higher limit of the user"),
    1129: ("{0} lets this machine in no more, after too many broken connections", "as its administrator: `flush hosts`"),
    1130: ("{0} lets nobody in from this machine", "its administrator can: `create user NAME@'%' identified by …`"),
    1698: ("{0} lets this user in by its socket alone", "use another user, or `?unix_socket=PATH` as that system user"),
    1820: ("the password at {0} has expired", "log in once with `mysql`, and set a new one"),
    1862: ("the password at {0} has expired", "log in once with `mysql`, and set a new one"),
    3118: ("the user's account at {0} is locked", "as its administrator: `alter user NAME account unlock`"),
    4151: ("the user's account at {0} is locked", "as its administrator: `alter user NAME account unlock`"),
    3159: ("{0} lets nobody in without TLS", "leave out `ssl_mode=DISABLED`"),
    2026: ("{0} and this machine agree on no encryption", "see `?ssl_mode=` and `?ssl_ca=` of the URL"),
    1053: ("{0} is stopping", "try again in a minute"),
}  # fmt: skip
# Words of what the library says, for errors that have no code of their own.
_BY_WORDS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("connection refused", "no such file or directory"),
        "no MySQL answers at {0}",
        "see that it runs, and that host and port are right; behind a firewall or in a container its port must be open",
    ),
    (
        ("name or service not known", "getaddrinfo", "no address associated", "temporary failure in name resolution",
         "nodename nor servname"),
        "the host of {0} is not known",
        "is it spelt right, and is the name known on this machine?",
    ),
    (
        ("timed out", "no route to host", "network is unreachable"),
        "{0} does not answer",
        "is the host right, and does a firewall let this machine through?",
    ),
    (
        ("certificate", "ssl", "tls"),
        "{0} and this machine agree on no encryption",
        "see `?ssl_mode=` and `?ssl_ca=` of the URL; `ssl_mode=REQUIRED` takes any certificate",
    ),
    (
        ("cryptography", "authentication plugin", "auth plugin"),
        "{0} wants a way of logging in that this machine cannot do without TLS",
        "use TLS (`?ssl_mode=REQUIRED`), or a user that logs in by `mysql_native_password`",
    ),
)  # fmt: skip


def code_of(error: BaseException) -> int:
    """The number of a server's or the library's error; 0 where it has none."""
    first = error.args[0] if error.args else 0
    return first if isinstance(first, int) else 0


def no_way_in(url: MysqlUrl, error: BaseException) -> SourceError:
    """Why no session began."""
    code, said = code_of(error), _said(url, error)
    if code == 1045:
        return _denied(url, said)
    if code == 1049:
        hint = "`show databases` lists those that are there"
        return SourceError(f"there is no database `{shorten(url.database)}` on the server", hint=hint)
    if code == 1044:
        hint = f"as its administrator: `grant select on {quoted(url.database)}.* to {shorten(url.user)}`"
        return SourceError(f"the user may not use {url.shown()}", hint=hint)
    if code in _BY_CODE:
        message, hint = _BY_CODE[code]
        return SourceError(message.format(url.shown()), hint=hint)
    for words, message, hint in _BY_WORDS:
        if any(word in said.lower() for word in words):
            return SourceError(message.format(url.shown()), hint=hint)
    return SourceError(
        f"{url.shown()} cannot be opened: {shorten(said, 160)}", hint="`mysql` with the same words may say more"
    )


def _denied(url: MysqlUrl, said: str) -> SourceError:
    if not url.password:
        hint = "write it into the URL, or set the source's own variable: `url_env` in the spec; it is written nowhere"
        return SourceError(f"{url.shown()} asks for a password, and none was given", hint=hint)
    hint = "in a URL write `@ : / ? # %` of a password as `%40 %3A %2F %3F %23 %25`"
    return SourceError(f"{url.shown()} refuses the user or the password", hint=hint)


def refused(url: MysqlUrl, error: BaseException) -> SourceError:
    """Why the server did not do what it was asked in a session."""
    code, said = code_of(error), shorten(_said(url, error), 160)
    if code in DENIED:
        hint = f"`grant select on {quoted(url.database)}.* to {shorten(url.user)}`, or name the tables to take with --table"
        return SourceError(f"{url.shown()}: {said}", hint=hint)
    if code in LOCKED:
        return SourceError(f"a table of {url.shown()} is locked by another session", hint="try again when it is done")
    if code in TIMED_OUT:
        hint = "name fewer tables with --table, or probe a replica"
        return SourceError(f"{url.shown()} takes too long to answer", hint=hint)
    if isinstance(error, pymysql.err.OperationalError | pymysql.err.InterfaceError):
        return SourceError(f"the connection to {url.shown()} broke: {said}", hint="try again")
    return SourceError(f"{url.shown()} cannot be read: {said}", hint="leave that table out: name others with --table")


def quoted(name: str) -> str:
    """A name as a SQL identifier."""
    return f"`{name.replace('`', '``')}`"


def _said(url: MysqlUrl, error: BaseException) -> str:
    text = str(error.args[1]) if len(error.args) > 1 else str(error) or type(error).__name__
    text = re.sub(r"\s+", " ", text).strip()
    return text.replace(url.password, "…") if url.password else text
