"""A PostgreSQL of the tests' own: started once a process in a temporary folder, ended with it.

PostgreSQL's programs must be on the machine; a test that needs them fails where they are not. The server takes a password from
the network and none from its socket, and never vacuums by itself, so that nothing but a test changes a table.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from tests.data import NYCFLIGHTS13_ROWS
from tests.ports import free_port

PASSWORD = "correct horse:battery@staple/#?"
_QUOTED = "correct%20horse%3Abattery%40staple%2F%23%3F"
_START_SECONDS = 60
_COUNTS_AT_ONCE = 150_000  # an older server tells of rows half a second later


@dataclass(frozen=True)
class Server:
    """A running server; its superuser is ``postgres``."""

    folder: Path
    port: int

    def url(self, database: str, *, user: str = "postgres", password: bool = True, options: str = "") -> str:
        """Where a database is, over the network; with the password, or as it may be printed."""
        secret = f":{_QUOTED}" if password else ""
        return f"postgresql://{user}{secret}@127.0.0.1:{self.port}/{quote(database)}{options}"

    @contextmanager
    def connected(self, database: str = "postgres") -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(
            host=str(self.folder), port=self.port, user="postgres", dbname=database, autocommit=True
        ) as con:
            yield con

    def run(self, script: str, database: str = "postgres") -> None:
        """Run statements; the server has counted their rows when they are done."""
        with self.connected(database) as con:
            con.execute(script.encode())
            if con.info.server_version >= _COUNTS_AT_ONCE:
                con.execute("select pg_stat_force_next_flush()")

    def database(self, name: str, script: str = "") -> str:
        """A new, empty database, and statements in it; an older one of that name is dropped."""
        self.run(f'drop database if exists "{name}" with (force)')
        self.run(f'create database "{name}"')
        self.run(script or "select 1", name)
        return name


def program(name: str) -> str:
    """The path of one of PostgreSQL's programs."""
    folders = [Path(p) for p in os.environ.get("PATH", "").split(os.pathsep)]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name), reverse=True)
    found = shutil.which(name, path=os.pathsep.join(map(str, folders)))
    assert found, f"PostgreSQL's program `{name}` is not on this machine; on Debian: apt-get install postgresql"
    return found


def as_owner(*words: str) -> list[str]:
    """A command as someone else than root, whom PostgreSQL refuses to run for."""
    return ["runuser", "-u", "postgres", "--", *words] if os.geteuid() == 0 else list(words)


@functools.cache
def server() -> Server:
    """The server of this process."""
    folder = Path(tempfile.mkdtemp(prefix="pipegen-pg-"))
    secret = folder / "password"
    secret.write_text(PASSWORD + "\n")
    if os.geteuid() == 0:
        for path in (folder, secret):
            shutil.chown(path, "postgres", "postgres")
    data = folder / "data"
    made = subprocess.run(
        as_owner(
            program("initdb"), "--pgdata", str(data), "--username", "postgres", "--pwfile", str(secret), "--no-sync",
            "--auth-local", "trust", "--auth-host", "scram-sha-256", "--encoding", "UTF8", "--locale", "C",
        ), cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    port = free_port()
    settings = {
        "port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": folder, "fsync": "off",
        "autovacuum": "off", "wal_level": "logical", "timezone": "Europe/Vienna", "max_connections": 20,
    }  # fmt: skip
    words = [w for name, value in settings.items() for w in ("-c", f"{name}={value}")]
    with (folder / "log").open("w") as log:
        running = subprocess.Popen(
            as_owner(program("postgres"), "-D", str(data), *words), cwd=folder, stdout=log, stderr=log
        )
    atexit.register(_end, running, folder)
    started = Server(folder, port)
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            with started.connected():
                return started
        except psycopg.OperationalError:
            assert running.poll() is None and time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.1)


def _end(running: subprocess.Popen[bytes], folder: Path) -> None:
    # runuser hands no signal on to what it runs
    stop = as_owner(program("pg_ctl"), "stop", "--pgdata", str(folder / "data"), "--mode", "immediate", "--silent")
    subprocess.run(stop, cwd=folder, check=False)
    running.wait(_START_SECONDS)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Server:
    """A running PostgreSQL."""
    return server()


_NYC = """
create table airlines (carrier text primary key, name text not null);
create table airports (faa text primary key, name text, lat double precision, lon double precision, alt integer,
    tz smallint, dst "char", tzone text);
create table planes (tailnum varchar(6) primary key, year integer, type text, manufacturer text, model text,
    engines smallint, seats smallint, speed integer, engine text);
create table weather (origin text references airports, year integer, month smallint, day smallint, hour smallint,
    temp numeric(5,2), dewp numeric(5,2), humid numeric, wind_dir integer, wind_speed numeric, wind_gust numeric,
    precip real, pressure numeric(6,1), visib double precision, time_hour timestamptz);
create table flights (year integer, month smallint, day smallint, dep_time integer, sched_dep_time integer,
    dep_delay integer, arr_time integer, sched_arr_time integer, arr_delay integer, carrier text references airlines,
    flight integer, tailnum text, origin text references airports, dest text, air_time integer, distance integer,
    hour smallint, minute smallint, time_hour timestamptz not null);
"""


def load_nycflights13(to: Server, database: str, csv: Path) -> None:
    """The five tables of nycflights13, copied from the CSV files in ``csv``; rows: ``NYCFLIGHTS13_ROWS``."""
    to.database(database, _NYC)
    with to.connected(database) as con:
        for table in NYCFLIGHTS13_ROWS:
            with (
                con.cursor() as cursor,
                cursor.copy(f"copy {table} from stdin with (format csv, header, null 'NA')") as copy,
            ):
                copy.write((csv / f"{table}.csv").read_bytes())
