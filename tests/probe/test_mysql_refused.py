"""The probe of MySQL and MariaDB: what it says where it may not look, and that it harms nothing."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql
import pytest

from pipegen.core.errors import PipegenError, SourceError
from pipegen.core.measured import Measured, MeasuredTable
from pipegen.probe import Look, mysql, mysql_connection, probe
from pipegen.probe.look import IS_LOCKED, TIME_IS_UP
from tests.mariadb import PASSWORD, Server, start
from tests.ports import free_port
from tests.postgres import Server as Postgres

pytestmark = pytest.mark.servers


def measure(url: str, tables: list[str] | None = None, **more: Any) -> Measured:
    return probe("mysql", url, Look(tables=tables, root=Path(), **more))


def refused(url: str, tables: list[str] | None = None, **more: Any) -> PipegenError:
    with pytest.raises(PipegenError) as raised:
        measure(url, tables, **more)
    error = raised.value
    said = f"{error} {error.hint} {error.__cause__!r} {error.__context__ if not error.__suppress_context__ else ''}"
    assert error.hint
    assert not any(part in said for part in (PASSWORD, "correct", "horse", "hunter2", "staple"))
    return error


@pytest.fixture
def shop(mariadb: Server) -> str:
    return mariadb.database(
        "shop", "create table orders (id int primary key, note text); create table lines_ (id int primary key)"
    )


# -- no way in ---------------------------------------------------------------------------------------------------------


def test_nothing_answers() -> None:
    port = free_port()
    error = refused(f"mysql://reader:hunter2@127.0.0.1:{port}/shop")
    assert str(error) == f"no MySQL answers at database `shop` at `127.0.0.1:{port}`"


def test_no_such_host() -> None:
    assert "the host of database `shop` at `nowhere.invalid:3306` is not known" in str(
        refused("mysql://reader:hunter2@nowhere.invalid/shop")
    )


def test_wrong_and_missing_passwords(mariadb: Server, shop: str) -> None:
    url = mariadb.url(shop, password=False)
    assert "asks for a password, and none was given" in str(refused(url))
    assert "refuses the user or the password" in str(refused(url.replace("pipe@", "pipe:hunter2@")))
    assert "refuses the user or the password" in str(refused(url.replace("pipe@", "nobody:hunter2@")))


def test_no_such_database(mariadb: Server, shop: str) -> None:
    error = refused(mariadb.url("shops"))
    assert (str(error), error.hint) == (
        "there is no database `shops` on the server",
        "`show databases` lists those that are there",
    )
    nameless = refused(mariadb.url(""))
    assert "names no database" in str(nameless)
    assert nameless.hint is not None and "shop" in nameless.hint
    mariadb.user("outsider", "select 1")
    closed = refused(mariadb.url(shop, user="outsider"))
    assert "the user may not use database `shop`" in str(closed)
    assert closed.hint == "as its administrator: `grant select on `shop`.* to outsider`"


def test_an_empty_database(mariadb: Server) -> None:
    assert "has no table" in str(refused(mariadb.url(mariadb.database("bare"))))


def test_another_server_at_that_port(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mysql_connection, "CONNECT_SECONDS", 0.5)
    error = refused(f"mysql://reader:hunter2@127.0.0.1:{postgres.port}/shop")
    assert str(error) == f"what answers at `127.0.0.1:{postgres.port}` is no MySQL server"
    assert error.hint is not None and "postgresql://" in error.hint


@contextmanager
def speaking(first: bytes) -> Iterator[int]:
    """A port at which something says ``first``, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            reached, _ = listening.accept()
            with reached:
                reached.sendall(first)

        thread = threading.Thread(target=answer)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


@pytest.mark.parametrize("first", [b"SSH-2.0-OpenSSH_9.2\r\n", b"220 mail\r\n", b"", b"x"])
def test_what_is_no_mysql(first: bytes) -> None:
    with speaking(first) as port:
        assert "is no MySQL server" in str(refused(f"mysql://reader:hunter2@127.0.0.1:{port}/shop"))


def test_no_connection_left() -> None:
    small = start(max_connections=10)
    url = small.url(small.database("one", "create table t (id int)"))
    small.user("reader", "grant select on one.* to {user}")
    held = [pymysql.connect(host="127.0.0.1", port=small.port, user="reader", password=PASSWORD) for _ in range(8)]
    try:
        assert len(measure(url, connections=8).tables) == 1, "with as many sessions as the server gives"
        held += [pymysql.connect(host="127.0.0.1", port=small.port, user="reader", password=PASSWORD) for _ in range(2)]
        assert "has no connection left" in str(refused(small.url("one", user="reader")))
    finally:
        for con in held:
            con.close()


