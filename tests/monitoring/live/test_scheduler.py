"""The proof, where nothing runs: the scheduler stands still, and what readers see grows old.

The scheduler is frozen for as long as its alert takes, some three minutes. The hour after which the data is late is not waited for: what
the ledger knows of the loads is made two hours older, and what follows from it is measured by the program that does so in every run.
"""

from __future__ import annotations

import signal

import pytest

from tests.monitoring.live.proof import Alert, Proof
from tests.monitoring.panels import queries, without_data

pytestmark = pytest.mark.monitoring

SCHEDULER_WINDOW = 180.0


def test_a_whole_pipeline_is_quiet_and_every_panel_has_data(proof: Proof) -> None:
    proof.airflow.pause("air_transform", False)
    proof.healthy("transform")
    proof.untold()
    root, prometheus = proof.repository.root, f"http://127.0.0.1:{proof.watch.prometheus}"
    boards = {path.stem for path in (root / "monitoring" / "grafana" / "dashboards").glob("*.json")}
    assert boards == {query.dashboard for query in queries(root, prometheus)} != set()
    empty = without_data(root, prometheus)
    assert not empty, "\n".join(map(str, empty))


def test_the_scheduler_stands_still(proof: Proof) -> None:
    """Nothing runs any more: that is told within minutes, and when the flights are older than they may be, somebody is called."""
    late = Alert("FreshnessMissed", "page", {"source": "nyc", "table": "flights"})
    with proof.broken(Alert("SchedulerDown", "ticket"), late) as fault:
        proof.airflow.freeze("scheduler")
        proof.repository.warehouse(
            "UPDATE ops.loads SET loaded_at = loaded_at - INTERVAL '2 hours' WHERE \"table\" = 'flights'"
        )
        proof.repository.command("python", "-m", "quality.observe", "--transform")
        fault.arrives(SCHEDULER_WINDOW)
        proof.airflow.freeze("scheduler", signal.SIGCONT)
        assert set(proof.published().values()) == {"success"}
        fault.resolves()
