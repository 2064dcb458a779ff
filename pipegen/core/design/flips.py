"""Where a decision would be another: the nearest value of each input that moves it, found by deciding again.

No formula is inverted here: the rules themselves are asked at other values, in ever longer steps away from today's, and by halving
in between, until the last value that keeps the choice and the first that does not stand side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import log

from pipegen.core import units
from pipegen.core.design import watches
from pipegen.core.design.calibration import MICRO_BATCH_BELOW, OVERLAP, RETRIES, RETRY_DELAY, RETRY_SHARE
from pipegen.core.design.choose import Chosen, choose
from pipegen.core.design.decision import Decision, Flip
from pipegen.core.design.inputs import Inputs, SourceInputs, TableInputs
from pipegen.core.design.records import WHOLE
from pipegen.core.design.rules import retries
from pipegen.core.design.watches import Answer, Watch

FORESEEN_DAYS = 3650
"""Growth is foreseen for ten years, no longer."""
STRIDE = 4
JITTER = int((2**RETRIES.value - 1) / RETRY_SHARE.value)  # s of freshness for one more second before the first retry
MOST_TABLES = 20
"""Of larger sources only the decisions that are asked for by id are searched: each costs some hundred designs."""


def is_small(p: Inputs) -> bool:
    """Whether a pipeline has so few tables that every decision is searched."""
    return sum(len(s.tables) for s in p.sources) <= MOST_TABLES


class Flips:
    """The flips of one design's decisions."""

    def __init__(self, chosen: Chosen) -> None:
        self._p = chosen.inputs
        self._chosen = chosen
        self._held = {id: chosen.choice[id] for id in chosen.natural if id not in chosen.overridden}
        self._seen: dict[tuple[str, int], Chosen] = {}
        self._answers: dict[tuple[tuple[str, str], ...], Chosen] = {}

    def of(self, decision: Decision) -> Decision:
        """The decision with its flips; one that a person holds, or that was accepted before, has none."""
        if decision.overridden or decision.id in self._chosen.natural:
            return decision
        found = tuple(self._flips(decision.id, decision.choice))
        return replace(decision, flips=found, flips_when="; ".join(f.text for f in found) or None)

    def _flips(self, id: str, choice: str) -> Iterator[Flip]:
        scope, numbers, answers = self._movers(id)
        said: set[str] = set()
        for watch in numbers:
            yield from self._of_number(id, watch, scope)
        for answer in answers:
            to = self._at_answer(answer, scope).choice.get(id)
            if to is not None and to != choice and to not in said:
                said.add(to)
                yield Flip(to, answer.phrase, f"flips to {to} with {answer.phrase}", answer.sets)

    def _of_number(self, id: str, watch: Watch, scope: str) -> Iterator[Flip]:
        for up in (False, True):
            edge = self._edge(id, watch, scope, up)
            if edge is None:
                continue
            stays, flips = edge
            made = self._at(watch, flips, scope)
            to = made.choice.get(id)
            if to is None:
                continue
            lost = bool(scope) and self._chosen.met(scope) and not made.met(scope)
            text = _text(id, to, _side(watch, stays, flips, up), lost)
            yield Flip(to, watch.id, text, watch.sets(flips), watch.unit, watch.now, stays, flips)

    def _edge(self, id: str, watch: Watch, scope: str, up: bool) -> tuple[int, int] | None:
        """The last value that keeps the choice and the first beyond that does not; None where none does."""

        def shape(value: int) -> tuple[object, ...]:
            made = self._at(watch, value, scope)
            return (
                made.choice.get(id),
                *((how.mode, how.fits, *how.extracts.values()) for how in made.sources.values()),
            )

        def first(near: int, far: int) -> tuple[int, int] | None:
            """The first flip between two values: where modes and extracts stay the same, a choice follows a number one way."""
            if shape(near) == shape(far):
                return None
            if abs(far - near) == 1:
                return (near, far) if shape(near)[0] != shape(far)[0] else None
            middle = (near + far) // 2
            return first(near, middle) or first(middle, far)

        def nearer(stays: int, flips: int) -> tuple[int, int]:
            """Retries wait whole seconds, so that what they leave of a freshness goes up and down by some on its way."""
            step = flips - stays
            begin = max(watch.now, stays - JITTER) if up else min(watch.now, stays + JITTER)
            gone = (v for v in range(begin + step, flips, step) if shape(v)[0] != shape(stays)[0])
            value = next(gone, flips)
            return value - step, value

        near = watch.now
        for value in _away(watch, up):
            found = first(near, value)
            if found is not None:
                return nearer(*found) if watch.unit == "s" else found
            near = value
        return None

    def _at(self, watch: Watch, value: int, scope: str) -> Chosen:
        key = (f"{scope}|{watch.id}", value)
        if key not in self._seen:
            self._seen[key] = self._decided(watch.at(value), scope)
        return self._seen[key]

    def _at_answer(self, answer: Answer, scope: str) -> Chosen:
        key = (("", scope), *answer.sets)
        if key not in self._answers:
            self._answers[key] = self._decided(answer.inputs, scope)
        return self._answers[key]

    def _decided(self, p: Inputs, scope: str) -> Chosen:
        """All choices, those that are held today held; of one source alone where the decision is its own."""
        alone = replace(p, sources=tuple(s for s in p.sources if s.name == scope)) if scope else p
        return choose(alone, self._chosen.overrides, self._held)

    def _movers(self, id: str) -> tuple[str, list[Watch], list[Answer]]:
        """What may move a decision, and the source that is enough to decide it."""
        source, question = id.split(".", 1)[0], id.rpartition(".")[2]
        s = next((s for s in self._p.sources if s.name == source and id not in WHOLE), None)
        if s is None:
            return "", list(self._of_whole(question)), list(self._answers_of_whole(question))
        t = next((t for t in s.tables if f"{t.address}.{question}" == id), None)
        if t is None:
            return s.name, list(self._of_source(s, question)), list(self._answers_of_source(s, question))
        numbers = watches.table_watches(self._p, s, t)
        wanted = _TABLE_NUMBERS.get(question, ())
        follows = t.lateness > max(OVERLAP.value, s.lag)  # the overlap is the lateness, second by second
        if question == "overlap" and follows:
            wanted = ()
        answers = watches.table_answers(self._p, s, t) if question in _TABLE_ANSWERS else ()
        return s.name, [numbers[name] for name in wanted if name in numbers], list(answers)

    def _of_source(self, s: SourceInputs, question: str) -> Iterator[Watch]:
        capped = (
            retries.first_delay(s.freshness) == RETRY_DELAY.value
        )  # else it follows the freshness, second by second
        if question in ("mode", "schedule", "direction") or (question == "retries" and capped):
            yield watches.source_freshness(self._p, s)
        if question in ("schedule", "mode", "topic_partitions"):
            yield from self._of_largest(s, "volume" if question == "topic_partitions" else "size")
        if question == "mode" and s.freshness < MICRO_BATCH_BELOW.value:
            yield watches.state(self._p, s)
        if question == "parallelism":
            allowed = watches.connections(self._p, s)
            yield from (allowed,) if allowed is not None else ()
            yield from (w for w in watches.machine_watches(self._p) if w.id == "cores")

    def _of_largest(self, s: SourceInputs, name: str) -> Iterator[Watch]:
        if s.tables:
            t = max(s.tables, key=lambda one: (one.rows or 0, one.per_day))
            numbers = watches.table_watches(self._p, s, t)
            yield from (numbers[name],) if name in numbers else ()

    def _answers_of_source(self, s: SourceInputs, question: str) -> Iterator[Answer]:
        if question in ("mode", "direction", "schedule"):
            yield from watches.source_answers(self._p, s)
        if question == "mode":
            yield from (a for a in watches.whole_answers(self._p, ()) if a.sets[0][0] in ("on_call", "consumers"))

    def _of_whole(self, question: str) -> Iterator[Watch]:
        if question in ("alerts", "executor"):
            oftenest = min(self._p.sources, key=lambda s: self._chosen.sources[s.name].interval, default=None)
            yield from (watches.source_freshness(self._p, oftenest),) if oftenest is not None else ()
        if question == "engine":
            found = watches.largest(self._p)
            if found is not None:
                numbers = watches.table_watches(self._p, *found)
                yield from (numbers[name] for name in ("size", "volume") if name in numbers)
        wanted = {"executor": ("workers",), "engine": ("memory",)}.get(question, ())
        yield from (w for w in watches.machine_watches(self._p) if w.id in wanted)

    def _answers_of_whole(self, question: str) -> Iterator[Answer]:
        keys = {"transform": "raw_personal_data", "alerts": "on_call consumers", "executor": "deploy"}.get(question, "")
        destinations = ("lake",) if question == "transform" else ()
        for answer in watches.whole_answers(self._p, destinations):
            if answer.sets[0][0] in (*keys.split(), "destination.kind"):
                yield answer


