"""SQLite, where any value may be in any column."""

import sqlite3
from decimal import Decimal

import pytest

from ingest.declaration import LoadError, SchemaDrift, SourceDown
from tests.ingest.conftest import columns, table


@pytest.fixture
def database(made_up):
    connection = sqlite3.connect(made_up.files / "made_up.sqlite", isolation_level=None)
    yield connection
    connection.close()


def test_every_value_is_kept_or_quarantined(made_up, database, query):
    database.execute("CREATE TABLE t (i INTEGER, d NUMERIC, f REAL, s TEXT, b BLOB)")
    good = [
        (2**53 + 1, 1.1, 0.1, "é", b"\x00"),
        (-1, 5, 2, 7, None),
        (3.0, "2.50", None, "x", b"y"),
        (4, 0.1 + 0.2, 1.5, None, b""),
    ]
    bad = [("x", 1, 1, "a", None), (1.5, 1, 1, "a", None), (1, 0.123, 1, "a", None)]
    bad += [(1, 1, "text", "a", None), (1, 1, 1, b"\xff", None)]
    database.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", good + bad)
    declared = columns(i="BIGINT", d="DECIMAL(18,2)", f="DOUBLE", s="VARCHAR", b="BLOB")
    (outcome,) = made_up("sqlite", t=table("t", declared)).outcomes
    assert query("SELECT i, d, f, s, b FROM raw_made_up.t") == [
        (2**53 + 1, Decimal("1.10"), 0.1, "é", b"\x00"),
        (-1, Decimal("5.00"), 2.0, "7", None),
        (3, Decimal("2.50"), None, "x", b"y"),
        (4, Decimal("0.30"), 1.5, None, b""),
    ]
    assert query("SELECT line, reason FROM ops.quarantine ORDER BY line") == [
        (5, "i: not a BIGINT"),
        (6, "i: not a BIGINT"),
        (7, "d: not a DECIMAL(18,2)"),
        (8, "f: not a DOUBLE"),
        (9, "s: not a VARCHAR"),
    ]
    assert outcome.parts[0].measure.sums["i"].value == 2**53 + 1 - 1 + 3 + 4 + 1 + 1 + 1


def test_append_reads_on_from_the_mark(made_up, database, query):
    def load():
        declared = columns(id="BIGINT!", n="BIGINT", at="TIMESTAMP")
        declared = table("t", declared, load="append", write="merge", key=["id"], watermark="at")
        return made_up("sqlite", t=declared).outcomes[0]

    database.execute('CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, "at" TEXT)')
    database.execute(
        "INSERT INTO t VALUES (1, 1, '2026-01-01'), (2, 'x', '2026-01-01'), (3, 3, '2026-01-02')"
    )
    assert load().rows_landed == 2
    database.execute("INSERT INTO t VALUES (4, 4, '2026-01-02'), (5, 5, '2026-01-03')")
    database.execute("UPDATE t SET n = 2 WHERE id = 2")
    database.execute("UPDATE t SET n = 30, \"at\" = '2026-01-04' WHERE id = 3")
    assert load().rows_read == 4, "the quarantined row, those at the mark, and new ones"
    expected = [(1, 1), (2, 2), (3, 30), (4, 4), (5, 5)]
    assert query("SELECT id, n FROM raw_made_up.t ORDER BY id") == expected
    assert query("SELECT count(*) FROM ops.quarantine") == [(0,)]


def test_missing_database_table_and_column_are_named(made_up, database):
    declared = table("gone", columns(a="BIGINT"))
    with pytest.raises(LoadError, match="no table 'gone'"):
        made_up("sqlite", t=declared)
    database.execute("CREATE TABLE gone (b)")
    with pytest.raises(SchemaDrift, match="no column 'a'"):
        made_up("sqlite", t=declared)
    path = made_up.files / "made_up.sqlite"
    path.write_bytes(b"no database at all, but as long as a page" * 99)
    with pytest.raises(SourceDown, match="cannot read"):
        made_up("sqlite", t=declared)
    path.unlink()
    with pytest.raises(SourceDown, match="MADE_UP_PATH"):
        made_up("sqlite", t=declared)


def test_a_table_without_rowid_and_a_view(made_up, database, query):
    database.execute("CREATE TABLE t (a TEXT PRIMARY KEY, n INTEGER) WITHOUT ROWID")
    database.execute("INSERT INTO t VALUES ('x', 1), ('y', 'bad')")
    database.execute("CREATE VIEW v AS SELECT * FROM t")
    declared = columns(a="VARCHAR!", n="BIGINT")
    made_up("sqlite", t=table("t", declared, key=["a"]), v=table("v", declared))
    assert (
        query("SELECT a, n FROM raw_made_up.t UNION ALL SELECT a, n FROM raw_made_up.v")
        == [("x", 1)] * 2
    )
    assert query("SELECT line FROM ops.quarantine") == [(None,)] * 2
