"""Accepted decisions: an update never flips one silently.

What a person asked for (an edited pipegen.yml) is done. Where the same answers would now be decided otherwise, because of new
numbers or of a newer pipegen, the choice of the lock stays until ``--accept-design`` takes the new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipegen.core.errors import UsageError
from pipegen.core.measured import Measured
from pipegen.core.names import did_you_mean, shorten
from pipegen.core.spec.load import Locate
from pipegen.core.spec.model import PipelineSpec

if TYPE_CHECKING:  # a run with nothing to do designs nothing
    from pipegen.core.design.decision import Decision
    from pipegen.core.design.model import Design

EVERY = "*"


@dataclass(frozen=True)
class Inputs:
    """What a design is made from."""

    spec: PipelineSpec
    measured: Mapping[str, Measured]

    def accepted(self, locked: Mapping[str, str]) -> dict[str, str]:
        """The choices of a lock, as :func:`accepted_by` completes them."""
        from pipegen.core.design.decide import choices

        return accepted_by(locked, choices(self.spec, self.measured).choice)

    def design(self, locate: Locate = lambda _: None, accepted: Mapping[str, str] | None = None) -> Design:
        from pipegen.core.design.architect import design

        return design(self.spec, self.measured, locate, accepted or {})


@dataclass(frozen=True)
class Weighed:
    """The decisions taken ``anew``, by id, beside what was accepted.

    ``flips`` are the accepted choices that would be others now; of them ``held`` stay, and ``lost`` were to stay but do not work
    any more.
    """

    anew: Mapping[str, Decision]
    flips: Mapping[str, str]
    held: Mapping[str, str]
    lost: Mapping[str, str]

    def why(self, id: str) -> str:
        """Why a decision is taken anew as it is."""
        return "; ".join(self.anew[id].because)

    def stays(self) -> list[str]:
        """A sentence for each choice that is held."""
        return [
            f"{id} stays `{choice}`; decided anew it would be `{self.anew[id].choice}` ({self.why(id)}): "
            f"take it with `pipegen update --accept-design={id}`"
            for id, choice in sorted(self.held.items())
        ]


def weigh(
    now: Inputs,
    before: Inputs | None,
    accepted: Mapping[str, str],
    accept: frozenset[str] = frozenset(),
    renamed: Callable[[str], str] = lambda decision: decision,
) -> Weighed:
    """Which of the accepted choices stay.

    ``before`` are the inputs of the last render, None where no base has them; ``accepted`` the choices accepted then, by the ids of
    now; ``accept`` the decisions to take anew, or :data:`EVERY`; ``renamed`` gives a decision's id of then as it is called now.

    Raises:
        UsageError: an id to accept that is no decision.
    """
    from pipegen.core.design.decide import decide

    anew = {d.id: d for d in decide(now.spec, now.measured).decisions}
    _refuse_unknown(accept, anew)
    accepted = accepted_by(accepted, anew)
    flips = {
        id: old for id, old in accepted.items() if id in anew and anew[id].choice != old and not anew[id].overridden
    }
    asked = flips.keys() & asked_for(now, before, renamed) if flips else set()
    taken = flips.keys() if EVERY in accept else flips.keys() & accept
    held = {id: flips[id] for id in flips.keys() - asked - taken}
    lost = _lost(now, held)
    if lost and lost.keys().isdisjoint(_lost(now, flips)):  # they cannot stay beside what was taken
        held, lost = {id: choice for id, choice in held.items() if id not in lost}, {}
    return Weighed(anew, flips, {id: choice for id, choice in held.items() if id not in lost}, lost)


def accepted_by(accepted: Mapping[str, str], ids: Iterable[str]) -> dict[str, str]:
    """The accepted choices with what a repository was on questions that no version of then asked: that stays so, too.

    ``ids`` are the decisions of today.
    """
    from pipegen.core.design.built import BEFORE_ASKED

    asked = {id.rpartition(".")[2] for id in accepted}
    silent = {question: choice for question, choice in BEFORE_ASKED.items() if accepted and question not in asked}
    return {**{id: silent[id.rpartition(".")[2]] for id in ids if id.rpartition(".")[2] in silent}, **accepted}


def _lost(now: Inputs, held: Mapping[str, str]) -> dict[str, str]:
    """The choices that were to be held and cannot be, by decision: they do not work, or a demand is missed because of them."""
    from pipegen.core.design.decide import decide

    if not held:
        return {}
    made = decide(now.spec, now.measured, held)
    kept = {d.id: d.choice for d in made.decisions}
    lost = {id: choice for id, choice in held.items() if kept.get(id) != choice}
    missed = {u.id for u in made.unmet}
    if missed:
        missed -= {u.id for u in decide(now.spec, now.measured).unmet}
    if missed:
        rest = {id: choice for id, choice in held.items() if id not in lost}
        lost |= _to_blame(now, rest, missed)
    return lost


def _to_blame(now: Inputs, held: Mapping[str, str], missed: set[str]) -> dict[str, str]:
    """The held choices without one of which a demand would not be missed; all of them, where it takes more than one."""
    from pipegen.core.design.decide import decide

    def left(id: str) -> set[str]:
        others = {other: choice for other, choice in held.items() if other != id}
        return missed & {u.id for u in decide(now.spec, now.measured, others).unmet}

    blamed = {id: choice for id, choice in held.items() if left(id) < missed}
    return blamed or dict(held)


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
    """The design of an update; the arguments are those of :func:`weigh`.

    Raises:
        UsageError: an id to accept that is no decision; an accepted choice that cannot stay.
        SpecError: what :func:`pipegen.core.design.architect.design` refuses.
    """
    found = weigh(now, before, locked, accept, renamed)
    if found.lost:
        now.design(locate)  # what is wrong with the answers themselves is said first
        raise UsageError(
            "; ".join(
                f"`{id}` was accepted as `{choice}`, which does not work any more: it would be `{found.anew[id].choice}`"
                for id, choice in sorted(found.lost.items())
            ),
            hint=f"take it: `--accept-design={min(found.lost)}`, or `--accept-design` for every decision",
        )
    design = now.design(locate, found.held)
    changed = [
        f"{id}: {found.flips[id]} -> {found.anew[id].choice} ({found.why(id)})"
        for id in sorted(found.flips.keys() - found.held.keys())
    ]
    forced = [
        f"{d.id}: {locked[d.id]} -> {d.choice} (it follows from what stays: {'; '.join(d.because)})"
        for d in design.decisions
        if d.id in locked and d.id not in found.flips and d.choice != locked[d.id] and not d.overridden
    ]
    return Settled(design, (*changed, *forced, *found.stays()), found.held)


def _refuse_unknown(accept: frozenset[str], choices: Mapping[str, Decision]) -> None:
    for id in sorted(accept - {EVERY} - choices.keys()):
        hint = did_you_mean(id, choices) or f"decisions are: {', '.join(list(choices)[:20])}"
        raise UsageError(f"`--accept-design={shorten(id)}`: there is no such decision", hint=hint)


def asked_for(now: Inputs, before: Inputs | None, renamed: Callable[[str], str]) -> set[str]:
    """The decisions that the edited answers change by themselves: same rules, same numbers, other answers."""
    if before is None:
        return set()
    measured = {renamed(f"{name}.").removesuffix("."): found for name, found in before.measured.items()}
    numbers = {name: measured.get(name, found) for name, found in now.measured.items()}
    from pipegen.core.design.decide import choices

    old = {renamed(id): choice for id, choice in choices(before.spec, before.measured).choice.items()}
    return {id for id, choice in choices(now.spec, numbers).choice.items() if old.get(id) != choice}
