"""How a fact mart is built from a table that grows, and what of personal data no mart can have."""

from __future__ import annotations

import re
from typing import Any

from pipegen.core import names, sql
from pipegen.core.design.model import Table

BEGAN = "2020-01-01"  # where no oldest watermark was measured
_COUNTS = re.compile(r"\s*(count|approx_count_distinct)\s*\(", re.IGNORECASE)

Problem = tuple[str, str]


def fact_load(table: Table, grain: tuple[str, ...], interval: int) -> dict[str, Any]:
    """The fields of a fact mart that say how it is built.

    Incremental where its table is and a row of one is a row of the other; in microbatches where the table is written by event
    time, or has no key to merge by; a whole table otherwise.
    """
    if not table.incremental or grain != table.key:
        return {"soft_deletes": table.soft_deletes}
    by_time = table.write in ("microbatch", "partition-overwrite")
    return {
        "load": "microbatch" if by_time else "incremental",
        "event_time": table.watermark if by_time else None,
        "lookback_batches": table.lookback_batches,
        "lookback_seconds": max(table.lateness_seconds, interval),
        "began": table.began or BEGAN,
        "soft_deletes": table.soft_deletes,
        "hard_deletes": table.hard_deletes,
    }


def dropped_problem(column: str, table: Table) -> Problem | None:
    """Why a column is not there, where it is one that is dropped before it lands."""
    if column not in table.dropped and column not in {names.identifier(c) for c in table.dropped}:
        return None
    message = f"column `{names.shorten(column)}` of `{table.name}` is dropped before it lands"
    return message, "leave it out, or `tokenise` it instead"


def aggregate_problem(expression: str, field: str, table: Table) -> Problem | None:
    """Why an aggregate cannot have an expression: a column in it is dropped, or is a token and no value any more."""
    words = sql.words(expression)
    for word in sorted(words - {c.id for c in table.columns}):
        gone = dropped_problem(word, table)
        if gone:
            return gone
    treated = sorted(c.id for c in table.columns if c.treatment and c.id in words)
    if field == "measures" and treated and not _COUNTS.match(expression):
        message = f"`{names.shorten(expression)}`: column `{treated[0]}` is treated as personal data before it lands"
        return message, "only its rows can be counted: `count(distinct …)`; or `keep` the column"
    return None
