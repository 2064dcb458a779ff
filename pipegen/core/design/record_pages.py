"""What a decision record says: ``docs/decisions/ID.md``, and the same for stakeholders in ``docs/design.html``."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from pipegen.core.design.day import in_words
from pipegen.core.design.decision import Decision, Record
from pipegen.core.design.records import WHOLE, question_of

_Item = TypeVar("_Item")
_Key = TypeVar("_Key", bound=Hashable)

#: What a threshold with no published source is marked by.
HEURISTIC = "(H)"
#: What stands in place of the names of all of a record's decisions.
ALL = "all of these"
#: Names of one row that are told; of the others their number is.
NAMES_TOLD = 6


@dataclass(frozen=True)
class Alike:
    """Decisions of one question with one choice: what they are ``about``, and how many ``more`` there are.

    ``said`` is the choice in words, where it is a schedule; else the choice. ``because`` is what all of them have in common;
    ``record`` the id of the record that tells them, empty where there is none.
    """

    question: str
    choice: str
    said: str
    about: tuple[str, ...]
    more: int
    because: tuple[str, ...]
    record: str


@dataclass(frozen=True)
class Chosen:
    """One decision of a record, and what it is ``about``."""

    decision: Decision
    about: str


@dataclass(frozen=True)
class Against:
    """A choice that was not taken and what speaks against it, with what that is said ``about``."""

    choice: str
    against: str
    about: tuple[str, ...]
    more: int


@dataclass(frozen=True)
class Basis:
    """A rule that decided, and where its threshold comes from: empty for a heuristic, which has nothing but experience."""

    rule: str
    source: str
    about: tuple[str, ...]
    more: int


@dataclass(frozen=True)
class Look:
    """When to look at decisions again. ``command`` tries it for the first of them; empty where no answer moves it."""

    text: str
    command: str
    about: tuple[str, ...]
    more: int


@dataclass(frozen=True)
class RecordPage:
    """A decision record: ``docs/decisions/ID.md``.

    ``heuristic``: a threshold in it comes from experience, with no published source. ``overridden`` is how many of ``chosen`` a
    person decided, ``more`` the number of decisions beyond them.
    """

    id: str
    number: int
    title: str
    question: str
    choices: tuple[Alike, ...]
    chosen: tuple[Chosen, ...]
    against: tuple[Against, ...]
    bases: tuple[Basis, ...]
    looks: tuple[Look, ...]
    heuristic: bool
    overridden: int
    more: int


def alike(decisions: Iterable[Decision], records: Iterable[Record]) -> tuple[Alike, ...]:
    """Decisions by question and choice, in the order of the questions' first."""
    recorded = {record.id.split("-", 1)[-1].replace("-", "_"): record.id for record in records}
    found = []
    for question, its in _grouped(decisions, lambda d: question_of(d.id)):
        for choice, same in _grouped(its, lambda d: d.choice):
            told, more = _told(about(d.id) for d in same)
            common = tuple(b for b in same[0].because if all(b in other.because for other in same))
            said = in_words(choice) if question == "schedule" else choice
            found.append(
                Alike(question.replace("_", " "), choice, said, told, more, common, recorded.get(question, ""))
            )
    return tuple(found)


def record_page(record: Record) -> RecordPage:
    """A record as its page tells it: what is the same for several decisions stands once."""
    decisions = record.decisions

    def of(some: Iterable[Decision]) -> tuple[tuple[str, ...], int]:
        named = [about(decision.id) for decision in some]
        return ((ALL,), 0) if len(named) == len(decisions) > 1 else _told(named)

    return RecordPage(
        id=record.id,
        number=record.number,
        title=record.title,
        question=record.question,
        choices=alike(decisions, (record,)),
        chosen=tuple(Chosen(decision, about(decision.id)) for decision in decisions),
        against=tuple(
            Against(alternative.choice, alternative.against, *of(d for d, _ in same))
            for alternative, same in _grouped(_pairs(decisions, lambda d: d.alternatives), lambda pair: pair[1])
        ),
        bases=tuple(
            Basis(rule, "" if source == HEURISTIC else source, *of(same))
            for (rule, source), same in _grouped(decisions, lambda d: (d.rule, d.source))
        ),
        looks=tuple(
            Look(text, next((command for _, (_, command) in same if command), ""), *of(d for d, _ in same))
            for text, same in _grouped(_pairs(decisions, _looks), lambda pair: pair[1][0])
        ),
        heuristic=any(HEURISTIC in decision.source for decision in decisions),
        overridden=sum(decision.overridden for decision in decisions),
        more=record.more,
    )


def _looks(decision: Decision) -> tuple[tuple[str, str], ...]:
    """What flips a decision, its other choice in backticks, with the command that tries it."""
    if decision.flips:
        return tuple(
            (flip.text.replace(f"flips to {flip.to}", f"flips to `{flip.to}`", 1), plan_command(flip.sets))
            for flip in decision.flips
        )
    return ((decision.flips_when, ""),) if decision.flips_when else ()


def _pairs(decisions: Iterable[Decision], its: Callable[[Decision], Iterable[_Item]]) -> list[tuple[Decision, _Item]]:
    return [(decision, one) for decision in decisions for one in its(decision)]


def about(decision: str) -> str:
    """What a decision is about: ``shop_db.orders`` of ``shop_db.orders.extract``."""
    return "the whole pipeline" if decision in WHOLE else decision.rsplit(".", 1)[0]


def plan_command(sets: Iterable[tuple[str, str]]) -> str:
    """The command that tries assignments without writing anything; empty where there is none."""
    words = [word for key, value in sets for word in ("--set", f"{key}={value}")]
    return shlex.join(["pipegen", "plan", *words]) if words else ""


def _told(names: Iterable[str]) -> tuple[tuple[str, ...], int]:
    """The names that are told, each once, and the number of the others."""
    distinct = list(dict.fromkeys(names))
    return tuple(distinct[:NAMES_TOLD]), max(0, len(distinct) - NAMES_TOLD)


def _grouped(items: Iterable[_Item], key: Callable[[_Item], _Key]) -> list[tuple[_Key, list[_Item]]]:
    """Items by key, keys and items in the order they came in."""
    groups: dict[_Key, list[_Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.items())
