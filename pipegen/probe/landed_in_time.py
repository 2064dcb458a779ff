"""Work of the probe's engine that Ctrl-C, or the end of the time for looking, stops at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

import duckdb

from pipegen.probe.look import Look

T = TypeVar("T")
_AGAIN_SECONDS = 0.05


class TimeIsUp(Exception):  # noqa: N818 (it is no error)
    """The time for looking was up."""


def in_time(con: duckdb.DuckDBPyConnection, look: Look, work: Callable[[], T]) -> T:
    """What ``work`` gives, which asks an engine; in a thread of its own, as the engine hears of no Ctrl-C.

    Raises:
        TimeIsUp: it took longer than there was time.
    """
    if look.is_over:
        raise TimeIsUp
    with ThreadPoolExecutor(1, thread_name_prefix="look") as pool:
        future = pool.submit(work)
        try:
            wait([future], look.left())
        finally:
            stopped = not future.done()
            while not future.done():
                con.interrupt()
                wait([future], _AGAIN_SECONDS)
        if stopped:
            raise TimeIsUp
        return future.result()
