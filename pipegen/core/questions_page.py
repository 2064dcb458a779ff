"""docs/answers.md: every answer that ``pipegen new`` takes, by the table of questions."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from pipegen.core.questions import NAME, TOPICS, Question

_HEAD = """\
# Answers

What `pipegen new` takes: at a terminal it asks, everywhere else flags, `PIPEGEN_*` variables and a file of answers say it. A flag comes
before a variable, that before `--answers FILE`, that before the user's own config (`~/.config/pipegen/config.yml`), and all of them before
what the probe measures and the defaults. This page is written by `python -m tests.core.answers_page`, from `pipegen/core/questions.py`.

In the column *asked*: **first** in every interview, unless it was said or measured; *more* where one wants to be asked more, from the
review on; nothing where flags and files alone say it. Keys are addresses in `pipegen.yml`; `--set KEY=VALUE` takes any other.
"""
_ASKED = {"first": "**first**", "more": "*more*", "never": ""}


def page() -> str:
    """The page as Markdown."""
    parts = [_HEAD, _section("The name", (NAME,))]
    return "\n".join([*parts, *(_section(topic.title, topic.questions) for topic in TOPICS)])


def _section(title: str, questions: tuple[Question, ...]) -> str:
    rows = [row for question in questions for row in _rows(question)]
    return "\n".join([f"## {title}", "", "| answer | key | asked | meaning |", "|---|---|---|---|", *rows, ""])


def _rows(question: Question) -> Iterator[str]:
    repeat = ", repeat for more" if question.repeat else ""
    example = question.example if question.example.startswith("'") else shlex.quote(question.example)
    answer = f"`{question.flag}`" if question is NAME else f"`{question.flag} {_cell(example)}`{repeat}"
    key = f"`{question.key}`" if question.key else ""
    values = "; ".join(f"`{c.value}`: {c.note or c.off or c.label}" for c in question.choices)
    unknown = f"Not known: {question.unknown}." if question.unknown else ""
    meaning = " ".join(part for part in (question.help, f"{values}." if values else "", unknown) if part)
    yield f"| {answer} | {key} | {_ASKED[question.asked]} | {_cell(meaning)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
