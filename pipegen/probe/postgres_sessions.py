"""Several read-only sessions that see one state of a PostgreSQL database, and how each of them is stopped."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import psycopg

from pipegen.core.spec.postgres_url import PostgresUrl
from pipegen.probe.look import Look
from pipegen.probe.postgres_connection import Connection, connect, prepare, statement_milliseconds
from pipegen.probe.side_by_side import Sessions

_CANCEL_SECONDS = 2.0


class Slow(Exception):  # noqa: N818 (it is no error)
    """The server takes longer for an answer than a statement may."""


class TimeIsUp(Slow):
    """The time for the whole look is spent."""


class _Stopped(Exception):  # noqa: N818 (it is no error)
    """Somebody ended the whole work."""


@dataclass
class Session:
    """A read-only session; ``stop`` is set when no more may be asked."""

    con: Connection
    look: Look
    stop: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self.con.execute("savepoint look")  # what is refused after it takes nothing back but itself

    def one(self, query: str) -> tuple[Any, ...]:
        """The only row of an answer: see :meth:`rows`."""
        [row] = self.rows(query)
        return row

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """An answer, within the time that is left; after a refusal the session is as before.

        Raises:
            Slow: it takes too long.
            psycopg.Error: the server refuses it.
        """
        if self.stop.is_set():
            raise _Stopped
        if self.look.is_over:
            raise TimeIsUp
        left = self.look.left()
        # In one message, since far away every answer is waited for; taken back, so that no table stays locked.
        script = f"set local statement_timeout = {statement_milliseconds(left)}; {query}; rollback to savepoint look"
        try:
            cursor = self.con.execute(script.encode())  # bytes: the text of the query is no template
        except psycopg.Error as error:
            self._go_on()
            if isinstance(error, psycopg.errors.QueryCanceled):
                raise (TimeIsUp if statement_milliseconds(left) == int(left * 1000) else Slow) from None
            raise
        cursor.nextset()
        return cursor.fetchall()

    def _go_on(self) -> None:
        if self.stop.is_set():
            raise _Stopped from None
        if not self.con.closed:
            self.con.execute("rollback to savepoint look")


def export_snapshot(con: Connection) -> str | None:
    """The name by which other sessions see what this one does; to be asked first of all. None where the server has none."""
    try:
        row = con.execute("select pg_catalog.pg_export_snapshot()").fetchone()
    except psycopg.Error:
        if con.closed:
            raise
        con.rollback()
        return None
    return str(row[0]) if row else None


def several(first: Connection, url: PostgresUrl, schema: str, look: Look, snapshot: str | None) -> Sessions[Session]:
    """The ``first`` session and, of one snapshot with it, as many more as are needed and the server gives."""
    return Sessions(
        Session(first, look),
        look.connections if snapshot is not None else 1,
        open=lambda: _joined(url, schema, look, snapshot or ""),
        cancel=_cancel,
        hang_up=_hang_up,
        close=lambda session: session.con.close(),
    )


def _joined(url: PostgresUrl, schema: str, look: Look, snapshot: str) -> Session | None:
    try:
        con = connect(url, look.left())
    except psycopg.Error:  # no connection is left
        return None
    try:
        con.execute(f"set transaction snapshot '{snapshot}'".encode())
        prepare(con, schema, look.left())
        return Session(con, look)
    except psycopg.Error:  # a pool of connections stands between, and leads to another server
        con.close()
        return None
    except BaseException:
        con.close()
        raise


def _cancel(sessions: Sequence[Session]) -> None:
    for session in sessions:
        session.stop.set()
    for session in sessions:
        try:
            session.con.cancel_safe(timeout=_CANCEL_SECONDS)
        except psycopg.errors.CancellationTimeout:  # nor will the server hear the next
            return
        except psycopg.Error:  # it has ended
            continue


def _hang_up(session: Session) -> None:
    """End a connection that another thread waits for."""
    with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(session.con.fileno())) as own:
        own.shutdown(socket.SHUT_RDWR)
