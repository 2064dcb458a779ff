"""A MariaDB server of one's own, thrown away afterwards: real users, real passwords, nothing kept.

    with throw_away_mariadb() as server:
        if server is None:
            print(missing())

It listens on 127.0.0.1 alone, and asks for a password there. As root it runs as another user, since MariaDB refuses root.
"""

import os
import pwd
import secrets
import shutil
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
READER = "drill_reader"  # may log in, and read what it is granted

# Nothing here must survive a power cut.
SETTINGS = {
    "innodb-flush-log-at-trx-commit": "0", "innodb-buffer-pool-size": "64M", "skip-name-resolve": "1",
    "default-time-zone": "+02:00", "character-set-server": "utf8mb4", "max-connections": "50",
}  # fmt: skip
START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """A running server. `passwords` by user: ADMIN and READER."""

    host: str
    port: int
    folder: Path
    passwords: dict[str, str] = field(repr=False)

    def url(self, database: str, user: str = READER, password: str | None = None) -> str:
        """The address of a database, for a user; with its own password unless another is given."""
        word = quote(self.passwords[user] if password is None else password, safe="")
        return f"mysql://{user}:{word}@{self.host}:{self.port}/{quote(database, safe='')}"

    def connect(self, database: str | None = None, user: str = ADMIN) -> Any:
        """A PyMySQL connection that commits each statement by itself."""
        import pymysql

        return pymysql.connect(
            host=self.host, port=self.port, user=user, password=self.passwords[user], database=database,
            charset="utf8mb4", autocommit=True,
        )  # fmt: skip

    def make_database(self, name: str) -> None:
        """A new database that READER may read, in place of one of that name."""
        connection = self.connect()
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")
            cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
            cursor.execute(f"GRANT SELECT ON `{name}`.* TO {READER}")
        connection.close()


def program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def missing() -> str | None:
    """What is missing for a server on this machine; None when nothing is."""
    if not program("mariadbd") or not program("mariadb-install-db"):
        return "MariaDB's mariadbd and mariadb-install-db are not on the PATH"
    if os.geteuid() == 0 and _user() is None:
        return "MariaDB does not run as root, and there is no user mysql or nobody"
    return None


@contextmanager
def throw_away_mariadb() -> Iterator[Server | None]:
    """A running server for as long as the block lasts; None when it cannot be had: `missing()` says why."""
    if missing():
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="drill-mariadb-"))
    process = None
    try:
        server, process = _start(folder)
        yield server
    finally:
        if process:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path) -> tuple[Server, "subprocess.Popen[bytes]"]:
    passwords = {user: secrets.token_urlsafe(18) for user in (ADMIN, READER)}
    user = _user()
    users = folder / "users.sql"
    users.touch(mode=0o600)
    users.write_text(
        "".join(f"CREATE USER {u} IDENTIFIED BY '{word}';\n" for u, word in passwords.items())
        + f"GRANT ALL ON *.* TO {ADMIN} WITH GRANT OPTION;\n"
        + "DELETE FROM mysql.global_priv WHERE User IN ('', 'root');\nFLUSH PRIVILEGES;\n",
        encoding="utf-8",
    )
    for path in (folder, users):
        if user:
            os.chown(path, user.pw_uid, user.pw_gid)
    made = _run_as_user(
        [
            program("mariadb-install-db"), "--no-defaults", f"--datadir={folder / 'data'}", "--skip-test-db",
            "--auth-root-authentication-method=normal",
        ],
        folder,
    ).wait()  # fmt: skip
    if made:
        raise RuntimeError(f"mariadb-install-db failed: {_said(folder)}")
    for attempt in range(3):
        # Another process may take the port between the look and the start: then once more.
        server = Server("127.0.0.1", _free_port(), folder, passwords)
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        process = _run_as_user(
            [
                program("mariadbd"), "--no-defaults", f"--datadir={folder / 'data'}", f"--init-file={users}",
                "--bind-address=127.0.0.1", f"--port={server.port}", f"--socket={folder / 'socket'}",
                f"--pid-file={folder / 'pid'}", *settings,
            ],
            folder,
        )  # fmt: skip
        try:
            _wait(server, process)
        except RuntimeError:
            process.kill()
            process.wait()
            if attempt == 2:
                raise
            continue
        users.unlink()
        return server, process
    raise AssertionError


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
    for name in ("mysql", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(server: Server, process: "subprocess.Popen[bytes]") -> None:
    """Until it answers."""
    import pymysql

    last = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < last:
        try:
            server.connect().close()
            return
        except pymysql.MySQLError:
            time.sleep(0.05)
    raise RuntimeError(f"MariaDB did not start: {_said(server.folder)}")


def _said(folder: Path) -> str:
    text = (folder / "log").read_text(encoding="utf-8", errors="replace")
    return " ".join(text.split())[-500:]
