"""Incremental loads of a database: marks and overlaps, deletes, windows, personal data, quarantine, by every `write`."""

import json
import sqlite3
import sys
from datetime import date, datetime

import pytest

from ingest import backfill, declaration, ledger, replay, sources, treat
from ingest.declaration import LoadError, MassDelete
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
    with pytest.raises(MassDelete, match=r"300 of 1,000 rows.*20%.*--allow-deletes"):
        load(**pattern)
    database.execute("DELETE FROM t")
    for way in (
        pattern,
        {"load": "full", "write": "replace"},
        {"load": "full", "write": "merge", "deletes": "soft"},
    ):
        with pytest.raises(MassDelete, match="would delete 1,000 of 1,000 rows"):
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
    with pytest.raises(LoadError, match="would delete 1 of 1 rows"):
        load(Asked("2026-01-01", "2026-01-02"), **pattern)
    load(Asked("2026-01-01", "2026-01-02", allow_deletes=True), **pattern)
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


@pytest.mark.parametrize("kind", ["TIMESTAMP", "BIGINT"])
def test_a_bad_row_that_is_not_read_again_stays_in_quarantine(database, load, query, kind):
    """It has no rowid to be asked for by, and no day where the watermark is a number."""
    database.execute("DROP TABLE t")
    database.execute(
        'CREATE TABLE t (id INTEGER PRIMARY KEY, n, "at" NUMERIC) WITHOUT ROWID'
        if kind == "BIGINT"
        else 'CREATE TABLE t (id INTEGER PRIMARY KEY, n, "at" TEXT) WITHOUT ROWID'
    )
    marks = (10, 20) if kind == "BIGINT" else ("2026-01-01 10:00:00", "2026-01-03 10:00:00")
    put(database, (1, "1.5", marks[0]), (2, "2.5", marks[1]), (3, 3, marks[1]))
    pattern = {"types": columns(id="BIGINT!", n="BIGINT", at=kind), "overlap": 5}
    for more in ({}, {"key": [], "write": "partition-overwrite"}):
        for _ in range(3):
            load(**pattern, **more)
            found = query("SELECT count(*), count(DISTINCT raw) FROM ops.quarantine")
            assert found == [(2, 2)], "neither lost nor doubled"


def test_a_column_that_is_declared_no_more_leaves(database, load, query):
    put(database, (1, 1, "2026-01-01 10:00:00"), (2, 2, "2026-01-03 10:00:00"))
    load()
    fewer = {name: kind for name, kind in columns(**TYPES).items() if name != "n"}
    assert load(types=fewer).window[0] is not None, "nothing is missing, so nothing is read anew"
    assert query("SELECT * EXCLUDE (_loaded_at) FROM raw_made_up.t WHERE id = 1") == [
        (1, datetime(2026, 1, 1, 10))
    ]
    assert load().window == (None, None), "a column that came back is read from the start"
    assert query(RAW) == [(1, 1), (2, 2)]


@pytest.mark.parametrize("treatment", ["mask", "tokenise"])
@pytest.mark.parametrize(
    "pattern",
    [{}, {"load": "full", "deletes": "soft"}, {"key": [], "write": "partition-overwrite"}],
)
def test_what_becomes_personal_is_treated_where_it_landed(
    database, load, query, treatment, pattern
):
    types = columns(id="BIGINT!", n="VARCHAR", at="TIMESTAMP")
    put(
        database,
        (1, "ada@example.com", "2026-01-01 10:00:00"),
        (2, "eve@example.com", "2026-01-03 10:00:00"),
        (3, "bob@example.com", "2026-01-02 10:00:00"),
        (4, "joe@example.com", "no time"),
    )
    load(types=types, **pattern)
    database.execute("DELETE FROM t WHERE id = 3")
    types["n"]["treatment"] = treatment
    declared = {"load": "watermark", "write": "merge", "key": ["id"], "watermark": "at", **pattern}
    (changed,) = declaration.parse(document("sqlite", t=table("t", types, **declared))).tables
    with pytest.raises(LoadError, match="load the table first"):
        replay.replay(changed)
    load(types=types, **pattern)
    assert "@" not in str(query("SELECT n FROM raw_made_up.t UNION SELECT raw FROM ops.quarantine"))
    assert load(types=types, **pattern).retreated is False


