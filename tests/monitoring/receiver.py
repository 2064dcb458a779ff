"""A webhook receiver: an HTTP server in a thread of its own, which keeps every notification with the time at which it came."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Told:
    """One alert of one notification. ``at`` is of the monotonic clock; ``path`` says who sent it."""

    at: float
    path: str
    status: str
    labels: dict[str, str]
    annotations: dict[str, str]

    @property
    def name(self) -> str:
        return self.labels.get("alertname", "")

    def __str__(self) -> str:
        labels = ", ".join(f"{key}={value}" for key, value in sorted(self.labels.items()) if key != "alertname")
        return f"{self.name} {self.status} ({labels})"


@dataclass
class Receiver:
    """What came so far; ``port`` of 127.0.0.1 is where it listens."""

    port: int
    bodies: list[tuple[float, str, Any]] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    def told(self, path: str = "", since: float = 0.0) -> list[Told]:
        """Every alert of every notification, in the order in which they came; by default of all paths."""
        return [
            Told(at, where, alert["status"], alert["labels"], alert["annotations"])
            for at, where, body in list(self.bodies)
            if at >= since and (not path or where == path)
            for alert in body.get("alerts", [body])
            if "status" in alert
        ]

    def direct(self, since: float = 0.0) -> list[Any]:
        """What came that Alertmanager did not send."""
        return [body for at, _, body in list(self.bodies) if at >= since and "alerts" not in body]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A receiver, until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            kept.bodies.append((time.monotonic(), self.path.strip("/"), body))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")  # as Slack says it

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept = Receiver(int(server.server_address[1]))
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
