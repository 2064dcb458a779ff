"""A MariaDB of the tests' own: started once a process in a temporary folder, ended with it.

MariaDB's programs must be on the machine; a test that needs them fails where they are not. The server takes a password from the
network and from its socket, writes a binary log whose rows are whole, and never gathers statistics by itself, so that nothing but a
test changes a table.
"""

from __future__ import annotations

import atexit
import csv
import functools
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pymysql
import pytest
from pymysql.constants import CLIENT

from tests.data import NYCFLIGHTS13_ROWS
from tests.ports import free_port

USER = "pipe"
PASSWORD = "correct horse:battery@staple/#?"
_QUOTED = "correct%20horse%3Abattery%40staple%2F%23%3F"
_START_SECONDS = 60
_SETTINGS: dict[str, object] = {
    "log_bin": "binlog", "binlog_format": "ROW", "binlog_row_image": "FULL", "server_id": 1, "sync_binlog": 0,
    "innodb_flush_log_at_trx_commit": 0, "innodb_stats_auto_recalc": 0, "innodb_buffer_pool_size": "256M",
    "character_set_server": "utf8mb4", "default_time_zone": "+02:00", "max_connections": 60,
    "skip_name_resolve": 1, "performance_schema": 0, "debug_no_sync": 1, "innodb_flush_method": "nosync", "local_infile": 1,
    "sql_mode": "NO_ENGINE_SUBSTITUTION", "expire_logs_days": 3,
}  # fmt: skip


@dataclass(frozen=True)
class Server:
    """A running server; its user ``pipe`` may do all."""

    folder: Path
    port: int
    password: str = PASSWORD

    def url(
        self, database: str, *, user: str = USER, password: bool = True, options: str = "", scheme: str = "mysql"
    ) -> str:
        """Where a database is, over the network; with the password, or as it may be printed."""
        secret = f":{_QUOTED}" if password else ""
        return f"{scheme}://{user}{secret}@127.0.0.1:{self.port}/{quote(database)}{options}"

    @contextmanager
    def connected(self, database: str | None = None, **options: Any) -> Iterator[pymysql.Connection[Any]]:
        words: dict[str, Any] = {"host": "127.0.0.1", "port": self.port, "user": USER, "password": PASSWORD} | options
        con = pymysql.connect(
            database=database, charset="utf8mb4", autocommit=True, client_flag=CLIENT.MULTI_STATEMENTS, **words
        )
        try:
            yield con
        finally:
            con.close()

    def run(self, script: str, database: str | None = None) -> None:
        """Run statements."""
        with self.connected(database) as con, con.cursor() as cursor:
            cursor.execute(script)
            while cursor.nextset():
                pass

    def rows(self, query: str, database: str | None = None) -> list[tuple[Any, ...]]:
        """What a query answers."""
        with self.connected(database) as con, con.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def database(self, name: str, script: str = "") -> str:
        """A new, empty database, and statements in it; an older one of that name is dropped."""
        quoted = name.replace("`", "``")
        self.run(f"drop database if exists `{quoted}`; create database `{quoted}` character set utf8mb4")
        self.run(script or "select 1", name)
        return name

    def user(self, name: str, grants: str) -> str:
        """A user with the server's password and some rights: statements, ``{user}`` for the user."""
        account = f"'{name}'@'%'"
        self.run(f"drop user if exists {account}; create user {account} identified by '{PASSWORD}'")
        self.run(grants.replace("{user}", account))
        return name


