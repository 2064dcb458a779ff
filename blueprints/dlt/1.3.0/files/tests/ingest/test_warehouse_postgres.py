"""PostgreSQL as the warehouse: what its indexes, views, readers and messages do to a load."""

import sqlite3
from datetime import datetime

import pytest

from drill import server
from ingest.declaration import LoadError
from tests.ingest.conftest import columns, table

pytestmark = pytest.mark.skipif(server.missing() is not None, reason=str(server.missing()))

SQLITE = columns(id="BIGINT!", n="BIGINT", at="TIMESTAMP")


@pytest.fixture(scope="module")
def postgres():
    with server.throw_away_postgres() as running:
        yield running


@pytest.fixture
def in_postgres(postgres, made_up, monkeypatch):
    """The warehouse is PostgreSQL too; gives what loads the SQLite table `t` into it, and the table's database."""
    postgres.make_database("warehouse")
    for name, value in {
        "KIND": "postgres",
        "HOST": postgres.host,
        "PORT": str(postgres.port),
        "DATABASE": "warehouse",
        "USER": server.ADMIN,
        "PASSWORD": postgres.passwords[server.ADMIN],
        "WAIT_SECONDS": "2",
    }.items():
        monkeypatch.setenv(f"WAREHOUSE_{name}", value)
    connection = sqlite3.connect(made_up.files / "made_up.sqlite", isolation_level=None)
    connection.execute('CREATE TABLE t (id INTEGER, n, "at" TEXT)')

    def run(declared=SQLITE, **pattern):
        pattern = {
            "load": "watermark",
            "write": "merge",
            "key": ["id"],
            "watermark": "at",
            **pattern,
        }
        return made_up("sqlite", t=table("t", declared, **pattern)).outcomes[0]

    yield run, connection
    connection.close()


def test_another_key_or_none_takes_the_place_of_the_unique_index(in_postgres, query):
    run, source = in_postgres
    source.execute("INSERT INTO t VALUES (1, 1, '2026-01-01 10:00:00')")
    run()
    source.execute("INSERT INTO t VALUES (1, 3, '2026-01-01 10:00:00')")
    run(key=["id", "n"])
    assert query("SELECT n FROM raw_made_up.t ORDER BY n") == [(1,), (3,)]
    source.execute("INSERT INTO t VALUES (1, 3, '2026-01-01 10:00:00')")
    run(key=[], write="partition-overwrite")
    assert query("SELECT n FROM raw_made_up.t ORDER BY n") == [(1,), (3,), (3,)]


def test_columns_change_though_a_view_reads_them(in_postgres, query):
    run, source = in_postgres
    source.execute("INSERT INTO t VALUES (1, 1, '2026-01-01 10:00:00')")
    run()
    for declared in (
        columns(id="BIGINT!", n="DECIMAL(18,2)", at="TIMESTAMP"),
        columns(id="BIGINT!", at="TIMESTAMP"),
    ):
        query("CREATE VIEW public.of_dbt AS SELECT * FROM raw_made_up.t")
        run(declared)
    assert query("SELECT * FROM raw_made_up.t")[0][:2] == (1, datetime(2026, 1, 1, 10))


def test_what_the_server_says_holds_no_value(in_postgres):
    run, source = in_postgres
    source.execute("INSERT INTO t VALUES (1, ?, '2026-01-01 10:00:00')", ["secret\0"])
    with pytest.raises(LoadError, match="the warehouse: .*0x00") as raised:
        run(columns(id="BIGINT!", n="VARCHAR", at="TIMESTAMP"))
    assert "secret" not in str(raised.value)


def test_a_reader_that_does_not_end_stops_the_load_and_nobody_else(in_postgres, postgres):
    run, source = in_postgres
    source.execute("INSERT INTO t VALUES (1, 1, '2026-01-01 10:00:00')")
    run(load="full", write="replace")
    reader = postgres.connect("warehouse")
    reader.autocommit = False
    reader.cursor().execute("SELECT * FROM raw_made_up.t")
    with pytest.raises(LoadError, match="lock timeout"):
        run(load="full", write="replace")
    reader.close()
    assert run(load="full", write="replace").rows_landed == 1
