"""The design as plain values: what ``--json`` prints of decisions, sizing, missed demands and prices."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from typing import TYPE_CHECKING, Any

from pipegen.core.design.decision import Decision, Figure, Flip, OpenQuestion, Option, PriceTier, Sizing, Unmet

if TYPE_CHECKING:  # a plan that holds no such choice needs no rules
    from pipegen.core.design.built import Unbuilt

WHOLE = "pipeline"
"""What the figures of the whole pipeline are addressed by: ``pipeline.compute_minutes_per_month``."""


def decision(one: Decision) -> dict[str, Any]:
    """A decision, with where it flips."""
    return {
        "id": one.id,
        "choice": one.choice,
        "because": list(one.because),
        "alternatives": [{"choice": a.choice, "against": a.against} for a in one.alternatives],
        "flips_when": one.flips_when,
        "flips": [flip(f) for f in one.flips],
        "rule": one.rule,
        "source": one.source,
        "overridden": one.overridden,
        "reason": one.reason,
    }


def flip(one: Flip) -> dict[str, Any]:
    """Where a decision would be another; numbers are in ``unit``."""
    return {
        "to": one.to,
        "watch": one.watch,
        "text": one.text,
        "unit": one.unit,
        "now": one.now,
        "stays": one.stays,
        "flips": one.flips,
        "sets": assignments(one.sets),
    }


def assignments(sets: Iterable[tuple[str, str]]) -> list[str]:
    """Assignments as ``--set`` takes them: ``defaults.freshness=5m``."""
    return [f"{key}={value}" for key, value in sets]


def figure(one: Figure) -> dict[str, Any]:
    """A number of the sizing, with its arithmetic; ``value`` is None where there is no end to it."""
    return {
        "id": one.id,
        "name": one.name,
        "value": finite(one.value),
        "unit": one.unit,
        "text": one.text,
        "how": one.how,
    }


def finite(value: float) -> float | None:
    """A number as JSON has it, which knows no infinity."""
    return value if isfinite(value) else None


def sizing(one: Sizing) -> dict[str, Any]:
    """The figures of a source, each value by its id, and all of them whole in ``figures``; of the pipeline where ``source`` is empty."""
    values = {f.id: finite(f.value) for f in one.figures}
    return {"source": one.source, **values, "figures": [figure(f) for f in one.figures]}


def figure_address(of: Sizing, one: Figure) -> str:
    """What a figure is asked for by: ``shop_db.run_seconds_estimated``."""
    return f"{of.source or WHOLE}.{one.id}"


def cost(sizings: Iterable[Sizing]) -> dict[str, float | None]:
    """What the whole pipeline costs a month, by figure."""
    return {f.id: finite(f.value) for s in sizings if not s.source for f in s.figures}


def option(one: Option) -> dict[str, Any]:
    """A design near the one asked for."""
    return {
        "sets": assignments(one.sets),
        "design": one.design,
        "cost": {f.id: finite(f.value) for f in one.cost},
        "woken": one.woken,
        "built": one.built,
    }


def unmet(one: Unmet) -> dict[str, Any]:
    """A demand that is missed, with the nearest designs that work."""
    return {
        "id": one.id,
        "asked": one.asked,
        "got": one.got,
        "missed_by": one.missed_by,
        "because": one.because,
        "nearest": [option(o) for o in one.nearest],
    }


def unbuilt(one: Unbuilt) -> dict[str, Any]:
    """A choice that no blueprint writes yet, with the nearest designs that are built."""
    return {
        "id": one.id,
        "choice": one.choice,
        "message": one.message,
        "nearest": [option(o) for o in one.nearest],
    }


def open_question(one: OpenQuestion) -> dict[str, Any]:
    """An input that nobody knows, and the decisions that hang on it."""
    return {"id": one.id, "ask": one.ask, "differs": list(one.differs), "query": one.query}


def price(one: PriceTier) -> dict[str, Any]:
    """A row of the freshness price list; minutes and gigabytes are a month's."""
    return {
        "freshness": one.freshness,
        "design": one.design,
        "compute_minutes_per_month": one.compute_minutes,
        "scanned_gb_per_month": one.scanned_gb,
        "stored_gb": one.stored_gb,
        "money_per_month": one.money or None,
        "woken": one.woken,
        "works": one.works,
        "built": one.built,
        "current": one.current,
    }
