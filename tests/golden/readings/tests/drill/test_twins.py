"""Twins of every kind of source: what they hold in memory is what a reader finds in the source itself."""

import csv
import json
import sqlite3
from collections import Counter
from contextlib import contextmanager

import pyarrow.parquet as pq
import pytest

from drill import declared, server
from drill.databases import Postgres, SQLite
from drill.declared import Column
from drill.files import Files
from drill.twins import DROPPED
from drill.values import canonical
from ingest import declaration

TYPES = (
    "VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP", "TIMESTAMPTZ", "TIME", "UUID", "BLOB", "JSON",
    "DECIMAL(18,2)",
)  # fmt: skip
DATABASES = ("sqlite", "postgres", "mysql", "rest")
KINDS = (*DATABASES, "csv", "jsonl", "parquet")
# Types that a server has and its twin has not, or not for texts that are made up.
OWN_TYPES = {
    "postgres": ("shop.mood", "integer[]", "character varying(3)"),
    "mysql": ("enum('it''s','b')", "set('x','y')", "varchar(3)"),
    "rest": ("string (date-time)", "string (email)", "integer (int64)"),
}


def document(kind):
    """A source with a column of every type, one that never lands, and a key."""
    columns = {"id": {"from": "Id", "type": "BIGINT", "nullable": False}}
    columns |= {
        f"c{number}": {"from": f"C {number}", "type": one, "nullable": True}
        for number, one in enumerate(TYPES)
    }
    columns["changed"] = {"from": "changed", "type": "TIMESTAMP", "nullable": False}
    for number, one in enumerate(OWN_TYPES.get(kind, ())):
        own = {"from": f"own {number}", "type": "VARCHAR", "nullable": True, "source_type": one}
        columns[f"own{number}"] = own
    database = kind in DATABASES
    table = {
        "from": "Some Things" if database else f"things*.{kind}",
        **({} if database else {"format": kind}),
        "load": "watermark" if database else "append",
        "write": "merge" if database else "replace-by-unit",
        "deletes": "ignore", "key": ["id"], "watermark": "changed", "overlap": 60, "most_deleted": 0.2,
        "schema_contract": {}, "dropped": ["Home Address"] if database else [], "columns": columns,
    }  # fmt: skip
    return {
        "source": "made_up", "kind": kind if database else "files", "path_env": "X", "path": "nowhere",
        "raw_schema": "raw_made_up", "loads": {}, "tables": {"things": table},
    }  # fmt: skip


@contextmanager
def twin_of(kind, place):
    path = place / "ingest" / "made_up.json"
    path.write_text(json.dumps(document(kind)), encoding="utf-8")
    source = declared.read_source(path)
    if kind == "postgres":
        with server.throw_away_postgres() as running:
            if running is None:
                pytest.fail(server.missing())
            yield Postgres(source, running)
    elif kind in DATABASES:
        yield SQLite(source.as_read(False), place / "made_up.sqlite")
    else:
        yield Files(source, declaration.read("made_up").path)


def held(twin, table):
    """The rows as a reader finds them: by the source's own column names."""
    if isinstance(twin, Postgres):
        cursor = twin.connection().cursor()
        cursor.execute(f"SELECT * FROM {twin.relation(table)}")
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    if isinstance(twin, SQLite):
        connection = sqlite3.connect(twin.path)
        found = connection.execute(f'SELECT * FROM "{table.name}"')
        names = [column for column, *_ in found.description]
        return [dict(zip(names, row, strict=True)) for row in found]
    return [row for path in twin.paths(table) for row in in_file(path)]


def in_file(path):
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as lines:
            return [{k: v or None for k, v in row.items()} for row in csv.DictReader(lines)]
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
    return pq.read_table(path).to_pylist()


def check(twin, table):
    """What is in the source is what the twin says."""
    columns = twin.layouts[table.id].columns
    stored = Counter(
        tuple(canonical(c.type, row.get(c.name)) for c in columns) for row in held(twin, table)
    )
    remembered = Counter(
        tuple(canonical(c.type, record.values.get(c.id)) for c in columns)
        for record in twin.rows(table)
    )
    assert stored == remembered
    return stored


@pytest.mark.parametrize("kind", KINDS)
def test_every_change_is_in_the_source(place, kind):
    with twin_of(kind, place) as twin:
        twin.fill()
        (table,) = twin.source.tables
        first = check(twin, table)
        assert len(first) == 500
        twin.save()
        rows = twin.rows(table)
        twin.update(table, rows[3], {"c0": "other, 'words'\n", "c1": None})
        twin.update(table, rows[4], {"id": 9_999})
        twin.delete(table, rows[10:20])
        (row,) = [{**rows[0].values, "id": 10_000}]
        twin.deliver(table, [row])
        assert len(check(twin, table)) == 491
        twin.shuffle(table)
        twin.add_column(table, Column("new", "new", "VARCHAR"), lambda number: f"n{number}")
        twin.drop_column(table, "c2")
        twin.retype_column(table, "c1", "VARCHAR", lambda value: value and f"about {value}")
        check(twin, table)
        twin.loosen(table)
        twin.insert(table, [{**row, "id": None}, {**row, "id": 10_000}])
        assert check(twin, table).total() == 493
        twin.restore()
        assert check(twin, table) == first
        twin.empty(table)
        assert not check(twin, table)


@pytest.mark.parametrize("kind", DATABASES)
def test_what_must_not_land_is_in_the_source(place, kind):
    with twin_of(kind, place) as twin:
        twin.fill()
        (table,) = twin.source.tables
        assert all(row["Home Address"] for row in held(twin, table))
        assert twin.rows(table)[0].values[DROPPED + "Home Address"]


def test_files_come_one_after_the_other_and_can_be_cut(place):
    with twin_of("csv", place) as twin:
        twin.fill()
        (table,) = twin.source.tables
        names = twin.names(table)
        assert names == ["things1.csv", "things2.csv", "things3.csv"] or len(names) == 3
        twin.deliver(table, [dict(twin.rows(table)[0].values)])
        assert len(twin.names(table)) == 4
        path = twin.paths(table)[0]
        whole = path.read_bytes()
        twin.cut_off(table)
        assert sum(p.stat().st_size for p in twin.paths(table)) < len(whole) * 4
        twin.mend(table)
        assert path.read_bytes() == whole
