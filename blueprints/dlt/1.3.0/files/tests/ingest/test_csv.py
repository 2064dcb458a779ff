"""CSV files as they are found in the wild."""

import pytest

from ingest.declaration import LoadError
from tests.ingest.conftest import columns, table
from tests.ingest.test_files import AB, read


def csv_table(name, declared, **more):
    options = {"delimiter": ",", "header": True, "nulls": ["", "NA"]}
    return table(name, declared, **{"format": "csv", "options": options, **more})


@pytest.mark.parametrize(
    ("content", "rows", "rejects"),
    [
        (b"a,b\n1,x\n", [(1, "x")], []),
        (b"a,b\n1,x", [(1, "x")], []),
        (b"", [], []),
        (b"a,b", [], []),
        (b"a,b\n", [], []),
        (b"\xef\xbb\xbfa,b\r\n1,x\r\n", [(1, "x")], []),
        (b"a,b\n1,x\r\n2,y\n", [(1, "x"), (2, "y")], []),
        (b"b,new,a\nx,?,1\n", [(1, "x")], []),
        (b'a,b\n1,"x\r\ny ""z"", ,"\n', [(1, 'x\r\ny "z", ,')], []),
        (b"a,b\n\n1,x\n\n\n2,y\n\n", [(1, "x"), (2, "y")], []),
        (b"a,b\n1,NA\n,x\n", [(1, None), (None, "x")], []),
        (b"a,b\n1\n2,y\n3,z,!\n", [(2, "y")], [(2, "1 fields where there are 2 columns", "1")]),
        (b"a,b\nx,y\n2,z\n", [(2, "z")], [(2, "a: not a BIGINT", {"a": "x", "b": "y"})]),
        (b'a,b\n1,"x"y\n2,z\n', [(2, "z")], [(2, "quotes that do not match", '1,"x"y')]),
        (b'a,b\n1,x\n2,"y\n3,z\n', [(1, "x")], [(3, "quotes that do not match", '2,"y\n3,z')]),
        (b"a,b\n1,\xff\n2,z\n", [(2, "z")], [(2, "bytes that are not UTF-8", "1,\\xff")]),
    ],
)
def test_csv(tmp_path, content, rows, rejects):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    found, rejected, _ = read(path, csv_table("t.csv", AB))
    assert found == rows
    assert rejected[: len(rejects)] == rejects
    assert bool(rejected) == bool(rejects)


def test_csv_value_that_is_no_number_does_not_hide_its_row_from_the_measure(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1.5,2\nx,3\n", encoding="utf-8")
    rows, rejects, measure = read(path, csv_table("t.csv", columns(a="DOUBLE", b="BIGINT")))
    assert (rows, len(rejects)) == ([(1.5, 2)], 1)
    assert (measure.sums["b"].value, measure.plain) == (5, True)


def test_csv_without_a_header_and_with_another_delimiter(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("1;x\n2;y\n", encoding="utf-8")
    options = {"delimiter": ";", "header": False, "nulls": []}
    assert read(path, csv_table("t.csv", AB, options=options))[0] == [(1, "x"), (2, "y")]


def test_lost_column_fails_and_new_column_is_named(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("b,new\nx,1\n", encoding="utf-8")
    with pytest.raises(LoadError, match="has no column 'a'"):
        read(path, csv_table("t.csv", AB))
    path.write_text("a,b,new\n1,x,1\n", encoding="utf-8")
    notes = []
    read(path, csv_table("t.csv", AB), notes)
    assert len(notes) == 1 and "new column 'new'" in notes[0] and "discard" in notes[0]


def test_the_schema_contract_may_say_otherwise(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,new\n1,x\n", encoding="utf-8")
    strict = csv_table(
        "t.csv", AB, schema_contract={"new_column": "freeze", "lost_column": "discard"}
    )
    with pytest.raises(LoadError, match="new_column: freeze"):
        read(path, strict)
    lenient = csv_table("t.csv", AB, schema_contract={"lost_column": "discard"})
    notes = []
    assert read(path, lenient, notes)[0] == [(1, None)]
    assert "no column 'b'" in notes[0] and "lost_column: discard" in notes[0]
