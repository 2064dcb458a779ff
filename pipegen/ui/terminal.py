"""What a person sees: talk on stderr, data on stdout. The one module that imports rich."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from threading import RLock
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal, TextIO

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from rich.status import Status

Style = Literal["", "bold", "dim", "red", "green", "yellow", "cyan", "bold red", "bold green"]

_APART = 2.0  # seconds between lines of progress: hundreds of tables are no hundreds of lines


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
        self._told: float | None = None

    def say(self, *parts: str | tuple[str, Style]) -> None:
        """A line of talk."""
        _busy.stop()
        _print(self._talk, parts)

    def note(self, text: str) -> None:
        """A line of talk for ``-v``."""
        if self.manner.verbose:
            self.say((text, "dim"))

    def warn(self, text: str) -> None:
        """Something that a person should know."""
        self.say(("note: ", "yellow"), text)

    def data(self, *parts: str | tuple[str, Style]) -> None:
        """A line of data."""
        _busy.stop()
        _print(self._data, parts)

    def progress(self, text: str) -> None:
        """What is being done, where somebody is watching: in one place that moves; where nothing may move, a line now and then."""
        if not self.is_watched:
            return
        if not self.is_coloured:
            if self._told is None or monotonic() - self._told > _APART:
                self._told = monotonic()
                _print(self._talk, ((f"{text} …", "dim"),))
            return
        _busy.show(self._talk, _encodable(f"{text} …", self._talk.encoding))

    def quiet(self) -> None:
        """Take away what was said of progress: what is done takes the place."""
        _busy.stop()

    @property
    def is_watched(self) -> bool:
        """Whether talk goes to a terminal."""
        return self._talk.is_terminal

    @property
    def is_coloured(self) -> bool:
        """Whether talk may have colours, and more control codes than a prompt needs."""
        return self._talk.color_system is not None

    def sayable(self, text: str) -> str:
        """Text as talk has it: what the stream lacks, and what would steer the terminal, is escaped."""
        return _encodable(text, self._talk.encoding)


class _Busy:
    """The one thing on the screen that moves, while something is done that takes its time; several threads may do it."""

    def __init__(self) -> None:
        self._status: Status | None = None
        self._lock = RLock()

    def show(self, console: Console, text: str) -> None:
        said = Text(text, style="dim", overflow="ellipsis", no_wrap=True)
        with self._lock:
            if self._status is None:
                self._status = console.status(said, spinner="line", spinner_style="dim")
                self._status.start()
            else:
                self._status.update(said)

    def stop(self) -> None:
        with self._lock:
            status, self._status = self._status, None
            if status is not None:
                status.stop()


_busy = _Busy()


def document(values: dict[str, Any]) -> None:
    """Data that is one JSON document, as ``--json`` prints it."""
    raw(json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def raw(text: str) -> None:
    """Data that is a document: written as it is, in UTF-8, whatever the locale."""
    _busy.stop()
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
