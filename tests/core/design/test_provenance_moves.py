"""The table of provenance is held against the rules: whatever answer moves a decision is among what it follows from."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from pipegen.core.design import provenance
from pipegen.core.design.decide import decide
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
        return {d.id: d.choice for d in decide(load(data), {}).decisions}
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
            waiting += provenance.before(one)
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
