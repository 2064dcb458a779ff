"""A prompter that answers by a script: it runs the real checks, and fails on a question that was not expected, or never came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pipegen.core.prompting import Ask, Back, Stopped


@dataclass(frozen=True)
class Wrong:
    """An answer that must be refused as it is typed; what is said must hold ``because``."""

    text: str | tuple[str, ...]
    because: str


class Key:
    """A key that is pressed in place of an answer."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


ENTER, BACK, LEAVE = Key("enter"), Key("back"), Key("leave")
Reply = str | tuple[str, ...] | Wrong | Key
Script = Sequence[tuple[str, Reply]]


class ScriptedPrompter:
    """``asks`` are the questions as they came, ``said`` the lines between them, ``answered`` what was answered, by question."""

    def __init__(self, *script: tuple[str, Reply]) -> None:
        self._script = list(script)
        self.asks: list[Ask] = []
        self.said: list[str] = []
        self.answered: dict[str, str | tuple[str, ...]] = {}

    def ask(self, ask: Ask) -> str | tuple[str, ...]:
        assert ask.title.endswith("?"), f"{ask.name}: a title is a question"
        self.asks.append(ask)
        while True:
            reply = self._next(ask)
            if reply is BACK:
                raise Back
            if reply is LEAVE:
                raise Stopped
            if isinstance(reply, Wrong):
                wrong = self._problem(ask, reply.text)
                assert wrong is not None, f"{ask.name}: `{reply.text}` was to be refused"
                assert reply.because in wrong, f"{ask.name}: {wrong}"
                continue
            answer = ask.default if isinstance(reply, Key) else reply
            wrong = self._problem(ask, answer)
            assert wrong is None, f"{ask.name}: {wrong}"
            self.answered[ask.name] = answer
            return answer

    def _next(self, ask: Ask) -> Reply:
        assert self._script, f"asked `{ask.name}`, which the script does not have"
        name, reply = self._script.pop(0)
        assert name == ask.name, f"asked `{ask.name}`, where the script has `{name}`"
        return reply

    def _problem(self, ask: Ask, answer: str | tuple[str, ...]) -> str | None:
        assert isinstance(answer, tuple) == (ask.kind == "many"), f"{ask.name} is answered by {ask.kind}"
        each = answer if isinstance(answer, tuple) else (answer,)
        if ask.kind != "text":
            chosen = {choice.value: choice for choice in ask.choices}
            for one in each:
                assert one in chosen, f"{ask.name}: `{one}` is no choice of {list(chosen)}"
                if chosen[one].off:
                    return chosen[one].off
        return next((wrong for one in each if ask.check is not None and (wrong := ask.check(one))), None)

    def say(self, text: str, style: Literal["", "note", "dim", "heading"] = "") -> None:
        self.said.append(text)

    def finished(self) -> None:
        """Fail where the script has answers to questions that never came."""
        assert not self._script, f"never asked: {', '.join(name for name, _ in self._script)}"

    @property
    def names(self) -> list[str]:
        return [ask.name for ask in self.asks]

    def last(self, name: str) -> Ask:
        """A question as it was asked last."""
        return next(ask for ask in reversed(self.asks) if ask.name == name)

    def text(self) -> str:
        """Everything that a person saw."""
        shown: list[str] = []
        for ask in self.asks:
            default = () if ask.secret else (ask.default,) if isinstance(ask.default, str) else ask.default
            labels = [f"{choice.label} {choice.note} {choice.off}" for choice in ask.choices]
            shown += [ask.title, *ask.evidence, ask.help, *default, *labels, *ask.suggestions]
        return "\n".join([*shown, *self.said])


def enter(names: Iterable[str]) -> list[tuple[str, Reply]]:
    """Enter at each of the questions."""
    return [(name, ENTER) for name in names]
