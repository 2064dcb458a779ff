"""The inputs of the rules: the spec beats the probe, a table its source, a source the defaults; what nobody knows is assumed."""

from __future__ import annotations

from typing import Any

import pytest

from pipegen.core.design.inputs import Inputs, SourceInputs, TableInputs, inputs, mark_kind
from pipegen.core.measured import Measured
from pipegen.core.spec.load import load
from tests.core.design.given import DAY, HOUR


def given(
    source: dict[str, Any], facts: dict[str, Any] | None = None, /, server: dict[str, Any] | None = None, **more: Any
) -> Inputs:
    found = {}
    if facts is not None or server is not None:
        tables = {"t": facts} if facts is not None else {}
        found["s"] = Measured.model_validate({"server": {"kind": "postgres", **(server or {})}, "tables": tables})
    said = {"kind": "postgres", "url_env": "S_URL", **source}
    return inputs(load({"name": "p", "sources": {"s": said}, **more}), found)


def source(said: dict[str, Any], **more: Any) -> SourceInputs:
    return given(said, **more).sources[0]


def table(said: dict[str, Any] | None = None, facts: dict[str, Any] | None = None, /, **source: Any) -> TableInputs:
    return given({"tables": {"t": said or {}}, **source}, facts).sources[0].tables[0]


COLUMNS = {"id": {"type": "bigint"}, "at": {"type": "timestamptz"}, "code": {"type": "text"}}


def facts(**watermark: Any) -> dict[str, Any]:
    return {"columns": COLUMNS, "watermark": {"column": "at", **watermark}} if watermark else {"columns": COLUMNS}


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("DATE", "temporal"), ("TIMESTAMP", "temporal"), ("TIMESTAMPTZ", "temporal"), ("BIGINT", "numeric"),
        ("DECIMAL(18,2)", "numeric"), ("DOUBLE", "numeric"), ("VARCHAR", ""), ("TIME", ""), ("UUID", ""), (None, ""),
    ],
)  # fmt: skip
def test_what_kind_of_watermark_a_type_makes(type_: str | None, kind: str) -> None:
    assert mark_kind(type_) == kind


@pytest.mark.parametrize(
    ("said", "measured", "mark", "trouble"),
    [
        ({}, None, "", ""),
        ({"watermark": "at"}, None, "temporal", ""),
        ({"watermark": "id"}, facts(), "numeric", ""),
        ({"watermark": "code"}, facts(), "", ""),
        ({}, facts(out_of_order=0.2, sampled=10), "temporal", ""),
        ({}, facts(out_of_order=0.21, sampled=10), "temporal", "21% of the rows are earlier than the one before"),
        ({}, facts(nulls=0, sampled=10), "temporal", ""),
        ({}, facts(nulls=1, sampled=1000), "temporal", "1 of 1,000 rows have none"),
        ({"watermark": "id"}, facts(out_of_order=0.9, sampled=10), "numeric", ""),
        ({"columns": {"at": "drop"}}, facts(out_of_order=0.0, sampled=10), "", ""),
    ],
)
def test_a_watermark_and_whether_it_can_be_relied_on(
    said: dict[str, Any], measured: dict[str, Any] | None, mark: str, trouble: str
) -> None:
    t = table(said, measured)
    assert (t.mark, t.mark_trouble) == (mark, trouble)


def test_rows_that_were_said_or_measured_or_that_a_volume_fills() -> None:
    counted = {"columns": COLUMNS, "rows": {"value": 500}, "bytes": 20_000}
    assert table({}, counted).rows == 500
    assert table({}, counted).row_bytes == 40
    assert table({"size": "2k rows"}, counted).rows == 2000
    assert table({"size": "2 kB"}, counted).rows == 50
    assert table({"size": "2 kB", "row_size": "20 B"}, counted).rows == 100
    assert table({"size": "2 kB"}).rows == 20, "100 bytes a row where nobody knows"
    assert table({"volume": "10 rows/day"}).rows == 3650, "a year of it"
    assert (
        table({"volume": "10 rows/day"}).estimated and not table({"size": "9 rows", "volume": "10 rows/day"}).estimated
    )
    assert table().rows is None and table().total_bytes == 0


