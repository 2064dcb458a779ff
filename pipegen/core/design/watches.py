"""What moves a decision: numbers and answers of the inputs, each with the assignments for ``--set`` that move it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from pipegen.core import units
from pipegen.core.design import calibration as c
from pipegen.core.design.inputs import CLOUD, DATABASES, Inputs, SourceInputs, TableInputs
from pipegen.core.design.told import quantity
from pipegen.core.spec import address
from pipegen.core.spec.model import Machine

Sets = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Watch:
    """A number that moves decisions. ``at`` gives the inputs with it, ``sets`` its assignments, ``text`` how it reads.

    ``id`` tells it from others, ``phrase`` has ``{}`` where the number stands. It is a whole number from ``low`` to ``high``.
    """

    id: str
    phrase: str
    unit: str
    now: int
    low: int
    high: int
    at: Callable[[int], Inputs]
    sets: Callable[[int], Sets]
    text: Callable[[int], str]


@dataclass(frozen=True)
class Answer:
    """An answer in words that moves decisions: its assignments, and the inputs with it."""

    phrase: str
    sets: Sets
    inputs: Inputs


def where(*parts: str) -> str:
    return address.text(list(parts))


def with_source(p: Inputs, s: SourceInputs) -> Inputs:
    """The inputs with another version of one of their sources."""
    return replace(p, sources=tuple(s if one.name == s.name else one for one in p.sources))


def with_destination(p: Inputs, kind: str) -> Inputs:
    """The inputs with another destination, which may load files from object storage by itself."""
    sources = tuple(replace(s, bulk=s.objects and kind in CLOUD) for s in p.sources)
    return replace(p, destination=kind, sources=sources)


def with_table(p: Inputs, s: SourceInputs, t: TableInputs) -> Inputs:
    tables = tuple(t if one.name == t.name else one for one in s.tables)
    return with_source(p, replace(s, tables=tables, freshness=min(one.freshness for one in tables)))


def at_source_freshness(s: SourceInputs, freshness: int) -> tuple[SourceInputs, tuple[TableInputs, ...]]:
    """A source as fresh as this: tables that say nothing follow, those that say their own are moved only where they must.

    Returns:
        The source, and the tables whose own answer had to be moved.
    """
    inherits = any(not t.own_freshness for t in s.tables)
    moved = [
        t
        for t in s.tables
        if t.own_freshness and (t.freshness < freshness or (not inherits and t.freshness == s.freshness))
    ]
    names = {t.name for t in moved}
    tables = tuple(replace(t, freshness=freshness) if not t.own_freshness or t.name in names else t for t in s.tables)
    return replace(s, tables=tables, freshness=min((t.freshness for t in tables), default=freshness)), tuple(moved)


def source_freshness(p: Inputs, s: SourceInputs) -> Watch:
    def sets(v: int) -> Sets:
        moved = at_source_freshness(s, v)[1]
        own = tuple((where("sources", s.name, "tables", t.name, "freshness"), units.duration_text(v)) for t in moved)
        inherits = any(not t.own_freshness for t in s.tables)
        return (((where("sources", s.name, "freshness"), units.duration_text(v)),) if inherits else ()) + own

    return Watch(
        f"{s.name} freshness", "a freshness of {}", "s", s.freshness, 1, units.CENTURY,
        lambda v: with_source(p, at_source_freshness(s, v)[0]), sets, units.duration_text,
    )  # fmt: skip


def table_watches(p: Inputs, s: SourceInputs, t: TableInputs) -> dict[str, Watch]:
    """The numbers of one table by their name."""
    at = ("sources", s.name, "tables", t.name)

    def moved(field: str) -> Callable[[int], Inputs]:
        return lambda v: with_table(p, s, replace(t, **{field: v}))  # type: ignore[arg-type]

    def said(field: str, text: Callable[[int], str]) -> Callable[[int], Sets]:
        return lambda v: ((where(*at, field), text(v)),)

    duration = units.duration_text
    found = {
        "freshness": Watch(f"{t.address} freshness", f"a freshness of {{}} of {t.name}", "s", t.freshness, 1, units.CENTURY,
                           moved("freshness"), said("freshness", duration), duration),
        "lateness": Watch(f"{t.address} lateness", f"a lateness of {{}} of {t.name}", "s", t.lateness, 1, units.CENTURY,
                          moved("lateness"), said("lateness", duration), duration),
    }  # fmt: skip
    if t.known_rows is not None:
        found["size"] = Watch(
            f"{t.address} size", f"{{}} rows in {t.name}", "rows", int(t.known_rows), 0, 10**15, moved("known_rows"),
            said("size", lambda v: f"{v} rows"), quantity,
        )  # fmt: skip
    if t.known_rows is not None or t.known_per_day is not None:
        found["volume"] = Watch(
            f"{t.address} volume", f"{{}} new and changed rows a day in {t.name}", "rows/day", int(t.per_day), 0, 10**14,
            lambda v: with_table(p, s, replace(t, known_per_day=float(v), per_day_how="said")),
            said("volume", lambda v: f"{v} rows/day"), quantity,
        )  # fmt: skip
    return found


def table_answers(p: Inputs, s: SourceInputs, t: TableInputs) -> Iterator[Answer]:
    """Other answers for one table, and those of its source that concern its log."""
    at = ("sources", s.name, "tables", t.name)
    if not t.immutable:  # rows that never change or go have neither deletes nor earlier versions
        for deletes in ("ignore", "soft", "hard"):
            if deletes != t.deletes:
                sets = ((where(*at, "deletes"), deletes),)
                yield Answer(f"`deletes: {deletes}`", sets, with_table(p, s, replace(t, deletes=deletes)))
        for kept in ("none", "scd2", "daily", "every-change"):
            if kept != t.history:
                sets = ((where(*at, "history"), kept),)
                yield Answer(f"`history: {kept}`", sets, with_table(p, s, replace(t, history=kept)))
    yield _immutable(p, s, t)
    if t.retention is None:
        yield Answer(
            "`retention: 400d`",
            ((where(*at, "retention"), "400d"),),
            with_table(p, s, replace(t, retention=400 * 86_400)),
        )
    yield from log_answers(p, s)


def _immutable(p: Inputs, s: SourceInputs, t: TableInputs) -> Answer:
    """The other answer to whether rows ever change; where they do not, with what must be said beside it."""
    at, said = ("sources", s.name, "tables", t.name), str(not t.immutable).lower()
    sets: Sets = ((where(*at, "immutable"), said),)
    other = replace(t, immutable=not t.immutable)
    if other.immutable:
        beside = (("deletes", t.deletes, "ignore"), ("history", t.history, "none"))
        sets += tuple((where(*at, field), harmless) for field, now, harmless in beside if now != harmless)
        other = replace(other, deletes="ignore", history="none")
    return Answer(f"`immutable: {said}`", sets, with_table(p, s, other))


def log_answers(p: Inputs, s: SourceInputs) -> Iterator[Answer]:
    if s.kind in DATABASES:
        other = not s.log
        yield Answer(
            f"`change_log: {str(other).lower()}`", ((where("sources", s.name, "change_log"), str(other).lower()),),
            with_source(p, replace(s, log=other, log_lacks="" if other else "`change_log` says no")),
        )  # fmt: skip


def source_answers(p: Inputs, s: SourceInputs) -> Iterator[Answer]:
    yield from log_answers(p, s)
    if s.kind == "rest":
        offers, replays = str(not s.webhooks).lower(), str(not s.replay).lower()
        at = ("sources", s.name)
        yield Answer(
            f"`webhooks: {offers}`", ((where(*at, "webhooks"), offers),), with_source(p, replace(s, webhooks=not s.webhooks))
        )  # fmt: skip
        yield Answer(
            f"`replay: {replays}`", ((where(*at, "replay"), replays),), with_source(p, replace(s, replay=not s.replay))
        )


def whole_answers(p: Inputs, destinations: tuple[str, ...]) -> Iterator[Answer]:
    """Other answers for the whole pipeline."""
    for kind in destinations:
        if kind != p.destination:
            yield Answer(f"`destination: {kind}`", ((where("destination", "kind"), kind),), with_destination(p, kind))
    for call in ("none", "working-hours", "always"):
        if call != p.on_call:
            yield Answer(f"`on_call: {call}`", (("on_call", call),), replace(p, on_call=call))
    if not p.acts:
        yield Answer("`consumers: [actions]`", (("consumers", "[actions]"),), replace(p, consumers=("actions",)))
    other = "allowed" if p.raw_forbidden else "forbidden"
    yield Answer(
        f"`raw_personal_data: {other}`", (("raw_personal_data", other),), replace(p, raw_forbidden=not p.raw_forbidden)
    )
    for deploy in ("compose", "kubernetes"):
        if deploy != p.deploy:
            yield Answer(f"`deploy: {deploy}`", (("deploy", deploy),), replace(p, deploy=deploy))


def outage(p: Inputs) -> Watch:
    return Watch(
        "outage", "an outage of {}", "s", p.outage, 1, units.CENTURY, lambda v: replace(p, outage=v),
        lambda v: (("defaults.outage", units.duration_text(v)),), units.duration_text,
    )  # fmt: skip


def machine_watches(p: Inputs) -> Iterator[Watch]:
    """Cores, memory and worker machines, as far as the machine was described."""
    machine = p.machine or Machine()

    def with_machine(**fields: object) -> Inputs:
        return replace(p, machine=machine.model_copy(update=fields))

    if p.machine is not None:
        yield Watch(
            "cores", "{} cores", "cores", machine.cores, 1, 10_000, lambda v: with_machine(cores=v),
            lambda v: (("machine.cores", str(v)),), str,
        )  # fmt: skip
    yield Watch(
        "workers", "{} worker machines", "machines", machine.workers, 1, 10_000, lambda v: with_machine(workers=v),
        lambda v: (("machine.workers", str(v)),), str,
    )  # fmt: skip
    yield Watch(
        "memory", "{} GB of memory", "GB", int(units.bytes_(machine.memory) / 1e9), 1, 100_000,
        lambda v: with_machine(memory=f"{v} GB"), lambda v: (("machine.memory", f"{v} GB"),), str,
    )  # fmt: skip


def state(p: Inputs, s: SourceInputs) -> Watch:
    """What joins and windows over event time hold at once, in gigabytes."""
    return Watch(
        f"{s.name} state", f"{{}} GB of event-time state of {s.name}", "GB", int(s.state / 1e9), 1, 100_000,
        lambda v: with_source(p, replace(s, state=v * 1e9)),
        lambda v: ((where("sources", s.name, "state"), f"{v} GB"),), str,
    )  # fmt: skip


def connections(p: Inputs, s: SourceInputs) -> Watch | None:
    if s.connections is None:
        return None
    return Watch(
        f"{s.name} connections", f"{{}} connections of {s.name}", "connections", s.connections, 1, 100_000,
        lambda v: with_source(p, replace(s, connections=v)),
        lambda v: ((where("sources", s.name, "connections"), str(v)),), str,
    )  # fmt: skip


def largest(p: Inputs) -> tuple[SourceInputs, TableInputs] | None:
    """The table that holds most."""
    every = [(s, t) for s in p.sources for t in s.tables]
    return max(every, key=lambda one: (one[1].total_bytes, one[1].per_day), default=None)


THRESHOLDS = tuple(
    int(one.value) for one in (c.FLINK_BELOW, c.STREAM_BELOW, c.MICRO_BATCH_BELOW, c.FREQUENT_BATCH_BELOW)
)
