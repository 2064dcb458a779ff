"""Running it: how many tasks side by side, on which executor, and which alerts wake somebody."""

from __future__ import annotations

from collections.abc import Sequence

from pipegen.core.design import calibration as c
from pipegen.core.design.decision import Alternative
from pipegen.core.design.inputs import Inputs, SourceInputs
from pipegen.core.design.rules import mode as modes
from pipegen.core.design.told import Told, Trouble, quantity, unknown

EXECUTORS = ("LocalExecutor", "CeleryExecutor", "KubernetesExecutor")
WRITERS = "writers of DuckDB"
CONNECTIONS = "the source's connections"


def limits(s: SourceInputs, p: Inputs) -> dict[str, int]:
    """What bounds the tasks that load side by side; only what is known."""
    if p.destination == "duckdb":
        return {WRITERS: 1}
    found = {"pool": int(c.WAREHOUSE_SLOTS.value), "tables": max(1, len(s.tables))}
    if s.connections is not None:
        found[f"{c.CONNECTION_SHARE.share} of {CONNECTIONS}"] = max(1, int(s.connections * c.CONNECTION_SHARE.value))
    if p.machine is not None:
        found["cores"] = p.machine.cores * p.machine.workers
    return found


def parallelism(s: SourceInputs, p: Inputs) -> int:
    return min(limits(s, p).values())


def pool_slots(p: Inputs) -> int:
    """Slots of the warehouse's pool, which the tables of every source and dbt share."""
    bounds = [v for s in p.sources for name, v in limits(s, p).items() if name != "tables"]
    return min(bounds, default=1)


def parallelism_problem(s: SourceInputs, p: Inputs, choice: str) -> Trouble | None:
    if not (choice.isascii() and choice.isdigit() and 1 <= int(choice) <= 1000):
        return f"`{choice}` is not a number of tasks", "a whole number from 1 to 1000"
    for name, most in limits(s, p).items():
        if name.endswith((WRITERS, CONNECTIONS)) and int(choice) > most:
            return f"{choice} tasks side by side are more than {name}: {most}", f"works: `{parallelism(s, p)}`"
    return None


_TOO_MANY = {
    WRITERS: "DuckDB takes one writer, and the tasks would wait for each other",
    "pool": "the warehouse would compute less for each of them",
    "tables": "there are no more tables to load",
    CONNECTIONS: "the source's own users would feel it",
    "cores": "the tasks would wait for each other",
}


def tell_parallelism(s: SourceInputs, p: Inputs) -> Told:
    known = limits(s, p)
    least = min(known, key=lambda name: known[name])
    return Told(
        tuple(f"{name}: {value}" for name, value in known.items()),
        (Alternative("more", next(why for bound, why in _TOO_MANY.items() if least.endswith(bound))),),
        "parallelism", c.CONNECTION_SHARE.source,
    )  # fmt: skip


def choose_executor(p: Inputs, tasks_an_hour: float) -> str:
    if p.deploy == "kubernetes" and any(s.peak > c.SPIKY.value for s in p.sources):
        return "KubernetesExecutor"
    return "CeleryExecutor" if tasks_an_hour > c.TASKS_AN_HOUR.value or p.workers > 1 else "LocalExecutor"


def executor_problem(p: Inputs, choice: str) -> Trouble | None:
    if choice not in EXECUTORS:
        return unknown("pipeline.executor", choice, EXECUTORS)
    if choice == "KubernetesExecutor" and p.deploy != "kubernetes":
        return "`KubernetesExecutor` needs a cluster", "say `deploy: kubernetes`"
    if choice == "LocalExecutor" and p.workers > 1:
        return f"`LocalExecutor` runs on one machine, and there are {p.workers} workers", "works: `CeleryExecutor`"
    return None


def tell_executor(p: Inputs, tasks_an_hour: float, choice: str) -> Told:
    peak = max((s.peak for s in p.sources), default=1.0)
    because: tuple[str, ...] = (
        "less than one task run an hour" if tasks_an_hour < 1 else f"{quantity(tasks_an_hour)} task runs an hour",
        f"{p.workers} worker machines" if p.workers > 1 else "one machine",
    )
    if choice == "KubernetesExecutor":
        because = (*because, f"deploy: kubernetes, and a peak of {peak:g} x")
    against = {
        "LocalExecutor": Alternative("CeleryExecutor", "a broker and workers to run, for tasks that one machine holds"),
        "CeleryExecutor": Alternative("LocalExecutor", "one machine would not keep up"),
        "KubernetesExecutor": Alternative("CeleryExecutor", "workers would stand idle between the peaks"),
    }[choice]
    return Told(because, (against,), "executor", c.TASKS_AN_HOUR.source)


def few_runs(intervals: Sequence[int]) -> bool:
    """Whether the pipeline runs so seldom that a burn rate says nothing: its windows hold one run, or none."""
    oftenest = min(intervals, default=86_400)
    return oftenest > 0 and 86_400 / oftenest < c.FEW_RUNS.value


def choose_alerts(p: Inputs, intervals: Sequence[int], log: bool, topic: bool) -> str:
    """What pages, joined by ``+``; ``tickets`` where nobody can be called."""
    if p.on_call == "none":
        return "tickets"
    pages = ["freshness-deadline" if few_runs(intervals) else "freshness-burn", "rows-lost"]
    pages += ["slot"] if log else []
    pages += ["dead-letters"] if topic and p.acts else []
    return "+".join(pages)


ALERTS = ("freshness-burn", "freshness-deadline", "rows-lost", "slot", "dead-letters")


def alerts_problem(p: Inputs, choice: str) -> Trouble | None:
    if choice == "tickets":
        return None
    wrong = [one for one in choice.split("+") if one not in ALERTS]
    if wrong:
        return f"`{wrong[0]}` is no alert that pages", f"allowed is `tickets`, or of {', '.join(ALERTS)}, joined by `+`"
    if p.on_call == "none":
        return "nobody is on call, so no alert can page", "works: `tickets`, or say `on_call: working-hours`"
    return None


def tell_alerts(p: Inputs, intervals: Sequence[int]) -> Told:
    often = 86_400 / min((i for i in intervals if i > 0), default=1)
    runs = (
        ("a run a day" if often <= 1 else f"{quantity(often)} runs a day")
        if all(intervals)
        else "a stream runs all the time"
    )
    return Told(
        (
            f"on call: {p.on_call}", runs, *(("something acts on the result",) if p.acts else ()),
        ),
        (Alternative("everything", "schema drift and volume anomalies are tickets: pages that can wait are soon ignored"),),
        "alerts", f"SRE workbook ch. 13; elementary's users; {c.FEW_RUNS.source}",
    )  # fmt: skip


def woken(p: Inputs, modes_: Sequence[str], alerts: str) -> str:
    """Who is called, and when."""
    if p.on_call == "none" or alerts == "tickets":
        return "nobody: tickets only"
    streams = any(mode in modes.STREAMS for mode in modes_)
    if p.on_call == "working-hours":
        return "whoever is on call, in working hours"
    return "whoever is on call, at night too: a stream" if streams else "whoever is on call, at night too"