_TABLE_NUMBERS: dict[str, tuple[str, ...]] = {
    "extract": ("freshness", "size", "volume"),
    "overlap": ("lateness",),
    "lookback": ("lateness",),
    "history": ("size",),
    "partitioning": ("size", "volume"),
    "write": ("freshness", "size"),
}
_TABLE_ANSWERS = ("extract", "write", "partitioning")  # history is what people ask for


def _text(id: str, to: str, where: str, lost: bool) -> str:
    """A flip in words; ``lost``: the freshness is missed beyond it."""
    if lost and id.endswith(".schedule"):
        return f"no schedule keeps the freshness {where}".replace(
            "the freshness below a freshness of", "a freshness below"
        )
    return f"flips to {to} {where}{', and the freshness is missed' if lost else ''}"


def _side(watch: Watch, stays: int, flips: int, up: bool) -> str:
    """On which side of which number, said by the rounder of the two that stand side by side."""
    now = f", now {watch.text(watch.now)}"
    limit = watch.unit == "s" and flips in watches.THRESHOLDS
    if up and (limit or len(watch.text(flips)) < len(watch.text(stays))):
        return f"from {watch.phrase.format(watch.text(flips))} on{now}"
    return f"{'above' if up else 'below'} {watch.phrase.format(watch.text(stays))}{now}"


