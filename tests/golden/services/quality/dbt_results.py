"""What dbt wrote down of its newest runs: `run_results.json`, of this environment."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from ingest import settings


def results() -> Iterator[dict[str, Any]]:
    """One entry a node and run, the newest last."""
    target = settings.ROOT / "transform" / "target"
    own = target / settings.environment()
    found = (own if own.is_dir() else target).rglob("run_results.json")
    for path in sorted(found, key=lambda path: path.stat().st_mtime_ns):
        yield from json.loads(path.read_text(encoding="utf-8"))["results"]


def statuses(*kinds: str) -> dict[str, str]:
    """The newest status of each node of these kinds, such as `test`."""
    prefixes = tuple(f"{kind}." for kind in kinds)
    return {
        one["unique_id"]: one["status"]
        for one in results()
        if one["unique_id"].startswith(prefixes)
    }


def built_since() -> dict[str, datetime]:
    """By model: when its newest build that came through was begun."""
    begun = {}
    for one in results():
        starts = [step["started_at"] for step in one.get("timing") or [] if step.get("started_at")]
        if one["unique_id"].startswith("model.") and one["status"] == "success" and starts:
            model = one["unique_id"].rsplit(".", 1)[1]
            begun[model] = datetime.fromisoformat(min(starts))
    return begun
