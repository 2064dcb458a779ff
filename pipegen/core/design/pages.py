"""What the pages of a repository say of its design: docs/architecture.md, docs/decisions/ and docs/design.html lay it out.

Everything here is derived from the :class:`Design` and is text, a whole number, a boolean, or a list of such.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pipegen.core.design import day
from pipegen.core.design.decision import Figure, PriceTier, Sizing
from pipegen.core.design.model import Design, Source
from pipegen.core.design.record_pages import Alike, RecordPage, alike, record_page
from pipegen.core.design.told import quantity, size_text

AUDIT_SCHEDULE = "30 4 * * *"

_KINDS = {
    "postgres": "PostgreSQL", "mysql": "MySQL", "mssql": "SQL Server", "mongodb": "MongoDB", "sqlite": "SQLite", "duckdb": "DuckDB",
    "files": "files", "rest": "REST API", "kafka": "Kafka", "webhook": "webhooks", "snowflake": "Snowflake", "bigquery": "BigQuery",
    "redshift": "Redshift", "databricks": "Databricks", "clickhouse": "ClickHouse", "lake": "a lake",
}  # fmt: skip


@dataclass(frozen=True)
class Flow:
    """One source in the picture. ``patterns`` are how its tables are read, such as ``3 full``; ``every`` is its schedule in
    words; ``slack`` the time to spare, None where the sizing has none.
    """

    source: Source
    kind: str
    patterns: tuple[str, ...]
    every: str
    slack: Figure | None


@dataclass(frozen=True)
class Tier:
    """A row of the freshness price list; amounts are a month's, ``money`` is empty without prices.

    ``verdict`` says in words what ``current``, ``works`` and ``built`` say.
    """

    freshness: str
    design: str
    compute: str
    scanned: str
    stored: str
    money: str
    woken: str
    verdict: str
    current: bool
    works: bool
    built: bool


@dataclass(frozen=True)
class Pages:
    """The whole. ``consumers`` are what reads the result; ``sizing`` is of the whole pipeline first; ``day`` are the lines of a
    picture of a day, of ids and digits alone.
    """

    engine: str
    consumers: tuple[str, ...]
    flows: tuple[Flow, ...]
    choices: tuple[Alike, ...]
    records: tuple[RecordPage, ...]
    sizing: tuple[Sizing, ...]
    tiers: tuple[Tier, ...]
    day: tuple[str, ...]


def pages(design: Design, consumers: Sequence[str] = ()) -> Pages:
    """What the pages say of a design; ``consumers`` are what reads the result, where that is known."""
    destination = str(design.destination["kind"])
    slack = {s.source: next((f for f in s.figures if f.id == "slack_seconds"), None) for s in design.sizing}
    return Pages(
        engine=_KINDS.get(destination, destination),
        consumers=tuple(consumers),
        flows=tuple(_flow(source, slack.get(source.name)) for source in design.sources),
        choices=alike(design.decisions, design.records),
        records=tuple(record_page(record) for record in design.records),
        sizing=tuple(sorted(design.sizing, key=lambda one: bool(one.source))),
        tiers=tuple(_tier(tier) for tier in design.prices),
        day=day.grid(_scheduled(design)),
    )


def _flow(source: Source, slack: Figure | None) -> Flow:
    loads = Counter(table.load for table in source.tables)
    return Flow(
        source=source,
        kind="sample data" if source.is_sample else _KINDS.get(source.kind, source.kind),
        patterns=tuple(f"{count} {load}" for load, count in loads.items()),
        every=day.in_words(source.schedule),
        slack=slack,
    )


def _tier(tier: PriceTier) -> Tier:
    verdicts = [
        *(["as asked for"] if tier.current else []),
        *([] if tier.works else ["a demand is missed"]),
        *([] if tier.built else ["not built yet"]),
    ]
    return Tier(
        freshness=tier.freshness,
        design=tier.design,
        compute=f"{quantity(tier.compute_minutes)} min",
        scanned=size_text(tier.scanned_gb * 1e9),
        stored=size_text(tier.stored_gb * 1e9),
        money=tier.money.removesuffix(" a month"),
        woken=tier.woken,
        verdict=", ".join(verdicts) or "can be had",
        current=tier.current,
        works=tier.works,
        built=tier.built,
    )


def _scheduled(design: Design) -> list[tuple[str, str]]:
    """What starts by the clock: the DAGs of the sources, and the audit where rows are read from a mark on."""
    audited = any(table.incremental for source in design.sources for table in source.tables)
    audit = [(f"{design.pipeline.id}_audit", AUDIT_SCHEDULE)] if audited else []
    return [*((source.dag_id, source.schedule) for source in design.sources), *audit]
