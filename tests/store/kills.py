"""What can go wrong at any call of the file system: a kill, an error, an edit by somebody else.

The calls are numbered in their order, and something is done before the N-th of them.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

Before = Callable[[int, str], None]

# Calls that change what a later look sees; a kill before a call that changes nothing is a kill before the next one that does.
CHANGING = (
    "open",
    "mkdir",
    "rmdir",
    "unlink",
    "rename",
    "link",
    "symlink",
    "write",
    "pwrite",
    "ftruncate",
    "fchmod",
    "utime",
)
READING = ("stat", "readlink", "scandir", "read", "fstat")


class Killed(BaseException):
    """A kill without a process: every call after it fails, so that nothing is cleaned up."""


@contextlib.contextmanager
def calls(before: Before, *, reads: bool = False, syncs: bool = False) -> Iterator[None]:
    """Call ``before(N, name)`` before the N-th call that changes something, with ``reads`` and ``syncs`` also before those.

    Nothing is synced: a kill loses nothing of what was written.
    """
    real = {name: getattr(os, name) for name in (*CHANGING, *READING, "fsync")}
    numbered = {*CHANGING, *(READING if reads else ()), *(("fsync",) if syncs else ())}
    numbers = itertools.count()
    here = threading.local()  # what ``before`` itself does is not counted

    def wrapped(name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            opens = name == "open" and not (arguments[1] & os.O_CREAT)
            if name in numbered and (reads or not opens) and not getattr(here, "inside", False):
                here.inside = True
                try:
                    before(next(numbers), name)
                finally:
                    here.inside = False
            return None if name == "fsync" else real[name](*arguments, **options)

        return call

    try:
        for name in real:
            setattr(os, name, wrapped(name))
        yield
    finally:
        for name, function in real.items():
            setattr(os, name, function)


@contextlib.contextmanager
def unsynced() -> Iterator[None]:
    """Nothing is synced: what costs the time of a test and changes nothing that it sees."""
    real = os.fsync
    os.fsync = lambda _: None
    try:
        yield
    finally:
        os.fsync = real


def in_child(work: Callable[[], object]) -> int:
    """Do something in a child process; its exit status, negative where a signal ended it."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_at(n: int, work: Callable[[], object]) -> bool:
    """Do something in a child process that is killed before its N-th change; False where it ended before that."""

    def kill(number: int, _: str) -> None:
        if number == n:
            os.kill(os.getpid(), signal.SIGKILL)

    def until_killed() -> None:
        with calls(kill):
            work()

    status = in_child(until_killed)
    assert status in (0, -signal.SIGKILL), f"the child ended with {status}"
    return status != 0


def dead_at(n: int, work: Callable[[], object]) -> bool:
    """:func:`killed_at` without a process."""

    def die(number: int, _: str) -> None:
        if number >= n:
            raise Killed

    try:
        with calls(die):
            work()
    except Killed:
        return True
    return False