def test_rows_a_day() -> None:
    daily = {"columns": COLUMNS, "rows": {"value": 500}, "rows_per_day": {"value": 7, "how": "x"}}
    assert table({}, daily).per_day == 7
    assert table({"volume": "9 rows/day"}, daily).per_day == 9
    assert table({"volume": "9 kB/day"}, daily).per_day == 90
    assert table({"size": "500 rows"}).per_day == 5, "a hundredth of the rows"
    two = given({"tables": {"t": {}, "u": {}}, "volume": "10 rows/day"}).sources[0]
    assert [t.per_day for t in two.tables] == [5, 5], "shared alike"


@pytest.mark.parametrize(
    ("said", "server", "log", "lacks"),
    [
        ({}, None, None, "nobody has looked"),
        ({}, {}, None, "nobody has looked"),
        ({"change_log": True}, {"wal_level": "replica"}, True, ""),
        ({"change_log": False}, {"wal_level": "logical"}, False, "`change_log` says no"),
        ({}, {"wal_level": "logical", "can_replicate": True}, True, ""),
        ({}, {"wal_level": "replica", "can_replicate": True}, False, "wal_level is replica"),
        ({}, {"wal_level": "logical", "log": {"readable": True}}, True, ""),
        (
            {},
            {"log": {"readable": False, "lacks": ["log_bin is off", "no grant"]}},
            False,
            "log_bin is off and no grant",
        ),
        ({"change_log": True}, {"log": {"readable": False, "lacks": ["log_bin is off"]}}, True, ""),
        (
            {},
            {"wal_level": "replica", "can_replicate": False},
            False,
            "wal_level is replica and the role may not replicate",
        ),
    ],
)
def test_whether_a_change_log_can_be_read(
    said: dict[str, Any], server: dict[str, Any] | None, log: bool | None, lacks: str
) -> None:
    s = source(said, server=server)
    assert (s.log, s.log_lacks) == (log, lacks)


def test_a_table_goes_before_its_source_and_a_source_before_the_defaults() -> None:
    defaults = {"freshness": "1d", "lateness": "3h", "deletes": "soft"}
    p = given({"tables": {"t": {"freshness": "1h"}, "u": {}}, "lateness": "2h"}, defaults=defaults)
    t, u = p.sources[0].tables
    assert (t.freshness, u.freshness, p.sources[0].freshness) == (HOUR, DAY, HOUR)
    assert (t.lateness, t.deletes) == (2 * HOUR, "soft")
    assert (t.own_freshness, u.own_freshness) == (True, False)


def test_personal_columns_of_which_nothing_is_said() -> None:
    email = {
        "columns": {"id": {"type": "bigint"}, "email": {"type": "text", "personal": {"guess": "email", "how": "name"}}}
    }
    assert table({}, email).personal == ("email",)
    assert table({"columns": {"email": "keep"}}, email).personal == ()
    assert table({"columns": {"email": "mask"}}, email).treated == ("email",)


def test_what_a_server_says_of_its_pages_its_log_and_its_connections() -> None:
    def facts(**of_table: Any) -> dict[str, Any]:
        return {"columns": COLUMNS, **of_table}

    paged = {"path": "t", "pagination": {"kind": "page", "size": 50}, "how": "sample responses"}
    assert given({}, facts(endpoint=paged)).sources[0].page_size == 50
    assert given({}, facts()).sources[0].page_size == 100
    assert given({}, facts(topic={"partitions": 3, "kept": 3600})).sources[0].log_kept == 3600
    log = {"readable": True, "kept": 600}
    assert given({}, facts(), server={"log": log, "connections": 20}).sources[0].log_kept == 600
    assert given({}, facts(), server={"connections": 20}).sources[0].connections == 20
    assert given({"connections": 5, "log_kept": "1d"}, facts(), server={"connections": 20}).sources[0].connections == 5
    assert given({"log_kept": "1d"}, facts(), server={"log": log}).sources[0].log_kept == 86_400
