"""An alert that explains another silences it, for as long as it fires itself, and no other.

A real Alertmanager has the repository's routes. Each case has a pipeline of its own, so that all of them are played at once.
"""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests import postgres
from tests.monitoring import servers
from tests.monitoring.live import source
from tests.monitoring.live.repository import written
from tests.monitoring.receiver import Receiver, receiver
from tests.ports import free_port

pytestmark = pytest.mark.monitoring

Labels = dict[str, str]
WITHIN = 30.0


def alert(name: str, severity: str = "ticket", **labels: str) -> Labels:
    return {"alertname": name, "severity": severity, "owner": "data-team", **labels}


NYC = {"source": "nyc", "dag_id": "air_nyc"}
DROPS = {"source": "drops", "dag_id": "air_drops"}
LATE = alert("FreshnessMissed", "page", **NYC, table="flights")
FAILED = alert("RunFailed", dag_id="air_nyc", task_id="load_flights")
# What explains, and what is silenced by it.
EXPLAINED = {
    "late": (alert("SourceDown", "page", **NYC), LATE),
    "burning": (alert("SourceDown", "page", **NYC), alert("FreshnessBurning", "page", **NYC)),
    "down": (alert("SourceDown", "page", **NYC), alert("SourceDown", **NYC)),
    "still": (alert("SourceDown", **NYC), alert("SourceStandsStill", **NYC, table="flights")),
    "unreachable": (alert("SourceDown", **NYC), FAILED),
    "drift": (alert("SchemaDrift", **NYC, table="flights", change="lost_column", load="stopped"), FAILED),
    "deletes": (alert("MassDelete", **NYC, table="flights"), FAILED),
    "lost": (alert("RowsLost", "page", **NYC, table="flights", hop="source -> raw"), FAILED),
    "check": (alert("CheckFailed", dag_id="air_nyc", check="c", model="m"), FAILED),
    "full": (alert("DiskFilling", volume="warehouse"), FAILED),
    "silent": (alert("SchedulerDown"), alert("RunMissing", **NYC)),
    "blind": (alert("MetricsLost", job="airflow"), alert("SchedulerDown")),
    "unmeasured": (alert("MetricsLost", job="pushgateway"), alert("RunMissing", **NYC)),
    "unpushed": (alert("MetricsLost", job="pushgateway"), alert("RunFailed", dag_id="air_nyc", task_id="observe")),
    "burns-fast": (alert("FreshnessBurning", "page", **NYC), alert("FreshnessBurning", **NYC)),
}
# Both are told: a ticket never silences a page, and a source explains nothing of another.
UNEXPLAINED = {
    "ticket": (alert("SourceDown", **NYC), LATE),
    "other-source": (alert("SourceDown", "page", **DROPS), LATE),
    "other-dag": (alert("SchemaDrift", **DROPS, table="weather", change="lost_column", load="stopped"), FAILED),
    "let-through": (alert("SchemaDrift", **NYC, table="flights", change="new_column", load="let_through"), FAILED),
    "quarantine": (alert("QuarantineFilling", **NYC, table="flights"), FAILED),
}


def post(port: int, alerts: list[Labels], ends: timedelta) -> None:
    """Hand alerts to Alertmanager as Prometheus does."""
    ends_at = (datetime.now(UTC) + ends).isoformat()
    body = json.dumps([{"labels": labels, "endsAt": ends_at} for labels in alerts]).encode()
    headers = {"Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/api/v2/alerts", body, headers)).close()


def fired(told: Receiver) -> set[tuple[str, str, str]]:
    return {(t.labels["pipeline"], t.name, t.labels["severity"]) for t in told.told() if t.status == "firing"}


def until(condition: Callable[[], bool], told: Receiver) -> None:
    end = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < end, sorted(fired(told))
        time.sleep(0.2)


def test_what_is_explained_is_silent(tmp_path: Path) -> None:
    root = written(tmp_path, source.make(postgres.server(), tmp_path))
    port = free_port()
    cases = {
        name: [{**labels, "pipeline": name} for labels in both] for name, both in (EXPLAINED | UNEXPLAINED).items()
    }
    ids = {name: [(name, one["alertname"], one["severity"]) for one in both] for name, both in cases.items()}
    silenced = {ids[name][1] for name in EXPLAINED}
    everything = {one for both in ids.values() for one in both}
    with receiver() as told, servers.processes(tmp_path / "processes") as started:
        servers.start_alertmanager(started, root / "monitoring" / "alertmanager.yml", port, told.url("alertmanager"))
        # What explains comes last, as in life: only the wait of a group keeps the other from being told before.
        post(port, [both[1] for both in cases.values()], timedelta(minutes=5))
        post(port, [both[0] for both in cases.values()], timedelta(minutes=5))
        until(lambda: fired(told) >= everything - silenced, told)
        assert not fired(told) & silenced, sorted(fired(told) & silenced)
        # Silenced is not lost.
        post(port, [cases[name][0] for name in EXPLAINED], timedelta(seconds=-1))
        until(lambda: fired(told) == everything, told)
