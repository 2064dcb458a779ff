"""Incremental loads of a database: marks and overlaps, deletes, windows, personal data, quarantine, by every `write`."""

import sqlite3
from datetime import date, datetime

import pytest

from ingest import ledger, replay, treat
from ingest.declaration import LoadError
from ingest.extract import Asked
from tests.ingest.conftest import columns, document, table

TYPES = {"id": "BIGINT!", "n": "BIGINT", "at": "TIMESTAMP"}
RAW = "SELECT id, n FROM raw_made_up.t ORDER BY id"


@pytest.fixture
def database(made_up):
    connection = sqlite3.connect(made_up.files / "made_up.sqlite", isolation_level=None)
    connection.execute('CREATE TABLE t (id INTEGER, n, "at" TEXT)')
    yield connection
    connection.close()


@pytest.fixture
def load(made_up):
    """Make a function that loads the table `t` by a pattern and gives its outcome."""

    def run(asked=None, types=None, **pattern):
        declared = {"load": "watermark", "write": "merge", "overlap": 3600, **pattern}
        declared = {"key": ["id"], "watermark": "at", **declared}
        return made_up(
            "sqlite", asked, t=table("t", types or columns(**TYPES), **declared)
        ).outcomes[0]

    return run


def put(database, *rows):
    database.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)


def test_a_row_that_is_late_within_the_overlap_is_read(database, load, query):
    put(database, (1, 1, "2026-01-01 10:00:00"), (2, 2, "2026-01-01 12:00:00"))
    assert load().rows_landed == 2
    put(database, (3, 3, "2026-01-01 11:00:00"), (4, 4, "2026-01-01 10:59:59"))
    assert load().rows_read == 2, "from an hour before the mark on, that moment included"
    assert query(RAW) == [(1, 1), (2, 2), (3, 3)]
    assert load(Asked("2026-01-01", "2026-01-02")).rows_landed == 4
    assert query(RAW) == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert load().window[0] == "2026-01-01 11:00:00", "a backfill leaves the mark alone"


def test_a_row_from_the_future_hides_nothing(database, load, query):
    put(database, (1, 1, "2026-01-01 10:00:00"), (2, 2, "2999-01-01 00:00:00"))
    load()
    put(database, (3, 3, "2026-01-01 10:30:00"))
    load()
    assert query(RAW) == [(1, 1), (2, 2), (3, 3)]


@pytest.mark.parametrize("deletes", ["hard", "soft"])
def test_keys_are_compared(database, load, query, deletes):
    pattern = {"load": "watermark-keys", "deletes": deletes}
    put(database, *((n, n, f"2026-01-{n:02} 00:00:00") for n in range(1, 21)))
    load(**pattern)
    database.execute("DELETE FROM t WHERE id IN (1, 2)")
    put(database, (30, 30, "2026-01-01 00:00:00"))
    done = load(**pattern)
    assert (done.rows_deleted, done.rows_read) == (2, 2), (
        "the newest row again, and the missing one"
    )
    alive = "WHERE _deleted_at IS NULL" if deletes == "soft" else ""
    kept = [n for (n,) in query(f"SELECT id FROM raw_made_up.t {alive} ORDER BY id")]
    assert kept == [*range(3, 21), 30]
    assert query("SELECT count(*) FROM raw_made_up.t") == [(21 if deletes == "soft" else 19,)]
    put(database, (1, 100, "2026-01-01 00:00:00"))
    load(**pattern)
    assert (1, 100) in query(f"SELECT id, n FROM raw_made_up.t {alive}"), "a row that came back"
    measures = query(
        "SELECT part, value FROM ops.source_measures WHERE \"column\" IS NULL AND what = 'source'"
    )
    assert sorted(measures) == [("2026-01-01", "1"), ("2026-01-20", "1")]


def test_the_guard_stops_a_mass_delete(database, load, query):
    pattern = {"load": "watermark-keys"}
    put(database, *((n, n, "2026-01-01 00:00:00") for n in range(1000)))
    load(**pattern)
    database.execute("DELETE FROM t WHERE id < 300")
    with pytest.raises(LoadError, match=r"300 of 1,000 rows.*20%.*--allow-deletes"):
        load(**pattern)
    database.execute("DELETE FROM t")
    for way in (
        pattern,
        {"load": "full", "write": "replace"},
        {"load": "full", "write": "merge", "deletes": "soft"},
    ):
        with pytest.raises(LoadError, match="would delete 1,000 of 1,000 rows"):
            load(**way)
        assert query("SELECT count(*) FROM raw_made_up.t") == [(1000,)]
    put(database, (1, 1, "2026-01-01 00:00:00"))
    load(Asked(allow_deletes=True), **pattern)
    assert query(RAW) == [(1, 1)]


def test_full_reads_mark_what_is_gone(database, load, query):
    pattern = {"load": "full", "write": "merge", "deletes": "soft"}
    put(database, (1, 1, "2026-01-01"), (2, 2, "2026-01-01"), (3, 3, None))
    load(**pattern)
    database.execute("DELETE FROM t WHERE id = 2")
    assert load(**pattern).rows_deleted == 1
    gone = "SELECT id, _deleted_at = _loaded_at FROM raw_made_up.t WHERE _deleted_at IS NOT NULL"
    assert query(gone) == [(2, True)]
    assert load(**pattern).rows_deleted == 0


