"""What every question has on the screen: its title with the evidence under it, the keys under the answer, and the way out.

prompt_toolkit draws on stderr. It is never asked where the cursor stands (a terminal that answers late would leave that answer
on the shell's line), and what it drew is erased: the question and its answer are printed once, by the prompter.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent, merge_key_bindings
from prompt_toolkit.layout import (
    ConditionalContainer,
    Container,
    FormattedTextControl,
    HSplit,
    Layout,
    VerticalAlign,
    Window,
)
from prompt_toolkit.output import ColorDepth, Output, create_output
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.styles import BaseStyle, Style
from questionary.question import Question

from pipegen.core.prompting import Ask, Back, Stopped
from pipegen.ui.terminal import Terminal
from pipegen.ui.wrapped import columns, lines

Tokens = StyleAndTextTuples
GAP = "   "
ESCAPE_WAIT = 0.2
"""Seconds after which a lone Esc is the key, and not the begin of an arrow that comes slowly."""

_COLOURS = {
    "mark": "ansicyan", "title": "bold", "dim": "dim", "error": "ansired bold", "point": "ansicyan bold", "here": "bold",
    "answer": "", "placeholder": "dim", "auto-suggestion": "dim", "qmark": "ansicyan", "question": "ansicyan",
}  # fmt: skip


@dataclass
class Screen:
    """One question on the screen; ``keys`` says which do what, and how things stand, in lines under the answer.

    ``error`` is what was found wrong with the answer, ``helping`` whether the help is open.
    """

    ask: Ask
    terminal: Terminal
    keys: Callable[[], str]
    error: str = ""
    helping: bool = False
    bindings: KeyBindings = field(default_factory=KeyBindings)

    def application(self, body: Container, more: Sequence[Any], *, focus: Any = None) -> Application[Any]:
        """The application that asks; ``body`` is where the answer is given, ``more`` its own bindings."""
        parts: list[Container] = [
            Window(FormattedTextControl(self._head), wrap_lines=True, dont_extend_height=True),
            body,
            ConditionalContainer(
                Window(FormattedTextControl(self._error), wrap_lines=True, dont_extend_height=True),
                Condition(lambda: bool(self.error)),
            ),
            Window(FormattedTextControl(self._keys), wrap_lines=True, dont_extend_height=True),
        ]
        leave = self._ways_out()
        application: Application[Any] = Application(
            layout=Layout(HSplit(parts, align=VerticalAlign.TOP), focused_element=focus),
            key_bindings=merge_key_bindings([*more, leave, self.bindings]),
            style=style(self.terminal),
            color_depth=None if self.terminal.is_coloured else ColorDepth.DEPTH_1_BIT,
            erase_when_done=True,
            output=_output(),
        )
        application.ttimeoutlen = ESCAPE_WAIT
        return application

    def run(self, application: Application[Any]) -> Any:
        """What was answered.

        Raises:
            Back, Stopped: as a prompter raises them.
        """
        return Question(application).unsafe_ask()

    def refuse(self, error: str) -> None:
        """Say what is wrong with the answer, which stays as it was given."""
        self.error = self.terminal.sayable(error)

    def help_key(self, when: Callable[[], bool]) -> None:
        """Let ``?`` open and close the help, at the times at which it is no letter of an answer."""
        if not self.ask.help:
            return

        @self.bindings.add("?", filter=Condition(when), eager=True)
        def _(event: KeyPressEvent) -> None:
            self.helping = not self.helping

    def _ways_out(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add("escape", eager=True)
        def _(event: KeyPressEvent) -> None:
            event.app.exit(exception=Back())

        @keys.add("c-c", eager=True)
        @keys.add("c-d", eager=True)
        @keys.add("<sigint>")
        def _(event: KeyPressEvent) -> None:
            event.app.exit(exception=Stopped())

        return keys

    def _head(self) -> Tokens:
        """The title, the evidence, the example, and the help where it is open."""
        say = self.terminal.sayable
        found: Tokens = []
        for i, text in enumerate(lines(say(self.ask.title), 2)):
            found += [("class:mark", "? " if i == 0 else "  "), ("class:title", text), ("", "\n")]
        typed = self.ask.kind == "text" and self.ask.example  # choices are their own examples
        under = [*self.ask.evidence, *([f"for example {self.ask.example}"] if typed else [])]
        for text in under:
            for text_line in lines(say(text), 2):
                found += [("class:dim", f"  {text_line}"), ("", "\n")]
        if self.helping:
            for paragraph in self.ask.help.splitlines():
                for text_line in lines(say(paragraph), 2) or [""]:
                    found += [("", f"  {text_line}"), ("", "\n")]
        return found[:-1]

    def _error(self) -> Tokens:
        found: Tokens = []
        for i, text in enumerate(line for part in self.error.splitlines() for line in lines(part, 4)):
            found += [("class:error", "  ! " if i == 0 else "    "), ("", text), ("", "\n")]
        return found[:-1]

    def _keys(self) -> Tokens:
        keys = f"{self.keys()}{GAP}?: help" if self.ask.help else self.keys()
        found: Tokens = []
        for text in keys.splitlines():
            for text_line in _between_gaps(text):
                found += [("class:dim", f"  {text_line}"), ("", "\n")]
        return found[:-1]


def _between_gaps(text: str) -> list[str]:
    """The keys on as many lines as they need, none of them broken."""
    found = [""]
    for part in text.split(GAP):
        longer = f"{found[-1]}{GAP}{part}" if found[-1] else part
        if len(longer) + 3 <= columns():
            found[-1] = longer
        else:
            found.append(part)
    return found


def style(terminal: Terminal) -> BaseStyle:
    """Colours of marks alone, since no colour can be read on every background; without colour, none at all."""
    return Style([(name, said if terminal.is_coloured else "") for name, said in _COLOURS.items()])


def _output() -> Output:
    output = create_output(stdout=sys.stderr)
    if isinstance(output, Vt100_Output):
        output.enable_cpr = False
    return output
