"""Questions on a terminal that cannot move its cursor: what is asked is printed, and answers are lines.

What is typed stays on such a screen, so that a URL is to be given without its password there.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from pipegen.core.prompting import Ask, Back, Choice, Stopped
from pipegen.ui import prompt_secret
from pipegen.ui.terminal import Terminal
from pipegen.ui.wrapped import paragraph, running

BACK, HELP = "<", "?"
_RANGE = re.compile(r"(\d+)\s*-\s*(\d+)")


class Wrong(Exception):  # noqa: N818 (an answer to ask again for)
    """What is wrong with a line, and what is allowed."""


def ask(ask: Ask, terminal: Terminal) -> str | tuple[str, ...]:
    """Ask until the answer is fine.

    Raises:
        Back, Stopped: as a prompter raises them.
    """
    _introduce(ask, terminal)
    while True:
        line = _line(ask, terminal)
        if line == BACK:
            raise Back
        if line == HELP and ask.help:
            paragraph(terminal.say, (), ask.help, 2)
            continue
        try:
            answer = ask.default if not line and ask.default else _read(ask, line)
            _checked(ask, answer)
        except Wrong as error:
            for i, part in enumerate(str(error).splitlines()):
                paragraph(terminal.say, ("  !",) if i == 0 else (), part, 4)
        else:
            return answer


def _read(ask: Ask, line: str) -> str | tuple[str, ...]:
    if ask.kind == "text":
        return line
    return _one(ask, line) if ask.kind == "one" else _many(ask, line)


def _introduce(ask: Ask, terminal: Terminal) -> None:
    paragraph(terminal.say, ("?",), ask.title, 2)
    typed = ask.kind == "text" and ask.example
    notes = [*ask.evidence, *([f"for example {ask.example}"] if typed else [])]
    if ask.secret:
        notes.append(
            "what is typed stays on this screen: leave a password out, and set the variable that holds the URL"
        )
    for text in notes:
        paragraph(terminal.say, (), text, 2)
    digits = len(str(len(ask.choices)))
    for number, choice in enumerate(ask.choices, 1):
        head = f"  {'-':>{digits}} " if choice.off else f"  {number:>{digits}} "
        note = "; ".join(part for part in (choice.note, choice.off) if part)
        running(terminal.say, (head, choice.label), note, 8, "dim")
    keys = {"text": "a line", "one": "a number", "many": "numbers and ranges, as `1, 3-5`; `all`; `none`"}[ask.kind]
    more = f", `{HELP}` for help" if ask.help else ""
    paragraph(terminal.say, (), f"{keys}; `{BACK}` to go back{more}", 2)


def _line(ask: Ask, terminal: Terminal) -> str:
    """A line that was typed."""
    default = ask.default if isinstance(ask.default, str) else _numbers(ask.choices, ask.default)
    if ask.kind == "one" and default:
        default = _numbers(ask.choices, (default,))
    shown = terminal.sayable(prompt_secret.redacted(default) if ask.secret else default)
    sys.stderr.write(f"[{shown}] > " if shown else "> ")
    sys.stderr.flush()
    try:
        line = sys.stdin.readline()
    except KeyboardInterrupt:
        raise Stopped from None
    if not line:
        raise Stopped
    return line.strip()


def _numbers(choices: Sequence[Choice], values: Sequence[str]) -> str:
    """Where the values stand in the list, ranges as such."""
    at = [number for number, choice in enumerate(choices, 1) if choice.value in values]
    runs: list[list[int]] = []
    for number in at:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def _one(ask: Ask, line: str) -> str:
    found = _chosen(ask.choices, line)
    if len(found) != 1:
        raise Wrong("one number of the list is allowed")
    return found[0]


def _many(ask: Ask, line: str) -> tuple[str, ...]:
    if line.casefold() in ("all", "none"):
        return tuple(c.value for c in ask.choices if not c.off) if line.casefold() == "all" else ()
    found = [value for part in line.split(",") if part.strip() for value in _chosen(ask.choices, part.strip())]
    return tuple(c.value for c in ask.choices if c.value in found)


def _chosen(choices: Sequence[Choice], text: str) -> list[str]:
    """The values that a number, a range, or a choice's own name stands for."""
    named = [c for c in choices if text in (c.label, c.value)]
    range_ = _RANGE.fullmatch(text)
    if named:
        found = named[:1]
    elif range_ is not None:
        found = [c for n, c in enumerate(choices, 1) if int(range_[1]) <= n <= int(range_[2]) and not c.off]
    else:
        found = [choices[int(text) - 1]] if text.isascii() and text.isdigit() and 0 < int(text) <= len(choices) else []
    if not found:
        raise Wrong(f"`{text}` is not in the list: numbers from 1 to {len(choices)} are allowed")
    for choice in found:
        if choice.off:
            raise Wrong(f"`{choice.label}` cannot be chosen: {choice.off}")
    return [c.value for c in found]


def _checked(ask: Ask, answer: str | tuple[str, ...]) -> None:
    for value in [answer] if isinstance(answer, str) else answer:
        wrong = ask.check(value) if ask.check else None
        if wrong is not None:
            raise Wrong(wrong)
