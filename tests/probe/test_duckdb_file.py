"""The probe of DuckDB files."""

from __future__ import annotations

import signal
import struct
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pipegen.core.errors import SourceError
from pipegen.core.measured import Measured, MeasuredTable, dump
from pipegen.core.sql_types import canonical_sql
from pipegen.core.yaml_text import dump as as_yaml
from pipegen.probe import Look, duckdb_file, duckdb_file_values, probe
from pipegen.probe.look import TIME_IS_UP


def make(folder: Path, script: str, name: str = "t.duckdb") -> Path:
    path = folder / name
    path.unlink(missing_ok=True)
    with duckdb.connect(path) as con:
        con.execute("set TimeZone = 'Europe/Vienna'")
        con.execute(script)
    return path


def measure(
    path: Path, tables: list[str] | None = None, seconds: float = 60, named: list[str] | None = None
) -> Measured:
    return probe("duckdb", path.name, Look(path.parent, tables, named or (), seconds=seconds))


def one(folder: Path, script: str) -> MeasuredTable:
    [table] = measure(make(folder, script)).tables.values()
    return table


def refused(path: Path, tables: list[str] | None = None) -> SourceError:
    with pytest.raises(SourceError) as raised:
        measure(path, tables)
    assert raised.value.hint
    return raised.value


# -- types and values --------------------------------------------------------------------------------------------------

TYPES = {
    "BOOLEAN": "boolean", "TINYINT": "bigint", "SMALLINT": "bigint", "INTEGER": "bigint", "BIGINT": "bigint",
    "UTINYINT": "bigint", "USMALLINT": "bigint", "UINTEGER": "bigint", "UBIGINT": "decimal(20,0)",
    "HUGEINT": "decimal(38,0)", "BIGNUM": "text", "FLOAT": "double", "DOUBLE": "double", "DECIMAL(10,2)": "decimal(10,2)",
    "VARCHAR": "text", "BLOB": "blob", "BIT": "text", "DATE": "date", "TIMESTAMP": "timestamp", "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp", "TIMESTAMP_NS": "timestamp", "TIMESTAMP WITH TIME ZONE": "timestamptz", "TIME": "time",
    "TIME WITH TIME ZONE": "text", "INTERVAL": "text", "JSON": "json", "UUID": "uuid", "INTEGER[]": "text",
    "INTEGER[3]": "text", "DATE[]": "text", "STRUCT(a INTEGER)": "text", "MAP(VARCHAR, INTEGER)": "text",
    "UNION(a INTEGER, b VARCHAR)": "text", "DECIMAL(4,1)[]": "text",
}  # fmt: skip


def test_a_column_has_a_type_that_loses_nothing_of_it(tmp_path: Path) -> None:
    columns = one(tmp_path, f"create table t ({', '.join(f'c{i} {t}' for i, t in enumerate(TYPES))})").columns
    assert {type_: columns[f"c{i}"].type for i, type_ in enumerate(TYPES)} == TYPES
    declared = {type_: columns[f"c{i}"].declared for i, type_ in enumerate(TYPES)}
    plain = {type_ for type_, told in declared.items() if told is None}
    assert plain == {
        "BOOLEAN", "BIGINT", "DOUBLE", "DECIMAL(10,2)", "VARCHAR", "BLOB", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE",
        "TIME", "JSON", "UUID",
    }  # fmt: skip
    for name, type_ in TYPES.items():
        assert (canonical_sql(type_) == "VARCHAR") == (type_ == "text"), name