def program(name: str) -> str:
    """The path of one of MariaDB's programs."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin{os.pathsep}/usr/local/sbin")
    assert found, f"MariaDB's program `{name}` is not on this machine; on Debian: apt-get install mariadb-server"
    return found


def _as_owner(*words: str) -> list[str]:
    """A command as someone else than root."""
    return ["setpriv", "--reuid=mysql", "--regid=mysql", "--clear-groups", *words] if os.geteuid() == 0 else list(words)


@functools.cache
def server() -> Server:
    """The server of this process."""
    return start()


def start(*, certificate: bool = False, **settings: object) -> Server:
    """Another server, with some settings changed; None for one leaves it out.

    With a ``certificate`` it offers TLS by one that it signed itself for ``localhost``: ``certificate.pem`` in its folder.
    """
    folder = Path(tempfile.mkdtemp(prefix="pipegen-maria-"))
    if certificate:
        settings |= _self_signed(folder)
    if os.geteuid() == 0:
        shutil.chown(folder, "mysql", "mysql")
    made = subprocess.run(
        _as_owner(
            program("mariadb-install-db"), "--no-defaults", f"--datadir={folder / 'data'}", "--skip-test-db",
            "--auth-root-authentication-method=normal", "--skip-log-bin",
        ), cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    port = free_port()
    words = _words({**_SETTINGS, **settings})
    init = folder / "init.sql"
    init.write_text(
        f"create user '{USER}'@'%' identified by '{PASSWORD}'; grant all on *.* to '{USER}'@'%' with grant option;"
        "delete from mysql.global_priv where User = ''; flush privileges;\n".replace(";", ";\n")
    )
    with (folder / "log").open("w") as log:
        running = subprocess.Popen(
            _as_owner(
                program("mariadbd"), "--no-defaults", f"--datadir={folder / 'data'}", f"--port={port}",
                "--bind-address=127.0.0.1", f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}",
                f"--init-file={init}", *words,
            ), cwd=folder, stdout=log, stderr=log,
        )  # fmt: skip
    atexit.register(_end, running, folder)
    started = Server(folder, port)
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            with started.connected():
                return started
        except pymysql.MySQLError:
            assert running.poll() is None and time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.1)


def _self_signed(folder: Path) -> dict[str, object]:
    key, signed = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", signed, "-days", "30000",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True,
    )  # fmt: skip
    if os.geteuid() == 0:
        shutil.chown(key, "mysql", "mysql")
    return {"ssl_cert": signed, "ssl_key": key}


def _words(settings: Mapping[str, object]) -> list[str]:
    return [f"--{name.replace('_', '-')}={value}" for name, value in settings.items() if value is not None]


def _end(running: subprocess.Popen[bytes], folder: Path) -> None:
    running.kill()
    running.wait(_START_SECONDS)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def mariadb() -> Server:
    """A running MariaDB."""
    return server()


_NYC = """
create table airlines (carrier varchar(2) primary key, name text not null);
create table airports (faa varchar(3) primary key, name text, lat double, lon double, alt int, tz tinyint, dst char(1), tzone text);
create table planes (tailnum varchar(6) primary key, year smallint unsigned, type text, manufacturer text, model text,
    engines tinyint unsigned, seats smallint, speed int, engine text);
create table weather (origin varchar(3), year int, month smallint, day smallint, hour smallint, temp decimal(5,2),
    dewp decimal(5,2), humid decimal(6,2), wind_dir int, wind_speed double, wind_gust double, precip float, pressure decimal(6,1),
    visib double, time_hour datetime, foreign key (origin) references airports (faa));
create table flights (year int, month smallint, day smallint, dep_time int, sched_dep_time int, dep_delay int, arr_time int,
    sched_arr_time int, arr_delay int, carrier varchar(2), flight int, tailnum varchar(6), origin varchar(3), dest varchar(3),
    air_time int, distance int, hour smallint, minute smallint, time_hour datetime not null,
    foreign key (carrier) references airlines (carrier), foreign key (origin) references airports (faa));
"""


def load_nycflights13(to: Server, database: str, csv_folder: Path) -> None:
    """The five tables of nycflights13, from the CSV files in ``csv_folder``; rows: ``NYCFLIGHTS13_ROWS``. Times are UTC."""
    to.database(database, _NYC)
    with to.connected(database, local_infile=True) as con, con.cursor() as cursor:
        for table in NYCFLIGHTS13_ROWS:
            path = csv_folder / f"{table}.csv"
            with path.open(newline="", encoding="utf-8") as file:
                header = next(csv.reader(file))
            held = ", ".join(f"@{name}" for name in header)
            taken = ", ".join(f"`{name}` = {_taken(name)}" for name in header)
            cursor.execute(
                f"load data local infile '{path}' into table {table} character set utf8mb4 fields terminated by ',' "
                f"optionally enclosed by '\"' lines terminated by '\\n' ignore 1 lines ({held}) set {taken}"
            )
        cursor.execute(f"analyze table {', '.join(NYCFLIGHTS13_ROWS)}")


def _taken(column: str) -> str:
    """A value as MariaDB takes it: ``NA`` is none, no line ends in a carriage return, and a time has no ``Z``."""
    value = f"nullif(trim(trailing '\\r' from @{column}), 'NA')"
    return f"replace(replace({value}, 'T', ' '), 'Z', '')" if column == "time_hour" else value
