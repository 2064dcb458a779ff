"""What is to come out: the marts that the foreign keys allow, and rules that every row must keep."""

from __future__ import annotations

from typing import cast

from pipegen.app import completion
from pipegen.app.interview.picture import Picture
from pipegen.app.interview.said import Said
from pipegen.app.interview.step import Reply, Step, Steps, Way
from pipegen.core.design.marts import default_marts
from pipegen.core.errors import Problem
from pipegen.core.prompting import Ask, Choice
from pipegen.core.questions import Question
from pipegen.core.spec import address
from pipegen.core.spec.model import AggregateMart, CustomMart, DimensionMart, FactMart, MartSpec
from pipegen.probe import expressions


def marts(way: Way, said: Said, question: Question) -> Steps:
    """Ask which of the marts that can be had are wanted, where nobody named any."""
    picture = way.picture(said)
    if not way.asks(question) or picture.spec.marts is not None or picture.trouble is not None:
        return said
    allowed = default_marts(picture.design.sources)
    if not allowed:
        return said

    def put(said: Said, reply: Reply) -> Said:
        if set(reply) == set(allowed):
            return said  # what is written where nobody chooses
        if not reply:
            return said.with_set("marts", {})
        for name in reply:
            plain = allowed[name].model_dump(mode="json", by_alias=True, exclude_defaults=True)
            said = said.with_set(address.text(["marts", name]), {"kind": allowed[name].kind, **plain})
        return said

    choices = tuple(Choice(name, name, _note(mart)) for name, mart in allowed.items())
    ask = Ask(
        "mart",
        question.title,
        "many",
        tuple(allowed),
        choices=choices,
        evidence=("facts point at others or happen at a time; dimensions are pointed at (from keys and foreign keys)",),
        help=question.help,
        example=question.example,
    )
    said = yield Step(ask, "marts", put, tuple((choice.value, choice.note) for choice in choices))
    return said


def _note(mart: MartSpec) -> str:
    match mart:
        case FactMart():
            told = [f"fact of {mart.from_}"]
            told += [f"adds up {_some(mart.measures)}"] if mart.measures else []
            told += [f"by {_some(mart.dimensions)}"] if mart.dimensions else []
            return ", ".join(told)
        case DimensionMart():
            return f"dimension of {mart.from_}"
        case AggregateMart():
            return f"{mart.from_} by {_some(mart.by)}"
        case CustomMart():
            return "a model of your own"


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def rules(way: Way, said: Said, question: Question) -> Steps:
    """Ask for business rules, one after another, until there is no more."""
    if not way.asks(question):
        return said
    number = 1
    while True:
        before = said
        said = yield _rule(way, said, question, number)
        if said == before:
            return said
        number += 1


def _rule(way: Way, said: Said, question: Question, number: int) -> Step:
    def put(said: Said, reply: Reply) -> Said:
        text = cast(str, reply).strip()
        return said.with_flag("rule", (*said.flags.get("rule", ()), text)) if text else said

    picture = way.picture(said)
    tables = [table for source in picture.spec.sources.values() for table in source.tables]
    ask = Ask(
        question.name if number == 1 else f"{question.name}.{number}",
        question.title if number == 1 else "What else must be true of every row?",
        "text",
        evidence=(f"a table and a condition over its columns; tables: {_some(tables)}", "enter: nothing more"),
        help=question.help,
        example=question.example,
        check=lambda text: _rule_problem(picture, text.strip()) or way.new_trouble(said, put(said, text)),
    )
    return Step(ask, f"rule {number}", put, tuple(tables))


def _rule_problem(picture: Picture, text: str) -> str | None:
    """What is wrong with ``TABLE: EXPRESSION``."""
    if not text:
        return None
    table, separator, expression = text.partition(":")
    if not separator or not expression.strip():
        return "this is not `TABLE: EXPRESSION`, for example `orders: total_amount >= 0`"
    sources = {name: source.model_dump(by_alias=True) for name, source in picture.spec.sources.items()}
    problems: list[Problem] = []
    if completion.resolve(table.strip(), sources, {}, "", problems) is None:
        return f"{problems[0].message}; {problems[0].hint}" if problems[0].hint else problems[0].message
    broken = expressions.syntax_problem(expression.strip())
    return f"this is not a SQL expression that can be tested: {broken}" if broken else None
