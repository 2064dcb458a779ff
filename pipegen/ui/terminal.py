"""What a person sees: talk on stderr, data on stdout. The one module that imports rich."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import Any, Literal, TextIO

from rich.console import Console
from rich.text import Text

Style = Literal["", "bold", "dim", "red", "green", "yellow", "cyan", "bold red", "bold green"]


@dataclass(frozen=True)
class Manner:
    """How to speak: ``color`` off gives no control codes; ``verbose`` says what was read."""

    color: bool = True
    verbose: bool = False


class Terminal:
    """Prints lines as they are: never wrapped, never read as markup."""

    def __init__(self, manner: Manner = Manner()) -> None:
        self.manner = manner
        self._talk = _console(sys.stderr, manner.color)
        self._data = _console(sys.stdout, manner.color)

    def say(self, *parts: str | tuple[str, Style]) -> None:
        """A line of talk."""
        _print(self._talk, parts)

    def note(self, text: str) -> None:
        """A line of talk for ``-v``."""
        if self.manner.verbose:
            self.say((text, "dim"))

    def warn(self, text: str) -> None:
        """Something that a person should know."""
        self.say((f"note: {text}", "yellow"))

    def data(self, *parts: str | tuple[str, Style]) -> None:
        """A line of data."""
        _print(self._data, parts)

    def progress(self, text: str) -> None:
        """What is being done, where somebody is watching."""
        if self._talk.is_terminal:
            self.say((f"{text} …", "dim"))


def document(values: dict[str, Any]) -> None:
    """Data that is one JSON document, as ``--json`` prints it."""
    raw(json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def raw(text: str) -> None:
    """Data that is a document: written as it is, in UTF-8, whatever the locale."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the one error handler, where rich would end the process with 1."""
        raise BrokenPipeError


def _console(stream: TextIO, color: bool) -> Console:
    plain = not color or bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb" or not stream.isatty()
    return _Console(
        file=stream, markup=False, highlight=False, emoji=False, soft_wrap=True,
        no_color=plain, color_system=None if plain else "auto", force_terminal=None if stream.isatty() else False,
    )  # fmt: skip


def _print(console: Console, parts: tuple[str | tuple[str, Style], ...]) -> None:
    line = Text()
    for part in parts:
        text, style = (part, "") if isinstance(part, str) else part
        line.append(_encodable(text, console.encoding), style or None)
    console.print(line, soft_wrap=True)


def _encodable(text: str, encoding: str) -> str:
    """Text that the stream can take: what it lacks, and what would steer the terminal, is escaped."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.replace("…", "...").encode(encoding, "backslashreplace").decode(encoding)
    return text
