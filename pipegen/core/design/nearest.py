"""The nearest designs that work, where a demand is missed or a choice is not built: other answers, decided again, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pipegen.core.design import watches
from pipegen.core.design.built import Unbuilt, unbuilt
from pipegen.core.design.candidates import candidates
from pipegen.core.design.choose import Chosen, choose
from pipegen.core.design.model import Option, Unmet
from pipegen.core.design.rules import running
from pipegen.core.design.unmet import unmet
from pipegen.core.sizing import figures
from pipegen.core.spec.model import PipelineSpec

MOST = 3
COSTS = ("compute_minutes_per_month", "scanned_gb_per_month", "stored_gb", "money_per_month")


def nearest_to_unmet(missed: Unmet, chosen: Chosen, spec: PipelineSpec, overrides: Mapping[str, str]) -> Unmet:
    """The demand with the three nearest designs that meet it, those that are built first."""
    return replace(missed, nearest=_working(missed.id, chosen, spec, overrides, built=False))


def nearest_to_unbuilt(lacking: Unbuilt, chosen: Chosen, spec: PipelineSpec, overrides: Mapping[str, str]) -> Unbuilt:
    """The choice with the three nearest designs in which that much is built."""
    return replace(lacking, nearest=_working(lacking.id, chosen, spec, overrides, built=True))


def _working(
    id: str, chosen: Chosen, spec: PipelineSpec, overrides: Mapping[str, str], *, built: bool
) -> tuple[Option, ...]:
    missed = {u.id for u in unmet(chosen, spec)}
    lacking = {u.id for u in unbuilt(chosen)}
    found: list[Option] = []
    for candidate in candidates(id, chosen, spec):
        made = choose(candidate.inputs, {**overrides, **candidate.overrides})
        if any(r.id in candidate.overrides for r in made.refused):
            continue
        its_missed, its_lacking = {u.id for u in unmet(made, spec)}, {u.id for u in unbuilt(made)}
        solved = id not in its_missed | its_lacking and its_missed <= missed
        if solved and (not built or its_lacking < lacking or not its_lacking):
            found.append(option(candidate.sets, made, id, built=not its_lacking))
    return tuple(sorted(found, key=lambda o: not o.built)[:MOST])


def option(sets: watches.Sets, made: Chosen, id: str, *, built: bool) -> Option:
    """A design as one of those to choose from."""
    cost = tuple(f for f in figures.whole(made) if f.id in COSTS)
    return Option(sets, summary(made, id.split(".", 1)[0]), cost, who(made), built)


def who(made: Chosen) -> str:
    """Who is woken by a design."""
    return running.woken(made.inputs, [h.mode for h in made.sources.values()], made.choice["pipeline.alerts"])


def summary(made: Chosen, source: str = "") -> str:
    """A design in a few words: of one source, or of all of them."""
    told = []
    for s in made.inputs.sources:
        if source in made.sources and s.name != source:
            continue
        how = made.sources[s.name]
        kinds = sorted(set(how.extracts.values()))
        told.append(f"{s.name}: {how.mode}, {how.schedule}, {' and '.join(kinds) or 'no table'}")
    if source not in made.sources:
        told.append(f"engine {made.choice['destination.engine']}")
    return "; ".join(told[:4]) + (f"; and {len(told) - 4} more" if len(told) > 4 else "")
