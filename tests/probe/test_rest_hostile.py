"""The probe of REST APIs against servers that lie: what no honest one sends ends in a sentence, or does no harm."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from pipegen.core.errors import SourceError
from pipegen.core.measured import Measured, dump
from pipegen.core.yaml_text import dump as as_yaml
from pipegen.probe import Look, probe, rest_openapi, rest_schema
from tests.rest_server import Rows, serving

pytestmark = pytest.mark.servers

Answer = Callable[[socket.socket, str], None]
ROWS: Rows = [{"id": i, "updated_at": f"2024-01-01T00:00:{i:02}Z"} for i in range(30)]


def measure(url: str, **more: Any) -> Measured:
    return probe("rest", url, Look(root=Path(), **more))


def refused(url: str, **more: Any) -> str:
    with pytest.raises(SourceError) as error:
        measure(url, **more)
    return error.value.message


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """A server that answers every request by hand, by what was asked for."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                answer(connection, connection.recv(1 << 16).split(b" ")[1].decode())

    running = threading.Thread(target=serve, daemon=True)
    running.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1/orders"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        running.join()


def says(body: Any, *headers: str, status: int = 200) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [f"HTTP/1.1 {status} X", "Content-Type: application/json", f"Content-Length: {len(content)}", *headers]
    whole = "\r\n".join([*head, "Connection: close", "", ""]).encode("latin-1") + content
    return lambda connection, _: connection.sendall(whole)


def drip(start: bytes, piece: bytes) -> Answer:
    """Bytes that come one after another, each well within a socket's timeout, and never end."""

    def answer(connection: socket.socket, _: str) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(piece)
            time.sleep(0.05)

    return answer


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[]", b" "),
        (b"HTTP/1.1 200 OK\r\n", b"X"),
    ],
    ids=["body", "chunks", "no length", "headers"],
)
def test_what_comes_a_byte_at_a_time_ends_with_the_time(start: bytes, piece: bytes) -> None:
    with answering(drip(start, piece)) as url:
        assert refused(url, seconds=0.5).startswith("the time for looking was up before ")


@pytest.mark.parametrize("to", ["http://h:99999999/x", "http://elsewhere.example\\@127.0.0.1/x"])
def test_a_redirect_to_no_url(to: str) -> None:
    with answering(says(b"", f"Location: {to}", status=302)) as url:
        assert refused(url).endswith("leads to what is no URL")


@pytest.mark.parametrize("where", ["body", "header"])
def test_a_next_page_at_no_url(where: str) -> None:
    answer = (
        says({"data": ROWS, "next": "http://[bad"})
        if where == "body"
        else says(ROWS, 'Link: <http://[bad>; rel="next"')
    )
    with answering(answer) as url:
        assert refused(url).startswith("the next page of ")


def test_links_to_no_url_are_no_tables() -> None:
    with serving(
        {"orders": ROWS}, bodies={"": ("application/json", b'{"x": "http://[bad", "orders": "/v1/orders"}')}
    ) as api:
        assert list(measure(api).tables) == ["orders"]


def pages(first: Any, second: Any) -> Answer:
    """Two pages, of which the second is asked for by ``page=2``."""
    return lambda connection, asked: says(second if "page=2" in asked else first)(connection, asked)


def test_a_host_is_the_same_however_it_is_written() -> None:
    following: dict[str, Any] = {"data": ROWS}
    with answering(pages(following, {"data": [{"id": 100}]})) as url:
        upper, following["next"] = (
            url.replace("127.0.0.1", "LOCALHOST"),
            url.replace("127.0.0.1", "localhost") + "?page=2",
        )
        table = measure(upper).tables["orders"]
    assert table.rows is not None and table.rows.value == 31


