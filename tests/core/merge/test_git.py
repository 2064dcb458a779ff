"""Where the merge is clean, `git merge-file` is clean and has the same bytes; and it seldom is not where git is."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipegen.core.merge.text import merge
from tests.core.merge.texts import anywhere, apart, edited, joined, real_files, text, three_versions

ALONE = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CEILING_DIRECTORIES": "/"}


class Git:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def merged(self, base: bytes, yours: bytes, theirs: bytes) -> bytes | None:
        """What `git merge-file` makes of it; None with conflicts."""
        for name, content in (("base", base), ("yours", yours), ("theirs", theirs)):
            (self.folder / name).write_bytes(content)
        command = ["git", "merge-file", "-p", "yours", "base", "theirs"]
        run = subprocess.run(command, cwd=self.folder, env=os.environ | ALONE, capture_output=True, timeout=60)
        assert 0 <= run.returncode < 128, run.stderr.decode()
        return run.stdout if run.returncode == 0 else None


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> Git:
    assert shutil.which("git"), (
        "git is not on the PATH: these tests compare the merge with `git merge-file`; install git"
    )
    return Git(tmp_path_factory.mktemp("git"))


def ours(base: bytes, yours: bytes, theirs: bytes) -> bytes | None:
    found = merge(base, yours, theirs)
    assert found.refused is None
    return None if found.conflicts else found.content


same_folder = settings(
    max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@same_folder
@given(three_versions("abcd", 9))
def test_few_letters(git: Git, versions: tuple[str, str, str]) -> None:
    """Hunks that slide, touch and meet: where ours is clean, so is git, with the same bytes."""
    contents = [text(letters) for letters in versions]
    found = ours(*contents)
    assert found is None or found == git.merged(*contents)


@same_folder
@given(three_versions("abcde.}", 40))
def test_longer_ones(git: Git, versions: tuple[str, str, str]) -> None:
    contents = [text(letters) for letters in versions]
    found = ours(*contents)
    assert found is None or found == git.merged(*contents)


@same_folder
@given(three_versions("abc", 6), st.tuples(*[st.booleans()] * 3))
def test_last_lines_with_and_without_an_ending(
    git: Git, versions: tuple[str, str, str], ended: tuple[bool, bool, bool]
) -> None:
    """To git a line without its ending is another line, so it may have a conflict more."""
    contents = [text(letters)[: None if end else -1] for letters, end in zip(versions, ended, strict=True)]
    found = ours(*contents)
    assert found is None or git.merged(*contents) in (found, None)


def share(git: Git, places: object, number: int) -> tuple[int, int]:
    """Of random edits of real files: how many git merges, and how many of these are a conflict here."""
    chance = random.Random(5)
    merged_by_git = conflicts = 0
    for lines in chance.choices(real_files(), k=number):
        of_yours, of_theirs = places(lines, chance)  # type: ignore[operator]
        seed = chance.random()
        yours, theirs = (
            joined(edited(lines, some, lambda place, seed=seed: random.Random(f"{seed} {place}")))  # type: ignore[misc]
            for some in (of_yours, of_theirs)
        )
        by_git, found = git.merged(joined(lines), yours, theirs), ours(joined(lines), yours, theirs)
        if found is not None:
            assert found == by_git
        merged_by_git += by_git is not None
        conflicts += by_git is not None and found is None
    return merged_by_git, conflicts


def test_edits_of_real_files_with_something_between_them(git: Git) -> None:
    merged_by_git, conflicts = share(git, apart, 250)
    assert merged_by_git > 240
    assert conflicts <= merged_by_git * 0.02


def test_edits_of_real_files_next_to_one_another_as_it_happens(git: Git) -> None:
    merged_by_git, conflicts = share(git, anywhere, 250)
    assert merged_by_git > 150
    assert conflicts <= merged_by_git * 0.05
