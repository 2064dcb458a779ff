"""What nobody knows is asked for where the design depends on it, and nowhere else."""

from __future__ import annotations

from copy import deepcopy

import pytest
from hypothesis import HealthCheck, given, settings

from pipegen.core.design.decide import decide
from pipegen.core.design.decision import OpenQuestion
from pipegen.core.design.explain import explain
from pipegen.core.design.unknown import STRUCTURE, open_questions
from pipegen.core.measured import Measured
from pipegen.core.spec import address, load
from tests.core.design.any_spec import DATABASES, Values, situations

DATABASE = {"kind": "postgres", "url_env": "S_URL"}


def asked(source: Values, *tables: str, of: Values | None = None) -> tuple[OpenQuestion, ...]:
    """The questions of a pipeline to PostgreSQL; ``of`` is what is said of each table."""
    tables_ = dict.fromkeys(tables or ("t",), of or {})
    said = {"name": "p", "destination": {"kind": "postgres"}, "sources": {"s": {**source, "tables": tables_}}}
    return explain(load.load(said), {}).open_questions


def ids(questions: tuple[OpenQuestion, ...]) -> list[str]:
    return [question.id for question in questions]


def test_a_change_log_is_asked_for_where_it_would_be_read() -> None:
    (question,) = asked({**DATABASE, "freshness": "2m"}, of={"key": ["id"], "size": "1M rows"})
    assert question.id == "sources.s.change_log"
    assert question.differs == (
        "s.mode: frequent-batch or micro-batch",
        "s.t.extract: full or cdc",
        "s.t.write: replace or merge",
    )
    assert question.query is not None and "wal_level" in question.query


@pytest.mark.parametrize("known", [{"change_log": True}, {"change_log": False}, {"freshness": "1d"}])
def test_a_change_log_is_not_asked_for_where_it_is_known_or_changes_nothing(known: Values) -> None:
    assert asked({**DATABASE, "freshness": "2m", **known}, of={"key": ["id"], "size": "1M rows"}) == ()


def test_the_size_of_a_table_is_asked_for_where_it_would_be_read_otherwise() -> None:
    (question,) = asked({**DATABASE, "change_log": False, "deletes": "ignore"}, of={"key": ["id"], "watermark": "at"})
    assert question.id == "sources.s.tables.t.size"
    assert question.ask == "how many rows has `s.t`?"
    assert "s.t.extract: full or watermark" in question.differs


def test_a_size_is_not_asked_for_where_nothing_else_can_be_done() -> None:
    assert asked({**DATABASE, "change_log": False}) == ()


def test_the_volume_of_a_topic_is_asked_for_where_a_batch_may_not_keep_up() -> None:
    topic = {"kind": "kafka", "url_env": "BROKERS"}
    (question,) = asked({**topic, "freshness": "5m"})
    assert (question.id, question.query) == ("sources.s.tables.t.volume", None)
    assert question.ask == "how many rows of `s.t` are new or changed a day?"
    assert question.differs == ("s.mode: frequent-batch or micro-batch",)
    assert asked({**topic, "freshness": "5m"}, of={"volume": "1M rows/day"}) == ()


def test_the_size_of_every_table_is_asked_for_by_itself() -> None:
    source = {**DATABASE, "change_log": False, "deletes": "ignore"}
    questions = asked(source, "a", "b", of={"key": ["id"], "watermark": "at"})
    assert ids(questions) == ["sources.s.tables.a.size", "sources.s.tables.b.size"]
    assert all(one.startswith("s.b.") for one in questions[1].differs)


@pytest.mark.parametrize(
    ("kind", "name", "query"),
    [
        ("postgres", 'a "b"', 'select count(*) from "a ""b""";'),
        ("mysql", "a`b", "select count(*) from `a``b`;"),
        ("mssql", "a]b", "select count(*) from [a]]b];"),
        ("mongodb", 'a"b', 'db.getCollection("a\\"b").countDocuments();'),
        ("sqlite", "a", None),
    ],
)
def test_what_answers_a_question_is_a_query_that_runs(kind: str, name: str, query: str | None) -> None:
    source = (
        {"kind": "sqlite", "path": "x.db"}
        if kind == "sqlite"
        else {"kind": kind, "url_env": "S_URL", "change_log": False}
    )
    (question,) = asked({**source, "deletes": "ignore"}, name, of={"key": ["id"], "watermark": "at"})
    assert question.query == query


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(situations())
def test_a_change_log_that_is_not_asked_for_changes_no_structure_and_one_that_is_does(
    situation: tuple[Values, Values],
) -> None:
    values, facts = situation
    found = {name: Measured.model_validate(of) for name, of in facts.items()}
    chosen = decide(load.load(values), found).chosen
    asked_for = open_questions(chosen)
    for s in chosen.inputs.sources:
        if s.kind in DATABASES and s.log is None:
            at = ["sources", s.name, "change_log"]
            yes, no = (structure(values, found, s.name, at, known) for known in (True, False))
            differs = {f"{id}: {no[id]} or {yes[id]}" for id in no.keys() & yes.keys() if no[id] != yes[id]}
            questions = [question for question in asked_for if question.id == address.text(at)]
            assert {one for question in questions for one in question.differs} == differs


def structure(values: Values, found: dict[str, Measured], source: str, at: list[str], value: object) -> dict[str, str]:
    """The decisions of a source that are of structure, where the spec says this."""
    said = deepcopy(values)
    address.put(said, at, value)
    choice = decide(load.load(said), found).chosen.choice
    return {id: c for id, c in choice.items() if id.startswith(f"{source}.") and id.rpartition(".")[2] in STRUCTURE}
