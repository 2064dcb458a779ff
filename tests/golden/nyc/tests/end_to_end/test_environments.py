"""scripts/env.sh: which warehouse a command sees, and whose settings it keeps."""

import os
import subprocess

import pytest


@pytest.fixture
def settings(repository):
    """Make a function that gives the variables of a command in an environment."""

    def read(environment, **given):
        done = subprocess.run(
            ["sh", "scripts/env.sh", environment, "env"],
            cwd=repository,
            env={"PATH": os.environ["PATH"], **given},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)

    return read


ELSEWHERE = {"WAREHOUSE_KIND": "postgres", "WAREHOUSE_PATH": "/elsewhere", "DBT_TARGET": "theirs"}


def test_demo_takes_nothing_from_the_caller(settings, repository):
    found = settings("demo", **ELSEWHERE)
    assert found["WAREHOUSE_KIND"] == "duckdb" and "DBT_TARGET" not in found
    assert found["WAREHOUSE_PATH"] == str(repository / "data" / "demo.duckdb")


def test_a_drill_keeps_what_it_was_given(settings, repository):
    found = settings("drill", DRILL_SHOP_URL="postgresql://twin", **ELSEWHERE)
    assert found["WAREHOUSE_KIND"] == "postgres" and found["DRILL_SHOP_URL"] == "postgresql://twin"
    alone = settings("drill")
    assert alone["WAREHOUSE_KIND"] == "duckdb" and alone["PIPELINE_ENV"] == "drill"
    assert alone["WAREHOUSE_PATH"] == str(repository / "data" / "drill" / "warehouse.duckdb")
    assert alone["AIRFLOW_HOME"] != settings("demo")["AIRFLOW_HOME"]


def test_prod_reads_its_settings(settings, repository):
    (repository / ".env").write_text(
        "WAREHOUSE_PATH='there/it is.duckdb'\nWAREHOUSE_KIND=other\nSTATSD_HOST=there\n"
    )
    try:
        found = settings("prod")
    finally:
        (repository / ".env").unlink()
    assert found["WAREHOUSE_KIND"] == "duckdb"
    assert found["AIRFLOW__METRICS__STATSD_HOST"] == "there"
    assert found["WAREHOUSE_PATH"] == str(repository / "there" / "it is.duckdb")


def test_in_its_image_all_is_set_already(settings, repository):
    given = {"PIPELINE_IMAGE": "1", "AIRFLOW_HOME": "/opt/airflow", "DBT_TARGET_PATH": "/data/dbt"}
    found = settings("prod", **given)
    assert given.items() <= found.items()
    assert found["PATH"].startswith(str(repository / ".venv" / "work" / "bin"))


def test_airflow_sends_metrics_where_there_is_a_server_for_them(settings):
    def metrics(**given):
        found = settings("drill", **given).items()
        return {k.removeprefix("AIRFLOW__METRICS__"): v for k, v in found if "__METRICS__" in k}

    assert metrics(AIRFLOW__METRICS__STATSD_ON="True") == {}
    found = metrics(STATSD_HOST="there", AIRFLOW__METRICS__STATSD_HOST="elsewhere")
    assert found["STATSD_ON"] == "True" and found["STATSD_HOST"] == "there"
    assert found["STATSD_PORT"] == "9125" and found["STATSD_INFLUXDB_ENABLED"] == "True"
    assert found["LEGACY_NAMES_ON"] == "False" and "kwargs" in found["STATSD_DISABLED_TAGS"]
    assert metrics(STATSD_HOST="there", STATSD_PORT="8125")["STATSD_PORT"] == "8125"


def test_another_environment_is_refused(repository):
    command = ["sh", "scripts/env.sh", "test", "true"]
    done = subprocess.run(command, cwd=repository, capture_output=True)
    assert done.returncode == 2
