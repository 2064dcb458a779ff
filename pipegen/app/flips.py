"""Accepted decisions: an update never flips one silently.

What a person asked for (an edited pipegen.yml) is done. Where the same answers would now be decided otherwise, because of new
numbers or of a newer pipegen, the choice of the lock stays until ``--accept-design`` takes the new one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipegen.core.errors import UsageError
from pipegen.core.measured import Measured
from pipegen.core.names import did_you_mean, shorten
from pipegen.core.spec.load import Locate
from pipegen.core.spec.model import PipelineSpec

if TYPE_CHECKING:  # a run with nothing to do designs nothing
    from pipegen.core.design.model import Design

EVERY = "*"


@dataclass(frozen=True)
class Inputs:
    """What a design is made from."""

    spec: PipelineSpec
    measured: Mapping[str, Measured]

    def design(self, locate: Locate = lambda _: None, accepted: Mapping[str, str] | None = None) -> Design:
        from pipegen.core.design.architect import design

        return design(self.spec, self.measured, locate, accepted or {})


@dataclass(frozen=True)
class Settled:
    """The design that an update renders, the accepted choices that it holds, and what is to be said of it."""

    design: Design
    notes: tuple[str, ...]
    held: Mapping[str, str] = field(default_factory=dict)


def settle(
    now: Inputs,
    before: Inputs | None,
    locked: Mapping[str, str],
    accept: frozenset[str],
    locate: Locate,
    renamed: Callable[[str], str] = lambda decision: decision,
) -> Settled:
    """The design of an update.

    ``before`` are the inputs of the last render, None where no base has them; ``locked`` the choices accepted then; ``accept``
    the decisions to take anew, or :data:`EVERY`; ``renamed`` gives a decision's id of then as it is called now.

    Raises:
        UsageError: an id to accept that is no decision; an accepted choice that cannot stay.
        SpecError: what :func:`pipegen.core.design.architect.design` refuses.
    """
    new = now.design(locate)
    choices = {d.id: d.choice for d in new.decisions}
    _refuse_unknown(accept, choices)
    overridden = {d.id for d in new.decisions if d.overridden}
    flips = {id: old for id, old in locked.items() if choices.get(id, old) != old and id not in overridden}
    if not flips:
        return Settled(new, ())
    asked = flips.keys() & asked_for(now, before, renamed)
    taken = flips.keys() if EVERY in accept else flips.keys() & accept
    held = {id: flips[id] for id in flips.keys() - asked - taken}
    design = now.design(locate, held) if held else new
    lost = _lost(design, held)
    if lost and lost.keys().isdisjoint(
        _lost(now.design(locate, flips), flips)
    ):  # they cannot stay beside what was taken
        held = {id: choice for id, choice in held.items() if id not in lost}
        design, lost = (now.design(locate, held) if held else new), {}
    if lost:
        raise UsageError(
            "; ".join(
                f"`{id}` was accepted as `{choice}`, which does not work any more: it would be `{choices[id]}`"
                for id, choice in sorted(lost.items())
            ),
            hint=f"take it: `--accept-design={min(lost)}`, or `--accept-design` for every decision",
        )
    why = {d.id: "; ".join(d.because) for d in new.decisions}
    changed = [f"{id}: {flips[id]} -> {choices[id]} ({why[id]})" for id in sorted(flips.keys() - held.keys())]
    stay = [
        f"{id} stays `{held[id]}`; decided anew it would be `{choices[id]}` ({why[id]}): take it with `--accept-design={id}`"
        for id in sorted(held)
    ]
    return Settled(design, (*changed, *stay), held)


def _lost(design: Design, held: Mapping[str, str]) -> dict[str, str]:
    """The choices that were to be held and are not, by decision."""
    kept = {d.id: d.choice for d in design.decisions}
    return {id: choice for id, choice in held.items() if kept[id] != choice}


def _refuse_unknown(accept: frozenset[str], choices: Mapping[str, str]) -> None:
    for id in sorted(accept - {EVERY} - choices.keys()):
        hint = did_you_mean(id, choices) or f"decisions are: {', '.join(list(choices)[:20])}"
        raise UsageError(f"`--accept-design={shorten(id)}`: there is no such decision", hint=hint)


def asked_for(now: Inputs, before: Inputs | None, renamed: Callable[[str], str]) -> set[str]:
    """The decisions that the edited answers change by themselves: same rules, same numbers, other answers."""
    if before is None:
        return set()
    measured = {renamed(f"{name}.").removesuffix("."): found for name, found in before.measured.items()}
    numbers = {name: measured.get(name, found) for name, found in now.measured.items()}
    from pipegen.core.design.decide import decide

    old = {renamed(d.id): d.choice for d in decide(before.spec, before.measured).decisions}
    return {d.id for d in decide(now.spec, numbers).decisions if old.get(d.id) != d.choice}
