"""The nearest designs that work, where a demand is missed or a choice is not built: other answers, decided again, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipegen.core.design import watches
from pipegen.core.design.built import Unbuilt, unbuilt
from pipegen.core.design.candidates import Candidate, candidates
from pipegen.core.design.choose import Chosen, choose, held_at
from pipegen.core.design.day import in_words
from pipegen.core.design.decision import Option, Unmet
from pipegen.core.design.flips import is_small
from pipegen.core.design.rules import running
from pipegen.core.design.unmet import missed as missed_by
from pipegen.core.sizing import figures
from pipegen.core.spec.model import PipelineSpec
from pipegen.core.spec.sources import SourceBase

MOST = 3
MOST_BESIDE = 4
"""Answers that may have to change beside the one that is asked about."""
MOST_DEMANDS, MOST_OF_MANY_TABLES = 20, 5
"""Of more demands than these the nearest designs are left out: each costs some designs of the whole pipeline."""
COSTS = ("compute_minutes_per_month", "scanned_gb_per_month", "stored_gb", "money_per_month")


def nearest_to_unmet(missed: Sequence[Unmet], chosen: Chosen, spec: PipelineSpec) -> tuple[Unmet, ...]:
    """The demands, each with the three nearest designs that meet it, those that are built first."""
    working = _Working(chosen, spec)
    told = tuple(replace(u, nearest=working.of(u.id)) for u in missed[: working.most])
    return told + tuple(missed[working.most :])


def nearest_to_unbuilt(lacking: Sequence[Unbuilt], chosen: Chosen, spec: PipelineSpec) -> tuple[Unbuilt, ...]:
    """The choices, each with the three nearest designs in which they are built."""
    working = _Working(chosen, spec)
    told = tuple(replace(u, nearest=working.of(u.id, lacking=True)) for u in lacking[: working.most])
    return told + tuple(lacking[working.most :])


class _Working:
    """The designs that work of those that are near one."""

    def __init__(self, chosen: Chosen, spec: PipelineSpec) -> None:
        self._chosen, self._spec = chosen, spec
        self._missed = missed_by(chosen, spec)
        small = is_small(chosen.inputs)
        self._most_beside = MOST_BESIDE if small else 0
        self.most = MOST_DEMANDS if small else MOST_OF_MANY_TABLES

    def of(self, id: str, *, lacking: bool = False) -> tuple[Option, ...]:
        """Those that meet a demand, or where it is ``lacking`` build a choice, and miss nothing else; where more answers must change
        for that, with them.

        The last of them may be one that is not built, where that is nearer. Where no few answers meet everything, those that miss
        nothing more than before.
        """
        found: dict[frozenset[tuple[str, str]], Option] = {}
        for candidate in candidates(id, self._chosen, self._spec):
            if not self._solves(candidate, id, lacking):
                continue
            both = self._completed(candidate, built=True), self._completed(candidate, built=False)
            for whole in both if any(both) else (self._no_worse(candidate),):
                if whole is not None and self._solves(whole, id, lacking):
                    made = self._made(whole)
                    found.setdefault(frozenset(whole.sets), option(whole.sets, made, id, built=not unbuilt(made)))

        def needless(sets: frozenset[tuple[str, str]], one: Option) -> bool:
            return any(other < sets and (found[other].built or not one.built) for other in found)

        least = sorted((o for sets, o in found.items() if not needless(sets, o)), key=lambda o: len(o.sets))
        built, others = [o for o in least if o.built], [o for o in least if not o.built]
        return (*built[: MOST - bool(others)], *others)[:MOST]

    def _solves(self, candidate: Candidate, id: str, lacking: bool) -> bool:
        remaining = self._open(candidate, built=lacking)
        return remaining is not None and id not in remaining

    def _made(self, candidate: Candidate) -> Chosen:
        overrides = {**self._chosen.overrides, **candidate.overrides}
        return choose(candidate.inputs, overrides, held_at(candidate.inputs, self._chosen, overrides))

    def _open(self, candidate: Candidate, *, built: bool) -> set[str] | None:
        """What is missed at a candidate, and, where it is to be ``built``, what is not; None where an override in it cannot work."""
        made = self._made(candidate)
        if any(r.id in candidate.overrides for r in made.refused):
            return None
        return missed_by(made, self._spec) | ({u.id for u in unbuilt(made)} if built else set())

    def _completed(self, candidate: Candidate, *, built: bool) -> Candidate | None:
        """A candidate with the answers that it needs beside its own; None where it needs too many."""
        rest = self._open(candidate, built=built) or set()
        for _ in range(self._most_beside):
            if not rest:
                return candidate
            better = self._next(candidate, rest, built=built)
            if better is None:
                return None
            candidate, rest = better
        return candidate if not rest else None

    def _no_worse(self, candidate: Candidate) -> Candidate | None:
        return candidate if (self._open(candidate, built=False) or set()) <= self._missed else None

    def _next(self, candidate: Candidate, rest: set[str], *, built: bool) -> tuple[Candidate, set[str]] | None:
        """The candidate with one answer more, by which less is open."""
        made = self._made(candidate)
        for id in sorted(rest):
            for more in candidates(id, made, self._spec):
                both = Candidate(
                    _beside(candidate.sets, more.sets), more.inputs, {**candidate.overrides, **more.overrides}
                )
                left = self._open(both, built=built)
                if left is not None and left < rest:
                    return both, left
        return None


def _beside(sets: watches.Sets, more: watches.Sets) -> watches.Sets:
    """Assignments with others after them: those take their place, and another source takes that of what only the first one has."""
    keys = dict(more)

    def stays(key: str) -> bool:
        source, _, field = key.rpartition(".")
        return key not in keys and (source not in keys or field in SourceBase.model_fields)

    return (*(one for one in sets if stays(one[0])), *more)


def option(sets: watches.Sets, made: Chosen, id: str, *, built: bool) -> Option:
    """A design as one of those to choose from."""
    cost = tuple(f for f in figures.whole(made) if f.id in COSTS)
    sets = tuple(sorted(sets, key=lambda one: one[0].count(".") > 1))  # a whole source before what is said of it
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
        told.append(f"{s.name}: {how.mode}, {in_words(how.schedule)}, {' and '.join(kinds) or 'no table'}")
    if source not in made.sources:
        told.append(f"engine {made.choice['destination.engine']}")
    return "; ".join(told[:4]) + (f"; and {len(told) - 4} more" if len(told) > 4 else "")
