"""Sources too large to be looked at whole: the first rows are judged, and it is said."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from pipegen.probe import Look, probe
from tests.probe.files import measure, write


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipegen.probe.landed.WHOLE_BYTES", 10)
    for module in ("landed", "land_csv", "land_jsonl", "land_parquet"):
        monkeypatch.setattr(f"pipegen.probe.{module}.SAMPLE_ROWS", 60)
    monkeypatch.setattr("pipegen.probe.sqlite.WHOLE_ROWS", 60)


@pytest.mark.usefixtures("small_limits")
def test_files(tmp_path: Path) -> None:
    write(tmp_path, {
        "a.csv": "id,b,c\n" + "".join(f"{i},{i % 3},x\n" for i in range(200)),
        "b.jsonl": "".join(f'{{"id": {i}, "c": "x"}}\n' for i in range(200)),
    })  # fmt: skip
    with duckdb.connect(":memory:") as con:
        con.execute(f"copy (select range as id from range(200)) to '{tmp_path}/c.parquet' (format parquet)")
    tables = measure(tmp_path).tables
    for name, exact in (("a", False), ("b", False), ("c", True)):
        table = tables[name]
        assert table.rows is not None
        assert (table.rows.value, table.rows.exact) == (200, exact)
        assert table.key is not None
        assert (table.key.columns, table.key.how) == (["id"], "measured unique over the first 60 rows")


@pytest.mark.usefixtures("small_limits")
def test_sqlite_while_it_is_written_to(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "t.db", isolation_level=None)) as con:
        con.execute("pragma journal_mode = wal")
        con.execute("create table t (id int, updated_at text)")
        con.execute(
            "with recursive n(i) as (select 0 union all select i + 1 from n where i < 199) "
            "insert into t select i, datetime('2024-01-01', '+' || i || ' hours') from n"
        )
        con.execute("begin immediate")
        con.execute("insert into t values (1, 'not seen')")
        table = probe("sqlite", "t.db", Look(tables=None, root=tmp_path)).tables["t"]
        con.execute("rollback")
    assert table.rows is not None
    assert (table.rows.value, table.rows.exact) == (200, True)
    assert table.key is not None
    assert table.key.how == "measured unique over the first 60 rows"
    assert table.columns["updated_at"].type == "timestamp"
    assert table.watermark is not None
    assert table.watermark.sampled == 60
