"""Upgrades of every golden tree, from every release to what comes next: exact where nobody edited, nothing lost where they did."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from tests import engines, golden_trees
from tests.update.repositories import catalogs, contents, edit, expected, made, pipegen, planned

pytestmark = pytest.mark.update
CATALOGS = {name: catalogs(name) for name in golden_trees.names()}
TREES = [name for name, its in CATALOGS.items() if len(its) > 1]
# Run whole after the upgrade, edits and all; the others are linted and parsed by their engines.
WHOLE = ("patterns",)


@pytest.mark.parametrize("name", TREES)
def test_unedited_it_equals_a_new_one(name: str, tmp_path: Path) -> None:
    """From each release to each later one, and back, byte for byte."""
    for older, newer in pairwise(CATALOGS[name]):
        for here, there in ((older, newer), (newer, older)):
            root = made(name, here, tmp_path / f"{here} to {there}")
            done = pipegen(root, "update", "--to", there, "--accept-design")
            assert done.returncode == 0, done.stderr
            assert contents(root) == expected(planned(name, there))
            assert pipegen(root, "update", "--check").returncode == 0


@pytest.mark.parametrize("name", TREES)
def test_any_jump_is_the_sum_of_its_steps(name: str, tmp_path: Path) -> None:
    stepwise, at_once = (
        made(name, CATALOGS[name][0], tmp_path / "stepwise"),
        made(name, CATALOGS[name][0], tmp_path / "at once"),
    )
    for root in (stepwise, at_once):
        edit(root)
    for catalog in CATALOGS[name][1:]:
        assert pipegen(stepwise, "update", "--to", catalog, "--accept-design").returncode == 0
    assert pipegen(at_once, "update", "--to", CATALOGS[name][-1], "--accept-design").returncode == 0
    assert contents(at_once) == contents(stepwise)


@pytest.mark.parametrize("name", TREES)
def test_every_edit_survives_and_it_still_runs(name: str, tmp_path: Path) -> None:
    root = made(name, CATALOGS[name][0], tmp_path / f"a copy of {name}")
    held = edit(root)
    done = pipegen(root, "update", "--to", CATALOGS[name][-1], "--accept-design")
    assert done.returncode == 0, done.stderr
    for path, text in held.items():
        assert text in (root / path).read_text(), path
    assert (root / "docs" / "dictionary.md").exists()
    assert not (root / "docs" / "data-dictionary.md").exists()
    assert not (root / "AGENTS.md").exists()
    engines.give_environments(root)
    for target in ("demo", "test") if name in WHOLE else ("lint", "test-dags", "test-transform"):
        ran = engines.make(root, target)
        assert ran.returncode == 0, f"make {target}: {engines.output(ran)}"
