"""Files as they are found in the wild."""

import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest import declaration, files, measures, parse
from ingest.declaration import LoadError
from tests.ingest.conftest import columns, csv_table, document, table

AB = columns(a="BIGINT", b="VARCHAR")


def read(path, declared, notes=None):
    """Typed rows, rejected rows as (line, reason, raw), and the independent measure of one file."""
    (only,) = declaration.parse(document("files", t=declared)).tables
    session = parse.session()
    status = path.stat()
    file = files.File(path.name, path, status.st_size, status.st_mtime_ns)
    measure = measures.of_file(session, only, path)
    parser = parse.RowParser(session, only, with_file=False)
    rows, rejects = [], []
    note = notes.append if notes is not None else lambda text: None
    for batch in files.read(only, file, note, measure.plain):
        typed, rejected = parser.parse(batch, path.name)
        rows += [tuple(row.values()) for row in typed.to_pylist()]
        rejects += [(r["line"], r["reason"], json.loads(r["raw"])) for r in rejected.to_pylist()]
    assert measure.rows == len(rows) + len(rejects), "DuckDB counts other records than we read"
    return rows, rejects, measure


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
    assert notes == ["t: not declared, so not loaded: 'new'"]


def test_json_lines_keep_every_digit(tmp_path):
    path = tmp_path / "t.jsonl"
    lines = [
        '{"n": 12345678901234567890.12345, "i": 9007199254740993, "j": {"x": 1.10}, "s": "é"}',
        "not json",
        "",
        "[1]",
        '{"n": "7", "i": 1e3, "j": "text", "s": 1.50}',
        '{"i": 1.5, "s": true}',
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    declared = columns(n="DECIMAL(38,5)", i="BIGINT", j="JSON", s="VARCHAR")
    rows, rejects, _ = read(path, table("t.jsonl", declared, format="jsonl"))
    assert rows == [
        (Decimal("12345678901234567890.12345"), 9007199254740993, '{"x": 1.10}', "é"),
        (Decimal("7.00000"), 1000, '"text"', "1.50"),
    ]
    assert [(line, reason) for line, reason, _ in rejects] == [
        (2, "the line is not a JSON object"),
        (4, "the line is not a JSON object"),
        (6, "i: not a BIGINT"),
    ]


def test_parquet_types(tmp_path):
    path = tmp_path / "t.parquet"
    held = {
        "f": pa.array([1.5, 0.1 + 0.2, None]),
        "i": pa.array([1, 2**63, 3], pa.uint64()),
        "n": pa.array([{"x": 1}, None, {"x": 2}]),
        "t": pa.array([1, 2, 3], pa.timestamp("ns")),
    }
    pq.write_table(pa.table(held), path)
    declared = columns(f="DECIMAL(9,2)", i="BIGINT", n="JSON", t="TIMESTAMP")
    rows, rejects, measure = read(path, table("t.parquet", declared, format="parquet"))
    assert [(row[0], row[1], row[2]) for row in rows] == [
        (Decimal("1.50"), 1, '{"x":1}'),
        (None, 3, '{"x":2}'),
    ]
    assert [(line, reason) for line, reason, _ in rejects] == [(2, "i: not a BIGINT")]
    assert measure.sums["i"].value == 4


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (
            "BIGINT",
            ["1", " -2 ", "3.0", "1e3", "+4"],
            ["1.5", "x", "", "0x1F", "1_000", "99999999999999999999"],
        ),
        ("DECIMAL(5,2)", ["1.5", "-1.10", "1.500", "15e-1"], ["1.239", "1000", "1,5", "1e-3"]),
        ("DOUBLE", ["1", "1.5e10", "nan"], ["x", "1,5"]),
        (
            "DATE",
            ["2024-02-29", "2026-01-01 00:00:00"],
            ["2026-02-29", "2026-01-01 12:30:00", "infinity"],
        ),
        (
            "TIMESTAMP",
            ["2026-01-01", "2026-01-01T10:00:00Z", "2026-01-01 10:00:00+00:00"],
            ["2026-01-01 10:00:00+02"],
        ),
        ("TIMESTAMPTZ", ["2026-01-01 10:00:00+02", "2026-01-01T10:00:00Z"], ["noon"]),
        ("TIME", ["10:00", "10:00:00.5"], ["25:00", "10:00:00+02"]),
        ("BOOLEAN", ["true", "FALSE", "1"], ["maybe"]),
        ("UUID", ["00000000-0000-4000-8000-000000000000"], ["00000000"]),
        ("JSON", ["{}", "1", '"x"'], ["{", "x"]),
        ("VARCHAR", ["", "NA", "\U0001f600"], []),
    ],
)
def test_a_value_that_a_cast_would_change_is_rejected(kind, good, bad):
    declared = table("t.csv", columns(a=kind), format="csv", options={})
    (only,) = declaration.parse(document("files", t=declared)).tables
    texts = pa.table({"a": good + bad, "_line": pa.arange(0, len(good) + len(bad))})
    typed, rejected = parse.RowParser(parse.session(), only, False).parse(parse.Batch(texts), None)
    assert typed.num_rows == len(good)
    assert [json.loads(raw)["a"] for raw in rejected["raw"].to_pylist()] == bad


