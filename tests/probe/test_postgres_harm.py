"""The probe of PostgreSQL does no harm: it only reads, keeps its time, stops at once, and bears a hostile database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from pipegen.core.errors import SourceError
from pipegen.core.measured import Count, Measured, dump
from pipegen.core.yaml_text import dump as as_yaml
from pipegen.probe import postgres_connection
from pipegen.probe.look import TIME_IS_UP
from tests.postgres import Server
from tests.probe.postgres_measured import measure, one, refused

pytestmark = pytest.mark.servers
PATIENCE = 20.0  # seconds; far less than the statements here would take


def sessions(server: Server, database: str, which: str = "") -> int:
    with server.connected() as con:
        row = con.execute(
            "select count(*) from pg_stat_activity where datname = %s and application_name = 'pipegen' and query like %s",
            (database, f"%{which}%"),
        ).fetchone()
    assert row is not None
    return int(row[0])


def until(holds: Any) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


# -- it stops at once --------------------------------------------------------------------------------------------------

SLOW = """
create table base (id int primary key); insert into base values (1);
create view slow1 as select id, pg_sleep(600)::text as x from base; create view slow2 as select * from slow1;
"""
LOOK = """
import sys
from pathlib import Path
from pipegen.probe import Look, probe
probe("postgres", sys.argv[1], Look(Path(), tables=["base", "slow1", "slow2"]))
"""


def test_an_interrupt_ends_the_process_and_its_sessions(postgres: Server) -> None:
    url = postgres.url(postgres.database("slow", SLOW))
    with subprocess.Popen(
        [sys.executable, "-c", LOOK, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as looking:
        until(lambda: sessions(postgres, "slow", "slow") == 2)
        looking.send_signal(signal.SIGINT)
        _, said = looking.communicate(timeout=PATIENCE)
    assert looking.returncode == -signal.SIGINT
    assert said.rstrip().endswith("KeyboardInterrupt")
    until(lambda: sessions(postgres, "slow") == 0)


def test_an_interrupt_leaves_no_thread_and_no_session(postgres: Server) -> None:
    url = postgres.url(postgres.database("slow", SLOW))

    def interrupted(said: str) -> None:
        if said.startswith("1 of"):
            until(lambda: sessions(postgres, "slow", "pg_sleep") + sessions(postgres, "slow", "slow") >= 2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(url, ["base", "slow1", "slow2"], progress=interrupted)
    assert [t.name for t in threading.enumerate() if t.name == "pipegen-probe"] == []
    until(lambda: sessions(postgres, "slow") == 0)


def test_a_session_that_hears_no_cancel_is_hung_up(postgres: Server) -> None:
    url = postgres.url(postgres.database("slow", SLOW))
    deaf: list[int] = []

    def interrupted(said: str) -> None:
        if said.startswith("1 of"):
            until(lambda: sessions(postgres, "slow", "slow1") == 1)
            with postgres.connected() as con:
                deaf.extend(
                    pid
                    for (pid,) in con.execute(
                        "select pid from pg_stat_activity where application_name = 'pipegen' and query like '%slow1%'"
                    )
                )
            os.kill(deaf[0], signal.SIGSTOP)
            raise KeyboardInterrupt

    try:
        with pytest.raises(KeyboardInterrupt):
            measure(url, ["base", "slow1"], progress=interrupted)
        assert [t.name for t in threading.enumerate() if t.name == "pipegen-probe"] == []
    finally:
        for pid in deaf:
            os.kill(pid, signal.SIGCONT)
    until(lambda: sessions(postgres, "slow") == 0)


def test_an_error_of_one_session_ends_the_others(postgres: Server) -> None:
    url = postgres.url(postgres.database("slow", SLOW))

    def killed(said: str) -> None:
        if said.startswith("1 of"):
            until(lambda: sessions(postgres, "slow", "slow") == 2)
            postgres.run(
                "select pg_terminate_backend(pid) from pg_stat_activity where query like '%slow1%' and datname = 'slow'"
            )

    assert "broke" in str(refused(url, tables=["base", "slow1", "slow2"], progress=killed))
    assert [t.name for t in threading.enumerate() if t.name == "pipegen-probe"] == []
    until(lambda: sessions(postgres, "slow") == 0)


# -- it keeps its time -------------------------------------------------------------------------------------------------


class Ticking:
    """A clock that goes on by a second whenever it is looked at."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


TABLES = "".join(
    f"create table t{i} (id serial primary key, t int{f' references t{i - 1}' if i else ''}, v text not null);"
    f"insert into t{i} (v) select 'v' || k from generate_series(1, 9) k; analyze t{i};"
    for i in range(20)
)


