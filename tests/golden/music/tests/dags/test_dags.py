"""The DAGs import, keep to the policy, and cover every table."""

import importlib
import json
import shlex
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from airflow.sdk import DeadlineAlert
from airflow.serialization.serialized_objects import DagSerialization

from dags import steps
from monitoring import notify

SOURCES = [json.loads(path.read_text()) for path in sorted((steps.ROOT / "ingest").glob("*.json"))]
TRANSFORM = "music_transform"
CHECKS = {"freshness", "staging", "marts", "reconcile", "observe"}
AUDITED = {
    source["source"]
    for source in SOURCES
    for table in source["tables"].values()
    if table["load"] != "full" and "format" not in table
}


def words(task):
    return shlex.split(task.bash_command)


def test_every_dag_imports(dagbag):
    assert dagbag.import_errors == {}
    assert len(dagbag.dags) == len(SOURCES) + 1 + bool(AUDITED)


def test_importing_is_quick(dagbag):
    assert sum(stat.duration.total_seconds() for stat in dagbag.dagbag_stats) < 2


def test_policy(dags):
    """Runs of a DAG never overlap, however often they start, and what was missed is not run again one by one."""
    for dag in dags.values():
        assert not dag.catchup and dag.max_active_runs == 1 and dag.doc_md and dag.tags, dag.dag_id
        for task in dag.tasks:
            assert task.pool == steps.POOL, task.task_id
            assert task.execution_timeout, task.task_id
            assert task.owner != "airflow", task.task_id


def test_checks_are_not_retried_and_loads_are(dags):
    for dag in dags.values():
        for task in dag.tasks:
            is_check = task.task_id in CHECKS or "audit" in dag.tags
            assert (task.retries == 0) == is_check, task.task_id


def test_each_dag_ends_with_what_it_measures_whatever_failed(dags):
    """A teardown runs in a failed run too. A run that fails stays failed, and one that is good stays good."""
    told = set()
    for dag in dags.values():
        (last,) = (task for task in dag.tasks if not task.downstream_task_ids)
        assert last.task_id == "observe" and not last.outlets and last.upstream_task_ids
        assert last.is_teardown and not last.on_failure_fail_dagrun and not last.retries
        assert not any(task.is_teardown for task in dag.tasks if task is not last)
        assert words(last)[1:3] == ["-m", "quality.observe"]
        told |= {tuple(words(last)[3:])}
    expected = {(source["source"],) for source in SOURCES} | {("--transform",)}
    assert told == expected | ({("--audit",)} if AUDITED else set())


def test_a_failure_and_its_end_are_told(dags):
    for dag in dags.values():
        assert dag.on_failure_callback == notify.run_failed
        for task in dag.tasks:
            assert task.on_failure_callback == [notify.task_failed], task.task_id
            assert task.on_success_callback == [notify.task_succeeded], task.task_id


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
            assert not task.outlets or task.downstream_task_ids == {"observe"}, task.task_id
    assert waits_for <= outlets.keys()
    assert len(waits_for) == len(SOURCES)


def test_every_source_that_is_loaded_bit_by_bit_is_audited(dags):
    every = [task for dag in dags.values() for task in dag.tasks]
    audits = [task for task in every if words(task)[2:4] == ["quality.reconcile", "--audit"]]
    assert sorted(words(task)[-1] for task in audits) == sorted(AUDITED)
    assert all(task.upstream_task_ids == {"landed"} for task in audits)


def test_the_transform_waits_for_every_source_and_the_audit_for_those_it_audits(dags):
    landed = [task for dag in dags.values() for task in dag.tasks if task.task_id == "landed"]
    waits = {task.dag_id: (words(task)[1:3], sorted(words(task)[3:])) for task in landed}
    program = ["-m", "ingest.ledger"]
    assert waits.pop(TRANSFORM) == (program, [])
    assert list(waits.values()) == ([(program, sorted(AUDITED))] if AUDITED else [])


@pytest.mark.parametrize("run_type", ["scheduled", "asset_triggered"])
def test_a_run_has_an_id_and_a_date(dags, run_type):
    """dbt's dated copies are named by it. A run that an asset started has no data interval."""
    run = SimpleNamespace(run_type=run_type, run_after=datetime(2028, 2, 29, 23, 59, tzinfo=UTC))
    for dag in dags.values():
        for task in dag.tasks:
            given = task.render_template(task.env, {"run_id": "a_run", "dag_run": run})
            assert given == {"PIPELINE_RUN_ID": "a_run", "PIPELINE_DATE": "2028-02-29"}


def test_as_many_tasks_at_once_as_the_warehouse_takes(monkeypatch):
    for kind, slots in {"duckdb": 1}.items():
        monkeypatch.setenv("WAREHOUSE_KIND", kind)
        assert slots == importlib.reload(steps).POOL_SLOTS


def test_a_layer_takes_the_parsed_project_where_there_is_one(monkeypatch, tmp_path):
    program = tmp_path / "a folder" / "dbt"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$1 $DBT_PARTIAL_PARSE_FILE_PATH"\n')
    program.chmod(0o755)
    monkeypatch.setattr(steps, "WORK_BIN", program.parent)
    monkeypatch.setattr(steps, "DBT_TARGET", program.parent)
    command = ["bash", "-c", steps.build("staging").bash_command]
    assert subprocess.check_output(command, text=True).strip() == "build"
    parsed = program.parent / "partial_parse.msgpack"
    parsed.touch()
    assert subprocess.check_output(command, text=True).strip() == f"build {parsed}"


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
