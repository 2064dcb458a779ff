"""The nearest designs that work: what they ask instead, asked, meets the demand, misses no other, and costs what is said."""

from __future__ import annotations

from copy import deepcopy

import pytest
from hypothesis import HealthCheck, given, settings

from pipegen.core.design.built import Unbuilt, unbuilt
from pipegen.core.design.decide import Architecture, decide
from pipegen.core.design.decision import Option, Unmet
from pipegen.core.design.explain import Explained, explain
from pipegen.core.measured import Measured
from pipegen.core.spec import address, load
from pipegen.store import yaml_file
from tests.core.design.any_spec import Values, situations

FILES = "sources.s={kind: files, path: FOLDER}"
DATABASE = {"kind": "postgres", "url_env": "S_URL"}
TOPIC = {"kind": "kafka", "url_env": "BROKERS"}
API = {"kind": "rest", "url_env": "API_URL"}


def spec(source: Values, table: Values, **more: object) -> Values:
    return {"name": "p", "sources": {"s": {**source, "tables": {"t": table}}}, **more}


def asking(values: Values, option: Option) -> Values:
    """The spec with what an option asks instead, as ``--set`` puts it there."""
    values = deepcopy(values)
    for key, text in option.sets:
        address.put(values, address.parse(key), yaml_file.value(text))
    return values


MISSED: dict[str, tuple[str, Values, list[str]]] = {
    "files are never there in half a minute": (
        "s.freshness",
        spec({"kind": "files", "path": "../d/*.csv", "freshness": "30s"}, {"size": "10k rows"}),
        ["sources.s.freshness=5m", "sources.s.freshness=1h"],
    ),
    "a database with no log is polled": (
        "s.freshness",
        spec({**DATABASE, "freshness": "30s"}, {"key": ["id"], "size": "1M rows"}, destination={"kind": "postgres"}),
        ["sources.s.freshness=5m", "sources.s.freshness=1h", "on_call=always sources.s.change_log=true"],
    ),
    "a stream that somebody acts on, and nobody is called": (
        "on_call",
        spec({**TOPIC, "freshness": "10s"}, {"volume": "1M rows/day"}, consumers=["actions"], destination={"kind": "postgres"}),
        [f"{FILES} sources.s.freshness=5m", f"{FILES} sources.s.freshness=15m", "on_call=always"],
    ),
    "two writers on DuckDB": (
        "destination.kind",
        spec({**TOPIC, "freshness": "10s"}, {"volume": "1M rows/day"}, on_call="always"),
        [f"{FILES} sources.s.freshness=5m", f"{FILES} sources.s.freshness=15m", "destination.kind=postgres"],
    ),
    "an API that is too slow to be read whole": (
        "s.freshness",
        spec({**API, "rate_limit": "10 requests/minute", "freshness": "6h"}, {"key": ["id"], "size": "90k rows"}),
        ["sources.s.freshness=8h", "sources.s.freshness=1d", "sources.s.webhooks=true"],
    ),
    "a topic that forgets before the outage is over": (
        "s.outage",
        spec({**TOPIC, "log_kept": "12h"}, {"volume": "1M rows/day"}),
        [FILES, "sources.s.log_kept=1d", "defaults.outage=12h"],
    ),
    "a disk that the log of an outage fills": (
        "s.outage",
        spec(
            {**DATABASE, "change_log": True, "free_disk": "10 GB", "history": "every-change"},
            {"key": ["id"], "volume": "40 GB/day", "size": "100 GB"},
            destination={"kind": "postgres"},
        ),
        ["sources.s.tables.t.history=scd2", "sources.s.free_disk=360 GB", "defaults.outage=30m"],
    ),
    "soft deletes of files": (
        "s.t.deletes",
        spec({"kind": "files", "path": "../d/*.csv", "deletes": "soft"}, {"size": "10k rows"}),
        ["sources.s.deletes=hard", "sources.s.deletes=ignore"],
    ),
    "soft deletes without a key": (
        "s.t.deletes",
        spec({**DATABASE, "deletes": "soft"}, {"size": "10k rows"}),
        ["sources.s.tables.t.key=[COLUMN]", "sources.s.tables.t.deletes=hard", "sources.s.tables.t.deletes=ignore"],
    ),
    "versions without a key": (
        "s.t.history",
        spec({**DATABASE, "history": "scd2"}, {"size": "10k rows"}),
        ["sources.s.tables.t.key=[COLUMN]", "sources.s.tables.t.history=none"],
    ),
    "every change without a log": (
        "s.t.history",
        spec({**DATABASE, "change_log": False, "history": "every-change"}, {"key": ["id"], "size": "10k rows"}),
        ["sources.s.tables.t.history=scd2", "sources.s.tables.t.history=none", "sources.s.change_log=true"],
    ),
    "a read that is longer than the source bears": (
        "s.window",
        spec({**DATABASE, "window": "1h"}, {"key": ["id"], "size": "1G rows"}, destination={"kind": "postgres"}),
        ["sources.s.window=6h sources.s.freshness=2d", "sources.s.change_log=true"],
    ),
    "personal data that nothing is said of": (
        "s.t.raw_personal_data",
        spec(DATABASE, {}, raw_personal_data="forbidden"),
        ["sources.s.tables.t.columns.email=tokenise", "sources.s.tables.t.columns.email=drop", "raw_personal_data=allowed"],
    ),
    "a ceiling": (
        "ceiling",
        spec({**DATABASE, "freshness": "15m"}, {"key": ["id"], "size": "1k rows"}, prices={"compute_minute": 0.1}, ceiling=100),
        ["sources.s.freshness=6h", "sources.s.freshness=1d", "ceiling=440"],
    ),
    "more events than one reader takes": (
        "s.volume",
        spec({**TOPIC, "freshness": "2m"}, {"volume": "400k rows/s"}, destination={"kind": "postgres"}),
        ["on_call=always overrides.s.mode=spark-streaming"],
    ),
}  # fmt: skip
LACKING: dict[str, tuple[str, Values, list[str]]] = {
    "a topic": (
        "s.kind",
        spec(TOPIC, {"volume": "1M rows/day"}, destination={"kind": "postgres"}),
        [FILES, "sources.s={kind: postgres, url_env: S_URL}"],
    ),
    "a warehouse": (
        "destination.kind",
        spec(DATABASE, {"key": ["id"], "size": "1k rows"}, destination={"kind": "bigquery"}),
        ["destination.kind=duckdb", "destination.kind=postgres"],
    ),
    "every change": (
        "s.t.history",
        spec({**DATABASE, "change_log": True}, {"key": ["id"], "size": "1k rows", "history": "every-change"}),
        ["sources.s.tables.t.history=scd2", "sources.s.tables.t.history=none"],
    ),
    "rows that are dropped after a while": (
        "s.t.retention",
        spec(DATABASE, {"size": "1k rows"}, defaults={"retention": "30d"}),
        ["defaults.retention=null"],
    ),
    "several machines": (
        "pipeline.executor", spec(DATABASE, {"size": "1k rows"}, machine={"workers": 2}), ["machine.workers=1"],
    ),
    "a mode that a person chose": (
        "s.mode",
        spec({**DATABASE, "change_log": True}, {"key": ["id"], "size": "1k rows"}, overrides={"s.mode": {"choice": "flink"}}),
        ["overrides.s.mode=batch"],
    ),
    "a parser": (
        "s.parsing", spec({**DATABASE, "parsing": "code"}, {"size": "1k rows"}), ["sources.s.parsing=sql"],
    ),
}  # fmt: skip
FACTS = {
    "server": {"kind": "postgres"},
    "tables": {"t": {"rows": {"value": 10}, "columns": {"email": {"type": "text", "personal": {"guess": "email", "how": "name"}}}}},
}  # fmt: skip


