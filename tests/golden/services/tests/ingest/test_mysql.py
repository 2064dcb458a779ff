"""A real MariaDB server: its types, its transactions, its faults. It is thrown away afterwards."""

import re
import threading
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pymysql
import pytest

from drill import mariadb
from ingest import declaration, mysql, mysql_connection, sources
from ingest.declaration import LoadError, SchemaDrift, SourceDown
from ingest.extract import Asked
from tests.ingest.conftest import columns, document, table

pytestmark = pytest.mark.skipif(mariadb.missing() is not None, reason=str(mariadb.missing()))


@pytest.fixture(scope="module")
def server():
    with mariadb.throw_away_mariadb() as running:
        yield running


@pytest.fixture
def database(server, made_up, monkeypatch):
    """Runs statements as one who may do all; the source itself is read by a user who may only read."""
    server.make_database("made_up")
    connection = server.connect("made_up")
    monkeypatch.setenv("PIPELINE_ENV", "drill")
    monkeypatch.setenv("DRILL_MADE_UP_URL", server.url("made_up"))
    cursor = connection.cursor()

    def run(*statements):
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall()

    run("SET sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00'")
    yield run
    connection.close()


@pytest.fixture
def load(made_up):
    def run(declared, asked=None, **pattern):
        done = made_up("mysql", asked, t=table("t", declared, **pattern))
        run.notes = done.notes
        return done.outcomes[0]

    return run


def typed(**types):
    """Declarations by column: (type at the source, type in the warehouse)."""
    declared = columns(**{name: kind for name, (_, kind) in types.items()})
    for name, (source_type, _) in types.items():
        declared[name]["source_type"] = source_type
    return declared


ZOO = {
    "a": ("tinyint(4)", "BIGINT", "-128", -128),
    "b": ("bigint(20)", "BIGINT", "9007199254740993", 9007199254740993),
    "c": ("bigint(20) unsigned", "DECIMAL(20,0)", "18446744073709551615", Decimal(18446744073709551615)),
    "d": ("int(5) unsigned zerofill", "BIGINT", "7", 7),
    "e": ("float", "DOUBLE", "16777217", 16777216.0),
    "f": ("double", "DOUBLE", "0.1e0 + 0.2e0", 0.30000000000000004),
    "g": ("decimal(10,2)", "DECIMAL(10,2)", "1234.50", Decimal("1234.50")),
    "h": ("decimal(38,18)", "DECIMAL(38,18)", "1.000000000000000001", Decimal("1.000000000000000001")),
    "i": ("tinyint(1)", "BOOLEAN", "true", True),
    "j": ("bit(1)", "BOOLEAN", "b'1'", True),
    "k": ("bit(9)", "BIGINT", "b'100000001'", 257),
    "l": ("varchar(50)", "VARCHAR", "'é \"'' \\\\ 😀'", "é \"' \\ 😀"),
    "m": ("varchar(9)", "VARCHAR", "''", ""),
    "n": ("char(4)", "VARCHAR", "'ab'", "ab"),
    "o": ("longblob", "BLOB", "x'00ff25'", b"\x00\xff%"),
    "p": ("date", "DATE", "'2024-02-29'", date(2024, 2, 29)),
    "q": ("datetime(6)", "TIMESTAMP", "'2024-02-29 23:59:59.123456'", datetime(2024, 2, 29, 23, 59, 59, 123456)),
    "r": ("timestamp", "TIMESTAMPTZ", "'2024-02-29 23:59:59'", datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)),
    "s": ("time(3)", "VARCHAR", "'-838:59:59.5'", "-838:59:59.500"),
    "t": ("year(4)", "BIGINT", "2024", 2024),
    "u": ("longtext", "JSON", "'{\"x\": [1]}'", '{"x": [1]}'),
    "v": ("enum('small','large')", "VARCHAR", "'large'", "large"),
    "w": ("set('a','b')", "VARCHAR", "'a,b'", "a,b"),
    "x": ("uuid", "UUID", "'00000000-0000-0000-0000-000000000001'", "00000000-0000-0000-0000-000000000001"),
    "y": ("point", "VARCHAR", "ST_GeomFromText('POINT(1 2)')", "POINT(1 2)"),
}  # fmt: skip


