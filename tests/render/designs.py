"""Designs to render for: one small and ordinary, one with awkward names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipegen.core.design.decision import Alternative, Decision, Figure, Flip, OpenQuestion, PriceTier, Record, Sizing
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


def extract(address: str, choice: str = "full", **changes: Any) -> Decision:
    """How a table is read, with everything that a decision can have."""
    against = {"full": "the whole read takes 2 h", "cdc": "a log to watch, for deletes that nobody asked for"}
    values: dict[str, Any] = {
        "id": f"{address}.extract",
        "choice": choice,
        "because": ("3,214,000 rows, read in about 54 s", "deletes: soft"),
        "rule": f"extract.{choice}",
        "source": "(H)",
        "alternatives": tuple(Alternative(other, why) for other, why in against.items() if other != choice),
        "flips": (
            Flip("cdc", "freshness", "flips to cdc below a freshness of 5m", (("defaults.freshness", "4m59s"),)),
            Flip(
                "watermark",
                "rows",
                "flips to watermark above 72 M rows, now 3.2 M",
                (),
                "rows",
                3.2e6,
                72e6,
                72e6 + 1,
            ),
        ),
    }
    return Decision(**{**values, **changes})


def figures(source: str) -> Sizing:
    """What the sizing says of a source."""
    return Sizing(
        source,
        (
            Figure("rows_per_run", "rows a run", 12_400, "rows", "12,400 rows", "118,000 rows/day x 2.5 h / 24 h"),
            Figure(
                "slack_seconds",
                "time to spare",
                720,
                "s",
                "12 min",
                "60 min - 30 min interval - 3 min run - 15 min retries",
            ),
        ),
    )


def decided(**changes: Any) -> Design:
    """The web shop with what was decided for it: records, sizing, the price list and a question that is open."""
    mode = Decision(
        "shop_files.mode", "batch", ("freshness 1h",), "mode", "Airflow's documentation: it is no streaming engine; cut-off (H)",
        (Alternative("frequent-batch", "more runs than the freshness asks for"),),
        flips=(Flip("frequent-batch", "freshness", "flips to frequent-batch below 1h", (("defaults.freshness", "59m59s"),)),),
    )  # fmt: skip
    said = {"overridden": True, "reason": "the DBA rebuilds updated_at every Sunday", "flips": (), "alternatives": ()}
    reads = (extract("shop_files.orders"), extract("shop_files.customers", "watermark", **said))
    engine = Decision(
        "destination.engine", "duckdb", ("a run scans at most 100 GB",), "engine", "DuckDB's published runs"
    )
    whole = Figure(
        "compute_minutes_per_month", "compute", 1440, "min", "1,440 min a month", "48 runs/day x 1 min x 30 days"
    )
    values: dict[str, Any] = {
        "decisions": (mode, *reads, engine),
        "records": (
            Record("0001-mode", 1, "How the data moves", "In batches, in small batches, or as a stream?", (mode,)),
            Record("0005-extract", 5, "How each table is read", "What does a run read of a table?", reads, 3),
        ),
        "sizing": (figures("shop_files"), Sizing("", (whole,))),
        "prices": (
            PriceTier("15m", "frequent batch", 5760, 0.0213, 12.46, "120 EUR", "who is on call, at night", False, True, False),
            PriceTier("1h", "batch", 1440, 0.5, 12.46, "30 EUR", "nobody at night", True, True, True),
            PriceTier("1m", "micro-batch", 43200, 99.5, 12.46, "900 EUR", "who is on call, at night", True, False, False),
        ),
        "open_questions": (
            OpenQuestion(
                "sources.shop_files.volume", "How much is new or changed in a day?", ("shop_files.orders.extract: full or append",),
                "select count(*) from orders where updated_at > current_date - 1",
            ),
        ),
    }  # fmt: skip
    return replace(design(), **{**values, **changes})
