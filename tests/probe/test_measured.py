from __future__ import annotations

import pytest
from pydantic import ValidationError

from pipegen.core import yaml_text
from pipegen.core.measured import Measured, dump
from pipegen.core.sql_types import canonical_sql

# The example of formats.md, as values
EXAMPLE = {
    "version": 1,
    "server": {
        "kind": "postgres",
        "version": "15.18",
        "timezone": "UTC",
        "wal_level": "logical",
        "can_replicate": False,
    },
    "tables": {
        "orders": {
            "rows": {"value": 3214000, "exact": False},
            "bytes": 812000000,
            "rows_per_day": {"value": 118000, "how": "updated_at, the 14 days up to the newest row"},
            "key": {"columns": ["order_id"], "how": "primary key"},
            "watermark": {
                "column": "updated_at",
                "indexed": True,
                "nulls": 0,
                "out_of_order": 0.014,
                "sampled": 200000,
            },
            "deletes": {"seen": "unknown"},
            "columns": {
                "order_id": {"type": "bigint", "nullable": False},
                "email": {
                    "type": "text",
                    "nullable": True,
                    "null_rate": 0.02,
                    "personal": {"guess": "email", "how": "name and values"},
                },
            },
            "foreign_keys": [{"columns": ["customer_id"], "to": "customers", "at": ["id"]}],
        }
    },
}


def test_the_example_of_the_format_comes_back_as_it_was() -> None:
    again = dump(Measured.model_validate(EXAMPLE))
    assert yaml_text.dump(again) == yaml_text.dump(EXAMPLE)


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValidationError):
        Measured.model_validate({"server": {"kind": "files"}, "tables": {"a": {"colums": {}}}})


@pytest.mark.parametrize(
    ("measured", "sql"),
    [
        ("boolean", "BOOLEAN"), ("bigint", "BIGINT"), ("double", "DOUBLE"), ("decimal(18,2)", "DECIMAL(18,2)"),
        ("text", "VARCHAR"), ("date", "DATE"), ("timestamp", "TIMESTAMP"), ("timestamptz", "TIMESTAMPTZ"),
        ("time", "TIME"), ("blob", "BLOB"), ("json", "JSON"), ("uuid", "UUID"),
        ("integer", "BIGINT"), ("numeric(10, 2)", "DECIMAL(10,2)"), ("numeric(5)", "DECIMAL(5,0)"),
        ("numeric", "DECIMAL(38,18)"), ("numeric(50,2)", "VARCHAR"), ("timestamp with time zone", "TIMESTAMPTZ"),
        ("timestamp(3) without time zone", "TIMESTAMP"), ("character varying(20)", "VARCHAR"), ("jsonb", "JSON"),
        ("bytea", "BLOB"), ("double precision", "DOUBLE"), ("tsvector", "VARCHAR"), ("", "VARCHAR"),
        ("BIGINT", "BIGINT"), ("VARCHAR", "VARCHAR"), ("DECIMAL(18,2)", "DECIMAL(18,2)"),
    ],
)  # fmt: skip
def test_every_type_has_one_sql_type(measured: str, sql: str) -> None:
    assert canonical_sql(measured) == sql