def test_every_type_arrives_as_it_is(database, load, query):
    made = ", ".join(f"{name} {kind[0]} NULL" for name, kind in ZOO.items())
    database(
        f"CREATE TABLE t (id int PRIMARY KEY, `odd ``%s name` varchar(9) CHARACTER SET latin1, {made})"
    )
    literals = ", ".join(kind[2] for kind in ZOO.values())
    database(f"INSERT INTO t VALUES (1, 'ü%', {literals}), (2, NULL{', NULL' * len(ZOO)})")
    declared = typed(id=("int(11)", "BIGINT!"), **{n: kind[:2] for n, kind in ZOO.items()})
    declared["odd"] = {"from": "odd `%s name", "type": "VARCHAR", "nullable": True}
    done = load(declared, key=["id"])
    assert done.rows_quarantined == 0, done.reasons
    (row, nothing) = query(f"SELECT {', '.join(ZOO)} FROM raw_made_up.t ORDER BY id")
    for (name, kind), value in zip(ZOO.items(), row, strict=True):
        assert (str(value) if name == "x" else value) == kind[3], name
    assert nothing == (None,) * len(ZOO)
    assert query("SELECT odd FROM raw_made_up.t ORDER BY id") == [("ü%",), (None,)]
    sums = done.parts[0].measure.sums
    assert sums["b"].value == 9007199254740993 and sums["h"].value == ZOO["h"][3]
    assert sums["c"].value == 18446744073709551615 and sums["k"].value == 257


def test_a_type_by_another_name_is_the_same(database, load):
    """What versions write differently: the width that a number is shown in, and JSON, which MariaDB keeps as text."""
    database("CREATE TABLE t (id int(7) PRIMARY KEY, y year(4), j json, e enum('a'), d time(6))")
    declared = typed(
        id=("int", "BIGINT!"),
        y=("year", "BIGINT"),
        j=("json", "JSON"),
        e=("enum", "VARCHAR"),
        d=("time", "VARCHAR"),
    )
    load(declared, key=["id"])
    database("ALTER TABLE t MODIFY id int unsigned")
    with pytest.raises(LoadError, match=r"from int to int\(10\) unsigned"):
        load(typed(id=("int", "BIGINT!")), key=["id"])


DATES = typed(id=("int", "BIGINT!"), d=("date", "DATE"), n=("datetime", "TIMESTAMP!"))


@pytest.fixture
def dates(database):
    database(
        "CREATE TABLE t (id int PRIMARY KEY, d date, n datetime NOT NULL)",
        "INSERT INTO t VALUES (1, '2024-01-01', '2024-01-01'), (2, '0000-00-00', '2024-01-01'), "
        "(3, '2024-02-31', '2024-01-01'), (4, '2024-01-01', '0000-00-00'), (5, NULL, '2024-05-06 07:08:09')",
    )
    return database


def test_zero_dates_are_null_and_counted(dates, load, query):
    load(DATES, key=["id"])
    assert query("SELECT id, d FROM raw_made_up.t ORDER BY id") == [
        (1, date(2024, 1, 1)),
        (2, None),
        (5, None),
    ]
    reasons = query('SELECT "key", reason FROM ops.quarantine ORDER BY "key"')
    assert reasons == [('["3"]', "d: not a DATE"), ('["4"]', "n: is null")]
    assert sorted(load.notes) == [
        "t: 1 zero dates in d are read as null",
        "t: 1 zero dates in n are read as null",
    ]


def test_zero_dates_are_set_aside_where_the_declaration_says_so(dates, load, query):
    load(DATES, key=["id"], options={"zero_dates": "quarantine"})
    assert query("SELECT id FROM raw_made_up.t ORDER BY id") == [(1,), (5,)]
    assert load.notes == []


MERGE = {
    "load": "watermark-keys",
    "write": "merge",
    "overlap": 600,
    "key": ["id"],
    "watermark": "at",
}
ROWS = typed(id=("int(11)", "BIGINT!"), n=("int(11)", "BIGINT"), at=("timestamp", "TIMESTAMPTZ"))


