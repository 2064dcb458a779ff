"""The kinds of task that the DAGs are made of. Each runs a program of the work environment, never Airflow's own."""

import json
import os
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import AsyncCallback, DeadlineAlert, DeadlineReference

from monitoring import notify

ROOT = Path(__file__).resolve().parents[1]
WORK_BIN = Path(os.environ.get("WORK_BIN", ROOT / ".venv" / "work" / "bin"))
DBT_TARGET = Path(os.environ.get("DBT_TARGET_PATH", ROOT / "transform" / "target"))
START = datetime(2026, 1, 1, tzinfo=UTC)

# Every task takes a slot of the pool.
POOL = "warehouse"
POOL_SLOTS = 1  # DuckDB lets one process in at a time, readers too


def command(task_id, program, *arguments, before="", **kwargs):
    """A task that runs a program of the work environment from the repository's root; `before` is shell to run first."""
    return BashOperator(
        task_id=task_id,
        bash_command=before + shlex.join([str(WORK_BIN / program), *arguments]),
        cwd=str(ROOT),
        # The UTC date is that of the time the run was due at: it stays when a task is run again.
        env={"PIPELINE_RUN_ID": "{{ run_id }}", "PIPELINE_DATE": "{{ dag_run.run_after | ds }}"},
        append_env=True,
        pool=POOL,
        on_failure_callback=notify.task_failed,
        on_success_callback=notify.task_succeeded,
        **kwargs,
    )


def python(task_id, module, *arguments, **kwargs):
    return command(task_id, "python", "-m", module, *arguments, **kwargs)


def dbt(task_id, *arguments, **kwargs):
    project = ["--project-dir", "transform", "--profiles-dir", "transform"]
    return command(task_id, "dbt", *arguments, *project, **kwargs)


def build(layer, *selection):
    """Build and test a layer of models. Unit tests say nothing of the data: they are in `make test`."""
    # What `freshness` has parsed; dbt refuses the name of a file that is not there yet.
    parsed = shlex.quote(str(DBT_TARGET / "partial_parse.msgpack"))
    return dbt(
        layer,
        "build",
        *selection,
        "--exclude-resource-type=unit_test",
        "--indirect-selection=cautious",  # a test that looks into two layers runs with the later one
        f"--target-path={DBT_TARGET / layer}",  # each layer keeps its own results
        before=f"[ -f {parsed} ] && export DBT_PARTIAL_PARSE_FILE_PATH={parsed}; ",
        retries=0,  # a test that failed on this data would fail again
    )


def loads(source):
    """The source's extract-load tasks: one a table, or one a group of tables where there are many."""
    path = ROOT / "ingest" / f"{source}.json"
    groups = json.loads(path.read_text(encoding="utf-8"))["loads"]
    return [
        python(f"load_{name}", "ingest", source, *(f"--table={table}" for table in tables))
        for name, tables in groups.items()
    ]


def observe(*arguments):
    """A DAG's last task: it keeps and sends what the run left. It runs whatever failed, and decides nothing about the run."""
    # It is short, and alerts wait for it: before all else that waits for the pool.
    first = {"priority_weight": 100, "weight_rule": "absolute"}
    return python("observe", "quality.observe", *arguments, retries=0, **first).as_teardown()


def deadline(limit: timedelta):
    """Alert when a run is late. Off where no triggerer runs: in `make demo`, `make run` and the tests."""
    if os.environ.get("PIPELINE_DEADLINES") != "on":
        return None
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=limit,
        callback=AsyncCallback(notify.deadline_missed),
    )
