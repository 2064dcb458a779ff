"""The real scheduler (`airflow standalone`): the source's DAG is run, and the asset-scheduled transform starts by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import engines, golden_trees

pytestmark = pytest.mark.real


def test_the_transform_starts_by_itself(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    golden_trees.write(golden_trees.planned("shop"), root, with_base=True)
    engines.give_environments(root)
    done = engines.make(root, "test-scheduler")
    assert done.returncode == 0, engines.output(done)
    assert "1 passed" in done.stdout
