"""What files tell besides types and keys: ranges, times, marks of deletion, what is nearly a key, what is personal."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipegen.core import yaml_text
from pipegen.core.measured import MeasuredColumn, dump
from tests.probe.files import measure, one, write


def _range(column: MeasuredColumn) -> tuple[str | None, str | None, int | None, int | None]:
    return column.least, column.most, column.distinct.value if column.distinct else None, column.longest


def test_ranges_of_csv(tmp_path: Path) -> None:
    table = one(tmp_path, "id,n,f,d,t,z,s\n"
        "1,10,1.5,2024-01-31,2024-01-01 10:00:00,2024-01-01T10:00:00+02:00,abc\n"
        "2,9,inf,2024-02-01,2024-01-01T09:00,2024-01-01T09:00:00Z,\n"
        "3,NA,-1e3,,,,abc\n")  # fmt: skip
    assert {name: _range(column) for name, column in table.columns.items()} == {
        "id": ("1", "3", 3, None),
        "n": ("9", "10", 2, None),
        "f": ("-1000.0", "1.5", 3, None),
        "d": ("2024-01-31", "2024-02-01", 2, None),
        "t": ("2024-01-01 09:00:00", "2024-01-01 10:00:00", 2, None),
        "z": ("2024-01-01 08:00:00+00", "2024-01-01 09:00:00+00", 2, None),
        "s": (None, None, 1, 3),
    }


def test_ranges_of_parquet_leave_out_what_is_infinite(tmp_path: Path) -> None:
    values = (
        "(1, 'infinity'::date, 'nan'::double, '-infinity'::timestamp, 1.5), (2, '2024-01-01', 2.5, '2024-01-01', 2.5)"
    )
    with duckdb.connect(":memory:") as con:
        con.execute(
            f"copy (select * from (values {values}) t(i, d, f, t, c)) to '{tmp_path}/a.parquet' (format parquet)"
        )
    columns = measure(tmp_path).tables["a"].columns
    assert {name: (column.least, column.most) for name, column in columns.items()} == {
        "i": ("1", "2"), "d": ("2024-01-01", "2024-01-01"), "f": ("2.5", "2.5"),
        "t": ("2024-01-01 00:00:00", "2024-01-01 00:00:00"), "c": ("1.5", "2.5"),
    }  # fmt: skip


def test_lateness_and_new_rows(tmp_path: Path) -> None:
    rows = [
        f"{i},2024-01-{i // 10 + 1:02} 10:00:{i % 10:02},2024-01-{i // 10 + 1:02} 10:0{i % 10 // 9}:{30 + i % 10}"
        for i in range(300)
    ]
    table = one(tmp_path, "id,event_time,created_at\n" + "\n".join(rows) + "\n")
    assert table.lateness is not None
    assert table.lateness.model_dump() == {
        "event": "event_time", "arrival": "created_at", "p50": 30, "p99": 90, "p999": 90, "sampled": 300,
    }  # fmt: skip
    assert table.new_per_day is not None
    assert table.new_per_day.value == 10
    assert table.watermark is None


@pytest.mark.parametrize(
    ("name", "values"), [("deleted_at", ["2024-01-01 10:00:00", ""]), ("is_deleted", ["true", "false"])]
)
def test_a_mark_of_deletion(tmp_path: Path, name: str, values: list[str]) -> None:
    table = one(tmp_path, f"id,{name}\n" + "".join(f"{i},{value}\n" for i, value in enumerate(values)))
    assert table.deletes is not None
    assert table.deletes.column == name
    assert one(tmp_path / "none", "id,n\n1,2\n").deletes is None


def test_what_is_nearly_a_key(tmp_path: Path) -> None:
    text = "order_id,note\n1,a\n2,a\n2,a\n,a\nNA,a\n"
    table = one(tmp_path, text, "orders.csv")
    assert table.key is None
    assert table.near_key is not None
    assert table.near_key.model_dump() == {"columns": ["order_id"], "nulls": 2, "duplicates": 2, "sampled": 5}


def test_a_watermark_that_has_nulls_is_told(tmp_path: Path) -> None:
    table = one(tmp_path, "id,updated_at\n1,2024-01-01 10:00:00\n2,\n")
    assert table.notes == ["`updated_at` is no watermark: 1 of 2 rows have none"]


def test_values_that_look_personal_are_seen_and_not_told(tmp_path: Path) -> None:
    cards = ["4111111111111111", "5500005555555559", "4012888888881881", "4222222222222"]
    text = "id,contact,number,birth_date\n" + "".join(
        f"{i},who{i}@example.com,{card},198{i}-01-01\n" for i, card in enumerate(cards)
    )
    measured = measure(write(tmp_path, {"a.csv": text}))
    columns = measured.tables["a"].columns
    found = {n: (c.personal.guess, c.personal.how) for n, c in columns.items() if c.personal}
    assert found == {
        "contact": ("email", "values"),
        "number": ("payment card", "values"),
        "birth_date": ("birth date", "name"),
    }
    told = yaml_text.dump(dump(measured))
    assert not any(secret in told for secret in ("example.com", "198", *cards))
    with duckdb.connect(":memory:") as con:
        con.execute(f"copy (select * from read_csv('{tmp_path}/a.csv')) to '{tmp_path}/p.parquet' (format parquet)")
    typed = measure(tmp_path, "p.parquet").tables["p"].columns
    assert {n: c.personal.guess for n, c in typed.items() if c.personal} == {
        n: guess for n, (guess, _) in found.items()
    }
