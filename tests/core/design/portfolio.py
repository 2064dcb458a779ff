"""A portfolio of small specs, every kind of source and destination among them, that stand near every threshold of the decision model.

What each becomes is signed in ``portfolio.json``: whoever changes a rule or a threshold reads the difference there as the owner of
these pipelines would. ``python -m tests.core.design.portfolio`` writes it anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipegen.core.design.architect import design
from pipegen.core.design.decide import decide
from pipegen.core.design.decision import Sizing
from pipegen.core.design.watching import Monitoring, monitoring
from pipegen.core.measured import Measured
from pipegen.core.spec.load import load

SIGNED = Path(__file__).with_name("portfolio.json")
MARKED = {"key": ["id"], "watermark": "updated_at"}

Spec = dict[str, Any]


def one(kind: str, tables: Mapping[str, Any] | None = None, /, **more: Any) -> Spec:
    """A source; ``postgres`` and its like are read at ``S_URL``."""
    where = (
        {"path": "data"}
        if kind in ("sqlite", "duckdb")
        else {}
        if kind in ("files", "sample", "webhook")
        else {"url_env": "S_URL"}
    )
    return {"kind": kind, **where, **more, "tables": dict(tables or {})}


def sized(size: str | None = None, **more: Any) -> Spec:
    """A table with a key and a watermark."""
    return {**MARKED, **({"size": size} if size else {}), **more}


def bare(size: str | None = None, **more: Any) -> Spec:
    """A table with neither."""
    return {"key": [], **({"size": size} if size else {}), **more}


def pipeline(sources: Mapping[str, Spec], /, freshness: str = "1d", to: str = "duckdb", **more: Any) -> Spec:
    defaults = {"freshness": freshness, **more.pop("defaults", {})}
    return {"name": "p", "sources": dict(sources), "defaults": defaults, "destination": {"kind": to}, **more}


# What is read whole is scanned twice: at the source, and by dbt.
ENGINES = (
    ("40 GB", "8 GB"),
    ("60 GB", "8 GB"),
    ("60 GB", "50 GB"),
    ("60 GB", "70 GB"),
    ("400 GB", "128 GB"),
    ("600 GB", "128 GB"),
)
EXECUTORS = (
    (20, "6m", "1x", "compose"), (20, "5m", "1x", "compose"), (5, "5m", "9x", "kubernetes"), (5, "30m", "12x", "kubernetes"),
    (1, "2h", "1x", "none"), (1, "3h", "1x", "none"),
)  # fmt: skip

SPECS: dict[str, Spec] = {
    # -- batches of databases
    "erp: every night, no watermark, a window of four hours": pipeline(
        {"erp": one("mssql", {"ledger": bare("500M rows"), "items": bare("900M rows"), "sites": bare("10 rows")}, window="4h")}
    ),
    "shop: hourly, deletes matter": pipeline(
        {
            "shop": one(
                "postgres",
                {
                    "orders": sized("80M rows", volume="2M rows/day"), "customers": sized("5M rows"),
                    "countries": bare("240 rows"), "baskets": sized("100M rows", deletes="soft", lateness="25h"),
                    "visits": sized("70M rows", volume="30M rows/day", deletes="ignore", lateness="33h"),
                },
                connections=10, lag="5m",
            )
        },
        "1h", "postgres", machine={"cores": 8}, defaults={"lateness": "2h"},
    ),
    "reads: just below and above a third and a half of the freshness": pipeline(
        {
            name: one("mysql", {"t": sized(size, volume=volume, deletes="ignore", lateness="5m")}, change_log=False, freshness="2h")
            for name, size, volume in (
                ("fits", "125M rows", "1M rows/day"), ("too_long", "165M rows", "1M rows/day"),
                ("changes", "165M rows", "850M rows/day"), ("changes_less", "165M rows", "660M rows/day"),
                ("unbearable", "230M rows", "3B rows/day"), ("bearable", "200M rows", "3B rows/day"),
            )
        }
    ),
    "reads: more than a third of a day, and many rows change": pipeline(
        {
            name: one("mysql", {"t": sized(size, volume=volume, deletes="ignore", lateness="5m")}, change_log=False)
            for name, size, volume in (
                ("changes", "1900M rows", "850M rows/day"), ("changes_less", "1900M rows", "660M rows/day"),
                ("unbearable", "2330M rows", "1100M rows/day"),
            )
        },
        "1d", "postgres",
    ),
    "keys: too many to compare in time, or just not": pipeline(
        {
            "few": one("postgres", {"t": sized("520M rows", volume="1M rows/day")}, change_log=True),
            "enough": one("postgres", {"t": sized("700M rows", volume="1M rows/day")}, change_log=True, free_disk="1.5 GB"),
            "tight": one("postgres", {"t": sized("700M rows", volume="1M rows/day")}, change_log=True, free_disk="1.1 GB"),
        },
        "1h", "postgres", defaults={"outage": "36h", "lateness": "10m"},
    ),
    "tiny: as good as read whole, whatever is wanted": pipeline(
        {
            "s": one("mysql", {"less": sized("90k rows"), "more": sized("120k rows")},
                     change_log=False, lateness="8m", lag="12m")
        },
        "3s", "postgres",
    ),
    "ledger: every change is kept, nothing lost in two days": pipeline(
        {"bank": one("postgres", {"entries": sized("40M rows", history="every-change", volume="3M rows/day")},
                     change_log=True, free_disk="40 GB", log_kept="3d")},
        "4h", "postgres", defaults={"outage": "2d"}, on_call="always",
    ),
    "copies: daily ones just affordable, and just not": pipeline(
        {"s": one("duckdb", {"few": sized("2.4M rows", history="daily"), "many": sized("3.2M rows", history="daily"),
                             "versions": sized("3.2M rows", history="scd2")})},
        to="lake",
    ),
    "guessed: nobody knows how large it is": pipeline(
        {"s": one("sqlite", {"a": bare(), "b": sized(volume="200k rows/day"), "c": sized(volume="300 MB/day")})}, "3h"
    ),
    # -- modes
    "limits: just below and above each freshness of a mode": pipeline(
        {
            f"f{freshness}": one("kafka", {"t": {"volume": "100 rows/s"}}, freshness=freshness)
            for freshness in ("70m", "50m", "6m", "4m", "75s", "50s", "6s", "5s", "4s")
        },
        "1d", "postgres", on_call="always",
    ),
    "state: just held by one executor, and just not": pipeline(
        {name: one("kafka", {"t": {"volume": "1k rows/s"}}, state=state) for name, state in (("held", "9 GB"), ("more", "12 GB"))},
        "2m", "bigquery", on_call="always",
    ),
    "asleep: a stream that nobody can run at night": pipeline(
        {"s": one("mongodb", {"t": {"key": ["_id"], "size": "20M rows", "volume": "60 rows/s"}}, change_log=True)}, "20s", "databricks"
    ),
    "readings: 20,000 a second, and an alarm in two seconds": pipeline(
        {"sensors": one("kafka", {"readings": {"volume": "20k rows/s", "row_size": "200 B"}}, keyed=True, peak="4x", log_kept="5d")},
        "2s", "clickhouse", on_call="always", consumers=["actions"], machine={"cores": 8, "memory": "32 GB", "workers": 4},
    ),
    "events: partitions for the peak, growing and not": pipeline(
        {
            "keyed": one("kafka", {"t": {"volume": "40 MB/s", "row_size": "1 kB"}}, keyed=True),
            "loose": one("kafka", {"t": {"volume": "52 MB/s", "row_size": "1 kB"}}),
        },
        "30s", "redshift", on_call="always", defaults={"growth": "8%/month"},
    ),
    # -- what is sent and polled
    "crm: an API with a rate limit": pipeline(
        {
            "within": one("rest", {"contacts": sized("200k rows", volume="20k rows/day")}, rate_limit="40 requests/minute"),
            "polled": one("rest", {"deals": sized("2M rows", volume="4.4M rows/day", deletes="ignore", lateness="5m")},
                          rate_limit="100 requests/minute", webhooks=True),
            "sent": one("rest", {"mails": sized("2M rows", volume="6M rows/day", deletes="ignore", lateness="5m")},
                        rate_limit="100 requests/minute", webhooks=True),
            "unlimited": one("rest", {"logs": sized("30M rows", volume="100k rows/day", deletes="ignore")}),
        },
        "2h",
    ),
    "payments: webhooks that can be asked for again": pipeline(
        {
            "psp": one("webhook", {"payments": {"key": ["id"], "volume": "300k rows/day"}}, replay=True),
            "refunds": one("rest", {"t": sized("1M rows", volume="3k rows/day")}, webhooks=True, replay=True, freshness="50m"),
            "chargebacks": one("rest", {"t": sized("1M rows", volume="3k rows/day")}, webhooks=True, replay=True, freshness="70m"),
        },
        "2m", "postgres",
    ),
    "partner: files by SFTP at six": pipeline(
        {"partner": one("files", {"prices": bare("3M rows")}, path="sftp://partner.example.com/out/*.csv", delivered="06:00")}, "1h"
    ),
    "clicks: 40 GB a day in five minutes, from object storage": pipeline(
        {"clicks": one("files", {"clicks": {"key": ["id"], "watermark": "at", "volume": "40 GB/day", "size": "1 TB", "row_size": "500 B"}},
                       path="s3://clicks/*.parquet", immutable=True)},
        "5m", "bigquery",
    ),
    "health: nothing personal may land as it is": pipeline(
        {"clinic": one("postgres", {"visits": sized("9M rows", columns={"name": "tokenise"})}, change_log=False)},
        raw_personal_data="forbidden",
    ),
    "sample: the bundled one": pipeline({"shop": one("sample", {"orders": bare("1500 rows")}, parsing="code")}),
    # -- warehouses
    "bigquery: days of nearly 10 GB, more days than it has partitions": pipeline(
        {
            "s": one("postgres", {
                "small": sized("2 TB", volume="8 GB/day", row_size="1 kB"), "large": sized("2 TB", volume="12 GB/day", row_size="1 kB"),
                "old": sized("65 TB", volume="12 GB/day", row_size="1 kB"), "older": sized("86 TB", volume="12 GB/day", row_size="1 kB"),
                "oldest": sized("120 TB", volume="12 GB/day", row_size="1 kB"), "kept": sized("1 GB", retention="9000d"),
                "kept_longer": sized("1 GB", retention="11000d"),
            }, change_log=True)
        },
        to="bigquery",
    ),
    "snowflake: tables of two terabytes, 3 TB of logs a day": pipeline(
        {
            "s": one("kafka", {"logs": {"volume": "3 TB/day", "row_size": "1 kB"}}, freshness="1h"),
            "t": one("postgres", {"less": sized("1.7 TB", row_size="1 kB"), "more": sized("2.3 TB", row_size="1 kB")}, change_log=True),
        },
        to="snowflake",
    ),
    "postgres: tables of a hundred million rows": pipeline(
        {"s": one("postgres", {"less": sized("80M rows"), "more": sized("120M rows"), "kept": sized("1k rows", retention="400d")})},
        to="postgres",
    ),
    # -- engine and executor
    **{
        f"engine: {size} read whole with {memory} of memory": pipeline(
            {"s": one("files", {"t": bare(size, row_size="1 kB")}, path="data", parsing="sql")}, machine={"memory": memory}
        )
        for size, memory in ENGINES
    },
    **{
        f"executor: {tables} tables every {freshness}, a peak of {peak}, by {deploy}": pipeline(
            {"s": one("sqlite", {f"t{i}": bare("10 rows") for i in range(tables)}, peak=peak)}, freshness, "postgres",
            deploy=deploy, defaults={"lateness": "1h"},
        )
        for tables, freshness, peak, deploy in EXECUTORS
    },
}  # fmt: skip


def measured(disorder: float, watermark: str = "updated_at") -> Measured:
    table = {
        "rows": {"value": 290_000_000}, "bytes": 29_000_000_000, "key": {"columns": ["id"], "how": "primary key"},
        "watermark": {"column": watermark, "out_of_order": disorder, "sampled": 1000},
        "columns": {"id": {"type": "bigint", "nullable": False}, "updated_at": {"type": "timestamptz"}},
    }  # fmt: skip
    tiny = {
        "rows": {"value": 3},
        "key": {"columns": ["id"], "how": "primary key"},
        "columns": {"id": {"type": "bigint"}},
    }
    server = {"kind": "postgres", "wal_level": "replica", "can_replicate": False}
    return Measured.model_validate({"server": server, "tables": {"t": table, "tiny": tiny}})


FOUR_HOURS = pipeline({"s": one("postgres")}, "4h", "duckdb", defaults={"lateness": "1h"})
# Specs with what was measured of their source: they are laid out to the end.
PROBED: dict[str, tuple[Spec, Measured]] = {
    "probed: 17% of the rows out of order": (FOUR_HOURS, measured(0.17)),
    "probed: 22% of the rows out of order": (FOUR_HOURS, measured(0.22)),
    "probed: a number as watermark": (FOUR_HOURS, measured(0.0, "id")),
    "probed: a tiny table": (pipeline({"s": one("postgres", {"tiny": {}})}), measured(0.0)),
    "probed: few rows a day, and an objective that most would call low": (
        {
            **FOUR_HOURS,
            "sources": {"s": one("postgres", {"t": {"volume": "9k rows/day"}})},
            "slo": {"freshness": "90%"},
        },
        measured(0.17),
    ),
}

NAMES = (*SPECS, *PROBED)


def outcome(name: str) -> dict[str, Any]:
    """What a spec of the portfolio becomes: choices, figures, demands missed, choices not built, timeouts, what alerts."""
    data, facts = PROBED[name] if name in PROBED else (SPECS[name], None)
    spec = load(data)
    known = {"s": facts} if facts is not None else {}
    made = decide(spec, known)
    told: dict[str, Any] = {"choices": {d.id: d.choice for d in made.decisions}, "sizing": dict(_figures(made.sizing))}
    if made.unmet:
        told["missed"] = [f"{u.id}: {u.got} of {u.asked}" for u in made.unmet]
    if made.unbuilt:
        told["not built"] = [u.id for u in made.unbuilt]
    if facts is not None:
        laid_out = design(spec, known)
        told["timeouts"] = {s.name: s.execution_timeout_seconds for s in laid_out.sources}
        told["watched"] = _watched(monitoring(laid_out))
    return told


def _watched(found: Monitoring) -> dict[str, Any]:
    return {
        "burns": [f"{b.long} {b.short}: {b.late:.4g}" for b in found.burns],
        "still": [o.still_seconds for o in found.objectives],
        "quarantined": [o.quarantined for o in found.objectives],
        "silent": [e.silent_seconds for e in found.expected],
        "slow": [e.longest_seconds for e in found.expected],
        "thresholds": found.thresholds,
    }


def _figures(sizing: tuple[Sizing, ...]) -> Iterator[tuple[str, str]]:
    """Figures to four digits."""
    for its in sizing:
        for figure in its.figures:
            yield f"{its.source or 'whole'}.{figure.id}", f"{figure.value:.4g} {figure.unit}"


def text() -> str:
    """All of it, as it is signed."""
    return json.dumps({name: outcome(name) for name in NAMES}, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SIGNED.write_text(text(), encoding="utf-8")
