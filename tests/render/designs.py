"""Designs to render for: one small and ordinary, one with awkward names."""

from __future__ import annotations

from typing import Any

from pipegen.core.design.model import (
    Column,
    Design,
    ForeignKey,
    Load,
    Mart,
    MartColumn,
    Pipeline,
    Relationship,
    Rule,
    Source,
    Table,
    Transform,
)


def table(name: str, source: str = "shop_files", id: str | None = None, **changes: Any) -> Table:
    """A table of three columns, as a CSV file has it."""
    id = id or name
    values: dict[str, Any] = {
        "name": name,
        "id": id,
        "source": source,
        "source_name": source,
        "raw_schema": f"raw_{source}",
        "from_": f"{name}*.csv",
        "format": "csv",
        "options": {"delimiter": ",", "header": True, "nulls": ["", "NA"]},
        "load": "full",
        "key": ("order_id",),
        "watermark": None,
        "columns": (
            Column("Order ID", "order_id", "BIGINT", nullable=False, unique=True),
            Column("order", "order", "VARCHAR"),
            Column("total_amount", "total_amount", "DECIMAL(18,2)", description="What the customer paid."),
        ),
        "rules": (Rule("total is never negative", "total_is_never_negative", "total_amount >= 0", "error"),),
        "foreign_keys": (),
        "staging": f"stg_{source}__{id}",
        "dedupe": True,
        "freshness": "1h",
        "freshness_seconds": 3600,
        "description": "",
        "rows": 1000,
    }
    return Table(**{**values, **changes})


def source(name: str = "shop_files", tables: tuple[Table, ...] | None = None, **changes: Any) -> Source:
    """A source of files."""
    if tables is None:
        key = ForeignKey(("order_id",), "orders", f"stg_{name}__orders", ("order_id",))
        tables = (table("orders", name), table("customers", name, foreign_keys=(key,), rules=()))
    values: dict[str, Any] = {
        "name": name,
        "id": name,
        "kind": "files",
        "is_sample": False,
        "path": "../data",
        "path_env": f"{name.upper()}_PATH",
        "raw_schema": f"raw_{name}",
        "dag_id": f"shop_{name}",
        "asset": name,
        "description": "Orders of the web shop.",
        "tables": tables,
        "loads": tuple(Load(t.id, (t.id,)) for t in tables),
        "schedule": "*/30 * * * *",
        "freshness": "1h",
        "freshness_seconds": 3600,
        "deadline_seconds": 1800,
        "retries": 3,
        "retry_delay_seconds": 30,
        "max_retry_delay_seconds": 600,
        "execution_timeout_seconds": 1500,
    }
    return Source(**{**values, **changes})


def design(sources: tuple[Source, ...] | None = None, **changes: Any) -> Design:
    """A web shop: two tables, a fact and a custom mart."""
    sources = (source(),) if sources is None else sources
    columns = (
        MartColumn("order_id", "BIGINT", "orders.order_id", nullable=False, unique=True),
        MartColumn("total_amount", "DECIMAL(18,2)", "orders.total_amount", description="What was paid."),
    )
    staging = "stg_shop_files__orders"
    fact = Mart(
        "fct_orders",
        "fct_orders",
        "fact",
        (staging,),
        staging,
        columns,
        ("order_id",),
        (),
        ("total_amount",),
        (Relationship("order_id", staging, "order_id"),),
        "Orders, one row each.",
    )
    custom = Mart("churn", "churn", "custom", ("fct_orders",), None, (), (), (), (), (), "")
    values: dict[str, Any] = {
        "pipeline": Pipeline("shop", "shop", "SHOP", "Orders and customers of the web shop.", "data-team", "next"),
        "sources": sources,
        "marts": (fact, custom),
        "transform": Transform("shop_transform", tuple(s.asset for s in sources), "dbt", 3600, 1800, 1500, 2, 30, 600),
        "destination": {"kind": "duckdb"},
        "alerts": {"email": ["data@example.com"], "slack": None, "pagerduty": None, "webhook": None},
        "slo": {"freshness": "99%", "window": "28d"},
        "ci": "github",
        "deploy": "compose",
    }
    return Design(**{**values, **changes})
