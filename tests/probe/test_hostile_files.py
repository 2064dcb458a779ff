"""Files that cannot be read, or not as they are: one sentence what is wrong, one what to do, never an engine's traceback."""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
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
    write(tmp_path, {"a.csv": GOOD.encode("utf-32")})
    assert "UTF-32" in str(error(tmp_path).hint)
    write(tmp_path, {"a.csv": GOOD, "b.jsonl": b'{"a": "\xff"}\n'})
    assert "b.jsonl` is not UTF-8: line 1" in error(tmp_path, tables=["b"]).message


def test_a_file_that_mixes_encodings(tmp_path: Path) -> None:
    text = "id,name\n" + "1,a\n" * 9 + "2,Größe\n"
    write(tmp_path, {"a.csv": text.encode() + "3,Größe\n".encode("cp1252") + text.encode()})
    raised = error(tmp_path)
    assert "mixes two encodings: line 11 is UTF-8, line 12 is not, but like WINDOWS-1252" in raised.message
    assert "iconv" not in str(raised.hint)
    write(tmp_path, {"a.csv": b"id,name\n1,\x81\n2,x\n3,\xc3\xa9\n"})
    assert "line 4 is UTF-8, line 2 is not, but like ISO-8859-1" in error(tmp_path).message


def test_broken_parquet(tmp_path: Path) -> None:
    write(tmp_path, {"a.parquet": b"PAR1 nothing PAR1"})
    raised = error(tmp_path)
    assert "a.parquet` cannot be read as Parquet" in raised.message
    write(tmp_path, {"a.parquet": b""})
    assert "cannot be read as Parquet" in error(tmp_path).message


def test_a_parquet_file_that_is_cut(tmp_path: Path) -> None:
    with duckdb.connect(":memory:") as con:
        con.execute(f"copy (select range as id from range(2000)) to '{tmp_path}/a.parquet' (format parquet)")
    whole = (tmp_path / "a.parquet").read_bytes()
    for cut in (whole[: len(whole) // 2], whole[:-1], whole[:6]):
        (tmp_path / "a.parquet").write_bytes(cut)
        assert "cannot be read as Parquet: it is cut, its end is missing" in error(tmp_path).message


def test_one_that_cannot_be_read_among_others(tmp_path: Path) -> None:
    write(tmp_path, {"a.csv": GOOD, "b.csv": b"", "c.parquet": b"PAR1", "d.csv": b"\xff\xfe\0"})
    measured = measure(tmp_path)
    assert list(measured.tables) == ["a"]
    assert list(measured.left_out) == ["b", "c", "d"]
    assert measured.left_out["b"].startswith("`b.csv` is empty; a table needs a header")
    assert str(tmp_path) not in str(measured.left_out)
    assert "`c.parquet` cannot be read" in str(error(tmp_path, tables=["a", "c"]).message).replace(f"{tmp_path}/", "")


def test_links_that_lead_nowhere(tmp_path: Path) -> None:
    write(tmp_path, {"a.csv": GOOD})
    (tmp_path / "gone.csv").symlink_to(tmp_path / "nowhere.csv")
    measured = measure(tmp_path)
    assert list(measured.tables) == ["a"]
    assert measured.left_out == {"gone.csv": "it is a link to `nowhere.csv`, which is not there"}
    assert "gone.csv` is a link to" in error(tmp_path, "gone.csv").message


def test_a_folder_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"closed/a.csv": GOOD})
    listed = Path.iterdir

    def denied(self: Path) -> Iterator[Path]:
        if self.name == "closed":
            raise PermissionError(13, "Permission denied")
        return listed(self)

    monkeypatch.setattr(Path, "iterdir", denied)  # root, as which tests may run, is denied nothing
    raised = error(tmp_path, "closed")
    assert "may not be read: Permission denied" in raised.message
    assert "chmod" in str(raised.hint)


def test_line_ends(tmp_path: Path) -> None:
    for text in ("id,name\r\n1,a\r\n2,b\r\n", "id,name\r1,a\r2,b\r", "\ufeffid,name\n1,a\n2,b"):
        table = one(tmp_path, text)
        assert (table.rows and table.rows.value, list(table.columns)) == (2, ["id", "name"])
    write(tmp_path, {"t.csv": "id,name\r\n1,a\n2,b\r\n3,c\n"})
    assert "mixes line ends" in error(tmp_path).message


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    late = b"id,name\n" + b"1,a\n" * 70_000 + b"2,a\0b\n3,c\n"
    table = one(tmp_path, late)
    assert table.rows is not None and table.rows.value == 70_002
    lines = one(tmp_path / "j", b'{"a": 1}\n{"a": "x\0y"}\n', "t.jsonl")
    assert (lines.rows and lines.rows.value, lines.malformed) == (1, 1)


def test_a_byte_order_mark_before_json_lines(tmp_path: Path) -> None:
    table = one(tmp_path, b'\xef\xbb\xbf{"a": 1}\n{"a": 2}\n', "t.jsonl")
    assert table.malformed == 1
    assert "byte order mark" in table.notes[0]


def test_quotes_that_are_broken(tmp_path: Path) -> None:
    table = one(tmp_path, 'id,n\n1,"a"b\n2,c"d\n3,x\n')
    assert (table.rows and table.rows.value, table.malformed) == (2, 1)


def test_many_columns(tmp_path: Path) -> None:
    names = [f"c{i}" for i in range(500)]
    rows = "".join(",".join(str(i * j) for j in range(500)) + "\n" for i in range(20))
    table = one(tmp_path, ",".join(names) + "\n" + rows)
    assert list(table.columns) == names
    lines = "".join("{" + ",".join(f'"{n}": {i}' for n in names) + "}\n" for i in range(20))
    table = one(tmp_path / "j", lines, "t.jsonl")
    assert {c.type for c in table.columns.values()} == {"bigint"}
    assert list(table.columns) == names


def test_json_in_json(tmp_path: Path) -> None:
    text = '{"a": ' + "[" * 900 + "]" * 900 + ', "b": {"c": {"d": [1, {"e": null}]}}, "select": 1}\n'
    table = one(tmp_path, text, "t.jsonl")
    assert {n: c.type for n, c in table.columns.items()} == {"a": "json", "b": "json", "select": "bigint"}


def test_broken_gzip(tmp_path: Path) -> None:
    write(tmp_path, {"a.csv.gz": GOOD.encode()})
    assert "gzip" in error(tmp_path).message
    write(tmp_path, {"a.csv.gz": gzip.compress(os.urandom(100_000).hex().encode())[:2000]})
    assert "gzip" in error(tmp_path).message


def test_json_that_is_no_json_lines(tmp_path: Path) -> None:
    write(tmp_path, {"a.jsonl": '[\n{\n"a": 1\n}\n]\n'})
    assert "is one JSON array" in error(tmp_path).message
    rows = ",".join(f'{{"a": {i}, "b": "{"x" * 200}"}}' for i in range(90_000))
    write(tmp_path, {"a.jsonl": f"[{rows}]"})
    raised = error(tmp_path)
    assert "is one JSON array" in raised.message
    assert "jq" in str(raised.hint)
    write(tmp_path, {"a.jsonl": '1\n"a"\nnull\n'})
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
