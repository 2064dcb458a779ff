"""How much: asked only where nothing measured it and the design depends on it, which is seen by deciding it at both ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from pipegen.app.interview.said import Said
from pipegen.app.interview.step import Reply, Step, Steps, Way
from pipegen.core import names, units
from pipegen.core.design.decision import OpenQuestion
from pipegen.core.design.unknown import open_questions
from pipegen.core.prompting import Ask, Choice
from pipegen.core.questions import DONT_KNOW, Question
from pipegen.core.spec import address

_YES, _NO = "yes", "no"
_MOST = 3  # names that are told
_MOST_ASKED = 3  # of questions on one table each, however many tables there are


def volumes(way: Way, said: Said, question: Question) -> Steps:
    """Ask how much is new in sources of which the design depends on it, then each question that is still open."""
    for source in way.picture(said).spec.sources:
        open_now = _open(way, said)
        of_source = [one for one in open_now if _parts(one)[1] == source and _parts(one)[-1] == "volume"]
        if len(of_source) > 1 and way.asks(question):  # of one table alone the very question comes below
            said = yield _of_source(question, source, of_source)
    asked: set[str] = set()
    while len(asked) < _MOST_ASKED:
        still = next((one for one in _open(way, said) if one.id not in asked), None)
        if still is None:
            break
        asked.add(still.id)
        said = yield _very(question, still)
    _tell_of_the_rest(way, said, asked)
    return said


def _tell_of_the_rest(way: Way, said: Said, asked: set[str]) -> None:
    """What is not asked, and why."""
    left = [one for one in _open(way, said) if one.id not in asked]
    if left:
        way.tell_once(f"{len(left)} more like these stay open; the pages of the repository list them")
        return
    unknown = [
        t.address
        for s in way.picture(said).decided.chosen.inputs.sources
        for t in s.tables
        if t.known_per_day is None and t.rows
    ]
    if unknown and not asked:
        more = f" and {len(unknown) - _MOST} more" if len(unknown) > _MOST else ""
        way.tell_once(
            f"how much of {', '.join(unknown[:_MOST])}{more} changes in a day could not be measured; "
            "very little and very much give the same design, so it is not asked"
        )


def _open(way: Way, said: Said) -> tuple[OpenQuestion, ...]:
    """The open questions of the design so far, but for those that were answered."""
    found = open_questions(way.picture(said).decided.chosen)
    return tuple(one for one in found if one.id not in said.sets)


def _parts(one: OpenQuestion) -> list[str]:
    return address.parse(one.id)


def _of_source(question: Question, source: str, about: list[OpenQuestion]) -> Step:
    tables = [_parts(one)[3] for one in about]
    more = f" and {len(tables) - _MOST} more" if len(tables) > _MOST else ""
    ask = Ask(
        f"{question.name}.{source}",
        f"How much of {source} is new or changed, all its tables together?",
        "text",
        DONT_KNOW,
        evidence=(
            f"not measured: {', '.join(names.shorten(t, 30) for t in tables[:_MOST])}{more}",
            *_depends(about),
            f"{DONT_KNOW}: {question.unknown}",
        ),
        help=question.help,
        example=question.example,
        check=_check(units.volume),
        suggestions=(DONT_KNOW,),
    )
    key = address.text(["sources", source, "volume"])
    return Step(ask, f"volume of {source}", _put(key), tuple(tables))


def _depends(about: list[OpenQuestion]) -> list[str]:
    told = list(dict.fromkeys(differs for one in about for differs in one.differs))
    return [f"it decides {one}" for one in told[:_MOST]]


def _very(question: Question, one: OpenQuestion) -> Step:
    """The one thing that is not known and that the design depends on."""
    parts = _parts(one)
    kind = _KINDS[parts[-1]]
    lines = [*_depends([one])]
    if one.query:
        lines.append(f"the source answers it: {one.query}")
    lines.append(f"{DONT_KNOW}: the design is the cautious one, and its pages keep the question open")
    title = one.ask.replace("`", "")
    ask = Ask(
        f"open.{one.id}",
        title[:1].upper() + title[1:],
        "text" if kind.check else "one",
        DONT_KNOW,
        choices=() if kind.check else (Choice(_YES, "yes"), Choice(_NO, "no"), Choice(DONT_KNOW, DONT_KNOW)),
        evidence=tuple(lines),
        help=question.help if parts[-1] == "volume" else "",
        example=kind.example,
        check=kind.check,
        suggestions=(DONT_KNOW,) if kind.check else (),
    )
    source = parts[1] if "tables" in parts else None
    return Step(
        ask, " of ".join([kind.about, ".".join(p for p in parts[1:-1] if p != "tables")]), _put(one.id, source), one
    )


def _put(key: str, source: str | None = None) -> Callable[[Said, Reply], Said]:
    """Put an answer at an address; ``source`` where it is of one table of it."""

    def put(said: Said, reply: Reply) -> Said:
        text = cast(str, reply).strip()
        if not text or text.lower() == DONT_KNOW:
            return said
        value: Any = {_YES: True, _NO: False}.get(text, text)
        return said.with_table_set(source, key, value) if source else said.with_set(key, value)

    return put


def _check(parse: Callable[[str], object]) -> Callable[[str], str | None]:
    def check(text: str) -> str | None:
        if not text.strip() or text.strip().lower() == DONT_KNOW:
            return None
        try:
            parse(text)
        except ValueError as error:
            return str(error)
        return None

    return check


@dataclass(frozen=True)
class _Kind:
    about: str
    example: str
    check: Callable[[str], str | None] | None


_KINDS = {
    "volume": _Kind("volume", "118k rows/day", _check(units.volume)),
    "size": _Kind("size", "3.2M rows", _check(units.size)),
    "change_log": _Kind("change log", "yes", None),
}


def peaks(way: Way, said: Said, question: Question) -> Steps:
    """Ask of each source how much its busiest hour has, where somebody wants to be asked."""
    if not way.asks(question):
        return said
    for source, of in way.picture(said).spec.sources.items():
        ask = Ask(
            f"{question.name}.{source}",
            f"How much busier than the average is the busiest hour of {source}?",
            "text",
            of.peak or DONT_KNOW,
            evidence=(f"{DONT_KNOW}: {question.unknown}",),
            help=question.help,
            example=question.example,
            check=_check(units.factor),
            suggestions=(DONT_KNOW,),
        )
        key = address.text(["sources", source, "peak"])
        said = yield Step(ask, f"peak of {source}", _put(key), source)
    return said
