"""What the panels of a repository's dashboards ask, and whether a real Prometheus has an answer."""

from __future__ import annotations

import json
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

#: In the place of what is not measured: a series with this value in a label, so that a panel says `none`.
NONE = "none"


@dataclass(frozen=True)
class Query:
    """A query of a panel, or of a variable (then ``values`` is the label that it lists)."""

    dashboard: str
    panel: str
    expr: str
    instant: bool = True
    values: str = ""

    def __str__(self) -> str:
        return f"{self.dashboard}: {self.panel}: {self.expr}"


def queries(repository: Path, prometheus: str) -> list[Query]:
    """Every query of every dashboard, variables replaced: once for each value of one that takes a single one."""
    found: list[Query] = []
    for path in sorted((repository / "monitoring" / "grafana" / "dashboards").glob("*.json")):
        board = json.loads(path.read_text(encoding="utf-8"))
        for values in _chosen(path.stem, board, prometheus, found):
            for panel in board.get("panels", ()):
                for target in panel.get("targets", ()):
                    query = Query(path.stem, panel["title"], target["expr"], bool(target.get("instant")))
                    found.append(_with(query, values))
    return found


def without_data(repository: Path, prometheus: str, minutes: int = 15) -> list[Query]:
    """The queries that a Prometheus answers with nothing, or not at all; panels look back over ``minutes``."""
    return [query for query in queries(repository, prometheus) if not series(query, prometheus, minutes)]


def with_none(repository: Path, prometheus: str, minutes: int = 15) -> set[tuple[str, str]]:
    """The panels, as (dashboard, title), that say of something that there is none of it."""
    return {
        (query.dashboard, query.panel)
        for query in queries(repository, prometheus)
        if any(NONE in labels.values() for labels, _ in series(query, prometheus, minutes))
    }


def series(query: Query, prometheus: str, minutes: int = 15) -> list[tuple[dict[str, str], list[tuple[float, float]]]]:
    """What Prometheus answers, as a panel asks it: labels, and values by time.

    Raises:
        AssertionError: it refuses the query.
    """
    now = time.time()
    if query.values:
        names = _label_values(prometheus, query.values, query.expr)
        return [({query.values: name}, [(now, 1.0)]) for name in names]
    if query.instant:
        answer = _ask(prometheus, "query", query=query.expr)
        return [(one["metric"], [_point(one["value"])]) for one in answer["result"]]
    step = max(15, minutes * 60 // 300)
    answer = _ask(prometheus, "query_range", query=query.expr, start=now - minutes * 60, end=now, step=step)
    return [(one["metric"], [_point(value) for value in one["values"]]) for one in answer["result"]]


def _chosen(name: str, board: dict[str, Any], prometheus: str, found: list[Query]) -> Iterator[dict[str, str]]:
    """What the dashboard's variables can be; their own queries are added to ``found``."""
    every: list[dict[str, str]] = [{}]
    for variable in board.get("templating", {}).get("list", ()):
        if variable["type"] != "query":
            continue
        asks = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
        assert asks, f"{name}: {variable['name']}: {variable['query']}"
        chosen = []
        for before in every:
            query = _with(Query(name, f"${variable['name']}", asks[1], values=asks[2]), before)
            found.append(query)
            values = _label_values(prometheus, query.values, query.expr)
            # A variable of several values starts with all of them.
            every_one = variable.get("allValue") or f"({'|'.join(map(re.escape, values))})"
            texts = [every_one] if variable.get("multi") else values
            chosen += [{**before, variable["name"]: text} for text in texts]
        every = chosen
    yield from every


def _with(query: Query, values: dict[str, str]) -> Query:
    expr = re.sub(r"\$(\w+)", lambda match: values[match[1]], query.expr)
    return replace(query, expr=expr)


def _label_values(prometheus: str, label: str, selector: str) -> list[str]:
    return list(_ask(prometheus, f"label/{label}/values", **{"match[]": selector}))


def _point(value: list[Any]) -> tuple[float, float]:
    return float(value[0]), float(value[1])


def _ask(prometheus: str, what: str, **parameters: Any) -> Any:
    url = f"{prometheus}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{parameters}: {error.read().decode()}") from error
