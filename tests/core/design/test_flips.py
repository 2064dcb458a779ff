"""``flips`` are true: what `pipegen plan --set` would find by trying value after value is where they say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pipegen.app.repository import measured_in
from pipegen.cli.main import run
from pipegen.core import units
from pipegen.core.design.choose import Chosen, choose
from pipegen.core.design.decision import Decision, Flip
from pipegen.core.design.explain import explain
from pipegen.core.design.inputs import CLOUD, SourceInputs, TableInputs, inputs
from pipegen.core.design.rules import direction, extract, partitioning, retries
from pipegen.core.spec import address, load
from pipegen.store import yaml_file
from tests import golden_trees
from tests.core.design import seed_cases

PORTFOLIO = (*(f"seed {name}" for name in seed_cases.NAMES), *(f"golden {name}" for name in golden_trees.names()))
Sets = tuple[tuple[str, str], ...]


class Case:
    """One spec of the portfolio, explained once, and decided again at other answers through its plain values."""

    def __init__(self, label: str) -> None:
        kind, name = label.split(" ", 1)
        if kind == "seed":
            self.values, self.measured = seed_cases.values(name), seed_cases.measured(name)
        else:
            tree = golden_trees.FOLDER / name
            self.values = dict(yaml_file.read(tree / "pipegen.yml", "pipegen.yml").values)
            self.measured = measured_in(tree, list(self.values["sources"]))
        self.spec = load.load(self.values)
        self.overrides = {id: said.choice for id, said in self.spec.overrides.items()}
        self.decisions = explain(self.spec, self.measured).decisions
        self._made: dict[Sets, Chosen] = {}

    def at(self, sets: Sets) -> Chosen:
        """Every choice with other answers, as ``--set`` puts them into the spec."""
        if sets not in self._made:
            values = deepcopy(self.values)
            for key, text in sets:
                address.put(values, address.parse(key), yaml_file.value(text))
            spec = load.load(values)
            self._made[sets] = choose(inputs(spec, self.measured), self.overrides)
        return self._made[sets]


case = cache(Case)


def numbers(of: Case) -> Iterator[tuple[Decision, Flip]]:
    return ((d, flip) for d in of.decisions for flip in d.flips if flip.flips is not None)


def setting(of: Case, flip: Flip) -> Callable[[int], Sets]:
    """The assignments that put the number which a flip watches at a value, made here and not by what searched for it."""
    said = {"s": "{}s", "rows": "{} rows", "rows/day": "{} rows/day", "GB": "{} GB"}.get(flip.unit, "{}")
    source = flip.watch.removesuffix(" freshness")
    if flip.watch.endswith(" freshness") and source in of.spec.sources:
        return lambda v: fresh(of, source, v)
    return lambda v: tuple((key, said.format(v)) for key, _ in flip.sets)


def fresh(of: Case, source: str, seconds: int) -> Sets:
    """A source whose freshest data is ``seconds`` old at most: what its tables say for themselves is moved where it must be."""
    said = of.spec.sources[source]
    own = {name: units.duration(t.freshness) for name, t in said.tables.items() if t.freshness is not None}
    inherits = len(own) < len(said.tables) or not said.tables
    moved = [n for n, f in own.items() if f < seconds or (not inherits and f == min(own.values()))]
    sets = [address.text(["sources", source, "freshness"])] if inherits else []
    sets += [address.text(["sources", source, "tables", name, "freshness"]) for name in moved]
    return tuple((key, f"{seconds}s") for key in sets)


def edge(keeps: Callable[[int], bool], now: int, beyond: int) -> tuple[int, int] | None:
    """The last value that keeps a choice and the first that does not: the nearest on a dense grid, then by halving."""
    stays = now
    for value in grid(now, beyond):
        if not keeps(value):
            break
        stays = value
    else:
        return None
    while abs(value - stays) > 1:
        middle = (value + stays) // 2
        stays, value = (middle, value) if keeps(middle) else (stays, middle)
    return stays, value


def grid(now: int, beyond: int, many: int = 60) -> list[int]:
    """Values from one number to another, even by their ratio and even by their difference, the nearest first."""
    ratio, span = (beyond + 1) / (now + 1), beyond - now
    values = {round((now + 1) * ratio ** (i / many)) - 1 for i in range(1, many)}
    values |= {now + span * i // many for i in range(1, many)} - {now}
    return [*sorted(values - {now, beyond}, reverse=span < 0), beyond]


@pytest.mark.parametrize("label", PORTFOLIO)
def test_a_number_flips_its_decision_exactly_where_it_is_said_and_nowhere_nearer(label: str) -> None:
    of, wrong = case(label), []
    for decision, flip in numbers(of):
        assert flip.now is not None and flip.stays is not None and flip.flips is not None
        at = setting(of, flip)

        def keeps(value: int, at: Callable[[int], Sets] = at, decision: Decision = decision) -> bool:
            return of.at(at(value)).choice.get(decision.id) == decision.choice

        if not keeps(int(flip.now)):
            wrong.append(f"{decision.id}: {flip.watch} as it is today gives another choice")
        elif (found := edge(keeps, int(flip.now), int(flip.flips))) != (flip.stays, flip.flips):
            wrong.append(f"{decision.id}: {flip.text}: found {found}, said {flip.stays, flip.flips}")
    assert wrong == []


@pytest.mark.parametrize("label", PORTFOLIO)
def test_the_assignments_of_a_flip_give_what_it_flips_to(label: str) -> None:
    of, wrong = case(label), []
    for decision in of.decisions:
        for flip in decision.flips:
            got = of.at(flip.sets).choice.get(decision.id)
            if got != flip.to or flip.to == decision.choice:
                wrong.append(f"{decision.id}: {flip.text}: {flip.sets} gives {got}")
    assert wrong == []


@pytest.mark.parametrize("label", PORTFOLIO)
def test_a_decision_without_flips_has_a_reason(label: str) -> None:
    of = case(label)
    alone = [d.id for d in of.decisions if not d.flips and not any(holds(of, d) for holds in REASONS.values())]
    assert alone == []


def parts(of: Case, decision: Decision) -> tuple[str, SourceInputs, TableInputs | None]:
    """A decision's question, its source and its table; of the whole pipeline the first source."""
    p, question = of.at(()).inputs, decision.id.rpartition(".")[2]
    s = next((s for s in p.sources if decision.id.startswith(f"{s.name}.")), p.sources[0])
    return question, s, next((t for t in s.tables if decision.id == f"{t.address}.{question}"), None)


