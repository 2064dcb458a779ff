"""What is proven of each fault: the right alert arrives, with its runbook, and no other; after the repair it is told to be over."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests import postgres
from tests.monitoring import servers
from tests.monitoring.live import airflow as engine
from tests.monitoring.live import source
from tests.monitoring.live.repository import BY_DEADLINE, DAGS, NAME, OWNER, Repository, on_a_disk, written
from tests.monitoring.receiver import Receiver, Told, receiver
from tests.monitoring.servers import Processes, Watch
from tests.ports import free_ports

# From the moment at which a rule can see it: scraped, evaluated and grouped, on a machine that has other things to do.
WINDOW = 30.0
# So long nothing may fire, nor be about to be told: three evaluations.
SETTLED = 3.0


@dataclass(frozen=True)
class Alert:
    """An alert that is to arrive, once for each of ``labels``' values."""

    name: str
    severity: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def is_in(self, told: Told) -> bool:
        mine = {"alertname": self.name, "severity": self.severity, "pipeline": NAME, "owner": OWNER, **self.labels}
        return mine.items() <= told.labels.items()


@dataclass
class Fault:
    """A fault under way, since the moment at which the pipeline was broken."""

    proof: Proof
    since: float
    alerts: tuple[Alert, ...]

    def arrives(self, within: float = WINDOW) -> None:
        """Each alert has been told, or is within the time from now on."""
        for alert in self.alerts:
            told = self._wait(alert, "firing", within)
            page = told.annotations.get("runbook", "")
            assert page.startswith("runbooks/") and (self.proof.repository.root / page).is_file(), f"{told}: {page!r}"
            assert told.annotations.get("summary"), f"{told} has no summary"
            self.proof.say(f"{alert.name} arrived")

    def resolves(self, within: float = WINDOW) -> None:
        for alert in self.alerts:
            self._wait(alert, "resolved", within)
            self.proof.say(f"{alert.name} resolved")

    def alone(self) -> None:
        """Nobody was told of anything else. What resolved before is in a later notice of its group once more."""
        fired = [t for t in self.proof.receiver.told(since=self.since) if t.status == "firing"]
        other = [t for t in fired if not any(a.is_in(t) for a in self.alerts)]
        assert not other, f"arrived as well: {', '.join(sorted(set(map(str, other))))}\n{self.proof.story()}"
        direct = self.proof.receiver.direct(self.since)
        assert not direct, f"sent past Alertmanager: {direct}\n{self.proof.story()}"

    def _wait(self, alert: Alert, status: str, within: float) -> Told:
        end = time.monotonic() + within
        while True:
            told = [t for t in self.proof.receiver.told("alertmanager", self.since) if alert.is_in(t)]
            # The newest word counts: what resolved and fired again is not over.
            if told and told[-1].status == status:
                return told[-1]
            assert time.monotonic() < end, f"not within {within:g} s: {alert.name} {status}\n{self.proof.story()}"
            time.sleep(0.1)


