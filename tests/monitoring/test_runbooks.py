"""Every command of every runbook, run in a repository that is broken in the way that the page is about.

What the page says is seen must be seen, and after its repair no more. A page is one function of `broken_runs` or
`broken_data`; one that is missing fails, and so does a command that no function runs.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipegen.app.answers import Given
from pipegen.app.generate import generate
from pipegen.app.repository import measured_in
from pipegen.core.plan import ChangePlan
from pipegen.store import yaml_file
from tests import engines, golden_trees, postgres
from tests.drills.repositories import SPECS
from tests.monitoring import broken_data, broken_runs
from tests.monitoring.runbook import Repository, clean_environment, commands, said

pytestmark = pytest.mark.monitoring

BLUEPRINTS = Path(__file__).parents[2] / "blueprints"


def planned(**flags: str) -> ChangePlan:
    """A repository that has a page of every kind: one table has a rule, and is written to all the time."""
    folder = SPECS / "local"
    answers = yaml_file.read(folder / "pipegen.yml", "pipegen.yml")
    measured = measured_in(folder, list(answers.values["sources"]))
    orders = answers.values["sources"]["shop_db"]["tables"]["orders"]
    orders["volume"] = "5000 rows/day"
    orders["rules"] = [{"name": "total_is_paid", "expect": "total_amount >= 0"}]
    with tempfile.TemporaryDirectory() as elsewhere:
        given = Given(answers=answers, flags={"catalog": "next", **flags}, cwd=Path(elsewhere), directory=Path("r"))
        return generate(given, measured=measured).plan


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    folder = tmp_path_factory.mktemp("runbooks")
    root = folder / "local"
    golden_trees.write(planned(deploy="compose"), root, with_base=True)
    engines.give_environments(root)
    environment = clean_environment(folder / "programs")
    made = engines.make(root, "sample")
    assert made.returncode == 0, engines.output(made)
    database, files = folder / "shop.sqlite", folder / "exports"
    shutil.copy(root / "sample" / "data" / "shop_db" / "shop_db.sqlite", database)
    shutil.copytree(root / "sample" / "data" / "exports", files)
    settings = {"SHOP_DB_PATH": "../shop.sqlite", "EXPORTS_PATH": "../exports", "PIPELINE_TOKEN_KEY": "k" * 20}
    (root / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    for command in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "first"],
    ):
        subprocess.run(["git", *command], cwd=root, check=True, capture_output=True)
    done = engines.make(root, "run", "ENV=prod", **environment)
    assert done.returncode == 0, engines.output(done)
    yield Repository(root, database, files, environment)


# In this order: what comes late leaves more behind.
PAGES: dict[str, Callable[[Repository], None]] = {
    "missing-run": broken_runs.missing_run,
    "failed-run": broken_runs.failed_run,
    "scheduler-down": broken_runs.scheduler_down,
    "missed-deadline": broken_runs.missed_deadline,
    "import-errors": broken_runs.import_errors,
    "dead-callback": broken_runs.dead_callback,
    "retried-tasks": broken_runs.retried_tasks,
    "budget-spent": broken_runs.budget_spent,
    "slow-run": broken_runs.slow_run,
    "volume-drop": broken_data.volume_drop,
    "source-stands-still": broken_data.source_stands_still,
    "assumption-outgrown": broken_runs.assumption_outgrown,
    "disk-filling": broken_runs.disk_filling,
    "source-down": broken_data.source_down,
    "schema-drift": broken_data.schema_drift,
    "mass-delete": broken_data.mass_delete,
    "quarantine": broken_data.quarantine,
    "failed-backfill": broken_data.failed_backfill,
    "missing-rows": broken_data.missing_rows,
    "check-failed": broken_data.check_failed,
    "reconciliation": broken_data.reconciliation,
    "freshness": broken_runs.freshness,
    "metrics-lost": broken_runs.metrics_lost,
}


@pytest.mark.parametrize("page", PAGES)
def test_commands_of_the_page_show_the_trouble_and_mend_it(page: str, repository: Repository) -> None:
    PAGES[page](repository)


def test_every_page_of_every_blueprint_is_run(repository: Repository) -> None:
    in_use = yaml_file.read(BLUEPRINTS / "catalog.yml", "catalog.yml").values["catalogs"]["next"]
    written = {
        path.stem
        for name, version in in_use.items()
        for path in (BLUEPRINTS / name / str(version) / "files" / "runbooks").glob("*.md")
    }
    rendered = {path.stem for path in (repository.root / "runbooks").glob("*.md")}
    assert written == rendered == set(PAGES)


LINK = re.compile(r"\]\(([^)#:]+)\)")


@pytest.mark.parametrize("name", [*golden_trees.names(), "local"])
def test_each_alert_has_its_page_and_each_page_its_alert(name: str, tmp_path: Path) -> None:
    golden_trees.write(planned() if name == "local" else golden_trees.planned(name), tmp_path, with_base=False)
    pages = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "runbooks").glob("*.md")}
    led = set()
    for path in (tmp_path / "monitoring" / "prometheus" / "rules").glob("*.yml"):
        for group in yaml_file.read(path, path.name).values["groups"]:
            for rule in group["rules"]:
                if "alert" in rule:
                    page = rule["annotations"]["runbook"].rpartition("/")[2]
                    assert f"`{rule['alert']}`" in pages[page], f"{page} does not name {rule['alert']}"
                    led.add((rule["alert"], page))
    assert {page for _, page in led} == set(pages)
    readme = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|.*\(runbooks/([\w-]+\.md)\) \|$", readme, re.MULTILINE)) == led
    for path in (*(tmp_path / "runbooks").glob("*.md"), tmp_path / "docs" / "slo.md"):
        for link in LINK.findall(path.read_text(encoding="utf-8")):
            assert (path.parent / link).exists(), f"{path.name} leads to {link}"


def test_queries_run_on_postgresql(tmp_path: Path) -> None:
    """The same pages, where the warehouse is a server: it takes every query, even before the first load."""
    server, root = postgres.server(), tmp_path / "local"
    golden_trees.write(planned(destination="postgres"), root, with_base=True)
    engines.give_environments(root)
    warehouse = {
        "WAREHOUSE_HOST": "127.0.0.1", "WAREHOUSE_PORT": str(server.port), "WAREHOUSE_USER": "postgres",
        "WAREHOUSE_DATABASE": server.database("runbooks"), "WAREHOUSE_PASSWORD": postgres.PASSWORD,
    }  # fmt: skip
    environment = clean_environment(tmp_path / "programs") | warehouse
    it = Repository(root, tmp_path / "shop.sqlite", tmp_path / "exports", environment)
    assert it.sh("sh scripts/env.sh prod python -m ingest.ledger").returncode == 99  # nothing has landed yet
    asked = {command for page in (root / "runbooks").glob("*.md") for command in commands(page.read_text())}
    queries = sorted(command for command in asked if command.startswith("make query"))
    assert len(queries) > 15
    for query in queries:
        done = it.sh(f"SOURCE=shop_db TABLE=orders\n{query}")
        assert done.returncode == 0, f"{query}\n{said(done)}"
