"""Tables of files too large to be read whole: pieces from all over them stand for them, and it is said; and no look lasts too long."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest

from pipegen.core import yaml_text
from pipegen.core.errors import SourceError
from pipegen.core.measured import MeasuredTable, dump
from pipegen.probe import Look, probe
from pipegen.probe.file_store import Limits, LocalFiles
from tests.probe.files import column_types, measure, write

ROWS = 60_000


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LocalFiles, "most", Limits(whole=100_000, sample=200_000, files=5))
    monkeypatch.setattr("pipegen.probe.file_cuts.PIECE_BYTES", 1 << 14)


def _judged(table: MeasuredTable, rows: int, *, exact: bool = False) -> None:
    assert table.rows is not None
    assert abs(table.rows.value - rows) <= 0.05 * rows, table.rows
    assert table.rows.exact is exact
    assert table.key is not None
    assert table.key.columns == ["id"]
    assert table.key.how.endswith("rows sampled")
    assert table.notes[0].startswith("judged by ")


@pytest.mark.usefixtures("small_limits")
def test_every_format(tmp_path: Path) -> None:
    text = "id,b,c\n" + "".join(f"{i},{i % 3},x\n" for i in range(ROWS))
    write(tmp_path, {
        "a.csv": text, "b.jsonl": "".join(f'{{"id": {i}, "c": "x"}}\n' for i in range(ROWS)), "z.csv.gz": gzip.compress(text.encode()),
    })  # fmt: skip
    with duckdb.connect(":memory:") as con:
        con.execute(f"copy (select range as id from range({ROWS})) to '{tmp_path}/p.parquet' (format parquet)")
    first = measure(tmp_path)
    for name, table in first.tables.items():
        _judged(table, ROWS, exact=name == "p")
    assert first.tables["a"].columns["b"].distinct is not None
    assert first.tables["a"].columns["b"].distinct.model_dump() == {"value": 3, "exact": False}
    distinct = first.tables["a"].columns["id"].distinct
    assert distinct is not None and abs(distinct.value - ROWS) <= 0.05 * ROWS
    assert (first.tables["a"].columns["id"].least, first.tables["a"].columns["id"].most) == ("0", str(ROWS - 1))
    assert yaml_text.dump(dump(measure(tmp_path))) == yaml_text.dump(dump(first))


@pytest.mark.usefixtures("small_limits")
def test_rows_a_day_and_line_ends_in_quotes(tmp_path: Path) -> None:
    rows = (f'{i},2024-01-{i * 28 // ROWS + 1:02} 10:00:00,"a\nb, ""c"""\n' for i in range(ROWS))
    table = measure(write(tmp_path, {"a.csv": "id,updated_at,note\n" + "".join(rows)})).tables["a"]
    _judged(table, ROWS)
    assert table.malformed is None
    assert column_types(table) == {"id": "bigint", "updated_at": "timestamp", "note": "text"}
    assert table.watermark is not None
    assert table.watermark.out_of_order == 0.0
    assert table.rows_per_day is not None
    assert abs(table.rows_per_day.value - ROWS / 28) < 0.15 * ROWS / 28


@pytest.mark.usefixtures("small_limits")
def test_many_files(tmp_path: Path) -> None:
    write(tmp_path, {f"o/part-{i:03}.csv": f"id,n,z\n{i},{i % 7},x\n" for i in range(100)})
    table = measure(tmp_path).tables["o"]
    _judged(table, 100)
    assert table.notes == ["judged by 5 of 100 files, and 5 of about 101 rows"]


def test_ten_thousand_files_are_counted(tmp_path: Path) -> None:
    write(tmp_path, {f"o/part-{i:05}.csv": f"id,n,z\n{i},{i % 7},x\n" for i in range(10_000)})
    before = time.process_time()
    table = measure(tmp_path).tables["o"]
    assert time.process_time() - before < 60
    assert table.rows is not None
    assert (table.rows.value, table.rows.exact) == (10_000, True)


