"""The order of the interview: each question of the table in its turn, those of sources and tables by their own modules."""

from __future__ import annotations

from collections.abc import Callable

from pipegen.app.interview import amounts, columns, naming, outcome, places, tables
from pipegen.app.interview.plain import plain
from pipegen.app.interview.said import Said
from pipegen.app.interview.step import Steps, Way
from pipegen.core import questions
from pipegen.core.questions import Question

OWN: dict[str, Callable[[Way, Said, Question], Steps]] = {
    "source": places.steps,
    "table": tables.steps,
    "mart": outcome.marts,
    "rule": outcome.rules,
    "volume": amounts.volumes,
    "peak": amounts.peaks,
    "personal_data": columns.steps,
}
"""Questions whose answer is no plain value of the spec, or that are asked once a source, a table or a column."""


def steps(way: Way) -> Steps:
    """Every step, from the first to the last; which come next depends on the answers."""
    said = yield from naming.steps(way, Said())
    for question in questions.QUESTIONS:
        if question.name in OWN:
            said = yield from OWN[question.name](way, said, question)
        elif question.key is not None and way.asks(question):
            said = yield from plain(way, said, question)
    return said
