"""Airflow and the dbt docs in a browser, until Ctrl-C.

sh scripts/env.sh ENV .venv/airflow/bin/python scripts/ui.py [--port 8080]

Airflow listens on the port, the dbt docs on the next; the two after that serve Airflow's logs. All of them on this
machine only, with no login.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
LOGS = ROOT / "logs" / os.environ["PIPELINE_ENV"]
AIRFLOW = ROOT / ".venv" / "airflow" / "bin" / "airflow"
DBT = ROOT / ".venv" / "work" / "bin" / "dbt"
EVERY_DAG = ["--yes", "--treat-dag-id-as-regex", ".*"]
START_SECONDS = 120
STOP_SECONDS = 15


def settings(port):
    return {
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(port + 2),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(port + 3),
        "PIPELINE_DEADLINES": "on",
    }


def run(log, *command):
    if subprocess.run(command, cwd=ROOT, stdout=log, stderr=log).returncode:
        sys.exit(f"ui: failed: {' '.join(map(str, command))}; see {log.name}")


def prepare(log):
    """What must be there before the scheduler starts: Airflow's database, the pool, the docs' pages."""
    from dags import steps

    run(log, AIRFLOW, "db", "migrate")
    run(log, AIRFLOW, "pools", "set", steps.POOL, str(steps.POOL_SLOTS), "the warehouse")
    run(log, AIRFLOW, "dags", "reserialize")
    run(log, AIRFLOW, "dags", "pause", *EVERY_DAG)
    run(log, DBT, "docs", "generate")


def start(command, log):
    """A process with a group of its own, so that Ctrl-C reaches it through `stop` alone."""
    return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)


def wait_for(url, process):
    for _ in range(START_SECONDS):
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            time.sleep(1)
    sys.exit(f"ui: Airflow did not start; see {LOGS / 'ui.log'}")


def stop(processes):
    """End the processes and all that they started; Airflow's tasks are in groups of their own."""
    family = []
    for process in processes:
        try:
            parent = psutil.Process(process.pid)
            family += [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
    for process in processes:
        process.terminate()
    _, alive = psutil.wait_procs(family, timeout=STOP_SECONDS)
    for process in alive:
        process.kill()
    psutil.wait_procs(alive, timeout=STOP_SECONDS)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8080, help="the first of four")
    port = parser.parse_args().port
    os.environ.update(settings(port))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    LOGS.mkdir(parents=True, exist_ok=True)
    processes = []
    with (LOGS / "ui.log").open("w") as log:
        try:
            print("Starting Airflow and the dbt docs …", flush=True)
            prepare(log)
            serve = [DBT, "docs", "serve", "--no-browser", "--host", "127.0.0.1"]
            processes.append(start([AIRFLOW, "standalone"], log))
            processes.append(start([*serve, "--port", str(port + 1)], log))
            wait_for(f"http://127.0.0.1:{port}/api/v2/monitor/health", processes[0])
            # Not before: a task that starts while the API does not answer yet fails.
            run(log, AIRFLOW, "dags", "unpause", *EVERY_DAG)
            print(f"  Airflow   http://127.0.0.1:{port}")
            print(f"  dbt docs  http://127.0.0.1:{port + 1}")
            print("Ctrl-C ends both.", flush=True)
            while all(process.poll() is None for process in processes):
                time.sleep(1)
            sys.exit(f"ui: a process ended by itself; see {log.name}")
        except KeyboardInterrupt:
            print("\nStopping …", flush=True)
        finally:
            stop(processes)


if __name__ == "__main__":
    main()
