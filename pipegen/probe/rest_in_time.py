"""Requests that end when their time does: what comes a byte now and then keeps no timeout of a socket, so the connection is cut."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any, ClassVar
from weakref import WeakSet

from requests.adapters import HTTPAdapter

_GRACE = 0.05  # seconds after the end of the time, so that whoever asks finds it over


class _Heard:
    """A connection that tells of its socket once it is open."""

    sockets: ClassVar[WeakSet[socket.socket]]

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self.sockets.add(self.sock)  # type: ignore[attr-defined]


class InTime(HTTPAdapter):
    """An adapter that knows the sockets that it opened, and can cut them."""

    def __init__(self) -> None:
        self._sockets: WeakSet[socket.socket] = WeakSet()
        super().__init__()

    def get_connection_with_tls_context(self, *args: Any, **named: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **named)
        if not issubclass(pool.ConnectionCls, _Heard):
            pool.ConnectionCls = type("Heard", (_Heard, pool.ConnectionCls), {"sockets": self._sockets})
        return pool

    @contextlib.contextmanager
    def cut_after(self, seconds: float) -> Iterator[None]:
        """Do what follows; a request that is under way when the time is up fails, or ends as if its connection had been closed."""
        timer = threading.Timer(seconds + _GRACE, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def _cut(self) -> None:
        for one in list(self._sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
