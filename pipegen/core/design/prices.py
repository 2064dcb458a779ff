"""The freshness price list: what the pipeline would be, and cost, one and two tiers fresher and less fresh."""

from __future__ import annotations

from dataclasses import replace

from pipegen.core import units
from pipegen.core.design import watches
from pipegen.core.design.built import unbuilt
from pipegen.core.design.candidates import slower
from pipegen.core.design.choose import Chosen, choose, held_at
from pipegen.core.design.decision import PriceTier
from pipegen.core.design.inputs import Inputs
from pipegen.core.design.nearest import summary, who
from pipegen.core.design.unmet import missed
from pipegen.core.sizing import figures
from pipegen.core.spec.model import PipelineSpec

TIERS = (2, 10, 60, 300, 900, 3600, 21_600, 86_400, 604_800)
AROUND = 2
# Demands that a freshness is at the price of; the others are missed at any.
OF_FRESHNESS = ("freshness", "rate_limit", "kind", "on_call", "volume", "ceiling")


def prices(chosen: Chosen, spec: PipelineSpec) -> tuple[PriceTier, ...]:
    """The tiers around the freshness of today, the freshest first."""
    now = min((s.freshness for s in chosen.inputs.sources), default=86_400)
    fresher = [t for t in TIERS if t < now][-AROUND:]
    staler = [t for t in TIERS if t > now][:AROUND]
    tiers = [_tier(chosen, spec, now, current=True)]
    tiers = [_tier(_decided(chosen, t), spec, t) for t in fresher] + tiers
    return tuple(tiers + [_tier(_decided(chosen, t), spec, t) for t in staler])


def _decided(chosen: Chosen, tier: int) -> Chosen:
    """The pipeline at a tier; what follows the freshness is free of what people decided for the one of today."""
    p = chosen.inputs
    now = min(s.freshness for s in p.sources)
    at = slower(p, tier).inputs if tier > now else _fresher(p, now, tier)
    free = (".schedule", ".mode", ".retries")
    held = {id: choice for id, choice in chosen.overrides.items() if not id.endswith(free)}
    return choose(at, held, held_at(at, chosen, held))


def _fresher(p: Inputs, now: int, tier: int) -> Inputs:
    """What is freshest today as fresh as ``tier`` seconds."""
    for s in p.sources:
        if s.freshness == now:
            tables = tuple(replace(t, freshness=tier) if t.freshness == now else t for t in s.tables)
            p = watches.with_source(p, replace(s, tables=tables, freshness=tier))
    return p


def _tier(made: Chosen, spec: PipelineSpec, freshness: int, *, current: bool = False) -> PriceTier:
    figure = {f.id: f for f in figures.whole(made)}
    kept = not any(id.rpartition(".")[2] in OF_FRESHNESS for id in missed(made, spec))
    money = figure["money_per_month"].text if "money_per_month" in figure else ""
    return PriceTier(
        units.duration_text(freshness), summary(made), figure["compute_minutes_per_month"].value,
        figure["scanned_gb_per_month"].value, figure["stored_gb"].value, money, who(made), kept, not unbuilt(made), current,
    )  # fmt: skip
