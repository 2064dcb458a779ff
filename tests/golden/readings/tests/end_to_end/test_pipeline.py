"""Sample data through every DAG: each row is where it must be, and stays there when all is run again."""

import json

import duckdb
import pytest


def counts(repository):
    """Rows by table: landed, in quarantine, in staging."""
    sample = json.loads((repository / "sample/data/manifest.json").read_text())
    found = {}
    with duckdb.connect(str(repository / "data/demo.duckdb"), read_only=True) as warehouse:

        def count(query, *values):
            return warehouse.execute(f"select count(*) from {query}", values).fetchone()[0]

        for source, tables in sample.items():
            for table in tables:
                found[source, table] = (
                    count(f'raw_{source}."{table}"'),
                    count('ops.quarantine where source = ? and "table" = ?', source, table),
                    count(f'staging."stg_{source}__{table}"'),
                )
    return found


def expected(repository):
    sample = json.loads((repository / "sample/data/manifest.json").read_text())
    return {
        (source, table): (rows["landed"], rows["malformed"], rows["keys"])
        for source, tables in sample.items()
        for table, rows in tables.items()
    }


@pytest.fixture(scope="module")
def first(run_dags):
    return run_dags("--fresh")


def test_every_row_of_the_sample_is_where_it_must_be(first, repository):
    assert first.returncode == 0, first.stdout + first.stderr
    assert "observe failed" not in first.stdout
    assert counts(repository) == expected(repository)


def test_running_it_again_by_hand_changes_nothing(first, by_hand, repository):
    """By the commands of docs/recovery.md, which are those of the tasks."""
    before = counts(repository)
    for path in sorted((repository / "ingest").glob("*.json")):
        by_hand("python", "-m", "ingest", path.stem)
    by_hand("dbt", "build")
    by_hand("python", "-m", "quality.reconcile", "--all")
    assert counts(repository) == before


def test_a_failure_is_shown_and_ends_non_zero(first, run_dags, repository):
    broken = repository / "dags" / "broken.py"
    broken.write_text("from airflow.sdk import DAG\n\nraise RuntimeError('broken on purpose')\n")
    failed = run_dags()
    broken.unlink()
    assert failed.returncode == 1
    assert "broken on purpose" in failed.stdout and "Full logs: logs/demo/" in failed.stdout
