"""Point 31 of the experience: how quick the first answers are, told by what they import, which no busy machine changes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HELLO = """\
import typer
app = typer.Typer(rich_markup_mode=None)
@app.command()
def main(name: str) -> None: ...
app()
"""
STANDARD = {"__future__", "gc", "runpy"}  # `python -m`, and what keeps the start from collecting garbage


def imported(*words: str) -> set[str]:
    """Every module that a run of Python imports."""
    done = subprocess.run([sys.executable, "-X", "importtime", *words], capture_output=True, text=True, check=True)
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


def test_help_imports_what_a_hello_world_of_typer_does_and_its_own_command_line(tmp_path: Path) -> None:
    (tmp_path / "hello.py").write_text(HELLO)
    more = imported("-m", "pipegen", "--help") - imported(str(tmp_path / "hello.py"), "--help") - STANDARD
    own = {name for name in more if name.split(".")[0] == "pipegen"}
    assert more == own
    layers = {name.split(".")[1] for name in own if "." in name}
    assert layers == {"cli", "core"}
    assert {name for name in own if name.startswith("pipegen.core.")} == {
        "pipegen.core.prompting",
        "pipegen.core.questions",
    }


def test_the_version_imports_next_to_nothing() -> None:
    """Beyond what Python itself imports: what `-m` needs to find a module, and the version."""
    module = imported("-m", "this")  # a module of the standard library, which imports none
    assert imported("-m", "pipegen", "--version") - module - STANDARD == {"pipegen"}
