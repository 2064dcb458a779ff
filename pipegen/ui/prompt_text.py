"""A question that is answered by a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import questionary
from prompt_toolkit.auto_suggest import AutoSuggest, Suggestion
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.layout.utils import explode_text_fragments

from pipegen.core.prompting import Ask
from pipegen.ui import prompt_secret
from pipegen.ui.prompt_screen import Screen
from pipegen.ui.terminal import Terminal

_INTO_DEFAULT = ("backspace", "left", "right", "home", "end", "c-a", "c-e", "c-u")
"""Keys of who thinks that the default is text that can be edited: it becomes that."""
KEYS = "enter: go on   esc: back   ctrl-c: leave"
KEYS_OF_A_DEFAULT = "enter: take it   tab: edit it   esc: back   ctrl-c: leave"


def ask_text(ask: Ask, terminal: Terminal) -> str:
    """The text that was typed, or the default where nothing was."""
    return _Text(ask, terminal).answer()


class _Text:
    """The default stands where the answer goes, dim, until something is typed; with tab, or a key that edits, it can be changed."""

    def __init__(self, ask: Ask, terminal: Terminal) -> None:
        self.ask = ask
        self.default = cast(str, ask.default)
        self.known = _First(ask.suggestions)
        self.emptied = False
        self.screen = Screen(ask, terminal, lambda: KEYS_OF_A_DEFAULT if self._stands() else KEYS)
        self.buffer = Buffer()

    def answer(self) -> str:
        shown = self.screen.terminal.sayable(prompt_secret.hidden(self.default) if self.ask.secret else self.default)
        question = questionary.text(
            ">", qmark="", placeholder=lambda: "" if self.emptied else [("class:placeholder", shown)],
            auto_suggest=self.known, input_processors=[_Hidden()] if self.ask.secret else None,
        )  # fmt: skip
        inner = question.application
        self.buffer = cast(Buffer, inner.layout.current_buffer)
        self.buffer.on_text_changed += self._changed
        self.screen.help_key(lambda: not self.buffer.text)
        more = [inner.key_bindings, self._keys()]
        return cast(str, self.screen.run(self.screen.application(inner.layout.container, more, focus=self.buffer)))

    def _stands(self) -> bool:
        """Whether the default is what enter takes."""
        return bool(self.default) and not self.buffer.text and not self.emptied

    def _changed(self, _: Buffer) -> None:
        self.screen.error = ""

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add("enter", eager=True)
        def _(event: KeyPressEvent) -> None:
            text = self.default if self._stands() else self.buffer.text
            wrong = self.ask.check(text) if self.ask.check else None
            if wrong is None:
                event.app.exit(result=text)
            else:
                self.screen.refuse(wrong)

        @keys.add("tab", eager=True)
        def _(event: KeyPressEvent) -> None:
            suggested = self.known.get_suggestion(self.buffer, self.buffer.document)
            if suggested is not None:
                self.buffer.insert_text(suggested.text)
            elif self._stands():
                self._edit()

        def into(event: KeyPressEvent) -> None:
            key = event.key_sequence[0].key
            self._edit()
            if key is Keys.Backspace:
                self.buffer.delete_before_cursor()
            elif key in (Keys.Home, Keys.ControlA):
                self.buffer.cursor_position = 0
            elif key is Keys.Left:
                self.buffer.cursor_left()
            elif key is Keys.ControlU:
                self.buffer.reset()

        for key in _INTO_DEFAULT:
            keys.add(key, filter=Condition(self._stands), eager=True)(into)
        return keys

    def _edit(self) -> None:
        """The default is text as if it had been typed, to be changed."""
        self.buffer.insert_text(self.default)
        self.emptied = True


class _First(AutoSuggest):
    """The rest of the first known text that begins as what was typed."""

    def __init__(self, known: Sequence[str]) -> None:
        self.known = known

    def get_suggestion(self, buffer: Buffer, document: Document) -> Suggestion | None:
        typed = document.text
        found = next((text for text in self.known if typed and text.startswith(typed) and text != typed), None)
        return Suggestion(found[len(typed) :]) if found else None


class _Hidden(Processor):
    """Stars on the screen for the letters of a password, as they are typed."""

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        fragments = explode_text_fragments(transformation_input.fragments)
        letters = prompt_secret.hidden(transformation_input.document.text)
        shown: StyleAndTextTuples = [
            (style, letters[i]) if i < len(letters) else (style, text) for i, (style, text, *_) in enumerate(fragments)
        ]
        return Transformation(shown)
