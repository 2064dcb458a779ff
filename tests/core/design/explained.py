"""Decisions, sizings and demands for tests of what is made of them."""

from __future__ import annotations

from typing import Any

from pipegen.core.design.decision import (
    Alternative,
    Decision,
    Figure,
    Flip,
    OpenQuestion,
    Option,
    PriceTier,
    Sizing,
    Unmet,
)

FLIP = Flip(
    to="cdc", watch="changed rows a day of shop.orders", text="flips to cdc above 5 M changed rows a day, now 0.4 M",
    sets=(("sources.shop.tables.orders.volume", "5000001 rows/day"),), unit="rows/day", now=400_000, stays=5_000_000,
    flips=5_000_001,
)  # fmt: skip


def decision(id: str, choice: str, *because: str, **more: Any) -> Decision:
    return Decision(
        id, choice, because or ("freshness 1h",), more.pop("rule", "rule"), more.pop("source", "(H)"), **more
    )


EXTRACT = decision(
    "shop.orders.extract", "watermark", "3.2 M rows, too many to read whole", "updated_at is indexed", rule="extract",
    alternatives=(Alternative("full", "54 s of 20 s"), Alternative("cdc", "a bus is a cost that must be earned")),
    flips_when="above 5 M changed rows a day", flips=(FLIP,),
)  # fmt: skip


def figure(id: str, name: str, value: float, text: str, how: str = "1 + 1") -> Figure:
    return Figure(id, name, value, id.rpartition("_")[2], text, how)


def sizing(source: str = "shop", *, run: float = 61.0) -> Sizing:
    return Sizing(
        source,
        (
            figure("rows_per_run", "rows a run", 12_000, "12,000", "2.4 M rows a day / 200"),
            figure("run_seconds_estimated", "run time", run, f"{run:.0f} s", "60 s + 12,000 rows / 12,000 rows/s"),
            figure("days_to_first_threshold", "first threshold", 400, "400 days", "ln(5 / 0.4) / ln(1.05)"),
        ),
    )


def whole(minutes: float = 744.0) -> Sizing:
    return Sizing(
        "", (figure("compute_minutes_per_month", "compute", minutes, f"{minutes:,.0f} min", "24 x 31 x 1 min"),)
    )


OPTION = Option(
    sets=(("defaults.freshness", "1m"),), design="micro-batch", cost=whole(43_200).figures, woken="nobody", built=False
)
UNMET = Unmet(
    id="shop.freshness", at=("defaults", "freshness"), asked="30s", got="1m", missed_by="30 s",
    because="the source is polled", nearest=(OPTION,),
)  # fmt: skip
QUESTION = OpenQuestion(
    "sources.shop.tables.orders.volume", "How many rows of shop.orders change a day?",
    ("shop.orders.extract: watermark or cdc",), "select count(*) from orders where updated_at > now() - interval '1 day'",
)  # fmt: skip


def tier(freshness: str, **more: Any) -> PriceTier:
    values: dict[str, Any] = {
        "design": "batch", "compute_minutes": 744.0, "scanned_gb": 0.4, "stored_gb": 1.2, "money": "", "woken": "nobody",
        "works": True, "built": True, "current": False,
    }  # fmt: skip
    return PriceTier(freshness=freshness, **{**values, **more})
