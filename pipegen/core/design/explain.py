"""The whole explanation of a design: decisions with their flips, sizing, what is missed and not built, open questions, price list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipegen.core.design.built import Unbuilt
from pipegen.core.design.decide import Architecture, decide
from pipegen.core.design.decision import Decision, OpenQuestion, PriceTier, Sizing, Unmet
from pipegen.core.design.flips import Flips, first_threshold, is_small
from pipegen.core.design.nearest import nearest_to_unbuilt, nearest_to_unmet
from pipegen.core.design.prices import prices
from pipegen.core.design.unknown import open_questions
from pipegen.core.measured import Measured
from pipegen.core.sizing import figures
from pipegen.core.spec.model import PipelineSpec


@dataclass(frozen=True)
class Explained:
    """A design with everything that can be said of it; ``refused`` are the overrides that were not taken, in a sentence each."""

    decisions: tuple[Decision, ...]
    sizing: tuple[Sizing, ...]
    unmet: tuple[Unmet, ...]
    unbuilt: tuple[Unbuilt, ...]
    open_questions: tuple[OpenQuestion, ...]
    prices: tuple[PriceTier, ...]
    refused: tuple[str, ...] = ()


def explain(
    spec: PipelineSpec,
    measured: Mapping[str, Measured],
    accepted: Mapping[str, str] | None = None,
    ids: Iterable[str] | None = None,
) -> Explained:
    """Explain the design of a spec; never fails for a valid one.

    ``accepted`` are choices that were accepted before. Flips are searched for the decisions of ``ids``, or for all of them where
    the pipeline has no more tables than :data:`~pipegen.core.design.flips.MOST_TABLES`.
    """
    made = decide(spec, measured, accepted)
    wanted = set(ids) if ids is not None else None
    search, small = Flips(made.chosen), is_small(made.chosen.inputs)

    def asked(decision: Decision) -> bool:
        return decision.id in wanted if wanted is not None else small

    decisions = tuple(search.of(d) if asked(d) else d for d in made.decisions)
    return Explained(
        decisions, sized(made, decisions), with_nearest(made, spec), lacking(made, spec),
        open_questions(made.chosen), prices(made.chosen, spec), refused(made, spec),
    )  # fmt: skip


def refused(made: Architecture, spec: PipelineSpec) -> tuple[str, ...]:
    """A sentence for each override that cannot work or that no decision has."""
    unknown = [f"override `{id}`: there is no such decision" for id in spec.overrides if id not in made.chosen.choice]
    return (*unknown, *(f"override `{r.id}: {r.choice}` is not taken: {r.trouble[0]}" for r in made.chosen.refused))


def sized(made: Architecture, decisions: Iterable[Decision]) -> tuple[Sizing, ...]:
    """The sizing with the days until the first threshold, for the flips that ``decisions`` have."""
    by_id = {d.id: d for d in decisions}
    growth = made.chosen.inputs.growth
    known = {s.name: first_threshold(s, by_id, growth) for s in made.chosen.inputs.sources}
    return figures.sizing(made.chosen, {name: found for name, found in known.items() if found is not None})


def with_nearest(made: Architecture, spec: PipelineSpec) -> tuple[Unmet, ...]:
    """The demands that are missed, each with the nearest designs that meet it."""
    return nearest_to_unmet(made.unmet, made.chosen, spec)


def lacking(made: Architecture, spec: PipelineSpec) -> tuple[Unbuilt, ...]:
    """The choices that are not built, each with the nearest designs that are."""
    return nearest_to_unbuilt(made.unbuilt, made.chosen, spec)
