"""dbt on a warehouse with every landed table in it and no rows, as on a fresh clone."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.transform import warehouse as warehouses

ROOT = Path(__file__).resolve().parents[2]
DBT = ROOT / ".venv" / "work" / "bin" / "dbt"
MODELS_ONLY = ["--exclude-resource-type=test", "--exclude-resource-type=unit_test"]
# A deprecated word anywhere is an error.
STRICT = '--warn-error-options={"error": "all", "silence": ["TypeCodeNotFound"]}'


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("dbt")


@pytest.fixture(scope="session")
def warehouse(folder):
    return warehouses.make(folder)


@pytest.fixture(scope="session")
def dbt(folder, warehouse):
    """Make a function that runs dbt; names with their values go into its environment."""
    own = {
        "DBT_PROJECT_DIR": str(ROOT / "transform"),
        "DBT_PROFILES_DIR": str(ROOT / "transform"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    environment = os.environ | warehouse.environment | own

    def run(*arguments, **more):
        return subprocess.run(
            [DBT, *arguments], cwd=ROOT, env=environment | more, capture_output=True, text=True
        )

    return run


@pytest.fixture(scope="session")
def built(dbt):
    """Everything, its tests and unit tests too, on empty tables; then the models again, as they are now there."""
    return [dbt(STRICT, "build"), dbt(STRICT, "build", *MODELS_ONLY)]


@pytest.fixture(scope="session")
def manifest(built, folder):
    return json.loads((folder / "target" / "manifest.json").read_text("utf-8"))
