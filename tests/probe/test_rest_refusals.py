"""What the probe of REST APIs says where it cannot read one: each case its own sentence, no secret in any."""

from __future__ import annotations

import datetime
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pipegen.core.errors import SourceError
from pipegen.core.measured import Measured, dump
from pipegen.core.yaml_text import dump as as_yaml
from pipegen.probe import Look, probe, rest_client
from tests.ports import free_port
from tests.rest_server import Api, Rows, serving

pytestmark = pytest.mark.servers

ROWS: Rows = [{"id": i, "name": f"n{i}"} for i in range(30)]
TOKEN = "t0ken-s3cret"
HTML = ("text/html", b"<!DOCTYPE html><html><body>Welcome</body></html>")


def measure(url: str, **more: Any) -> Measured:
    return probe("rest", url, Look(root=Path(), **more))


def refused(url: str, **more: Any) -> tuple[str, str]:
    with pytest.raises(SourceError) as raised:
        measure(url, **more)
    said = f"{raised.value.message} {raised.value.hint} {raised.value!r}"
    assert not any(secret in said for secret in (TOKEN, "hunter2", "api_key", "someuser"))
    assert raised.value.__cause__ is None
    return raised.value.message, raised.value.hint or ""


def body(kind: str, text: str | bytes) -> dict[str, tuple[str, bytes]]:
    return {"things": (kind, text if isinstance(text, bytes) else text.encode())}


# -- no way in ---------------------------------------------------------------------------------------------------------


def test_a_host_that_is_not_known() -> None:
    message, hint = refused("https://someuser:hunter2@nowhere.invalid/v1?api_key=hunter2")
    assert message == "the host of `https://nowhere.invalid/v1` is not known"
    assert "spelt right" in hint


def test_a_closed_port() -> None:
    port = free_port()
    message, hint = refused(f"http://127.0.0.1:{port}/v1")
    assert message == f"nothing answers at `http://127.0.0.1:{port}/v1`"
    assert "host and port" in hint


def test_a_server_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest_client, "ANSWER_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        message, hint = refused(f"http://127.0.0.1:{silent.getsockname()[1]}/v1")
    assert message.endswith("does not answer in time")
    assert "firewall" in hint


def test_a_connection_that_is_closed_without_a_word() -> None:
    with serving({"things": ROWS}) as api:
        api.fail(9, 0)
        message, _ = refused(api, tables=["things"])
    assert message == f"`{api}` closed the connection without an answer"


