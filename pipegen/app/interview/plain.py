"""A question whose answer is a plain value of the spec: its default, its evidence and its checks come from the table and the spec."""

from __future__ import annotations

from typing import cast

from pipegen.app.interview import evidence
from pipegen.app.interview.said import Said
from pipegen.app.interview.step import Reply, Step, Steps, Way
from pipegen.core.prompting import Ask
from pipegen.core.questions import DONT_KNOW, Question
from pipegen.core.spec.one_answer import as_text, problem, value_at


def plain(way: Way, said: Said, question: Question) -> Steps:
    """Ask it; an answer is taken where the design that comes of it can be built."""
    assert question.key is not None
    picture = way.picture(said)
    found = evidence.of(question.name, picture)
    value = value_at(picture.spec, question.key)

    def put(said: Said, reply: Reply) -> Said:
        answer = reading(question, reply)
        return said if answer is None else said.with_flag(question.name, answer)

    def check(text: str) -> str | None:
        answer = reading(question, (text,) if question.kind == "many" else text)
        if answer is None:
            return None
        given = list(answer) if isinstance(answer, tuple) else answer
        return problem(cast(str, question.key), given) or way.new_trouble(said, put(said, answer))

    ask = Ask(
        question.name,
        question.title,
        question.kind,
        _default(question, value, found.default),
        choices=question.choices,
        evidence=(*found.lines, *((f"{DONT_KNOW}: {question.unknown}",) if question.unknown else ())),
        help=question.help,
        example=question.example,
        check=check,
        suggestions=(*found.suggestions, *((DONT_KNOW,) if question.unknown else ())),
    )
    said = yield Step(ask, question.about(), put)
    return said


def reading(question: Question, reply: Reply) -> str | tuple[str, ...] | None:
    """An answer as the flag has it; None where it says nothing."""
    if isinstance(reply, tuple):
        return reply or None
    text = reply.strip()
    if not text or (question.unknown and text.lower() == DONT_KNOW):
        return None
    if question.repeat and question.kind == "text":
        return tuple(part for part in (one.strip() for one in text.split(",")) if part) or None
    return text


def _default(question: Question, value: object, found: str | None) -> str | tuple[str, ...]:
    if question.kind == "many":
        return tuple(value) if isinstance(value, list | tuple) else ()
    if question.kind == "one" and value is None:
        return question.choices[0].value
    return found or as_text(value)
