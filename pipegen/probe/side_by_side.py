"""Tables that are measured side by side, in as many sessions as a source is asked to bear, and stopped at once by Ctrl-C."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

S = TypeVar("S")
T = TypeVar("T")
R = TypeVar("R")
_TICK_SECONDS = 0.1
_CANCELS = 3  # before a session is hung up: one that comes between two statements stops nothing


@dataclass(frozen=True)
class _Failed:
    """What was raised instead of a result; it is raised again by the thread that waits."""

    error: BaseException


@dataclass
class Sessions(Generic[S]):
    """The sessions of one look: the first is open, others are opened as they are needed, and all are closed in the end.

    Args:
        first: the session that is there already.
        most: sessions at once, the first among them.
        open: opens another; None where the source has none left, and those that are there do its work.
        cancel: ends what runs in some, from outside, and lets nothing more begin in them.
        hang_up: ends one whose source hears no cancel, so that nobody waits in it any more.
        close: leaves one that nothing runs in.
    """

    first: S
    most: int
    open: Callable[[], S | None]
    cancel: Callable[[Sequence[S]], None]
    hang_up: Callable[[S], None]
    close: Callable[[S], None]
    _all: list[S] = field(init=False)

    def __post_init__(self) -> None:
        self._all = [self.first]

    def __enter__(self) -> Sessions[S]:
        return self

    def __exit__(self, *_: object) -> None:
        for session in self._all:
            self.close(session)

    def each(self, items: Sequence[T], work: Callable[[S, T], R], heard: Callable[[int, T], None]) -> list[R]:
        """What ``work`` makes of every item, in their order, whichever session does it.

        This thread tells ``heard`` how many are done, and of the one that was done last. An error of one, or one that is raised
        in this thread meanwhile (Ctrl-C), stops all of them at once.
        """
        waiting: SimpleQueue[tuple[int, T]] = SimpleQueue()
        done: SimpleQueue[tuple[int, R | _Failed]] = SimpleQueue()
        stopped = threading.Event()
        for numbered in enumerate(items):
            waiting.put(numbered)

        def labour(session: S) -> None:
            while not stopped.is_set():
                try:
                    at, item = waiting.get_nowait()
                except Empty:
                    return
                try:
                    done.put((at, work(session, item)))
                except BaseException as error:
                    done.put((at, _Failed(error)))
                    return

        threads: list[threading.Thread] = []
        found: dict[int, R] = {}
        try:
            for session in self._as_needed(waiting):
                threads.append(threading.Thread(target=labour, args=(session,), daemon=True, name="pipegen-probe"))
                threads[-1].start()
            while len(found) < len(items):
                at, result = done.get()
                if isinstance(result, _Failed):
                    raise result.error
                found[at] = result
                heard(len(found), items[at])
        finally:
            stopped.set()
            self._see_the_end_of(threads, cancel=len(found) < len(items))
        return [found[at] for at in range(len(items))]

    def _as_needed(self, waiting: SimpleQueue[tuple[int, T]]) -> Iterator[S]:
        """Sessions while there is work that nobody does; those before work already while another is opened."""
        yield self.first
        while len(self._all) < self.most and not waiting.empty():
            another = self.open()
            if another is None:
                return
            self._all.append(another)
            yield another

    def _see_the_end_of(self, threads: Sequence[threading.Thread], *, cancel: bool) -> None:
        """Threads end by themselves where the work is done, else with what runs in them, at last with their sessions."""
        for tick in count():
            alive = [thread for thread in threads if thread.is_alive()]
            if not alive:
                return
            if cancel and tick == _CANCELS:
                for session in self._all:
                    self.hang_up(session)
            elif cancel:
                self.cancel(self._all)
            for thread in alive:
                thread.join(_TICK_SECONDS)