def test_whole_days_are_overwritten_where_there_is_no_key(database, load, query):
    pattern = {"write": "partition-overwrite", "key": []}
    put(
        database,
        (1, 1, "2026-01-01 09:00:00"),
        (2, 2, "2026-01-02 10:00:00"),
        (2, 2, "2026-01-02 10:00:00"),
    )
    load(**pattern)
    database.execute("DELETE FROM t WHERE id = 1")
    put(database, (3, 3, "2026-01-02 01:00:00"))
    load(**pattern)
    assert query(RAW) == [(1, 1), (2, 2), (2, 2), (3, 3)], (
        "the day of the mark was read again, no other"
    )
    load(Asked("2026-01-01", "2026-01-02"), **pattern)
    assert query(RAW) == [(2, 2), (2, 2), (3, 3)]


def test_a_key_twice_at_the_source_lands_once(database, load, query):
    put(database, (1, 1, "2026-01-01 10:00:00"), (1, 2, "2026-01-01 11:00:00"))
    done = load()
    assert (done.rows_read, done.rows_landed, done.rows_superseded) == (2, 1, 1)
    assert query(RAW) == [(1, 2)]
    assert query(
        "SELECT \"column\", value FROM ops.source_measures WHERE what = 'superseded' ORDER BY 1"
    ) == [
        ("id", "1"),
        ("n", "1"),
        (None, "1"),
    ]


def test_quarantine_and_replay(database, load, query, monkeypatch, made_up):
    put(
        database,
        (1, "1.5", "2026-01-01 10:00:00"),
        (2, 2, "2026-01-03 10:00:00"),
        (None, 3, "2026-01-03 10:00:00"),
    )
    assert load().rows_quarantined == 2
    load()
    found = query('SELECT "key", "window", reason FROM ops.quarantine ORDER BY reason')
    assert found == [
        (None, "2026-01-03", "id: is null"),
        ('["1"]', "2026-01-01", "n: not a BIGINT"),
    ]
    from ingest import declaration

    wider = columns(**{**TYPES, "n": "DOUBLE"})
    declared = table("t", wider, load="watermark", write="merge", key=["id"], watermark="at")
    (mended,) = declaration.parse(document("sqlite", t=declared)).tables
    with ledger.open_warehouse() as db, db.transaction():
        ledger.retype(db, mended)
    assert replay.replay(mended).endswith("2 in quarantine, 1 landed, 1 stay")
    assert query(RAW) == [(1, 1.5), (2, 2.0)]
    assert query("SELECT kind, rows_landed FROM ops.loads ORDER BY loaded_at DESC LIMIT 1") == [
        ("replay", 1)
    ]


def test_personal_data_lands_nowhere(database, load, query, place, monkeypatch):
    def declared():
        types = columns(id="BIGINT!", n="VARCHAR", at="TIMESTAMP")
        types["n"]["treatment"] = "tokenise"
        return types

    put(
        database,
        (1, "ada@example.com", "2026-01-01 10:00:00"),
        (2, "ada@example.com", "2026-01-01 10:00:00"),
    )
    put(database, (3, "eve@example.com", "never"), (4, None, "2026-01-01 10:00:00"))
    load(types=declared())
    (first, second, none) = [n for (n,) in query("SELECT n FROM raw_made_up.t ORDER BY id")]
    assert first == second and first.startswith("tok_") and len(first) == 36 and none is None
    assert query("SELECT reason FROM ops.quarantine") == [("at: not a TIMESTAMP",)]
    (raw,) = query("SELECT raw FROM ops.quarantine")
    assert '"n":"tok_' in raw[0]
    monkeypatch.setenv(treat.KEY, "a wholly different key")
    load(types=declared())
    (changed, same, _) = [n for (n,) in query("SELECT n FROM raw_made_up.t ORDER BY id")]
    assert changed == same != first, "all rows have tokens of the new key, old ones too"
    for path in place.rglob("*"):
        if path.is_file() and path.suffix != ".sqlite":
            assert b"ada@example.com" not in path.read_bytes(), path


def test_a_short_or_missing_token_key_is_refused(database, load, monkeypatch):
    types = columns(**TYPES)
    types["n"] = {**types["n"], "type": "VARCHAR", "treatment": "tokenise"}
    monkeypatch.setenv(treat.KEY, "short")
    with pytest.raises(LoadError, match="at least 16 characters"):
        load(types=types)


def test_windows_are_utc_days(database, load, query):
    put(database, (1, 1, "2024-02-29 23:30:00-05:00"), (2, 2, "2024-03-01 01:00:00+02:00"))
    load(types=columns(id="BIGINT!", n="BIGINT", at="TIMESTAMPTZ"))
    parts = 'SELECT part, value FROM ops.source_measures WHERE "column" IS NULL ORDER BY 1'
    assert query(parts) == [("2024-02-29", "1"), ("2024-03-01", "1")]
    assert query(
        "SELECT count(*) FROM raw_made_up.t WHERE \"at\" >= TIMESTAMPTZ '2024-03-01 00:00:00Z'"
    ) == [(1,)]


def test_stamps_grow_even_when_the_clock_is_set_back(database, load, query):
    put(database, (1, 1, "2026-01-01 10:00:00"))
    load()
    query("UPDATE ops.loads SET loaded_at = TIMESTAMPTZ '2999-01-01 00:00:00Z'")
    load()
    (stamp,) = query("SELECT max(_loaded_at) FROM raw_made_up.t")[0]
    assert stamp.date() == date(2999, 1, 1) and stamp.replace(tzinfo=None) > datetime(2999, 1, 1)
