"""Airflow as it is deployed: scheduler, DAG processor, API and triggerer, each a process of its own, in the environment `prod`.

DAG runs are asked for by the API, so that nobody waits for the schedule.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.monitoring.servers import Processes

PARTS = ("api-server", "scheduler", "dag-processor", "triggerer")
DONE = ("success", "failed")
_PREPARE = """
from airflow.models.pool import Pool
from airflow.utils.db import upgradedb
from dags import steps
upgradedb()
Pool.create_or_update_pool(steps.POOL, steps.POOL_SLOTS, "the warehouse", include_deferred=False)
"""


@dataclass
class Airflow:
    """A running Airflow of a repository."""

    root: Path
    processes: Processes
    port: int
    token: str = ""

    def start(self, part: str) -> None:
        self.processes.start(part, ["sh", "scripts/env.sh", "prod", "airflow", part], cwd=self.root)

    def ask(self, path: str, body: Mapping[str, Any] | None = None, method: str = "") -> Any:
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=data, headers=headers, method=method or None
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def pause(self, dag: str, paused: bool) -> None:
        self.ask(f"/api/v2/dags/{dag}", {"is_paused": paused}, "PATCH")

    def runs(self, dag: str) -> list[dict[str, Any]]:
        """The runs of a DAG, the newest first."""
        return list(self.ask(f"/api/v2/dags/{dag}/dagRuns?order_by=-run_after&limit=20")["dag_runs"])

    def trigger(self, dag: str) -> str:
        return str(self.ask(f"/api/v2/dags/{dag}/dagRuns", {"logical_date": None})["dag_run_id"])

    def wait(self, dag: str, run: str, seconds: float = 180) -> dict[str, str]:
        """Wait until a run is done; how each of its tasks ended."""
        end = time.monotonic() + seconds
        while self.ask(f"/api/v2/dags/{dag}/dagRuns/{run}")["state"] not in DONE:
            assert time.monotonic() < end, f"{dag} {run} is not done: {self.tasks(dag, run)}\n{self.processes.tails()}"
            time.sleep(0.3)
        return self.tasks(dag, run)

    def run(self, dag: str) -> dict[str, str]:
        return self.wait(dag, self.trigger(dag))

    def tasks(self, dag: str, run: str) -> dict[str, str]:
        found = self.ask(f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances")["task_instances"]
        return {task["task_id"]: str(task["state"]) for task in found}

    def freeze(self, part: str, number: int = signal.SIGSTOP) -> None:
        os.killpg(self.processes.running[part].pid, number)

    def logs(self, dag: str, lines: int = 30) -> str:
        """The ends of the logs of the newest tasks of a DAG."""
        found = sorted((self.root / "logs" / "prod" / "airflow").rglob("*.log"), key=lambda path: path.stat().st_mtime)
        return "\n".join(_tail(path, lines) for path in found if f"dag_id={dag}" in str(path))


def _tail(path: Path, lines: int) -> str:
    return "\n".join([f"--- {path.name}", *path.read_text(errors="replace").splitlines()[-lines:]])


def settings(port: int, logs: int, trigger_logs: int) -> dict[str, str]:
    """What `.env` says of Airflow: addresses of this machine, and no login."""
    return {
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(logs),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(trigger_logs),
        "PIPELINE_DEADLINES": "on",
    }


def start(root: Path, processes: Processes, port: int, dags: tuple[str, ...]) -> Airflow:
    """Start every part, and wait until it knows the DAGs."""
    airflow = Airflow(root, processes, port)
    command = ["sh", "scripts/env.sh", "prod", ".venv/airflow/bin/python", "-c", _PREPARE]
    made = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    for part in PARTS:
        airflow.start(part)
    processes.wait_for("api-server", f"http://127.0.0.1:{port}/api/v2/monitor/health", 120)
    airflow.token = airflow.ask("/auth/token")["access_token"]
    end = time.monotonic() + 60
    while not set(dags) <= {dag["dag_id"] for dag in airflow.ask("/api/v2/dags")["dags"]}:
        assert time.monotonic() < end, f"Airflow does not know the DAGs\n{processes.tails()}"
        time.sleep(0.3)
    return airflow