def test_what_there_is_no_time_for_is_told_by_the_catalogue(postgres: Server) -> None:
    url = postgres.url(postgres.database("time", TABLES))
    whole = measure(url, connections=1)
    part = measure(url, connections=1, seconds=40, clock=Ticking())
    assert part.tables.keys() == whole.tables.keys()
    late = [name for name, t in part.tables.items() if TIME_IS_UP in t.notes]
    assert 5 < len(late) < 20
    for name, table in part.tables.items():
        if not table.notes:
            assert table == whole.tables[name]
        if name in late:
            assert (table.key, table.foreign_keys) == (whole.tables[name].key, whole.tables[name].foreign_keys)
            assert list(table.columns) == ["id", "t", "v"]
            assert table.rows == Count(value=9, exact=False)
            assert table.columns["t"].null_rate is None, "nobody looked"


def test_no_time_at_all(postgres: Server) -> None:
    found = measure(postgres.url(postgres.database("time", TABLES)), seconds=0)
    assert all(t.notes == [TIME_IS_UP] for t in found.tables.values())
    assert len(found.tables) == 20


def test_a_slow_view_takes_no_more_than_the_time(postgres: Server) -> None:
    found = measure(postgres.url(postgres.database("slow", SLOW)), ["base", "slow1", "slow2"], seconds=3)
    assert {name: t.notes for name, t in found.tables.items()} == {
        "base": [],
        "slow1": [TIME_IS_UP],
        "slow2": [TIME_IS_UP],
    }
    assert found.tables["base"].rows == Count(value=1)


def test_a_session_that_is_done_may_wait_for_the_others(postgres: Server) -> None:
    url = postgres.url(postgres.database("slow", SLOW))
    postgres.run("alter database slow set idle_in_transaction_session_timeout = '500ms'")
    found = measure(url, ["base", "slow1"], seconds=3)
    assert found.tables["base"].notes == []


# -- it only reads, and waits for nobody -------------------------------------------------------------------------------

WRITES = """
create table log (at int); create sequence numbers;
create function touched() returns int language plpgsql as 'begin insert into log values (1); return 1; end';
create function unlocked() returns int language plpgsql as 'begin set transaction read write; insert into log values (1); return 1; end';
create view writes as select touched() as id; create view counts as select nextval('numbers') as id;
create view unlocks as select unlocked() as id;
"""


def test_a_view_that_writes_is_refused(postgres: Server) -> None:
    name = postgres.database("writes", WRITES)
    for view in ("writes", "counts"):
        error = refused(postgres.url(name), tables=[view])
        assert f"table `{view}` of database `writes`" in str(error)
        assert "cannot be read without writing" in str(error)
    assert "`unlocks`" in str(refused(postgres.url(name), tables=["unlocks"]))
    with postgres.connected(name) as con:
        assert con.execute("select count(*), (select is_called from numbers) from log").fetchone() == (0, False)


def test_no_lock_outlives_its_question(postgres: Server) -> None:
    url = postgres.url(postgres.database("locks", TABLES))
    held: list[object] = []

    def hears(said: str) -> None:
        if said.startswith("20 of 20 tables"):
            with postgres.connected("locks") as con:
                held.extend(
                    con.execute(
                        "select relation::regclass from pg_locks where relation::regclass::text ~ '^t'"
                    ).fetchall()
                )

    measure(url, progress=hears)
    assert held == []


def test_a_user_with_one_connection_sees_the_same(postgres: Server) -> None:
    postgres.run("drop role if exists single; create role single login password 'hunter2' connection limit 1")
    name = postgres.database("time", TABLES + "grant select on all tables in schema public to single")
    found = measure(f"postgresql://single:hunter2@127.0.0.1:{postgres.port}/{name}")
    assert found.tables == measure(postgres.url(name)).tables
    postgres.run("drop owned by single", name)
    postgres.run("drop role single")


def test_all_sessions_see_one_state(postgres: Server) -> None:
    url = postgres.url(postgres.database("time", TABLES))

    def writes(said: str) -> None:
        if said == "reading the catalogue":
            return
        postgres.run("insert into t19 (v) values ('more')", "time")

    found = measure(url, progress=writes, connections=3)
    assert {t.rows.value for t in found.tables.values() if t.rows} == {9}


# -- a hostile database ------------------------------------------------------------------------------------------------


def test_two_schemas_with_one_table_name(postgres: Server) -> None:
    script = """
        create table t (id int primary key, a int check (a in (1))); insert into t values (1, 1);
        create schema "other one"; create table "other one".t (no int primary key, b int references "other one".t); analyze;
    """
    url = postgres.url(postgres.database("one", script))
    assert list(measure(url).tables["t"].columns) == ["id", "a"]
    other = measure(f"{url}?schema=other%20one").tables["t"]
    assert list(other.columns) == ["no", "b"]
    assert [(fk.columns, fk.to) for fk in other.foreign_keys] == [(["b"], "t")]
    assert other.columns["b"].distinct == Count(value=0), (
        "what the planner knows of the other table is not said of this one"
    )