def follows_its_input(of: Case, decision: Decision) -> bool:
    question, s, t = parts(of, decision)
    at_its_floor = t is not None and t.lateness <= max(600, s.lag)
    short = retries.first_delay(s.freshness) < 300
    return (
        question == "log_retention" or (question == "overlap" and not at_its_floor) or (question == "retries" and short)
    )


def cannot_be_another(of: Case, decision: Decision) -> bool:
    """Every other choice has a problem, whatever the numbers are."""
    question, s, t = parts(of, decision)
    made = of.at(())
    destination = made.inputs.destination
    if question == "direction":
        return all(direction.problem(s, x, decision.choice) for x in direction.CHOICES if x != decision.choice)
    if question == "parallelism":
        return destination == "duckdb" or len(s.tables) == 1 or (s.connections is None and made.inputs.machine is None)
    if question == "engine":  # a warehouse in the cloud takes any run; a run that reads what is new stays small
        largest = max((t for s in made.inputs.sources for t in s.tables), key=lambda t: (t.total_bytes, t.per_day))
        return destination in CLOUD or made.sources[largest.source].extracts[largest.name] != "full"
    if question == "transform":
        return any(t.treated for s in made.inputs.sources for t in s.tables)
    if question in ("mode", "schedule"):
        return s.delivered is not None
    if t is None:
        return False
    if question == "partitioning":
        others = [x for x in partitioning.CHOICES[destination] if x != decision.choice]
        return all(partitioning.problem(t, destination, x) for x in others)
    if question == "extract":
        mode, others = made.choice[f"{s.name}.mode"], [x for x in extract.EXTRACTS if x != decision.choice]
        return all(extract.problem(s, t, mode, x) for x in others) or (
            t.form == "files" and (t.immutable or not t.drops)
        )
    return question == "overlap" and t.mark == "numeric"


def follows_the_extract(of: Case, decision: Decision) -> bool:
    """How a table is written follows from how it is read, which a person decided or which has no flip itself."""
    read = decision.id.removesuffix(".write") + ".extract"
    return decision.id.endswith(".write") and any(d.id == read and (d.overridden or not d.flips) for d in of.decisions)


