"""The DAGs import, keep to the policy, and cover every table."""

import json
import shlex
from datetime import timedelta
from pathlib import Path

from airflow.sdk import DeadlineAlert
from airflow.serialization.serialized_objects import DagSerialization

from dags import steps

SOURCES = [json.loads(path.read_text()) for path in sorted((steps.ROOT / "ingest").glob("*.json"))]
TRANSFORM = "readings_transform"
CHECKS = {"freshness", "staging", "marts", "reconcile"}


def words(task):
    return shlex.split(task.bash_command)


def test_every_dag_imports(dagbag):
    assert dagbag.import_errors == {}
    assert len(dagbag.dags) == len(SOURCES) + 1


def test_importing_is_quick(dagbag):
    assert sum(stat.duration.total_seconds() for stat in dagbag.dagbag_stats) < 2


def test_policy(dags):
    for dag in dags.values():
        assert not dag.catchup and dag.max_active_runs == 1 and dag.doc_md and dag.tags, dag.dag_id
        for task in dag.tasks:
            assert task.pool == steps.POOL, task.task_id
            assert task.execution_timeout and task.on_failure_callback, task.task_id
            assert task.owner != "airflow", task.task_id


def test_checks_are_not_retried_and_loads_are(dags):
    for dag in dags.values():
        for task in dag.tasks:
            assert (task.retries == 0) == (task.task_id in CHECKS), task.task_id


def test_every_table_is_loaded_once(dags):
    loaded = [
        (words(task)[3], word.removeprefix("--table="))
        for dag in dags.values()
        for task in dag.tasks
        for word in words(task)
        if word.startswith("--table=")
    ]
    assert sorted(loaded) == sorted((s["source"], table) for s in SOURCES for table in s["tables"])


def test_a_source_tells_the_transform_when_all_of_it_is_checked(dags):
    waits_for = {asset.name for asset in dags[TRANSFORM].timetable.asset_condition.objects}
    outlets = {}
    for dag in dags.values():
        for task in dag.tasks:
            outlets |= {asset.name: task for asset in task.outlets}
            assert not task.outlets or not task.downstream_task_ids, task.task_id
    assert waits_for <= outlets.keys()
    assert len(waits_for) == len(SOURCES)


def test_dags_serialise(dags):
    for dag in dags.values():
        DagSerialization.from_dict(DagSerialization.to_dict(dag))


def test_deadlines_need_a_triggerer(monkeypatch):
    assert steps.deadline(timedelta(hours=1)) is None
    monkeypatch.setenv("PIPELINE_DEADLINES", "on")
    assert isinstance(steps.deadline(timedelta(hours=1)), DeadlineAlert)


def test_programs_run_from_the_work_environment(dags):
    for dag in dags.values():
        for task in dag.tasks:
            assert str(steps.WORK_BIN) in task.bash_command
            assert Path(task.cwd) == steps.ROOT
