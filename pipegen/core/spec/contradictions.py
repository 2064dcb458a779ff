"""Answers that cannot be meant, alone or together, whatever the design: found in the plain data, beside what is of a wrong form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipegen.core import units
from pipegen.core.names import did_you_mean, shorten
from pipegen.core.spec import address, remote_url, source_url

Found = tuple[tuple[str | int, ...], str, str]
"""Where it stands, what is wrong, and what to do."""
_TRUE = frozenset({"true", "t", "yes", "y", "on", "1"})
_PRICES = ("compute_minute", "scanned_gb", "stored_gb")


def contradictions(data: Mapping[str, Any]) -> Iterator[Found]:
    """Every answer in a parsed pipegen.yml, valid or not, that cannot be meant."""
    yield from _ceiling(data)
    yield from _consumers(data.get("consumers"))
    for name, source in _mapping(data.get("sources")).items():
        said = _mapping(source)
        yield from _source(("sources", name), said)
        yield from _immutable(("sources", name), said)
        for table, its in _mapping(said.get("tables")).items():
            yield from _immutable(("sources", name, "tables", table), _mapping(its))


def _ceiling(data: Mapping[str, Any]) -> Iterator[Found]:
    """A ceiling is money, and nothing costs money where no price is said."""
    prices = _mapping(data.get("prices"))
    if data.get("ceiling") is not None and not any(prices.get(key) for key in _PRICES):
        hint = "say what things cost, for example `prices: {compute_minute: 0.02, stored_gb: 0.02}`, or leave it out"
        yield ("ceiling",), "`ceiling` needs `prices`: without them a cost is minutes and gigabytes, not money", hint


def _consumers(consumers: Any) -> Iterator[Found]:
    if not isinstance(consumers, Sequence) or isinstance(consumers, str):
        return
    for i, consumer in enumerate(consumers):
        if consumer in consumers[:i]:
            yield ("consumers", i), f"`consumers.{i}`: `{consumer}` is there already", "say each of them once"


def _source(at: tuple[str, ...], said: Mapping[str, Any]) -> Iterator[Found]:
    label = address.text(list(at))
    path, window = said.get("path"), said.get("window")
    if isinstance(path, str) and remote_url.has_secret(path):
        hint = "take it out: the repository has keys and passwords from environment variables"
        yield (*at, "path"), f"`{label}.path` has a password in it, or what may be one", hint
    elif said.get("kind") == "files" and isinstance(path, str) and remote_url.is_remote(path):
        scheme = path.partition("://")[0]
        if scheme not in source_url.FILES:
            hint = (
                did_you_mean(scheme, source_url.FILES) or f"a path, or a URL with one of: {', '.join(source_url.FILES)}"
            )
            yield (*at, "path"), f"`{label}.path`: files are not read from `{shorten(scheme)}://`", hint
    if _seconds(window) > units.SECONDS["d"]:
        hint = "leave it out, if the source bears a heavy read at any time"
        yield (*at, "window"), f"`{label}.window`: a day has no more than 24 hours", hint
    if _false(said.get("webhooks")) and _true(said.get("replay")) and said.get("kind") == "rest":
        hint = "`replay` is of what a source sends by itself: say `webhooks: true`, or leave `replay` out"
        yield (
            (*at, "replay"),
            f"`{label}.replay` is said of webhooks, which `{label}.webhooks` says that it has not",
            hint,
        )


def _immutable(at: tuple[str, ...], said: Mapping[str, Any]) -> Iterator[Found]:
    """Rows that never change or go have no deletes to carry out and no earlier versions to keep."""
    if not _true(said.get("immutable")):
        return
    label = address.text(list(at))
    for key, harmless, wants in (("deletes", "ignore", "deletes"), ("history", "none", "earlier versions of rows")):
        if said.get(key) not in (None, harmless):
            message = f"`{label}.{key}` wants {wants}, of rows that `{label}.immutable` says never change or go"
            yield (*at, key), message, f"`{key}: {harmless}`, or leave one of the two out"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _true(value: Any) -> bool:
    """Whether a value is yes, in any of the words that the spec takes for it."""
    return str(value).lower() in _TRUE


def _false(value: Any) -> bool:
    return value is not None and not _true(value)


def _seconds(value: Any) -> int:
    """Seconds of a duration; 0 for what is none, which is told elsewhere."""
    try:
        return units.duration(value) if isinstance(value, str) else 0
    except ValueError:
        return 0
