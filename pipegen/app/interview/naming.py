"""The name of the pipeline: the first question, at which a target folder that is taken is found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

from pipegen.app.answers import Given
from pipegen.app.interview.picture import in_words
from pipegen.app.interview.said import Said
from pipegen.app.interview.step import Step, Steps, Way, set_address
from pipegen.core import names, questions
from pipegen.core.errors import PipegenError
from pipegen.core.prompting import Ask
from pipegen.core.spec import source_url
from pipegen.store import workspace


def steps(way: Way, said: Said) -> Steps:
    """Ask for the name, unless it was given."""
    if given_name(way.base) is not None and "name" not in way.anew:
        return said
    question = questions.NAME
    ask = Ask(
        "name",
        question.title,
        "text",
        _free_name(way.base),
        help=question.help,
        example=question.example,
        check=lambda text: problem(text, way.base),
    )
    said = yield Step(ask, "name", lambda said, text: replace(said, name=cast(str, text).strip()))
    return said


def given_name(base: Given) -> str | None:
    """The name that was given before the interview."""
    said = next((value for key, value in reversed(base.sets) if set_address(key) == ["name"]), None)
    found = said or base.name or next((v for v in (_of_layer(base), _of_config(base)) if v), None)
    return str(found) if found else None


def _of_layer(base: Given) -> object:
    return base.answers.values.get("name") if base.answers is not None else None


def _of_config(base: Given) -> object:
    return base.config.values.get("name") if base.config is not None else None


def problem(name: str, base: Given) -> str | None:
    """Why a pipeline cannot be called so, or not be written there; None where it can."""
    wrong = names.spec_name_problem(name.strip(), "pipeline")
    if wrong:
        return wrong
    try:
        workspace.check_target(target(name.strip(), base))
    except PipegenError as error:
        return in_words(error)
    return None


def target(name: str, base: Given) -> Path:
    """Where a pipeline of that name is written."""
    return (base.cwd / (base.directory or name)).resolve()


def _free_name(base: Given) -> str:
    """A name that nothing stands against: of the first source that was given, or the example's."""
    stem = questions.NAME.example
    texts = base.flags.get("source") or base.environment.get("source") or ()
    for text in [texts] if isinstance(texts, str) else texts[:1]:
        try:
            stem = source_url.parse(text).name
        except PipegenError:
            break
    tried = (stem, f"{stem}_pipeline", *(f"{stem}_{number}" for number in range(2, 100)))
    return next((name for name in tried if problem(name, base) is None), "")
