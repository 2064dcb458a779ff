"""Files that cannot be read, or not as they are: one sentence what is wrong, one what to do, never an engine's traceback."""

from __future__ import annotations

import gzip
import os
import time
from pathlib import Path

import pytest

from tests.probe.files import error, measure, one, write

GOOD = "id,name\n1,a\n2,b\n"


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    write(tmp_path, {"data/orders.csv": GOOD})
    raised = error(tmp_path, "data/order.csv")
    assert "is not there" in raised.message
    assert raised.hint == "did you mean `orders.csv`?"
    raised = error(tmp_path, "dta/orders.csv")
    assert raised.hint == "did you mean `data`?"
    assert "orders.csv" in str(error(tmp_path, "data/*.parquet").hint)


def test_a_folder_with_nothing_for_us(tmp_path: Path) -> None:
    write(tmp_path, {"notes.txt": "x"})
    raised = error(tmp_path)
    assert "supported format" in raised.message
    assert ".parquet" in str(raised.hint)
    write(tmp_path, {"a.json": "[{}]"})
    assert ".jsonl" in str(error(tmp_path, "a.json").hint)


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    write(tmp_path, {name: GOOD})

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)  # root, as which tests may run, is denied nothing
    assert "permission denied" in error(tmp_path).message


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_an_empty_file(tmp_path: Path, name: str) -> None:
    write(tmp_path, {name: ""})
    assert "is empty" in error(tmp_path).message


def test_a_header_and_no_row(tmp_path: Path) -> None:
    table = one(tmp_path, "id,name\n")
    assert table.rows is not None
    assert table.rows.value == 0
    assert table.key is None
    assert list(table.columns) == ["id", "name"]


@pytest.mark.parametrize(
    "text",
    [
        "1,a,2024-01-01\n2,b,2024-01-02\n",
        "a,berlin\nb,paris\na,rome\n",
        "2024-01-01 10:00:00,5\n2024-01-01 11:00:00,6\n",
    ],
)
def test_no_header(tmp_path: Path, text: str) -> None:
    write(tmp_path, {"a.csv": text})
    assert "no header line" in error(tmp_path).message


@pytest.mark.parametrize(
    "text", ["name,2019,2020\n1,1,2\n", "a\nx\ny\n", "id,name\nid,name\n1,a\n", "carrier,name\nUA,United\n"]
)
def test_a_header_that_could_be_taken_for_a_row(tmp_path: Path, text: str) -> None:
    assert one(tmp_path, text).columns


def test_a_name_twice_in_the_header(tmp_path: Path) -> None:
    write(tmp_path, {"a.csv": "id,name,ID\n1,a,2\n"})
    assert "names a column twice" in error(tmp_path).message


def test_ragged_rows_are_counted_and_passed_over(tmp_path: Path) -> None:
    table = one(tmp_path, 'id,name\n1,a\n2\n3,b,c\n4,"d\ne"\n5,f\n')
    assert table.rows is not None
    assert (table.rows.value, table.malformed) == (3, 2)
    assert table.columns["id"].type == "bigint"


def test_only_ragged_rows(tmp_path: Path) -> None:
    write(tmp_path, {"a.csv": "id,name\n1,a,\n2,b,\n"})
    assert "2 names, and 3 fields in most rows" in error(tmp_path).message


def test_a_quote_that_never_closes(tmp_path: Path) -> None:
    table = one(tmp_path, 'id,name\n1,a\n2,"b\n3,c\n')
    assert table.rows is not None
    assert table.rows.value == 1
    assert table.malformed


def test_another_encoding(tmp_path: Path) -> None:
    write(tmp_path, {"a.csv": b"id,name\n" + b"1,a\n" * 70_000 + "2,Größe\n".encode("cp1252")})
    raised = error(tmp_path)
    assert "a.csv` is not UTF-8: line 70002" in raised.message
    assert "iconv" in str(raised.hint)
    write(tmp_path, {"a.csv": "id,name\n1,é\n".encode("utf-16")})
    assert "UTF-16" in str(error(tmp_path).hint)
    write(tmp_path, {"a.csv": b"id\0,name\n1,a\n"})
    assert "not text" in error(tmp_path).message
    write(tmp_path, {"a.csv": GOOD, "b.jsonl": b'{"a": "\xff"}\n'})
    assert "b.jsonl` is not UTF-8: line 1" in error(tmp_path).message


def test_broken_parquet(tmp_path: Path) -> None:
    write(tmp_path, {"a.parquet": b"PAR1 nothing PAR1"})
    raised = error(tmp_path)
    assert "a.parquet` cannot be read as Parquet" in raised.message
    write(tmp_path, {"a.parquet": b""})
    assert "cannot be read as Parquet" in error(tmp_path).message


def test_broken_gzip(tmp_path: Path) -> None:
    write(tmp_path, {"a.csv.gz": GOOD.encode()})
    assert "gzip" in error(tmp_path).message
    write(tmp_path, {"a.csv.gz": gzip.compress(os.urandom(100_000).hex().encode())[:2000]})
    assert "gzip" in error(tmp_path).message


def test_json_that_is_no_json_lines(tmp_path: Path) -> None:
    write(tmp_path, {"a.jsonl": '[\n{\n"a": 1\n}\n]\n'})
    assert "JSON object" in error(tmp_path).message


@pytest.mark.parametrize(
    "name", ["it's.csv", 'say "x".csv', "💶 euro.csv", "a b.csv", "x{y}.csv", "-- drop.csv", "a[0].csv"]
)
def test_file_names(tmp_path: Path, name: str) -> None:
    [found] = measure(write(tmp_path, {name: GOOD})).tables
    assert found == name.removesuffix(".csv")


def test_a_hundred_tables_take_seconds(tmp_path: Path) -> None:
    header = "id,customer_id,amount,at,note,a,b,c,d,e\n"
    rows = "".join(f"{i},{i % 7},{i}.50,2024-01-01 10:00:{i % 60:02},x,1,2,3,4,5\n" for i in range(200))
    write(
        tmp_path,
        {f"t{chr(97 + i // 26)}{chr(97 + i % 26)}.csv": header.replace("e\n", f"e{i}\n") + rows for i in range(100)},
    )
    start = time.process_time()  # of this process alone: other tests may run beside it
    assert len(measure(tmp_path).tables) == 100
    assert time.process_time() - start < 15