def test_tls(mariadb: Server, shop: str, tmp_path: Path) -> None:
    assert measure(mariadb.url(shop, options="?ssl_mode=PREFERRED")).tables
    assert measure(mariadb.url(shop, options="?ssl-mode=disabled")).tables
    assert "agree on no encryption" in str(refused(mariadb.url(shop, options="?ssl_mode=REQUIRED")))
    assert "modes are:" in str(refused(mariadb.url(shop, options="?ssl_mode=hunter2")).hint)
    gone = refused(mariadb.url(shop, options=f"?ssl_ca={tmp_path / 'gone.pem'}"))
    assert str(gone) == "`ssl_ca` of the MySQL server's URL cannot be read: No such file or directory"
    broken = tmp_path / "broken.pem"
    broken.write_text("hunter2")
    assert "cannot be read" in str(refused(mariadb.url(shop, options=f"?ssl_ca={broken}")))
    assert "a parameter that is not known" in str(refused(mariadb.url(shop, options="?hunter2=1")))


def test_a_server_with_a_certificate() -> None:
    own = start(certificate=True)
    certificate = own.folder / "certificate.pem"
    own.database("one", "create table t (id int)")
    own.run("alter user 'pipe'@'%' require ssl")

    def url(options: str, host: str = "127.0.0.1") -> str:
        return own.url("one", options=options).replace("127.0.0.1", host)

    assert measure(url("")).tables, "wherever a server offers it, it is used"
    assert measure(url("?ssl_mode=REQUIRED")).tables
    assert measure(url(f"?ssl_ca={certificate}")).tables
    assert measure(url(f"?ssl_mode=VERIFY_IDENTITY&ssl_ca={certificate}", "localhost")).tables
    assert "agree on no encryption" in str(refused(url(f"?ssl_mode=VERIFY_IDENTITY&ssl_ca={certificate}")))
    assert "agree on no encryption" in str(refused(url("?ssl_mode=VERIFY_CA")))
    assert refused(url("?ssl_mode=DISABLED"))


def test_by_the_socket(mariadb: Server, shop: str) -> None:
    assert measure(mariadb.url(shop, options=f"?unix_socket={mariadb.folder / 'socket'}")).tables
    gone = refused(mariadb.url(shop, options=f"?unix_socket={mariadb.folder / 'gone'}"))
    assert str(gone) == f"no MySQL answers at database `shop` at `{mariadb.folder / 'gone'}`"


# -- tables that cannot be read ----------------------------------------------------------------------------------------


def test_a_table_that_is_not_there(mariadb: Server, shop: str) -> None:
    error = refused(mariadb.url(shop), ["order"])
    assert "has no table `order`" in str(error)
    assert error.hint == "did you mean `orders`?"
    far = refused(mariadb.url(shop), ["xyz"])
    assert far.hint is not None and "grant select on `shop`.`xyz` to pipe" in far.hint


def test_no_permission_on_one_table(mariadb: Server, shop: str) -> None:
    mariadb.user("reader", "grant select on shop.lines_ to {user}; grant insert on shop.orders to {user}")
    url = mariadb.url(shop, user="reader")
    measured = measure(url)
    assert list(measured.tables) == ["lines_"]
    assert measured.left_out == {
        "orders": "the user may not read it, or not all of it; as its administrator: `grant select on `shop`.`orders` to reader`"
    }
    error = refused(url, ["orders", "lines_"])
    assert str(error).startswith("the user may not read table `orders` of database `shop`")
    assert error.hint is not None and "grant select on `shop`.`orders` to reader" in error.hint
    mariadb.user("reader", "grant select on shop.lines_ to {user}; grant select (id) on shop.orders to {user}")
    assert list(measure(url).tables["orders"].columns) == ["id"], "what the user does not see is not there"


def test_a_broken_view(mariadb: Server) -> None:
    script = "create table t (id int); create table gone (x int); create view v as select x from gone; drop table gone"
    url = mariadb.url(mariadb.database("one", script))
    assert list(measure(url).tables) == ["t"]
    error = refused(url, ["v"])
    assert "view `v`" in str(error) and "is broken: what it selects from is gone" in str(error)


def test_a_view_whose_definer_may_not_read(mariadb: Server) -> None:
    mariadb.user("definer", "select 1")
    script = "create table t (id int); create definer = 'definer'@'%' view v as select id from t"
    url = mariadb.url(mariadb.database("one", script))
    assert "is broken" in str(refused(url, ["v"]))


