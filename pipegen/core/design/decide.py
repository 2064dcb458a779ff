"""The design as decisions with their reasons, for any valid spec: what is demanded and cannot be met is part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pipegen.core.design import unmet as demands
from pipegen.core.design.built import Unbuilt, unbuilt
from pipegen.core.design.choose import Chosen, SourceChoice, choose
from pipegen.core.design.decision import Decision, Flip, Sizing, Unmet
from pipegen.core.design.inputs import SourceInputs, TableInputs, inputs
from pipegen.core.design.rules import (
    direction,
    engine,
    extract,
    history,
    late,
    logs,
    partitioning,
    retries,
    running,
    schedule,
    write,
)
from pipegen.core.design.rules import mode as modes
from pipegen.core.design.told import Told
from pipegen.core.measured import Measured
from pipegen.core.sizing import figures, work
from pipegen.core.spec.model import PipelineSpec

Choices = Mapping[str, str]
UNSEEN = "deletes at the source are not seen"


@dataclass(frozen=True)
class Architecture:
    """Every decision, the sizing, the demands that are missed, and the choices that no blueprint builds yet."""

    chosen: Chosen
    decisions: tuple[Decision, ...]
    sizing: tuple[Sizing, ...]
    unmet: tuple[Unmet, ...]
    unbuilt: tuple[Unbuilt, ...]

    def choice(self, id: str) -> str:
        return self.chosen.choice[id]


def decide(spec: PipelineSpec, measured: Mapping[str, Measured], accepted: Choices | None = None) -> Architecture:
    """Decide everything. ``measured`` may lack a source: then it is what the spec says of it.

    ``accepted`` are choices that were accepted before, by decision: each stays wherever it still works.
    """
    chosen = choices(spec, measured, accepted)
    reasons = {id: said.because for id, said in spec.overrides.items() if said.because}
    return architecture(chosen, reasons, spec)


def choices(spec: PipelineSpec, measured: Mapping[str, Measured], accepted: Choices | None = None) -> Chosen:
    """Every choice of a spec, without a word of why; the arguments are those of :func:`decide`."""
    overrides = {id: said.choice for id, said in spec.overrides.items()}
    return choose(inputs(spec, measured), overrides, accepted)


def architecture(chosen: Chosen, reasons: Mapping[str, str], spec: PipelineSpec) -> Architecture:
    told = {id: _finished(id, made, chosen, reasons) for id, made in _all(chosen).items()}
    missed = demands.unmet(chosen, spec)
    ids = {u.id for u in missed}
    lacking = tuple(u for u in unbuilt(chosen) if u.id not in ids)
    return Architecture(chosen, tuple(told.values()), figures.sizing(chosen), missed, lacking)


def _until_accepted(id: str, natural: str) -> Flip:
    """What becomes of a choice that was accepted before."""
    return Flip(natural, "", f"stays until `pipegen update --accept-design={id}`; then it is {natural}")


def _finished(id: str, told: Told, chosen: Chosen, reasons: Mapping[str, str]) -> Decision:
    """A decision with what a person decided instead, or what was accepted before."""
    made = Decision(id, chosen.choice[id], told.because, told.rule, told.source, told.alternatives)
    natural = chosen.natural.get(id)
    if id in chosen.overridden:
        said = reasons.get(id)
        rules = f"the rules would choose {natural}" if natural is not None else "the rules choose the same"
        facts = tuple(b for b in told.because if b == UNSEEN or (id.endswith(".extract") and " rows, read in " in b))
        return replace(made, because=(said or "a person chose it", *facts, rules), overridden=True, reason=said)
    if natural is not None:
        facts = told.because[:1] if id.endswith(".extract") and " rows, read in " in told.because[0] else ()
        said = f"accepted before; decided anew it would be {natural}"
        flip = _until_accepted(id, natural)
        return replace(made, because=(said, *facts), flips=(flip,), flips_when=flip.text)
    return made


def _all(chosen: Chosen) -> dict[str, Told]:
    """What is to be said of every decision, in the order that people read them."""
    p = chosen.inputs
    told: dict[str, Told] = {}
    for s in p.sources:
        how = chosen.sources[s.name]
        told |= _of_source(s, how, chosen)
        for t in s.tables:
            told |= _of_table(s, t, how, chosen, how.before[t.name])
    intervals, all_modes = [h.interval for h in chosen.sources.values()], [h.mode for h in chosen.sources.values()]
    choice = chosen.choice
    told["pipeline.transform"] = engine.tell_transform(p, choice["pipeline.transform"])
    told["destination.engine"] = engine.tell(p, chosen.scanned, all_modes, choice["destination.engine"])
    told["pipeline.alerts"] = running.tell_alerts(p, intervals)
    told["pipeline.executor"] = running.tell_executor(p, chosen.tasks_an_hour, choice["pipeline.executor"])
    return told


def _of_source(s: SourceInputs, how: SourceChoice, chosen: Chosen) -> dict[str, Told]:
    p, choice, name = chosen.inputs, chosen.choice, s.name
    rows = work.rows_of_a_run(s, how.extracts, how.overlaps, how.interval)
    told = {
        f"{name}.mode": modes.tell(s, p, s.freshness, how.mode, how.fits),
        f"{name}.schedule": schedule.tell(s, how.mode, how.freshness, how.run_seconds, how.schedule, how.slack),
        f"{name}.direction": direction.tell(s, s.freshness, rows, how.interval, choice[f"{name}.direction"]),
        f"{name}.parallelism": running.tell_parallelism(s, p),
        f"{name}.retries": retries.tell(s.freshness, choice[f"{name}.retries"]),
    }
    if f"{name}.topic_partitions" in choice:
        told[f"{name}.topic_partitions"] = logs.tell_partitions(s, p, choice[f"{name}.topic_partitions"])
    if f"{name}.log_retention" in choice:
        told[f"{name}.log_retention"] = logs.tell_retention(s, p, how.mode)
    return told


def _of_table(s: SourceInputs, t: TableInputs, how: SourceChoice, chosen: Chosen, before: float) -> dict[str, Told]:
    choice, at = chosen.choice, t.address
    read = how.extracts[t.name]
    told = {f"{at}.extract": _unseen(t, read, extract.tell(s, t, how.mode, read, before))}
    if f"{at}.overlap" in choice:
        told[f"{at}.overlap"] = late.tell_overlap(s, t)
    told[f"{at}.write"] = write.tell(t, read, choice[f"{at}.write"])
    told[f"{at}.history"] = history.tell(t, choice[f"{at}.history"])
    if f"{at}.lookback" in choice:
        told[f"{at}.lookback"] = late.tell_lookback(t, choice[f"{at}.lookback"])
    destination = chosen.inputs.destination
    told[f"{at}.partitioning"] = partitioning.tell(t, destination, choice[f"{at}.partitioning"])
    return told


def _unseen(t: TableInputs, read: str, told: Told) -> Told:
    """A load that does not see deletes that were to be seen says so."""
    blind = extract.deletes_done(t, read) == "ignore" and t.deletes != "ignore" and not t.immutable
    return replace(told, because=(*told.because, UNSEEN)) if blind else told
