"""`make drill SMOKE=1` in repositories that between them have every pattern: the pipeline against faults and an oracle."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import engines
from tests.drills.repositories import REPORT, SMOKE, Drilled
from tests.postgres import program

pytestmark = pytest.mark.real

PLAYED = {"the first load", "run twice", "updates", "deletes", "late rows within the lookback"}


@pytest.mark.parametrize("drilled", SMOKE, ids=lambda drilled: drilled.name)
def test_the_drill_holds(drilled: Drilled, tmp_path: Path) -> None:
    assert program("initdb"), "a drill with no PostgreSQL leaves out what needs one"
    drilled.make(tmp_path / "drilled")
    done = engines.make(tmp_path / "drilled", "drill", "SMOKE=1")
    assert done.returncode == 0, engines.output(done)
    report = json.loads((tmp_path / "drilled" / REPORT).read_text())
    results = report["results"]
    assert {result["scenario"] for result in results} >= PLAYED
    assert {result["verdict"] for result in results} <= {"holds", "does not apply"}, engines.output(done)
    assert any(result["scenario"].startswith("kill -9") and result["verdict"] == "holds" for result in results)


def test_its_own_tests_start_a_server(tmp_path: Path) -> None:
    """A repository's tests that need PostgreSQL are skipped where it is not; here it is, so none may be."""
    SMOKE[0].make(tmp_path / "drilled")
    for target in ("test-ingest", "test-drill"):
        done = engines.make(tmp_path / "drilled", target)
        assert done.returncode == 0, engines.output(done)
        assert "passed" in done.stdout and "skipped" not in done.stdout, engines.output(done)
