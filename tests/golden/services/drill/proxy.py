"""A line to a server that can be cut: it passes on so many bytes of what the server sends, and then hangs up."""

import socket
import threading
from contextlib import suppress
from types import TracebackType


class Proxy:
    """Listens on a port of its own for as long as the block lasts. `sent` counts the server's bytes."""

    def __init__(self, host: str, port: int, most: int | None = None):
        self._server = (host, port)
        self._most = most
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self.port = int(self._listener.getsockname()[1])
        self.sent = 0

    def __enter__(self) -> "Proxy":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                for source, target, counted in ((client, server, False), (server, client, True)):
                    line = (source, target, counted)
                    threading.Thread(target=self._pass_on, args=line, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with suppress(OSError):
            while data := source.recv(4096):
                if counted and not self._allowed(len(data)):
                    break
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _allowed(self, count: int) -> bool:
        with self._lock:
            self.sent += count
            return self._most is None or self.sent <= self._most
