"""Which files make which table, and the glob that finds just these again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.probe.files import error, measure, write

WIDE = "id,at,amount\n1,2024-01-01,2.50\n"
OTHER = "code,name,city,zip\nx,y,z,01234\n"


def _globs(folder: Path, path: str = ".") -> dict[str, str | None]:
    measured = measure(folder, path)
    for name, table in measured.tables.items():
        base = folder / (measured.server.folder or "")
        found = sorted(p for p in base.glob(table.files or "") if p.is_file())
        assert found, name
    return {name: table.files for name, table in measured.tables.items()}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["orders.csv", "customers.csv"], {"orders": "orders.csv", "customers": "customers.csv"}),
        (["orders_2026-01-01.csv", "orders_2026-01-02.csv", "customers.csv"],
         {"orders": "orders_[0-9]*.csv", "customers": "customers.csv"}),
        (["orders_2026-01-01.csv", "customers.csv"], {"orders": "orders_[0-9]*.csv", "customers": "customers.csv"}),
        (["orders20260101.csv", "orders20260102.csv"], {"orders": "orders[0-9]*.csv"}),
        (["orders-0001.csv", "orders-0002.csv", "customers.csv"], {"orders": "orders-[0-9]*.csv", "customers": "customers.csv"}),
        (["orders_1.csv", "orders_2.csv", "customers.csv"], {"orders": "orders_[0-9]*.csv", "customers": "customers.csv"}),
        (["iso_3166.csv", "customers.csv"], {"iso_3166": "iso_3166.csv", "customers": "customers.csv"}),
        (["orders/a.csv", "orders/b.csv", "customers.csv"], {"orders": "orders/*.csv", "customers": "customers.csv"}),
        (["orders/2026/01/a.csv", "orders/2026/02/b.csv"], {"orders": "orders/**/*.csv"}),
        (["orders/part-0001.csv"], {"orders": "orders/part-0001.csv"}),
        (["order_1.csv", "order_2.csv", "order_items_1.csv", "customers.csv"],
         {"order": "order_[0-9]*.csv", "order_items_1": "order_items_1.csv", "customers": "customers.csv"}),
        (["a[1]*?.csv", "customers.csv"], {"a[1]*?": "a[[]1][*][?].csv", "customers": "customers.csv"}),
    ],
)  # fmt: skip
def test_a_folder_is_tables(tmp_path: Path, files: list[str], expected: dict[str, str]) -> None:
    write(
        tmp_path,
        {f: OTHER if f.startswith("customers") else WIDE for f in files} | {"readme.md": "", ".hidden.csv": "x"},
    )
    found = _globs(tmp_path)
    if files == ["orders/part-0001.csv"]:
        assert list(found) == ["orders"]
    else:
        assert found == expected


def test_numbered_files_with_other_columns_are_other_tables(tmp_path: Path) -> None:
    write(tmp_path, {"table_1.csv": WIDE, "table_2.csv": OTHER})
    assert _globs(tmp_path) == {"table_1": "table_1.csv", "table_2": "table_2.csv"}


def test_a_table_gains_a_column_over_time(tmp_path: Path) -> None:
    write(tmp_path, {"o_2026-01.csv": "id,a\n1,x\n", "o_2026-02.csv": "id,b,a\n2,5,y\n"})
    table = measure(tmp_path).tables["o"]
    assert table.rows is not None
    assert table.rows.value == 2
    assert {n: (c.type, c.null_rate) for n, c in table.columns.items()} == {
        "id": ("bigint", None), "a": ("text", 0.0), "b": ("bigint", 0.5),
    }  # fmt: skip


def test_paths(tmp_path: Path) -> None:
    write(
        tmp_path, {"data/orders_1.csv": WIDE, "data/orders_2.csv": WIDE, "data/customers.csv": OTHER, "project/x": ""}
    )
    root = tmp_path / "project"
    from pipegen.probe import Look, probe

    for path, folder, tables in (
        ("../data", "../data", {"orders": "orders_[0-9]*.csv", "customers": "customers.csv"}),
        ("../data/", "../data", {"orders": "orders_[0-9]*.csv", "customers": "customers.csv"}),
        ("../data/customers.csv", "../data", {"customers": "customers.csv"}),
        ("../data/orders*.csv", "../data", {"orders": "orders*.csv"}),
        ("../data/*.csv", "../data", {"orders": "orders_[0-9]*.csv", "customers": "customers.csv"}),
        (str(tmp_path / "data"), str(tmp_path / "data"), {"orders": "orders_[0-9]*.csv", "customers": "customers.csv"}),
    ):
        for base in (root, tmp_path / "not" / ".." / "yet"):
            measured = probe("files", path, Look(tables=None, root=base))
            assert measured.server.folder == folder
            assert {n: t.files for n, t in measured.tables.items()} == dict(sorted(tables.items()))


def test_tables_that_were_asked_for(tmp_path: Path) -> None:
    write(tmp_path, {"orders.csv": WIDE, "broken.csv": b"\xff\xfe\xff"})
    assert list(measure(tmp_path, tables=["orders"]).tables) == ["orders"]
    raised = error(tmp_path, tables=["order"])
    assert "no table `order`" in raised.message
    assert raised.hint == "did you mean `orders`?"


def test_gzip(tmp_path: Path) -> None:
    import gzip

    write(tmp_path, {"a.csv.gz": gzip.compress(WIDE.encode()), "b.jsonl.gz": gzip.compress(b'{"id": 1}\n')})
    measured = measure(tmp_path)
    assert [t.rows.value for t in measured.tables.values() if t.rows] == [1, 1]


def test_two_tables_of_one_name(tmp_path: Path) -> None:
    write(tmp_path, {"Order Lines.csv": WIDE, "order_lines.csv": OTHER})
    assert "two tables would be called `order_lines`" in error(tmp_path).message
