"""A real HTTP server on 127.0.0.1: ways to page, to refuse and to break, and what is read of it."""

import gzip
import json
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from ingest import rest_requests, settings
from ingest.declaration import LoadError, SchemaDrift, SourceDown
from ingest.extract import Asked
from ingest.rest_pages import found
from tests.ingest.conftest import columns, table

TOKEN, WORD = "the token of the test", "pass-word"
ROWS = columns(id="BIGINT!", name="VARCHAR", price="DECIMAL(38,18)", tags="JSON", at="TIMESTAMPTZ")
START = datetime(2026, 1, 1, tzinfo=UTC)


def row(number, **more):
    at = (START + timedelta(hours=number)).isoformat().replace("+00:00", "Z")
    return {
        "id": number,
        "name": f"n{number}",
        "price": 0.5,
        "tags": {"x": [number]},
        "at": at,
        **more,
    }


class Api:
    """What the server answers: `answers` are functions of (path, query) that give a status, a body and headers."""

    def __init__(self):
        self.rows = [row(n) for n in range(1, 251)]
        self.requests = []
        self.faults = []
        self.answer = None
        self.most = 100
        self.url = ""

    def get(self, path, query, headers):
        self.requests.append((path, query, headers))
        if self.faults:
            return self.faults.pop(0)
        return self.answer(path, query)

    def page(self, query, place="offset", rows=None):
        rows = self.rows if rows is None else rows
        size = min(int(query.get("limit", 50)), self.most)
        begin = int(query.get(place, 0))
        return rows[begin : begin + size], begin + size

    def offset(self, path, query):
        page, _ = self.page(query)
        return 200, {"items": page, "total_count": len(self.rows)}, {}

    def numbered(self, path, query):
        number = int(query.get("page", 1))
        page, _ = self.page({"offset": (number - 1) * 50})
        return (200, page, {}) if page else (404, {"error": "no such page"}, {})

    def cursor(self, path, query):
        rows = self.rows
        if "since" in query:
            since = datetime.fromisoformat(query["since"])
            rows = [r for r in rows if r["at"] is None or datetime.fromisoformat(r["at"]) >= since]
        page, following = self.page(query, "after", rows)
        more = str(following) if following < len(rows) else None
        return 200, {"data": {"list": page}, "meta": {"next": more, "total": len(rows)}}, {}

    def link(self, path, query):
        page, following = self.page(query)
        link = f'<{self.url}/things?offset={following}>; rel="next"'
        return 200, page, {"Link": link} if following < len(self.rows) else {}


@pytest.fixture
def api(made_up, monkeypatch):
    served = Api()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *given):
            pass

        def do_GET(self):
            at = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(at.query).items()}
            status, body, headers = served.get(at.path, query, dict(self.headers))
            if status == 0:
                self.close_connection = True
                return
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    running = threading.Thread(target=server.serve_forever, args=(0.02,))
    running.start()
    served.url = f"http://127.0.0.1:{server.server_port}/v1"
    monkeypatch.setenv("PIPELINE_ENV", "prod")
    monkeypatch.setenv("MADE_UP_URL", served.url)
    monkeypatch.setenv("MADE_UP_TOKEN", TOKEN)
    yield served
    server.shutdown()
    server.server_close()
    running.join()


ENDPOINTS = {
    "offset": {"path": "things", "records": "items", "pagination": {"kind": "offset", "param": "offset", "first": 0, "size_param": "limit", "size": 100}},
    "numbered": {"path": "things", "pagination": {"kind": "page", "param": "page", "first": 1}},
    "cursor": {"path": "things", "records": "data.list", "pagination": {"kind": "cursor", "param": "after", "next": "meta.next", "size_param": "limit", "size": 100}, "since": {"param": "since", "column": "at", "format": "iso"}},
    "link": {"path": "things", "pagination": {"kind": "link", "next": "header"}},
}  # fmt: skip


@pytest.fixture
def load(api, made_up):
    def run(style, declared=ROWS, asked=None, source=None, **pattern):
        api.answer = api.answer or getattr(api, style)
        endpoint = pattern.pop("endpoint", ENDPOINTS[style])
        declared_table = table("things", declared, endpoint=endpoint, **{"key": ["id"], **pattern})
        done = made_up("rest", asked, source=source, t=declared_table)
        run.notes = done.notes
        return done.outcomes[0]

    return run


