"""A session of MySQL or MariaDB that reads and changes nothing."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pymysql

from pipegen.core.errors import SourceError
from pipegen.probe.look import Look
from pipegen.probe.mysql_refusals import TIMED_OUT, code_of, no_way_in
from pipegen.probe.mysql_url import MysqlUrl

CONNECT_SECONDS = 10
STATEMENT_SECONDS = 60
LOCK_SECONDS = 2
KILL_SECONDS = 2
_LATE_SECONDS = 15  # that an answer may come after the server's own limit
_SETTINGS = (
    "set names utf8mb4",
    "set session sql_mode = ''",  # names are quoted in one way, and a backslash is one
    "set session time_zone = '+00:00'",
    f"set session lock_wait_timeout = {LOCK_SECONDS}",
    f"set session innodb_lock_wait_timeout = {LOCK_SECONDS}",
    "set session transaction isolation level repeatable read",
    "start transaction with consistent snapshot, read only",
)


@dataclass(frozen=True)
class Session:
    """One session, in a read-only transaction: what others write meanwhile is not seen, and no lock is waited for long.

    ``line`` is what it speaks through.
    """

    con: pymysql.Connection[Any]
    line: socket.socket
    look: Look
    is_mariadb: bool
    version: tuple[int, ...]

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """What a query of the catalogue answers; it has no limit of time but the session's."""
        with self.con.cursor() as cursor:
            cursor.execute(query, tuple(values) or None)
            return list(cursor.fetchall())

    def within_time(self, select: str) -> list[tuple[Any, ...]] | None:
        """What a ``select`` answers, or None where the server takes longer than is left of the look's time."""
        seconds = min(float(STATEMENT_SECONDS), self.look.left())
        if seconds <= 0:
            return None
        assert select.startswith("select ")
        if self.is_mariadb:
            timed = f"set statement max_statement_time = {max(seconds, 0.01):.2f} for {select}"
        else:
            timed = f"select /*+ max_execution_time({max(int(seconds * 1000), 10)}) */ {select[len('select ') :]}"
        try:
            return self.rows(timed)
        except pymysql.MySQLError as error:
            if code_of(error) in TIMED_OUT:
                return None
            raise

    @property
    def has_windows(self) -> bool:
        """Whether the server has window functions, and common table expressions."""
        return self.version >= ((10, 2) if self.is_mariadb else (8, 0))

    def close(self) -> None:
        """Leave it, whatever state it is in."""
        _end(self.con, self.line)

    def hang_up(self) -> None:
        """End it where another thread waits in it."""
        with suppress(OSError):
            self.line.shutdown(socket.SHUT_RDWR)


def opened(url: MysqlUrl, look: Look) -> Session:
    """A new session.

    Raises:
        SourceError: there is no way in.
    """
    try:
        con, line = _connected(url, CONNECT_SECONDS)
    except (
        pymysql.MySQLError,
        OSError,
        RuntimeError,
        UnicodeError,
    ) as error:  # RuntimeError: no `cryptography` for RSA
        raise no_way_in(url, error) from None
    try:
        with con.cursor() as cursor:
            for setting in _SETTINGS:
                cursor.execute(setting)
            cursor.execute("select version()")
            [(text,)] = cursor.fetchall()
            is_mariadb = "mariadb" in str(text).lower()
            # the catalogue alone is worth some seconds, whatever is left
            seconds = min(STATEMENT_SECONDS, max(CONNECT_SECONDS, int(look.left())))
            limit = f"max_statement_time = {seconds}" if is_mariadb else f"max_execution_time = {seconds * 1000}"
            cursor.execute(f"set session {limit}")
    except (pymysql.MySQLError, OSError) as error:
        _end(con, line)
        raise no_way_in(url, error) from None
    numbers = tuple(int(part) for part in str(text).split("-")[0].split(".") if part.isdecimal())
    return Session(con, line, look, is_mariadb, numbers)


def _connected(url: MysqlUrl, seconds: int) -> tuple[pymysql.Connection[Any], socket.socket]:
    """A connection, and another hold on what it speaks through."""
    con: pymysql.Connection[Any] = pymysql.connect(
        **url.arguments(),
        charset="utf8mb4",
        connect_timeout=seconds,
        read_timeout=STATEMENT_SECONDS + _LATE_SECONDS,
        write_timeout=STATEMENT_SECONDS,
        program_name="pipegen",
        defer_connect=True,
    )
    reached = _reached(url, seconds)
    line = reached.dup()
    try:
        con.connect(reached)
    except BaseException:
        line.close()
        raise
    return con, line


def _reached(url: MysqlUrl, seconds: int) -> socket.socket:
    """A socket at whose other end a MySQL server speaks: it does so first, where others wait for a client's first word.

    PyMySQL would wait for it as long as for an answer.
    """
    reached = _on_this_machine(url.socket, seconds) if url.socket else _far_away(url, seconds)
    try:
        first = reached.recv(5, socket.MSG_PEEK)
    except (TimeoutError, ConnectionError):
        first = b""
    # three bytes of length, the packet's number, and a protocol's or an error's
    if len(first) < 5 or first[3] != 0 or first[4] not in (9, 10, 255):
        reached.close()
        hint = "are host and port right? MySQL's port is 3306; a PostgreSQL's URL begins with `postgresql://`"
        raise SourceError(f"what answers at `{url.host}:{url.port}` is no MySQL server", hint=hint)
    return reached


def _on_this_machine(path: str, seconds: int) -> socket.socket:
    reached = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    reached.settimeout(seconds)
    try:
        reached.connect(path)
    except OSError:
        reached.close()
        raise
    return reached


def _far_away(url: MysqlUrl, seconds: int) -> socket.socket:
    reached = socket.create_connection((url.host, url.port), seconds)
    reached.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    reached.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return reached


def _end(con: pymysql.Connection[Any], line: socket.socket) -> None:
    with suppress(pymysql.MySQLError, OSError):
        con.close()
    line.close()


def kill(url: MysqlUrl, sessions: Sequence[Session]) -> None:
    """End sessions on the server, and what runs in them, as well as it can be done."""
    with suppress(pymysql.MySQLError, OSError, RuntimeError, SourceError):
        con, line = _connected(url, KILL_SECONDS)
        try:
            for session in sessions:
                with suppress(pymysql.MySQLError):  # it may have ended by itself
                    con.kill(session.con.thread_id())  # type: ignore[no-untyped-call]  # PyMySQL says nothing of them
        finally:
            _end(con, line)