def test_what_columns_hold(tmp_path: Path) -> None:
    columns = one(
        tmp_path,
        """create type mood as enum ('sad', 'it''s');
        create table t (id int primary key, m mood, s varchar check (s in ('n', 'it''s')), z int check (z in (1, 2) or z is null),
            o int check (o > 3), g int generated always as (id * 2), f double, stamp timestamp, tz timestamptz, d date, l int[],
            email varchar, code varchar);
        insert into t (id, m, s, z, o, f, stamp, tz, d, l, email, code) values
            (1, 'sad', 'n', 1, 5, 1.5, '2024-01-01 10:00', '2024-01-01 01:00+01', '2024-02-29', [1], 'x@example.com', 'a'),
            (2, null, 'n', null, 6, 'inf', 'infinity', '2025-01-01 01:00+01', null, [2, 3], 'y@example.com', 'bcd')""",
    ).columns
    assert {n: c.values for n, c in columns.items() if c.values} == {
        "m": ["sad", "it's"],
        "s": ["n", "it's"],
        "z": ["1", "2"],
    }
    assert [n for n, c in columns.items() if c.generated] == ["g"]
    assert {n: (c.least, c.most) for n, c in columns.items() if c.least} == {
        "id": ("1", "2"), "z": ("1", "1"), "o": ("5", "6"), "g": ("2", "4"), "f": ("1.5", "1.5"),
        "stamp": ("2024-01-01 10:00:00", "2024-01-01 10:00:00"), "tz": ("2024-01-01 00:00:00+00", "2025-01-01 00:00:00+00"),
        "d": ("2024-02-29", "2024-02-29"),
    }  # fmt: skip
    assert columns["code"].longest == 3
    assert columns["s"].distinct is not None and columns["s"].distinct.value == 1
    assert {n: (c.personal.guess, c.personal.how) for n, c in columns.items() if c.personal} == {
        "email": ("email", "name and values")
    }
    assert columns["m"].null_rate == 0.5


# -- keys, views, schemas ----------------------------------------------------------------------------------------------


def test_keys_and_foreign_keys(tmp_path: Path) -> None:
    script = """
        create table a (id int primary key, code varchar unique);
        create table b (x int not null, y int not null, "c d" int references a (id), unique (y, x));
        create table c ("k k" int not null, n int, "e,f" int not null);
        create unique index c_k on c ("k k");
        create unique index c_x on c ((n + 1));
        create index c_n on c (n);
        create table orders (order_id int, n int);
        insert into orders values (1, 1), (1, 1), (null, 1);
        create table found (n int, id int);
        insert into found select 1, range from range(60);
    """
    tables = measure(make(tmp_path, script)).tables
    keys = {name: (t.key.columns, t.key.how) if t.key else None for name, t in tables.items()}
    assert keys == {
        "a": (["id"], "primary key"), "b": (["y", "x"], "unique index"), "c": (["k k"], "unique index"), "orders": None,
        "found": (["id"], "measured unique over 60 rows"),
    }  # fmt: skip
    assert [n for n, c in tables["a"].columns.items() if c.unique] == ["id", "code"]
    assert [(fk.columns, fk.to, fk.at) for fk in tables["b"].foreign_keys] == [(["c d"], "a", ["id"])]
    near = tables["orders"].near_key
    assert near is not None
    assert near.model_dump() == {"columns": ["order_id"], "nulls": 1, "duplicates": 2, "sampled": 3}


def test_views_and_other_schemas(tmp_path: Path) -> None:
    script = """
        create table t (id int primary key); create view v as select id from t; create schema other; create table other.x (i int);
        create temp table fleeting (i int); create sequence s; create macro m(x) as x + 1;
        create table gone (i int); create view broken as select i from gone; drop table gone;
    """
    path = make(tmp_path, script)
    measured = measure(path)
    assert list(measured.tables) == ["t"]
    assert list(measured.left_out) == ["other.x"]
    view = measure(path, ["v"])
    assert (list(view.tables), view.tables["v"].kind, view.left_out) == (["v"], "view", {})
    assert list(measure(path, named=["v", "t"]).tables) == ["t", "v"]
    assert "view `broken` of `t.duckdb` cannot be read" in str(refused(path, ["broken"]))
    assert refused(path, ["tt"]).hint == "did you mean `t`?"
    elsewhere = refused(make(tmp_path, "create schema other; create table other.x (i int)"))
    assert elsewhere.hint is not None and elsewhere.hint.startswith("other.x:")