def test_the_guard_watches_windows_too(database, load, query):
    pattern = {"write": "partition-overwrite", "key": []}
    put(database, *((n, n, f"2026-01-0{1 + n % 2 * 4} 00:00:00") for n in range(1000)))
    load(**pattern)
    database.execute("DELETE FROM t")
    for asked in (Asked("2026-01-01", "2026-01-02"), None):
        with pytest.raises(LoadError, match="would delete 500 of 500 rows"):
            load(asked, **pattern)
    assert query("SELECT count(*) FROM raw_made_up.t") == [(1000,)]
    load(Asked("2026-01-01", "2026-01-02", allow_deletes=True), **pattern)
    assert query("SELECT count(*) FROM raw_made_up.t") == [(500,)]


def test_keys_are_compared_where_no_row_has_a_watermark(database, load, query):
    put(database, (1, 1, None), (2, 2, None))
    load(load="watermark-keys")
    database.execute("DELETE FROM t WHERE id = 1")
    assert load(load="watermark-keys").rows_deleted == 1
    assert query(RAW) == [(2, 2)]


@pytest.mark.parametrize(("mark", "low"), [("12.50", "7.50"), (12.5, 7.5), ("12", "7"), (12, 7)])
def test_the_overlap_of_a_number(mark, low):
    types = columns(id="BIGINT!", at="DECIMAL(10,2)")
    declared = table("t", types, load="watermark", key=["id"], watermark="at", overlap=5)
    (numbered,) = declaration.parse(document("sqlite", t=declared)).tables
    assert sources.overlapped(numbered, mark) == low


def test_a_window_with_an_offset_forgets_no_other_day_of_quarantine(database, load, query):
    types = columns(id="BIGINT!", n="BIGINT", at="TIMESTAMPTZ")
    put(database, (1, "x", "2026-01-02 01:00:00+00:00"), (2, 2, "2026-01-05 01:00:00+00:00"))
    load(types=types, overlap=0)
    load(Asked("2026-01-01T22:00:00-05:00", "2026-01-04"), types=types)
    assert query('SELECT "key" FROM ops.quarantine') == [('["1"]',)]


@pytest.mark.parametrize("newest", ["2026-01-02 10:00:00", "2999-01-01 00:00:00"])
def test_a_text_that_is_no_time_hides_nothing(database, load, query, newest):
    put(database, (1, 1, "2026-01-01 10:00:00"), (2, 2, "never"), (3, 3, newest))
    load()
    put(database, (4, 4, "2026-01-02 12:00:00"))
    load()
    assert query(RAW) == [(1, 1), (3, 3), (4, 4)]


def test_a_backfill_that_failed_is_written_down(
    database, made_up, query, place, monkeypatch, capsys
):
    declared = {
        name: table(
            name, columns(**TYPES), load="watermark", write="merge", key=["id"], watermark="at"
        )
        for name in ("t", "u")
    }
    (place / "ingest" / "made_up.json").write_text(json.dumps(document("sqlite", **declared)))
    database.execute("CREATE TABLE u (id INTEGER, n)")  # and no watermark
    put(database, (1, 1, "2026-01-01 10:00:00"))
    window = ["made_up", "--from", "2026-01-01", "--to", "2026-01-03"]
    failed = 'SELECT "table", what, reason FROM ops.failures ORDER BY 1'
    path = made_up.files / "made_up.sqlite"
    away = path.rename(place / "away")
    monkeypatch.setattr(sys, "argv", ["backfill", *window])
    assert backfill.main() == 1
    assert query(failed) == [], "only looked at"
    monkeypatch.setattr(sys, "argv", ["backfill", *window, "--yes"])
    assert backfill.main() == 1
    down = [("t", "backfill", "source_down"), ("u", "backfill", "source_down")]
    assert query(failed) == down
    away.rename(path)
    query("DELETE FROM ops.failures")
    monkeypatch.setattr(backfill, "_preview", lambda *given: None)
    assert backfill.main() == 1
    assert query(failed) == [("u", "backfill", "schema_drift")], "t is loaded"
    assert query("SELECT kind FROM ops.loads") == [("backfill",)] * 2
    with ledger.open_warehouse() as db:
        ledger.forget(db, declaration.read("made_up").table("u"))
    assert query(failed) == [], "loaded from nothing, it needs no backfill"
    capsys.readouterr()
