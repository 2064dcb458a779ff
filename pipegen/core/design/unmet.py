"""Demands that the design cannot meet: which one, by how much it is missed, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pipegen.core import units
from pipegen.core.design.calibration import DISK_SHARE, ONE_MACHINE, RATE_LIMIT_SHARE
from pipegen.core.design.choose import Chosen, SourceChoice, choose
from pipegen.core.design.decision import Unmet
from pipegen.core.design.inputs import Inputs, SourceInputs, TableInputs
from pipegen.core.design.rules import direction, extract, logs
from pipegen.core.design.rules import mode as modes
from pipegen.core.design.told import about, quantity, size_text
from pipegen.core.sizing import figures, work
from pipegen.core.spec.load import Address
from pipegen.core.spec.model import PipelineSpec

LONGEST = 366 * 86_400


def missed(chosen: Chosen, spec: PipelineSpec) -> set[str]:
    """The ids of the demands that are missed, without the search for what can be had instead."""
    return {u.id for u in unmet(chosen, spec, search=False)}


def unmet(chosen: Chosen, spec: PipelineSpec, *, search: bool = True) -> tuple[Unmet, ...]:
    """Every demand that is missed, each once; ``search`` for the best freshness where that is missed."""
    found = [*_whole(chosen)]
    for s in chosen.inputs.sources:
        how = chosen.sources[s.name]
        found += [*_of_source(s, how, chosen, spec, search)]
        for t in s.tables:
            found += [*_of_table(s, t, how, chosen, spec)]
    said: set[str] = set()
    return tuple(u for u in found if not (u.because in said or said.add(u.because)))  # type: ignore[func-returns-value]


def place(spec: PipelineSpec, source: str, table: str | None, field: str) -> Address:
    """Where the spec says a value that tables, sources and the defaults have."""
    said = spec.sources[source]
    own = said.tables.get(table) if table is not None else None
    if own is not None and table is not None and getattr(own, field, None) is not None:
        return ("sources", source, "tables", table, field)
    return ("sources", source, field) if getattr(said, field, None) is not None else ("defaults", field)


def freshest(s: SourceInputs) -> str | None:
    """The table whose freshness the source is run for."""
    return next((t.name for t in s.tables if t.freshness == s.freshness), None)


def at_freshness(s: SourceInputs, freshness: int) -> SourceInputs:
    """A source of which nothing must be fresher than ``freshness``."""
    tables = tuple(replace(t, freshness=max(t.freshness, freshness)) for t in s.tables)
    return replace(s, tables=tables, freshness=max(s.freshness, freshness))


def achievable(s: SourceInputs, chosen: Chosen) -> int | None:
    """The best freshness, in seconds, that a source can be kept at; None where none of a year or less works."""

    def met(freshness: int) -> bool:
        alone = replace(chosen.inputs, sources=(at_freshness(s, freshness),))
        return choose(alone, chosen.overrides, chosen.accepted).met(s.name)

    low, high = s.freshness, s.freshness
    while not met(high):
        low, high = high, high * 2
        if high > LONGEST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if met(middle) else (middle, high)
    return high


def _of_source(s: SourceInputs, how: SourceChoice, chosen: Chosen, spec: PipelineSpec, search: bool) -> Iterator[Unmet]:
    p = chosen.inputs
    if not chosen.met(s.name):
        yield _freshness(s, how, p, spec, achievable(s, chosen) if search else None)
    late = logs.shortfall(s, p, how.mode) if logs.has_log(s, how.mode, tuple(how.extracts.values())) else None
    if late:
        kept = s.log_kept if s.log_kept is not None and s.log_kept < p.outage else None
        room = (s.free_disk or 0) * DISK_SHARE.value / max(1.0, logs.cap_bytes(s, p.outage))
        got = kept if kept is not None else int(p.outage * room)
        text = units.duration_text(max(1, got))
        yield Unmet(
            f"{s.name}.outage", ("defaults", "outage"), units.duration_text(p.outage), text, about(p.outage - got),
            f"an outage of {units.duration_text(p.outage)} would lose what source `{s.name}` sent: {late}",
        )  # fmt: skip
    reading = extract.heavy(s, how.extracts)
    if s.window is not None and reading > s.window:
        window = units.duration_text(s.window)
        yield Unmet(
            f"{s.name}.window", ("sources", s.name, "window"), window, about(reading), about(reading - s.window),
            f"a run reads source `{s.name}` for {about(reading)}, longer than its window {window} a day",
        )  # fmt: skip
    arriving = work.busy(s, s.tables, how.mode) * s.peak
    if how.mode == "micro-batch" and arriving > 1:
        rate = sum(t.per_day for t in s.tables) * s.peak / 86_400
        at = place(spec, s.name, freshest(s), "volume") if spec.sources[s.name].volume else ("sources", s.name)
        yield Unmet(
            f"{s.name}.volume", at, f"{quantity(rate)} rows/s", f"{quantity(rate / arriving)} rows/s",
            f"{quantity(rate - rate / arriving)} rows/s",
            f"rows of source `{s.name}` arrive at {quantity(rate)}/s in the busiest hour, faster than one reader takes them",
        )  # fmt: skip
    rows = work.rows_of_a_run(s, how.extracts, how.overlaps, how.interval)
    if chosen.choice[f"{s.name}.direction"] == "pull" and direction.over_the_limit(s, rows, how.interval):
        needs = direction.requests_a_run(s, rows) / max(1, how.interval) * 60
        left = (s.request_rate or 0.0) * RATE_LIMIT_SHARE.value * 60
        share = RATE_LIMIT_SHARE.share
        yield Unmet(
            f"{s.name}.rate_limit", ("sources", s.name, "rate_limit"), f"{left:,.0f} requests/minute, {share} of the limit",
            f"{needs:,.0f} requests/minute", f"{needs - left:,.0f} requests/minute",
            f"polling source `{s.name}` takes {needs:,.0f} requests a minute, and {share} of its rate limit is {left:,.0f}",
        )  # fmt: skip


def _freshness(s: SourceInputs, how: SourceChoice, p: Inputs, spec: PipelineSpec, got: int | None) -> Unmet:
    f = units.duration_text(s.freshness)
    asked = modes.by_freshness(s.freshness, s.state)
    most, why = modes.fastest(s)
    if modes.faster(modes.at_night(asked, p), most):
        because = f"freshness {f} of source `{s.name}` asks for `{asked}`, and {why}"
    elif modes.at_night(asked, p) != asked:
        because = f"freshness {f} of source `{s.name}` asks for `{asked}`, and nobody can run a stream at night: on call: {p.on_call}"
    else:
        lag = f" and its rows are seen {units.duration_text(s.lag)} late" if s.lag else ""
        day = (
            f", within a window of {units.duration_text(s.window)} a day"
            if s.window and extract.heavy(s, how.extracts)
            else ""
        )
        because = (
            f"one run of source `{s.name}` takes about {about(how.run_seconds)}{day}{lag}, too long for freshness {f}"
        )
    at = place(spec, s.name, freshest(s), "freshness")
    if got is None:
        return Unmet(f"{s.name}.freshness", at, f, "none", "more than a year", because)
    return Unmet(f"{s.name}.freshness", at, f, units.duration_text(got), about(got - s.freshness), because)


def _of_table(
    s: SourceInputs, t: TableInputs, how: SourceChoice, chosen: Chosen, spec: PipelineSpec
) -> Iterator[Unmet]:
    yield from _deletes(s, t, how.extracts[t.name], chosen, spec)
    yield from _history(t, how.extracts[t.name], chosen, spec)
    if chosen.inputs.raw_forbidden and t.personal:
        columns = ", ".join(t.personal[:5])
        yield Unmet(
            f"{t.address}.raw_personal_data", ("raw_personal_data",), "forbidden", f"{columns} would land raw",
            f"{len(t.personal)} column{'s' if len(t.personal) > 1 else ''}",
            f"personal data may not land raw, and nothing is said of {columns} of `{t.address}`",
        )  # fmt: skip


def _deletes(s: SourceInputs, t: TableInputs, read: str, chosen: Chosen, spec: PipelineSpec) -> Iterator[Unmet]:
    if t.deletes != "soft" or t.immutable:
        return
    at, address = place(spec, s.name, t.name, "deletes"), f"{t.address}.deletes"
    if t.form == "files":
        because = f"soft deletes need keys to compare, and source `{s.name}` delivers files"
        yield Unmet(address, at, "soft", "hard", "rows that are gone are not marked", because)
    elif not t.key:
        because = f"soft deletes need a key, and `{t.address}` has none: a row that is gone could not be told"
        yield Unmet(address, at, "soft", "hard", "rows that are gone are not marked", because)
    elif extract.deletes_done(t, read) == "ignore":
        because = f"`{read}` does not see what is gone, and `{t.address}` wants soft deletes"
        overridden = f"{t.address}.extract" in chosen.overridden
        where: Address = ("overrides", f"{t.address}.extract") if overridden else at
        yield Unmet(address, where, "soft", "ignore", "rows that are gone stay", because)


def _history(t: TableInputs, read: str, chosen: Chosen, spec: PipelineSpec) -> Iterator[Unmet]:
    id = f"{t.address}.history"
    kept = chosen.choice[id]
    at: Address = ("overrides", id) if id in chosen.overridden else place(spec, t.source, t.name, "history")
    if kept in ("scd2", "daily") and not t.key:
        because = f"`history: {kept}` needs a key, and `{t.address}` has none: versions of a row could not be told"
        yield Unmet(id, at, kept, "none", "every earlier version", because)
    if kept == "every-change" and read not in ("cdc", "append"):
        because = f"`history: every-change` needs the change log, and `{t.address}` is read by `{read}`"
        yield Unmet(id, at, kept, "scd2" if t.key else "none", "the states between two runs", because)


def _whole(chosen: Chosen) -> Iterator[Unmet]:
    p, engine = chosen.inputs, chosen.choice["destination.engine"]
    streams = [name for name, how in chosen.sources.items() if how.mode in modes.STREAMS]
    if p.destination == "duckdb" and engine in ("postgres", "warehouse"):
        because = (
            f"DuckDB takes one writer, and the stream of `{streams[0]}` and dbt are two"
            if engine == "postgres"
            else f"a run scans more than DuckDB on a machine of {(p.memory / 1e9):g} GB bears"
        )
        missed = "a writer" if engine == "postgres" else f"{size_text(chosen.scanned - ONE_MACHINE.value)} a run"
        yield Unmet("destination.kind", ("destination", "kind"), "duckdb", engine, missed, because)
    if streams and p.on_call != "always":
        because = f"something acts on the stream of `{streams[0]}`, and nobody is called at night: on call: {p.on_call}"
        yield Unmet("on_call", ("on_call",), "actions", p.on_call, "nights and weekends", because)
    if p.ceiling is not None and p.prices is not None:
        cost = next(f.value for f in figures.whole(chosen) if f.id == "money_per_month")
        if cost > p.ceiling:
            currency = p.prices.currency
            because = f"a month costs {cost:,.2f} {currency}, more than the ceiling of {p.ceiling:,.2f} {currency}"
            yield Unmet(
                "ceiling",
                ("ceiling",),
                f"{p.ceiling:,.2f} {currency}",
                f"{cost:,.2f} {currency}",
                f"{cost - p.ceiling:,.2f} {currency}",
                because,
            )
