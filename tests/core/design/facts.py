"""Measured sources for tests."""

from __future__ import annotations

from typing import Any

from pipegen.core.measured import Measured

ORDERS = {
    "rows": {"value": 1000},
    "key": {"columns": ["order_id"], "how": "primary key"},
    "columns": {
        "order_id": {"type": "bigint", "nullable": False},
        "customer_id": {"type": "bigint"},
        "total": {"type": "decimal(18,2)"},
        "status": {"type": "text"},
        "ordered_at": {"type": "timestamp"},
    },
    "foreign_keys": [{"columns": ["customer_id"], "to": "customers", "at": ["id"]}],
}
CUSTOMERS = {
    "rows": {"value": 10},
    "key": {"columns": ["id"], "how": "primary key"},
    "columns": {"id": {"type": "bigint", "nullable": False}, "email": {"type": "text"}},
}


def measured(**tables: dict[str, Any]) -> Measured:
    return Measured.model_validate(
        {"server": {"kind": "sqlite"}, "tables": tables or {"orders": ORDERS, "customers": CUSTOMERS}}
    )


def keyed(*columns: str, rows: int = 1, **more: Any) -> dict[str, Any]:
    """A table of whole numbers whose first column is its key."""
    return {
        "rows": {"value": rows},
        "key": {"columns": [columns[0]], "how": "primary key"},
        "columns": {c: {"type": "bigint"} for c in columns},
        **more,
    }
