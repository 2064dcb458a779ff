"""An API that stands in for a source where sample data does: on 127.0.0.1, for as long as a load takes.

It gives the rows of the SQLite database that the sample, or a drill, has made, in the pages that the declaration says the
real API gives, to who has the token.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from ingest import settings
from ingest.declaration import LoadError, Source, SourceDown, Table
from ingest.rest_pages import parts
from ingest.sources import as_moment
from ingest.sql import ident

PAGE_ROWS = 100
Row = dict[str, Any]


@contextmanager
def standing_in(source: Source) -> Iterator[Source]:
    """The source itself; where sample data stands in for it, as an API of this process."""
    if not settings.has_twin():
        yield source
        return
    tables = _rows(source)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    _Handler.source, _Handler.tables = source, tables
    running = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    running.start()
    try:
        yield replace(source, at=f"http://127.0.0.1:{server.server_port}", request_seconds=0.0)
    finally:
        server.shutdown()
        server.server_close()
        running.join()


def _rows(source: Source) -> dict[str, tuple[Table, list[Row]]]:
    """Every table's rows, by the path of its endpoint."""
    if not source.path.is_file():
        raise SourceDown(
            f"{source.id}: there is no sample data {source.path}; make it: make sample"
        )
    found = {}
    try:
        with closing(sqlite3.connect(f"{source.path.resolve().as_uri()}?mode=ro", uri=True)) as db:
            db.text_factory = lambda text: text.decode("utf-8", "replace")
            for table in source.tables:
                rows = db.execute(f"SELECT * FROM {ident(table.name)}")
                names = [name for name, *_ in rows.description]
                made = [_row(table, dict(zip(names, row, strict=True))) for row in rows]
                found[table.endpoint["path"].strip("/")] = (table, made)
    except sqlite3.DatabaseError as error:
        raise LoadError(f"{source.id}: cannot read {source.path}: {error}") from None
    return found


def _row(table: Table, stored: Row) -> Row:
    """A row as an API writes it: objects, true and false where the declaration has them."""
    kinds = {column.name: column.type for column in table.columns}
    row = {}
    for name, value in stored.items():
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if kinds.get(name) == "JSON" and isinstance(value, str):
            with suppress(ValueError):
                value = json.loads(value)
        if kinds.get(name) == "BOOLEAN" and value in (0, 1):
            value = bool(value)
        row[name] = value
    return row


class _Handler(BaseHTTPRequestHandler):
    source: Source
    tables: dict[str, tuple[Table, list[Row]]]
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:  # the name that http.server looks for
        at = urlsplit(self.path)
        asked = {name: values[-1] for name, values in parse_qs(at.query).items()}
        path = unquote(at.path).strip("/")
        named = self.source.auth_header or "Authorization"
        token = self.source.token()
        if token and self.headers.get(named) != (
            token if self.source.auth_header else f"Bearer {token}"
        ):
            self._send(401, {"error": "no token"}, {})
        elif path not in self.tables:
            self._send(404, {"error": "not found"}, {})
        else:
            self._send(200, *self._page(path, asked))

    def _page(self, path: str, asked: Mapping[str, str]) -> tuple[Any, dict[str, str]]:
        table, rows = self.tables[path]
        said = table.endpoint.get("pagination") or {}
        kind = said.get("kind") or "none"
        rows = _since(rows, table.endpoint.get("since"), asked)
        size = len(rows)
        if kind != "none":
            size = min(PAGE_ROWS, int(asked.get(said.get("size_param") or "", PAGE_ROWS)))
        first, given = int(said.get("first") or 0), asked.get(said.get("param") or "place")
        begin = 0 if given is None else int(given) - first
        if kind == "page":
            begin *= size
        page, headers = rows[begin : begin + size], {"X-Total-Count": str(len(rows))}
        body: Any = page if table.endpoint.get("records") is None else {}
        _put(body, table.endpoint.get("records"), page)
        if begin + size < len(rows):
            place = begin + size + first
            if kind == "cursor":
                _put(body, said.get("next"), str(place))
            elif kind == "link":
                more = urlencode({**asked, said.get("param") or "place": place})
                link = f"http://{self.headers['Host']}/{quote(path)}?{more}"
                if said.get("next") == "header":
                    headers["Link"] = f'<{link}>; rel="next"'
                _put(body, said.get("next"), link)
        return body, headers

    def _send(self, status: int, body: Any, headers: Mapping[str, str]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def _put(body: Any, path: str | None, value: Any) -> None:
    """Set what stands at a dotted path of an object."""
    if path is None or not isinstance(body, dict):
        return
    *above, last = parts(path)
    for name in above:
        body = body.setdefault(name, {})
    body[last] = value


def _since(rows: list[Row], since: Mapping[str, str] | None, asked: Mapping[str, str]) -> list[Row]:
    """The rows changed since the time that is asked for; one with no time is always among them."""
    given = asked.get(since["param"]) if since else None
    if since is None or given is None:
        return rows
    least = (
        datetime.fromtimestamp(int(given), UTC)
        if since.get("format") == "epoch"
        else _moment(given)
    )
    if least is None:
        return rows
    moments = [(_moment(row.get(since["column"])), row) for row in rows]
    return [row for moment, row in moments if moment is None or moment >= least]


def _moment(value: Any) -> datetime | None:
    moment = as_moment(value) if isinstance(value, str) else None
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