@pytest.fixture
def changing(database):
    database(
        "CREATE TABLE t (id int PRIMARY KEY, n int, at timestamp NULL)",
        "INSERT INTO t SELECT seq, seq, '2026-01-01' + INTERVAL seq HOUR FROM seq_1_to_100",
    )
    return database


@pytest.mark.parametrize("kind", ["timestamp", "datetime(6)"])
def test_updates_deletes_late_rows_and_windows(changing, load, query, kind):
    changing(f"ALTER TABLE t MODIFY at {kind} NULL")
    declared = dict(ROWS)
    if kind != "timestamp":
        declared = typed(id=("int", "BIGINT!"), n=("int", "BIGINT"), at=(kind, "TIMESTAMP"))
    assert load(declared, **MERGE).rows_landed == 100
    changing("UPDATE t SET n = 0, at = '2026-01-06' WHERE id = 7", "DELETE FROM t WHERE id = 8")
    changing("UPDATE t SET id = 1000 WHERE id = 9", "INSERT INTO t VALUES (2000, 1, '2026-01-01')")
    changing("INSERT INTO t VALUES (2001, 1, NULL)")
    done = load(declared, **MERGE)
    assert (done.rows_deleted, done.rows_read) == (2, 5)
    found = list(changing("SELECT id, n FROM t ORDER BY id"))
    assert query("SELECT id, n FROM raw_made_up.t ORDER BY id") == found
    part = load(declared, Asked("2026-01-02", "2026-01-03"), **MERGE)
    assert (part.kind, part.rows_read, [p.name for p in part.parts]) == (
        "backfill",
        24,
        ["2026-01-02"],
    )


def test_keys_that_the_database_takes_for_equal_stay_apart(database, load, query):
    """To its collation `a` and `A` are one; to the warehouse they are two, as they are to who reads them."""
    pattern = {**MERGE, "key": ["k", "n"], "deletes": "hard"}
    declared = typed(
        k=("varchar(9)", "VARCHAR!"), n=("bigint(20)", "BIGINT!"), at=("timestamp", "TIMESTAMPTZ")
    )
    big = 9007199254740993
    database(
        "CREATE TABLE t (k varchar(9), n bigint, at timestamp NULL, PRIMARY KEY (k, n))",
        f"INSERT INTO t VALUES ('a', {big}, '2026-01-01'), ('b ', {big - 1}, '2026-01-05')",
    )
    load(declared, **pattern)
    database(
        f"UPDATE t SET k = 'A' WHERE n = {big}", f"INSERT INTO t VALUES ('%s', {big}, '2026-01-02')"
    )
    done = load(declared, **pattern, most_deleted=0.9)
    assert query("SELECT k, n FROM raw_made_up.t ORDER BY k") == [("%s", big), ("A", big), ("b ", big - 1)]  # fmt: skip
    assert done.rows_deleted == 1


@pytest.mark.parametrize("policy", ["null", "quarantine"])
def test_rows_whose_watermark_is_no_date_are_read_each_time(database, load, query, policy):
    """Nothing is doubled and nothing lost, whether whole days are replaced or rows are merged."""
    database(
        "CREATE TABLE t (id int, at datetime NULL)",
        "INSERT INTO t SELECT seq, '2026-01-01' + INTERVAL seq HOUR FROM seq_1_to_48",
        "INSERT INTO t VALUES (100, '0000-00-00'), (101, NULL)",
    )
    declared = typed(id=("int", "BIGINT!"), at=("datetime", "TIMESTAMP"))
    pattern = {"load": "watermark", "write": "partition-overwrite", "overlap": 60, "watermark": "at", "options": {"zero_dates": policy}}  # fmt: skip
    for _ in range(3):
        load(declared, **pattern)
        ((landed,),) = query("SELECT count(*) FROM raw_made_up.t")
        ((held,),) = query("SELECT count(*) FROM ops.quarantine")
        assert (landed, held) == ((50, 0) if policy == "null" else (49, 1))


