"""Walking the steps: each asked, or taken from what was answered before.

State is the answers by step, and nothing else: after every step back, and after a change, the steps are walked anew from the
first. An answer that no step asks for any more, or that rests on something else by now, is of a branch that was left.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from pipegen.app.interview import changes, order
from pipegen.app.interview.picture import Picture
from pipegen.app.interview.places import has_sources
from pipegen.app.interview.said import Said
from pipegen.app.interview.step import Reply, Step, Steps, Way
from pipegen.core.errors import PipegenError
from pipegen.core.prompting import Ask, Back, Prompter

_UNCHECKED = object()


@dataclass(frozen=True)
class Answered:
    """``basis`` is what the answer rests on; of a draft it is not known until the answer is checked again."""

    reply: Reply = field(repr=False)
    basis: Hashable = _UNCHECKED


class Walk:
    """``answers`` go by step; ``earlier`` are answers that were gone back from: defaults when their step comes again.

    ``path`` are the steps of the last walk. ``keep`` is called whenever there is more to keep; ``steps`` are those of ``new``
    unless others are said.
    """

    def __init__(
        self, way: Way, prompter: Prompter, keep: Callable[[], None], steps: Callable[[Way], Steps] = order.steps
    ) -> None:
        self.way, self.prompter, self.keep, self.steps = way, prompter, keep, steps
        self.answers: dict[str, Answered] = {}
        self.earlier: dict[str, Answered] = {}
        self.path: list[Step] = []
        self._changing: tuple[str, Callable[[], None]] | None = None
        self._told: Picture | None = None
        self._trouble: str | None = None

    def take_up(self, replies: Mapping[str, Reply]) -> None:
        """Go on with answers that were kept, each of which is checked as its step comes."""
        self.answers = {id: Answered(reply) for id, reply in replies.items()}

    def questions(self) -> Said:
        """Walk until each step is answered; ask where one is not.

        Raises:
            Stopped: the person left.
            PipegenError: a source that was given before the interview cannot be read.
        """
        while True:
            try:
                return self._walk()
            except Back:
                self.back()

    def back(self) -> None:
        """One question back; out of a change, to what was there before it."""
        if self._changing is not None:
            _, undo = self._changing
            self._changing = None
            undo()
        elif self.path:
            last = self.path[-1].id
            self.earlier[last] = self.answers.pop(last)

    def change(self, id: str, undo: Callable[[], None] = lambda: None) -> None:
        """Ask a step once more; its answer is the default. ``undo`` is done where the person thinks better of it."""
        before = self.answers.pop(id, None)
        if before is not None:
            self.earlier[id] = before

        def restore() -> None:
            undo()
            if before is not None:
                self.answers[id] = before

        self._changing = (id, restore)

    def _walk(self) -> Said:
        self.path = []
        steps, said = self.steps(self.way), Said()
        try:
            step = next(steps)
            while True:
                asked = not self._holds(step)
                if asked:
                    self._ask(step)
                said = step.put(said, self.answers[step.id].reply)
                self.path.append(step)
                if asked:
                    self._tell(said)
                step = steps.send(said)
        except StopIteration as ended:
            self._changing = None
            ids = {step.id for step in self.path}
            self.answers = {id: answered for id, answered in self.answers.items() if id in ids}
            return cast(Said, ended.value)

    def _holds(self, step: Step) -> bool:
        """Whether a step was answered and the answer still stands.

        It is checked as if it had just been given: it may be of a draft, or an answer before it may be another now.
        """
        known = self.answers.get(step.id)
        if known is None:
            return False
        if known.basis not in (_UNCHECKED, step.basis):
            del self.answers[step.id]
            return False
        wrong = trouble(step, known.reply)
        if wrong is None:
            self.answers[step.id] = Answered(known.reply, step.basis)
            return True
        self.prompter.say(f"{step.about}: the answer that was kept does not hold any more", "note")
        self.prompter.say(wrong, "note")
        self.earlier[step.id] = Answered(self.answers.pop(step.id).reply, step.basis)
        return False

    def _ask(self, step: Step) -> None:
        """Ask until an answer can be taken."""
        ask, known = step.ask, self.earlier.get(step.id)
        if known is not None and known.basis == step.basis:
            ask = replace(ask, default=_valid(ask, known.reply))
        while True:
            reply = self.prompter.ask(ask)
            wrong = trouble(step, reply)
            if wrong is None:
                break
            self.prompter.say(wrong, "note")
            ask = replace(ask, default=_valid(ask, reply))
        self.earlier.pop(step.id, None)
        if self._changing is not None and self._changing[0] == step.id:
            self._changing = None
        self.answers[step.id] = Answered(reply, step.basis)
        self.keep()

    def _tell(self, said: Said) -> None:
        """What an answer changed of the design, where there is one to speak of."""
        if not said.sources and not has_sources(self.way.base):
            return
        try:
            now = self.way.picture(said)
            trouble, before = now.trouble, self._trouble
            lines = changes.told(self._told, now) if trouble is None else []
        except PipegenError:  # which is told where it can be mended
            return
        self._trouble = trouble
        if trouble is not None:  # what would be decided then, nobody gets
            if trouble != before:
                self.prompter.say(f"as it stands this cannot be built: {trouble}", "note")
            return
        for line in lines:
            self.prompter.say(line, "dim")
        self._told = now


def trouble(step: Step, reply: Reply) -> str | None:
    """What stands against an answer; None where it can be taken."""
    return _unfit(step.ask, reply) or step.refuse(reply)


def _unfit(ask: Ask, reply: Reply) -> str | None:
    if (ask.kind == "many") != isinstance(reply, tuple):
        return "this is asked otherwise now"
    each = (reply,) if isinstance(reply, str) else reply
    if ask.kind != "text":
        there = {choice.value for choice in ask.choices if not choice.off}
        gone = [one for one in each if one not in there]
        if gone:
            return f"`{gone[0]}` is nothing that can be chosen"
    return next((wrong for one in each if ask.check is not None and (wrong := ask.check(one))), None)


def _valid(ask: Ask, reply: Reply) -> Reply:
    """An answer as the default, without what cannot be chosen."""
    if ask.kind == "text":
        return reply
    there = {choice.value for choice in ask.choices if not choice.off}
    if isinstance(reply, tuple):
        return tuple(one for one in reply if one in there)
    return reply if reply in there else ask.default
