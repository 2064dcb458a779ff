"""The repository that is watched: generated from the real sources, with a disk of its own that can be filled."""

from __future__ import annotations

import fcntl
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import engines
from tests.monitoring.live.source import Nyc

NAME = "air"
OWNER = "data-team"
DAGS = tuple(f"{NAME}_{what}" for what in ("nyc", "drops", "transform", "audit"))
DISK = "128m"
_FLAGS = [
    "--yes", "--no-git", "--ci", "none", "--deploy", "none", "--freshness", "1h", "--on-call", "always",
    "--rule", "flights: distance > 0",
    "--override", "nyc.flights.extract=watermark-keys",
    # By its freshness a failed load would be tried three times more within a quarter of an hour.
    "--override", "nyc.retries=1, first after 1s", "--override", "drops.retries=1, first after 1s",
    "--set", "catalog=next", "--set", "alerts.webhook=ALERT_WEBHOOK_URL",
]  # fmt: skip

# A burn rate is told by an hour's history, which no run of a test has: it is proven by itself, in test_burning.py.
BY_DEADLINE = ("--override", "pipeline.alerts=freshness-deadline+rows-lost")


@dataclass(frozen=True)
class Repository:
    """``refused`` says why its data has no disk of its own, where that is so."""

    root: Path
    refused: str

    @property
    def data(self) -> Path:
        return self.root / "data"

    def configure(self, settings: Mapping[str, str]) -> None:
        """Write `.env`, which `prod` reads."""
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in settings.items()]
        (self.root / ".env").write_text("".join(lines), encoding="utf-8")

    def command(self, *words: str) -> str:
        """One command in the environment `prod`; what it printed."""
        done = subprocess.run(
            ["sh", "scripts/env.sh", "prod", *words], cwd=self.root, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{shlex.join(words)}: {engines.output(done)}"
        return done.stdout

    def warehouse(self, statement: str) -> list[list[Any]]:
        """Run a statement in the warehouse."""
        program = (
            "import json, sys; from ingest import ledger\n"
            "with ledger.open_warehouse() as db, db.transaction():\n"
            "    print(json.dumps(db.execute(sys.argv[1]), default=str))"
        )
        return list(json.loads(self.command("python", "-c", program, statement)) or [])


def written(folder: Path, nyc: Nyc, *flags: str) -> Path:
    """A repository as `pipegen new` writes it."""
    sources = ["--source", f"nyc={nyc.url}", "--source", f"drops={nyc.drops}"]
    done = subprocess.run(
        [sys.executable, "-m", "pipegen", "new", NAME, *sources, *_FLAGS, *flags],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / NAME


@contextmanager
def _alone() -> Iterator[None]:
    """One process after the other: who comes first makes what all of them share."""
    folder = engines.cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def on_a_disk(root: Path) -> Iterator[Repository]:
    """The repository with its environments, and its data on a small disk of its own, until the end of the block."""
    with _alone():
        engines.give_environments(root)
    (root / "data").mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(root / "data")]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    try:
        yield Repository(root, mounted.stderr if mounted.returncode else "")
    finally:
        if not mounted.returncode:
            subprocess.run(["umount", "--lazy", str(root / "data")], check=True)
