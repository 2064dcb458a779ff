"""Points 2 and 13 of the experience: all defaults are the tree that is run whole; with any stream elsewhere nobody is asked."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from pipegen.cli.main import run
from tests import engines, golden_trees
from tests.app.interview.interviews import TO_WRITE, hold
from tests.small import tree
from tests.test_golden import WHOLE


def test_yes_gives_the_answers_of_the_tree_that_runs_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``make demo`` and ``make test`` of the golden tree `shop` are those of who takes every default."""
    monkeypatch.chdir(tmp_path)
    assert run(["new", "--yes", "--no-git", "--catalog", "next"]) == 0
    made, golden = tmp_path / "shop", golden_trees.FOLDER / "shop"
    assert "shop" in WHOLE
    files = {path: content for path, (_, content) in tree(made).items() if not path.startswith(".pipegen/base")}
    kept = {path: content for path, (_, content) in tree(golden).items()}
    assert sorted(files) == sorted(kept)
    assert [path for path in files if files[path] != kept[path]] == []


@pytest.mark.engines
def test_what_enter_gives_runs_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interview masks what looks personal where ``--yes`` only tells of it, so its repository is another one."""
    monkeypatch.chdir(tmp_path)
    generated = hold(TO_WRITE, tmp_path, flags={"catalog": "next"}).made.generated
    assert generated is not None
    root = tmp_path / "entered"
    golden_trees.write(generated.plan, root, with_base=True)
    engines.give_environments(root)
    for target in ("demo", "test"):
        done = engines.make(root, target)
        assert done.returncode == 0, f"make {target}: {engines.output(done)}"


@pytest.mark.parametrize("elsewhere", ["stdin", "stdout", "stderr"])
@pytest.mark.parametrize("words", [["new"], ["new", "shop"]])
def test_with_one_stream_elsewhere_nobody_is_asked_and_all_is_listed(
    elsewhere: str, words: list[str], tmp_path: Path
) -> None:
    main, other = pty.openpty()
    streams: dict[str, int] = dict.fromkeys(("stdin", "stdout", "stderr"), other)
    streams[elsewhere] = subprocess.DEVNULL if elsewhere == "stdin" else subprocess.PIPE
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | {"TERM": "xterm-256color"}
    process = subprocess.Popen([sys.executable, "-m", "pipegen", *words], cwd=tmp_path, env=environment, **streams)  # type: ignore[call-overload]
    os.close(other)
    out, err = process.communicate()
    said = (err or b"").decode()
    if elsewhere != "stderr":
        said = io.FileIO(main, closefd=False).read(65536).decode()  # type: ignore[union-attr]
    os.close(main)
    assert process.returncode == 2
    assert "answers are missing" in said and "--source" in said and ("  NAME: " in said) == (words == ["new"])
    assert not out and [*tmp_path.iterdir()] == []
