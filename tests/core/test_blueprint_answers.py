"""Answers to blueprints' own questions: checked, and carried over a rename."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pipegen.core.blueprint import Manifest, Question
from pipegen.core.blueprint_answers import answers, carried
from pipegen.core.errors import SpecError
from pipegen.core.spec.load import load

ASKED = Manifest.model_validate(
    {
        "name": "dbt", "version": "1.0.0", "summary": "x",
        "questions": [
            {"id": "threads", "ask": "How many?", "type": "integer"},
            {"id": "style", "ask": "Which?", "type": "choice", "choices": ["plain", "rich"]},
            {"id": "hours", "ask": "When?", "default": "09:00-17:00", "pattern": r"\d\d:\d\d-\d\d:\d\d"},
        ],
    }
)  # fmt: skip
OWN = Manifest.model_validate(
    {"name": "audit", "version": "1.0.0", "summary": "x", "questions": [{"id": "team", "ask": "Whose?"}]}
)


def _given(values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    whole = {"name": "shop", "sources": {"s": {"kind": "sample"}}, "blueprints": [{"source": "../audit"}], **values}
    return answers(load(whole, lambda _: None), [ASKED, OWN], lambda at: f"pipegen.yml:{len(at)}")


def test_answers_by_blueprint() -> None:
    given = _given(
        {"answers": {"dbt": {"threads": 4}}, "blueprints": [{"source": "../audit", "answers": {"team": "x"}}]}
    )
    assert given == {"dbt": {"threads": 4}, "audit": {"team": "x"}}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"dbt": {"thread": 4}}, "pipegen.yml:3: `answers.dbt.thread`: blueprint `dbt` 1.0.0 does not ask `thread`"),
        ({"dbt": {"threads": "many"}}, "`answers.dbt.threads`: `many` is not a whole number"),
        ({"dbt": {"threads": True}}, "`True` is not a whole number"),
        ({"dbt": {"style": "ornate"}}, "`ornate` is not one of `plain`, `rich`"),
        ({"dbt": {"hours": "9 to 5"}}, "`answers.dbt.hours`: `9 to 5` does not fit; for example `09:00-17:00`"),
        ({"dbt": {"hours": "09:00-17:00 "}}, "does not fit"),
        ({"dbt": {"hours": 9}}, "`9` is not text"),
        ({"dbtt": {}}, "`answers.dbtt`: there is no bundled blueprint `dbtt`"),
        ({"audit": {"team": "x"}}, "there is no bundled blueprint `audit`"),
    ],
)  # fmt: skip
def test_what_nobody_asks_is_refused(said: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        _given({"answers": said})
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"type": "integer", "pattern": "x"}, "goes with `type: text`"),
        ({"pattern": "("}, "is no regular expression"),
        ({"pattern": "x", "default": "y"}, "`default` does not fit `pattern`"),
    ],
)
def test_a_pattern_that_could_not_work_is_refused(question: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Question.model_validate({"id": "hours", "ask": "When?", **question})


def test_every_wrong_answer_is_named_at_once() -> None:
    with pytest.raises(SpecError) as caught:
        _given({"answers": {"dbt": {"a": 1, "style": 2}}, "blueprints": [{"source": "x", "answers": {"teem": 1}}]})
    assert [problem.hint for problem in caught.value.problems()] == [
        "it asks: threads, style, hours", "Which?", "did you mean `team`?",
    ]  # fmt: skip


def _questions(*asked: tuple[str, Any]) -> list[Question]:
    return [Question.model_validate({"id": id, "ask": "?", "was": was}) for id, was in asked]


def test_a_renamed_question_carries_its_answer_over_any_jump() -> None:
    assert carried(_questions(("newest", ["newer", "old"])), {"old": 1, "other": 2}) == {"old": ["newest"]}


def test_a_split_question_gives_its_answer_to_each_part() -> None:
    assert carried(_questions(("rows", "tolerance"), ("sums", "tolerance")), {"tolerance": 1}) == {
        "tolerance": ["rows", "sums"]
    }


def test_an_answer_that_is_given_stays() -> None:
    assert carried(_questions(("new", "old")), {"old": 1, "new": 2}) == {}
    assert carried(_questions(("new", "old"), ("old", [])), {"old": 1}) == {}
