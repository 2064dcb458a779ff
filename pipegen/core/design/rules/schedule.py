"""Schedule: retries first, then the longest interval that the freshness leaves room for."""

from __future__ import annotations

from collections.abc import Callable

from pipegen.core import units
from pipegen.core.design import calibration as c
from pipegen.core.design.decision import Alternative
from pipegen.core.design.inputs import SourceInputs
from pipegen.core.design.rules import mode as modes
from pipegen.core.design.told import Told, Trouble

CONTINUOUS = "continuous"


def cron(minutes: int) -> str:
    """The cron expression of an interval of :data:`calibration.INTERVALS_MINUTES`."""
    if minutes < 60:
        return "* * * * *" if minutes == 1 else f"*/{minutes} * * * *"
    if minutes == 60:
        return "0 * * * *"
    return "0 0 * * *" if minutes == 1440 else f"0 */{minutes // 60} * * *"


def room(s: SourceInputs, mode: str, freshness: int, run_seconds: float, slack: int) -> float:
    """Seconds that the freshness leaves for the interval, after source lag, run time and retries (``slack``)."""
    if mode in modes.STREAMS:
        return (freshness - s.lag) * c.TRIGGER_SHARE.value
    return freshness - s.lag - int(run_seconds) - slack


def fitting(
    s: SourceInputs,
    mode: str,
    freshness: int,
    run_time: Callable[[float | None], float],
    slack: int,
    heavy: float = 0.0,
) -> list[str]:
    """Every schedule that keeps the freshness, the longest interval last; empty where none does.

    ``run_time`` gives the seconds of a run by the seconds since the run before, ``heavy`` those in which whole tables are read that are
    not tiny. Runs never overlap, so that none may start before the last is done; and what is read in a day fits the source's window.
    """

    def left(interval: float) -> float:
        return room(s, mode, freshness, run_time(interval), slack)

    if mode == "flink":
        return [CONTINUOUS] if left(0) > 0 else []
    if mode not in modes.BATCHES:
        return [f"every {n}s" for n in c.TRIGGERS_SECONDS if run_time(n) <= n <= left(n)]
    if s.delivered is not None:  # once a day, when it is there; the freshness counts from then
        hour, minute = s.delivered
        return [f"{minute} {hour} * * *"] if left(86_400) >= 0 else []
    possible = [m for m in c.INTERVALS_MINUTES if m * 60 <= freshness - s.lag - slack]
    return [cron(m) for m in possible if _least(s, run_time(m * 60), heavy) <= m * 60 <= left(m * 60)]


def ceaseless(s: SourceInputs, mode: str, run_seconds: float, heavy: float) -> str:
    """The schedule where none keeps the freshness: a run after the other, as often as one can end and the source bears it."""
    if mode == "flink":
        return CONTINUOUS
    if mode in modes.BATCHES:
        least = _least(s, run_seconds, heavy)
        return cron(next((m for m in c.INTERVALS_MINUTES if m * 60 >= least), c.INTERVALS_MINUTES[-1]))
    return f"every {next((n for n in c.TRIGGERS_SECONDS if n >= run_seconds), c.TRIGGERS_SECONDS[-1])}s"


def _least(s: SourceInputs, run_seconds: float, heavy: float) -> float:
    """Seconds of the shortest interval: no run starts before the last is done, and a day's heavy reads fit the source's window."""
    return max(run_seconds, 86_400 * heavy / s.window if s.window else 0.0)


def interval(choice: str) -> int:
    """Seconds between the starts of two runs; 0 of a stream that never stops."""
    if choice == CONTINUOUS:
        return 0
    if choice.startswith("every "):
        return units.duration(choice.removeprefix("every "))
    return next((m * 60 for m in c.INTERVALS_MINUTES if cron(m) == choice), 86_400)


def problem(choice: str, works: list[str], freshness: int) -> Trouble | None:
    if choice in works:
        return None
    f = units.duration_text(freshness)
    hint = f"works: `{works[-1]}`, or oftener: `{works[0]}`" if works else "no schedule does: see what is missed"
    return f"`{choice}` is no schedule that keeps freshness {f}", hint


def tell(s: SourceInputs, mode: str, freshness: int, run_seconds: float, choice: str, slack: int) -> Told:
    f = units.duration_text(freshness)
    lag = f" - source lag {units.duration_text(s.lag)}" if s.lag else ""
    if mode in modes.STREAMS:
        share = f"{c.TRIGGER_SHARE.share} of freshness {f}{lag} is the trigger's"
        return Told(
            (share if choice != CONTINUOUS else f"freshness {f}{lag}",),
            (Alternative("longer triggers", "data would wait longer than was asked"),), "schedule.stream",
            c.TRIGGER_SHARE.source if choice != CONTINUOUS else c.FLINK_BELOW.source,
        )  # fmt: skip
    left = room(s, mode, freshness, run_seconds, slack)
    has = f"leaves {units.duration_text(int(left))}" if left >= 1 else "leaves nothing"
    retries = f" - retries {units.duration_text(slack)}" if slack else ""
    sums = f"freshness {f}{lag} - run {units.duration_text(max(1, int(run_seconds)))}{retries} {has}"
    because: tuple[str, ...] = (sums, "runs never overlap")
    alternative = Alternative(f"every {f}", "data would be older than asked as soon as a run takes time")
    if s.delivered is not None:
        because = (f"delivered at {s.delivered[0]:02}:{s.delivered[1]:02} UTC; freshness counts from then", sums)
        alternative = Alternative("oftener", "there is nothing new before the next delivery")
    return Told(
        because, (alternative,), "schedule",
        "arithmetic: interval <= freshness - source lag - run time - retry slack",
    )  # fmt: skip
