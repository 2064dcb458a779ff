"""A PostgreSQL server of one's own, thrown away afterwards: real roles, real passwords, nothing kept.

    with throw_away_postgres() as server:
        if server is None:
            print(missing())

It listens on 127.0.0.1 alone, and asks for a password there. As root it runs as another user, since PostgreSQL refuses root.
"""

import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

ADMIN = "drill_admin"  # may do all
OWNER = "drill_owner"  # makes and owns databases
READER = "drill_reader"  # may log in, and read what it is granted

# Nothing here must survive a power cut.
SETTINGS = {
    "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "shared_buffers": "32MB",
    "max_connections": "50", "timezone": "UTC", "log_min_messages": "fatal",
}  # fmt: skip
START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """A running server. `passwords` by role: ADMIN, OWNER and READER."""

    host: str
    port: int
    folder: Path
    version: int
    passwords: dict[str, str] = field(repr=False)

    def url(self, database: str, role: str = READER, password: str | None = None) -> str:
        """The address of a database, for a role; with its own password unless another is given."""
        word = quote(self.passwords[role] if password is None else password, safe="")
        return f"postgresql://{role}:{word}@{self.host}:{self.port}/{quote(database, safe='')}"

    def connect(self, database: str = "postgres", role: str = ADMIN) -> Any:
        """A psycopg2 connection that commits each statement by itself."""
        import psycopg2

        connection = psycopg2.connect(self.url(database, role))
        connection.autocommit = True
        return connection

    def make_database(self, name: str, template: str = "template0") -> None:
        """A database that belongs to OWNER, in place of one of that name; as a copy of another one where one is named."""
        self.drop_database(name)
        self._close_connections(template)
        self._execute(f'CREATE DATABASE "{name}" OWNER {OWNER} TEMPLATE "{template}"')

    def drop_database(self, name: str) -> None:
        self._close_connections(name)
        self._execute(f'DROP DATABASE IF EXISTS "{name}"')

    def _close_connections(self, database: str) -> None:
        """Nobody may be in a database that is dropped or copied; those who were told to leave take a moment."""
        others = "FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        for _ in range(200):
            if not self._execute(f"SELECT pg_terminate_backend(pid) {others}", database):
                return
            time.sleep(0.02)

    def _execute(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters or None)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


def programs() -> Path | None:
    """The folder with `initdb` and `postgres`: of the PATH, else the newest below /usr/lib/postgresql."""
    found = shutil.which("initdb")
    if found and (Path(found).resolve().parent / "postgres").exists():
        return Path(found).resolve().parent
    installed = [p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(installed, key=lambda p: [int(n) for n in re.findall(r"\d+", str(p))], default=None)


def missing() -> str | None:
    """What is missing for a server on this machine; None when nothing is."""
    if programs() is None:
        return (
            "PostgreSQL's initdb and postgres are neither on the PATH nor below /usr/lib/postgresql"
        )
    if os.geteuid() == 0 and _user() is None:
        return "PostgreSQL does not run as root, and there is no user postgres or nobody"
    return None


@contextmanager
def throw_away_postgres() -> Iterator[Server | None]:
    """A running server for as long as the block lasts; None when it cannot be had: `missing()` says why."""
    if missing():
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="drill-postgres-"))
    process = None
    try:
        server, process = _start(folder)
        yield server
    finally:
        if process:
            _stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path) -> tuple[Server, "subprocess.Popen[bytes]"]:
    passwords = {role: secrets.token_urlsafe(18) for role in (ADMIN, OWNER, READER)}
    _make_cluster(folder, passwords[ADMIN])
    bin_folder = programs()
    assert bin_folder
    settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    for attempt in range(3):
        # Another process may take the port between the look and the start: then once more.
        port = _free_port()
        server = Server("127.0.0.1", port, folder, 0, passwords)
        listen = ["-h", "127.0.0.1", "-p", str(port), "-k", str(folder)]
        process = _run_as_user(
            [bin_folder / "postgres", "-D", folder / "data", *listen, *settings], folder
        )
        try:
            version = _wait(server, process)
        except RuntimeError:
            _stop(process)
            if attempt == 2:
                raise
            continue
        server = Server("127.0.0.1", port, folder, version, passwords)
        _make_roles(server)
        return server, process
    raise AssertionError


def _make_cluster(folder: Path, password: str) -> None:
    user = _user()
    if user:
        os.chown(folder, user.pw_uid, user.pw_gid)
    bin_folder = programs()
    assert bin_folder
    with tempfile.NamedTemporaryFile("w", dir=folder, prefix="password") as words:
        words.write(password)
        words.flush()
        if user:
            os.chown(words.name, user.pw_uid, user.pw_gid)
        command: list[object] = [bin_folder / "initdb", "-D", folder / "data", "-U", ADMIN]
        command += [f"--pwfile={words.name}", "--auth=scram-sha-256", "--encoding=UTF8"]
        command += ["--locale=C", "--no-sync"]
        made = _run_as_user(command, folder).wait()
    if made:
        raise RuntimeError(f"initdb failed: {_said(folder)}")


def _run_as_user(command: list[object], folder: Path) -> "subprocess.Popen[bytes]":
    """Start a program as a user that is not root, in a process group of its own, so that Ctrl-C does not reach it."""
    user = _user()
    who: dict[str, Any] = {}
    if user:
        who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": str(folder)}
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [str(part) for part in command], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True, **who,
        )  # fmt: skip


def _user() -> pwd.struct_passwd | None:
    """The user to be in place of root; None for a person who is not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(server: Server, process: "subprocess.Popen[bytes]") -> int:
    """Until it answers: its version number."""
    import psycopg2

    last = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < last:
        try:
            connection = server.connect()
        except psycopg2.OperationalError:
            time.sleep(0.05)
            continue
        version = int(connection.server_version)
        connection.close()
        return version
    raise RuntimeError(f"PostgreSQL did not start: {_said(server.folder)}")


def _make_roles(server: Server) -> None:
    connection = server.connect()
    with connection.cursor() as cursor:
        for role, rights in ((OWNER, "LOGIN CREATEDB"), (READER, "LOGIN")):
            cursor.execute(f"CREATE ROLE {role} {rights} PASSWORD %s", [server.passwords[role]])
    connection.close()


def _said(folder: Path) -> str:
    text = (folder / "log").read_text(encoding="utf-8", errors="replace")
    return " ".join(text.split())[-500:]


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Fast shutdown: sessions are ended, not waited for."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
