"""The real scheduler: the sources' DAGs run, the transform starts by itself, and nothing is left when it is ended."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]
TRANSFORM = "mixed_transform"
SECONDS = 420


def free_port():
    """A port that is free together with the three after it."""
    while True:
        with socket.socket() as first:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
        try:
            for offset in range(4):
                with socket.socket() as one:
                    one.bind(("127.0.0.1", port + offset))
            return port
        except OSError:
            continue


def get(url, token=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
        return json.load(answer)


def wait_until(condition, what, process):
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, f"Airflow ended by itself before: {what}"
        try:
            if found := condition():
                return found
        except OSError:
            pass
        time.sleep(2)
    raise AssertionError(f"not within {SECONDS} s: {what}")


def processes_of(repository):
    """What still runs with the copy's Airflow."""
    mark = f"AIRFLOW_HOME={repository}/.airflow/demo".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


@pytest.fixture
def airflow(repository):
    in_demo = ["sh", "scripts/env.sh", "demo"]
    subprocess.run([*in_demo, "python", "-m", "sample"], cwd=repository, check=True)
    port = free_port()
    command = [*in_demo, ".venv/airflow/bin/python", "scripts/ui.py", "--port", str(port)]
    process = subprocess.Popen(command, cwd=repository)
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        finally:
            left = processes_of(repository)
            for pid in left:
                os.kill(pid, signal.SIGKILL)
    assert not left


def test_the_transform_starts_when_the_sources_have_landed(airflow):
    url, process = airflow
    wait_until(lambda: get(f"{url}/api/v2/monitor/health"), "Airflow's API answers", process)
    token = get(f"{url}/auth/token")["access_token"]

    def checked():
        runs = get(f"{url}/api/v2/dags/{TRANSFORM}/dagRuns", token)["dag_runs"]
        for run in runs:
            assert run["run_type"] == "asset_triggered" and run["state"] != "failed", run
            tasks = f"{url}/api/v2/dags/{TRANSFORM}/dagRuns/{run['dag_run_id']}/taskInstances"
            if run["state"] == "success":
                found = get(tasks, token)["task_instances"]
                return {task["task_id"]: task["state"] for task in found}
        return None

    states = wait_until(checked, "the transform built the marts", process)
    assert set(states.values()) == {"success"}
