"""One step of the interview: what is asked, what an answer adds to what was said, and what stands against it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable
from dataclasses import dataclass, field, replace
from typing import Any

from pipegen.app.answers import Given
from pipegen.app.interview.picture import Picture, Pictures, in_words
from pipegen.app.interview.said import Facts, Said
from pipegen.core import names
from pipegen.core.errors import PipegenError, UsageError
from pipegen.core.prompting import Ask, Prompter
from pipegen.core.questions import Question
from pipegen.core.spec import address

Reply = str | tuple[str, ...]
Steps = Generator["Step", Said, Said]
"""Steps in turn: each is answered by what was said with its answer; at the end all that was said is returned."""


@dataclass(frozen=True)
class Step:
    """``basis`` is what the answer rests on: where that is another, an earlier answer is of a branch that was left.

    ``about`` says in a few words what is asked; ``refuse`` looks at an answer that took its checks, and may take its time.
    """

    ask: Ask
    about: str
    put: Callable[[Said, Reply], Said]
    basis: Hashable = ()
    refuse: Callable[[Reply], str | None] = lambda _: None

    @property
    def id(self) -> str:
        return self.ask.name


@dataclass
class Way:
    """What steps are made from: what was given before the interview, what is known, and what a person wants to be asked more.

    ``anew`` are questions that were answered before the interview, and are asked all the same.
    """

    base: Given
    pictures: Pictures
    prompter: Prompter
    more: tuple[str, ...] = ()
    anew: tuple[str, ...] = ()
    _told: set[str] = field(default_factory=set)

    def tell_once(self, note: str) -> None:
        """Something that an answer led to; walking the same way again does not say it again."""
        if note not in self._told:
            self._told.add(note)
            self.prompter.say(note, "dim")

    def picture(self, said: Said) -> Picture:
        return self.pictures.of(said)

    def facts(self, said: Said) -> Facts:
        return self.pictures.facts(said)

    def new_trouble(self, before: Said, after: Said) -> str | None:
        """Why an answer makes what cannot be built, with the nearest that works; trouble that was there before is not its own."""
        try:
            return None if self.picture(before).trouble is not None else self.picture(after).trouble
        except PipegenError as error:
            return in_words(error)

    def asks(self, question: Question) -> bool:
        """Whether a question is to be asked: it is one of this interview, and nobody answered it before."""
        if question.name in self.anew:
            return True
        wanted = question.asked == "first" or (question.asked == "more" and question.name in self.more)
        return wanted and given_place(self.base, question) is None


def given_place(base: Given, question: Question) -> str | None:
    """What answered a question before the interview: a flag, a variable, ``file:line``; None where nothing did."""
    if question.name in base.flags:
        return question.flag
    if question.key is None:
        return question.variable if question.name in base.environment else None
    at = question.key.split(".")
    for key, _ in base.sets:
        if set_address(key) == at:
            return f"--set {names.shorten(key)}"
    if question.name in base.environment:
        return question.variable
    for layer in (base.answers, base.config):
        node: Any = layer.values if layer is not None else {}
        for part in at:
            node = node.get(part) if isinstance(node, dict) else None
        if layer is not None and node is not None:
            return layer.locate(tuple(at)) or question.key
    return None


def without(base: Given, question: Question) -> Given:
    """What was given, without the flag, the variable and the assignment that answer a question."""
    at = (question.key or "").split(".")
    return replace(
        base,
        flags={name: answer for name, answer in base.flags.items() if name != question.name},
        environment={name: answer for name, answer in base.environment.items() if name != question.name},
        sets=[(key, value) for key, value in base.sets if set_address(key) != at],
    )


def set_address(key: str) -> list[str]:
    """The address of a ``--set``, with a bare key as far as it is one whatever the sources are."""
    try:
        return address.whole(address.parse(key), {})
    except UsageError:
        return [key]
