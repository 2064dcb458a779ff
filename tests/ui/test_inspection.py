"""The report of a source that was looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipegen.app.inspect import Inspected
from pipegen.core.measured import Measured
from pipegen.ui.inspection import inspection
from pipegen.ui.terminal import Terminal

ORDERS: dict[str, Any] = {
    "rows": {"value": 3_214_000, "exact": False},
    "bytes": 812_000_000,
    "rows_per_day": {"value": 118_000, "how": "updated_at"},
    "new_per_day": {"value": 90_000, "how": "created_at"},
    "key": {"columns": ["order_id"], "how": "primary key"},
    "watermark": {"column": "updated_at", "indexed": True, "nulls": 3, "out_of_order": 0.014, "sampled": 200_000, "since": "2021-03-01"},
    "lateness": {"event": "created_at", "arrival": "loaded_at", "p50": 2, "p99": 180, "p999": 7200, "sampled": 5000},
    "deletes": {"seen": "yes", "how": "gaps in the key", "column": "deleted_at"},
    "columns": {
        "order_id": {"type": "bigint", "nullable": False, "unique": True},
        "status": {"type": "text", "declared": "order_status", "null_rate": 0.0002, "values": ["new", "paid"]},
        "total": {"type": "decimal(10,2)", "null_rate": 0.25, "least": "0.00", "most": "999.50", "distinct": {"value": 71, "exact": False}},
        "email": {"type": "text", "longest": 41, "personal": {"guess": "email", "how": "name and values"}},
        "gross": {"type": "decimal(10,2)", "generated": True},
    },
    "foreign_keys": [{"columns": ["customer_id"], "to": "customers", "at": ["id"]}],
    "notes": ["judged by the catalogue alone: the time for looking was up"],
}  # fmt: skip
EVENTS: dict[str, Any] = {
    "kind": "view",
    "near_key": {"columns": ["id"], "nulls": 1, "duplicates": 12, "sampled": 1000},
    "topic": {"partitions": 6, "kept": 604_800, "compacted": True, "format": "json"},
}
SERVER: dict[str, Any] = {
    "kind": "postgres", "version": "15.18", "timezone": "UTC", "connections": 100,
    "log": {"readable": False, "lacks": ["wal_level is replica: set it to `logical`", "the role may not replicate"]},
}  # fmt: skip
LONG = "a_table_whose_name_is_longer_than_any_line_of_a_screen_of_eighty_columns_would_ever_have_room_for"


def found(**tables: Any) -> Inspected:
    measured = Measured.model_validate(
        {
            "server": SERVER,
            "tables": tables,
            "left_out": {"secrets": "no permission: `grant select on secrets to reader`"},
        }
    )
    return Inspected("shop", "postgres", "postgresql://reader@localhost/shop", measured)


@pytest.fixture(autouse=True)
def eighty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def told(capsys: pytest.CaptureFixture[str], what: Inspected, *, whole: bool = False) -> tuple[str, str]:
    inspection(what, Terminal(), whole=whole)
    out, err = capsys.readouterr()
    return out, err


def test_everything_that_was_measured_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = told(capsys, found(orders=ORDERS, events=EVENTS))
    assert out == (
        "postgresql://reader@localhost/shop\n"
        "  source      PostgreSQL 15.18; time zone UTC; 100 connections allowed\n"
        "  change log  cannot be read: wal_level is replica: set it to `logical`; the\n"
        "              role may not replicate\n"
        "\n"
        "orders        about 3,214,000 rows, 812 MB, 118,000 new or changed a day, of\n"
        "              them 90,000 new\n"
        "  key         order_id (primary key)\n"
        "  watermark   updated_at, indexed, 1.4% of rows out of order, 3 rows without\n"
        "              one, since 2021-03-01\n"
        "  lateness    50% within 2s, 99% within 3m, 99.9% within 2h (loaded_at after\n"
        "              created_at, 5,000 rows)\n"
        "  deletes     yes: gaps in the key; `deleted_at` marks them\n"
        "  personal    email (email)\n"
        "  points to   customers, by customer_id\n"
        "  note        judged by the catalogue alone: the time for looking was up\n"
        "\n"
        "events        view: nothing is known of its size\n"
        "  key         none; id is close: 1 row without one and 12 rows not alone with\n"
        "              theirs of 1,000\n"
        "  topic       6 partitions, kept for 7d, compacted, json\n"
        "\n"
        "Left out: 1 table\n"
        "  secrets     no permission: `grant select on secrets to reader`\n"
    )
    assert err == (
        "\n2 tables; nothing was written\n"
        "one table with its columns: pipegen inspect postgresql://reader@localhost/shop --table orders\n"
        "all of them: pipegen inspect postgresql://reader@localhost/shop -v\n"
    )


def test_the_columns_of_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = told(capsys, found(orders=ORDERS), whole=True)
    assert out.partition("  columns\n")[2].partition("\n\n")[0] == (
        "    order_id  bigint               never null, unique\n"
        "    status    text (order_status)  under 0.1% null, one of new, paid\n"
        "    total     decimal(10,2)        25% null, about 71 distinct, 0.00 to 999.50\n"
        "    email     text                 up to 41 characters, personal: email, by name\n"
        "                                   and values\n"
        "    gross     decimal(10,2)        generated"
    )
    assert "columns: pipegen" not in err


def test_no_name_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    wide = {"columns": {LONG: {"type": "text", "nullable": False}}}
    out, _ = told(capsys, found(**{LONG: wide, "orders": {}}), whole=True)
    lines = out.splitlines()
    assert LONG in lines and f"    {LONG}  text" in lines
    assert "        never null" in lines
    assert all(len(line) <= 80 for line in lines if LONG not in line)


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ({"readable": True}, "can be read"),
        ({"readable": True, "format": "ROW", "kept": 86_400}, "can be read (ROW), kept for 1d"),
        ({"readable": False}, "cannot be read"),
    ],
)
def test_the_change_log(capsys: pytest.CaptureFixture[str], log: dict[str, Any], said: str) -> None:
    what = found()
    server = what.measured.server.model_validate({**SERVER, "log": log})
    out, _ = told(capsys, replace(what, measured=what.measured.model_copy(update={"server": server})))
    assert f"  change log  {said}\n" in out


def test_what_was_saved(capsys: pytest.CaptureFixture[str]) -> None:
    _, err = told(capsys, replace(found(), saved="sources/shop.yml"))
    assert err == "\n0 tables\nwrote sources/shop.yml; render from it: pipegen update\n"
    _, err = told(capsys, replace(found(), saved="sources/shop.yml", unchanged=True))
    assert err == "\n0 tables\nsources/shop.yml has it so already\n"


def test_an_endpoint_and_files(capsys: pytest.CaptureFixture[str]) -> None:
    endpoint = {"path": "orders", "pagination": {"kind": "cursor", "param": "after"}, "how": "OpenAPI"}
    out, _ = told(
        capsys, found(orders={"endpoint": endpoint}, visits={"files": "v*.csv", "format": "csv", "malformed": 1})
    )
    assert "  endpoint    orders; pages: cursor, by after; OpenAPI\n" in out
    assert "  files       v*.csv (csv)\n  malformed   1 row that cannot be read as such\n" in out


def test_many_tables_have_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = told(capsys, found(**{f"t{i}": {} for i in range(10)}, **{LONG: {}}, orders=ORDERS, events=EVENTS))
    lines = out.splitlines()
    assert lines[5:7] == ["table           rows    size", "t0                 ?       ?  no key"]
    at = lines.index(LONG)
    assert lines[at + 1] == "                   ?       ?  no key", "no name is cut"
    assert lines[at + 2 : at + 5] == [
        "orders    ~3,214,000  812 MB  key order_id; watermark updated_at; 1 personal; 1",
        "                              note",
        "events             ?       ?  view; no key",
    ]
    assert err.splitlines()[2].endswith("--table orders"), "the largest"
    assert "order_id  bigint" in told(capsys, found(**{f"t{i}": {} for i in range(20)}, orders=ORDERS), whole=True)[0]


def test_new_rows_are_a_days_where_nothing_else_is(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = told(capsys, found(orders={"rows": {"value": 400}, "new_per_day": {"value": 1, "how": "created_at"}}))
    assert "orders        400 rows, 1 new a day\n" in out
