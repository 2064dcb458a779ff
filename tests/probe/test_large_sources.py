"""Sources too large to be looked at whole: a part of them is judged, and it is said."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from pipegen.probe import Look, probe
from pipegen.probe.file_store import Limits, LocalFiles
from tests.probe.files import measure, write

ROWS = 60_000


def test_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LocalFiles, "most", Limits(whole=10, sample=300_000, files=10))
    write(tmp_path, {
        "a.csv": "id,b,c\n" + "".join(f"{i},{i % 3},x\n" for i in range(ROWS)),
        "b.jsonl": "".join(f'{{"id": {i}, "c": "x"}}\n' for i in range(ROWS)),
    })  # fmt: skip
    with duckdb.connect(":memory:") as con:
        con.execute(f"copy (select range as id from range({ROWS})) to '{tmp_path}/c.parquet' (format parquet)")
    tables = measure(tmp_path).tables
    for name, exact in (("a", False), ("b", False), ("c", True)):
        table = tables[name]
        assert table.rows is not None
        assert table.rows.exact == exact
        assert table.rows.value == (ROWS if exact else pytest.approx(ROWS, rel=0.1))
        assert table.key is not None
        assert table.key.columns == ["id"]
    assert tables["a"].key is not None
    assert tables["a"].key.how.endswith("rows sampled")


def test_sqlite_while_it_is_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipegen.probe.sqlite.WHOLE_ROWS", 60)
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
