"""Plays the interview on the bundled sample at a terminal of 80 x 24, and keeps its screens.

``python docs/screens/make.py`` writes interview.md and interview.svg beside this file; a test plays it too, and finds the same.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

FOLDER = Path(__file__).resolve().parent
if str(FOLDER.parents[1]) not in sys.path:
    sys.path.insert(0, str(FOLDER.parents[1]))

from tests.screen import DOWN, ENTER, ESC, PIPEGEN, SPACE, UP, Screen  # noqa: E402 (found from the root of the repository)

if TYPE_CHECKING:
    from pyte.screens import Char

NAMES = {ENTER: "enter", ESC: "esc", UP: "up", DOWN: "down", SPACE: "space", "?": "?"}
STILL = "What becomes of personal data?"
REVIEW = "What now?"
HEAD = """# The interview, screen by screen

`pipegen new` with no flags, at a terminal of 80 x 24, on the bundled sample: enter at every question. Made by
`python docs/screens/make.py`; a test makes it again and finds the same.
"""

_BACKGROUND, _LETTERS = "#1b1f24", "#d6dbe1"
_COLOURS = {
    "cyan": "#56c8d8", "green": "#7ac77a", "red": "#f08080", "brown": "#d9b25f", "yellow": "#d9b25f",
    "blue": "#7aa7f0", "magenta": "#c79ae0",
}  # fmt: skip
_DIM = 0.62
_WIDTH, _HEIGHT, _SIZE, _EDGE = 8.4, 18, 14, 14


@dataclass(frozen=True)
class Shot:
    """A screen, and what was typed on it."""

    lines: tuple[str, ...]
    letters: tuple[tuple[Char, ...], ...]
    typed: str


def play() -> list[Shot]:
    """Enter at every question, until the repository is written."""
    with tempfile.TemporaryDirectory() as folder:
        home, work = Path(folder) / "home", Path(folder) / "work"
        home.mkdir()
        work.mkdir()
        screen = Screen((*PIPEGEN, "new", "--no-git"), work, home=home)
        try:
            return _played(screen)
        finally:
            screen.stop()


def _played(screen: Screen) -> list[Shot]:
    shots: list[Shot] = []
    while not shots or not any(REVIEW in line for line in shots[-1].lines):
        screen.wait("enter:")
        screen.settle(0.6)
        above = screen.whole.splitlines() if REVIEW in screen.text else screen.lines
        shots.append(Shot(tuple(_after_answers(above)), _letters(screen), NAMES[ENTER]))
        screen.press(ENTER)
        if len(shots) > 30:
            raise RuntimeError(screen.text)
    screen.wait("Next:")
    if screen.ends() != 0:
        raise RuntimeError(screen.text)
    written = screen.whole.splitlines()
    shots.append(Shot(tuple(written[next(i for i, line in enumerate(written) if line.startswith("wrote ")) :]), (), ""))
    return shots


def _after_answers(lines: Sequence[str]) -> Iterable[str]:
    """A screen; of the review, what comes after the questions that led to it."""
    start = next((i for i, line in enumerate(lines) if line == "Answers"), 0)
    return lines[start:]


def _letters(screen: Screen) -> tuple[tuple[Char, ...], ...]:
    drawn = screen.drawn
    return tuple(tuple(drawn.buffer[y][x] for x in range(drawn.columns)) for y in range(drawn.lines))


def page(shots: Sequence[Shot]) -> str:
    """The screens as a page of text."""
    parts = [HEAD]
    for shot in shots:
        body = "\n".join(shot.lines).rstrip()
        parts.append(f"\n```text\n{body}\n```\n" + (f"\n`{shot.typed}`\n" if shot.typed else ""))
    return "".join(parts)


def still(shots: Sequence[Shot]) -> str:
    """One screen as it looks."""
    letters = next(shot.letters for shot in shots if any(STILL in line for line in shot.lines))
    rows = max(y for y, row in enumerate(letters) if any(char.data.strip() for char in row)) + 1
    width, height = round(80 * _WIDTH + 2 * _EDGE), rows * _HEIGHT + 2 * _EDGE
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="A question of the interview, with what was measured beside it">',
        f'<rect width="100%" height="100%" rx="8" fill="{_BACKGROUND}"/>',
        f'<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="{_SIZE}" fill="{_LETTERS}">',
    ]
    for y, row in enumerate(letters[:rows]):
        out += _spans(row, _EDGE + y * _HEIGHT + _SIZE)
    return "\n".join([*out, "</g>", "</svg>", ""])


def _spans(row: Sequence[Char], y: int) -> Iterable[str]:
    """A line, in pieces of one look; each stands where it belongs, whatever font there is."""
    x = 0
    for look, group in groupby(row, key=lambda char: (char.fg, char.bold, char.strikethrough)):
        text = "".join(char.data for char in group)
        fg, bold, dim = look
        said = text.strip()
        if said:
            at = x + len(text) - len(text.lstrip())
            style = f' fill="{_COLOURS[fg]}"' if fg in _COLOURS else ""
            style += ' font-weight="bold"' if bold else ""
            style += f' opacity="{_DIM}"' if dim else ""
            long = round(len(said) * _WIDTH, 1)
            yield (
                f'<text x="{round(_EDGE + at * _WIDTH, 1)}" y="{y}" textLength="{long}" xml:space="preserve"{style}>'
                f"{_escaped(said)}</text>"
            )
        x += len(text)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def main() -> None:
    """Write both files."""
    shots = play()
    (FOLDER / "interview.md").write_text(page(shots), encoding="utf-8")
    (FOLDER / "interview.svg").write_text(still(shots), encoding="utf-8")


if __name__ == "__main__":
    main()
