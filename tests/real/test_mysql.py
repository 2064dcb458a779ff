"""nycflights13 in a real MariaDB, into DuckDB and into PostgreSQL: loaded whole, then changed rows, late ones and deletes, a backfill:
after each every table is exact at every hop. Every type that MariaDB has, probed and loaded. The reader has what the docs grant."""

from __future__ import annotations

import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests import data, engines, mariadb, postgres
from tests.real.nycflights import (
    KEY_OF_FLIGHTS,
    LOADER_PASSWORD,
    READER_PASSWORD,
    TOKEN_KEY,
    Pipeline,
    address,
    generate,
    warehouse_settings,
)
from tests.real.relations import Database, DuckDB, MariaDB, Postgres

pytestmark = pytest.mark.real

LATENESS = "86400 second"
LONG_AGO = "updated_at < '2013-12-30 00:00:00'"
_TYPES = {
    "text": "varchar(64)",
    "text not null": "varchar(64) not null",
    "timestamp with time zone not null": "timestamp not null default current_timestamp",
}


def token(column: str) -> str:
    """SQL of MariaDB for what a value must be replaced by: HMAC-SHA256, spelled out (RFC 2104)."""
    block = TOKEN_KEY.encode().ljust(64, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in block).hex() for pad in (0x36, 0x5C))
    digest = f"unhex(sha2(concat(x'{inner}', cast(\"{column}\" as binary)), 256))"
    return f"concat('tok_', left(sha2(concat(x'{outer}', {digest}), 256), 32))"


def fill(source: MariaDB, folder: Path) -> None:
    """The five tables, with ``updated_at`` of flights within the hour of their departure."""
    csv = data.nycflights13_csv(folder)
    with duckdb.connect(":memory:") as con:
        con.execute("set TimeZone = 'UTC'")
        for table, (columns, key) in data.NYCFLIGHTS13.items():
            lines = [f'"{name}" {_TYPES.get(declared, declared)}' for name, declared in columns.items()]
            source.run(f"create table {table} ({', '.join(lines)}, primary key ({', '.join(key)}))")
            read = f"read_csv('{csv / table}.csv', nullstr = ['', 'NA'], sample_size = -1)"
            shown = "replace (strftime(time_hour, '%Y-%m-%d %H:%M:%S') as time_hour)" if "time_hour" in columns else ""
            made = ", strftime(time_hour + to_minutes(flight % 60), '%Y-%m-%d %H:%M:%S')" if table == "flights" else ""
            rows = folder / f"{table}.rows"
            con.execute(
                f"copy (select * {shown}{made} from {read}) to '{rows}' (format csv, header false, nullstr '\\N')"
            )
            source.run(
                f"load data local infile '{rows}' into table {table} character set utf8mb4 fields terminated by ',' "
                "optionally enclosed by '\"' escaped by '\\\\'"
            )
    source.run("create index changed on flights (updated_at)", f"analyze table {', '.join(data.NYCFLIGHTS13)}")


