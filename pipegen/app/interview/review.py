"""The review before anything is written: every answer with where it came from, the design, the files; and what to do then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipegen.app.generate import Generated
from pipegen.app.interview.places import shown
from pipegen.app.interview.said import Facts
from pipegen.app.interview.step import Reply, Step, Way, given_place
from pipegen.core import questions
from pipegen.core.prompting import Ask, Choice
from pipegen.core.questions import Question
from pipegen.core.spec.one_answer import text_at

WRITE, CHANGE, MORE, QUIT = "write", "change", "more", "quit"
ASKED, DEFAULT, MEASURED = "asked", "default", "measured"
NOTHING = "nothing"


@dataclass(frozen=True)
class Known:
    """One answer: ``about`` what, in a few words, ``value`` as people read it, and where it came from.

    ``origin`` is ``asked``, ``default``, ``measured``, or what gave it: a flag, a variable, ``file:line``. ``id`` is the step or
    the question that changes it; empty where nothing in the interview does. No value holds a password.
    """

    id: str
    about: str
    value: str
    origin: str


@dataclass(frozen=True)
class Review:
    """What is shown before anything is written.

    ``generated`` has the design, the files and the equivalent command; it is None where ``trouble`` says why there is none.
    """

    answers: tuple[Known, ...]
    generated: Generated | None
    trouble: str = ""


def asked(step: Step, reply: Reply) -> Known:
    """An answer that the interview asked for."""
    if step.ask.secret and isinstance(reply, str):
        value = shown(reply) if reply.strip() else ""
    else:
        value = reply if isinstance(reply, str) else ", ".join(reply)
    return Known(step.id, step.about, value or NOTHING, ASKED)


def measured(generated: Generated, facts: Facts, asked: set[str]) -> Iterator[Known]:
    """What the probe answered, so that nobody was asked."""
    for name, source in generated.spec.sources.items():
        if name not in facts:
            continue
        if f"table.{name}" not in asked:
            yield Known("", f"tables of {name}", ", ".join(source.tables), MEASURED)
        rates = [facts[name].tables[table].rows_per_day for table in source.tables if table in facts[name].tables]
        known = [rate.value for rate in rates if rate is not None]
        if known and source.volume is None and f"volume.{name}" not in asked:
            yield Known("", f"volume of {name}", f"about {sum(known):,} rows/day", MEASURED)


def unasked(way: Way, generated: Generated | None, asked: set[str]) -> Iterator[Known]:
    """The answers that nobody was asked for: given before the interview, or by default."""
    for question in questions.QUESTIONS:
        place = given_place(way.base, question)
        if question.name in asked or not question.title:
            continue
        if place is not None and question.name not in way.anew:
            yield Known(
                question.name if question.key else "", question.about(), _given(way, question, generated), place
            )
        elif question.key is not None and generated is not None:
            value = text_at(generated.spec, question.key)
            yield Known(question.name, question.about(), value or NOTHING, DEFAULT)


def _given(way: Way, question: Question, generated: Generated | None) -> str:
    """An answer that was given before the interview, as it may be printed."""
    if question.key is not None:
        return text_at(generated.spec, question.key) if generated is not None else ""
    answer = way.base.flags.get(question.name) or way.base.environment.get(question.name) or ""
    texts = [answer] if isinstance(answer, str) else list(answer)
    return ", ".join(shown(text) for text in texts) if question.name == "source" else ", ".join(texts)


def menu(review: Review) -> Ask:
    """What to do now."""
    works = review.generated is not None
    write = (
        (Choice(WRITE, "write it", f"{_files(review)} in {review.generated.plan.root}"),) if review.generated else ()
    )
    choices = (
        *write,
        Choice(CHANGE, "change an answer", "choose which; what follows from it is decided anew"),
        Choice(MORE, "ask me more", "what has its default so far"),
        Choice(QUIT, "leave", "nothing is written, the answers are kept"),
    )
    return Ask("review", "What now?", "one", WRITE if works else CHANGE, choices=choices)


def _files(review: Review) -> str:
    count = len(review.generated.plan.actions) if review.generated else 0
    return f"{count:,} file{'' if count == 1 else 's'}"


def which(known: Sequence[Known]) -> Ask:
    """Which answer to change."""
    choices = tuple(
        Choice(one.id, one.about, one.value if one.origin == ASKED else f"{one.value} ({one.origin})")
        for one in known
        if one.id and not ("." in one.id and one.value == NOTHING)  # the answer that ended a list
    )
    return Ask("change", "Which answer?", "one", choices[0].value if choices else "", choices=choices)


def more(way: Way, known: Sequence[Known]) -> Ask | None:
    """What to ask more of: the questions that were not asked; None where there are none."""
    values = {one.id: one.value for one in known if one.value != NOTHING}
    left = [
        q for q in questions.QUESTIONS if q.asked == "more" and q.name not in way.more and not given_place(way.base, q)
    ]
    if not left:
        return None
    choices = tuple(Choice(q.name, q.title, values.get(q.name, "")) for q in left)
    return Ask("more", "What shall be asked?", "many", (), choices=choices)