def test_two_gigabytes_take_little_memory(tmp_path: Path) -> None:
    block = "".join(
        f"{i},{i % 97},2024-01-{i % 28 + 1:02} 10:00:00,some text that is long enough\n" for i in range(20_000)
    )
    big = tmp_path / "big.csv"
    with big.open("wb") as out:
        out.write(b"id,n,updated_at,note\n")
        for _ in range(2_000_000_000 // len(block)):
            out.write(block.encode())
    code = (
        "import resource, sys; from pathlib import Path; from pipegen.probe import Look, probe\n"
        "found = probe('files', sys.argv[1], Look(Path('/')))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, resource.getrusage(resource.RUSAGE_SELF).ru_utime)"
    )
    try:
        run = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    finally:
        big.unlink()
    assert run.returncode == 0, run.stderr
    megabytes, seconds = map(float, run.stdout.split())
    assert megabytes < 900
    assert seconds < 60


def test_the_time_for_looking_is_kept(tmp_path: Path) -> None:
    write(tmp_path, {f"t{chr(97 + i)}.csv": f"id,n{i}\n1,2\n" for i in range(9)})
    ticks = iter(range(1_000_000))
    look = Look(tmp_path, seconds=20, clock=lambda: float(next(ticks)))
    measured = probe("files", ".", look)
    assert measured.tables and measured.left_out
    assert set(measured.tables) | set(measured.left_out) == {f"t{chr(97 + i)}" for i in range(9)}
    assert "the time for looking was up" in next(iter(measured.left_out.values()))
    with pytest.raises(SourceError, match="table `ta` was not measured"):
        probe("files", ".", Look(tmp_path, tables=["ta"], seconds=0))


def test_progress_is_told(tmp_path: Path) -> None:
    heard: list[str] = []
    probe("files", ".", Look(write(tmp_path, {"a.csv": "id\n1\n", "b.csv": "k\n1\n"}), progress=heard.append))
    assert heard == ["0 of 2 tables: a", "1 of 2 tables: b"]


def _slow(folder: Path) -> Path:
    text = "id,n,m\n" + "".join(f"{i},{i % 97}.{i},{i}x\n" for i in range(400_000))
    return write(folder, {f"{name}.csv": text.replace("id", f"{name}_id", 1) for name in "abcdefghi"})


def test_the_end_of_the_time_stops_a_query(tmp_path: Path) -> None:
    _slow(tmp_path)
    began = time.monotonic()
    measured = probe("files", "a.csv", Look(tmp_path, seconds=60))
    alone = time.monotonic() - began
    assert list(measured.tables) == ["a"]
    with pytest.raises(SourceError, match="was not measured"):
        probe("files", "b.csv", Look(tmp_path, seconds=alone / 20))


def test_ctrl_c_stops_it_at_once(tmp_path: Path) -> None:
    _slow(tmp_path)
    told = threading.Event()

    def stop() -> None:
        told.wait(60)
        time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    stopping = threading.Thread(target=stop)
    stopping.start()
    heard: list[str] = []
    try:
        with pytest.raises(KeyboardInterrupt):
            probe("files", ".", Look(tmp_path, progress=lambda words: heard.append(words) or told.set()))
    finally:
        told.set()
        stopping.join()
    assert len(heard) < 9
    assert not [t.name for t in threading.enumerate() if t.name.startswith("look")]


@pytest.mark.usefixtures("small_limits")
def test_what_is_wrong_with_a_large_file_is_told_by_its_own_name(tmp_path: Path) -> None:
    broken = "id,n\n" + "".join(f"{i},1,2\n" for i in range(ROWS))
    write(tmp_path, {"a.csv": "k\n1\n", "b.csv": broken, "c.csv.gz": os.urandom(200_000)})
    measured = measure(tmp_path)
    assert list(measured.tables) == ["a"]
    assert measured.left_out["b"].startswith("the rows of `b.csv` do not fit its header")
    assert measured.left_out["c"].startswith("`c.csv.gz` is not a whole gzip file")
