"""Every choice of the decision model for given inputs, rule after rule, with what people decided instead and accepted before.

Quick and without words: :mod:`pipegen.core.design.decide` says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf

from pipegen.core import units
from pipegen.core.design import calibration as c
from pipegen.core.design.inputs import Inputs, SourceInputs, TableInputs
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
from pipegen.core.design.told import Trouble
from pipegen.core.sizing import work

# The least freshness, in seconds, that a mode keeps at all.
FLOORS = {"frequent-batch": c.MICRO_BATCH_BELOW, "micro-batch": c.STREAM_BELOW,
          "spark-streaming": c.FLINK_BELOW}  # fmt: skip


@dataclass(frozen=True)
class Refused:
    """An override that cannot work, and why."""

    id: str
    choice: str
    trouble: Trouble


@dataclass(frozen=True)
class SourceChoice:
    """How one source is run. ``freshness`` is the best that its mode keeps, in seconds, where it is worse than what was asked.

    ``interval``, ``run_seconds`` and ``slack`` are seconds; ``works`` are the schedules that keep the freshness; ``fits``: there
    is one.
    """

    mode: str
    schedule: str
    interval: int
    run_seconds: float
    slack: int
    freshness: int
    works: tuple[str, ...]
    extracts: Mapping[str, str]
    overlaps: Mapping[str, int]
    before: Mapping[str, float]

    @property
    def fits(self) -> bool:
        return bool(self.works)


@dataclass
class Chosen:
    """Every choice by the decision's id. ``natural`` has what the rules alone would choose, where that is another.

    ``overrides`` and ``accepted`` are what it was chosen with.
    """

    inputs: Inputs
    overrides: Mapping[str, str] = field(default_factory=dict)
    accepted: Mapping[str, str] = field(default_factory=dict)
    choice: dict[str, str] = field(default_factory=dict)
    sources: dict[str, SourceChoice] = field(default_factory=dict)
    natural: dict[str, str] = field(default_factory=dict)
    overridden: set[str] = field(default_factory=set)
    refused: list[Refused] = field(default_factory=list)
    scanned: float = 0.0
    tasks_an_hour: float = 0.0

    def met(self, source: str) -> bool:
        """Whether a source's freshness is kept."""
        s = next(s for s in self.inputs.sources if s.name == source)
        how = self.sources[source]
        return how.fits and how.freshness <= s.freshness


class Chooser:
    """Takes each decision: a person's choice, else the one accepted before, else the rule's; the first that works."""

    def __init__(self, inputs: Inputs, overrides: Mapping[str, str], accepted: Mapping[str, str]) -> None:
        self.inputs = inputs
        self.made = Chosen(inputs, overrides, accepted)

    def pick(self, id: str, natural: str, problem: Callable[[str], Trouble | None]) -> str:
        """Take a decision, and note it."""
        choice = natural
        wanted, held = self.made.overrides.get(id), self.made.accepted.get(id)
        if wanted is not None:
            trouble = problem(wanted)
            if trouble is None:
                choice = wanted
                self.made.overridden.add(id)
            else:
                self.made.refused.append(Refused(id, wanted, trouble))
        elif held is not None and held != natural and problem(held) is None:
            choice = held
        if choice != natural:
            self.made.natural[id] = natural
        self.made.choice[id] = choice
        return choice

    def quietly(self, id: str, natural: str, problem: Callable[[str], Trouble | None]) -> str:
        """What :meth:`pick` would take."""
        wanted = self.made.overrides.get(id, self.made.accepted.get(id))
        return wanted if wanted is not None and wanted != natural and problem(wanted) is None else natural


def choose(
    inputs: Inputs, overrides: Mapping[str, str] | None = None, accepted: Mapping[str, str] | None = None
) -> Chosen:
    """Every choice. ``overrides`` and ``accepted`` are choices by the decision's id."""
    chooser = Chooser(inputs, overrides or {}, accepted or {})
    for s in inputs.sources:
        chooser.made.sources[s.name] = _source(s, chooser)
    _whole(chooser)
    return chooser.made


