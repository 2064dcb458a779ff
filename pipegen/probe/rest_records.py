"""Where, in an answer, the rows are, how many there are in all, and what else lies around them.

A dotted path is written as an address of the spec is: a name with a dot in it stands in double quotes, ``"@odata.nextLink"``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipegen.core.names import identifier
from pipegen.core.spec import address

_NAMES = (
    "data",
    "results",
    "items",
    "value",
    "records",
    "rows",
    "entries",
    "content",
    "objects",
    "list",
    "result",
    "hits",
)
_DEEPEST = 4
_NO_TOTAL = 10**18
_TOTALS = frozenset(
    """
    total total_count total_results total_records total_items total_rows total_elements totalcount totalresults totalrecords
    totalitems totalelements total_size num_found odata_count count_total result_count
    """.split()
)  # as ids
_TOTAL_HEADERS = ("X-Total-Count", "X-Total", "Total-Count", "X-Pagination-Total-Count", "X-WP-Total")
_AROUND = frozenset(
    {"meta", "metadata", "pagination", "paging", "page", "page_info", "pageinfo", "info", "response_metadata", "hits"}
)


@dataclass(frozen=True)
class Rows:
    """The rows of an answer; ``path`` is where they lie, None where they are the answer."""

    path: str | None
    rows: list[dict[str, Any]]


def find_rows(body: Any, table: str) -> Rows | None:
    """The list of rows in an answer; an empty list only where its name says so. None where there is none."""
    if isinstance(body, list):
        return Rows(None, body) if _are_rows(body) else None
    if not isinstance(body, dict):
        return None
    found = [(_rank(path, rows, table), path, rows) for path, rows in _lists(body, [])]
    if not found:
        return None
    _, path, rows = min(found, key=lambda one: one[:2])
    return Rows(address.text(path), rows)


def _rank(path: list[str], rows: list[Any], table: str) -> tuple[int, int, int]:
    """What is named like a list of rows comes first, then what is named like its table, then what lies least deep."""
    own = {identifier(table), identifier(table.rstrip("/").rpartition("/")[2])}
    named = path[-1].lower() in _NAMES or identifier(path[-1]) in own or "_embedded" in path
    return (0 if rows else 1, 0 if named else 1, len(path))


def _lists(node: Mapping[str, Any], at: list[str]) -> Iterator[tuple[list[str], list[dict[str, Any]]]]:
    for name, value in node.items():
        path = [*at, str(name)]
        if not name:
            continue
        if isinstance(value, list) and (
            _are_rows(value) if value else str(name).lower() in _NAMES or "_embedded" in path
        ):
            yield path, value
        elif isinstance(value, dict) and len(path) < _DEEPEST and name not in ("_links", "links"):
            yield from _lists(value, path)


def _are_rows(value: list[Any]) -> bool:
    return all(isinstance(one, dict) for one in value)


def value_at(body: Any, path: str | None) -> Any:
    """What lies at a dotted path of an answer; the answer itself for no path, None where nothing does."""
    for part in address.parse(path) if path else ():
        if not isinstance(body, dict) or part not in body:
            return None
        body = body[part]
    return body


def around(body: Any, rows: str | None) -> Iterator[tuple[list[str], Any]]:
    """The single values of an answer beside its rows, each with its path: at the top, and in what is told of pages there."""
    if not isinstance(body, dict):
        return
    own = address.parse(rows) if rows else []
    waiting: list[tuple[list[str], Mapping[str, Any]]] = [([], body)]
    while waiting:
        at, node = waiting.pop(0)
        for name, value in node.items():
            path = [*at, str(name)]
            if not name or path == own:
                continue
            if not isinstance(value, dict | list):
                yield path, value
            elif isinstance(value, dict) and len(path) < _DEEPEST:
                waiting.append((path, value))


def find_total(body: Any, headers: Mapping[str, str], found: Rows) -> int | None:
    """How many rows an answer says that there are in all."""
    here = len(found.rows)
    for name in _TOTAL_HEADERS:
        said = headers.get(name, "")
        if re.fullmatch(r"[0-9]{1,18}", said) and int(said) >= here:
            return int(said)
    ranged = re.fullmatch(r"\w+ (?:[0-9]+-[0-9]+|\*)/([0-9]{1,18})", headers.get("Content-Range", ""))
    if ranged:
        return int(ranged[1])
    for path, value in around(body, found.path):
        if isinstance(value, int) and not isinstance(value, bool) and value >= here and _is_total(path, value, here):
            return value
    return None


def _is_total(path: list[str], value: int, here: int) -> bool:
    if len(path) > 1 and identifier(path[-2]) not in _AROUND:
        return False
    name = identifier(path[-1])
    if value >= _NO_TOTAL:
        return False
    return name in _TOTALS or (name == "count" and value > here)  # `count` may speak of this page alone
