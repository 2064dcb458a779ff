"""A question that is answered by choosing, one thing or many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import Dimension, ScrollbarMargin, Window
from prompt_toolkit.utils import get_cwidth
from questionary import Choice as Row
from questionary.prompts.common import InquirerControl

from pipegen.core.prompting import Ask, Choice
from pipegen.ui.prompt_screen import GAP, Screen, Tokens
from pipegen.ui.terminal import Terminal
from pipegen.ui.wrapped import columns, lines

FILTERED_ABOVE = 15
PAGE = 10
SPARE = 1
"""Columns at the right, for the bar of a long list."""
_LABEL = 34  # columns that labels may take before the notes begin
_NOTE = 24  # columns that a note needs: where there are fewer, it has lines of its own


def ask_one(ask: Ask, terminal: Terminal) -> str:
    """The value that was chosen."""
    return cast(str, _List(ask, terminal, many=False).answer())


def ask_many(ask: Ask, terminal: Terminal) -> tuple[str, ...]:
    """The values that were chosen, in the order of the choices."""
    return tuple(cast("list[str]", _List(ask, terminal, many=True).answer()))


class _Row(Row):
    """A choice as a row: a label with a note beside it; one that is off says there why it cannot be chosen."""

    def __init__(self, choice: Choice, say: Callable[[str], str], *, checked: bool) -> None:
        self.label, self.key = say(choice.label), choice.value
        self.note = say("; ".join(part for part in (choice.note, choice.off) if part))
        super().__init__(self.label, choice.value, disabled=choice.off or None, checked=checked and not choice.off)

    def has(self, words: Sequence[str]) -> bool:
        """Whether every word stands in it."""
        return all(word in f"{self.label} {self.note}".casefold() for word in words)


class _Rows(InquirerControl):
    """questionary's list, with rows of a label and a note that fit the screen, and a search that finds what it searches.

    questionary looks up in the whole list what stands at a place of the filtered one, and with a search that finds nothing it
    shows everything; both are wrong here.
    """

    def __init__(self, rows: Sequence[_Row], *, many: bool, at: str | None) -> None:
        self.rows, self.many = list(rows), many
        self.pointed_at = 0
        super().__init__(self.rows, initial_choice=at)

    @property
    def filtered_choices(self) -> list[_Row]:
        words = (self.search_filter or "").casefold().split()
        return [row for row in self.rows if row.has(words)]

    def is_selection_valid(self) -> bool:
        return self.here() is not None or all(row.disabled for row in self.rows)

    def here(self) -> _Row | None:
        """The row that is pointed at, where it can be chosen."""
        row = next(iter(self.filtered_choices[self.pointed_at :]), None)
        return row if row is not None and not row.disabled else None

    def move(self, step: int) -> None:
        """To the next row that can be chosen, round the end."""
        found = self.filtered_choices
        for _ in found:
            self.pointed_at = (self.pointed_at + step) % len(found)
            if self.is_selection_valid():
                return

    def jump(self, step: int) -> None:
        """Many rows on, no further than the end."""
        found = self.filtered_choices
        possible = [i for i, row in enumerate(found) if not row.disabled]
        if possible:
            wanted = self.pointed_at + step
            self.pointed_at = min(possible, key=lambda i: abs(i - wanted))

    def search(self, letter: str) -> None:
        """One letter more in what is searched for, or one fewer for none."""
        self.search_filter = (self.search_filter or "") + letter if letter else (self.search_filter or "")[:-1]
        self.pointed_at = 0
        if not self.is_selection_valid():
            self.move(1)

    def _get_choice_tokens(self) -> Tokens:
        found: Tokens = []
        rows = self.filtered_choices
        widest = max((w for row in self.rows if (w := get_cwidth(row.label)) <= _LABEL), default=0)
        column = widest + (8 if self.many else 4) + 2
        for index, row in enumerate(rows):
            found += self._row(row, column, pointed=index == self.pointed_at)
        return found[:-1] if found else [("class:dim", "    nothing is called so: backspace takes a letter back")]

    def _row(self, row: _Row, column: int, *, pointed: bool) -> Tokens:
        chosen = row.key in self.selected_options
        mark = f"{'[x]' if chosen else ' - ' if row.disabled else '[ ]'} " if self.many else ""
        style = "class:dim" if row.disabled else "class:here" if pointed else ""
        tokens: Tokens = [("class:point", "  > " if pointed else "    ")]
        tokens += [("[SetCursorPosition]", "")] if pointed else []
        tokens += [(style, f"{mark}{row.label}")]
        at = 4 + len(mark) + get_cwidth(row.label)
        room = columns() - SPARE
        beside = room - column >= _NOTE
        indent = column if beside else 8
        note = lines(row.note, indent, spare=SPARE)
        if note and beside and at + 2 <= column:
            tokens += [("", " " * (column - at)), ("class:dim", note.pop(0))]
        elif len(note) == 1 and at + 2 + get_cwidth(note[0]) <= room:
            tokens += [("class:dim", f"  {note.pop()}")]
        for line in note:
            tokens += [("", "\n" + " " * indent), ("class:dim", line)]
        return [*tokens, ("", "\n")]


class _List:
    def __init__(self, ask: Ask, terminal: Terminal, *, many: bool) -> None:
        self.ask, self.many = ask, many
        self.filtered = len(ask.choices) > FILTERED_ABOVE
        chosen = ask.default if many else ()
        rows = [_Row(c, terminal.sayable, checked=c.value in chosen) for c in ask.choices]
        self.rows = _Rows(rows, many=many, at=_first(ask.choices, ask.default))
        self.screen = Screen(ask, terminal, self._state)

    def answer(self) -> Any:
        bar = [ScrollbarMargin(display_arrows=True)] if self.filtered else []
        body = Window(self.rows, wrap_lines=True, height=Dimension(min=2), dont_extend_height=True, right_margins=bar)
        self.screen.help_key(lambda: True)
        application = self.screen.application(body, [self._moving(), self._choosing()])
        return self.screen.run(application)

    def _state(self) -> str:
        """The line under the list: the keys, how many are chosen, and what is searched for."""
        keys = ["enter: take it"]
        if self.many:
            keys = ["space: choose", f"{'ctrl-a' if self.filtered else 'a'}: all or none", "enter: go on"]
        said = [f"{len(self.rows.selected_options)} of {len(self.ask.choices)} chosen"] if self.many else []
        if self.rows.search_filter:
            said += [f"search `{self.rows.search_filter}`: {len(self.rows.filtered_choices)} found"]
        elif self.filtered:
            said += ["type to search"]
        return "; ".join(said) + ("\n" if said else "") + GAP.join([*keys, "esc: back", "ctrl-c: leave"])

    def _moving(self) -> KeyBindings:
        keys = KeyBindings()

        def up(event: KeyPressEvent) -> None:
            self.rows.move(-1)

        def down(event: KeyPressEvent) -> None:
            self.rows.move(1)

        def page(event: KeyPressEvent) -> None:
            self.rows.jump(-PAGE if event.key_sequence[0].key is Keys.PageUp else PAGE)

        keys.add("pageup", eager=True)(page)
        keys.add("pagedown", eager=True)(page)
        for key, move in (("up", up), ("c-p", up), ("down", down), ("c-n", down)):
            keys.add(key, eager=True)(move)
        if not self.filtered:
            keys.add("k", eager=True)(up)
            keys.add("j", eager=True)(down)
            return keys

        @keys.add(Keys.Any)
        def _(event: KeyPressEvent) -> None:
            if event.data.isprintable() and not (self.many and event.data == " "):
                self.rows.search(event.data)

        @keys.add("backspace", eager=True)
        def _(event: KeyPressEvent) -> None:
            self.rows.search("")

        return keys

    def _choosing(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add("enter", eager=True)
        def _(event: KeyPressEvent) -> None:
            here = self.rows.here()
            if self.many:
                chosen = [row.key for row in self.rows.rows if row.key in self.rows.selected_options]
            elif here is None:
                return
            else:
                chosen = [here.key]
            wrong = next((w for value in chosen if self.ask.check and (w := self.ask.check(value))), None)
            if wrong is not None:
                self.screen.refuse(wrong)
            else:
                event.app.exit(result=chosen if self.many else chosen[0])

        if self.many:
            keys.add(" ", eager=True)(self._toggle)
            keys.add("c-a" if self.filtered else "a", eager=True)(self._all)
        return keys

    def _toggle(self, event: KeyPressEvent) -> None:
        here = self.rows.here()
        self.screen.error = ""
        if here is not None:
            chosen = self.rows.selected_options
            chosen.remove(here.key) if here.key in chosen else chosen.append(here.key)

    def _all(self, event: KeyPressEvent) -> None:
        """All that are shown; where they are chosen already, none of them."""
        self.screen.error = ""
        shown = [row.key for row in self.rows.filtered_choices if not row.disabled]
        others = [value for value in self.rows.selected_options if value not in shown]
        whole = all(value in self.rows.selected_options for value in shown)
        self.rows.selected_options = others if whole else [*others, *shown]


def _first(choices: Sequence[Choice], default: str | tuple[str, ...]) -> str | None:
    """The value that is pointed at when a list opens: the (first) default, or the first that can be chosen."""
    possible = [c.value for c in choices if not c.off]
    wanted = [default] if isinstance(default, str) else list(default)
    return next((value for value in (*wanted, *possible) if value in possible), None)
