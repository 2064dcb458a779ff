"""The same answers give the same bytes: in any time zone, locale, folder, under any hash seed and umask, and by the printed
equivalent command."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests import trees

CSV = "id,name,amount,updated_at\n1,Ada,10.50,2026-01-01 10:00:00\n2,Grace,7.25,2026-01-02 11:30:00\n"
ANSWERS = [
    "--freshness", "2h", "--owner", "Data Team", "--rule", "people: amount >= 0", "--mart", "dimension:people",
    "--mart", "aggregate:people by name", "--alert-email", "a@example.com",
]  # fmt: skip


def _run(cwd: Path, *words: str, umask: int = 0o022, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if k not in ("TZ", "LC_ALL", "LANG")}
    done = subprocess.run(
        [sys.executable, "-m", "pipegen", *words],
        cwd=cwd, env=clean | environment, umask=umask, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done


def _world(folder: Path) -> Path:
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "people.csv").write_text(CSV)
    return folder


@pytest.mark.parametrize("source", ["sample:", "in=data"])
def test_trees_are_identical(source: str, tmp_path: Path) -> None:
    answers = ANSWERS if source != "sample:" else ["--freshness", "2h"]
    here, there = _world(tmp_path / "a"), _world(tmp_path / "another folder" / "deeper")
    _run(here, "new", "shop", "--source", source, *answers, "--no-git", TZ="UTC", LC_ALL="C", PYTHONHASHSEED="1")
    cache = str(tmp_path / "fresh-cache")
    _run(
        there, "new", "shop", "--source", source, *answers, "--no-git", umask=0o077,
        TZ="Pacific/Chatham", LC_ALL="C.UTF-8", PYTHONHASHSEED="77", XDG_CACHE_HOME=cache,
    )  # fmt: skip
    first, second = trees.read(here / "shop"), trees.read(there / "shop")
    assert sorted(first) == sorted(second)
    assert [p for p in first if first[p] != second[p]] == []


def test_the_equivalent_command_gives_the_same_tree(tmp_path: Path) -> None:
    here, there = _world(tmp_path / "a"), _world(tmp_path / "b")
    done = _run(here, "new", "shop", "--source", "in=data", *ANSWERS, "--no-git", PIPEGEN_LATENESS="3h")
    [line] = [row for row in done.stderr.splitlines() if row.strip().startswith("pipegen new")]
    words = shlex.split(line)[1:]
    assert words[:2] == ["new", "shop"]
    _run(there, *words, "--no-git")
    assert trees.read(here / "shop") == trees.read(there / "shop")