def test_a_table_that_is_locked(mariadb: Server, shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    soon = [setting.replace(f"= {mysql_connection.LOCK_SECONDS}", "= 1") for setting in mysql_connection._SETTINGS]
    monkeypatch.setattr(mysql_connection, "_SETTINGS", soon)
    with mariadb.connected(shop) as con, con.cursor() as cursor:
        cursor.execute("lock tables orders write")
        tables = measure(mariadb.url(shop)).tables
        assert tables["orders"].notes == [IS_LOCKED]
        assert list(tables["orders"].columns) == ["id", "note"]
        assert tables["lines_"].notes == []
        assert "table `orders` of database `shop`" in str(refused(mariadb.url(shop), ["orders"]))


# -- no harm -----------------------------------------------------------------------------------------------------------

SLOW = """
create table t (id int primary key, updated_at datetime not null); insert into t values (1, now());
create function slow(seconds double) returns int reads sql data return sleep(seconds);
"""


def slow(mariadb: Server, views: int = 1, seconds: float = 30) -> str:
    script = SLOW + "".join(f"create view v{i} as select id + slow({seconds}) as id from t;" for i in range(views))
    return mariadb.database("slow", script)


def test_nothing_is_written(mariadb: Server, shop: str) -> None:
    with pytest.raises(pymysql.MySQLError, match="READ ONLY transaction"):
        session = mysql_connection.opened(mysql.mysql_url.parse(mariadb.url(shop)), Look(root=Path()))
        try:
            session.rows("insert into orders values (1, 'x')")
        finally:
            session.close()


def test_the_time_for_looking_is_kept(mariadb: Server) -> None:
    ticks = iter(range(10_000))
    url = mariadb.url(slow(mariadb))
    table = measure(url, ["t"], seconds=5, clock=lambda: float(next(ticks))).tables["t"]
    assert table.notes[-1] == TIME_IS_UP
    assert list(table.columns) == ["id", "updated_at"]
    assert table.key is not None, "which the catalogue tells"
    spent = measure(url, ["t"], seconds=0).tables["t"]
    assert spent.notes == [TIME_IS_UP]


def test_a_statement_ends_when_its_time_is_up(mariadb: Server) -> None:
    url = mariadb.url(slow(mariadb))
    views = measure(url, ["t", "v0"], seconds=1, connections=2).tables
    assert TIME_IS_UP in views["v0"].notes
    assert sessions(mariadb) == []


def sessions(server: Server) -> list[str]:
    """What runs on a server by the probe."""
    rows = server.rows(
        "select id, info from information_schema.processlist where db is not null and id <> connection_id()"
    )
    return [f"{id_}: {info}" for id_, info in rows]


def until(condition: Any) -> bool:
    end = time.monotonic() + 20
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_as_many_sessions_as_are_allowed(mariadb: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    url = mariadb.url(slow(mariadb, views=6, seconds=0.02))
    seen: list[int] = []
    read = mysql._read

    def counted(*args: Any) -> MeasuredTable:
        seen.append(len(sessions(mariadb)))
        return read(*args)

    monkeypatch.setattr(mysql, "_read", counted)
    measure(url, [f"v{i}" for i in range(6)], connections=3)
    assert 1 < max(seen) <= 3
    assert sessions(mariadb) == []


def test_ctrl_c_stops_at_once_and_leaves_nothing_on_the_server(mariadb: Server) -> None:
    url = mariadb.url(slow(mariadb, views=3))
    code = (
        "import sys; from pathlib import Path; from pipegen.probe import Look, probe\n"
        "probe('mysql', sys.stdin.readline().strip(), Look(root=Path(), tables=['v0', 'v1', 'v2'], connections=3))"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=root, text=True
    ) as running:
        assert running.stdin is not None
        running.stdin.write(url + "\n")
        running.stdin.flush()
        try:
            assert until(lambda: sum("slow" in text or "v0" in text or "v1" in text for text in sessions(mariadb)) >= 2)
            running.send_signal(signal.SIGINT)
            _, said = running.communicate(timeout=10)
        finally:
            running.kill()
    assert "KeyboardInterrupt" in said
    assert PASSWORD not in said
    assert until(lambda: sessions(mariadb) == [])


def test_an_error_in_one_table_stops_the_others(mariadb: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    url = mariadb.url(slow(mariadb, views=2))
    read = mysql._read

    def failing(session: Any, relation: Any, zone: str | None) -> MeasuredTable:
        if relation.name == "t":
            until(lambda: any("v0" in text for text in sessions(mariadb)))
            raise SourceError("no", hint="none")
        return read(session, relation, zone)

    monkeypatch.setattr(mysql, "_read", failing)
    assert str(refused(url, ["t", "v0", "v1"], connections=2)) == "no"
    assert until(lambda: sessions(mariadb) == [])
