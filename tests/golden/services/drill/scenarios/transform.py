"""What happens to the transform: it is killed, run again, or finds that a load was killed right before it."""

from typing import TYPE_CHECKING

from drill.pipeline import BIN, BUILD
from drill.scenarios.kills import AFTER
from drill.stage import Broken, Stage

if TYPE_CHECKING:
    from drill.bed import Bed


def killed_build(bed: "Bed", stages: list[Stage]) -> str:
    """Killed when the first mart, or where there is none the first model, is being built."""
    _new_rows(stages)
    words = "START sql" if not bed.marts else "marts."
    command = [str(BIN / "dbt"), "--no-use-colors", *(part for part in BUILD if part != "--quiet")]
    run = bed.pipeline.kill_at(command, words)
    if not run.killed:
        raise Broken(f"dbt was not killed (exit {run.code}): {run.last()}")
    _exact(bed)
    return "killed while it built, the next build made every model exact"


def killed_before_build(bed: "Bed", stages: list[Stage]) -> str:
    for stage in stages:
        for table in stage.cast:
            stage.twin.deliver(table, stage.fresh(table))
        run = stage.load(deed=AFTER)
        if not run.killed:
            raise Broken(f"the load was not killed (exit {run.code}): {run.last()}")
        stage.observe()
        stage.compare()
    _exact(bed)
    return "a load that was killed after its commit is whole for the build"


def built_again(bed: "Bed", stages: list[Stage]) -> str:
    """The same day twice, then the next one: a copy of a day is replaced on that day, and by no other."""
    _new_rows(stages)
    daily = any(history.kind == "daily" for history in bed.history)
    for day in (
        ("2026-03-02", "2026-03-02", "2026-03-03") if daily else ("2026-03-01", "2026-03-01")
    ):
        _exact(bed, day)
    return "built again, it changed nothing" + (", but for a copy of the next day" if daily else "")


def _new_rows(stages: list[Stage]) -> None:
    for stage in stages:
        for table in stage.cast:
            stage.twin.deliver(table, stage.fresh(table))
        stage.good_load()


def _exact(bed: "Bed", day: str = "2026-03-01") -> None:
    run = bed.transform(day)
    if not run.good:
        raise Broken(f"the transform failed: {run.last()}")
    wrong = "; ".join(f"{name}: {text}" for name, text in bed.transformed().items())
    if wrong:
        raise Broken(wrong)


OF_TRANSFORM = {
    "kill -9 during dbt": killed_build,
    "kill -9 between load and dbt": killed_before_build,
    "the transform again": built_again,
}