def is_what_people_ask_for(of: Case, decision: Decision) -> bool:
    """A history is asked for; only that of daily copies has a price at which it is another."""
    return parts(of, decision)[0] == "history" and decision.choice != "daily"


def is_what_the_destination_documents(of: Case, decision: Decision) -> bool:
    question, _, t = parts(of, decision)
    by_day = t is not None and t.retention is not None
    return question == "partitioning" and (by_day or of.at(()).inputs.destination == "clickhouse")


def sees_deletes_alone(of: Case, decision: Decision) -> bool:
    """An API gives no key without its row: what is gone is seen by a whole read or not at all."""
    _, _, t = parts(of, decision)
    return decision.choice == "full" and t is not None and t.form == "api" and t.deletes != "ignore"


REASONS: dict[str, Callable[[Case, Decision], bool]] = {
    "a person chose it": lambda _, decision: decision.overridden,
    "it is its input, second by second": follows_its_input,
    "no other choice works": cannot_be_another,
    "only a whole read sees the deletes": sees_deletes_alone,
    "it follows from how the table is read": follows_the_extract,
    "people ask for it": is_what_people_ask_for,
    "the destination documents it, or rows are dropped by it": is_what_the_destination_documents,
}


def test_a_decision_that_is_held_says_how_it_is_taken_anew_and_is_held_while_others_are_searched() -> None:
    of = case("seed shop_hourly")
    accepted = {"shop_db.order_items.extract": "full"}
    held = explain(of.spec, of.measured, accepted)
    by_id = {d.id: d for d in held.decisions}
    for id, choice in accepted.items():
        assert by_id[id].choice == choice
        assert [f.text.split(";")[0] for f in by_id[id].flips] == [f"stays until `pipegen update --accept-design={id}`"]
    for flip in by_id["shop_db.mode"].flips:
        assert flip.flips is None or flip.flips != flip.now


def test_a_schedule_that_no_run_fits_any_more_is_told_as_a_freshness_that_is_missed() -> None:
    of = case("seed health_records")
    schedule = next(d for d in of.decisions if d.id == "records.schedule")
    lost = [flip for flip in schedule.flips if "no schedule keeps the freshness" in flip.text]
    for flip in lost:
        assert not of.at(flip.sets).met("records")
    assert all(of.at(flip.sets).met("records") for flip in schedule.flips if flip not in lost)


def test_a_stream_over_a_large_state_is_flinks() -> None:
    topic = {"kind": "kafka", "url_env": "BROKERS", "freshness": "2m", "tables": {"t": {"volume": "1M rows/day"}}}
    values = {"name": "p", "sources": {"s": topic}, "destination": {"kind": "postgres"}, "on_call": "always"}
    mode = next(d for d in explain(load.load(values), {}).decisions if d.id == "s.mode")
    assert mode.choice == "micro-batch"
    assert "flips to flink above 10 GB of event-time state of s, now 0" in [flip.text for flip in mode.flips]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert run(["new", "shop", "--source", "sample:", "--yes", "--no-git"]) == 0
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path / "shop"


def asked(capfd: pytest.CaptureFixture[str], *words: str) -> Any:
    capfd.readouterr()
    run([*words, "--json"])
    return json.loads(capfd.readouterr().out)


def test_the_command_line_finds_a_flip_where_explain_says_it(shop: Path, capfd: pytest.CaptureFixture[str]) -> None:
    told = {d["id"]: d for d in asked(capfd, "explain")["decisions"]}
    for id in ("shop.mode", "pipeline.alerts", "shop.orders.extract"):
        flip = told[id]["flips"][0]
        (assignment,) = flip["sets"]
        key, beyond = assignment.split("=", 1)
        assert changed(asked(capfd, "plan", "--set", assignment)).get(id) == (told[id]["choice"], flip["to"])
        if flip["flips"] is not None:
            number = f"{flip['stays']:.0f}"
            last = f"{number}s" if flip["unit"] == "s" else beyond.replace(f"{flip['flips']:.0f}", number)
            assert id not in changed(asked(capfd, "plan", "--set", f"{key}={last}"))


def changed(plan: Any) -> dict[str, tuple[str, str]]:
    return {d["id"]: (d["before"], d["after"]) for d in plan["decisions"]}
