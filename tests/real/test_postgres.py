"""nycflights13 in a real PostgreSQL, into DuckDB and into PostgreSQL: loaded whole by real Airflow, then changed rows, late
ones and deletes, a backfill that is killed, rows out of quarantine: after each every table is exact at every hop."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import duckdb
import psycopg
import pytest

from tests import data, postgres
from tests.real.nycflights import (
    KEY_OF_FLIGHTS,
    LOADER_PASSWORD,
    MARTS,
    READER_PASSWORD,
    TOKEN_KEY,
    Pipeline,
    address,
    generate,
    sample_of,
    warehouse_settings,
)
from tests.real.relations import Database, DuckDB, Postgres

pytestmark = pytest.mark.real

LATENESS = "86400 seconds"
# Rows whose watermark no load looks at any more.
LONG_AGO = "updated_at < timestamptz '2013-12-30 00:00:00+00'"


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def pipeline(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """A repository that has run whole once, in real Airflow. Deletes are hard in DuckDB, soft in PostgreSQL."""
    kind = request.param
    server = postgres.server().url("postgres")
    folder = tmp_path_factory.mktemp(kind)
    admin = Postgres(address(server, "postgres"))
    reader, loader = f"reader_{kind}", f"loader_{kind}"
    admin.run(f"create role {reader} login password '{READER_PASSWORD}'", f"create database nyc_{kind}")
    source = Postgres(address(server, f"nyc_{kind}"))
    with psycopg.connect(source.url) as connection:
        data.nycflights13_postgres(connection, folder / "csv")
        connection.execute(f"grant select on all tables in schema public to {reader}")
    url = address(server, f"nyc_{kind}", reader, READER_PASSWORD)
    settings = {"SRC_URL": url, "PIPELINE_TOKEN_KEY": TOKEN_KEY}
    root = generate(folder, "nyc", url, f"--destination={kind}", f"--deletes={'hard' if kind == 'duckdb' else 'soft'}")
    warehouse: Database = DuckDB(root / "data" / "prod.duckdb")
    if kind == "postgres":
        admin.run(
            f"create role {loader} login password '{LOADER_PASSWORD}'", f"create database warehouse owner {loader}"
        )
        settings |= warehouse_settings(server, "warehouse", loader, LOADER_PASSWORD)
        warehouse = Postgres(address(server, "warehouse"))
    made = Pipeline(root, source, warehouse, settings, soft=kind == "postgres")
    made.run_whole()
    return made


def test_the_first_load_is_exact(pipeline: Pipeline, tmp_path: Path) -> None:
    counted = {table: pipeline.source.ask(f"select count(*) from {table}")[0][0] for table in data.NYCFLIGHTS13}
    assert counted == data.NYCFLIGHTS13_ROWS
    pipeline.compare(tmp_path)


def test_changed_rows_late_ones_and_deletes(pipeline: Pipeline, tmp_path: Path) -> None:
    """Of flights 1,000 changed rows, 1,000 late ones within the lookback, 1,000 deleted; some of every other table."""
    [(mark,)] = pipeline.source.ask("select max(updated_at) from flights")
    at = f"timestamptz '{mark:%Y-%m-%d %H:%M:%S+00}'"
    changed = pipeline.source.run(
        "update flights set dep_delay = coalesce(dep_delay, 0) + 1, distance = distance * 3, tailnum = 'N' || flight, "
        f"updated_at = {at} + interval '1 second' * (1 + flight % 600) "
        f"where ({KEY_OF_FLIGHTS}) in ({sample_of('flights', KEY_OF_FLIGHTS, 1000, LONG_AGO)})",
        "update flights set arr_delay = null, air_time = coalesce(air_time, 0) + 1, "
        f"updated_at = {at} - interval '1 minute' * (10 + flight % 1400) "
        f"where ({KEY_OF_FLIGHTS}) in ({sample_of('flights', KEY_OF_FLIGHTS, 500, LONG_AGO)})",
        "insert into flights select year, month, day, dep_time, sched_dep_time, dep_delay, arr_time, sched_arr_time, "
        "arr_delay, carrier, flight + 20000, tailnum, origin, dest, air_time, distance, hour, minute, time_hour, "
        f"{at} - interval '1 minute' * (10 + flight % 1400) from flights "
        f"where ({KEY_OF_FLIGHTS}) in ({sample_of('flights', KEY_OF_FLIGHTS, 500)})",
        f"delete from flights where ({KEY_OF_FLIGHTS}) in ({sample_of('flights', KEY_OF_FLIGHTS, 1000, LONG_AGO)})",
        "update airlines set name = name || ' (renamed)' where carrier in ('AA', 'UA')",
        f"delete from airports where faa in ({sample_of('airports', 'faa', 20)})",
        "insert into planes select 'NEW' || n, 2000 + n, null, 'NOBODY', 'none', n, null, null, 'x' from generate_series(1, 9) n",
        f"update weather set temp = temp + 0.1, precip = 9.99 where ctid in ({sample_of('weather', 'ctid', 500)})",
    )
    assert changed == [1000, 500, 500, 1000, 2, 20, 9, 500]
    [(window,)] = pipeline.source.ask(f"select count(*) from flights where updated_at >= {at} - interval '{LATENESS}'")
    pipeline.load()
    pipeline.compare(tmp_path)
    assert pipeline.newest_load("flights", "kind", "rows_read", "rows_deleted") == ("incremental", window, 1000)
    if pipeline.soft:
        for relation in ("raw_src.flights", "staging.stg_src__flights", MARTS["flights"]):
            assert pipeline.warehouse.ask(f"select count(*) from {relation} where _deleted_at is not null") == [(1000,)]


WINDOW = ("2013-03-01", "2013-03-11")
IN_WINDOW = "updated_at >= '2013-03-01 00:00:00+00' and updated_at < '2013-03-11 00:00:00+00'"


def test_a_backfill_is_previewed_killed_and_resumed(pipeline: Pipeline, tmp_path: Path) -> None:
    """Rows that were changed with no trace in the watermark: no load sees them, a backfill of their window does."""
    [changed] = pipeline.source.run(f"update flights set arr_delay = coalesce(arr_delay, 0) - 7 where {IN_WINDOW}")
    assert changed > 5000
    pipeline.load()
    with pytest.raises(AssertionError, match=r"raw_src\.flights"):
        pipeline.compare_hops("flights", ["raw_src.flights"], tmp_path)
    mark = "select mark from ops.marks where \"table\" = 'flights'"
    before = pipeline.warehouse.ask(mark)
    command = ("python", "-m", "ingest.backfill", "src", "--from", WINDOW[0], "--to", WINDOW[1], "--table", "flights")

    preview = pipeline.command(*command)
    assert f"flights: {changed:,} rows in 10 slices, about " in preview
    assert pipeline.newest_load("flights", "kind") == ("incremental",)

    killed = pipeline.kill_at("slice 4 of 10", *command, "--yes")
    assert "slice 10 of 10" not in killed
    done = "select count(done_at), count(*) from ops.backfills where \"table\" = 'flights'"
    [(slices, planned)] = pipeline.warehouse.ask(done)
    assert (4 <= slices < 10, planned) == (True, 10)
    assert f"{slices} of them done before" in pipeline.command(*command)

    resumed = re.findall(r"slice (\d+) of 10", pipeline.command(*command, "--yes"))
    assert resumed == [str(n) for n in range(slices + 1, 11)]
    assert pipeline.warehouse.ask(done) == [(10, 10)]
    assert pipeline.warehouse.ask(mark) == before
    pipeline.command("python", "-m", "quality.reconcile", "src")
    pipeline.build()
    pipeline.compare(tmp_path)


def _flight_without_destination(pipeline: Pipeline, flight: int, tailnum: str) -> str:
    """A row that its declaration does not allow; where it is."""
    pipeline.source.run(
        "alter table flights alter dest drop not null",
        "insert into flights select year, month, day, dep_time, sched_dep_time, dep_delay, arr_time, sched_arr_time, "
        f"arr_delay, carrier, {flight}, '{tailnum}', origin, null, air_time, distance, hour, minute, time_hour, updated_at "
        "from flights order by updated_at desc limit 1",
    )
    return f"flight = {flight}"


def _mend_at_the_source(pipeline: Pipeline) -> None:
    newest = "(select max(updated_at) + interval '1 second' from flights)"
    pipeline.source.run(
        f"update flights set dest = 'ZZZ', updated_at = {newest} where dest is null",
        "alter table flights alter dest set not null",
    )


def test_rows_out_of_quarantine(pipeline: Pipeline, tmp_path: Path) -> None:
    """A row is set aside; it lands once the declaration is mended, and lands again as the source has it then."""
    where = _flight_without_destination(pipeline, 31998, "N31998")
    held = "select reason from ops.quarantine where \"table\" = 'flights'"
    pipeline.load()
    assert ["dest" in reason for (reason,) in pipeline.warehouse.ask(held)] == [True]
    assert pipeline.warehouse.ask(f"select count(*) from raw_src.flights where {where}") == [(0,)]

    declaration = pipeline.root / "ingest" / "src.json"
    as_it_was = declaration.read_text()
    strict = '"dest": {"from": "dest", "type": "VARCHAR", "nullable": false'
    assert strict in as_it_was
    declaration.write_text(as_it_was.replace(strict, strict.replace("false", "true")))
    assert "1 landed, 0 stay" in pipeline.command("python", "-m", "ingest.replay", "src")
    assert pipeline.warehouse.ask(held) == []
    pipeline.command("python", "-m", "quality.reconcile", "src")
    pipeline.compare_hops("flights", ["raw_src.flights", "staging.stg_src__flights"], tmp_path)

    declaration.write_text(as_it_was)
    _mend_at_the_source(pipeline)
    pipeline.load()
    pipeline.compare(tmp_path)


def test_personal_data_and_secrets_are_nowhere(pipeline: Pipeline, tmp_path: Path) -> None:
    """In no table, no file and no message: neither values of treated columns, nor of dropped ones, nor passwords."""
    _flight_without_destination(pipeline, 31999, "N77SEC")
    pipeline.command("python", "-m", "ingest", "src")
    personal = {text for (text,) in pipeline.source.ask("select tailnum from flights union select tailnum from planes")}
    personal = {text.encode() for text in personal if text and len(text) >= 6}
    models = "select model from planes where length(model) >= 8 and model ~ '[G-Z]' group by 1 order by count(*) desc limit 20"
    secrets = [model for (model,) in pipeline.source.ask(models)]
    secrets += [READER_PASSWORD, LOADER_PASSWORD, TOKEN_KEY, quote(READER_PASSWORD, safe="")]
    assert len(personal) > 4000 and len(secrets) == 24

    kept, found = False, []
    for name, content in _everything(pipeline, tmp_path):
        kept = kept or b"Endeavor Air Inc." in content
        leaked = personal & set(re.findall(rb"N[0-9][0-9A-Z]{4}|D942DN", content))
        leaked |= {secret.encode() for secret in secrets if secret.encode() in content}
        found += [f"{name}: {sorted(leaked)[:3]}"] if leaked else []
    assert kept, "what is no secret must be found, or nothing was searched"
    assert found == []
    _mend_at_the_source(pipeline)
    pipeline.load()


def _everything(pipeline: Pipeline, folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every table of the warehouse, every file of the repository but its environments, every message."""
    for relation in pipeline.warehouse.relations():
        pipeline.warehouse.export(f"select * from {relation}", folder / "rows.csv")
        yield relation, (folder / "rows.csv").read_bytes()
    for path in pipeline.root.rglob("*"):
        if path.is_file() and ".venv" not in path.relative_to(pipeline.root).parts:
            yield str(path), _content(path)
    yield "messages", "\n".join(pipeline.said).encode()


def _content(path: Path) -> bytes:
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".parquet":
        return str(duckdb.sql(f"from '{path}'").fetchall()).encode()
    return path.read_bytes()
