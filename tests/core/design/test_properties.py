"""What holds of every design, whatever was asked and whatever was measured."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipegen.core import units
from pipegen.core.design import calibration
from pipegen.core.design.choose import SourceChoice
from pipegen.core.design.decide import UNSEEN, Architecture, decide
from pipegen.core.design.explain import explain
from pipegen.core.design.inputs import SourceInputs, TableInputs
from pipegen.core.design.rules import extract, history, retries
from pipegen.core.design.rules import mode as modes
from pipegen.core.measured import Measured
from pipegen.core.sizing import work
from pipegen.core.spec import load
from tests.core.design.any_spec import Values, situations

MANY = settings(max_examples=200, suppress_health_check=list(HealthCheck))
Situation = tuple[Values, Values]


def designed(situation: Situation) -> Architecture:
    values, facts = situation
    return decide(load.load(values), measured(facts))


def measured(facts: Values) -> dict[str, Measured]:
    return {name: Measured.model_validate(found) for name, found in facts.items()}


@MANY
@given(situations())
def test_every_spec_has_every_decision_once_with_its_reasons(situation: Situation) -> None:
    made = designed(situation)
    ids = [d.id for d in made.decisions]
    assert len(ids) == len(set(ids))
    assert set(ids) == set(expected(made)) == set(made.chosen.choice)
    for decision in made.decisions:
        assert decision.choice == made.chosen.choice[decision.id]
        assert decision.because and all(decision.because) and decision.rule and decision.source
        assert all(a.against and a.choice != decision.choice for a in decision.alternatives)


def expected(made: Architecture) -> Iterator[str]:
    yield from ("pipeline.transform", "destination.engine", "pipeline.alerts", "pipeline.executor")
    for s in made.chosen.inputs.sources:
        how = made.chosen.sources[s.name]
        streamed = s.kind == "kafka" or how.mode in modes.STREAMS
        yield from (f"{s.name}.{q}" for q in ("mode", "schedule", "direction", "parallelism", "retries"))
        yield from (f"{s.name}.topic_partitions",) if streamed else ()
        yield from (f"{s.name}.log_retention",) if streamed or "cdc" in how.extracts.values() else ()
        for t in s.tables:
            yield from (f"{t.address}.{q}" for q in ("extract", "write", "history", "partitioning"))
            yield from (f"{t.address}.overlap",) if t.name in how.overlaps else ()
            yield from (f"{t.address}.lookback",) if t.form != "files" and how.extracts[t.name] != "full" else ()


@settings(max_examples=20, suppress_health_check=list(HealthCheck))  # each is some thousand designs
@given(situations())
def test_every_explanation_is_plain_and_finite(situation: Situation) -> None:
    values, facts = situation
    told = asdict(explain(load.load(values), measured(facts)))
    text = json.dumps(told, allow_nan=False)
    assert "{" not in "".join(d["flips_when"] or "" for d in told["decisions"])
    assert "None" not in text


@MANY
@given(situations())
def test_no_design_contradicts_itself(situation: Situation) -> None:
    made = designed(situation)
    assert list(contradictions(made)) == []


WORDS = (
    *modes.MODES, *extract.EXTRACTS, *history.HISTORIES, "replace", "merge", "microbatch", "partition-overwrite", "append-log",
    "replace-by-unit", "pull", "push", "elt", "etl", "duckdb", "postgres", "spark", "day", "cluster", "range", "tickets",
    "freshness-burn+slot", "LocalExecutor", "CeleryExecutor", "KubernetesExecutor", "0", "1", "3", "40", "2, first after 10m",
    "1s", "2h", "9d", "500 units", "* * * * *", "0 0 * * *", "0 */6 * * *", "every 10s", "continuous", "no choice at all",
)  # fmt: skip


@MANY
@given(situations())
def test_a_freshness_that_no_batch_keeps_is_kept_by_none(situation: Situation) -> None:
    """Each interval with the run that it has: none is as long as its run and leaves room for it and the retries."""
    made = designed(situation).chosen
    for s in made.inputs.sources:
        how = made.sources[s.name]
        if how.fits or how.mode not in modes.BATCHES or s.delivered is not None:
            continue
        run_time = work.run_time(s, how.mode, how.extracts, how.overlaps)
        a_day = extract.heavy(s, how.extracts) * 86_400 / s.window if s.window else 0.0
        for interval in (m * 60 for m in calibration.INTERVALS_MINUTES):
            run = run_time(interval)
            kept = interval + int(run) + s.lag + how.slack <= how.freshness
            assert not (kept and interval >= run and interval >= a_day), (interval, run)


@given(situations(), st.data())
def test_what_a_person_chose_instead_is_taken_or_refused_and_contradicts_nothing(
    situation: Situation, data: st.DataObject
) -> None:
    values, facts = situation
    ids = sorted(designed(situation).chosen.choice)
    chosen = data.draw(st.dictionaries(st.sampled_from(ids), st.sampled_from(WORDS), min_size=1, max_size=2))
    made = designed(({**values, "overrides": {id: {"choice": c} for id, c in chosen.items()}}, facts))
    refused = {r.id: r for r in made.chosen.refused}
    for id, choice in chosen.items():
        if id in made.chosen.choice:
            assert (id in made.chosen.overridden) is not (id in refused)
            assert made.choice(id) == choice or refused[id].trouble[0]
    assert list(contradictions(made)) == []


def contradictions(made: Architecture) -> Iterator[str]:
    p, choice, missed = made.chosen.inputs, made.chosen.choice, {u.id for u in made.unmet}
    for s in p.sources:
        how = made.chosen.sources[s.name]
        late = f"{s.name}.freshness" in missed
        yield from _of_time(s, how, made, late)
        if modes.faster(how.mode, modes.fastest(s)[0]):
            yield f"{s.name} is read faster than it can be: {how.mode}"
        for t in s.tables:
            yield from _of_table(s, t, how, made, missed)
    streams = any(how.mode in modes.STREAMS for how in made.chosen.sources.values())
    if choice["destination.engine"] == "duckdb" and p.destination == "duckdb" and streams:
        yield "two writers on DuckDB"
    if choice["pipeline.alerts"] != "tickets" and p.on_call == "none":
        yield "an alert pages, and nobody is on call"
    if choice["pipeline.transform"] == "elt" and p.raw_forbidden:
        yield "raw personal data lands, and may not"
    if choice["pipeline.executor"] == "LocalExecutor" and p.workers > 1:
        yield "one machine runs what several are there for"


def _of_time(s: SourceInputs, how: SourceChoice, made: Architecture, late: bool) -> Iterator[str]:
    figures = {f.id: f.value for sizing in made.sizing if sizing.source == s.name for f in sizing.figures}
    if how.interval > s.freshness and s.delivered is None and not late:
        yield f"{s.name} runs every {how.interval} s, and is to be {s.freshness} s old at most"
    if figures["slack_seconds"] < 0 and not late:
        yield f"{s.name} has a slack of {figures['slack_seconds']} s"
    if how.mode in modes.BATCHES and how.schedule.split()[2:] != ["*", "*", "*"]:
        yield f"{s.name} is a batch with schedule {how.schedule}"
    many = retries.parse(made.choice(f"{s.name}.retries"), s.freshness)
    if many is None or retries.total(*many) > s.freshness / 4:
        yield f"{s.name} retries for longer than a quarter of {s.freshness} s: {made.choice(f'{s.name}.retries')}"
    if made.choice(f"{s.name}.direction") == "push" and s.kind not in ("kafka", "webhook") and not s.webhooks:
        yield f"{s.name} is to send, and cannot"


def _of_table(
    s: SourceInputs, t: TableInputs, how: SourceChoice, made: Architecture, missed: set[str]
) -> Iterator[str]:
    read, written = how.extracts[t.name], made.choice(f"{t.address}.write")
    kept = made.choice(f"{t.address}.history")
    if written == "merge" and not t.key:
        yield f"{t.address} is merged by no key"
    if read == "cdc" and not (s.log and (t.key or t.immutable)):
        yield f"{t.address} is read from a change log: {s.log}, key {t.key}"
    if read in extract.MARKS and not (t.mark and (t.key or t.mark == "temporal")):
        yield f"{t.address} is read from a mark: {t.mark!r}, key {t.key}"
    if t.name in how.overlaps and not t.mark:
        yield f"{t.address} reads again before a mark that it has not"
    wanted = f"{t.address}.extract" in made.chosen.overridden
    if read == "append" and t.form == "rows" and not (t.mark and (t.immutable or wanted)):
        yield f"{t.address} is appended to: mark {t.mark!r}, immutable {t.immutable}"
    if kept in ("scd2", "daily") and not t.key and f"{t.address}.history" not in missed:
        yield f"{t.address} keeps versions that nothing tells apart"
    if kept == "every-change" and read not in ("cdc", "append") and f"{t.address}.history" not in missed:
        yield f"{t.address} keeps every change, and does not see them"
    blind = extract.deletes_done(t, read) == "ignore" and t.deletes != "ignore" and not t.immutable
    if blind and not stated(made, t):
        yield f"{t.address} does not see deletes, which are to be {t.deletes}"
    if made.choice(f"{t.address}.partitioning") in ("day", "month", "range", "sort-key") and t.mark != "temporal":
        yield f"{t.address} is partitioned by a time that it has not"


def stated(made: Architecture, t: TableInputs) -> bool:
    """Whether it is said that deletes are not seen: as a demand that is missed, or with the extract."""
    read = next(d for d in made.decisions if d.id == f"{t.address}.extract")
    return UNSEEN in read.because or any(u.id == f"{t.address}.deletes" for u in made.unmet)


HARDER: dict[str, tuple[str, ...]] = {
    "freshness": ("9d", "1d", "6h", "1h", "59m", "12m", "5m", "299s", "1m", "59s", "5s", "4s", "1s"),
    "lateness": ("1s", "1h", "1d", "30h", "9d"),
    "outage": ("1s", "1h", "1d", "9d"),
    "deletes": ("ignore", "hard", "soft"),
    "history": ("none", "scd2", "every-change"),
    "raw_personal_data": ("allowed", "forbidden"),
    "volume": ("10 rows/day", "60k rows/day", "90M rows/day", "20k rows/s"),
}


@pytest.mark.parametrize("demand", HARDER)
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(situations())
def test_a_harder_demand_never_gives_a_weaker_design(demand: str, situation: Situation) -> None:
    values, facts = situation
    steps = [designed((asking(values, demand, step), facts)) for step in HARDER[demand]]
    for before, after in pairwise(steps):
        assert list(weaker(demand, before, after)) == []


def asking(values: Values, demand: str, answer: str) -> Values:
    """The spec with one demand of all of its tables, which may change."""
    tables_only = {"freshness", "lateness", "deletes", "history", "volume"}

    large = {"key": ["id"], "watermark": "changed_at", "size": "80M rows", "deletes": "ignore", "freshness": "1h"}
    marked = large if demand == "lateness" else {}  # else hardly a table would have a mark to read again before

    def without(said: Values) -> Values:
        return {k: v for k, v in said.items() if k not in (demand, "immutable")}

    sources = {
        name: {**without(s), "tables": {t: {**without(own), **marked} for t, own in s["tables"].items()}}
        for name, s in values["sources"].items()
    }
    if demand == "volume":
        sources = {name: {**s, demand: answer} for name, s in sources.items()}
    elif demand in tables_only or demand == "outage":
        values = {**values, "defaults": {**values.get("defaults", {}), demand: answer}}
    else:
        values = {**values, demand: answer}
    return {**values, "sources": sources}


def weaker(demand: str, before: Architecture, after: Architecture) -> Iterator[str]:
    """What the design for the harder demand has less of, and does not state as missed."""
    missed = {u.id for u in after.unmet}
    if demand == "raw_personal_data" and after.choice("pipeline.transform") == "elt":
        yield "raw personal data lands"
    for s in after.chosen.inputs.sources:
        was, now = before.chosen.sources[s.name], after.chosen.sources[s.name]
        if demand == "freshness" and modes.faster(was.mode, now.mode) and f"{s.name}.freshness" not in missed:
            yield f"{s.name}: {was.mode} became {now.mode}"
        alike = was.extracts == now.extracts and was.mode == now.mode and f"{s.name}.freshness" not in missed
        if demand == "freshness" and alike and now.interval > was.interval:
            yield f"{s.name}: every {was.interval} s became every {now.interval} s"
        if demand == "outage" and _kept(after, s.name) < _kept(before, s.name):
            yield f"{s.name}: its log is kept for less"
        if demand == "volume" and _partitions(after, s.name) < _partitions(before, s.name):
            yield f"{s.name}: fewer partitions"
        for t in s.tables:
            yield from _weaker_table(demand, t, s.name, before, after, missed)


def _weaker_table(
    demand: str, t: TableInputs, source: str, before: Architecture, after: Architecture, missed: set[str]
) -> Iterator[str]:
    was, now = before.chosen.sources[source], after.chosen.sources[source]
    if demand == "lateness":
        if now.overlaps.get(t.name, sys.maxsize) < was.overlaps.get(t.name, 0):  # where none is needed, none is less
            yield f"{t.address}: a smaller overlap"
        id = f"{t.address}.lookback"
        if id in after.chosen.choice and _number(after, id) < _number(before, id):
            yield f"{t.address}: a shorter lookback"
    seen = [extract.deletes_done(t, m.chosen.sources[source].extracts[t.name]) != "ignore" for m in (before, after)]
    if demand == "deletes" and seen[0] and not seen[1] and not stated(after, t):
        yield f"{t.address}: deletes are not seen"
    if demand == "history" and f"{t.address}.history" not in missed:
        order = ("none", "scd2", "every-change")
        if order.index(after.choice(f"{t.address}.history")) < order.index(before.choice(f"{t.address}.history")):
            yield f"{t.address}: less history"


def _kept(made: Architecture, source: str) -> int:
    """Seconds that a source's log is kept; nothing is weaker where none is read."""
    text = made.chosen.choice.get(f"{source}.log_retention")
    return units.duration(text) if text else 0


def _partitions(made: Architecture, source: str) -> int:
    return _number(made, f"{source}.topic_partitions")


def _number(made: Architecture, id: str) -> int:
    return int(made.chosen.choice.get(id, "0"))


@MANY
@given(situations(), st.randoms(use_true_random=False))
def test_the_order_of_what_was_said_and_measured_changes_no_choice(situation: Situation, random: Any) -> None:
    values, facts = situation
    other = shuffled(values, random), shuffled(facts, random)
    assert designed(other).chosen.choice == designed(situation).chosen.choice


def shuffled(value: Any, random: Any) -> Any:
    if not isinstance(value, dict):
        return value
    items = [(key, shuffled(below, random)) for key, below in value.items()]
    random.shuffle(items)
    return dict(items)
