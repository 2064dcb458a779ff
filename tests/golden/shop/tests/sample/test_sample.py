"""The sample data: the same every time, and with all that a load has to cope with."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from fnmatch import fnmatch

import pytest

from ingest import declaration, settings
from sample import __main__ as sample
from sample.deliveries import deliver, file_names
from sample.rows import Maker
from sample.schema import shapes

SOURCES = declaration.source_ids()
ROOT = settings.ROOT


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
    source = declaration.read(source_id)
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
