"""kill -9 at each step of a load: before the commit the target stays as it was. After it: scenarios/transform.py."""

from collections.abc import Callable

from drill.scenarios.rows import change
from drill.scenarios.scenario import Scenario, appends
from drill.stage import Broken, Stage

# Where the process ends itself: drill/launcher.py says how.
BEFORE = {
    "while it reads": "die:ingest.parse:RowParser.parse",
    "before the transaction": "die:ingest.apply:apply",
    "inside the transaction": "die-after:ingest.apply:apply",
    "before the commit": "die-after:ingest.load:record",
}
AFTER = "die-after:ingest.load:run"


def _killed(deed: str) -> Callable[[Stage], str]:
    def act(stage: Stage) -> str:
        for table in stage.cast:
            stage.twin.deliver(table, stage.fresh(table))
            if table.key and not appends(table) and not table.by_day:
                change(stage, table, stage.twin.good(table)[0], 1)
        run = stage.load(deed=deed)
        if not run.killed:
            raise Broken(f"the process was not killed there (exit {run.code}): {run.last()}")
        stage.compare()
        stage.good_load()
        return "killed, it left the target as it was; the next load was exact"

    return act


SCENARIOS = [
    Scenario(f"kill -9 {when}", _killed(deed), smoke=when == "inside the transaction")
    for when, deed in BEFORE.items()
]
