from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipegen.cli.completion import SHELLS, script


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_taken_by_its_shell(shell: str, tmp_path: Path) -> None:
    text = script(shell)
    assert text.endswith("\n")
    assert "_PIPEGEN_COMPLETE" in text
    if shutil.which(shell) is None:
        return  # its text was looked at; the shell itself is not on every machine
    file = tmp_path / "completion"
    file.write_text(text)
    subprocess.run([shell, "-n", str(file)], check=True, capture_output=True)


def complete(line: str) -> list[str]:
    """What bash is offered for a line, its last word being typed."""
    words = line.split(" ")
    environment = {
        **os.environ,
        "_PIPEGEN_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-m", "pipegen"], env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("pipegen ne", ["new"]),
        ("pipegen blueprints l", ["list", "lint"]),
        ("pipegen new --fresh", ["--freshness"]),
        ("pipegen status --exit", ["--exit-code"]),
    ],
)
def test_bash_is_offered_what_fits(line: str, offered: list[str]) -> None:
    assert sorted(complete(line)) == sorted(offered)


def test_bash_really_completes(tmp_path: Path) -> None:
    (tmp_path / "pipegen").write_text(f'#!/bin/sh\nexec {sys.executable} -m pipegen "$@"\n')
    (tmp_path / "pipegen").chmod(0o755)
    (tmp_path / "script").write_text(script("bash"))
    lines = f"""
    PATH={tmp_path}:$PATH
    . {tmp_path}/script
    COMP_WORDS=(pipegen stat); COMP_CWORD=1
    function=$(complete -p pipegen | sed 's/.*-F \\([^ ]*\\).*/\\1/')
    $function pipegen stat pipegen
    echo "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", lines], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["status"], done.stderr
