"""The table of provenance is held against the rules: what moves a decision is among what it follows from, and no more is claimed."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from pipegen.core.design import provenance
from pipegen.core.design.choose import choose
from pipegen.core.design.inputs import inputs
from pipegen.core.errors import SpecError
from pipegen.core.spec.load import load

TABLES = {
    "orders": {"key": ["order_id"], "watermark": "updated_at", "size": "50M rows", "volume": "2M rows/day"},
    "customers": {"size": "10k rows"},
}
SOURCES: dict[str, dict[str, Any]] = {
    "postgres": {"kind": "postgres", "url_env": "A_URL", "tables": TABLES},
    "kafka": {"kind": "kafka", "url_env": "A_URL", "tables": {"orders": {"volume": "20M rows/day"}}},
    "rest": {
        "kind": "rest", "url_env": "A_URL", "webhooks": True, "replay": True, "rate_limit": "100 requests/minute", "tables": TABLES,
    },
    "files": {"kind": "files", "path": "s3://x/*.csv", "tables": TABLES},
    "webhook": {"kind": "webhook", "tables": TABLES},
}  # fmt: skip
ANSWERS: dict[str, list[Any]] = {
    "defaults.freshness": ["2s", "10s", "2m", "15m", "1h", "30d"],
    "defaults.lateness": ["1h", "9d"],
    "defaults.deletes": ["ignore", "soft", "hard"],
    "defaults.history": ["scd2", "daily", "every-change", "none"],
    "defaults.growth": ["50%/month"],
    "defaults.outage": ["7d"],
    "defaults.retention": ["90d"],
    "sources.{source}.volume": ["900M rows/day", "1 rows/day", "40 GB/day"],
    "sources.{source}.peak": ["10x"],
    "sources.{source}.row_size": ["10 KB", "1 B"],
    "sources.{source}.immutable": [True, False],
    "sources.{source}.lag": ["10m", "3h"],
    "sources.{source}.window": ["1m", "1h"],
    "sources.{source}.connections": [2, 100],
    "sources.{source}.state": ["400 GB"],
    "sources.{source}.parsing": ["code"],
    "sources.{source}.change_log": [True, False],
    "sources.{source}.log_kept": ["1h", "9d"],
    "sources.{source}.free_disk": ["1 GB"],
    "sources.{source}.rate_limit": ["1 requests/minute"],
    "sources.{source}.page_size": [1, 1000],
    "sources.{source}.webhooks": [True, False],
    "sources.{source}.replay": [True, False],
    "sources.{source}.keyed": [True],
    "sources.{source}.delivered": ["06:00"],
    "sources.{source}.tables.{table}.size": ["10 rows", "90B rows"],
    "sources.{source}.tables.{table}.key": [[]],
    "sources.{source}.tables.{table}.watermark": [None],
    "sources.{source}.tables.{table}.volume": ["1 rows/day", "900M rows/day"],
    "sources.{source}.tables.{table}.columns": [{"email": "mask"}],
    "on_call": ["none", "always"],
    "consumers": [["actions"], ["dashboards"]],
    "raw_personal_data": ["forbidden"],
    "machine.cores": [64],
    "machine.memory": ["512 GB"],
    "machine.workers": [9],
    "destination.kind": ["postgres", "bigquery", "lake", "databricks"],
    "deploy": ["kubernetes"],
    "slo.freshness": ["90%"],
}


def choices(data: dict[str, Any]) -> dict[str, str]:
    """The choices by decision; none of a spec that is not valid."""
    try:
        return choose(inputs(load(data), {})).choice
    except SpecError:
        return {}


def put(data: dict[str, Any], address: str, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(data)
    *parents, last = [{"{source}": "s", "{table}": "orders"}.get(part, part) for part in address.split(".")]
    node = changed
    for part in parents:
        node = node.setdefault(part, {})
    node.pop(last, None)
    if value is not None:
        node[last] = value
    return changed


_OF_TABLE = ("{source}.{table}.extract", "{source}.{table}.overlap")
_OF_SOURCE = ("{source}.mode", "{source}.direction", "{source}.schedule", *_OF_TABLE)
BEFORE: Mapping[str, tuple[str, ...]] = {
    "mode": _OF_TABLE,
    "schedule": ("{source}.mode", "{source}.direction", *_OF_TABLE),
    "direction": ("{source}.mode", *_OF_TABLE),
    "log_retention": ("{source}.mode",),
    "parallelism": ("{source}.mode",),
    "retries": ("{source}.mode",),
    "write": _OF_TABLE,
    "lookback": _OF_TABLE,
    "topic_partitions": ("{source}.mode",),
    "destination.engine": _OF_SOURCE,
    "pipeline.alerts": _OF_SOURCE,
    "pipeline.executor": (*_OF_SOURCE, "{source}.parallelism"),
}
"""The decisions that another one looks at: what they follow from moves it too, by way of them."""


def reach(id: str) -> set[str]:
    """The addresses that a decision follows from, by way of the decisions that it looks at too."""
    found: set[str] = set()
    waiting, seen = [id], set()
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            origin = provenance.origin_of_decision(one)
            assert origin is not None, one
            found |= {address for levels in origin.answers for address in levels}
            waiting += BEFORE.get(one, BEFORE.get(one.rpartition(".")[2], ()))
    return found


@pytest.mark.parametrize("freshness", ["1d", "6h", "15m", "2m", "10s"])
@pytest.mark.parametrize("kind", SOURCES)
def test_whatever_moves_a_decision_is_among_what_it_follows_from(kind: str, freshness: str) -> None:
    data = {"name": "shop", "defaults": {"freshness": freshness}, "sources": {"s": SOURCES[kind]}}
    before = choices(data)
    assert before
    moved, unknown = 0, set()
    for address, values in ANSWERS.items():
        for value in values:
            after = choices(put(data, address, value))
            for id in (id for id in before if after.get(id, before[id]) != before[id]):
                moved += 1
                if not any(
                    f"{known}.".startswith(f"{address}.") or f"{address}.".startswith(f"{known}.")
                    for known in reach(id)
                ):
                    unknown.add((id, address, value))
    assert unknown == set()
    assert moved > 3


# No more is claimed.

BARE = {"orders": {"key": ["order_id"], "watermark": "updated_at"}, "customers": {}}
POLLED = {
    "kind": "rest", "url_env": "A_URL", "tables": {"orders": BARE["orders"] | {"size": "90k rows"}}, "volume": "20k rows/day",
    "immutable": True, "rate_limit": "200 requests/minute",
}  # fmt: skip
MANY = {
    "kind": "postgres",
    "url_env": "A_URL",
    "tables": {t: {"size": "10 rows"} for t in ("orders", *map(str, range(20)))},
}


def spec(freshness: str, source: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "shop", "defaults": {"freshness": freshness}, "sources": {"s": source}, **more}


NEAR_A_THRESHOLD = [
    *(spec(freshness, source) for freshness in ("1d", "15m", "10s") for source in SOURCES.values()),
    *(
        spec(freshness, SOURCES["postgres"] | {"change_log": True}, on_call="always", destination={"kind": to})
        for freshness in ("1h", "10s")
        for to in ("postgres", "bigquery", "lake")
    ),
    *(spec(f, SOURCES["postgres"] | {"tables": BARE, "volume": "90M rows/day"}) for f in ("1h", "12h")),
    spec("1h", SOURCES["postgres"] | {"tables": BARE}, destination={"kind": "bigquery"}),
    spec("1d", SOURCES["postgres"] | {"tables": {"orders": {"size": "2B rows"}}, "row_size": "100 B"}),
    spec("1h", SOURCES["postgres"] | {"peak": "50x"}),
    spec("1h", SOURCES["postgres"], deploy="kubernetes"),
    spec("1h", SOURCES["postgres"] | {"connections": 100}, destination={"kind": "postgres"}, machine={"cores": 1}),
    spec("1d", MANY)
    | {"sources": {"s": MANY, "other": MANY | {"freshness": "10m"}, "more": MANY | {"freshness": "10m"}}},
    spec(
        "1h",
        SOURCES["postgres"] | {"tables": {"orders": TABLES["orders"] | {"size": "90M rows", "volume": "1 rows/day"}}},
    ),
    spec(
        "1d",
        SOURCES["postgres"]
        | {
            "tables": {
                "orders": TABLES["orders"] | {"size": "1900M rows", "volume": "900M rows/day", "deletes": "ignore"}
            }
        },
    ),
    spec("10s", SOURCES["kafka"] | {"keyed": True, "volume": "9G rows/day", "row_size": "1 KB"}),
    spec(
        "10s",
        {"kind": "kafka", "url_env": "A_URL", "tables": {"orders": {}}, "volume": "9G rows/day"},
        on_call="always",
    ),
    *(spec(f, POLLED) for f in ("1h", "90m")),
    *(
        spec(f, POLLED | {"webhooks": True, "rate_limit": f"{rate} requests/minute"})
        for f, rate in (("1h", 60), ("30m", 60), ("1h", 20))
    ),
    spec("1h", SOURCES["files"] | {"tables": BARE, "volume": "90M rows/day", "deletes": "ignore"}),
]
OTHER_KINDS: list[Any] = [SOURCES[kind] for kind in ("postgres", "files", "kafka")]
MORE: dict[str, list[Any]] = ANSWERS | {
    "sources.{source}": OTHER_KINDS,
    "sources.{source}.volume": [*ANSWERS["sources.{source}.volume"], "90k rows/day", "20M rows/day"],
    "sources.{source}.rate_limit": ["1 requests/minute", "100 requests/minute"],
    "sources.{source}.page_size": [1, 50],
    "sources.{source}.lag": [*ANSWERS["sources.{source}.lag"], "9d"],
    "sources.{source}.peak": ["1x", "10x", "5000x"],
    "destination.kind": [*ANSWERS["destination.kind"], "duckdb"],
    "machine.memory": ["8 GB", "512 GB"],
    "machine.workers": [1, 9],
    "deploy": ["kubernetes", "compose"],
}


def levels(address: str) -> list[str]:
    """The address of an answer of the defaults, of a source and of a table, where each may say it."""
    key = address.rpartition(".")[2]
    three = [f"{at}.{key}" for at in ("defaults", "sources.{source}", "sources.{source}.tables.{table}")]
    return three if address.startswith("defaults.") or address in three else [address]


def claimed() -> set[tuple[str, str]]:
    return {
        (question, address)
        for question, origin in provenance.DECISIONS.items()
        for levels in origin.answers
        for address in levels
    }


def moved() -> set[tuple[str, str]]:
    """Every question with every answer that moves it in one of the specs."""
    found = set()
    for data in NEAR_A_THRESHOLD:
        before = choices(data)
        assert before, data
        for given, values in MORE.items():
            for address in levels(given):
                for value in values:
                    after = choices(put(data, address, value))
                    for id in (id for id in before if after and after.get(id) != before[id]):
                        question = id if id in provenance.DECISIONS else id.rpartition(".")[2]
                        found.add((question, f"{address}.kind" if address == "sources.{source}" else address))
    return found


def test_whatever_a_decision_is_said_to_follow_from_moves_it_somewhere() -> None:
    assert claimed() - moved() == set()
