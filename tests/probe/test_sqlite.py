"""The SQLite probe: what is declared, held against what is stored."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipegen.core.errors import SourceError
from pipegen.core.measured import Measured, MeasuredTable, dump
from pipegen.core.sql_types import canonical_sql
from pipegen.core.yaml_text import dump as as_yaml
from pipegen.probe import Look, probe
from pipegen.probe.look import TIME_IS_UP


def _make(folder: Path, script: str) -> Path:
    path = folder / "t.db"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as con:
        con.executescript(script)
    return path


def _measure(path: Path, tables: list[str] | None = None) -> Measured:
    return probe("sqlite", path.name, Look(tables=tables, root=path.parent))


def _one(folder: Path, script: str) -> MeasuredTable:
    [table] = _measure(_make(folder, script)).tables.values()
    return table


def _error(path: Path, tables: list[str] | None = None) -> SourceError:
    with pytest.raises(SourceError) as raised:
        _measure(path, tables)
    assert raised.value.hint
    return raised.value


@pytest.mark.parametrize(
    ("declared", "values", "type_", "told"),
    [
        ("INTEGER", "1, -2, null", "bigint", None),
        ("INTEGER", "1, 2.5", "double", "INTEGER"),
        ("INTEGER", "1, 'x'", "text", "INTEGER"),
        ("INT", "9223372036854775807, 1.5", "text", "INT"),
        ("SMALLINT", "1", "bigint", "SMALLINT"),
        ("REAL", "1, 2.5", "double", None),
        ("BOOLEAN", "0, 1, null", "boolean", None),
        ("BOOLEAN", "'true', 'FALSE'", "boolean", None),
        ("BOOLEAN", "0, 2", "bigint", "BOOLEAN"),
        ("NUMERIC(10,2)", "1, 2.55, -0.1", "decimal(18,2)", "NUMERIC(10,2)"),
        ("NUMERIC(10,2)", "1.555", "double", "NUMERIC(10,2)"),
        ("NUMERIC(10,2)", "'1,50'", "text", "NUMERIC(10,2)"),
        ("DECIMAL(20,4)", "1.2345", "decimal(20,4)", None),
        ("NUMERIC", "1, 2", "bigint", "NUMERIC"),
        ("NUMERIC", "1, 2.25", "decimal(18,2)", "NUMERIC"),
        ("NUMERIC", "1, 2.255", "double", "NUMERIC"),
        ("VARCHAR(20)", "'a', '1'", "text", "VARCHAR(20)"),
        ("TEXT", "'a', x'00ff'", "blob", "TEXT"),
        ("TEXT", "'2024-01-01', '2024-02-29'", "date", "TEXT"),
        ("TEXT", "'2024-01-01', '2024-02-30'", "text", None),
        ("TEXT", "'2024-01-01 10:00:00', '2024-01-01T10:00'", "timestamp", "TEXT"),
        ("DATETIME", "'2024-01-01 10:00:00.123', '2024-01-01'", "timestamp", None),
        ("DATETIME", "'2024-01-01'", "timestamp", None),
        ("DATETIME", "'2024-01-01T10:00:00Z', '2024-01-01 10:00:00+02:00'", "timestamptz", "DATETIME"),
        ("DATETIME", "'2024-01-01T10:00:00Z', '2024-01-01 10:00:00'", "text", "DATETIME"),
        ("DATETIME", "'2024-01-01 25:00:00'", "text", "DATETIME"),
        ("DATETIME", "'yesterday'", "text", "DATETIME"),
        ("DATETIME", "1704103200", "bigint", "DATETIME"),
        ("DATE", "'2024-01-01'", "date", None),
        ("TIME", "'10:00', '23:59:59'", "time", None),
        ("JSON", "'{\"a\": 1}'", "json", None),
        ("JSON", "'{'", "text", "JSON"),
        ("UUID", "'6b1f2a6e-0d8c-4d7e-9a1b-0c2d3e4f5a6b'", "uuid", None),
        ("BLOB", "x'00'", "blob", None),
        ("", "1, 'a'", "text", None),
        ("INTEGER_OR_TEXT", "1, 'a'", "text", "INTEGER_OR_TEXT"),
        ("NUMERIC(10,2)", "null", "decimal(18,2)", "NUMERIC(10,2)"),
        ("TIMESTAMP", "null", "timestamp", None),
        ("GEOMETRY", "null", "text", "GEOMETRY"),
    ],
)  # fmt: skip
def test_a_column_has_the_type_of_its_values(
    tmp_path: Path, declared: str, values: str, type_: str, told: str | None
) -> None:
    rows = ", ".join(f"({v})" for v in values.split(", "))
    column = _one(tmp_path, f"create table t (c {declared}); insert into t values {rows};").columns["c"]
    assert (column.type, column.declared) == (type_, told)


def test_keys_and_indexes(tmp_path: Path) -> None:
    script = """
        create table a (id integer primary key, email text unique, x int not null);
        create table b (x int not null, y int not null, primary key (y, x)) without rowid;
        create table c (code text not null unique, n int);
        create table d (id int primary key, n int);
        create table e (n int, id int);
        create table f (part int, whole int);
        create unique index f_part on f (part) where whole = 1;
        create unique index f_expression on f (lower(whole));
        create table g (id int not null, name text not null) strict;
        insert into a values (5, 'x', 1);
        insert into b values (1, 2);
        insert into c values ('a', 1);
        insert into d values (null, 1), (2, 1);
        insert into e values (1, 7), (1, 8);
        insert into f values (1, 1), (1, 2);
        insert into g values (1, 'a'), (2, 'a');
    """
    tables = _measure(_make(tmp_path, script)).tables
    keys = {name: (t.key.columns, t.key.how) if t.key else None for name, t in tables.items()}
    assert keys == {
        "a": (["id"], "primary key"), "b": (["y", "x"], "primary key"), "c": (["code"], "unique index"), "d": None,
        "e": (["id"], "measured unique over 2 rows"), "f": (["whole"], "measured unique over 2 rows"),
        "g": (["id"], "measured unique over 2 rows"),
    }  # fmt: skip
    assert tables["a"].columns["email"].unique
    assert tables["a"].columns["email"].nullable
    assert tables["a"].columns["id"].nullable is False
    assert tables["d"].columns["id"].nullable
    assert tables["f"].columns["part"].unique is None


def test_foreign_keys(tmp_path: Path) -> None:
    script = """
        create table Parent (Id integer primary key);
        create table pair (a int, b text, primary key (a, b));
        create table child (
            id integer primary key, parent references parent, other int references Parent(ID), gone int references nowhere,
            a int, b text, foreign key (a, b) references pair
        );
    """
    found = _measure(_make(tmp_path, script)).tables["child"].foreign_keys
    assert [(fk.columns, fk.to, fk.at) for fk in found] == [
        (["parent"], "Parent", ["Id"]),
        (["other"], "Parent", ["Id"]),
        (["a", "b"], "pair", ["a", "b"]),
    ]


def test_both_ends_of_a_foreign_key_have_one_type(tmp_path: Path) -> None:
    script = """
        create table p (code primary key not null);
        create table c (id integer primary key, code references p);
        create table d (code references c (code));
        insert into p values (1), ('x');
        insert into c values (1, 1);
        insert into d values (1);
    """
    tables = _measure(_make(tmp_path, script)).tables
    assert [tables[t].columns["code"].type for t in "pcd"] == ["text", "text", "text"]


def test_what_is_a_table(tmp_path: Path) -> None:
    script = """
        create table t (id integer primary key autoincrement, n int, twice int generated always as (n * 2) virtual);
        create view v as select n from t;
        create virtual table words using fts5 (word);
        insert into t (n) values (3);
        analyze;
    """
    path = _make(tmp_path, script)
    measured = _measure(path)
    assert list(measured.tables) == ["t"]
    assert measured.tables["t"].columns["twice"].type == "bigint"
    assert list(_measure(path, ["v"]).tables) == ["v"]
    raised = _error(path, ["tt"])
    assert raised.hint == "did you mean `t`?"


def test_watermark(tmp_path: Path) -> None:
    script = """
        create table t (id integer primary key, updated_at datetime not null);
        create index t_updated on t (updated_at);
        with recursive n(i) as (select 0 union all select i + 1 from n where i < 299)
        insert into t select i, datetime('2024-01-01', '+' || (i / 10) || ' days') from n;
        update t set updated_at = '2023-12-31 00:00:00' where id = 50;
    """
    table = _one(tmp_path, script)
    assert table.watermark is not None
    assert table.watermark.model_dump() == {
        "column": "updated_at", "indexed": True, "nulls": 0, "out_of_order": 0.0033, "sampled": 300,
        "since": "2023-12-31",
    }  # fmt: skip
    assert table.rows_per_day is not None
    assert table.rows_per_day.value == 10


def test_a_watermark_without_rowid(tmp_path: Path) -> None:
    script = "create table t (id int primary key, modified text not null) without rowid;" + "".join(
        f"insert into t values ({i}, '2024-01-01 10:00:0{9 - i}');" for i in range(3)
    )
    table = _one(tmp_path, script)
    assert table.watermark is not None
    assert table.watermark.out_of_order == 1.0


_NAMES = [
    "order",
    'say "x"',
    "it's",
    "a b",
    "💶",
    "größe",
    "x]y",
    "c.d",
    "-- z",
    "rowid",
    "{{w}}",
    "x" * 200,
    "e`f",
    "0",
]


def test_names(tmp_path: Path) -> None:
    def q(name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    columns, values = ", ".join(q(c) + " int" for c in _NAMES), ", ".join("7" for _ in _NAMES)
    script = "".join(f"create table {q(n)} ({columns}); insert into {q(n)} values ({values});" for n in _NAMES)
    tables = _measure(_make(tmp_path, script)).tables
    assert sorted(tables) == sorted(_NAMES)
    for table in tables.values():
        assert list(table.columns) == _NAMES
        assert {c.type for c in table.columns.values()} == {"bigint"}


def test_two_tables_of_one_name(tmp_path: Path) -> None:
    path = _make(tmp_path, 'create table "a b" (x int); create table "a-b" (x int); create table c (x int);')
    assert "would be called `a_b`" in _error(path).message
    assert list(_measure(path, ["a b", "c"]).tables) == ["a b", "c"]


def test_not_a_database(tmp_path: Path) -> None:
    good = _make(tmp_path, "create table t (x int)")
    assert "did you mean `t.db`?" in str(_error(tmp_path / "tt.db").hint)
    other = tmp_path / "other.db"
    other.write_bytes(os.urandom(4096))
    assert "not a SQLite database, or it is encrypted" in _error(other).message
    other.write_bytes(b"")
    assert "has no table" in _error(other).message
    other.write_bytes(good.read_bytes()[:1000])
    assert _error(other).message
    other.write_bytes(good.read_bytes()[:4096] + b"\xff" * 4096)
    assert _error(other).message
    with pytest.raises(SourceError, match="is a folder"):
        probe("sqlite", ".", Look(tables=None, root=tmp_path))


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _make(tmp_path, "create table t (x int)")

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    assert "may not be read: Permission denied" in _error(path).message


def test_a_locked_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipegen.probe.sqlite._LOCK_SECONDS", 0.05)
    path = _make(tmp_path, "create table t (x int)")
    with closing(sqlite3.connect(path, isolation_level=None)) as con:
        con.execute("begin exclusive")
        assert "locked by another program" in _error(path).message


def test_nothing_is_written(tmp_path: Path) -> None:
    path = _make(tmp_path, "create table t (x int); insert into t values (1)")
    before = path.read_bytes()
    _measure(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["t.db"]


_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.integers(-5, 5), st.floats(allow_nan=False),
    st.binary(max_size=4),
    st.decimals(min_value=-1000, max_value=1000, places=2).map(float), st.datetimes().map(str), st.dates().map(str),
    st.datetimes().map(lambda d: d.isoformat() + "Z"), st.times().map(str), st.uuids().map(str),
    st.sampled_from(["", "x", "{}", "2024-02-30", "2024-01-01 10:00:00.", "2024-01-01 10:00:00Z", "24:00", "é", "NA", "1"]),
)  # fmt: skip
_DECLARED = st.sampled_from(
    ["", "INTEGER", "REAL", "TEXT", "BLOB", "NUMERIC", "NUMERIC(10,2)", "DECIMAL(6)", "BOOLEAN", "DATE", "DATETIME", "TIME",
     "JSON", "UUID", "VARCHAR(9)"]
)  # fmt: skip


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(declared=_DECLARED, values=st.lists(_VALUES, max_size=5) | st.lists(st.datetimes().map(str), max_size=5))
def test_every_value_casts_to_the_type(tmp_path: Path, declared: str, values: list[object]) -> None:
    path = _make(tmp_path, f"create table t (c {declared})")
    with closing(sqlite3.connect(path)) as con:
        con.executemany("insert into t values (?)", [(v,) for v in values])
        con.commit()
        stored = [row[0] for row in con.execute("select c from t where c is not null")]
    measured = _measure(path)
    column = measured.tables["t"].columns["c"]
    if values and column.nullable:
        assert column.null_rate == pytest.approx((len(values) - len(stored)) / len(values), abs=1e-3)
    sql = canonical_sql(column.type)
    casts = ", ".join(f"cast(cast(? as {sql}) as varchar)" for _ in stored) or "1"
    with duckdb.connect(":memory:") as duck:
        if column.type != "blob":
            duck.execute(f"select {casts}", [str(v) if isinstance(v, float) else v for v in stored]).fetchone()
    assert as_yaml(dump(measured)) == as_yaml(dump(_measure(path)))


# -- what is declared and what is there --------------------------------------------------------------------------------


def test_what_a_column_declares_and_holds(tmp_path: Path) -> None:
    script = """
        create table t (
            id integer primary key, status text check (status in ('new', 'it''s')), n int check ("n" in (1, 2) or n is null),
            o int check (o > 3), note text default 'check (o in (1))', -- check (id in (9))
            twice int generated always as (id * 2) virtual, price numeric(10, 2), f real, at datetime, d date, email text
        );
        insert into t (id, status, n, o, price, f, at, d, email) values
            (1, 'new', 1, 5, 10.5, 0.25, '2024-01-01 10:00:00', '2024-02-29', 'x@example.com'),
            (2, 'it''s', null, 6, -3, 1e999, '2023-01-01 10:00:00', '1999-01-01', 'y@example.com');
    """
    columns = _one(tmp_path, script).columns
    assert {n: c.values for n, c in columns.items() if c.values} == {"status": ["new", "it's"], "n": ["1", "2"]}
    assert [n for n, c in columns.items() if c.generated] == ["twice"]
    assert {n: (c.least, c.most) for n, c in columns.items() if c.least} == {
        "id": ("1", "2"), "n": ("1", "1"), "o": ("5", "6"), "twice": ("2", "4"), "price": ("-3", "10.5"),
        "f": ("0.25", "0.25"), "at": ("2023-01-01 10:00:00", "2024-01-01 10:00:00"), "d": ("1999-01-01", "2024-02-29"),
    }  # fmt: skip
    assert {n: c.distinct.value for n, c in columns.items() if c.distinct}["status"] == 2
    assert columns["status"].longest == 4
    assert {n: (c.personal.guess, c.personal.how) for n, c in columns.items() if c.personal} == {
        "email": ("email", "name and values")
    }


def test_times_that_are_not_the_watermark(tmp_path: Path) -> None:
    script = """
        create table t (id integer primary key, created_at text not null, event_time text, received_at text, deleted_at text);
        with recursive n(i) as (select 0 union all select i + 1 from n where i < 299)
        insert into t select i, datetime('2024-01-01', '+' || (i / 10) || ' days'), '2024-01-01 00:00:00',
            datetime('2024-01-01', '+' || (case when i < 200 then 5 else 90 end) || ' seconds'), null from n;
        update t set deleted_at = '2024-01-01 00:00:00' where id = 1;
        delete from t where id between 10 and 39;
    """
    table = _one(tmp_path, script)
    assert table.new_per_day is not None
    assert table.new_per_day.model_dump() == {"value": 10, "how": "created_at, the 14 days up to the newest row"}
    assert table.lateness is not None
    assert table.lateness.model_dump() == {
        "event": "event_time", "arrival": "received_at", "p50": 5, "p99": 90, "p999": 90, "sampled": 270,
    }  # fmt: skip
    assert table.deletes is not None
    assert (table.deletes.seen, table.deletes.column) == ("unknown", "deleted_at")
    assert table.deletes.how == (
        "10.0% of the numbers of `id` are gone, as after deletes or failed inserts; `deleted_at` marks a row as deleted"
    )


def test_a_key_that_is_none_in_fact(tmp_path: Path) -> None:
    script = "create table orders (order_id int, n int); insert into orders values (1, 1), (1, 1), (2, 1), (null, 1);"
    table = _one(tmp_path, script)
    assert table.key is None
    assert table.near_key is not None
    assert table.near_key.model_dump() == {"columns": ["order_id"], "nulls": 1, "duplicates": 2, "sampled": 4}


def test_a_time_with_gaps_is_no_watermark(tmp_path: Path) -> None:
    script = "create table t (id integer primary key, updated_at datetime); insert into t values (1, null), (2, '2024-01-01 10:00');"
    table = _one(tmp_path, script)
    assert table.watermark is None
    assert table.notes == ["`updated_at` is no watermark: 1 of 2 rows have none"]


def test_a_broken_view(tmp_path: Path) -> None:
    script = "create table t (x int); create table gone (x int); create view v as select x from gone; drop table gone;"
    path = _make(tmp_path, script)
    assert list(_measure(path).tables) == ["t"]
    assert "view `v` of `t.db` is broken" in _error(path, ["v"]).message


_ENDLESS = "create view v as with recursive n(i) as (select 0 union all select i + 1 from n) select i from n; create table t (x int);"


def test_the_time_for_looking_is_kept(tmp_path: Path) -> None:
    path = _make(tmp_path, _ENDLESS)
    tables = probe("sqlite", "t.db", Look(tmp_path, ["v", "t"], seconds=0.3)).tables
    assert (tables["v"].notes, tables["v"].rows, list(tables["v"].columns)) == ([TIME_IS_UP], None, ["i"])
    assert list(_measure(path).tables) == ["t"]


def test_ctrl_c_stops_at_once(tmp_path: Path) -> None:
    _make(tmp_path, _ENDLESS)
    code = (
        "from pathlib import Path; from pipegen.probe import Look, probe\n"
        f"probe('sqlite', 't.db', Look(Path({str(tmp_path)!r}), ['v'], seconds=600,"
        " clock=lambda: (print('looking', flush=True), 0.0)[1]))"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=root) as it:
        assert it.stdout is not None
        for _ in range(5):  # the clock is asked again and again while the view is read
            it.stdout.readline()
        it.send_signal(signal.SIGINT)
        try:
            _, said = it.communicate(timeout=20)
        finally:
            it.kill()
    assert b"KeyboardInterrupt" in said
