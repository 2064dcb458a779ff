"""A real PostgreSQL server: its types, its transactions, its faults. It is thrown away afterwards."""

import threading
import time
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from drill import server
from ingest import declaration, sources
from ingest.declaration import LoadError, SchemaDrift, SourceDown
from ingest.extract import Asked
from tests.ingest.conftest import columns, document, table

pytestmark = pytest.mark.skipif(server.missing() is not None, reason=str(server.missing()))


@pytest.fixture(scope="module")
def postgres():
    with server.throw_away_postgres() as running:
        yield running


@pytest.fixture
def database(postgres, made_up, monkeypatch):
    """A connection of the owner's; the source itself is read by a role that may only read."""
    postgres.make_database("made_up")
    connection = postgres.connect("made_up")
    cursor = connection.cursor()
    cursor.execute(
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {server.READER}"
    )
    monkeypatch.setenv("PIPELINE_ENV", "drill")
    monkeypatch.setenv("DRILL_MADE_UP_URL", postgres.url("made_up"))
    yield cursor
    connection.close()


@pytest.fixture
def load(made_up):
    def run(declared, asked=None, **pattern):
        return made_up("postgres", asked, t=table("t", declared, **pattern)).outcomes[0]

    return run


def typed(**types):
    """Declarations by column: (type at the source, type in the warehouse)."""
    declared = columns(**{name: kind for name, (_, kind) in types.items()})
    for name, (source_type, _) in types.items():
        declared[name]["source_type"] = source_type
    return declared


ZOO = {
    "a": ("smallint", "BIGINT", "1", 1),
    "b": ("bigint", "BIGINT", "9007199254740993", 9007199254740993),
    "c": ("real", "DOUBLE", "1.5", 1.5),
    "d": ("double precision", "DOUBLE", "0.1", 0.1),
    "e": ("numeric(10,2)", "DECIMAL(10,2)", "1234.50", Decimal("1234.50")),
    "f": ("numeric", "DECIMAL(38,18)", "1.000000000000000001", Decimal("1.000000000000000001")),
    "g": ("money", "DECIMAL(19,2)", "'12.34'", Decimal("12.34")),
    "h": ("boolean", "BOOLEAN", "true", True),
    "i": ("text", "VARCHAR", "'é \"'' \\'", "é \"' \\"),
    "j": ("character(4)", "VARCHAR", "'ab'", "ab"),
    "k": ("bytea", "BLOB", "'\\x00ff'", b"\x00\xff"),
    "l": ("date", "DATE", "'2024-02-29'", date(2024, 2, 29)),
    "m": ("timestamp without time zone", "TIMESTAMP", "'2024-02-29 23:59:59.123456'", datetime(2024, 2, 29, 23, 59, 59, 123456)),
    "n": ("timestamp with time zone", "TIMESTAMPTZ", "'2024-02-29 23:59:59+02'", datetime(2024, 2, 29, 21, 59, 59, tzinfo=UTC)),
    "o": ("uuid", "UUID", "'00000000-0000-0000-0000-000000000001'", "00000000-0000-0000-0000-000000000001"),
    "p": ("jsonb", "JSON", "'{\"x\": [1]}'", '{"x": [1]}'),
    "q": ("integer[]", "VARCHAR", "'{1,2}'", "{1,2}"),
    "r": ("int4range", "VARCHAR", "'[1,3)'", "[1,3)"),
    "s": ("interval", "VARCHAR", "'1 day'", "1 day"),
}  # fmt: skip


def test_every_type_arrives_as_it_is(database, load, query):
    made = ", ".join(f"{name} {kind[0]}" for name, kind in ZOO.items())
    database.execute(f"CREATE TABLE t (id integer PRIMARY KEY, {made})")
    literals = ", ".join(kind[2] for kind in ZOO.values())
    database.execute(f"INSERT INTO t VALUES (1, {literals}), (2{', NULL' * len(ZOO)})")
    declared = typed(id=("integer", "BIGINT!"), **{n: kind[:2] for n, kind in ZOO.items()})
    done = load(declared, key=["id"])
    (row, nothing) = query(f"SELECT {', '.join(ZOO)} FROM raw_made_up.t ORDER BY id")
    for (name, kind), value in zip(ZOO.items(), row, strict=True):
        assert (str(value).strip() if name in "jo" else value) == kind[3], name
    assert nothing == (None,) * len(ZOO)
    sums = done.parts[0].measure.sums
    assert sums["b"].value == 9007199254740993 and sums["f"].value == ZOO["f"][3]


