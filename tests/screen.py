"""A terminal that a test sits at: a program in a pty, and the screen that its codes draw."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pexpect
import pyte

UP, DOWN, ENTER, TAB, ESC, BACKSPACE, SPACE = "\x1b[A", "\x1b[B", "\r", "\t", "\x1b", "\x7f", " "
CTRL_A, CTRL_C, CTRL_D = "\x01", "\x03", "\x04"
PIPEGEN = (sys.executable, "-m", "pipegen")
_PATIENCE = 60.0
_MOVING = 5.0
_STILL = 0.15  # seconds without a byte, after which a screen is drawn
_CODE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|[()][0-9A-B]|[=>78DMEH])")


class Drawn(pyte.HistoryScreen):
    """A screen that keeps dim letters apart: pyte has no place for that, so that of ``strikethrough`` is taken."""

    def select_graphic_rendition(self, *attrs: int, **_: object) -> None:
        super().select_graphic_rendition(*attrs)
        for attr in attrs or (0,):
            if attr in (0, 22):
                self.cursor.attrs = self.cursor.attrs._replace(strikethrough=False)
            elif attr == 2:
                self.cursor.attrs = self.cursor.attrs._replace(strikethrough=True)


class Screen:
    """A command at a terminal: what is typed, and what is seen.

    ``raw`` is every byte that it wrote, as text.
    """

    def __init__(
        self,
        command: Sequence[str],
        cwd: Path,
        *,
        home: Path,
        columns: int = 80,
        rows: int = 24,
        env: Mapping[str, str] | None = None,
    ) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "SSL_CERT_FILE") if name in os.environ}
        own = {"HOME": str(home), "TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONWARNINGS": "error"}
        self.drawn = Drawn(columns, rows, history=10_000, ratio=0.5)
        self.stream = pyte.Stream(self.drawn)
        self.raw = ""
        self.child = pexpect.spawn(
            command[0], list(command[1:]), cwd=str(cwd), env={**kept, **own, **(env or {})}, dimensions=(rows, columns),
            encoding="utf-8", codec_errors="replace", timeout=_PATIENCE,
        )  # fmt: skip
        self.child.delaybeforesend = None

    def press(self, *keys: str) -> Screen:
        """Type keys, one after another, waiting until the screen is still between them."""
        for key in keys:
            self.child.send(key)
            self.settle(0.45 if key == ESC else _STILL)
        return self

    def settle(self, still: float = _STILL) -> None:
        """Wait until nothing more is written; where something moves on the screen, for a moment."""
        end = time.monotonic() + _MOVING
        while self._read(still) and time.monotonic() < end:
            pass

    def type(self, keys: str) -> Screen:
        """Type at once, and wait for nothing."""
        self.child.send(keys)
        return self

    def wait(self, text: str, *, still: bool = True) -> Screen:
        """Wait until a text stands on the screen, and the screen is still."""
        end = time.monotonic() + _PATIENCE
        while text not in self.text:
            if not self._read(0.5) and (not self.child.isalive() or time.monotonic() > end):
                self.settle()
                assert text in self.text, f"`{text}` never came:\n{self.text}"
        if still:
            self.settle()
        return self

    def ends(self) -> int:
        """Wait for the end, and give the exit code."""
        end = time.monotonic() + _PATIENCE
        while self.child.isalive() or self._read(0.05):
            self._read(0.1)
            assert time.monotonic() < end, f"it did not end:\n{self.text}"
        self.child.close()
        assert self.child.exitstatus is not None, f"killed by {self.child.signalstatus}"
        return self.child.exitstatus

    def resize(self, rows: int, columns: int) -> None:
        self.drawn.resize(rows, columns)
        self.child.setwinsize(rows, columns)
        self.settle(0.4)

    def stop(self) -> None:
        self.child.close(force=True)

    @property
    def lines(self) -> list[str]:
        """The screen as it stands."""
        return [line.rstrip() for line in self.drawn.display]

    @property
    def text(self) -> str:
        return "\n".join(self.lines).rstrip()

    @property
    def whole(self) -> str:
        """Everything that can be scrolled to, and the screen."""
        columns = self.drawn.columns
        above = ["".join(row[x].data for x in range(columns)).rstrip() for row in self.drawn.history.top]
        return "\n".join([*above, *self.lines]).rstrip()

    @property
    def codes(self) -> set[str]:
        """Every control sequence that was written."""
        return set(_CODE.findall(self.raw))

    def _read(self, patience: float) -> bool:
        try:
            text = self.child.read_nonblocking(65_536, timeout=patience)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return False
        self.raw += text
        self.stream.feed(text)
        return True
