"""How a source is looked at: what of it, from where, in how much time, with how many connections, and who hears of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipegen.core.names import shorten

SECONDS = 60.0
CONNECTIONS = 4
IS_LOCKED = "judged by the catalogue alone: another session holds it locked; look again when that is done"
TIME_IS_UP = "judged by the catalogue alone: the time for looking was up"

Progress = Callable[[str], None]


@dataclass
class Look:
    """One look at a source.

    Args:
        root: the folder that relative paths start from.
        tables: real names of the tables to measure, None for all. One that is not there, or not to be read, is an error.
        named: where ``tables`` is None: names that people said. Where all of them are there, views too, only they are measured.
        seconds: the budget of the whole look; what is still to do when it is spent is left out, and noted where it is missed.
        connections: sessions at once, at most.
        auth: what is sent to an API with every request, as header and value.
        progress: hears what is being done, a few words at a time.
        clock: seconds that only grow.
    """

    root: Path
    tables: Sequence[str] | None = None
    named: Sequence[str] = ()
    seconds: float = SECONDS
    connections: int = CONNECTIONS
    auth: Mapping[str, str] = field(default_factory=dict, repr=False)
    progress: Progress = lambda _: None
    clock: Callable[[], float] = time.monotonic
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.clock()

    def left(self) -> float:
        """Seconds that are left of the budget, never less than 0."""
        return max(0.0, self.began + self.seconds - self.clock())

    @property
    def is_over(self) -> bool:
        return self.left() <= 0

    def tell(self, done: int, of: int, table: str) -> None:
        """Let ``progress`` hear of a table that is done."""
        self.progress(f"{done} of {of} tables: {shorten(table)}")