@pytest.mark.parametrize("style", ENDPOINTS)
def test_every_way_to_page_gives_every_row_once(api, load, query, style):
    done = load(style)
    assert (done.rows_read, done.rows_quarantined) == (250, 0)
    assert query("SELECT count(*), sum(id), count(DISTINCT id) FROM raw_made_up.t") == [(250, 31375, 250)]  # fmt: skip
    assert done.parts[0].measure.rows == 250


def test_an_api_that_gives_fewer_rows_than_asked_for_loses_none(api, load, query):
    """Begun behind the rows that came, not behind those that were asked for."""
    api.most = 30
    load("offset")
    assert query("SELECT count(DISTINCT id) FROM raw_made_up.t") == [(250,)]


def test_values_keep_every_digit_and_objects_are_json(api, load, query):
    api.answer = lambda path, asked: (
        200,
        b'[{"id": 9007199254740993, "price": 12345678901234567890.123456789012345678, "tags": {"a": 1.10, "b": [null, "\xc3\xa9"]},'
        b' "name": null, "at": "2026-01-01T02:00:00+02:00"}, {"id": 2}]',
        {},
    )
    load("link")
    found = query("SELECT * EXCLUDE (_loaded_at) FROM raw_made_up.t ORDER BY id")
    assert found[1] == (
        9007199254740993, None, Decimal("12345678901234567890.123456789012345678"),
        '{"a": 1.10, "b": [null, "é"]}', datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    assert found[0] == (2, None, None, None, None)


def test_what_does_not_fit_goes_to_quarantine(api, load, query):
    api.rows = [row(1), row(2, price="much"), row(3, at="yesterday"), "no row"]
    done = load("link")
    assert (done.rows_landed, done.rows_quarantined) == (1, 3)
    reasons = query("SELECT reason, line FROM ops.quarantine ORDER BY 1")
    assert [reason for reason, _ in reasons] == [
        "at: not a TIMESTAMPTZ",
        "price: not a DECIMAL(38,18)",
        "the line is not a JSON object",
    ]
    assert {line for _, line in reasons} == {None}


MERGE = {
    "load": "watermark",
    "write": "merge",
    "deletes": "ignore",
    "overlap": 7200,
    "watermark": "at",
}


def test_only_what_changed_is_asked_for(api, load, query):
    assert load("cursor", **MERGE).rows_landed == 250
    api.rows[6] = row(7, name="changed", at="2026-01-11T12:00:00Z")
    api.rows.append(row(900, at="2026-01-11T09:00:00Z"))  # late, and within the overlap
    del api.rows[20]
    api.requests.clear()
    done = load("cursor", **MERGE)
    assert {asked["since"] for _, asked, _ in api.requests} == {"2026-01-11T07:59:59Z"}
    assert (done.rows_read, done.rows_deleted) == (5, 0)
    assert query("SELECT count(*) FROM raw_made_up.t") == [(251,)], "what is gone is not seen"
    assert query("SELECT name FROM raw_made_up.t WHERE id = 7") == [("changed",)]
    part = load("cursor", asked=Asked("2026-01-02", "2026-01-03"), **MERGE)
    assert (part.kind, part.rows_read, [p.name for p in part.parts]) == ("backfill", 24, ["2026-01-02"])  # fmt: skip


def test_an_api_that_gives_more_than_it_was_asked_for(api, load, query):
    """Rows before the window are left out, so that days which are replaced are replaced whole."""
    whole = {**MERGE, "key": [], "write": "partition-overwrite"}
    load("cursor", **whole)
    api.answer = lambda path, asked: api.cursor(path, {k: v for k, v in asked.items() if k != "since"})  # fmt: skip
    api.rows.append(row(300, at=None))
    for _ in range(2):
        load("cursor", **whole)
        assert query("SELECT count(*), count(DISTINCT id) FROM raw_made_up.t") == [(251, 251)]


@pytest.mark.parametrize(("form", "asked"), [("date", "2026-01-10"), ("epoch", "1768118399")])
def test_a_time_is_asked_for_as_the_api_takes_it(api, load, form, asked):
    endpoint = {
        **ENDPOINTS["cursor"],
        "since": {"param": "changed", "column": "at", "format": form},
    }
    load("cursor", endpoint=endpoint, **MERGE)
    api.requests.clear()
    load("cursor", endpoint=endpoint, **MERGE)
    assert {query["changed"] for _, query, _ in api.requests} == {asked}


def test_a_parameter_that_speaks_of_another_column_is_not_used(api, load):
    since = {"param": "since", "column": "created", "format": "iso"}
    endpoint = {**ENDPOINTS["cursor"], "since": since}
    load("cursor", endpoint=endpoint, **MERGE)
    api.requests.clear()
    assert load("cursor", endpoint=endpoint, **MERGE).rows_read < 10
    assert not any("since" in asked for _, asked, _ in api.requests)


def test_what_changed_at_the_very_start_of_a_window_is_there(api, load, query):
    """With some APIs what is asked for is what changed after a time, and not at it."""

    def after(path, asked):
        least = datetime.fromisoformat(asked["since"])
        rows = [r for r in api.rows if datetime.fromisoformat(r["at"]) > least]
        return api.cursor(path, {}) if not rows else (200, {"data": {"list": rows}}, {})

    load("cursor", **MERGE)
    api.answer = after
    done = load("cursor", asked=Asked("2026-01-02", "2026-01-03"), **MERGE)
    assert done.rows_read == 24


def test_a_mark_is_not_later_than_now(api, load):
    api.rows.append(row(999, at="2999-01-01T00:00:00Z"))
    assert load("cursor", **MERGE).mark == "2026-01-11T10:00:00Z"


def test_deletes_are_seen_where_all_is_read(api, load, query):
    full = {"write": "merge", "deletes": "soft"}
    load("offset", **full)
    del api.rows[10:15]
    done = load("offset", **full)
    assert done.rows_deleted == 5
    assert query("SELECT count(*) FROM raw_made_up.t WHERE _deleted_at IS NULL") == [(245,)]


def test_rows_that_came_twice_are_kept_once(api, load, query):
    """A row that was added in front while pages were read shifts those behind it."""

    def shifting(path, asked):
        if len(api.requests) == 2:
            api.rows.insert(0, row(1000))
        return api.offset(path, asked)

    api.answer = shifting
    done = load("offset")
    assert done.rows_landed == 250 and "1 rows came twice" in load.notes[0]
    assert query("SELECT count(*), count(DISTINCT id) FROM raw_made_up.t") == [(250, 250)]


def test_rows_that_are_there_twice_stay_so(api, load, query):
    """Told by the number of rows that the API says there are: it was the same all along, and so many came."""
    api.rows[200] = row(7)
    assert load("offset").rows_landed == 250 and load.notes == []
    assert query("SELECT count(*) FROM raw_made_up.t WHERE id = 7") == [(2,)]


def test_a_row_that_is_passed_over_is_read_again(api, load, query):
    """One that is deleted in front, or moved to the end, moves another onto a page that was read."""

    def once(change):
        def answer(path, asked):
            if len(api.requests) == 2:
                change()
            return api.offset(path, asked)

        api.requests.clear()
        api.answer = answer

    once(lambda: api.rows.pop(4))
    assert load("offset").rows_landed == 249
    assert query("SELECT count(DISTINCT id) FROM raw_made_up.t") == [(249,)]
    once(lambda: api.rows.append(api.rows.pop(4)))
    assert load("offset").rows_landed == 249
    assert query("SELECT count(DISTINCT id) FROM raw_made_up.t") == [(249,)]


def test_rows_that_never_rest_stop_the_load(api, load, query):
    load("offset")

    def moving(path, asked):
        if asked["offset"] != "0":
            api.rows.append(api.rows.pop(4))
        return api.offset(path, asked)

    api.answer = moving
    with pytest.raises(LoadError, match="says that there are 250 rows, and 24. came, 3 times"):
        load("offset")
    assert query("SELECT count(DISTINCT id) FROM raw_made_up.t") == [(250,)]


def test_a_count_may_be_that_of_a_page(api, load):
    def counted(path, asked):
        page, following = api.page(asked, "after")
        more = following if following < 250 else None
        return 200, {"data": {"list": page}, "count": len(page), "meta": {"next": more}}, {}

    api.answer = counted
    assert load("cursor").rows_landed == 250


@pytest.mark.parametrize(
    ("body", "says"),
    [({"results": [row(1)]}, "one at results"), ({"error": "closed"}, "'error' is said")],
)
def test_an_answer_without_the_list_empties_no_table(api, load, query, body, says):
    load("offset")
    api.answer = lambda path, asked: (200, body, {})
    with pytest.raises(LoadError, match=f"no list of rows at items, but {says}"):
        load("offset")
    assert query("SELECT count(*) FROM raw_made_up.t") == [(250,)]


@pytest.mark.parametrize("answer", [(204, b"", {}), (200, b"{}", {}), (200, b'\xef\xbb\xbf{"items": null}', {})])  # fmt: skip
def test_nothing_may_be_said_in_several_ways(api, load, query, answer):
    api.answer = lambda path, asked: answer
    assert load("offset").rows_landed == 0
    assert query("SELECT count(*) FROM raw_made_up.t") == [(0,)]


def test_half_a_character_goes_to_quarantine(api, load, query):
    api.answer = lambda path, asked: (200, b'[{"id": 1, "name": "a\\ud83d"}, {"id": 2}]', {})
    done = load("link")
    assert (done.rows_landed, done.rows_quarantined) == (1, 1)


def test_rows_that_are_lost_between_pages_are_missed(api, load, query):
    api.answer = lambda path, asked: (
        200,
        {"items": api.page(asked)[0][:-1], "total_count": 250},
        {},
    )
    with pytest.raises(LoadError, match="says that there are 250 rows, and"):
        load("cursor", endpoint={**ENDPOINTS["link"], "records": "items"})


def test_an_endless_api_is_left(api, load):
    api.answer = lambda path, asked: (200, {"data": {"list": api.rows[:10]}, "meta": {"next": "more"}}, {})  # fmt: skip
    with pytest.raises(LoadError, match="a page of 10 rows came a second time"):
        load("cursor")
    assert len(api.requests) == 2


def test_empty_pages_on_the_way_are_no_end(api, load):
    def sparse(path, asked):
        place = int(asked.get("after", 0))
        rows = [] if place in (1, 2, 4) else [row(place)]
        return 200, {"data": {"list": rows}, "meta": {"next": place + 1, "has_more": place < 6}}, {}

    api.answer = sparse
    assert load("cursor").rows_landed == 4


def test_pages_that_are_alike_are_no_end(api, load, query):
    """Rows of a log have nothing that tells them apart: as many as the API says there are may be the same."""
    api.rows = [{"name": "tick", "price": 1}] * 250
    load("offset", columns(name="VARCHAR", price="BIGINT"), key=[])
    assert query("SELECT count(*) FROM raw_made_up.t") == [(250,)]
    api.answer = lambda path, asked: (200, {"items": api.rows[:100], "total_count": 250}, {})
    with pytest.raises(LoadError, match="a page of 100 rows came a second time"):
        load("offset", columns(name="VARCHAR", price="BIGINT"), key=[])


@pytest.mark.parametrize("rows", [[], [row(1)]])
def test_a_cursor_that_comes_again_is_no_way_on(api, load, rows):
    api.answer = lambda path, asked: (200, {"data": {"list": rows}, "meta": {"next": "x"}}, {})
    with pytest.raises(LoadError, match="came a second time"):
        load("cursor")


@pytest.mark.parametrize("fault", [(429, b"", {"Retry-After": "0"}), (503, b"", {}), (0, b"", {})])
def test_what_passes_is_asked_again(api, load, monkeypatch, fault):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    api.faults = [fault, fault]
    assert load("cursor").rows_landed == 250


def test_retry_after_is_waited_for(api, load, monkeypatch):
    slept = []
    monkeypatch.setattr("time.sleep", slept.append)
    api.faults = [(429, b"", {"Retry-After": "17"})]
    load("cursor")
    assert 17 in slept


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ((401, b"", {}), "refuses access .* look at MADE_UP_TOKEN"),
        ((404, b"", {}), "no such place .* look at MADE_UP_URL"),
        ((400, b"", {}), "does not take the request .*MADE_UP_URL"),
        ((429, b"", {}), "too many requests.*rate_limit"),
        ((500, b"", {}), "fails .status 500., 5 times"),
        ((200, b"<html>", {}), "no JSON"),
        ((200, b'{"data": 3}', {}), "no list of rows"),
        (
            (302, b"", {"Location": "http://elsewhere.example/"}),
            "another server, elsewhere.example",
        ),
    ],
)
def test_refusals_say_where_to_look_and_keep_secrets(api, load, query, monkeypatch, fault, says):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    load("cursor")
    monkeypatch.setenv("MADE_UP_URL", f"{api.url}?key=hidden-key")
    api.faults = [fault] * 5
    with pytest.raises(LoadError, match=says) as raised:
        load("link", source={"auth_env": "MADE_UP_TOKEN"}, endpoint={**ENDPOINTS["link"], "records": "data"})  # fmt: skip
    assert TOKEN not in str(raised.value) and "hidden-key" not in str(raised.value)
    assert (raised.type is SourceDown) == (fault[0] in (401, 429, 500))
    assert query("SELECT count(*) FROM raw_made_up.t") == [(250,)], "the table stays as it was"