def test_a_domain_is_what_it_is_made_of(database, load, query):
    """Whether the declaration calls it that, or by its name; what it is made of may not change."""
    database.execute(
        "CREATE DOMAIN code AS varchar(9); CREATE DOMAIN place AS code; CREATE TYPE mood AS ENUM ('a', 'b'); "
        "CREATE TABLE t (id integer PRIMARY KEY, x place, y code, z mood); INSERT INTO t VALUES (1, 'p', 'c', 'b')"
    )
    declared = typed(
        id=("integer", "BIGINT!"),
        x=("character varying(9)", "VARCHAR"),
        y=("code", "VARCHAR"),
        z=("mood", "VARCHAR"),
    )
    load(declared, key=["id"])
    assert query("SELECT x, y, z FROM raw_made_up.t") == [("p", "c", "b")]
    database.execute("ALTER TABLE t ALTER x TYPE varchar(8)")
    with pytest.raises(LoadError, match=r"from character varying\(9\) to character varying\(8\)"):
        load(declared, key=["id"])


def test_what_no_warehouse_holds_goes_to_quarantine(database, load, query):
    database.execute("CREATE TABLE t (id integer PRIMARY KEY, d date, m timestamptz, n numeric)")
    database.execute(
        "INSERT INTO t VALUES (1, 'infinity', now(), 1), (2, '2024-01-01', '-infinity', 2), "
        "(3, '0044-03-15 BC', now(), 3), (4, NULL, NULL, 'NaN'), (5, NULL, NULL, 1e30), (6, '2024-01-01', now(), 6)"
    )
    declared = typed(
        id=("integer", "BIGINT!"),
        d=("date", "DATE"),
        m=("timestamp with time zone", "TIMESTAMPTZ"),
        n=("numeric", "DECIMAL(38,18)"),
    )
    done = load(declared, key=["id"])
    assert query("SELECT id FROM raw_made_up.t") == [(6,)]
    reasons = query('SELECT "key", reason FROM ops.quarantine ORDER BY "key"')
    assert [reason.split(":")[0] for _, reason in reasons] == ["d", "m", "d", "n", "n"]
    assert done.parts[0].measure.sums["n"].value == 12, "numbers that fit, of all rows"


MERGE = {
    "load": "watermark-keys",
    "write": "merge",
    "overlap": 600,
    "key": ["id"],
    "watermark": "at",
}
ROWS = typed(
    id=("integer", "BIGINT!"),
    n=("integer", "BIGINT"),
    at=("timestamp with time zone", "TIMESTAMPTZ"),
)


@pytest.fixture
def changing(database):
    database.execute("CREATE TABLE t (id integer PRIMARY KEY, n integer, at timestamptz)")
    database.execute(
        "INSERT INTO t SELECT i, i, '2026-01-01'::timestamptz + i * interval '1 hour' FROM generate_series(1, 100) i"
    )
    return database


def test_updates_deletes_late_rows_and_windows(changing, load, query):
    assert load(ROWS, **MERGE).rows_landed == 100
    changing.execute(
        "UPDATE t SET n = 0, at = '2026-01-06' WHERE id = 7; DELETE FROM t WHERE id = 8"
    )
    changing.execute("UPDATE t SET id = 1000 WHERE id = 9")
    changing.execute("INSERT INTO t VALUES (2000, 1, '2026-01-01')")
    done = load(ROWS, **MERGE)
    assert (done.rows_deleted, done.rows_read) == (2, 4)
    changing.execute("SELECT id, n FROM t ORDER BY id")
    assert query("SELECT id, n FROM raw_made_up.t ORDER BY id") == changing.fetchall()
    part = load(ROWS, Asked("2026-01-02", "2026-01-03"), **MERGE)
    assert (part.kind, part.rows_read, [p.name for p in part.parts]) == (
        "backfill",
        24,
        ["2026-01-02"],
    )


