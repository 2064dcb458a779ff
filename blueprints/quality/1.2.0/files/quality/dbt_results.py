"""What dbt wrote down of its newest runs: `run_results.json`, `sources.json` and `manifest.json`, of this environment."""

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from ingest import settings
from ingest.declaration import LoadError


def _paths(name: str) -> list[Path]:
    """The files of this name, the newest last."""
    target = settings.from_root(os.environ.get("DBT_TARGET_PATH") or "transform/target")
    own = target / settings.environment()
    found = (own if own.is_dir() else target).rglob(name)
    return sorted(found, key=lambda path: path.stat().st_mtime_ns)


def _read(path: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:  # dbt was killed while it wrote
        raise LoadError(f"{path} is no whole JSON: dbt writes it anew when it runs") from None
    return document


def results() -> Iterator[dict[str, Any]]:
    """One entry a node and run, the newest last."""
    yield from _entries("run_results.json")


def freshness() -> Iterator[dict[str, Any]]:
    """How fresh each source table was, one entry a table and run."""
    yield from _entries("sources.json")


def _entries(name: str) -> Iterator[dict[str, Any]]:
    for path in _paths(name):
        document = _read(path)
        written = document.get("metadata", {}).get("generated_at")
        yield from ({**one, "generated_at": written} for one in document["results"])


def tests() -> dict[str, str]:
    """The data tests that are declared, by name, with the model that each is of."""
    newest = _paths("manifest.json")[-1:]
    nodes = _read(newest[0])["nodes"] if newest else {}
    return {
        node["name"]: _of(node)
        for unique_id, node in nodes.items()
        if unique_id.startswith("test.")
    }


def _of(node: dict[str, Any]) -> str:
    """The model that a test is of; where it names none, the first that it reads."""
    named = [node.get("attached_node"), *node["depends_on"]["nodes"]]
    return str(next((one for one in named if one), "")).rsplit(".", 1)[-1]


def begun(one: dict[str, Any]) -> datetime:
    """When a node was begun; of one that was not, when the results were written."""
    starts = [step["started_at"] for step in one.get("timing") or [] if step.get("started_at")]
    return datetime.fromisoformat(min(starts) if starts else one["generated_at"])


def ended(one: dict[str, Any]) -> datetime:
    """When a node came to its result."""
    ends = [step["completed_at"] for step in one.get("timing") or [] if step.get("completed_at")]
    return datetime.fromisoformat(max(ends) if ends else one["generated_at"])


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
    return {
        one["unique_id"].rsplit(".", 1)[1]: begun(one)
        for one in results()
        if one["unique_id"].startswith("model.")
        and one["status"] == "success"
        and one.get("timing")
    }
