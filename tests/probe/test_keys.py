"""Keys, watermarks and foreign keys that no constraint declares."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipegen.core.measured import MeasuredTable
from pipegen.probe.named_columns import singular, watermark_rank
from tests.probe.files import measure, one, write


def _key(table: MeasuredTable) -> list[str]:
    return table.key.columns if table.key else []


def _rows(header: str, rows: Sequence[tuple[object, ...]]) -> str:
    return "\n".join([header, *(",".join(str(v) for v in row) for row in rows)]) + "\n"


@pytest.mark.parametrize(
    ("name", "header", "rows", "key"),
    [
        ("orders", "sku,order_id", [(i + 100, i) for i in range(9)], ["order_id"]),
        ("orders", "customer_id,id", [(i, i) for i in range(9)], ["id"]),
        ("orders", "amount,at,order_ref", [(f"{i}.5", f"2024-01-0{i + 1}", f"r{i}") for i in range(9)], []),
        ("rates", "code,rate", [("a", 1), ("b", 1), ("a", 2)], []),
        ("countries", "iso,name", [("de", "x"), ("fr", "y")], ["iso"]),
        ("log", "at,value", [(f"2024-01-01 10:00:0{i}", i) for i in range(9)], ["value"]),
        ("sums", "amount", [("1.50",), ("2.50",)], []),
        ("prices", "sku_id,day,price", [(i % 30, f"2024-01-{i // 30 + 10}", i % 7) for i in range(300)], ["sku_id", "day"]),
        ("seen", "a,b,c", [(i % 2, i % 3, i % 5) for i in range(300)], []),
        ("empty", "id,name", [], []),
    ],
)  # fmt: skip
def test_keys(tmp_path: Path, name: str, header: str, rows: list[tuple[object, ...]], key: list[str]) -> None:
    assert _key(one(tmp_path, _rows(header, rows), f"{name}.csv")) == key


def test_a_key_column_is_not_null_and_unique(tmp_path: Path) -> None:
    table = one(tmp_path, "id,name\n1,a\n2,\n")
    assert (table.columns["id"].nullable, table.columns["id"].unique) == (False, True)
    assert (table.columns["name"].nullable, table.columns["name"].unique) == (True, None)
    assert table.key is not None
    assert table.key.how == "measured unique over 2 rows"


def test_versions_of_a_row_have_one_key(tmp_path: Path) -> None:
    header = "order_id,status,updated_at\n"
    write(tmp_path, {
        "orders_2024-01-01.csv": header + "1,new,2024-01-01 10:00:00\n2,new,2024-01-01 11:00:00\n",
        "orders_2024-01-02.csv": header + "1,paid,2024-01-02 10:00:00\n3,new,2024-01-02 09:00:00\n",
    })  # fmt: skip
    table = measure(tmp_path).tables["orders"]
    assert _key(table) == ["order_id"]
    assert table.watermark is not None
    assert table.watermark.model_dump() == {
        "column": "updated_at", "indexed": None, "nulls": 0, "out_of_order": 0.3333, "sampled": 4,
        "since": "2024-01-01",
    }  # fmt: skip


def test_rows_a_day(tmp_path: Path) -> None:
    rows = [(i, f"2024-01-{i // 10 + 1:02} 12:00:0{i % 10}") for i in range(300)]
    table = one(tmp_path, _rows("id,updated_at", rows))
    assert table.rows_per_day is not None
    assert table.rows_per_day.model_dump() == {"value": 10, "how": "updated_at, the 14 days up to the newest row"}
    assert table.watermark is not None
    assert table.watermark.out_of_order == 0.0


def test_a_time_with_nulls_is_no_watermark(tmp_path: Path) -> None:
    assert one(tmp_path, "id,updated_at\n1,2024-01-01 10:00:00\n2,\n").watermark is None


@pytest.mark.parametrize(
    "name",
    ["updated_at", "UpdatedAt", "modified", "modified_on", "last_modified", "last_update", "row_ts", "_ts", "change_date",
     "changed_at", "update_time", "order_last_updated_at"],
)  # fmt: skip
def test_names_of_watermarks(name: str) -> None:
    assert watermark_rank(name) is not None


@pytest.mark.parametrize(
    "name", ["last_name", "last_login", "created_at", "birthdate", "ordered_at", "parts", "updated_by"]
)
def test_names_that_are_no_watermark(name: str) -> None:
    assert watermark_rank(name) is None


@pytest.mark.parametrize(
    ("table", "one_row"),
    [("orders", "order"), ("Categories", "category"), ("addresses", "address"), ("boxes", "box"), ("status", "status"),
     ("news", "new"), ("order_items", "order_item"), ("address", "address")],
)  # fmt: skip
def test_one_row_of_a_table(table: str, one_row: str) -> None:
    assert singular(table) in (one_row, one_row.removesuffix("s"))


CUSTOMERS = _rows("customer_id,country", [(i, "de") for i in range(1, 101)])


def _points(folder: Path, files: dict[str, str | bytes]) -> list[tuple[str, list[str], str, list[str]]]:
    tables = measure(write(folder, files)).tables
    return [(name, fk.columns, fk.to, fk.at) for name, t in tables.items() for fk in t.foreign_keys]


def test_foreign_keys(tmp_path: Path) -> None:
    orders = _rows("order_id,customer_id", [(i, i % 100 + 1) for i in range(300)])
    assert _points(tmp_path, {"customers.csv": CUSTOMERS, "orders.csv": orders}) == [
        ("orders", ["customer_id"], "customers", ["customer_id"])
    ]


def test_a_foreign_key_to_id(tmp_path: Path) -> None:
    customers = CUSTOMERS.replace("customer_id", "id")
    orders = _rows("id,customer_id,note", [(i, i % 100 + 1 if i % 5 else "NA", "x") for i in range(300)])
    assert _points(tmp_path, {"customers.csv": customers, "orders.csv": orders}) == [
        ("orders", ["customer_id"], "customers", ["id"])
    ]


def test_hardly_any_may_be_missing(tmp_path: Path) -> None:
    for missing, found in ((1, 1), (5, 0)):
        values = [*range(1, 101), *range(1000, 1000 + missing)]
        orders = _rows("order_id,customer_id", [(i, v) for i, v in enumerate(values)])
        assert len(_points(tmp_path, {"customers.csv": CUSTOMERS, "orders.csv": orders})) == found


def test_types_must_agree(tmp_path: Path) -> None:
    orders = _rows("order_id,customer_id", [(i, f"0{i % 9 + 1}") for i in range(300)])
    assert _points(tmp_path, {"customers.csv": CUSTOMERS, "orders.csv": orders}) == []


def test_of_two_tables_with_one_key_the_named_one_is_pointed_at(tmp_path: Path) -> None:
    details = _rows("customer_id,size", [(i, i % 3) for i in range(1, 101)])
    assert _points(tmp_path, {"customers.csv": CUSTOMERS, "a_details.csv": details}) == [
        ("a_details", ["customer_id"], "customers", ["customer_id"])
    ]
