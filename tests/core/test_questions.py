"""The table of questions: one definition, from which come prompt, flag, variable, key, help, schema entry and docs."""

from __future__ import annotations

import pytest

from pipegen.core import questions
from pipegen.core.design.built import BUILT, DESTINATIONS
from pipegen.core.questions import NAME, QUESTIONS, Question
from pipegen.core.questions_page import page
from pipegen.core.spec.load import load
from pipegen.core.spec.one_answer import problem, text_at, value_at
from tests.core.answers_page import PAGE

EVERY = (NAME, *QUESTIONS)


def test_the_docs_are_of_this_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
    for question in QUESTIONS:
        assert f"`{question.flag} " in page()


@pytest.mark.parametrize("question", EVERY, ids=lambda q: q.name)
def test_a_question_says_what_is_asked_with_an_example(question: Question) -> None:
    assert question.help.endswith(".") and question.example
    assert (question.asked == "never") == (question.title == "")
    assert not question.title or question.title.endswith("?")
    assert len({choice.value for choice in question.choices}) == len(question.choices)


@pytest.mark.parametrize("question", [q for q in EVERY if q.key and q.choices], ids=lambda q: q.name)
def test_every_choice_is_a_value_that_its_key_takes_and_no_other_is(question: Question) -> None:
    assert question.key is not None
    for choice in question.choices:
        value = [choice.value] if question.repeat else choice.value
        assert problem(question.key, value) is None
    wrong = problem(question.key, ["zzz"] if question.repeat else "zzz")
    assert wrong is not None
    if question.key != "destination.kind":  # of which kinds are told
        assert all(f"`{choice.value}`" in wrong for choice in question.choices)


def test_what_no_blueprint_builds_cannot_be_chosen() -> None:
    destination, history = questions.BY_NAME["destination"], questions.BY_NAME["history"]
    assert tuple(c.value for c in destination.choices if not c.off) == DESTINATIONS
    assert tuple(c.value for c in history.choices if not c.off) == BUILT["history"]


@pytest.mark.parametrize(
    ("key", "value", "because"),
    [
        ("defaults.freshness", "soon", "`soon` is not a duration; allowed is a number and s, m, h, d or w"),
        ("defaults.growth", "5", "allowed is a percentage a period"),
        ("alerts.email", ["nobody"], "for example `[data@example.com]`"),
        ("alerts.webhook", "https://x", "the name of an environment variable"),
        ("ci", "githb", "did you mean `github`?"),
        ("destination.kind", "postgrs", "did you mean `postgres`?"),
        ("owner", "", "is empty"),
    ],
)
def test_what_is_wrong_says_what_is_allowed(key: str, value: object, because: str) -> None:
    wrong = problem(key, value)
    assert wrong is not None and because in wrong


def test_the_value_that_nobody_said() -> None:
    spec = load({"name": "x", "sources": {"s": {"kind": "sample"}}, "alerts": {"email": ["a@b.c", "d@e.f"]}})
    assert text_at(spec, "defaults.freshness") == "1d" and text_at(spec, "alerts.email") == "a@b.c, d@e.f"
    assert (
        value_at(spec, "on_call") is None and text_at(spec, "alerts.slack") == "" and value_at(spec, "no.such") is None
    )
