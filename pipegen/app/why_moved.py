"""Which decisions a value of the inputs moves: it is given other values, and everything is decided again for each.

An answer bears on a decision only where another one would change it, in this very pipeline; nothing else is claimed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from pipegen.app.last_render import LastRender
from pipegen.core.design.decide import choices
from pipegen.core.design.decision import Decision
from pipegen.core.errors import SpecError
from pipegen.core.measured import Measured
from pipegen.core.spec import load as spec_load
from pipegen.core.spec.load import Address
from pipegen.store import workspace

_DURATIONS = ("1s", "5s", "30s", "2m", "10m", "30m", "1h", "3h", "12h", "1d", "7d", "60d", "3000d")
_BYTES = ("1 B", "1 KB", "1 MB", "1 GB", "100 GB", "10 TB", "1000 TB")
_TREATMENTS = ("mask", "tokenise", "drop", "keep")
OTHERS: Mapping[str, Sequence[Any]] = {
    **dict.fromkeys(("freshness", "lateness", "outage", "retention", "lag", "window", "log_kept"), _DURATIONS),
    **dict.fromkeys(("row_size", "state", "free_disk", "memory"), _BYTES),
    **dict.fromkeys(("immutable", "change_log", "webhooks", "replay", "keyed"), (True, False)),
    **dict.fromkeys(("connections", "page_size", "cores", "workers"), (1, 3, 20, 1000)),
    "volume": ("1 rows/day", "10k rows/day", "10M rows/day", "900M rows/day", "900B rows/day"),
    "size": ("10 rows", "1M rows", "50M rows", "900M rows", "900B rows"),
    "peak": ("1x", "4x", "50x", "5000x"),
    "growth": ("0%/month", "50%/month"),
    "rate_limit": ("1 requests/minute", "100 requests/minute", "9000 requests/minute"),
    "deletes": ("ignore", "soft", "hard"),
    "history": ("none", "scd2", "daily", "every-change"),
    "parsing": ("sql", "code"),
    "delivered": ("06:00", "18:00"),
    "key": ([],),
    "on_call": ("none", "working-hours", "always"),
    "consumers": (["actions"], ["dashboards"]),
    "raw_personal_data": ("allowed", "forbidden"),
    "deploy": ("compose", "kubernetes", "none"),
}
"""Other values of the answers that rules look at, by their key, from one end of what people say to the other."""
_COUNTS = (0, 10, 10**4, 10**6, 10**8, 10**10, 10**13)
_DESTINATIONS = ("duckdb", "postgres", "bigquery", "snowflake", "databricks", "lake")
_KINDS: Mapping[str, Mapping[str, str]] = {
    **{kind: {"url_env": "ANY_URL"} for kind in ("postgres", "mysql", "mongodb", "kafka", "rest")},
    **{kind: {"path": "any/*"} for kind in ("files", "sqlite")}, "webhook": {},
}  # fmt: skip
_NOTHING = object()  # takes a value out


@dataclass(frozen=True)
class Moved:
    """The decisions that a value moves; of an override, ``following`` are those that follow from its own."""

    decisions: tuple[Decision, ...] = ()
    following: tuple[Decision, ...] = ()


def moved(last: LastRender, name: str, address: Address) -> Moved:
    """The decisions of the last render that the value at an address of an input would move.

    Of a source or a table of pipegen.yml, these are all that are about it, too.
    """
    if name == workspace.SPEC_FILE and address[0] == "overrides":
        return _of_override(last, address)
    trial = _Trial(last, name)
    about = _prefix(address) if name == workspace.SPEC_FILE else None
    ids = trial.of(address)
    return Moved(tuple(d for d in last.design.decisions if d.id in ids or (about and d.id.startswith(about))))


def _of_override(last: LastRender, address: Address) -> Moved:
    """The decision that was taken, and those that would be others if it was left to the rules, or taken otherwise."""
    trial, decisions = _Trial(last, workspace.SPEC_FILE), {d.id: d for d in last.design.decisions}
    ids: set[str] = set()
    taken = [decisions[str(part)] for part in address[1:2] if part in decisions]
    for own in taken or decisions.values():
        at = ("overrides", own.id)
        if own.overridden and address[2:] != ("because",):
            others = [_NOTHING, *({"choice": other.choice} for other in own.alternatives)]
            ids |= {id for value in others for id in trial.changed(at, value)}
    own_ids = {d.id for d in taken} or {d.id for d in decisions.values() if d.overridden}
    return Moved(
        tuple(d for d in last.design.decisions if d.id in own_ids),
        tuple(d for d in last.design.decisions if d.id in ids - own_ids),
    )


class _Trial:
    """Other values of one file of the inputs, each decided for by itself."""

    def __init__(self, last: LastRender, name: str) -> None:
        self._spec, self._facts = last.spec, last.facts
        self._source = None if name == workspace.SPEC_FILE else name.removeprefix("sources/").removesuffix(".yml")
        self._values = (last.said if self._source is None else last.measured[self._source]).values
        self._catalog = last.spec.catalog
        self._before = choices(self._spec, self._facts).choice

    def of(self, address: Address) -> set[str]:
        """The decisions that a value, or one that is in it, moves."""
        tried = [(at, other) for at in _leaves(self._values, address) for other in self._others(at)]
        if self._source is None and _prefix(address):
            tried.append((address, _NOTHING))
        return {id for at, other in tried for id in self.changed(at, other)}

    def changed(self, address: Address, value: Any) -> set[str]:
        """The decisions that another value of an answer or a measurement changes; none where it is not valid."""
        values = _with(self._values, address, value)
        try:
            if self._source is None:
                after = choices(spec_load.load({"catalog": self._catalog, **values}), self._facts).choice
            else:
                after = choices(self._spec, {**self._facts, self._source: Measured.model_validate(values)}).choice
        except (SpecError, ValidationError):
            return set()
        return {id for id, choice in self._before.items() if after.get(id) != choice}

    def _others(self, at: Address) -> Sequence[Any]:
        if self._source is not None:
            now = _at(self._values, at)
            return [*(_COUNTS if isinstance(now, int | float) and not isinstance(now, bool) else ()), _NOTHING]
        if at == ("destination", "kind"):
            return _DESTINATIONS
        if at[:1] == ("sources",) and at[2:] == ("kind",):
            return list(_KINDS)
        return [*(_TREATMENTS if at[-2:-1] == ("columns",) else OTHERS.get(str(at[-1]), ())), _NOTHING]


def _leaves(values: Any, address: Address) -> Iterator[Address]:
    """The addresses of the plain values at or below one; nothing of what is about many tables, nor of marts."""
    if (
        address[:1] == ("marts",)
        or address == ("sources",)
        or (address[:1] == ("sources",) and address[2:] == ("tables",))
    ):
        return
    value = _at(values, address)
    if isinstance(value, Mapping) and value:
        for key in value:
            yield from _leaves(values, (*address, key))
    elif value is not _NOTHING:
        yield address


def _prefix(address: Address) -> tuple[str, ...]:
    """What the ids of decisions about a source or a table of pipegen.yml begin with; none for any other address."""
    match address:
        case ("sources", source) | ("sources", source, "tables"):
            return (f"{source}.",)
        case ("sources", source, "tables", table):
            return (f"{source}.{table}.",)
    return ()


def _with(values: Mapping[str, Any], address: Address, value: Any) -> dict[str, Any]:
    """The values with another one at an address, or with none; what is of another kind has what every one of it has."""
    changed: Any = deepcopy(dict(values))
    node = changed
    for part in address[:-1]:
        node = node[part]
    if value is _NOTHING:
        del node[address[-1]]
    elif address == ("destination", "kind"):
        changed["destination"] = {"kind": value}
    elif address[:1] == ("sources",) and address[2:] == ("kind",):
        changed["sources"][address[1]] = {**_KINDS[value], **spec_load.of_its_kind(node, value), "kind": value}
    else:
        node[address[-1]] = value
    return dict(changed)


def _at(values: Any, address: Address) -> Any:
    for part in address:
        try:
            values = values[part]
        except (LookupError, TypeError):
            return _NOTHING
    return values