def test_a_transaction_that_commits_late_is_not_lost(changing, load, query, postgres):
    """Its rows are older than the mark by more than the overlap when they become visible."""
    with postgres.connect("made_up", server.ADMIN) as other:
        other.autocommit = False
        cursor = other.cursor()
        cursor.execute("UPDATE t SET n = -1, at = now() WHERE id = 1")
        changing.execute("UPDATE t SET at = now() + interval '2 hours' WHERE id = 2")
        pattern = {**MERGE, "load": "watermark", "overlap": 1}
        mark = load(ROWS, **pattern).mark
        assert mark is not None and str(mark) < str(datetime.now(UTC)), "no mark in the future"
        other.commit()
    load(ROWS, **pattern)
    assert query("SELECT n FROM raw_made_up.t WHERE id = 1") == [(-1,)]


def test_a_changed_type_meets_the_contract(changing, load, query):
    load(ROWS, **MERGE)
    changing.execute(
        "ALTER TABLE t ALTER n TYPE text; UPDATE t SET n = 'many', at = '2026-02-01' WHERE id = 5"
    )
    with pytest.raises(SchemaDrift, match="from integer to text .*changed_type: freeze"):
        load(ROWS, **MERGE)
    lenient = {"schema_contract": {"changed_type": "discard_row"}}
    assert load(ROWS, **MERGE, **lenient).rows_quarantined == 1
    assert query("SELECT n FROM raw_made_up.t WHERE id = 5") == [(5,)]
    assert query('SELECT "key", reason FROM ops.quarantine') == [('["5"]', "n: not a BIGINT")]
    changing.execute("ALTER TABLE t DROP n")
    with pytest.raises(SchemaDrift, match="no column 'n' .*lost_column: freeze"):
        load(ROWS, **MERGE)


def test_faults_are_told_apart_and_keep_the_password(changing, load, postgres, monkeypatch):
    url, wrong = postgres.url("made_up"), "not " + postgres.passwords[server.READER]
    for bad, says in (
        (postgres.url("made_up", password=wrong), "password"),
        (postgres.url("nowhere"), "nowhere"),
        (url.replace(f":{postgres.port}/", ":1/"), "refused"),
    ):
        monkeypatch.setenv("DRILL_MADE_UP_URL", bad)
        with pytest.raises(SourceDown, match=says) as raised:
            load(ROWS, **MERGE)
        for secret in (wrong, postgres.passwords[server.READER]):
            assert secret not in str(raised.value)
    monkeypatch.setenv("DRILL_MADE_UP_URL", url)
    changing.execute(f"REVOKE SELECT ON t FROM {server.READER}")
    with pytest.raises(LoadError, match="permission denied") as raised:
        load(ROWS, **MERGE)
    assert raised.type is LoadError, "the server can be reached"


def test_a_source_that_is_cut_off_changes_nothing(changing, load, query, postgres):
    load(ROWS, **MERGE)
    changing.execute("INSERT INTO t SELECT i, i, '2026-03-01' FROM generate_series(1000, 900000) i")
    killer = threading.Thread(target=_kill, args=[postgres])
    killer.start()
    with pytest.raises(SourceDown):
        load(ROWS, **MERGE)
    killer.join()
    assert query("SELECT count(*) FROM raw_made_up.t") == [(100,)]
    assert query("SELECT reason FROM ops.failures") == [("source_down",)]


def _kill(postgres):
    """End the reader's session once it is reading."""
    connection = postgres.connect("made_up")
    cursor = connection.cursor()
    for _ in range(500):
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s AND query LIKE 'COPY (SELECT \"id\"%%'",
            [server.READER],
        )
        if cursor.fetchall():
            break
        time.sleep(0.02)
    connection.close()


def test_what_commits_between_two_tables_is_not_hidden(changing, postgres, monkeypatch):
    """It ends after the snapshot was taken, so none of its rows is seen, and before the table's mark is asked for."""
    monkeypatch.setenv("DRILL_MADE_UP_URL", postgres.url("made_up", server.ADMIN))
    source = declaration.parse(document("postgres", t=table("t", ROWS, **MERGE)))
    other = postgres.connect("made_up", server.ADMIN)
    other.autocommit = False
    cursor = other.cursor()
    cursor.execute("UPDATE t SET at = now() WHERE id = 1 RETURNING at")
    ((began,),) = cursor.fetchall()
    changing.execute("UPDATE t SET at = clock_timestamp() WHERE id = 2")
    with sources.open(source) as reader:
        other.commit()
        other.close()
        mark = datetime.fromisoformat(str(reader.newest(source.tables[0])))
    assert mark <= began
