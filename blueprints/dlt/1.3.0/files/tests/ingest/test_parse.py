"""A value that a column cannot hold as it is rejects its row."""

import json

import pyarrow as pa
import pytest

from ingest import declaration, parse
from tests.ingest.conftest import columns, document, table


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
