"""The peers, in an environment of their own, and how everything is timed: each call in a process of its own, interleaved."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
UV = ROOT / ".venv" / "uv" / "bin" / "uv"
HOME = ROOT / "build" / "benchmarks"
PEERS = ("cookiecutter==2.7.1", "copier==9.19.1", "jinja2==3.1.6")


def environment() -> Path:
    """The peers' virtual environment; made where it is missing. pipegen is installed there too, not editable."""
    home = HOME / "env"
    python = home / "bin" / "python"
    if not python.exists():
        subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, home], check=True)
    install = [UV, "pip", "install", "--quiet", "--compile-bytecode", "--python", python]
    subprocess.run([*install, *PEERS], check=True)
    subprocess.run([*install, "--reinstall-package", "pipegen-cli", ROOT], check=True)
    return home / "bin"


def clean() -> dict[str, str]:
    """The environment of a measured process: bytecode is cached, as it is for users."""
    dropped = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONWARNINGS", "VIRTUAL_ENV")
    return {k: v for k, v in os.environ.items() if k not in dropped}


def walls(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, float]:
    """Median seconds of each command, run in turn ``rounds`` times after one run that warms the caches."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(rounds + 1):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, env=clean(), capture_output=True, check=True, cwd=HOME)
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(all_) for name, all_ in seconds.items()}


def timed(scripts: Mapping[str, Sequence[str]], rounds: int) -> dict[str, float]:
    """Median of the seconds that each script says it took, for its own work without its imports, run in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in scripts}
    for _ in range(rounds):
        for name, command in scripts.items():
            done = subprocess.run(command, env=clean(), capture_output=True, text=True, check=False, cwd=HOME)
            if done.returncode:
                raise SystemExit(f"{name}: {done.stderr}")
            seconds[name].append(float(json.loads(done.stdout.splitlines()[-1])["seconds"]))
    return {name: statistics.median(all_) for name, all_ in seconds.items()}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"