def _away(watch: Watch, up: bool) -> Iterator[int]:
    """Values ever further from today's, with the limits of the modes among them."""
    grid = {v for one in watches.THRESHOLDS for v in (one - 1, one)} if watch.unit == "s" else set()
    step = 1
    while step <= watch.high:
        grid.add(min(watch.high, watch.now + step) if up else max(watch.low, watch.now - step))
        step *= STRIDE
    inside = [v for v in grid if (watch.now < v <= watch.high if up else watch.low <= v < watch.now)]
    return iter(sorted(inside, reverse=not up))


def days_until(flip: Flip, t: TableInputs, growth: float) -> float | None:
    """Days until a number that grows reaches its flip, at the declared growth a month; None where it never does.

    A table whose rows are only added grows by its volume, one whose rows change by the declared share.
    """
    if flip.flips is None or flip.now is None or flip.flips <= flip.now:
        return None
    if flip.unit == "rows" and t.immutable and t.per_day > 0:
        return (flip.flips - flip.now) / t.per_day
    if growth <= 0 or flip.now <= 0 or flip.unit not in ("rows", "rows/day"):
        return None
    return log(flip.flips / flip.now) / log(1 + growth) * units.MONTH_DAYS


def first_threshold(s: SourceInputs, decisions: Mapping[str, Decision], growth: float) -> tuple[float, str] | None:
    """The days until growth first flips a decision of a source, and which one; None where none does in ten years."""
    found = []
    tables = {f"{t.address} {name}": t for t in s.tables for name in ("size", "volume")}
    for decision in decisions.values():
        sized = {f"{s.name}.topic_partitions"} if s.keyed else set()  # for the growth of the planned horizon already
        for flip in decision.flips if decision.id not in sized else ():
            days = days_until(flip, tables[flip.watch], growth) if flip.watch in tables else None
            if days is not None and days <= FORESEEN_DAYS:
                found.append((days, f"{decision.id} {flip.text}"))
    return min(found, default=None)