@pytest.mark.parametrize("said", ["\xb2", "9" * 5000])
@pytest.mark.parametrize("header", ["X-Total-Count", "Retry-After"])
def test_a_number_that_is_none(said: str, header: str) -> None:
    if header == "Retry-After":
        with answering(says(b"", f"Retry-After: {said}", status=429)) as url:
            assert "too many requests" in refused(url, seconds=3.0)
        return
    with answering(says(ROWS, f"{header}: {said}")) as url:
        table = measure(url).tables["orders"]
        assert table.rows is not None and table.rows.value == len(ROWS)


def test_a_total_that_the_rows_belie() -> None:
    more = [{"id": 100 + i, "updated_at": ROWS[0]["updated_at"]} for i in range(30)]
    with answering(pages({"data": ROWS, "next": "?page=2", "total": 31}, {"data": more, "next": None})) as url:
        table = measure(url).tables["orders"]
    assert table.rows is not None and (table.rows.value, table.rows.exact) == (60, True)
    assert "it says that it has 31 rows, and gave 60" in table.notes


def test_a_second_page_that_points_to_itself_is_no_end() -> None:
    with answering(pages({"data": ROWS, "next": "?page=2"}, {"data": [{"id": 100}], "next": "?page=2"})) as url:
        assert "has no last page" in refused(url)


@pytest.mark.parametrize(
    "body",
    [
        b'[{"id": 1, "name": "\\ud800x", "\\udfff": 2}, {"id": 2, "name": "b"}]',
        b'[{"id": 1, "na\\u0000me": "a\\u0000"}, {"id": 2}]',
        b'[{"id": 1, "x": NaN, "y": 1e999}, {"id": 2, "x": 1.5, "y": 2}]',
        b'[{"id": 1, "x": ' + b"9" * 400 + b"}]",
    ],
    ids=["half a character", "nul", "no number", "a large number"],
)
def test_values_that_no_file_holds(body: bytes) -> None:
    with answering(says(body)) as url:
        assert as_yaml(dump(measure(url))).encode()


@pytest.mark.parametrize("day", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-05:00"])
def test_a_time_beyond_all_time(day: str) -> None:
    rows = [{**row, "updated_at": day if row["id"] == 3 else row["updated_at"]} for row in ROWS]
    with answering(says(rows)) as url:
        assert measure(url).tables["orders"].columns["updated_at"].type == "timestamptz"


# -- documents -----------------------------------------------------------------------------------------------------------

DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.0",
    "servers": [{"url": "http://h/v1"}],
    "components": {
        "schemas": {
            "Order": {"properties": {"id": {"type": "integer"}}, "allOf": [{"$ref": "#/components/schemas/More"}]},
            "More": {"properties": {"more": {"oneOf": [{"type": "null"}, {"type": "string"}]}}, "required": ["more"]},
        },
    },
    "paths": {
        "/orders": {
            "get": {
                "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}}],
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {
                                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Order"}}
                            }
                        }
                    }
                },
            }
        },
        "/orders/{id}": {"get": {}},
    },
}  # fmt: skip


def places(node: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if at:
        yield at
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, child in children:
        yield from places(child, (*at, name))


@pytest.mark.parametrize("wrong", [None, 7, "http://[bad", [], [None], {}, {1: 2, "b": 3}], ids=repr)
def test_a_document_with_anything_anywhere_is_read(wrong: Any) -> None:
    assert [one.path for one in rest_openapi.read(DOCUMENT).listings] == ["orders"]
    for at in places(DOCUMENT):
        if at == ("paths",):
            continue  # which `parse` refuses
        broken = json.loads(json.dumps(DOCUMENT))
        node = broken
        for part in at[:-1]:
            node = node[part]
        node[at[-1]] = wrong
        assert len(rest_openapi.read(broken).listings) <= 1


def test_schemas_that_hold_themselves_many_times_end() -> None:
    document = {f"s{i}": {"allOf": [{"$ref": f"#/s{(i + 1) % 6}"}] * 40, "properties": {f"p{i}": {}}} for i in range(6)}
    found = rest_schema.resolve(document["s0"], document)
    assert set(found["properties"]) == {f"p{i}" for i in range(6)}
