"""The error budget of an hourly pipeline, burning: what takes an hour is given to Prometheus as its past.

The rules, routes and servers are those of the other proofs; ``promtool tsdb create-blocks-from openmetrics`` writes the past: the source
was late for a quarter of an hour, until more than four minutes ago. So both windows of the fast burn rate are over their threshold, the
alert fires, and it resolves when the last late minute has left the short window.
"""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from tests import postgres
from tests.monitoring import servers
from tests.monitoring.live import source
from tests.monitoring.live.repository import written
from tests.monitoring.receiver import receiver
from tests.ports import free_ports

pytestmark = pytest.mark.monitoring

LATE_MINUTES = 15
SHORT_WINDOW = 300
ENDS = 30  # seconds until the last late minute is out of the short window
RESOLVED = 60


def past(folder: Path, now: float) -> None:
    """A day in which each minute was good or late, as the rules record it."""
    last = now - SHORT_WINDOW + ENDS
    late = [last - 60 * minute for minute in range(LATE_MINUTES)]
    name = "pipeline:freshness_good:bool"
    labels = '{pipeline="air",source="nyc",dag_id="air_nyc"}'
    good = [moment for moment in (last - 60 * minute for minute in range(1440)) if moment not in late]
    samples = sorted([(moment, 1) for moment in good] + [(moment, 0) for moment in late])
    lines = [f"# TYPE {name} gauge", *(f"{name}{labels} {value} {moment:.3f}" for moment, value in samples), "# EOF"]
    text = folder / "past.openmetrics"
    text.write_text("\n".join(lines) + "\n", encoding="utf-8")
    made = subprocess.run(
        [servers.program("promtool"), "tsdb", "create-blocks-from", "openmetrics", str(text), str(folder / "prometheus")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr


def test_the_budget_burns(tmp_path: Path) -> None:
    root = written(tmp_path, source.make(postgres.server(), tmp_path))
    port, alertmanager = free_ports(2)
    own = root / "monitoring"
    with receiver() as told, servers.processes(tmp_path / "processes") as started:
        servers.start_alertmanager(started, own / "alertmanager.yml", alertmanager, told.url("alertmanager"))
        past(started.folder, time.time())
        # Nothing that the other rules watch is here.
        only = ("dags.yml", "targets.yml", "slo.yml")
        addresses = {"alertmanager": f"127.0.0.1:{alertmanager}"}
        servers.start_prometheus(started, own / "prometheus" / "prometheus.yml", port, addresses, only=only)
        end = time.monotonic() + ENDS + RESOLVED
        while [t.status for t in told.told()][-1:] != ["resolved"]:
            assert time.monotonic() < end, f"{told.bodies}\n{started.tails()}"
            time.sleep(0.2)
    found = told.told()
    assert {(t.name, t.labels["severity"], t.labels["source"], t.labels["pipeline"]) for t in found} == {
        ("FreshnessBurning", "page", "nyc", "air")
    }
    assert found[0].status == "firing"
    assert (root / found[0].annotations["runbook"]).is_file()