@contextmanager
def over_tls(folder: Path, *, name: str = "localhost", days: int = 1) -> Iterator[int]:
    """A server whose certificate it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=10)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(begin).not_valid_after(begin + datetime.timedelta(days=10 + days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = folder / "own.pem"
    own = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem.write_bytes(own + made.public_bytes(serialization.Encoding.PEM))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = json.dumps(ROWS).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(HTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    running = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    running.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        running.join()


def test_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with over_tls(tmp_path) as port:
        message, hint = refused(f"https://localhost:{port}/things")
        assert message == f"the certificate of `https://localhost:{port}/things` is trusted by nobody here"
        assert "REQUESTS_CA_BUNDLE" in hint
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "own.pem"))
        assert list(measure(f"https://localhost:{port}/things").tables) == ["things"]
    with over_tls(tmp_path, name="example.org") as port:
        assert refused(f"https://localhost:{port}/things")[0].endswith("is for another host")
    with over_tls(tmp_path, days=-1) as port:
        assert refused(f"https://localhost:{port}/things")[0].endswith("has expired")


def test_tls_where_none_is_spoken() -> None:
    with serving({"things": ROWS}) as api:
        message, hint = refused(f"https{api.removeprefix('http')}/things")
    assert message.endswith("speaks no TLS")
    assert "`http://`" in hint


# -- who asks ----------------------------------------------------------------------------------------------------------


def test_nobody_said_who_asks() -> None:
    with serving({"things": ROWS}, token=TOKEN) as api:
        message, hint = refused(api, tables=["things"])
    assert message == f"`{api}/things` wants a login (401)"
    assert "`auth_env`" in hint and "`auth_header`" in hint


def test_a_token_in_its_header() -> None:
    with serving({"things": ROWS}, token=TOKEN) as api:
        assert list(measure(api, tables=["things"], auth={"Authorization": f"Bearer {TOKEN}"}).tables) == ["things"]
    with serving({"things": ROWS}, token=TOKEN, header="X-Api-Key") as api:
        assert list(measure(api, tables=["things"], auth={"X-Api-Key": TOKEN}).tables) == ["things"]
        assert api.requests[-1].headers["User-Agent"] == "pipegen"


def test_a_token_is_not_taken_from_netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someuser password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with serving({"things": ROWS}, token=TOKEN) as api:
        measure(api, tables=["things"], auth={"Authorization": f"Bearer {TOKEN}"})
        assert {one.headers["Authorization"] for one in api.requests} == {f"Bearer {TOKEN}"}


def test_a_wrong_token() -> None:
    with serving({"things": ROWS}, token=TOKEN) as api:
        message, _ = refused(api, tables=["things"], auth={"Authorization": f"Bearer {TOKEN}x"})
    assert message == f"`{api}/things` refuses the token"


def test_a_token_that_may_not_read() -> None:
    with serving({"things": ROWS}) as api:
        api.fail(9, 403, path="things")
        message, hint = refused(api, tables=["things"], auth={"X-Api-Key": TOKEN})
    assert message == f"the token may not read `{api}/things`"
    assert "right to read" in hint


def test_what_stands_in_the_url_is_sent_and_kept_nowhere() -> None:
    with serving({"things": ROWS}, "next") as api:
        url = f"http://someuser:hunter2@{api.removeprefix('http://')}?api_key={TOKEN}"
        found = as_yaml(dump(measure(url, tables=["things"])))
        assert {one.query["api_key"] for one in api.asked("things")} == {TOKEN}
        assert all(one.headers["Authorization"].startswith("Basic ") for one in api.requests)
    assert not any(secret in found for secret in (TOKEN, "hunter2", "api_key", "someuser"))


def test_a_token_is_sent_to_no_other_host() -> None:
    with (
        serving({"things": ROWS}) as other,
        serving({}, redirects={"things": f"{other}/things?api_key={TOKEN}"}) as api,
    ):
        # the port makes it another
        message, hint = refused(api, tables=["things"], auth={"Authorization": f"Bearer {TOKEN}"})
        assert other.count == 0
    assert message == f"`{api}/things` leads to another host, `{other}/things`"
    assert "not sent there" in hint


def test_a_redirect_on_the_same_host_is_followed() -> None:
    with serving({"things": ROWS}, "list", redirects={"old": "/v1/things"}) as api:
        assert list(measure(api, tables=["old"]).tables) == ["old"]
    with serving({}, redirects={"round": "/v1/round"}) as api:
        assert "never to an answer" in refused(api, tables=["round"])[0]


def test_a_next_page_on_another_host() -> None:
    page = {"results": ROWS, "next": f"http://localhost:1/things?api_key={TOKEN}"}
    with serving({}, bodies=body("application/json", json.dumps(page))) as api:
        message, _ = refused(api, tables=["things"])
    assert message == f"the next page of `{api}/things` is said to lie at another host, `http://localhost:1/things`"


# -- not now -----------------------------------------------------------------------------------------------------------


def test_too_many_requests_are_waited_out() -> None:
    with serving({"things": ROWS}, "list") as api:
        api.fail(1, 429, retry_after="0", path="things")
        api.fail(1, 503, retry_after="0", path="things")
        assert list(measure(api, tables=["things"]).tables) == ["things"]
        assert len(api.asked("things")) == 5


def test_too_many_requests_that_stay() -> None:
    with serving({"things": ROWS}) as api:
        api.fail(99, 429, retry_after="3600", path="things")
        message, hint = refused(api, tables=["things"])
        assert len(api.asked("things")) == 1
    assert message == f"`{api}/things` has had too many requests: it asks to wait 3600 s"
    assert "`rate_limit`" in hint


@pytest.mark.parametrize(
    ("status", "said"), [(500, "fails: it answers 500"), (503, "is busy or down"), (418, "answers 418")]
)
def test_a_server_that_fails(status: int, said: str) -> None:
    with serving({"things": ROWS}) as api:
        api.fail(99, status, retry_after="0", path="things")
        assert said in refused(api, tables=["things"])[0]


def test_nothing_there() -> None:
    with serving({"things": ROWS}) as api:
        message, hint = refused(api, tables=["thing"])
        assert message == f"there is nothing at `{api}/thing`"
        assert "path" in hint
        message, hint = refused(api)
        assert message == f"`{api}` has no document of itself and lists nothing, so its tables are not known"
        assert "--table" in hint


def test_a_table_that_a_document_does_not_tell_of() -> None:
    with serving({"things": ROWS}, document="openapi.json") as api:
        message, hint = refused(api, tables=["thing"])
    assert message == f"`{api}` has no table `thing`"
    assert hint == "did you mean `things`?"


def test_the_time_is_up() -> None:
    ticks = iter(range(10_000))
    with serving({f"t{i:02}": ROWS for i in range(40)}, "list", index=True) as api:
        found = measure(api, seconds=60, clock=lambda: float(next(ticks)))
    assert found.tables
    assert "the time for looking was up" in found.left_out["t39"]
    with serving({f"t{i:02}": ROWS for i in range(40)}, "list", document="openapi.json") as api:
        ticks = iter(range(10_000))
        found = measure(api, seconds=60, clock=lambda: float(next(ticks)))
    assert len(found.tables) == 40
    assert "the time for looking was up" in found.tables["t39"].notes[0]


# -- not JSON, not rows --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("text/html", HTML[1], "answers with a web page, not with JSON"),
        ("application/json", '{"data": [{"id": 1}, ', "says that it is JSON, and cannot be read as JSON"),
        ("application/json", "[" * 100_000, "says that it is JSON, and cannot be read as JSON"),
        ("text/csv", "id,name\n1,x\n", "is no JSON, but `text/csv`"),
        ("application/json", '{"status": "fine"}', "holds no list of rows"),
        ("application/json", '{"data": ["a", "b"]}', "holds no list of rows"),
        ("application/json", '"fine"', "holds no list of rows"),
        ("application/json", "[]", "lists no row, so its columns are not known"),
    ],
)
def test_answers_that_are_no_rows(kind: str, text: str | bytes, said: str) -> None:
    with serving({}, bodies=body(kind, text)) as api:
        message, hint = refused(api, tables=["things"])
    assert said in message
    assert hint


def test_the_url_of_a_website() -> None:
    with serving({}, bodies={"": HTML}) as api:
        assert refused(api)[0] == f"`{api}` answers with a web page, not with JSON"


def test_an_answer_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest_client, "MOST_BYTES", 1 << 20)
    with serving({}, bodies=body("application/json", b"[" + b" " * (2 << 20) + b"]"), compressed=True) as api:
        message, hint = refused(api, tables=["things"])
    assert message == f"the answer of `{api}/things` is larger than 1 MB"
    assert "a page at a time" in hint


@pytest.mark.parametrize(("style", "document"), [("circle", None), ("endless", "openapi.json")])
def test_pages_without_end(style: str, document: str | None) -> None:
    with serving({"things": ROWS * 9}, style, document=document) as api:
        message, hint = refused(api, tables=["things"])
        assert len(api.asked("things")) <= 4
    assert message.endswith("has no last page: the next one is the same, and points to itself")
    assert "never end" in hint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("just: yaml", "neither `openapi` nor `swagger` is a key of it"),
        ("swagger: '1.2'\npaths: {}", "its version is `1.2`"),
        ("openapi: 3.0.0", "it has no `paths`"),
        ("a: [", "it can be read neither as JSON nor as YAML"),
        ("- 1", "it is no object"),
    ],
)
def test_a_document_that_is_none(text: str, said: str) -> None:
    with serving({}, bodies={"openapi.yaml": ("text/yaml", text.encode())}) as api:
        message, hint = refused(f"{api}/openapi.yaml")
    assert message == f"`{api}/openapi.yaml` is no OpenAPI document: {said}"
    assert "OpenAPI 3 or Swagger 2" in hint


def test_a_document_that_lists_nothing() -> None:
    document = json.dumps({"openapi": "3.1.0", "paths": {"/thing/{id}": {"get": {"responses": {}}}}}).encode()
    with serving({}, bodies={"openapi.json": ("application/json", document)}) as api:
        assert "tells of no path that lists rows" in refused(f"{api}/openapi.json")[0]


def test_a_document_of_an_api_elsewhere() -> None:
    document = {"openapi": "3.1.0", "servers": [{"url": "https://api.example.org/v2"}], "paths": {}}
    with serving({}, bodies={"openapi.json": ("application/json", json.dumps(document).encode())}) as api:
        assert "is at `http://api.example.org/v2`, on another host" in refused(f"{api}/openapi.json")[0]


def test_hostile_schemas_end() -> None:
    schemas: dict[str, Any] = {
        f"s{i}": {"type": "object", "properties": {f"p{j}": {"$ref": f"#/components/schemas/s{j}"} for j in range(30)}}
        for i in range(30)
    }
    schemas["loop"] = {"$ref": "#/components/schemas/loop"}
    schemas["all"] = {"allOf": [{"$ref": "#/components/schemas/all"}, {"properties": {"id": {"type": "integer"}}}]}
    answer = {
        "content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/all"}}}}
    }
    wide = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/s0"}}}}
    document = {
        "openapi": "3.0.0",
        "paths": {"/all": {"get": {"responses": {"200": answer}}}, "/wide": {"get": {"responses": {"200": wide}}}},
        "components": {"schemas": schemas},
    }
    files = {
        "openapi.json": ("application/json", json.dumps(document).encode()),
        "all": ("application/json", b'[{"id": 1}]'),
    }
    with serving({}, bodies=files) as api:
        assert list(measure(api).tables["all"].columns) == ["id"]


def test_names_of_all_kinds() -> None:
    rows = [{"a.b": 1, "": 2, "ünï €": "x", "select": None, '"q"': [1], "🙂": {"a": 1}}] * 3
    with serving({"t": rows}, "list") as api:
        assert list(measure(Api(api), tables=["t"]).tables["t"].columns) == list(rows[0])
