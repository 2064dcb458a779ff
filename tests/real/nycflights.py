"""nycflights13 in a PostgreSQL database, a repository that loads it, and the comparison of every table at every hop."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from tests import data, engines
from tests.real.relations import Database, MariaDB, Postgres, Wanted, columns_of, totals

TOKEN_KEY = "a key of the test, longer than sixteen"
READER_PASSWORD = "read/only @ nyc"
LOADER_PASSWORD = "load%it 4 nyc"
TREATED = {("flights", "tailnum"), ("planes", "tailnum")}
DROPPED = ("planes", "model")
FLAGS = [
    "--table=*",
    *("--override", "src.flights.extract=watermark-keys"),
    *(f"--personal-data={table}.{column}=tokenise" for table, column in sorted(TREATED)),
    f"--personal-data={'.'.join(DROPPED)}=drop",
]
MARTS = {
    "airlines": "marts.dim_airlines",
    "airports": "marts.dim_airports",
    "flights": "marts.fct_flights",
    "planes": "marts.dim_planes",
    "weather": "marts.fct_weather",
}
KEY_OF_FLIGHTS = "time_hour, carrier, flight"


def address(server: str, database: str, user: str = "", password: str = "") -> str:
    """The URL of a database of a server, whose own URL is that of its superuser."""
    at = urlsplit(server)
    login = f"{user}:{quote(password, safe='')}" if user else at.netloc.rpartition("@")[0]
    return f"postgresql://{login}@{at.netloc.rpartition('@')[2]}/{database}"


def warehouse_settings(server: str, database: str, user: str, password: str) -> dict[str, str]:
    at = urlsplit(server)
    return {
        "WAREHOUSE_HOST": str(at.hostname),
        "WAREHOUSE_PORT": str(at.port),
        "WAREHOUSE_DATABASE": database,
        "WAREHOUSE_USER": user,
        "WAREHOUSE_PASSWORD": password,
    }


def token(column: str) -> str:
    """SQL of PostgreSQL for what a value must be replaced by: HMAC-SHA256, spelled out (RFC 2104)."""
    block = TOKEN_KEY.encode().ljust(64, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in block).hex() for pad in (0x36, 0x5C))
    digest = f"sha256('\\x{inner}'::bytea || convert_to(\"{column}\", 'UTF8'))"
    return f"'tok_' || left(encode(sha256('\\x{outer}'::bytea || {digest}), 'hex'), 32)"


@dataclass
class Pipeline:
    """A repository that loads ``source`` into ``warehouse``; ``said`` is all that its commands printed.

    ``token`` is the SQL, at the source, of what a value must be replaced by.
    """

    root: Path
    source: Postgres | MariaDB
    warehouse: Database
    settings: dict[str, str]
    soft: bool
    said: list[str] = field(default_factory=list)
    token: Callable[[str], str] = token

    def run_whole(self) -> None:
        """Every DAG once, in real Airflow."""
        done = engines.make(self.root, "run", "ENV=prod", **self.settings)
        self.said.append(engines.output(done))
        assert done.returncode == 0, self.said[-1]

    def command(self, *words: str, code: int = 0) -> str:
        """One command of the repository's in its environment `prod`; what it printed."""
        with self.start(*words) as process:
            text = process.communicate(timeout=600)[0]
        self.said.append(text)
        assert process.returncode == code, f"{' '.join(words)}: exit {process.returncode}\n{text}"
        return text

    def start(self, *words: str) -> subprocess.Popen[str]:
        environment = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")}
        return subprocess.Popen(
            ["sh", "scripts/env.sh", "prod", *words], cwd=self.root, env=environment | self.settings, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def kill_at(self, words: str, *command: str) -> str:
        """Start a command and end it, and all that it started, with SIGKILL as soon as it prints ``words``."""
        with self.start(*command) as process:
            assert process.stdout is not None
            text = ""
            for line in process.stdout:
                text += line
                if words in line:
                    os.killpg(process.pid, signal.SIGKILL)
                    break
            text += process.stdout.read()
        self.said.append(text)
        assert process.returncode == -signal.SIGKILL, text
        return text

    def load(self) -> None:
        """What the DAGs do for one load: each step of it, and each check."""
        self.command("python", "-m", "ingest", "src")
        self.command("python", "-m", "quality.reconcile", "src")
        self.build()

    def build(self) -> None:
        self.command("dbt", "--quiet", "build", "--exclude-resource-type=unit_test")
        self.command("python", "-m", "quality.reconcile", "--marts")

    def columns(self, table: str) -> dict[str, str]:
        """Columns of the source that land, with the types they have there."""
        declared, _ = data.NYCFLIGHTS13[table]
        return {c: t.removesuffix(" not null") for c, t in declared.items() if (table, c) != DROPPED}

    def compare(self, folder: Path) -> None:
        """Every table at every hop against the source as it is now: rows, sums, and each row."""
        for table in data.NYCFLIGHTS13:
            self.compare_hops(table, [f"raw_src.{table}", f"staging.stg_src__{table}", MARTS[table]], folder)

    def compare_hops(self, table: str, hops: list[str], folder: Path) -> None:
        columns = self.columns(table)
        exported = folder / "rows.csv"
        values = [f'{self.token(c)} as "{c}"' if (table, c) in TREATED else f'"{c}"' for c in columns]
        self.source.export(f"select {', '.join(values)} from {table}", exported)
        wanted = Wanted(columns, exported)
        expected = totals(self.source, table, columns, "true")
        assert expected[""], table
        names = ", ".join(f'"{c}"' for c in columns)
        for relation in hops:
            there = columns_of(self.warehouse, relation)
            assert set(columns) == {c for c in there if not c.startswith("_")}, relation
            assert ("_deleted_at" in there) == self.soft, relation
            alive = "_deleted_at is null" if self.soft else "true"
            assert totals(self.warehouse, relation, columns, alive) == expected, relation
            self.warehouse.export(f"select {names} from {relation} where {alive}", exported)
            assert wanted.difference(exported) == [], relation

    def newest_load(self, table: str, *columns: str) -> tuple[object, ...]:
        query = (
            f"select {', '.join(columns)} from ops.loads where \"table\" = '{table}' order by loaded_at desc limit 1"
        )
        return self.warehouse.ask(query)[0]


def generate(folder: Path, name: str, url: str, *flags: str) -> Path:
    """A repository made by the command line."""
    done = subprocess.run(
        [sys.executable, "-m", "pipegen", "new", name, "--source", f"src={url}", "--no-git", *FLAGS, *flags],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    engines.give_environments(folder / name)
    return folder / name


def sample_of(table: str, key: str, count: int, where: str = "true") -> str:
    """SQL for the keys of some rows, spread over the table, the same each time."""
    salt = hashlib.sha256(f"{table} {where} {count}".encode()).hexdigest()[:8]
    return f"select {key} from {table} where {where} order by md5('{salt}' || {table}::text) limit {count}"