def test_missing_folder_names_the_variable(made_up):
    made_up.files.rmdir()
    with pytest.raises(LoadError, match="MADE_UP_PATH"):
        made_up("files", t=csv_table("*.csv", AB))


def test_append_by_file(made_up, query):
    """New files are added, known ones skipped, changed ones replaced, whatever folder they are in."""

    def load():
        return made_up("files", t=csv_table("**/*.csv", AB, load="append")).outcomes[0]

    (made_up.files / "x").mkdir()
    (made_up.files / "1.csv").write_text("a,b\n1,x\n", encoding="utf-8")
    (made_up.files / "x" / "1.csv").write_text("a,b\n2,y\nbad,z\n", encoding="utf-8")
    assert load().rows_landed == 2
    again = load()
    assert (again.rows_read, again.unchanged) == (0, 2)
    (made_up.files / "x" / "1.csv").write_text("a,b\n3,y\n", encoding="utf-8")
    assert load().rows_landed == 1
    assert query("SELECT a, _file FROM raw_made_up.t ORDER BY a") == [(1, "1.csv"), (3, "x/1.csv")]
    assert query("SELECT count(*) FROM ops.quarantine") == [(0,)]
    (made_up.files / "1.csv").write_text("a,b\n", encoding="utf-8")
    load()
    assert query("SELECT a FROM raw_made_up.t") == [(3,)]


def test_full_load_where_no_row_is_good_keeps_the_old_rows(made_up, query):
    path = made_up.files / "t.csv"
    path.write_text("a,b\n1,x\n", encoding="utf-8")
    made_up("files", t=csv_table("t.csv", AB))
    path.write_text("a,b\nx,1\n", encoding="utf-8")
    with pytest.raises(LoadError, match="none of the 1 rows"):
        made_up("files", t=csv_table("t.csv", AB))
    assert query("SELECT a FROM raw_made_up.t") == [(1,)]


def test_names_arrive_as_declared(made_up, query):
    names = ["order", "group_", "größe", "__x__y", "ключ", "x" * 120, "_dlt_of_mine"]
    declared = {
        name: {"from": f'{name}, "it\'s"', "type": "BIGINT", "nullable": True} for name in names
    }
    header = ",".join('"' + column["from"].replace('"', '""') + '"' for column in declared.values())
    row = ",".join(str(number) for number in range(len(names)))
    (made_up.files / "t.csv").write_text(f"{header}\n{row}\nbad{row}\n", encoding="utf-8")
    made_up("files", select=csv_table("t.csv", declared))
    described = query('DESCRIBE raw_made_up."select"')
    assert [name for name, *_ in described] == [*names, "_line", "_file"]
    assert query('SELECT * EXCLUDE (_line, _file) FROM raw_made_up."select"') == [
        tuple(range(len(names)))
    ]


def test_type_and_column_changes_of_the_declaration(made_up, query):
    path = made_up.files / "t.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    made_up("files", t=csv_table("t.csv", columns(a="BIGINT", b="BIGINT"), load="append"))
    path.write_text("a,b\n1.5,2\n", encoding="utf-8")
    made_up("files", t=csv_table("t.csv", columns(a="DECIMAL(9,1)", b="VARCHAR"), load="append"))
    assert query("SELECT a, b FROM raw_made_up.t") == [(Decimal("1.5"), "2")]
    with pytest.raises(LoadError, match="a is now declared BIGINT"):
        made_up("files", t=csv_table("t.csv", columns(a="BIGINT", b="VARCHAR"), load="append"))