def test_a_table_of_columns_that_nobody_may_read_all_of(postgres: Server) -> None:
    postgres.run("drop role if exists reader; create role reader login password 'hunter2'")
    script = """
        create table parts (id int, secret text); grant select (id) on parts to reader;
        create table mine (id int primary key, who text); grant select on mine to reader; alter table mine enable row level security;
    """
    name = postgres.database("one", script)
    found = measure(f"postgresql://reader:hunter2@127.0.0.1:{postgres.port}/{name}")
    assert list(found.left_out) == ["parts"]
    assert found.tables["mine"].notes == ["row security is on: this user may not see all of its rows"]
    postgres.run("drop owned by reader", name)
    postgres.run("drop role reader")


def test_what_the_server_cannot_read(postgres: Server) -> None:
    script = """
        create table t (id int primary key); insert into t values (0); create view broken as select 1 / id as x from t;
        create extension if not exists file_fdw; create server files foreign data wrapper file_fdw;
        create foreign table gone (line text) server files options (filename '/nowhere/at/all');
    """
    url = postgres.url(postgres.database("one", script))
    assert "table `broken`" in str(error := refused(url, tables=["t", "broken"])) and "division by zero" in str(error)
    assert "could not open file" in str(refused(url, tables=["gone"]))
    assert list(measure(url).tables) == ["t"], "no view that nobody named is in the way"


def test_a_table_that_the_server_cannot_read_is_left_out(postgres: Server) -> None:
    script = """
        create table good (id int primary key); create table bad (id int) partition by range (id);
        create extension if not exists file_fdw; create server files foreign data wrapper file_fdw;
        create foreign table part partition of bad for values from (0) to (9) server files options (filename '/nowhere');
    """
    url = postgres.url(postgres.database("one", script))
    found = measure(url)
    assert list(found.tables) == ["good"]
    assert "could not open file" in found.left_out["bad"]
    assert "table `bad`" in str(refused(url, tables=["bad"]))


def test_values_of_every_odd_type(postgres: Server) -> None:
    script = r"""
        create type mood as enum ('sad', 'ok'); create type pair as (a int, b text);
        create table zoo (id int primary key, tags text[], doc jsonb, old json, span tstzrange, spans int4multirange, feels mood,
            paid money, raw bytea, two pair, place point, x xml, net cidr, bits bit(3), took interval, words tsvector, born date);
        insert into zoo values (1, array['a', null], '{"a": [1]}', '[]', '[2024-01-01, infinity)', '{[1,2), [4,9)}', 'ok', 12.5,
            '\x00ff', row(1, 'b'), '(1,2)', '<a/>', '10.0.0.0/8', b'101', '1 mon 2 days', 'a:1', 'infinity');
        insert into zoo (id) values (2);
    """
    table = one(postgres, script)
    assert all(c.null_rate == 0.5 for name, c in table.columns.items() if name != "id")
    assert table.columns["feels"].values == ["sad", "ok"]
    assert table.notes == ["infinite times, which most engines do not have: `born`"]


def test_a_database_that_takes_no_more_sessions(postgres: Server) -> None:
    name = postgres.database("full", "create table t (id int)")
    postgres.run("drop role if exists late; create role late login password 'hunter2'; grant select on t to late", name)
    with postgres.connected(name) as con:
        con.execute('alter database "full" connection limit 0')
    error = refused(f"postgresql://late:hunter2@127.0.0.1:{postgres.port}/{name}")
    assert "has no connection left" in str(error)
    postgres.run("drop owned by late", name)
    postgres.run("drop role late")


def test_a_server_that_is_too_old(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipegen.probe.postgres.OLDEST", 99)
    error = refused(postgres.url("postgres"))
    assert "is of PostgreSQL" in str(error)
    assert "the oldest that can be read is 99" in (error.hint or "")


def test_an_answer_that_does_not_come_in_time(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipegen.core.spec.postgres_url import parse

    monkeypatch.setattr(postgres_connection, "STATEMENT_SECONDS", 1)
    url = parse(postgres.url(postgres.database("one", "create table t (id int)")))
    with pytest.raises(SourceError, match="does not answer in time"), postgres_connection.opened(url) as con:
        postgres_connection.prepare(con, "public")
        con.execute("select pg_sleep(30)")


def test_a_thousand_tables_in_the_time_that_a_look_has(postgres: Server) -> None:
    postgres.database("thousand")
    with postgres.connected("thousand") as con:
        for first in range(0, 1000, 50):
            con.execute("".join(
                f"create table t{i} (id int primary key, parent int references t{max(0, i - 1)}, v text, created_at timestamptz);"
                f"insert into t{i} values (1, 1, 'x', now());" for i in range(first, first + 50)
            ))  # fmt: skip
    found: Measured = measure(postgres.url("thousand"))
    assert len(found.tables) == 1000
    assert sum(len(t.foreign_keys) for t in found.tables.values()) == 1000
    assert all(t.rows == Count(value=1) and not t.notes for t in found.tables.values())
    assert as_yaml(dump(found)) == as_yaml(dump(measure(postgres.url("thousand"), connections=2)))
