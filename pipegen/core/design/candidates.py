"""Other answers near those that were given: what could be asked instead, where a demand is missed or a choice is not built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import ceil

from pipegen.core import names, units
from pipegen.core.design import watches
from pipegen.core.design.built import DESTINATIONS
from pipegen.core.design.calibration import DISK_SHARE
from pipegen.core.design.choose import Chosen
from pipegen.core.design.inputs import DATABASES, Inputs, SourceInputs, TableInputs
from pipegen.core.design.rules import extract, logs
from pipegen.core.design.unmet import achievable
from pipegen.core.sizing import figures
from pipegen.core.spec.model import PipelineSpec

# Durations that people say, in seconds.
USUAL = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 28_800, 43_200, 86_400,
         172_800, 259_200, 604_800, 1_209_600, 2_592_000)  # fmt: skip
_WHOLE = ("destination.kind", "destination.engine", "pipeline.executor", "on_call", "ceiling")


@dataclass(frozen=True)
class Candidate:
    """Other answers: the assignments, the inputs with them, and decisions that a person would take."""

    sets: watches.Sets
    inputs: Inputs
    overrides: Mapping[str, str] = field(default_factory=dict)


def usual(seconds: int) -> int:
    """The least duration that people say and that is no shorter."""
    return next((u for u in USUAL if u >= seconds), -(-seconds // 86_400) * 86_400)


def candidates(id: str, chosen: Chosen, spec: PipelineSpec) -> Iterator[Candidate]:
    """Other answers for a demand or a choice, by its id, the nearest first."""
    p = chosen.inputs
    if id in chosen.overridden and id in chosen.natural:
        natural = chosen.natural[id]
        yield Candidate(((f"overrides.{id}", natural),), p, {id: natural})
    source, question = id.split(".", 1)[0], id.rpartition(".")[2]
    s = next((s for s in p.sources if s.name == source and id not in _WHOLE), None)
    if s is None:
        yield from _for_whole(id, chosen)
        return
    t = next((t for t in s.tables if f"{t.address}.{question}" == id), None)
    if t is not None:
        yield from _for_table(question, s, t, chosen, spec)
    elif question == "kind":
        yield from _for_kind(s, p)
    else:
        yield from _for_source(question, s, chosen)


def _less_fresh(s: SourceInputs, chosen: Chosen) -> Iterator[Candidate]:
    """As fresh as the source can be kept, and the tier above."""
    watch = watches.source_freshness(chosen.inputs, s)
    best = achievable(s, chosen)
    tiers = [usual(best)] if best is not None and best > s.freshness else []
    tiers += [tier for tier in (60, 300, 3600, 86_400, 604_800) if tier > max([s.freshness, *tiers])]
    for tier in tiers[:2]:
        yield Candidate(watch.sets(tier), watch.at(tier))


def _answers(p: Inputs, s: SourceInputs) -> Iterator[Candidate]:
    """What the source might offer, and somebody who is called at night, alone and together."""
    night = (("on_call", "always"),)
    for answer in watches.source_answers(p, s):
        if answer.sets[0][1] == "true":
            yield Candidate(answer.sets, answer.inputs)
            if p.on_call != "always":
                yield Candidate((*answer.sets, *night), replace(answer.inputs, on_call="always"))
    if p.on_call != "always":
        yield Candidate(night, replace(p, on_call="always"))


def _for_source(question: str, s: SourceInputs, chosen: Chosen) -> Iterator[Candidate]:
    p = chosen.inputs
    if question in ("freshness", "mode", "direction", "volume"):
        yield from _less_fresh(s, chosen)
        yield from _answers(p, s)
        for t in s.tables:
            if t.deletes != "ignore" and extract.marked(t) and not t.immutable:
                yield from _deletes(s, t, p, ("ignore",))
        if question == "direction":
            yield Candidate(((f"overrides.{s.name}.direction", "pull"),), p, {f"{s.name}.direction": "pull"})
        if question == "volume":  # a stream reads with as many readers as it takes
            id = f"{s.name}.mode"
            sets = ((f"overrides.{id}", "spark-streaming"), ("on_call", "always"))
            yield Candidate(sets, replace(p, on_call="always"), {id: "spark-streaming"})
    elif question == "rate_limit":
        yield from _less_fresh(s, chosen)
        for factor in (2, 4, 10):
            rate = (s.request_rate or 1) * factor
            told = f"{ceil(rate * 60)} requests/minute" if rate >= 1 / 60 else f"{ceil(rate * 86_400)} requests/day"
            yield Candidate(
                ((watches.where("sources", s.name, "rate_limit"), told),),
                watches.with_source(p, replace(s, request_rate=units.request_rate(told))),
            )
        yield from _answers(p, s)
    elif question == "outage":
        yield from _outages(s, p)
    elif question == "window":
        yield from _answers(p, s)
        wide = usual(int(extract.heavy(s, chosen.sources[s.name].extracts)) + 1)
        said = units.duration_text(wide) if wide <= 86_400 else "null"
        at = watches.where("sources", s.name, "window")
        yield Candidate(((at, said),), watches.with_source(p, replace(s, window=wide if wide <= 86_400 else None)))
    elif question == "parsing":
        yield Candidate(
            ((watches.where("sources", s.name, "parsing"), "sql"),), watches.with_source(p, replace(s, parsing="sql"))
        )


def _outages(s: SourceInputs, p: Inputs) -> Iterator[Candidate]:
    """A log that is kept for longer, an outage that it is kept for, and no need of the log."""
    borne = p.outage
    if s.log_kept is not None and s.log_kept < p.outage:
        kept = watches.where("sources", s.name, "log_kept")
        yield Candidate(((kept, units.duration_text(p.outage)),), watches.with_source(p, replace(s, log_kept=p.outage)))
        borne = s.log_kept
    cap = logs.cap_bytes(s, p.outage)
    if s.free_disk is not None and cap > s.free_disk * DISK_SHARE.value:
        disk = f"{ceil(cap / DISK_SHARE.value / 1e9)} GB"
        told = ((watches.where("sources", s.name, "free_disk"), disk),)
        yield Candidate(told, watches.with_source(p, replace(s, free_disk=units.bytes_(disk))))
        borne = min(borne, int(p.outage * s.free_disk * DISK_SHARE.value / cap))
    less, watch = max((u for u in USUAL if u <= borne), default=1), watches.outage(p)
    yield Candidate(watch.sets(less), watch.at(less))
    every = [t for t in s.tables if t.history == "every-change" and not t.immutable]
    if every:
        sets = tuple((watches.where("sources", s.name, "tables", t.name, "history"), "scd2") for t in every)
        tables = tuple(replace(t, history="scd2") if t in every else t for t in s.tables)
        yield Candidate(sets, watches.with_source(p, replace(s, tables=tables)))


def _deletes(s: SourceInputs, t: TableInputs, p: Inputs, kinds: tuple[str, ...]) -> Iterator[Candidate]:
    for kind in kinds:
        at = watches.where("sources", s.name, "tables", t.name, "deletes")
        yield Candidate(((at, kind),), watches.with_table(p, s, replace(t, deletes=kind)))


def _deletes_of_all(s: SourceInputs, p: Inputs, spec: PipelineSpec, kinds: tuple[str, ...]) -> Iterator[Candidate]:
    """The same answer for every table that wants soft deletes: of the source, where no table says its own."""
    said = spec.sources[s.name]
    own = said.immutable or any(t.deletes is not None for t in said.tables.values())
    soft = {t.name for t in s.tables if t.deletes == "soft" and not t.immutable}
    for kind in kinds:
        at = [("sources", s.name, "tables", name) for name in sorted(soft)] if own else [("sources", s.name)]
        moved = s.tables if not own else tuple(t for t in s.tables if t.name in soft)
        tables = tuple(replace(t, deletes=kind) if t in moved else t for t in s.tables)
        sets = tuple((watches.where(*one, "deletes"), kind) for one in at)
        yield Candidate(sets, watches.with_source(p, replace(s, tables=tables)))


def _kept_for_ever(s: SourceInputs, t: TableInputs, p: Inputs, spec: PipelineSpec) -> Candidate:
    """The rows of a table are not dropped, nor those of others that have their retention from where it has its own."""

    def own(source: str, table: str) -> str | None:
        said = spec.sources[source].tables.get(table)
        return said.retention if said is not None else None

    def freed(o: SourceInputs, one: TableInputs) -> TableInputs:
        stays = (one is not t and own(o.name, one.name)) or (o is not s and spec.sources[o.name].retention)
        return one if stays else replace(one, retention=None)

    levels = ((("sources", s.name, "tables", t.name), own(s.name, t.name)), (("sources", s.name), spec.sources[s.name].retention),
              (("defaults",), spec.defaults.retention))  # fmt: skip
    sources = tuple(replace(o, tables=tuple(freed(o, one) for one in o.tables)) for o in p.sources)
    return Candidate(
        tuple((watches.where(*at, "retention"), "null") for at, said in levels if said), replace(p, sources=sources)
    )


def _for_table(
    question: str, s: SourceInputs, t: TableInputs, chosen: Chosen, spec: PipelineSpec
) -> Iterator[Candidate]:
    p = chosen.inputs
    at = ("sources", s.name, "tables", t.name)
    if question in ("deletes", "history") and not t.key and t.form != "files":
        yield Candidate(((watches.where(*at, "key"), "[COLUMN]"),), watches.with_table(p, s, replace(t, key=True)))
    if question in ("deletes", "history"):
        for choice in ("watermark-keys", "full", "none"):
            id = f"{t.address}.{'history' if choice == 'none' else 'extract'}"
            if id in chosen.overridden:
                yield Candidate(((f"overrides.{id}", choice),), p, {id: choice})
    if question == "deletes":
        kinds = ("hard", "ignore")
        yield from _deletes_of_all(s, p, spec, kinds) if t.form == "files" else _deletes(s, t, p, kinds)
        yield from _answers(p, s)
    elif question == "history":
        for kept in ("scd2", "none"):
            yield Candidate(
                ((watches.where(*at, "history"), kept),), watches.with_table(p, s, replace(t, history=kept))
            )
        yield from _answers(p, s)
    elif question == "raw_personal_data":
        told = tuple((watches.where(*at, "columns", column), "tokenise") for column in t.personal)
        yield Candidate(told, watches.with_table(p, s, replace(t, personal=(), treated=(*t.treated, *t.personal))))
        told = tuple((column, "drop") for column, _ in told)
        yield Candidate(told, watches.with_table(p, s, replace(t, personal=(), treated=(*t.treated, *t.personal))))
        yield Candidate((("raw_personal_data", "allowed"),), replace(p, raw_forbidden=False))
    elif question == "retention":
        yield _kept_for_ever(s, t, p, spec)
    elif question in ("extract", "write", "partitioning"):
        id = f"{t.address}.{question}"
        yield from _deletes(s, t, p, ("ignore",)) if question == "extract" else ()
        if t.history == "every-change":
            yield Candidate(
                ((watches.where(*at, "history"), "scd2"),), watches.with_table(p, s, replace(t, history="scd2"))
            )
        for choice in {
            "extract": ("watermark-keys", "watermark", "full"),
            "write": ("merge",),
            "partitioning": ("none",),
        }[question]:
            yield Candidate(((f"overrides.{id}", choice),), p, {id: choice})
        yield from _less_fresh(s, chosen) if question == "extract" else ()


def _for_kind(s: SourceInputs, p: Inputs) -> Iterator[Candidate]:
    """What the source sends, landed where it can be read: as files, or in a database."""
    at = watches.where("sources", s.name)
    freshness = max(s.freshness, 300)
    for kind, form, told in (
        ("files", "files", "{kind: files, path: FOLDER}"),
        ("postgres", "rows", f"{{kind: postgres, url_env: {names.env_name(s.name, 'URL')}}}"),
    ):
        tables = tuple(
            replace(t, form=form, drops=kind == "files", freshness=max(t.freshness, freshness),
                    deletes="ignore" if t.immutable else t.deletes)
            for t in s.tables
        )  # fmt: skip
        landed = replace(
            s, kind=kind, tables=tables, freshness=freshness, remote=False, bulk=False, log=False if s.kind not in DATABASES else s.log,
            log_lacks="it is a copy", webhooks=False,
        )  # fmt: skip
        sets: watches.Sets = ((at, told),)
        if freshness > s.freshness:
            sets = (*sets, *watches.source_freshness(p, s).sets(freshness))
        yield Candidate(sets, watches.with_source(p, landed))


def _for_whole(id: str, chosen: Chosen) -> Iterator[Candidate]:
    p = chosen.inputs
    if id in ("destination.kind", "destination.engine"):
        for kind in DESTINATIONS:
            if kind != p.destination:
                yield Candidate((("destination.kind", kind),), watches.with_destination(p, kind))
        for watch in watches.machine_watches(p):
            if watch.id == "memory":
                yield Candidate(watch.sets(64), watch.at(64))
        yield from _all_slower(p)
        if id == "destination.engine":
            yield Candidate((("overrides.destination.engine", p.destination),), p, {id: p.destination})
    elif id == "pipeline.executor":
        yield Candidate((("overrides.pipeline.executor", "LocalExecutor"),), p, {id: "LocalExecutor"})
        yield Candidate(
            (("machine.workers", "1"),),
            replace(p, machine=p.machine.model_copy(update={"workers": 1})) if p.machine else p,
        )
        yield from _all_slower(p)
    elif id == "on_call":
        yield Candidate((("on_call", "always"),), replace(p, on_call="always"))
        yield Candidate((("consumers", "[applications]"),), replace(p, consumers=("applications",)))
        yield from _all_slower(p)
    elif id == "ceiling":
        yield from _all_slower(p)
        cost = next((f.value for f in figures.whole(chosen) if f.id == "money_per_month"), 0.0)
        enough = float(-(-cost // 10) * 10)
        yield Candidate((("ceiling", f"{enough:.0f}"),), replace(p, ceiling=enough))


def _all_slower(p: Inputs) -> Iterator[Candidate]:
    """Everything less fresh, tier by tier."""
    least = min((s.freshness for s in p.sources), default=86_400)
    for tier in (60, 300, 900, 3600, 21_600, 86_400):
        if tier > least:
            yield slower(p, tier)


def slower(p: Inputs, tier: int) -> Candidate:
    """Nothing fresher than ``tier`` seconds."""
    sets: watches.Sets = ()
    for s in p.sources:
        if s.freshness < tier:
            watch = watches.source_freshness(p, s)
            sets += watch.sets(tier)
            p = watch.at(tier)
    return Candidate(sets, p)
