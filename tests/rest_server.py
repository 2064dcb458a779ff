"""HTTP APIs of the tests' own, on a real socket: the ways in which APIs page, refuse, and break.

``with serving({"orders": rows}, style="cursor") as api`` gives the API's URL, which is a text, and knows the requests that came;
``api.fail(2, 429, retry_after="1")`` makes the next two fail. ``tables`` is read at every request: a test may change rows meanwhile.
"""

from __future__ import annotations

import base64
import gzip
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from tests import rest_document

Rows = list[dict[str, Any]]
# The query parameters of a style: which takes the place, which the number of rows.
PARAMETERS = {
    "list": ("", ""), "page": ("page", "per_page"), "link": ("page", "per_page"), "offset": ("offset", "limit"),
    "next": ("offset", "limit"), "cursor": ("cursor", "limit"), "hal": ("page", "size"), "odata": ("$skip", "$top"),
    "endless": ("cursor", "limit"), "same": ("page", "per_page"), "circle": ("offset", "limit"),
}  # fmt: skip
STYLES = tuple(PARAMETERS)


@dataclass(frozen=True)
class Request:
    """A request that came; ``path`` is below the API's URL."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass
class Fault:
    times: int
    status: int
    retry_after: str | None
    path: str | None


@dataclass
class Behaviour:
    """How an API answers; see :func:`serving`."""

    tables: Mapping[str, Rows]
    style: str = "cursor"
    document: str | None = None
    token: str | None = None
    header: str = "Authorization"
    since: tuple[str, str] | None = None
    page_size: int = 50
    most: int = 100
    index: bool = False
    compressed: bool = False
    total: bool = True
    bodies: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    redirects: Mapping[str, str] = field(default_factory=dict)
    schemas: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class Api(str):
    """The URL of a running API."""

    requests: list[Request]
    faults: list[Fault]
    port: int

    def fail(self, times: int, status: int = 503, *, retry_after: str | None = None, path: str | None = None) -> None:
        """Fail the next requests, those of ``path`` alone if it is said; status 0 closes the connection without a word."""
        self.faults.append(Fault(times, status, retry_after, path))

    @property
    def count(self) -> int:
        """Requests so far."""
        return len(self.requests)

    def asked(self, path: str) -> list[Request]:
        """The requests of one path."""
        return [one for one in self.requests if one.path == path]


@contextmanager
def serving(tables: Mapping[str, Rows], style: str = "cursor", *, base: str = "/v1", **more: Any) -> Iterator[Api]:
    """An API that lists ``tables``, each at its name below ``base``.

    Args:
        tables: rows by the names of tables.
        style: one of ``STYLES``; ``endless`` and ``circle`` always have a next page, by a cursor and by a URL, ``same`` gives the
            first page for every number.
        base: the path of the API.
        document: the name under which it describes itself: ``openapi.json``, ``openapi.yaml`` or ``swagger.json``.
        token: what ``header`` must hold; ``Authorization`` with ``Bearer`` before it.
        since: the parameter that asks for rows changed since a time, and the column that it speaks of.
        page_size, most: rows of a page where nobody asks for a number, and at most.
        index: whether the API's own URL lists the links of its tables.
        compressed: whether it answers with gzip.
        total: whether an answer says how many rows there are.
        bodies: content type and bytes of other paths, in place of tables.
        redirects: where other paths lead.
        schemas: of tables' rows, for the document; from the rows where not said.
        headers: that every answer has.
    """
    how, lock = Behaviour(tables, style, **more), threading.Lock()
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    api = Api(f"http://127.0.0.1:{server.server_port}{base}")
    api.requests, api.faults, api.port = [], [], server.server_port
    handler.how, handler.api, handler.base, handler.lock = how, api, base, lock
    running = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    running.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        running.join()


class _Handler(BaseHTTPRequestHandler):
    how: Behaviour
    api: Api
    base: str
    lock: threading.Lock
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        path = unquote(parts.path).removeprefix(self.base).strip("/")
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        with self.lock:
            self.api.requests.append(Request(path, query, dict(self.headers)))
            fault = next((f for f in self.api.faults if f.times and f.path in (None, path)), None)
            if fault is not None:
                fault.times -= 1
        if fault is not None:
            self._fail(fault)
        elif path in self.how.redirects:
            self._send(302, b"", "text/plain", {"Location": self.how.redirects[path]})
        elif not self._let_in():
            self._json(401, {"error": "unauthorized"}, {"WWW-Authenticate": "Bearer"})
        elif path in self.how.bodies:
            kind, body = self.how.bodies[path]
            self._send(200, body, kind)
        elif self.how.document == path:
            self._document(path)
        elif not path and self.how.index:
            self._json(200, {name: f"{self.api}/{name}" for name in self.how.tables})
        elif path in self.how.tables:
            self._list(path, query)
        else:
            self._json(404, {"error": "not found"})

    def _fail(self, fault: Fault) -> None:
        if not fault.status:
            self.close_connection = True
            self.connection.close()
            return
        headers = {"Retry-After": fault.retry_after} if fault.retry_after is not None else {}
        self._json(fault.status, {"error": "not now"}, headers)

    def _let_in(self) -> bool:
        if self.how.token is None:
            return True
        given = self.headers.get(self.how.header, "")
        return given == (f"Bearer {self.how.token}" if self.how.header == "Authorization" else self.how.token)

    def _document(self, path: str) -> None:
        parameters = (*PARAMETERS[self.how.style], self.how.since[0] if self.how.since else "")
        if path == "swagger.json":
            made = rest_document.swagger(self.how.tables, self.how.style, parameters, self.how.schemas, self.api)
        else:
            made = rest_document.openapi(self.how.tables, self.how.style, parameters, self.how.schemas, self.base)
        text = rest_document.as_yaml(made) if path.endswith("yaml") else json.dumps(made)
        self._send(200, text.encode(), "application/yaml" if path.endswith("yaml") else "application/json")

    def _list(self, table: str, query: Mapping[str, str]) -> None:
        rows = self._changed(list(self.how.tables[table]), query)
        at, size = PARAMETERS[self.how.style]
        try:
            asked = min(int(query.get(size) or self.how.page_size), self.how.most)
            begin = self._begin(query.get(at), asked)
        except ValueError:
            self._json(400, {"error": "bad parameter"})
            return
        page = rows if self.how.style == "list" else rows[begin : begin + asked]
        more = begin + asked < len(rows)
        body, headers = self._page(table, page, begin, asked, more, len(rows), query)
        self._json(200, body, headers)

    def _changed(self, rows: Rows, query: Mapping[str, str]) -> Rows:
        parameter, column = self.how.since or ("", "")
        if not query.get(parameter):
            return rows
        since = _time(query[parameter])
        return [row for row in rows if row.get(column) is not None and _time(str(row[column])) >= since]

    def _begin(self, said: str | None, size: int) -> int:
        """The first row of a page, from what the query says of its place."""
        style = self.how.style
        if said is None or style in ("list", "endless", "same", "circle"):
            return 0
        if style == "cursor":
            return int(base64.urlsafe_b64decode(said.encode()).decode().removeprefix("row:"))
        if style == "hal":
            return int(said) * size
        return int(said) if style in ("offset", "next", "odata") else (int(said) - 1) * size

    def _page(
        self, table: str, page: Rows, begin: int, size: int, more: bool, total: int, query: Mapping[str, str]
    ) -> tuple[Any, dict[str, str]]:
        style, count = self.how.style, total if self.how.total else None
        if style == "list":
            return page, {}
        if style in ("page", "same"):
            return _said({"data": page, "page": begin // size + 1, "per_page": size, "total": count}), {}
        if style == "offset":
            return _said({"total_count": count, "items": page}), {}
        if style in ("cursor", "endless"):
            cursor = base64.urlsafe_b64encode(f"row:{begin + size}".encode()).decode() if more else None
            cursor = "bm93aGVyZQ==" if style == "endless" else cursor
            meta = _said({"next_cursor": cursor or "", "total": count})
            return {"data": page, "has_more": cursor is not None, "meta": meta}, {}
        place = begin // size + (1 if style == "link" else 0) if style in ("link", "hal") else begin
        step = 1 if style in ("link", "hal") else size
        at, size_name = PARAMETERS[style]
        more = more or style == "circle"
        following = f"{self.api}/{table}?{urlencode({**query, at: place + step, size_name: size}, safe='$')}"
        if style == "link":
            headers = {"Link": f'<{following}>; rel="next", <{self.api}/{table}>; rel="first"'} if more else {}
            return page, headers | ({"X-Total-Count": str(total)} if self.how.total else {})
        if style == "hal":
            links: dict[str, Any] = {"self": {"href": f"{self.api}/{table}"}}
            links |= {"next": {"href": following}} if more else {}
            counted = _said({"size": size, "number": place, "totalElements": count})
            return {"_embedded": {table: page}, "_links": links, "page": counted}, {}
        if style == "odata":
            found = _said({"@odata.count": count, "value": page})
            return found | ({"@odata.nextLink": following} if more else {}), {}
        return _said({"count": count}) | {"next": following if more else None, "previous": None, "results": page}, {}

    def _json(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        self._send(status, json.dumps(body).encode(), "application/json", headers)

    def _send(self, status: int, body: bytes, kind: str, headers: Mapping[str, str] | None = None) -> None:
        if self.how.compressed:
            body = gzip.compress(body, mtime=0)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in {**self.how.headers, **(headers or {})}.items():
            self.send_header(name, value)
        if self.how.compressed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        try:
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _time(text: str) -> datetime:
    """A time as APIs take it: ISO, a day, or seconds since 1970."""
    if text.isdigit() and len(text) > 4:
        return datetime.fromtimestamp(int(text), UTC)
    read = datetime.fromisoformat(text.replace(" ", "+"))
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def like(rows: Sequence[Mapping[str, Any]], more: int) -> Rows:
    """So many rows: those given, again and again, each with an ``id`` of its own."""
    return [{"id": i + 1, **rows[i % len(rows)]} for i in range(more)]
