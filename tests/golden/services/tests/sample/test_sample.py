"""The sample data: the same every time, and with all that a load has to cope with."""

import csv
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from fnmatch import fnmatch

import pyarrow.parquet as pq
import pytest

from ingest import declaration, settings
from sample import __main__ as sample
from sample.deliveries import deliver, file_names
from sample.rows import Maker
from sample.schema import at_source, shapes

SOURCES = declaration.source_ids()
ROOT = settings.ROOT
TYPES = [
    "VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP", "TIMESTAMPTZ", "TIME", "UUID", "BLOB", "JSON",
    "DECIMAL(18,2)", "DECIMAL(3,3)",
]  # fmt: skip


def digests(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_same_bytes_whatever_the_machine(place):
    for source_id in SOURCES:
        sample.make(source_id)
    here = digests(settings.SAMPLE_DATA)
    code = (
        "import sys; from pathlib import Path; from ingest import settings; "
        "settings.SAMPLE_DATA = Path(sys.argv[1]); from sample.__main__ import make; "
        "[make(name) for name in sys.argv[2:]]"
    )
    elsewhere = {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    command = [sys.executable, "-c", code, str(place / "again"), *SOURCES]
    subprocess.run(command, env={**os.environ, **elsewhere}, check=True)
    assert digests(place / "again") == here


@pytest.mark.parametrize("source_id", SOURCES)
def test_keys_are_unique_and_references_resolve(place, source_id):
    source = declaration.read(source_id)
    found = shapes(source)
    maker = Maker(source, found)
    for table in source.tables:
        made = maker.rows(table.id)
        keys = list(zip(*(made.columns[column] for column in table.key), strict=True))
        assert len(set(keys)) == len(keys)
        for foreign in found[table.id].foreign_keys:
            parent = maker.rows(foreign.to)
            held = zip(*(parent.columns[at][: parent.count] for at in foreign.at), strict=True)
            pointing = zip(*(made.columns[column] for column in foreign.columns), strict=True)
            assert {row for row in pointing if None not in row} <= set(held)
        for column in table.columns:
            if not column.nullable:
                assert None not in made.columns[column.id]


@pytest.mark.parametrize("source_id", SOURCES)
def test_late_updated_null_and_malformed_rows_are_there(place, source_id):
    source = at_source(declaration.read(source_id))
    maker = Maker(source, shapes(source))
    for table in source.tables:
        rows = maker.rows(table.id)
        one = deliver(rows)
        assert [d.name for d in one.deliveries] == file_names(table)
        if table.format:
            assert all(fnmatch(d.name, table.name.replace("**/", "")) for d in one.deliveries)
        good = Counter(id_of(table, row) for d in one.deliveries for row in d.rows)
        assert len(good) == one.keys or not table.key
        assert sum(good.values()) == one.rows - one.malformed
        if table.format in ("csv", "jsonl"):
            assert one.malformed
        if table.watermark and rows.count > 10:
            assert one.late == count_late(table, one)
        optional = [
            c for c in table.columns if c.nullable and c.id not in (*table.key, table.watermark)
        ]
        if optional and table.format != "csv":
            assert one.nulls


def id_of(table, row):
    values = dict(zip((column.id for column in table.columns), row, strict=True))
    return tuple(values[column] for column in table.key) or id(row)


def count_late(table, one):
    """Rows that arrive after a row with a higher watermark."""
    place = [column.id for column in table.columns].index(table.watermark)
    late, highest = 0, None
    for value in (row[place] for d in one.deliveries for row in d.rows):
        if highest is None or value >= highest:
            highest = value
        else:
            late += 1
    return late


@pytest.fixture
def made_up(place):
    """Make a function that makes a source of every type, with personal data in it, and gives what was made and its place."""

    def make(kind):
        columns = {
            f"c{n}": {"from": f"C {n}", "type": one, "nullable": True}
            for n, one in enumerate(TYPES)
        }
        for name in ("e_mail", "phone"):
            columns[name] = {
                "from": name,
                "type": "VARCHAR",
                "nullable": False,
                "treatment": "mask",
            }
        file = {} if kind == "postgres" else {"format": kind}
        table = {
            **file,
            "load": "full",
            "key": [],
            "watermark": None,
            "columns": columns,
            "dropped": ["Home Address"],
        }
        tables = {
            "log": {**table, "from": "log" if kind == "postgres" else f"log.{kind}"},
            "things": {
                **table,
                "from": "Things" if kind == "postgres" else f"Things.{kind}",
                "key": ["c1"],
            },
        }
        document = {
            "source": "made_up",
            "kind": "postgres" if kind == "postgres" else "files",
            "raw_schema": "raw_made_up",
            "tables": tables,
        }
        (place / "ingest" / "made_up.json").write_text(json.dumps(document))
        return sample.make("made_up"), declaration.read("made_up").path

    return make


def as_stored(kind, path, table):
    """The rows that a source holds, by the names it gives its columns."""
    if kind == "postgres":
        with sqlite3.connect(path) as connection:
            found = connection.execute(f'SELECT * FROM "{table.name}"')
            names = [column for column, *_ in found.description]
            return [dict(zip(names, row, strict=True)) for row in found]
    file = path / table.name
    if kind == "csv":
        with file.open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))
    if kind == "jsonl":
        found = [
            json.loads(line)
            for line in file.read_text(encoding="utf-8").split("\n")[:-1]
            if line[0] == "{"
        ]
        return found
    return pq.read_table(file).to_pylist()


@pytest.mark.parametrize("kind", ["postgres", "csv", "jsonl", "parquet"])
def test_every_type_and_what_may_not_land_are_there(made_up, kind):
    delivered, path = made_up(kind)
    for one in delivered:
        rows = as_stored(kind, path, one.table)
        broken_lines = sum(len(d.ragged) for d in one.deliveries) if kind == "jsonl" else 0
        assert len(rows) == one.rows - broken_lines
        names = {f"C {n}" for n in range(len(TYPES))} | {"e_mail", "phone", "Home Address"}
        assert set().union(*rows) == names
        for name in names:
            assert any(row.get(name) not in (None, "") for row in rows), name
        assert all(
            "@" in row["e_mail"] and row["phone"].startswith("+") for row in rows if row["phone"]
        )
        assert any("Street" in (row.get("Home Address") or "") for row in rows)