def grant_as_documented(root: Path, source: MariaDB) -> str:
    """Make the reader that docs/source-access.md makes, statement by statement; its name. This server has no TLS."""
    text = (root / "docs" / "source-access.md").read_text()
    (script,) = re.findall(r"```sql\n(.*?)```", text, flags=re.DOTALL)
    (name,) = re.findall(r"create user (\w+)", script)
    script = script.replace("'PASSWORD' require ssl", f"'{READER_PASSWORD}'")
    source.run(f"drop user if exists {name}", *(s for s in map(str.strip, script.split(";")) if s))
    return name


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def pipeline(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """A repository whose tables are all loaded. Deletes are hard in DuckDB, soft in PostgreSQL; the first runs in real Airflow."""
    kind = request.param
    server = mariadb.server()
    folder = tmp_path_factory.mktemp(kind)
    database = server.database(f"nyc_{kind}")
    source = MariaDB(server.url(database))
    fill(source, folder / "csv")
    deletes = "hard" if kind == "duckdb" else "soft"
    root = generate(
        folder, "nyc", source.url, f"--destination={kind}", f"--deletes={deletes}", "--catalog", "next", "--yes"
    )
    reader = grant_as_documented(root, source)
    login = source.url.partition("@")[2]
    settings = {
        "SRC_URL": f"mysql://{reader}:{READER_PASSWORD.replace('/', '%2F').replace(' ', '%20').replace('@', '%40')}@{login}",
        "PIPELINE_TOKEN_KEY": TOKEN_KEY,
    }
    warehouse: Database = DuckDB(root / "data" / "prod.duckdb")
    if kind == "postgres":
        to = postgres.server().url("postgres")
        Postgres(address(to, "postgres")).run(
            f"create role loads_mysql login password '{LOADER_PASSWORD}'", "create database of_mysql owner loads_mysql"
        )
        settings |= warehouse_settings(to, "of_mysql", "loads_mysql", LOADER_PASSWORD)
        warehouse = Postgres(address(to, "of_mysql"))
    made = Pipeline(root, source, warehouse, settings, soft=kind == "postgres", token=token)
    if kind == "duckdb":
        made.run_whole()
    else:
        made.load()
    return made


def test_the_first_load_is_exact(pipeline: Pipeline, tmp_path: Path) -> None:
    counted = {table: pipeline.source.ask(f"select count(*) from {table}")[0][0] for table in data.NYCFLIGHTS13}
    assert counted == data.NYCFLIGHTS13_ROWS
    pipeline.compare(tmp_path)


def _some(where: str, count: int, salt: str) -> str:
    """SQL for the keys of some flights, spread over the table, the same each time."""
    of = f"md5(concat('{salt}', carrier, flight, time_hour))"
    return f"(select {KEY_OF_FLIGHTS} from flights where {where} order by {of} limit {count}) as some"


def test_changed_rows_late_ones_and_deletes(pipeline: Pipeline, tmp_path: Path) -> None:
    """Of flights 1,000 changed rows, 1,000 late ones within the lookback, 1,000 deleted; some of every other table."""
    [(mark,)] = pipeline.source.ask("select max(updated_at) from flights")
    at = f"timestamp '{mark:%Y-%m-%d %H:%M:%S}'"
    late = f"{at} - interval (10 + flight % 1400) minute"
    same = f"using ({KEY_OF_FLIGHTS})"
    changed = pipeline.source.run(
        f"update flights join {_some(LONG_AGO, 1000, 'changed')} {same} set arr_delay = coalesce(arr_delay, 0) + 1, "
        f"distance = distance + 1, tailnum = case when flight % 2 = 0 then 'N00000' else tailnum end, "
        f"updated_at = {at} + interval (1 + flight % 60) second",
        f"update flights join {_some(LONG_AGO, 500, 'late')} {same} set arr_delay = null, "
        f"air_time = coalesce(air_time, 0) + 1, updated_at = {late}",
        "insert into flights select year, month, day, dep_time, sched_dep_time, dep_delay, arr_time, sched_arr_time, "
        "arr_delay, carrier, flight + 20000, tailnum, origin, dest, air_time, distance, hour, minute, time_hour, "
        f"{late} from flights join {_some('1 = 1', 500, 'new')} {same}",
        f"delete flights from flights join {_some(LONG_AGO, 1000, 'deleted')} {same}",
        "update airlines set name = name || ' (renamed)' where carrier in ('AA', 'UA')",
        "delete from airports order by md5(faa) limit 20",
        "insert into planes select 'NEW' || seq, 2000 + seq, null, 'NOBODY', 'none', seq, null, null, 'x' from seq_1_to_9",
        "update weather set temp = temp + 0.1, precip = 9.99 where temp is not null order by md5(origin || time_hour) limit 500",
    )
    assert changed == [1000, 500, 500, 1000, 2, 20, 9, 500]
    [(window,)] = pipeline.source.ask(f"select count(*) from flights where updated_at >= {at} - interval {LATENESS}")
    pipeline.load()
    pipeline.compare(tmp_path)
    assert pipeline.newest_load("flights", "kind", "rows_read", "rows_deleted") == ("incremental", window, 1000)


def test_a_backfill_sees_what_left_no_trace(pipeline: Pipeline, tmp_path: Path) -> None:
    """Rows that were changed with no trace in the watermark: no load sees them, a backfill of their window does."""
    where = "updated_at >= '2013-03-01 00:00:00' and updated_at < '2013-03-04 00:00:00'"
    [changed] = pipeline.source.run(f"update flights set arr_delay = coalesce(arr_delay, 0) - 7 where {where}")
    assert changed > 1000
    command = (
        "python",
        "-m",
        "ingest.backfill",
        "src",
        "--from",
        "2013-03-01",
        "--to",
        "2013-03-04",
        "--table",
        "flights",
    )
    assert f"flights: {changed:,} rows in 3 slices, about " in pipeline.command(*command)
    pipeline.command(*command, "--yes")
    pipeline.command("python", "-m", "quality.reconcile", "src")
    pipeline.build()
    pipeline.compare(tmp_path)


def test_passwords_are_in_no_file_and_no_message(pipeline: Pipeline) -> None:
    secrets = [text.encode() for text in (mariadb.PASSWORD, READER_PASSWORD, pipeline.settings["SRC_URL"])]
    files = [p for p in pipeline.root.rglob("*") if p.is_file() and ".venv" not in p.relative_to(pipeline.root).parts]
    assert len(files) > 100
    for content in (*(p.read_bytes() for p in files), "\n".join(pipeline.said).encode()):
        assert not any(secret in content for secret in secrets)


ZOO = """
create table zoo (
    id int unsigned not null auto_increment primary key, u bigint unsigned, m mediumint, y year, flag tinyint(1), bits bit(12),
    price decimal(18,4), wide decimal(50,10), ratio float, exact_ratio double, day date, clock time(6), at datetime(6),
    changed timestamp(3) null, kind enum('a','it''s'), tags set('x','y'), doc json, raw varbinary(20), body longtext,
    old varchar(20) character set latin1, place point, ref uuid, made int as (m + 1) virtual, key (changed));
insert into zoo (id, u, m, y, flag, bits, price, wide, ratio, exact_ratio, day, clock, at, changed, kind, tags, doc, raw, body, old,
    place, ref) values
    (1, 18446744073709551615, -8388608, 2155, 1, b'111111111111', -12345678901234.5678,
     1234567890123456789012345678901234567890.0123456789, 0.1, 0.1, '2024-02-29', '23:59:59.999999', '1000-01-01 00:00:00.000001',
     '2024-03-31 01:30:00.123', 'it''s', 'x,y', '{"a": [1, 2.50], "b": null}', x'00ff0a', 'line\nemoji 😀 "quoted", back\\\\slash', 'ü',
     st_geomfromtext('point(1 2)'), '123e4567-e89b-12d3-a456-426614174000'),
    (2, null, null, null, null, null, null, null, null, null, '0000-00-00', null, '0000-00-00 00:00:00', null, null, null, null, null,
     null, null, null, null),
    (4294967295, 0, 0, 1901, 0, b'0', 0, 0, -0.0, 1e308, '9999-12-31', '00:00:00', '9999-12-31 23:59:59.999999',
     '2038-01-19 03:14:07.999', 'a', '', '[]', '', '', '', null, null);
"""


def test_every_type_is_probed_and_loaded(tmp_path: Path) -> None:
    """The server's time zone is +02:00: a TIMESTAMP is a moment, and lands in UTC."""
    server = mariadb.server()
    server.database("zoo", ZOO)
    source = MariaDB(server.url("zoo"))
    done = subprocess.run(
        [sys.executable, "-m", "pipegen", "new", "zoo", "--source", f"src={source.url}", "--no-git", "--table=*", "--yes",
         "--catalog=next"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    root = tmp_path / "zoo"
    engines.give_environments(root)
    warehouse = DuckDB(root / "data" / "prod.duckdb")
    made = Pipeline(root, source, warehouse, {"SRC_URL": source.url}, soft=False)
    said = made.command("python", "-m", "ingest", "src")
    assert "1 zero dates in day are read as null" in said and "1 zero dates in at are read as null" in said
    made.command("python", "-m", "quality.reconcile", "src")
    made.command("dbt", "--quiet", "build", "--exclude-resource-type=unit_test")
    texts = "id, u, m, y, price, wide, day, kind, tags, doc, body, old, ref, made"
    query = f"select {texts}, hex(raw) from {{}} order by id"
    plain = [[_text(value) for value in row] for row in source.ask(query.format("zoo"))]
    assert plain[1][6] == "0000-00-00"
    plain[1][6] = None
    assert [[_text(v) for v in row] for row in warehouse.ask(query.format("staging.stg_src__zoo"))] == plain
    shown = """flag, bits, ratio, exact_ratio, cast(clock as varchar), "at", changed at time zone 'UTC'"""
    more = f"select {shown} from staging.stg_src__zoo order by id"
    first, empty, last = warehouse.ask(more)
    assert (first[:5], empty) == ((True, 4095, 0.10000000149011612, 0.1, "23:59:59.999999"), (None,) * 7)
    assert last[:5] == (False, 0, 0.0, 1e308, "00:00:00")
    assert [f"{value:%Y-%m-%d %H:%M:%S.%f}" for value in (first[5], first[6], last[6])] == [
        "1000-01-01 00:00:00.000001", "2024-03-30 23:30:00.123000", "2038-01-19 01:14:07.999000",
    ]  # fmt: skip


def _text(value: object) -> str | None:
    return None if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)
