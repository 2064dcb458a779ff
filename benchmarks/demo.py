"""``make demo`` of the bundled sample, from environments that are there: seconds by phase."""

from __future__ import annotations

import json
import shutil
import statistics
from pathlib import Path

from benchmarks import peers
from pipegen.app.answers import Given
from pipegen.app.generate import apply, generate
from tests import engines

AIM = 60


def run(bin_: Path, rounds: int) -> str:
    """The section of the page: medians of at most three rounds."""
    home = peers.HOME / "demo"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    apply(generate(Given(name="shop", flags={"source": ["sample:"]}, cwd=home)), use_git=False)
    root = home / "shop"
    engines.give_environments(root)
    seconds: dict[str, list[float]] = {}
    for _ in range(min(rounds, 3)):
        done = engines.make(root, "demo")
        if done.returncode:
            raise SystemExit(engines.output(done))
        for phase, spent in json.loads((root / "data" / "demo-timings.json").read_text()).items():
            seconds.setdefault(phase, []).append(spent)
    medians = {phase: statistics.median(spent) for phase, spent in seconds.items()}
    rows = [[phase, f"{spent:.1f}"] for phase, spent in medians.items()]
    total = sum(spent for phase, spent in medians.items() if phase != "total")
    return (
        f"## `make demo` of the sample\n\nFive tables through real Airflow and dbt, from installed environments. Aim: under {AIM} s.\n\n"
        + peers.table(("phase", "s"), [*rows, ["in all", f"{total:.1f}"]])
    )