def measured(id: str) -> dict[str, Measured]:
    return {"s": Measured.model_validate(FACTS)} if id.endswith("raw_personal_data") else {}


def told(option: Option) -> str:
    return " ".join(f"{key}={value}" for key, value in option.sets)


@pytest.mark.parametrize(("id", "values", "nearest"), MISSED.values(), ids=MISSED)
def test_a_demand_that_is_missed_names_the_nearest_that_meet_it(id: str, values: Values, nearest: list[str]) -> None:
    made = explain(load.load(values), measured(id))
    (missed,) = (u for u in made.unmet if u.id == id)
    assert [told(option) for option in missed.nearest] == nearest
    assert all(option.design and option.cost and option.woken for option in missed.nearest)


@pytest.mark.parametrize(("id", "values", "nearest"), LACKING.values(), ids=LACKING)
def test_what_is_not_built_names_the_nearest_that_is(id: str, values: Values, nearest: list[str]) -> None:
    made = explain(load.load(values), {})
    (lacking,) = (u for u in made.unbuilt if u.id == id)
    assert [told(option) for option in lacking.nearest] == nearest


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(situations())
def test_what_is_asked_instead_works_as_it_is_said(situation: tuple[Values, Values]) -> None:
    values, facts = situation
    found = {name: Measured.model_validate(of) for name, of in facts.items()}
    made = explain(load.load(values), found, ids=())
    for of in (*made.unmet, *made.unbuilt):
        assert len(of.nearest) <= 3
        assert [option.built for option in of.nearest] == sorted((o.built for o in of.nearest), reverse=True)
        for option in of.nearest:
            other = load.load(asking(values, option))
            if "FOLDER" not in told(option) and "{kind" not in told(option):  # else it is another source
                works(of, option, made, decide(other, found))


def works(of: Unmet | Unbuilt, option: Option, before: Explained, after: Architecture) -> None:
    missed, lacking = {u.id for u in after.unmet}, {u.id for u in after.unbuilt}
    assert of.id not in (missed if isinstance(of, Unmet) else lacking)
    assert missed <= {u.id for u in before.unmet}
    assert option.built is not bool(unbuilt(after.chosen))
    assert not after.chosen.refused
    whole = {f.id: f.value for sizing in after.sizing if not sizing.source for f in sizing.figures}
    for figure in option.cost:
        assert figure.value == pytest.approx(whole[figure.id])


def test_of_very_many_demands_only_the_first_are_searched_for() -> None:
    tables: Values = {f"t{i}": {} for i in range(30)}
    made = explain(
        load.load({"name": "p", "defaults": {"retention": "30d"}, "sources": {"s": {**DATABASE, "tables": tables}}}), {}
    )
    assert [bool(u.nearest) for u in made.unbuilt] == [True] * 5 + [False] * 25
