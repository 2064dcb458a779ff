"""Retries: how often a failed task is tried again, and after how long; their sum stays within a share of the freshness."""

from __future__ import annotations

import re

from pipegen.core import units
from pipegen.core.design import calibration as c
from pipegen.core.design.decision import Alternative
from pipegen.core.design.told import Told, Trouble


def count(freshness: int) -> int:
    """Retries that fit: fewer than the usual where even delays of a second would be too long."""
    most = int(c.RETRIES.value)
    return next((n for n in range(most, 0, -1) if total(n, 1) <= freshness * c.RETRY_SHARE.value), 0)


def first_delay(freshness: int, retries: int | None = None) -> int:
    """Seconds before the first of the retries, which double: their sum stays within a quarter of the freshness."""
    doublings = total(count(freshness) if retries is None else retries, 1)
    return max(1, min(int(c.RETRY_DELAY.value), int(freshness * c.RETRY_SHARE.value / max(1, doublings))))


def total(retries: int, delay: int) -> int:
    """Seconds that all retries together may wait."""
    return int(delay * (2**retries - 1))


def choose(freshness: int) -> str:
    return text(count(freshness), first_delay(freshness))


def text(retries: int, delay: int) -> str:
    return f"{retries}, first after {units.duration_text(delay)}" if retries else "0"


def parse(choice: str, freshness: int) -> tuple[int, int] | None:
    """Retries and the first delay of ``3, first after 5m``, or of ``2`` alone; None where it is neither."""
    match = re.fullmatch(r"\s*(\d{1,2})\s*(?:,\s*first after\s+(\S+))?\s*", choice)
    if not match or int(match[1]) > 10:
        return None
    retries = int(match[1])
    try:
        return retries, units.duration(match[2]) if match[2] else first_delay(freshness, retries)
    except ValueError:
        return None


def problem(freshness: int, choice: str) -> Trouble | None:
    read = parse(choice, freshness)
    if read is None:
        return f"`{choice}` is not a number of retries", "for example `3, first after 5m`, or `2`; at most 10"
    if total(*read) > freshness * c.RETRY_SHARE.value:
        waits, share = units.duration_text(total(*read)), c.RETRY_SHARE.share
        return f"`{choice}` waits {waits} in all, more than {share} of the freshness", f"works: `{choose(freshness)}`"
    return None


def tell(freshness: int, choice: str) -> Told:
    retries, delay = parse(choice, freshness) or (0, 0)
    waits = (
        f"in all they wait {units.duration_text(total(retries, delay))}, at most {c.RETRY_SHARE.share} of it"
        if retries
        else f"a wait of a second is more than {c.RETRY_SHARE.share} of it"
    )
    none = Alternative("0", "a network that stumbles once would wake somebody")
    more = Alternative("more", "data would be late before anybody hears of it")
    return Told(
        (f"freshness {units.duration_text(freshness)}", waits), (none, more) if retries else (more,), "retries",
        c.RETRIES.source,
    )  # fmt: skip
