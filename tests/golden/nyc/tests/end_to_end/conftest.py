"""A copy of the repository with no data in it, in a folder with a space in its name."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
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
def run_dags(repository):
    """Run every DAG once; returns what the terminal showed and the exit code."""

    def run(*arguments):
        command = ["sh", "scripts/env.sh", "demo", ".venv/airflow/bin/python", "scripts/run.py"]
        return subprocess.run(
            [*command, *arguments],
            cwd=repository,
            capture_output=True,
            text=True,
        )

    return run