def held_at(at: Inputs, chosen: Chosen, overrides: Mapping[str, str]) -> dict[str, str]:
    """The accepted choices that stay at other answers: those that the answers do not change by themselves."""
    if not chosen.accepted:
        return {}
    now, then = choose(chosen.inputs, overrides).choice, choose(at, overrides).choice
    return {id: choice for id, choice in chosen.accepted.items() if now.get(id) == then.get(id)}


def _source(s: SourceInputs, chooser: Chooser) -> SourceChoice:
    p, pick = chooser.inputs, chooser.pick
    freshness = s.freshness
    again = pick(f"{s.name}.retries", retries.choose(freshness), lambda x: retries.problem(freshness, x))
    slack = retries.total(*(retries.parse(again, freshness) or (0, 0)))
    natural = _natural_mode(s, chooser, slack)
    mode = pick(f"{s.name}.mode", natural, lambda x: _mode_problem(s, p, natural, x))
    before = _before(s, mode, chooser, slack)
    extracts = _extracts(s, mode, pick, before)
    overlaps = {
        t.name: _overlap(s, t, pick)
        for t in s.tables
        if extracts[t.name] in extract.MARKS or _by_mark(t, extracts[t.name])
    }
    reached = _reached(mode, freshness)
    run_time, heavy = work.run_time(s, mode, extracts, overlaps), extract.heavy(s, extracts)
    works = schedule.fitting(s, mode, reached, run_time, slack, heavy)
    longest = works[-1] if works else schedule.ceaseless(s, mode, run_time(None), heavy)
    said = pick(f"{s.name}.schedule", longest, lambda x: schedule.problem(x, works, reached))
    interval = schedule.interval(said)
    run = run_time(interval if works else None)
    how = SourceChoice(mode, said, interval, run, slack, reached, tuple(works), extracts, overlaps, before)
    _rest_of_source(s, how, chooser)
    return how


def _by_mark(t: TableInputs, choice: str) -> bool:
    """Whether an append reads from a mark on."""
    return choice == "append" and t.form in ("rows", "api") and bool(t.mark)


def _reached(mode: str, freshness: int) -> int:
    """The freshness that a mode is run for: what was asked, or the least that it keeps."""
    return max(freshness, int(FLOORS[mode].value)) if mode in FLOORS else freshness


def _natural_mode(s: SourceInputs, chooser: Chooser, slack: int) -> str:
    """The mode by the freshness, or a faster one where no run of a batch fits it."""
    mode = modes.choose(s, chooser.inputs, s.freshness)
    may = mode in modes.BATCHES and not modes.faster("micro-batch", modes.fastest(s)[0])
    return "micro-batch" if may and not _fits(s, mode, chooser, slack, _before(s, mode, chooser, slack)) else mode


def _before(s: SourceInputs, mode: str, chooser: Chooser, slack: int) -> dict[str, float]:
    """Seconds in which the tables smaller than each one are read; without end, so that only tiny tables are read whole, where no run
    would fit the freshness otherwise.
    """
    smaller = extract.smaller(s)
    if mode not in modes.BATCHES or _fits(s, mode, chooser, slack, smaller):
        return smaller
    nothing_whole = dict.fromkeys(smaller, inf)
    return nothing_whole if _fits(s, mode, chooser, slack, nothing_whole) else smaller


def _fits(s: SourceInputs, mode: str, chooser: Chooser, slack: int, before: Mapping[str, float]) -> bool:
    """Whether a run of a batch fits the freshness."""
    extracts = _extracts(s, mode, chooser.quietly, before)
    run_time, heavy = work.run_time(s, mode, extracts), extract.heavy(s, extracts)
    return bool(schedule.fitting(s, mode, _reached(mode, s.freshness), run_time, slack, heavy))


