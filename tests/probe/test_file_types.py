"""Types of CSV, JSON lines and Parquet columns: right for every value of the file, and nothing lost."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipegen.core import yaml_text
from pipegen.core.measured import dump
from pipegen.core.sql_types import canonical_sql
from pipegen.core.yaml_text import dump as as_yaml
from tests.probe.files import column_types, measure, one, write


def _csv(values: list[str], name: str = "c") -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["n", name])
    writer.writerows((f"x{i}", value) for i, value in enumerate(values))
    return out.getvalue()


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        (["1", "-2", "0"], "bigint"),
        (["1", "2.5"], "decimal(18,2)"),
        (["10.00", "-3.5", ".5"], "decimal(18,2)"),
        (["1.005", "2"], "double"),
        (["1e3", "2.5"], "double"),
        (["1.5e-07", "1E+16", "1.0E3"], "double"),
        (["1E3", "2E4"], "text"),
        (["02134", "10001"], "text"),
        (["007.5"], "text"),
        (["12345678901234567890", "1"], "decimal(38,0)"),
        (["1" * 39], "text"),
        (["9223372036854775807", "-9223372036854775808"], "bigint"),
        (["true", "FALSE", "True"], "boolean"),
        (["0", "1"], "bigint"),
        (["yes", "no"], "text"),
        (["2024-02-29", "2023-01-01"], "date"),
        (["2023-02-29"], "text"),
        (["01/02/2024"], "text"),
        (["2024-01-01 10:00:00", "2024-01-01T10:00", "2024-01-01 10:00:00.123456"], "timestamp"),
        (["2024-01-01", "2024-01-01 10:00:00"], "timestamp"),
        (["2024-01-01 10:00:00.123456789"], "text"),
        (["2024-01-01T10:00:00Z", "2024-01-01 10:00:00+05:30", "2024-01-01 10:00:00 UTC"], "timestamptz"),
        (["2024-01-01T10:00:00Z", "2024-01-01 10:00:00"], "text"),
        (["10:00", "23:59:59.5"], "time"),
        (["25:00"], "text"),
        (["6b1f2a6e-0d8c-4d7e-9a1b-0c2d3e4f5a6b"], "uuid"),
        (["6B1F2A6E-0D8C-4D7E-9A1B-0C2D3E4F5A6B"], "text"),
        (['{"a": 1}', "[1, 2]"], "json"),
        (['{"a": 1', "[1, 2]"], "text"),
        (["+491701234567", "+491"], "text"),
        ([" 1", "2 "], "bigint"),
        (["", ""], "text"),
        (["abc", "1"], "text"),
    ],
)
def test_a_column_has_the_narrowest_type_that_loses_nothing(tmp_path: Path, values: list[str], type_: str) -> None:
    assert one(tmp_path, _csv(values)).columns["c"].type == type_


def test_one_late_value_makes_the_type(tmp_path: Path) -> None:
    table = one(tmp_path, _csv([str(i) for i in range(60_000)] + ["A1"]))
    assert table.columns["c"].type == "text"


@pytest.mark.parametrize("token", ["NA", "NULL", "\\N", "n/a", "N/A", "None", "NaN", "null", "#N/A"])
def test_a_null_token_among_numbers_is_null(tmp_path: Path, token: str) -> None:
    table = one(tmp_path, _csv(["1", token, "3", ""]))
    assert table.csv is not None
    assert table.csv.nulls == ["", token]
    assert (table.columns["c"].type, table.columns["c"].null_rate) == ("bigint", 0.5)


def test_na_among_texts_alone_is_namibia(tmp_path: Path) -> None:
    table = one(tmp_path, _csv(["DE", "NA", "FR"]))
    assert table.csv is not None
    assert table.csv.nulls == [""]
    assert table.columns["c"].null_rate in (None, 0.0)


def test_na_among_texts_is_null_where_numbers_of_the_table_have_it(tmp_path: Path) -> None:
    table = one(tmp_path, "code,n,name\na,1,NA\nb,NA,x\nc,3,y\n")
    assert table.columns["name"].null_rate == pytest.approx(0.3333)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(tmp_path: Path, delimiter: str) -> None:
    text = 'id,name,note\n1,a,"x, y; z"\n2,b,"p\tq|r"\n'
    rows = list(csv.reader(io.StringIO(text)))
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    table = one(tmp_path, out.getvalue())
    assert table.csv is not None
    assert table.csv.delimiter == delimiter
    assert column_types(table) == {"id": "bigint", "name": "text", "note": "text"}


def test_awkward_column_names_are_kept(tmp_path: Path) -> None:
    names = ['it\'s "the" total', "Größe", "order", "a b", "💶", "", "{{x}}", "a,b", "-- x", "x" * 200]
    out = io.StringIO()
    csv.writer(out).writerows([names, [str(i) for i in range(len(names))]])
    table = one(tmp_path, "\ufeff" + out.getvalue())
    assert column_types(table) == dict.fromkeys(names, "bigint")


def test_json_lines(tmp_path: Path) -> None:
    lines = [
        '{"id": 1, "price": 1.5, "at": "2024-01-01T10:00:00Z", "tags": ["a"], "mixed": 1, "ok": true, "zip": "02134"}',
        "not json",
        '{"id": 2, "price": 20, "at": "2024-01-02T10:00:00Z", "who": {"a": null}, "mixed": "x", "a/b~\'c": "9", "n": null}',
        "[1]",
    ]
    table = one(tmp_path, "\n".join(lines), "events.jsonl")
    assert (table.rows and table.rows.value, table.malformed) == (2, 2)
    assert column_types(table) == {
        "id": "bigint", "price": "decimal(18,2)", "at": "timestamptz", "tags": "json", "mixed": "text", "ok": "boolean",
        "zip": "text", "who": "json", "a/b~'c": "text", "n": "text",
    }  # fmt: skip
    assert table.columns["who"].null_rate == 0.5
    assert table.key is not None
    assert table.key.columns == ["id"]


def test_parquet(tmp_path: Path) -> None:
    with duckdb.connect(":memory:") as con:
        con.execute(
            f"copy (select 1::tinyint a, 2::hugeint b, 1.5::float c, 1.25::decimal(10,2) d, 'x' e, date '2024-01-01' f, "
            f"timestamp '2024-01-01 10:00:00' g, timestamptz '2024-01-01 10:00:00Z' h, time '10:00' i, [1] j, {{'a': 1}} k, "
            f"true l, uuid() m, 'z'::blob n, null::integer \"o \"\"p\") to '{tmp_path}/t.parquet' (format parquet)"
        )
    [table] = measure(tmp_path).tables.values()
    assert list(column_types(table).values()) == [
        "bigint", "double", "double", "decimal(10,2)", "text", "date", "timestamp", "timestamptz", "time", "json", "json",
        "boolean", "uuid", "blob", "bigint",
    ]  # fmt: skip
    assert 'o "p' in table.columns


_TRICKY = st.one_of(
    st.integers().map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=2).map(str),
    st.floats().map(repr),
    st.datetimes().map(str),
    st.datetimes().map(lambda d: d.isoformat() + "Z"),
    st.dates().map(str),
    st.times().map(str),
    st.uuids().map(str),
    st.booleans().map(lambda b: str(b).lower()),
    st.sampled_from(
        ["", "NA", "NULL", "\\N", "0", "00", "-0", " 7", "1.", ".5", "1e5", "inf", "{}", "[", "é", "a\nb", "'"]
    ),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(_TRICKY, min_size=1, max_size=12)
    | st.lists(st.decimals(places=2, min_value=0).map(str), min_size=1)
)
def test_every_value_casts_to_its_type_and_nothing_is_lost(tmp_path: Path, values: list[str]) -> None:
    table = one(tmp_path, _csv(values))
    column = table.columns["c"]
    assert table.csv is not None
    nulls = table.csv.nulls
    present = [v for v in values if v not in nulls]
    assert column.null_rate == pytest.approx((len(values) - len(present)) / len(values), abs=1e-3)
    casts = ", ".join(f"cast(cast(trim(?) as {canonical_sql(column.type)}) as varchar)" for _ in present) or "1"
    with duckdb.connect(":memory:") as con:
        cast = con.execute(f"select {casts}", present).fetchone() or ()
    if column.type == "bigint" or column.type.startswith("decimal"):
        assert [Decimal(str(c)) for c in cast] == [Decimal(value.strip()) for value in present]


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(st.integers(), st.text(max_size=5)), min_size=1, max_size=30))
def test_the_same_files_give_the_same_bytes(tmp_path: Path, rows: list[tuple[int, str]]) -> None:
    text = "id,name\n" + "".join(f'{i},"{n}"\n' for i, n in rows if n.isalnum())
    write(tmp_path, {"a.csv": text, "b/x_1.csv": text, "b/x_2.csv": text})
    first, second = as_yaml(dump(measure(tmp_path))), as_yaml(dump(measure(tmp_path)))
    assert first == second


def test_no_value_of_a_row_is_in_the_output(tmp_path: Path) -> None:
    secret = "Xyzzy-4711"
    text = f"id,email,note\n1,{secret}@example.com,{secret}\n2,b@example.com,x\n"
    measured = measure(write(tmp_path, {"people.csv": text}))
    assert secret not in yaml_text.dump(dump(measured))
    personal = measured.tables["people"].columns["email"].personal
    assert personal is not None
    assert (personal.guess, personal.how) == ("email", "name and values")