@dataclass
class Proof:
    """A watched pipeline that runs."""

    repository: Repository
    nyc: source.Nyc
    airflow: engine.Airflow
    watch: Watch
    receiver: Receiver
    processes: Processes
    began: float

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self.began:6.1f} s  {text}", flush=True)

    def run(self, dag: str) -> dict[str, str]:
        """Run a DAG; how each of its tasks ended."""
        states = self.airflow.run(f"{NAME}_{dag}")
        self.say(f"{dag} ran: {states}")
        return states

    def healthy(self, dag: str) -> None:
        """Run a DAG whose every task must succeed."""
        self._whole(dag, self.airflow.run(f"{NAME}_{dag}"))

    def begin(self) -> None:
        """Every DAG that has a schedule runs once by it, whole; nobody is told anything.

        The transform is paused until a proof is about it: it takes the warehouse's only slot for longer than a load does.
        """
        self.say("Airflow is up")
        self._scheduled("nyc", "drops")
        self._scheduled("audit")  # it has nothing to ask for before
        self.untold()

    def untold(self) -> None:
        self.quiet()
        assert not self.receiver.bodies, f"told of a pipeline that is whole\n{self.story()}"

    def _scheduled(self, *dags: str) -> None:
        for dag in dags:
            self.airflow.pause(f"{NAME}_{dag}", False)
        for dag in dags:
            self.until(f"{dag} is scheduled", partial(self.airflow.runs, f"{NAME}_{dag}"))
            run = self.airflow.runs(f"{NAME}_{dag}")[-1]
            assert run["run_type"] == "scheduled", run
            self._whole(dag, self.airflow.wait(f"{NAME}_{dag}", run["dag_run_id"]))

    def published(self) -> dict[str, str]:
        """A load that is whole, and the run of the transform that it starts; how the tasks of that ended."""
        dag = f"{NAME}_transform"
        self.airflow.pause(dag, False)
        known = {run["dag_run_id"] for run in self.airflow.runs(dag)}
        self.healthy("nyc")

        def started() -> list[str]:
            return [run["dag_run_id"] for run in self.airflow.runs(dag) if run["dag_run_id"] not in known]

        self.until("the load starts the transform", started)
        states = self.airflow.wait(dag, started()[-1])
        self.say(f"transform ran: {states}")
        return states

    def _whole(self, dag: str, states: Mapping[str, str]) -> None:
        self.say(f"{dag} ran: {states}")
        assert set(states.values()) == {"success"}, f"{dag}: {states}\n{self.story()}"

    def fill(self, path: Path) -> None:
        """Take every byte that the disk has left."""
        with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 16))

    @contextmanager
    def broken(self, *alerts: Alert) -> Iterator[Fault]:
        """From a quiet state to a quiet state: what is broken and repaired in the block is told by these alerts, and by no other."""
        assert not self.firing() and not self.watch.sent(), self.story()
        fault = Fault(self, time.monotonic(), alerts)
        self.say(f"broken, for {', '.join(alert.name for alert in alerts)}")
        yield fault
        self.quiet()
        fault.alone()

    def quiet(self, within: float = WINDOW) -> None:
        """Nothing fires, or is about to; and it stays so for as long as an alert needs to be told."""
        end = time.monotonic() + within
        since = time.monotonic()
        while time.monotonic() - since < SETTLED:
            if self.firing() or self.watch.sent():
                since = time.monotonic()
            assert time.monotonic() < end + SETTLED, f"not quiet within {within:g} s\n{self.story()}"
            time.sleep(0.2)

    def firing(self) -> list[str]:
        return [
            f"{alert['labels']['alertname']} {alert['state']} {alert['labels']}" for alert in self.watch.alerts()
            if alert["state"] == "firing"
        ]  # fmt: skip

    def story(self) -> str:
        """What fired, what arrived, and the ends of the logs."""
        began = self.began
        alerts = [f"{a['state']}: {a['labels']}" for a in self.watch.alerts()]
        sent = [f"{a['status']['state']} by {a['status']['inhibitedBy']}: {a['labels']}" for a in self.watch.sent()]
        told = [f"{t.at - began:6.1f} s  {t.path}: {t}" for t in self.receiver.told()]
        parts = {"in Prometheus": alerts, "in Alertmanager": sent, "arrived": told}
        lines = [line for title, found in parts.items() for line in (f"--- {title}", *found)]
        return "\n".join([*lines, *(self.airflow.logs(dag) for dag in DAGS), self.processes.tails()])

    def until(self, what: str, condition: Callable[[], object], within: float = WINDOW) -> None:
        end = time.monotonic() + within
        while not condition():
            assert time.monotonic() < end, f"not within {within:g} s: {what}\n{self.story()}"
            time.sleep(0.2)


@contextmanager
def watched(folder: Path) -> Iterator[Proof]:
    """Sources, repository, servers and Airflow, started; ended with the block."""
    began = time.monotonic()
    with ExitStack() as stack:
        nyc = source.make(postgres.server(), folder)
        repository = stack.enter_context(on_a_disk(written(folder, nyc, *BY_DEADLINE)))
        told = stack.enter_context(receiver())
        started = stack.enter_context(servers.processes(folder / "processes"))
        watch = servers.start(started, repository.root, told.url("alertmanager"))
        api, *others = free_ports(3)  # of its API, and of two that serve logs
        own = {"NYC_URL": nyc.url, "DROPS_PATH": str(nyc.drops), "ALERT_WEBHOOK_URL": told.url("direct")}
        repository.configure(own | watch.settings() | engine.settings(api, *others))
        airflow = engine.start(repository.root, started, api, DAGS)
        yield Proof(repository, nyc, airflow, watch, told, started, began)
