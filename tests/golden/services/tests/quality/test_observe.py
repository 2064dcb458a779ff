"""What a DAG's run ends with: its gauges, what they say after a failure and its repair, the history, and how they are sent."""

import base64
import json
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from ingest import declaration, ledger
from ingest.__main__ import main as ingest
from quality import dbt_results, landing, observe, reconcile, source_metrics
from quality.models import read_checks
from sample import __main__ as sample

SOURCE = declaration.source_ids()[0]
TABLES = declaration.read(SOURCE).tables
WORD = "hidden word"
HISTORY = "SELECT count(*) FROM ops.checks"


@pytest.fixture(autouse=True)
def nothing_is_sent(monkeypatch):
    for name in ("PUSHGATEWAY_URL", "PIPELINE_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def run(monkeypatch):
    """Make a function that runs a program with these arguments and gives its exit code."""

    def call(main, *arguments):
        monkeypatch.setattr(sys, "argv", ["program", *arguments])
        return main()

    return call


@pytest.fixture
def gauges(place, run, capsys):
    """Make a function that gives what --print prints: value by metric and labels, without the environment."""

    def printed(what=SOURCE):
        capsys.readouterr()
        assert run(observe.main, what, "--print") == 0
        return read(capsys.readouterr().out)

    return printed


def read(text):
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            series, value = line.rsplit(" ", 1)
            name, _, labels = series.rstrip("}").partition("{")
            assert 'environment="demo"' in labels
            pairs = [one for one in labels.split('",') if "environment=" not in one]
            values = tuple(one.partition("=")[2].strip('"') for one in pairs)
            found[name.removeprefix("pipeline_"), *values] = float(value)
    return found


def named(found, name):
    return {key[1:]: value for key, value in found.items() if key[0] == name}


def test_a_load_is_seen_table_by_table(load, gauges, query):
    done = load(SOURCE)
    with ledger.open_warehouse() as db:
        reconcile.keep(db, landing.landed(db, SOURCE), "test")
    found = gauges()
    now = datetime.now(UTC).timestamp()
    assert 0 <= now - found["observed_timestamp_seconds",] < 60
    assert named(found, "source_up") == {(SOURCE,): 1}
    for name in ("load_failed", "schema_drift", "backfill_failed"):
        assert named(found, name) == {}
    for outcome in done.outcomes:
        labels = (SOURCE, outcome.table.id)
        for name in ("rows_read", "rows_landed", "rows_quarantined", "rows_superseded"):
            assert found[name, *labels] == getattr(outcome, name), (name, labels)
        assert found["quarantine_rows", *labels] == outcome.rows_quarantined
        assert found["table_rows", *labels] == outcome.rows_landed
        assert 0 <= now - found["loaded_timestamp_seconds", *labels] < 60
        assert found["reconciliation_differences", landing.HOP, *labels] == 0
    assert named(found, "newest_row_timestamp_seconds") == {}, "rows of sample data have no age"
    assert found["warehouse_bytes",] > 0
    assert set(named(found, "disk_free_bytes")) == {("work",), ("warehouse",)}


def test_a_difference_is_told_and_goes(load, gauges, query):
    load(SOURCE)
    table = f'{TABLES[0].raw_schema}."{TABLES[0].id}"'
    query(f"CREATE TABLE kept AS FROM {table}")
    query(f"DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} LIMIT 3)")
    labels = (landing.HOP, SOURCE, TABLES[0].id)
    for differences, rows in ((1, 3), (0, 0)):
        with ledger.open_warehouse() as db:
            reconcile.keep(db, landing.landed(db, SOURCE), "test")
        found = gauges()
        assert bool(found["reconciliation_differences", *labels]) == bool(differences)
        assert found["reconciliation_rows_difference", *labels] == rows
        query(f"DELETE FROM {table}; INSERT INTO {table} FROM kept")


def test_a_failure_is_told_until_it_is_repaired(place, run, gauges, query):
    sample.make(SOURCE)
    source = declaration.read(SOURCE)
    assert run(ingest, SOURCE) == 0
    before = named(gauges(), "loaded_timestamp_seconds")
    away = source.path.rename(place / "away")
    assert run(ingest, SOURCE) == 1
    found = gauges()
    assert named(found, "source_up") == {(SOURCE,): 0}
    failed = {("source_down", SOURCE, table.id) for table in TABLES}  # labels by their names
    assert set(named(found, "load_failed")) == failed
    assert named(found, "loaded_timestamp_seconds") == before, "the age of the data goes on"
    away.rename(source.path)
    assert run(ingest, SOURCE) == 0
    found = gauges()
    assert named(found, "source_up") == {(SOURCE,): 1} and named(found, "load_failed") == {}
    kept = query(
        "SELECT status, count(*) FROM ops.checks WHERE kind = 'load' GROUP BY 1 ORDER BY 1"
    )
    assert kept == [("fail", len(TABLES)), ("pass", 2 * len(TABLES))]


def test_other_faults_leave_the_source_up(load, gauges, query):
    load(SOURCE)
    ((newest,),) = query("SELECT max(loaded_at) FROM ops.loads")
    later = newest + timedelta(seconds=1)
    table = TABLES[0].id
    failed = "INSERT INTO ops.failures VALUES ('r', ?, ?, ?, ?, ?)"
    query(failed, [SOURCE, table, later, "load", "schema_drift"])
    query(failed, [SOURCE, table, later, "backfill", "other"])
    drift = "INSERT INTO ops.drift VALUES ('r', ?, ?, ?, ?, 'text')"
    query(drift, [SOURCE, table, later, "lost_column"])
    query(drift, [SOURCE, table, newest - timedelta(days=1), "new_column"])
    found = gauges()
    assert named(found, "source_up") == {(SOURCE,): 1}
    assert len(named(found, "load_failed")) == 1
    assert len(named(found, "backfill_failed")) == 1
    (change,) = named(found, "schema_drift")
    assert "lost_column" in change, "of the newest attempt alone"
    query("UPDATE ops.loads SET loaded_at = ?", [later + timedelta(seconds=1)])
    found = gauges()
    assert named(found, "load_failed") == {} and named(found, "schema_drift") == {}
    assert len(named(found, "backfill_failed")) == 1, "no load mends it"


def of_day(incremental=True, temporal=True, merges=True, overlap=0):
    return SimpleNamespace(
        incremental=incremental, temporal=temporal, merges=merges, overlap=overlap
    )


NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOURLY = source_metrics.Loads(
    newest=NOW, before=NOW - timedelta(days=1), count=24, rows=4800, most=300,
    low="2026-03-01 10:00:00",
)  # fmt: skip


@pytest.mark.parametrize(
    ("table", "loads", "rows"),
    [
        (of_day(), HOURLY, 4800),
        (
            of_day(overlap=3600),
            HOURLY,
            4800 * 25 / 49,
        ),  # an hour of 24 is read twice, and 1 h before
        (of_day(merges=False), HOURLY, 300),
        (of_day(temporal=False, overlap=100), HOURLY, 2400),
        (of_day(), source_metrics.Loads(NOW, None, None, NOW - timedelta(days=4), 1, 80), 20),
        (of_day(), source_metrics.Loads(newest=NOW, count=3, rows=80), None),
        (of_day(incremental=False), HOURLY, None),
    ],
)
def test_rows_of_a_day_are_counted_once(table, loads, rows):
    found = source_metrics.rows_per_day(table, loads, NOW)
    assert found == (None if rows is None else pytest.approx(rows))


STAGING = read_checks()["staging"][0]
MODEL = STAGING["model"]


@pytest.fixture
def dbt(place):
    """Make a function that writes what dbt would have written of a run: statuses of tests and of models."""
    begin = datetime.now(UTC)

    def wrote(minute, tests=(), models=(), declared=None):
        moment = (begin + timedelta(minutes=minute)).isoformat()
        timing = [{"name": "execute", "started_at": moment, "completed_at": moment}]
        results = [
            {
                "unique_id": f"test.x.{name}.0a1b",
                "status": status,
                "failures": rows,
                "timing": timing,
            }
            for name, (status, rows) in dict(tests).items()
        ]
        results += [
            {"unique_id": f"model.x.{name}", "status": status, "failures": None, "timing": timing}
            for name, status in dict(models).items()
        ]
        nodes = {
            f"test.x.{name}.0a1b": {
                "name": name, "attached_node": f"model.x.{MODEL}", "depends_on": {"nodes": []},
            }
            for name in (dict(tests) if declared is None else declared)
        }  # fmt: skip
        fresh = {
            "unique_id": f"source.x.{SOURCE}.{TABLES[0].id}",
            "status": "error",
            "timing": timing,
        }
        target = place / "transform" / "target" / "demo"
        target.mkdir(parents=True, exist_ok=True)
        written = {"metadata": {"generated_at": moment}}
        for name, content in (
            ("run_results", written | {"results": results}),
            ("sources", written | {"results": [fresh]}),
            ("manifest", {"nodes": nodes}),
        ):
            (target / f"{name}.json").write_text(json.dumps(content))

    return wrote


def test_the_newest_status_of_each_test_is_told(dbt, gauges):
    dbt(
        0, {"sums": ("fail", 7), "keys": ("pass", 0), "odd": ("warn", 2), "broken": ("error", None)}
    )
    found = gauges("--transform")
    statuses = {status: value for (status,), value in named(found, "checks").items()}
    assert statuses == {"pass": 1, "warn": 1, "fail": 1, "error": 1, "skipped": 0}
    failed = {"sums": (7, "error"), "odd": (2, "warn"), "broken": (1, "error")}
    assert named(found, "check_failed") == {
        (name, MODEL, severity): rows for name, (rows, severity) in failed.items()
    }
    dbt(1, {"sums": ("pass", 0), "odd": ("pass", 0)}, declared=["sums", "odd", "keys"])
    found = gauges("--transform")
    assert named(found, "check_failed") == {}, "the others passed, and one is declared no more"
    assert found["checks", "pass"] == 3


def test_a_result_is_kept_once(dbt, load, run, query, monkeypatch):
    load(SOURCE)
    with ledger.open_warehouse() as db:
        reconcile.keep(db, landing.landed(db, SOURCE), "test")
    dbt(0, {"sums": ("fail", 7)}, {MODEL: "success"})
    monkeypatch.setenv("PIPELINE_RUN_ID", "first")
    for _ in range(2):
        for what in (SOURCE, "--transform", "--audit"):
            assert run(observe.main, what) == 0
        kinds = "SELECT kind, count(*) FROM ops.checks GROUP BY 1 ORDER BY 1"
        assert query(kinds) == [
            ("build", 1), ("dbt", 1), ("freshness", 1),
            ("load", len(TABLES)), ("reconciliation", len(TABLES)),
        ]  # fmt: skip
        monkeypatch.setenv("PIPELINE_RUN_ID", "second")
    row = 'SELECT run_id, name, source, "table", status, failures FROM ops.checks WHERE kind = ?'
    assert query(row, ["dbt"]) == [("first", "sums", STAGING["source"], MODEL, "fail", 7)]
    name = f"{SOURCE}.{TABLES[0].id}"
    assert query(row, ["freshness"]) == [("first", name, SOURCE, TABLES[0].id, "error", None)]
    dbt(1, {"sums": ("fail", 7)})
    assert run(observe.main, "--transform") == 0
    assert query(HISTORY + " WHERE kind = 'dbt'") == [(2,)], "the same again is another result"


def test_readers_see_what_was_landed_before_the_build(dbt, load, gauges, query):
    for source_id in declaration.source_ids():
        load(source_id)
    checks = read_checks()
    marts = [mart["mart"] for mart in checks["marts"] if mart["staging"] == MODEL]
    built = dict.fromkeys([MODEL, *marts], "success")
    labels = (STAGING["source"], STAGING["table"])
    assert named(gauges("--transform"), "published_timestamp_seconds") == {}, "nothing is built"
    dbt(1, models=built)
    newest = gauges("--transform")["published_timestamp_seconds", *labels]
    first = query('SELECT loaded_at FROM ops.loads WHERE source = ? AND "table" = ?', labels)
    assert newest == pytest.approx(first[0][0].timestamp(), abs=1e-3)
    query(
        "INSERT INTO ops.loads SELECT * REPLACE (loaded_at + INTERVAL 5 MINUTE AS loaded_at) FROM ops.loads"
    )
    assert gauges("--transform")["published_timestamp_seconds", *labels] == newest
    dbt(9, models=dict.fromkeys(built, "error"))
    assert gauges("--transform")["published_timestamp_seconds", *labels] == newest
    dbt(10, models=built)
    later = gauges("--transform")["published_timestamp_seconds", *labels]
    assert later == pytest.approx(newest + 300, abs=1e-3)


@contextmanager
def gateway(status=200):
    """What a Pushgateway is asked: (method, path, login, text) of each request."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked.append((self.command, self.path, self.headers["Authorization"], text))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_PUT = do_POST = answer

        def log_message(self, *given):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    running = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    running.start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        server.server_close()
        running.join()


def test_a_dags_group_is_replaced_as_a_whole(load, run, monkeypatch):
    load(SOURCE)
    checks = read_checks()
    dags = {SOURCE: checks["dags"]["sources"][SOURCE]}
    dags |= {f"--{one}": checks["dags"][one] for one in ("transform", "audit")}
    with gateway() as (port, asked):
        assert run(observe.main, SOURCE) == 0 and asked == [], "it is not said where to"
        monkeypatch.setenv("PUSHGATEWAY_URL", f"http://user:{quote(WORD)}@127.0.0.1:{port}/push")
        for what in dags:
            assert run(observe.main, what) == 0
    for (method, path, login, text), dag_id in zip(asked, dags.values(), strict=True):
        assert method == "PUT"
        at, *group = path.removeprefix("/push/metrics/").split("/")[1:]
        assert at == "pipeline"
        pairs = set(zip(group[::2], group[1::2], strict=True))
        assert pairs == {("pipeline", checks["pipeline"]), ("dag_id", dag_id)}
        assert base64.b64decode(login.removeprefix("Basic ")) == f"user:{WORD}".encode()
        assert 'pipeline_observed_timestamp_seconds{environment="demo"}' in text


@pytest.mark.parametrize("answers", [True, False])
def test_what_could_not_be_sent_is_said_without_the_address(
    run, place, monkeypatch, capsys, answers
):
    with gateway(500) as (port, asked):
        url = f"http://user:{quote(WORD)}@127.0.0.1:{port if answers else 1}"
        monkeypatch.setenv("PUSHGATEWAY_URL", url)
        assert run(observe.main, "--transform") == 1
    said = capsys.readouterr().err
    assert said.startswith("observe: nothing was sent to PUSHGATEWAY_URL: ")
    assert len(said.splitlines()) == 1 and len(asked) == answers
    assert WORD not in said and quote(WORD) not in said and "127.0.0.1" not in said


def test_the_disks_are_told_where_the_warehouse_cannot_be_opened(run, place, monkeypatch, capsys):
    (place / "data").mkdir()
    (place / "data" / "demo.duckdb").write_text("no warehouse")
    with gateway() as (port, asked):
        monkeypatch.setenv("PUSHGATEWAY_URL", f"http://127.0.0.1:{port}")
        assert run(observe.main, SOURCE) == 1
    assert "cannot open the warehouse" in capsys.readouterr().err
    ((method, _, _, text),) = asked
    assert method == "POST", "what is known of the tables stays, and grows old"
    assert named(read(text), "disk_free_bytes").keys() == {("work",), ("warehouse",)}
    assert "pipeline_source_up" not in text


def test_a_file_that_dbt_did_not_finish_is_named(run, place, capsys):
    target = place / "transform" / "target" / "demo"
    target.mkdir(parents=True)
    (target / "run_results.json").write_text('{"results": [')
    assert run(observe.main, "--transform") == 1
    assert "run_results.json is no whole JSON" in capsys.readouterr().err
    assert dbt_results.tests() == {}


def test_a_source_that_is_none_is_refused(run, place):
    with pytest.raises(SystemExit) as wrong:
        run(observe.main, "nowhere")
    assert wrong.value.code == 2


def test_results_are_read_where_dbt_writes_them(dbt, place, gauges, monkeypatch):
    dbt(0, {"sums": ("fail", 7)})
    (place / "transform" / "target" / "demo").rename(place / "there")
    monkeypatch.setenv("DBT_TARGET_PATH", str(place / "there"))
    assert gauges("--transform")["checks", "fail"] == 1