def test_a_view_reads_nothing_outside_of_the_database(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    path = make(tmp_path, f"create table t (i int); create view v as from read_csv('{tmp_path}/secret.csv')")
    assert list(measure(path).tables) == ["t"]
    assert "which the probe does not leave" in str(refused(path, ["v"]).hint)


NAMES = ["order", 'say "x"', "it's", "a b", "💶", "größe", "x]y", "c.d", "-- z", "{{w}}", "%s", "CamelCase", "e`f", "0"]  # fmt: skip


def test_names(tmp_path: Path) -> None:
    def q(name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    script = "".join(
        f"create table {q(name)} ({', '.join(f'{q(c)} int' for c in NAMES)}, updated_at timestamp not null default now());"
        f"insert into {q(name)} ({q(NAMES[0])}) values (1), (null);"
        for name in NAMES
    )
    tables = measure(make(tmp_path, script)).tables
    assert sorted(tables) == sorted(NAMES)
    for table in tables.values():
        assert list(table.columns) == [*NAMES, "updated_at"]
        assert table.columns["order"].null_rate == 0.5
        assert table.watermark is not None


# -- times -------------------------------------------------------------------------------------------------------------

TIMES = """
create table t (id int primary key, updated_at timestamptz not null, created_at timestamp, event_time timestamp,
    received_at timestamp, deleted_at timestamp);
insert into t select range, '2024-01-01 01:30+01'::timestamptz + (range // 10) * interval 1 day,
    '2024-01-01 00:30'::timestamp + (range // 20) * interval 1 day, '2024-01-01'::timestamp,
    '2024-01-01'::timestamp + (case when range < 200 then 5 else 90 end) * interval 1 second, null from range(300);
update t set updated_at = '2023-12-31 23:30+00' where id = 50;
create index i on t (updated_at);
"""


def test_what_times_tell(tmp_path: Path) -> None:
    table = one(tmp_path, TIMES)
    assert table.watermark is not None
    assert table.watermark.model_dump() == {
        "column": "updated_at", "indexed": True, "nulls": 0, "out_of_order": 0.0033, "sampled": 300,
        "since": "2023-12-31",
    }  # fmt: skip
    assert table.rows_per_day is not None and table.new_per_day is not None
    assert table.rows_per_day.model_dump() == {"value": 10, "how": "updated_at, the 14 days up to the newest row"}
    assert table.new_per_day.value == 20
    assert table.lateness is not None
    assert (table.lateness.p50, table.lateness.p99, table.lateness.sampled) == (5, 90, 300)
    assert table.deletes is not None and table.deletes.column == "deleted_at"


def test_times_that_mean_something_else_are_no_lateness(tmp_path: Path) -> None:
    script = "create table t (event_time timestamp, received_at {}); insert into t values ('2024-01-02', '2024-01-01')"
    assert one(tmp_path, script.format("timestamp")).lateness is None, "it came before it happened"
    assert one(tmp_path, script.format("timestamptz")).lateness is None, "one of them has no zone"


def test_of_a_large_table_one_row_in_so_many_is_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb_file_values, "CELLS", 999)
    table = one(tmp_path, "create table t as select range as id, range % 7 as n, null as x from range(10000)")
    assert table.rows is not None and (table.rows.value, table.rows.exact) == (10_000, True)
    n = table.columns["n"].distinct
    assert n is not None and (n.value, n.exact) == (7, False)
    assert (table.columns["id"].least, table.columns["x"].null_rate) == ("0", 1.0)
    assert table.key is not None and table.key.how == "measured unique over 10000 rows"


def test_an_unchanged_source_gives_the_same_bytes(tmp_path: Path) -> None:
    path = make(tmp_path, TIMES)
    before = path.read_bytes()
    assert as_yaml(dump(measure(path))) == as_yaml(dump(measure(path)))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["t.duckdb"]


# -- time and interruption ---------------------------------------------------------------------------------------------

ENDLESS = "create view v as select sum(hash(range)) as s from range(1000000000000); create table t (id int primary key)"


def test_the_time_for_looking_is_kept(tmp_path: Path) -> None:
    path = make(tmp_path, ENDLESS)
    view = measure(path, ["v"], seconds=0.3).tables["v"]
    assert (view.notes, view.rows, list(view.columns)) == ([TIME_IS_UP], None, ["s"])
    table = measure(path, ["t"], seconds=0).tables["t"]
    assert (table.notes, table.key.columns if table.key else None) == ([TIME_IS_UP], ["id"])


def test_ctrl_c_stops_at_once(tmp_path: Path) -> None:
    path = make(tmp_path, ENDLESS)
    code = (
        "from pathlib import Path; from pipegen.probe import Look, probe\n"
        f"probe('duckdb', 't.duckdb', Look(Path({str(path.parent)!r}), ['v'], seconds=600,"
        " progress=lambda _: None, clock=lambda: (print('looking', flush=True), 0.0)[1]))"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=root, text=True
    ) as it:
        assert it.stdout is not None
        for _ in range(3):  # the clock is asked when the look begins, and twice by a question
            it.stdout.readline()
        it.send_signal(signal.SIGINT)
        try:
            _, said = it.communicate(timeout=20)
        finally:
            it.kill()
    assert "KeyboardInterrupt" in said


def test_the_engine_draws_no_bar_on_stdout(tmp_path: Path) -> None:
    path = make(tmp_path, "create table t (id int)")
    with duckdb_file._opened(path, "t.duckdb") as con:
        assert con.execute("select current_setting('enable_progress_bar')").fetchone() == (False,)


# -- refusals ----------------------------------------------------------------------------------------------------------


def _checksum(block: bytes) -> bytes:
    found = 5381
    for (word,) in struct.iter_unpack("<Q", block):
        found ^= word * 0xBF58476D1CE4E5B9 & (2**64 - 1)
    return struct.pack("<Q", found)


def test_files_that_are_none(tmp_path: Path) -> None:
    good = make(tmp_path, "create table t (x int)").read_bytes()
    assert "did you mean `t.duckdb`?" in str(refused(tmp_path / "tt.duckdb").hint)
    other = tmp_path / "o.duckdb"

    def said(content: bytes) -> str:
        other.write_bytes(content)
        return str(refused(other))

    assert said(b"x" * 20_000) == "`o.duckdb` is not a DuckDB database, or it is encrypted"
    assert said(b"") == "`o.duckdb` is not a DuckDB database"
    assert said(good[: len(good) // 2]) == "`o.duckdb` is a broken DuckDB database: it is cut off"
    assert said(good[:20_000] + b"\xff" * 1000 + good[21_000:]) == "`o.duckdb` is a broken DuckDB database"
    newer = good[8:12] + struct.pack("<Q", 9999) + good[20:4096]
    message = "`o.duckdb` was written by a DuckDB of another time, which this one cannot read"
    assert said(_checksum(newer) + newer + good[4096:]) == message
    assert "has no table in schema `main`" in str(refused(make(tmp_path, "select 1")))
    with pytest.raises(SourceError, match="is a folder, not a DuckDB database"):
        probe("duckdb", ".", Look(tmp_path))


def test_an_encrypted_database(tmp_path: Path) -> None:
    path = tmp_path / "e.duckdb"
    with duckdb.connect(":memory:") as con:
        con.execute("set force_mbedtls_unsafe = 'true'")
        con.execute(f"attach '{path}' as e (encryption_key 'hunter2'); create table e.t (x int); detach e")
    assert str(refused(path)) == "`e.duckdb` is encrypted"


def test_a_database_that_another_program_writes_to(tmp_path: Path) -> None:
    path = make(tmp_path, "create table t (x int)")
    code = f"import duckdb; con = duckdb.connect({str(path)!r}); print('open', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        assert str(refused(path)) == "`t.duckdb` is open in another program, which writes to it"
        other.communicate("\n", timeout=20)
    assert measure(path).tables
    with duckdb.connect(path):
        assert str(refused(path)) == "`t.duckdb` is open in this program already"
