"""A copy of the repository with no data in it, in a folder with a space in its name."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
for name in ("STATSD_HOST", "PUSHGATEWAY_URL", "ALERTMANAGER_URL"):  # what tests do is not watched
    os.environ.pop(name, None)
MADE = {".airflow", ".env", ".git", ".venv", "data", "logs", "sample/data", "transform/target"}


def left_out(folder, names):
    below = Path(folder).relative_to(ROOT)
    return [n for n in names if (below / n).as_posix() in MADE or n == "__pycache__"]


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    copy = tmp_path_factory.mktemp("a copy") / "repository"
    shutil.copytree(ROOT, copy, ignore=left_out)
    (copy / ".venv").symlink_to(ROOT / ".venv")
    return copy


@pytest.fixture(scope="module")
def in_demo(repository):
    """Make a function that runs a command in the copy's demo environment."""

    def run(*command):
        return subprocess.run(
            ["sh", "scripts/env.sh", "demo", *command],
            cwd=repository,
            capture_output=True,
            text=True,
        )

    return run


@pytest.fixture(scope="module")
def run_dags(in_demo):
    """Run every DAG once; returns what the terminal showed and the exit code."""
    return lambda *arguments: in_demo(".venv/airflow/bin/python", "scripts/run.py", *arguments)


@pytest.fixture(scope="module")
def by_hand(in_demo):
    """Run a program of the work environment, which must succeed."""

    def run(*command):
        done = in_demo(*command)
        assert done.returncode == 0, done.stdout + done.stderr

    return run
