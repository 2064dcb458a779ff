"""The prompter of a terminal: asks as its screen allows, and leaves one line of each question and its answer."""

from __future__ import annotations

import os
import sys
from typing import Literal

from pipegen.core.prompting import Ask, may_ask
from pipegen.ui import prompt_plain, prompt_secret
from pipegen.ui.terminal import Style, Terminal
from pipegen.ui.wrapped import Part, lines, running

_NAMED = 6  # of many answers, those that are named


def is_there(*, no_input: bool, yes: bool, json: bool) -> bool:
    """Whether a person may be asked: by the flags, the environment and the streams of this process."""
    stdin, stdout, stderr = (stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
    return may_ask(stdin=stdin, stdout=stdout, stderr=stderr, environ=os.environ, no_input=no_input, yes=yes, json=json)


class TerminalPrompter:
    """See :class:`pipegen.core.prompting.Prompter`. A terminal that cannot move its cursor is asked line by line."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._moves = os.environ.get("TERM", "") not in ("", "dumb", "unknown")

    def ask(self, ask: Ask) -> str | tuple[str, ...]:
        self._terminal.quiet()  # before a prompt takes stderr: while progress moves there, that is rich's
        if not self._moves:
            return prompt_plain.ask(ask, self._terminal)
        answer = self._answer(ask)
        self._leave(ask, answer)
        return answer

    def _leave(self, ask: Ask, answer: str | tuple[str, ...]) -> None:
        """The question and its answer, as they stay on the screen."""
        *above, last = lines(ask.title, 2)
        mark: Part = ("? ", "cyan")
        for i, line in enumerate(above):
            self._terminal.say(mark if i == 0 else "  ", line)
        running(self._terminal.say, ("  " if above else mark, last), _said(ask, answer), 4, "bold")

    def _answer(self, ask: Ask) -> str | tuple[str, ...]:
        if ask.kind == "text":
            from pipegen.ui.prompt_text import ask_text

            return ask_text(ask, self._terminal)
        from pipegen.ui.prompt_list import ask_many, ask_one

        return ask_one(ask, self._terminal) if ask.kind == "one" else ask_many(ask, self._terminal)

    def say(self, text: str, style: Literal["", "note", "dim", "heading"] = "") -> None:
        drawn: Style = {"note": "", "dim": "dim", "heading": "bold", "": ""}[style]  # type: ignore[assignment]
        indent = {"heading": 0, "note": 4}.get(style, 2)
        mark: Part = ("  ! ", "yellow") if style == "note" else " " * indent
        for i, line in enumerate(line for part in text.splitlines() for line in lines(part, indent)):
            self._terminal.say(mark if i == 0 else " " * indent, (line, drawn))


def _said(ask: Ask, answer: str | tuple[str, ...]) -> str:
    """An answer as it stays on the screen: no password, choices by their labels, a long list by how many they are."""
    if ask.kind == "text":
        return prompt_secret.redacted(str(answer)) if ask.secret else str(answer) or "nothing"
    values = (answer,) if isinstance(answer, str) else answer
    chosen = [c.label for c in ask.choices if c.value in values]
    if ask.kind == "one":
        return chosen[0]
    if len(chosen) == len(ask.choices) > _NAMED:
        return f"all {len(chosen)}"
    if len(chosen) > _NAMED:
        return f"{', '.join(chosen[: _NAMED - 1])} and {len(chosen) - _NAMED + 1} more of {len(ask.choices)}"
    return ", ".join(chosen) or "none"