def test_a_transaction_that_commits_late_is_not_lost(changing, load, query, server, monkeypatch):
    """Its rows are older than the mark by more than the overlap when they become visible."""
    monkeypatch.setenv("DRILL_MADE_UP_URL", server.url("made_up", mariadb.ADMIN))
    other = server.connect("made_up")
    other.begin()
    cursor = other.cursor()
    cursor.execute("UPDATE t SET n = -1, at = now() WHERE id = 1")
    time.sleep(1.1)
    changing("UPDATE t SET at = now() + INTERVAL 2 HOUR WHERE id = 2")
    pattern = {**MERGE, "load": "watermark", "overlap": 1}
    mark = load(ROWS, **pattern).mark
    assert mark is not None and str(mark) < str(datetime.now(UTC)), "no mark in the future"
    other.commit()
    other.close()
    load(ROWS, **pattern)
    assert query("SELECT n FROM raw_made_up.t WHERE id = 1") == [(-1,)]


def test_what_commits_between_two_tables_is_not_seen(changing, server):
    """One state of the database, however long the load takes."""
    source = declaration.parse(document("mysql", t=table("t", ROWS, **MERGE)))
    with sources.open(source) as reader:
        changing("DELETE FROM t WHERE id > 50", "INSERT INTO t VALUES (1000, 1, now())")
        assert reader.total(source.tables[0]).rows == 100
        assert sum(batch.rows.num_rows for batch in reader.read(source.tables[0])) == 100
        mark = datetime.fromisoformat(str(reader.newest(source.tables[0])))
    assert mark < datetime.now(UTC) - timedelta(days=1)


def test_the_session_only_reads(changing, server, monkeypatch):
    monkeypatch.setenv("DRILL_MADE_UP_URL", server.url("made_up", mariadb.ADMIN))
    source = declaration.parse(document("mysql", t=table("t", ROWS, **MERGE)))
    with sources.open(source) as reader, pytest.raises(LoadError, match="READ ONLY"):
        reader._run("DELETE FROM t")


def test_a_changed_type_meets_the_contract(changing, load, query):
    load(ROWS, **MERGE)
    changing(
        "ALTER TABLE t MODIFY n text", "UPDATE t SET n = 'many', at = '2026-02-01' WHERE id = 5"
    )
    with pytest.raises(SchemaDrift, match=r"from int\(11\) to text .*changed_type: freeze"):
        load(ROWS, **MERGE)
    lenient = {"schema_contract": {"changed_type": "discard_row"}}
    assert load(ROWS, **MERGE, **lenient).rows_quarantined == 1
    assert query("SELECT n FROM raw_made_up.t WHERE id = 5") == [(5,)]
    assert query('SELECT "key", reason FROM ops.quarantine') == [('["5"]', "n: not a BIGINT")]
    changing("ALTER TABLE t DROP n")
    with pytest.raises(SchemaDrift, match="no column 'n' .*lost_column: freeze"):
        load(ROWS, **MERGE)


DOWN = ("Access denied", "nowhere", "refused")


def test_faults_are_told_apart_and_keep_the_password(changing, load, server, monkeypatch):
    monkeypatch.setattr(mysql_connection, "_PAUSES", ())
    url, wrong = server.url("made_up"), "not " + server.passwords[mariadb.READER]
    for bad, says in (
        (server.url("made_up", password=wrong), "Access denied"),
        (server.url("nowhere"), "nowhere"),
        (url.replace(f":{server.port}/", ":1/"), "refused"),
        (url.replace("mysql:", "postgresql:"), "holds no address of a database"),
        (url + "?ssl_mode=maybe", "ssl_mode"),
        (url + "?ssl_mode=REQUIRED", "SSL|TLS"),
    ):
        monkeypatch.setenv("DRILL_MADE_UP_URL", bad)
        with pytest.raises(LoadError, match=says) as raised:
            load(ROWS, **MERGE)
        for secret in (wrong, server.passwords[mariadb.READER]):
            assert secret not in str(raised.value)
        assert (raised.type is SourceDown) == (says in DOWN), says
    monkeypatch.setenv("DRILL_MADE_UP_URL", url)
    changing(f"REVOKE SELECT ON made_up.* FROM {mariadb.READER}")
    changing(f"GRANT SELECT (id, at) ON made_up.t TO {mariadb.READER}")
    with pytest.raises(LoadError, match="no column 'n'"):
        load(ROWS, **MERGE)