def _mode_problem(s: SourceInputs, p: Inputs, natural: str, choice: str) -> Trouble | None:
    trouble = modes.problem(s, p, s.freshness, choice)
    if trouble is None and modes.faster(natural, choice):
        return f"no run of `{choice}` fits the freshness", f"the slowest that works: `{natural}`"
    return trouble


def _extracts(s: SourceInputs, mode: str, pick: Callable[..., str], before: Mapping[str, float]) -> dict[str, str]:
    """How each table is read; ``before`` as :func:`extract.reads_whole` has it, by table."""

    def one(t: TableInputs) -> str:
        natural = extract.choose(s, t, mode, before[t.name])
        return pick(f"{t.address}.extract", natural, lambda x: extract.problem(s, t, mode, x))

    return {t.name: one(t) for t in s.tables}


def _overlap(s: SourceInputs, t: TableInputs, pick: Callable[..., str]) -> int:
    natural = late.overlap(s, t)
    text = pick(f"{t.address}.overlap", late.overlap_text(t, natural), lambda x: late.overlap_problem(s, t, x))
    return late.parse_overlap(t, text) or natural


def _rest_of_source(s: SourceInputs, how: SourceChoice, chooser: Chooser) -> None:
    p, pick = chooser.inputs, chooser.pick
    rows = work.rows_of_a_run(s, how.extracts, how.overlaps, how.interval)
    way = direction.choose(s, s.freshness, rows, how.interval)
    pick(f"{s.name}.direction", way, lambda x: direction.problem(s, x, way))
    for t in s.tables:
        _table(s, t, how.extracts[t.name], chooser)
    if logs.has_topic(s, how.mode):
        parts = str(logs.partitions(s, p))
        pick(f"{s.name}.topic_partitions", parts, lambda x: logs.partitions_problem(s, p, x))
    if logs.has_log(s, how.mode, tuple(how.extracts.values())):
        kept = units.duration_text(logs.retention(s, p, how.mode))
        pick(f"{s.name}.log_retention", kept, lambda x: logs.retention_problem(s, p, how.mode, x))
    pick(f"{s.name}.parallelism", str(running.parallelism(s, p)), lambda x: running.parallelism_problem(s, p, x))


def _table(s: SourceInputs, t: TableInputs, how: str, chooser: Chooser) -> None:
    pick, destination = chooser.pick, chooser.inputs.destination
    pick(f"{t.address}.write", write.choose(t, how), lambda x: write.problem(t, how, x))
    pick(f"{t.address}.history", history.choose(t), lambda x: history.problem(t, x))
    if how != "full" and t.form != "files":
        pick(f"{t.address}.lookback", str(late.lookback(t)), lambda x: late.lookback_problem(t, x))
    natural = partitioning.choose(t, destination)
    pick(f"{t.address}.partitioning", natural, lambda x: partitioning.problem(t, destination, x))


def _whole(chooser: Chooser) -> None:
    p, pick, made = chooser.inputs, chooser.pick, chooser.made
    hows = made.sources
    made.scanned = sum(work.scanned_bytes(s, hows[s.name].extracts) for s in p.sources)
    made.tasks_an_hour = sum(
        work.tasks_an_hour(s, hows[s.name].mode, hows[s.name].interval) for s in p.sources if hows[s.name].fits
    )
    all_modes, intervals = [h.mode for h in hows.values()], [h.interval for h in hows.values()]
    pick("pipeline.transform", engine.choose_transform(p), lambda x: engine.transform_problem(p, x))
    natural = engine.choose(p, made.scanned, all_modes)
    pick("destination.engine", natural, lambda x: engine.problem(p, natural, x))
    topic = any(logs.has_topic(s, hows[s.name].mode) for s in p.sources)
    slot = any("cdc" in h.extracts.values() for h in hows.values())
    pick("pipeline.alerts", running.choose_alerts(p, intervals, slot, topic), lambda x: running.alerts_problem(p, x))
    executor = running.choose_executor(p, made.tasks_an_hour)
    pick("pipeline.executor", executor, lambda x: running.executor_problem(p, x))