def test_a_server_that_is_not_there(api, load, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setenv("MADE_UP_URL", f"http://user:{WORD}@127.0.0.1:1/x")
    with pytest.raises(SourceDown, match="not to be reached.*MADE_UP_URL") as raised:
        load("cursor")
    assert WORD not in str(raised.value)
    monkeypatch.setenv("MADE_UP_URL", "ftp://x")
    with pytest.raises(LoadError, match="no address of an API"):
        load("cursor")
    monkeypatch.delenv("MADE_UP_URL")
    with pytest.raises(LoadError, match="set MADE_UP_URL to the address of the API"):
        load("cursor")


@pytest.mark.parametrize("header", ["", "X-Api-Key"])
def test_the_token_goes_to_the_api_and_nowhere_else(api, load, monkeypatch, tmp_path, header):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login other password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("MADE_UP_URL", f"{api.url}?tenant=7")
    source = {"auth_env": "MADE_UP_TOKEN", "auth_header": header}
    load("link", source=source)
    sent = {headers.get(header or "Authorization") for _, _, headers in api.requests}
    assert sent == {TOKEN if header else f"Bearer {TOKEN}"}
    assert {asked["tenant"] for _, asked, _ in api.requests} == {"7"}
    api.answer = lambda path, asked: (200, api.rows, {"Link": '<http://127.0.0.2:1/x>; rel="next"'})
    with pytest.raises(LoadError, match="link to the next page leads to another server"):
        load("link", source=source)
    monkeypatch.delenv("MADE_UP_TOKEN")
    with pytest.raises(LoadError, match="set MADE_UP_TOKEN"):
        load("link", source=source)


@pytest.mark.parametrize("word", ["hidden-word\n", "hidden-wörd"])
def test_a_token_that_cannot_be_sent_is_said_and_not_shown(api, load, monkeypatch, word):
    monkeypatch.setenv("MADE_UP_TOKEN", word)
    with pytest.raises(LoadError, match="MADE_UP_TOKEN holds a line break") as raised:
        load("link", source={"auth_env": "MADE_UP_TOKEN"})
    assert "hidden" not in str(raised.value) and api.requests == []


def test_requests_keep_their_distance(api, load, monkeypatch):
    """Whoever makes them: the time of the last one is kept in a file."""
    slept = []
    monkeypatch.setattr("time.sleep", slept.append)
    load("numbered", source={"request_seconds": 3.0})
    # No time passes here, so that each one waits longer than the one before, as long as is allowed.
    assert len(slept) == len(api.requests) and max(slept) <= 3.0 and min(slept[1:]) > 2.5


def test_a_new_column_meets_the_contract(api, load):
    api.rows[3]["extra"] = 1
    load("cursor")
    assert any("new column 'extra'" in note for note in load.notes)
    with pytest.raises(SchemaDrift, match="new_column: freeze"):
        load("cursor", schema_contract={"new_column": "freeze"})
    for one in api.rows:
        del one["name"]
    load("cursor")
    assert "t: none of 250 rows has 'name': loaded as null" in load.notes
    api.rows = [{k: v for k, v in one.items() if k != "id"} for one in api.rows]
    with pytest.raises(LoadError, match="no column 'id'"):
        load("cursor")


def test_an_empty_list_lands_nothing(api, load, query):
    api.rows = []
    assert load("cursor").rows_landed == 0
    assert query("SELECT count(*) FROM raw_made_up.t") == [(0,)]


def test_what_was_kept_on_disk_is_gone(api, load):
    load("cursor")
    assert [path.name for path in settings.work_path().iterdir()] == ["locks"]


def test_compressed_answers(api, load):
    api.answer = lambda path, asked: (200, gzip.compress(json.dumps(api.rows).encode()), {"Content-Encoding": "gzip"})  # fmt: skip
    assert load("link").rows_landed == 250


def test_what_cannot_pass_is_not_tried_again():
    bad = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"
    assert not rest_requests._passes(None, requests.exceptions.SSLError(bad))
    assert rest_requests._passes(None, requests.exceptions.SSLError("EOF occurred"))
    assert rest_requests._passes(None, requests.ConnectionError())


def test_a_server_is_the_same_with_its_usual_port():
    at = rest_requests.Address("https://api.example/v1", {}, None)
    assert at.holds("https://api.example:443/v1?page=2")
    assert not at.holds("http://api.example/v1") and not at.holds("https://api.example:x/")


def test_names_with_dots_are_found():
    assert found({"@odata.nextLink": 1, "@odata": {}}, '"@odata.nextLink"') == 1
    assert found({"_links": {"next": {"href": 2}}}, "_links.next.href") == 2
    assert found({'a."b': {"c": 3}}, '"a.""b".c') == 3
    assert found({"a": None}, "a.b") is None and found([1], None) == [1]