def test_a_password_is_sent_in_utf8(changing, load, server, monkeypatch):
    for word in ("pä%ß€ /@", "plain"):
        changing(f"ALTER USER {mariadb.READER} IDENTIFIED BY '{word}'")
        monkeypatch.setenv("DRILL_MADE_UP_URL", server.url("made_up", password=word))
        assert load(ROWS, **MERGE).rows_read
    changing(f"ALTER USER {mariadb.READER} IDENTIFIED BY '{server.passwords[mariadb.READER]}'")


def test_what_a_load_itself_does_wrong_is_not_the_server(changing):
    source = declaration.parse(document("mysql", t=table("t", ROWS, **MERGE)))
    with pytest.raises(RuntimeError, match="^its own$"), sources.open(source):
        raise RuntimeError("its own")


def test_a_server_that_is_late_is_waited_for(changing, load, monkeypatch):
    monkeypatch.setattr(mysql_connection, "_PAUSES", (0, 0))
    attempts = []
    connect = pymysql.connect

    def busy(**words):
        attempts.append(words)
        if len(attempts) < 3:
            raise pymysql.OperationalError(1040, "Too many connections")
        return connect(**words)

    monkeypatch.setattr(pymysql, "connect", busy)
    assert load(ROWS, **MERGE).rows_landed == 100 and len(attempts) == 3


def test_a_source_that_is_cut_off_changes_nothing(changing, load, query, server):
    load(ROWS, **MERGE)
    changing("INSERT INTO t SELECT seq, seq, '2026-03-01' FROM seq_1000_to_600000")
    killer = threading.Thread(target=_kill, args=[server])
    killer.start()
    with pytest.raises(SourceDown):
        load(ROWS, **MERGE)
    killer.join()
    assert query("SELECT count(*) FROM raw_made_up.t") == [(100,)]


def _kill(server):
    """End the reader's session once it is sending rows."""
    connection = server.connect()
    cursor = connection.cursor()
    for _ in range(2000):
        cursor.execute(
            "SELECT id FROM information_schema.processlist WHERE user = %s AND info LIKE 'SELECT `id`%%'",
            [mariadb.READER],
        )
        found = cursor.fetchall()
        if found:
            cursor.execute(f"KILL {found[0][0]}")
            break
        time.sleep(0.01)
    connection.close()


def test_what_is_left_of_a_query_is_not_read(changing, server):
    """A load that fails in the middle of a table does not wait for the rest of it."""
    changing("INSERT INTO t SELECT seq, seq, '2026-03-01' FROM seq_1000_to_600000")
    source = declaration.parse(document("mysql", t=table("t", ROWS, **MERGE)))
    with sources.open(source) as reader:
        batches = reader.read(source.tables[0])
        assert next(batches).rows.num_rows
        batches.close()
        assert not reader._connection.open


def test_memory_is_bounded_by_bytes():
    class Rows:
        """A few small ones, and large ones behind them."""

        left = [(b"x", None)] * 2000 + [(b"x" * 1_000_000,)] * 100

        def fetchone(self):
            return self.left.pop(0) if self.left else None

    rows = Rows()
    sizes = [len(batch) for batch in iter(lambda: mysql._some_of(rows), [])]
    assert sum(sizes) == 2100 and sizes[0] == 2034 and max(sizes[1:]) == 34


def test_a_big_table_is_read_in_batches(changing):
    changing("INSERT INTO t SELECT seq, seq, '2026-03-01' FROM seq_1000_to_200000")
    source = declaration.parse(document("mysql", t=table("t", ROWS, **MERGE)))
    with sources.open(source) as reader:
        sizes = [batch.rows.num_rows for batch in reader.read(source.tables[0])]
    assert max(sizes) <= mysql.BATCH_ROWS and sum(sizes) == 199_101


def test_a_name_that_is_no_name_of_a_table_is_said(database, load):
    with pytest.raises(LoadError, match=re.escape("the database has no table t, or this user may")):
        load(ROWS, **MERGE)


def test_a_table_without_snapshots_is_said(changing, load):
    changing("ALTER TABLE t ENGINE = MyISAM")
    load(ROWS, **MERGE)
    assert any("MyISAM keeps no snapshots" in note for note in load.notes)
