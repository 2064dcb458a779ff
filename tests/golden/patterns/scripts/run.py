"""Run every DAG once, in the order of their assets, in this one process.

sh scripts/env.sh ENV .venv/airflow/bin/python scripts/run.py [--fresh]

`--fresh`, for the demo environment only, begins with new sample data and an empty warehouse.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENV = os.environ["PIPELINE_ENV"]
LOGS = ROOT / "logs" / ENV
WORK = ROOT / ".venv" / "work" / "bin"
TAIL_LINES = 25

# The terminal, kept before standard output and error are sent to log files.
TERMINAL = os.fdopen(os.dup(1), "w", buffering=1)


class Failed(Exception):
    """A step that failed; its log says why."""


def say(text):
    TERMINAL.write(text + "\n")


def log_to(name):
    """Send all that this process and its children print from now on to a log."""
    path = LOGS / f"{name}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    with path.open("w") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    return path


def reason(log):
    """The lines that say why: what the failed commands of a DAG printed, or the end of the log."""
    text = log.read_text(errors="replace")
    printed = re.findall(r"\] (.*?) +\[airflow\.task\.hooks\S+SubprocessHook\]", text)
    printed = [line for line in printed if not line.startswith(("Tmp dir root", "Output:"))]
    commands = "\n".join(printed).split("Running command: ")[1:]
    failed = [c for c in commands if not c.rstrip().endswith("return code 0")]
    return ("\n".join(failed) or text).splitlines()[-TAIL_LINES:]


@contextlib.contextmanager
def step(timings, phase, title):
    """Time a phase, and say how it ended."""
    log = log_to(phase)
    start = time.monotonic()
    try:
        yield
    except Exception as error:
        if not isinstance(error, Failed):
            traceback.print_exc()
        sys.stdout.flush()
        say(f"  {title:<40}  FAILED\n\nFrom {log.relative_to(ROOT)}:\n")
        say("\n".join(f"  | {line}" for line in reason(log)) + "\n")
        raise Failed(phase) from error
    timings[phase] = round(time.monotonic() - start, 2)
    say(f"  {title:<40} {timings[phase]:6.1f} s")


def start_afresh():
    if ENV != "demo":
        sys.exit("run: --fresh empties the warehouse: only in the demo environment")
    for path in (ROOT / "data").glob("demo*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in Path(os.environ["AIRFLOW_HOME"]).glob("airflow.db*"):
        path.unlink()


def make_sample():
    if subprocess.run([WORK / "python", "-m", "sample"], cwd=ROOT).returncode:
        raise Failed("sample")


@contextlib.contextmanager
def dbt_parsing():
    """Let dbt read its models while other things start; what goes wrong, the first dbt task will say."""
    with subprocess.Popen(
        [WORK / "dbt", "--quiet", "parse"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ):
        yield


def start_airflow():
    """Make or upgrade Airflow's own database, and read the DAGs."""
    from airflow.dag_processing.dagbag import DagBag
    from airflow.models.pool import Pool
    from airflow.utils.db import upgradedb

    from dags import steps

    upgradedb()
    Pool.create_or_update_pool(steps.POOL, steps.POOL_SLOTS, "warehouse", include_deferred=False)
    dagbag = DagBag(dag_folder=ROOT / "dags")
    for file, error in dagbag.import_errors.items():
        print(file, error, sep="\n")
    if dagbag.import_errors:
        raise Failed("airflow")
    return list(dagbag.dags.values())


def needs(dag):
    """The names of the assets that a DAG's schedule waits for."""
    found = set()
    conditions = [getattr(dag.timetable, "asset_condition", None)]
    while conditions:
        condition = conditions.pop()
        if hasattr(condition, "objects"):  # any of several, or all
            conditions += condition.objects
        elif condition is not None:
            found.add(condition.name)
    return found


def makes(dag):
    return {asset.name for task in dag.tasks for asset in task.outlets}


def in_order(dags):
    """Each DAG after those that make the assets it waits for; what audits the loads after these."""
    waiting = sorted(dags, key=lambda dag: ("audit" in dag.tags, dag.dag_id))
    while waiting:
        unmade = set().union(*map(makes, waiting))
        ready = [dag for dag in waiting if not needs(dag) & unmade]
        if not ready:
            raise Failed("the DAGs wait for one another's assets")
        yield from ready
        waiting = [dag for dag in waiting if dag not in ready]


def run_dag(dag):
    """Run a DAG in this process; in the demo without retries, so that a failure shows at once."""
    dag.deadline = None  # dag.test() fails on a deadline after the run: apache/airflow#73428
    if ENV == "demo":
        for task in dag.tasks:
            task.retries = 0
    run = dag.test()
    if run.state != "success":
        raise Failed(dag.dag_id)
    for task in run.get_task_instances(state=["failed"]):  # a teardown, which decides nothing
        say(f"  {dag.dag_id}: {task.task_id} failed, see logs/{ENV}/{dag.dag_id}.log")


def run_dags(dags, timings):
    """Run what can be run, and return what failed: a DAG whose assets were not made is left out, and so is an audit."""
    failed, unmade = [], set()
    for dag in in_order(dags):
        if needs(dag) & unmade or (failed and "audit" in dag.tags):
            say(f"  {dag.dag_id:<40}  not run: a DAG before it failed")
        else:
            with contextlib.suppress(Failed), step(timings, dag.dag_id, dag.dag_id):
                run_dag(dag)
                continue
        unmade |= makes(dag)
        failed.append(dag.dag_id)
    return failed


def run(fresh, timings):
    """Everything in order; returns the names of what failed."""
    try:
        if fresh:
            start_afresh()
            with step(timings, "sample", "sample data"):
                make_sample()
        with dbt_parsing():
            with step(timings, "airflow", "start Airflow"):
                dags = start_airflow()
            return run_dags(dags, timings)
    except Failed as error:
        return [str(error)]


def summarise(timings):
    path = ROOT / "data" / f"{ENV}-timings.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(timings, indent=2) + "\n")
    say("")
    command = [WORK / "python", "-m", "quality.summary"]
    return subprocess.run(command, cwd=ROOT, stdout=TERMINAL, stderr=TERMINAL).returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fresh", action="store_true", help="new sample data, empty warehouse")
    arguments = parser.parse_args()
    timings = {}
    failed = run(arguments.fresh, timings)
    if summarise(timings):
        failed.append("summary")
    if failed:
        say(f"\nFailed: {', '.join(failed)}. Full logs: logs/{ENV}/")
        sys.exit(1)


if __name__ == "__main__":
    main()
