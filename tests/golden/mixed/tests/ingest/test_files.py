"""Files: JSON lines and Parquet, and which of them are read again."""

import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest import declaration, files, ledger, parse, replay
from ingest.declaration import LoadError, MassDelete, SourceDown
from ingest.extract import Asked
from tests.ingest.conftest import columns, document, table

AB = columns(a="BIGINT", b="VARCHAR")


def lines(name, declared, **more):
    return table(name, declared, format="jsonl", **more)


def read(path, declared, notes=None):
    """Typed rows, rejected rows as (line, reason, raw), and the independent measure of one file."""
    (only,) = declaration.parse(document("files", t=declared)).tables
    session = parse.session()
    status = path.stat()
    file = ledger.File(path.name, path, status.st_size, status.st_mtime_ns)
    measure = files.measure(session, only, path)
    parser = parse.RowParser(session, only, with_file=False)
    rows, rejects = [], []
    note = notes.append if notes is not None else lambda text: None
    for batch in files.read(only, file, note, measure.plain):
        typed, rejected = parser.parse(batch, path.name)
        rows += [tuple(row.values()) for row in typed.to_pylist()]
        rejects += [(r["line"], r["reason"], json.loads(r["raw"])) for r in rejected.to_pylist()]
    assert measure.rows == len(rows) + len(rejects), "DuckDB counts other records than we read"
    return rows, rejects, measure


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


def test_missing_folder_names_the_variable(made_up):
    made_up.files.rmdir()
    with pytest.raises(SourceDown, match="MADE_UP_PATH"):
        made_up("files", t=lines("*.jsonl", AB))


def test_append_by_file(made_up, query):
    """New files are added, known ones skipped, changed ones replaced, whatever folder they are in."""

    def load(asked=None):
        return made_up("files", asked, t=lines("**/*.jsonl", AB, load="append")).outcomes[0]

    (made_up.files / "x").mkdir()
    (made_up.files / "1.jsonl").write_text('{"a": 1, "b": "x"}\n', encoding="utf-8")
    (made_up.files / "x" / "1.jsonl").write_text(
        '{"a": 2, "b": "y"}\n{"a": "bad"}\n', encoding="utf-8"
    )
    assert load().rows_landed == 2
    again = load()
    assert (again.rows_read, again.unchanged) == (0, 2)
    (made_up.files / "x" / "1.jsonl").write_text('{"a": 3, "b": "y"}\n', encoding="utf-8")
    assert load().rows_landed == 1
    assert query("SELECT a, _file FROM raw_made_up.t ORDER BY a") == [
        (1, "1.jsonl"),
        (3, "x/1.jsonl"),
    ]
    assert query("SELECT count(*) FROM ops.quarantine") == [(0,)]
    (made_up.files / "1.jsonl").write_text("\n", encoding="utf-8")
    with pytest.raises(MassDelete, match="would delete 1 of 1 rows"):
        load()
    load(Asked(allow_deletes=True))
    assert query("SELECT a FROM raw_made_up.t") == [(3,)]


def test_full_load_where_no_row_is_good_keeps_the_old_rows(made_up, query):
    path = made_up.files / "t.jsonl"
    path.write_text('{"a": 1, "b": "x"}\n', encoding="utf-8")
    made_up("files", t=lines("t.jsonl", AB))
    path.write_text('{"a": "x"}\n', encoding="utf-8")
    with pytest.raises(LoadError, match="none of the 1 rows"):
        made_up("files", t=lines("t.jsonl", AB))
    assert query("SELECT a FROM raw_made_up.t") == [(1,)]


def test_a_quarantined_row_comes_back_when_its_column_is_declared_wider(made_up, query):
    (made_up.files / "t.jsonl").write_text(
        '{"a": 1, "b": "x"}\n{"a": 1.5, "b": "y"}\n', encoding="utf-8"
    )
    made_up("files", t=lines("t.jsonl", AB))
    assert query("SELECT reason FROM ops.quarantine") == [("a: not a BIGINT",)]
    wider = document("files", t=lines("t.jsonl", columns(a="DECIMAL(9,1)", b="VARCHAR")))
    assert replay.replay(declaration.parse(wider).tables[0]).endswith(
        "1 in quarantine, 1 landed, 0 stay"
    )
    rows = query("SELECT a, b, _line FROM raw_made_up.t ORDER BY a")
    assert rows == [(Decimal("1.0"), "x", 1), (Decimal("1.5"), "y", 2)]
    assert query("SELECT count(*) FROM ops.quarantine") == [(0,)]


def test_names_arrive_as_declared(made_up, query):
    names = ["order", "group_", "größe", "__x__y", "ключ", "x" * 120, "_dlt_of_mine"]
    declared = {
        name: {"from": f'{name}, "it\'s"', "type": "BIGINT", "nullable": True} for name in names
    }
    row = {column["from"]: number for number, column in enumerate(declared.values())}
    text = json.dumps(row) + "\n" + json.dumps(dict.fromkeys(row, "bad")) + "\n"
    (made_up.files / "t.jsonl").write_text(text, encoding="utf-8")
    made_up("files", select=lines("t.jsonl", declared))
    described = query('DESCRIBE raw_made_up."select"')
    assert [name for name, *_ in described] == [*names, "_file", "_line", "_loaded_at"]
    assert query('SELECT * EXCLUDE (_line, _file, _loaded_at) FROM raw_made_up."select"') == [
        tuple(range(len(names)))
    ]


def test_type_and_column_changes_of_the_declaration(made_up, query):
    path = made_up.files / "t.jsonl"
    path.write_text('{"a": 1, "b": 2}\n', encoding="utf-8")
    made_up("files", t=lines("t.jsonl", columns(a="BIGINT", b="BIGINT"), load="append"))
    path.write_text('{"a": 1.5, "b": 2}\n', encoding="utf-8")
    made_up("files", t=lines("t.jsonl", columns(a="DECIMAL(9,1)", b="VARCHAR"), load="append"))
    assert query("SELECT a, b FROM raw_made_up.t") == [(Decimal("1.5"), "2")]
    with pytest.raises(LoadError, match="a is now declared BIGINT"):
        made_up("files", t=lines("t.jsonl", columns(a="BIGINT", b="VARCHAR"), load="append"))
