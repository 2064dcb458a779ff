"""Answers to the questions that blueprints ask themselves: checked against the questions, carried over where one was renamed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pipegen.core import names
from pipegen.core.blueprint import Manifest, Question
from pipegen.core.errors import Problem, SpecError
from pipegen.core.spec.load import Address, Locate, dotted, where
from pipegen.core.spec.model import PipelineSpec

_TYPES: Mapping[str, type] = {"text": str, "integer": int, "boolean": bool, "choice": str}
_NOUNS = {"text": "text", "integer": "a whole number", "boolean": "true or false", "choice": "one of its choices"}


def answers(spec: PipelineSpec, manifests: Sequence[Manifest], locate: Locate) -> dict[str, dict[str, Any]]:
    """The answers by blueprint; ``manifests`` are the bundled ones, then those of ``spec.blueprints`` in their order.

    Raises:
        SpecError: answers to what nobody asks, or of another type; all of them.
    """
    bundled = manifests[: len(manifests) - len(spec.blueprints)]
    problems: list[Problem] = []
    for name in spec.answers.keys() - {m.name for m in bundled}:
        at: Address = ("answers", name)
        hint = names.did_you_mean(name, [m.name for m in bundled]) or "`pipegen blueprints list` has their names"
        problems.append(
            Problem(f"`{dotted(at)}`: there is no bundled blueprint `{names.shorten(name)}`", where(at, locate), hint)
        )
    given: dict[str, dict[str, Any]] = {}
    asked: list[tuple[Manifest, Address, dict[str, Any]]] = [
        (m, ("answers", m.name), spec.answers[m.name]) for m in bundled if m.name in spec.answers
    ]
    extra = manifests[len(bundled) :]
    asked += [
        (m, ("blueprints", i, "answers"), r.answers)
        for i, (m, r) in enumerate(zip(extra, spec.blueprints, strict=True))
    ]
    for manifest, at, said in asked:
        problems += _problems(manifest, at, said, locate)
        given[manifest.name] = said
    if problems:
        raise SpecError(problems)
    return given


def _problems(manifest: Manifest, at: Address, said: Mapping[str, Any], locate: Locate) -> list[Problem]:
    questions = {question.id: question for question in manifest.questions}
    problems = []
    for id, value in said.items():
        here = (*at, id)
        question = questions.get(id)
        if question is None:
            hint = names.did_you_mean(id, questions) or f"it asks: {', '.join(questions) or 'nothing'}"
            message = (
                f"`{dotted(here)}`: blueprint `{manifest.name}` {manifest.version} does not ask `{names.shorten(id)}`"
            )
            problems.append(Problem(message, where(here, locate), hint))
        elif not _fits(question, value):
            message = f"`{dotted(here)}`: `{names.shorten(str(value))}` {_lacks(question, value)}"
            problems.append(Problem(message, where(here, locate), question.ask))
    return problems


def _fits(question: Question, value: Any) -> bool:
    if question.type != "boolean" and isinstance(value, bool):
        return False
    if not isinstance(value, _TYPES[question.type]) or (question.choices and value not in question.choices):
        return False
    return not question.pattern or re.fullmatch(question.pattern, str(value)) is not None


def _lacks(question: Question, value: Any) -> str:
    if question.choices:
        return f"is not one of {', '.join(f'`{c}`' for c in question.choices)}"
    if not isinstance(value, _TYPES[question.type]) or isinstance(value, bool):
        return f"is not {_NOUNS[question.type]}"
    return f"does not fit; for example `{question.default}`"


def carried(questions: Sequence[Question], said: Mapping[str, Any]) -> dict[str, list[str]]:
    """The answers whose question was renamed or split since: the old id, and the ids that its answer goes to."""
    ids = {question.id for question in questions}
    moved: dict[str, list[str]] = {}
    for question in questions:
        old = next((was for was in question.was if was in said and was not in ids), None)
        if old is not None and question.id not in said:
            moved.setdefault(old, []).append(question.id)
    return moved
