"""The pipeline as the tasks run it: each step a process of its own, its exit code and all that it printed."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from drill.declared import ROOT

BIN = Path(sys.executable).parent
DATA = ROOT / "data" / "drill"
# No step of a drill takes so long unless it hangs.
LIMIT_SECONDS = 240


@dataclass(frozen=True)
class Run:
    """A step that ended. `code` is below 0 when a signal ended it."""

    command: str
    code: int
    output: str
    seconds: float

    @property
    def good(self) -> bool:
        return self.code == 0

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL

    def line(self, words: str) -> str:
        """The first line with these words."""
        return next((line.strip() for line in self.output.splitlines() if words in line), "")[:300]

    def last(self) -> str:
        """What it said at the end, in one line: for a report."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip(" ^~")]
        loud = [
            line
            for line in lines
            if line.startswith(("ingest:", "reconcile:", "backfill:", "replay:"))
        ]
        return " ".join((loud or lines)[-1:])[:300] or f"nothing; exit {self.code}"


@dataclass
class Pipeline:
    """The programs, in environment `drill`, with the settings of this drill. `outputs` are all that they printed."""

    settings: dict[str, str]
    outputs: list[Run] = field(default_factory=list)

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        kept = {
            k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW__", "DBT_", "PG"))
        }
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        return {
            **kept,
            "PIPELINE_ENV": "drill",
            "PYTHONPATH": str(ROOT),
            "DBT_PROJECT_DIR": str(ROOT / "transform"),
            "DBT_PROFILES_DIR": str(ROOT / "transform"),
            "DBT_TARGET_PATH": str(DATA / "dbt"),
            "DBT_LOG_PATH": str(DATA / "logs"),
            **self.settings,
            **(more or {}),
        }

    # The steps.

    def ingest(
        self, source: str, *arguments: str, tables: Sequence[str] = (), **how: object
    ) -> Run:
        return self.python("ingest", source, *arguments, *(f"--table={t}" for t in tables), **how)

    def reconcile(self, *arguments: str, **how: object) -> Run:
        return self.python("quality.reconcile", *arguments, **how)

    def dbt(self, *arguments: str, **how: object) -> Run:
        return self.run([str(BIN / "dbt"), *(arguments or BUILD)], **how)

    def python(self, module: str, *arguments: str, deed: str = "", **how: object) -> Run:
        """A module; with one of its functions replaced where there is a deed (drill/launcher.py)."""
        launcher = ["-m", "drill.launcher", deed, module] if deed else ["-m", module]
        return self.run([sys.executable, *launcher, *arguments], **how)

    # Processes.

    def run(self, command: Sequence[str], **how: object) -> Run:
        return self.wait(self.start(command, **how))

    def start(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path = ROOT,
        most_bytes: int | None = None,
    ) -> "Started":
        """Start a process, of this code or of a copy. `most_bytes`: no file may grow beyond, as on a full disk."""

        def limit() -> None:
            if most_bytes is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

        process = subprocess.Popen(
            command, cwd=cwd, env=self.environment({"PYTHONPATH": str(cwd), **(env or {})}), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=limit if most_bytes is not None else None,
        )  # fmt: skip
        return Started(command, process, time.monotonic())

    def wait(self, started: "Started") -> Run:
        try:
            said, _ = started.process.communicate(timeout=LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(started.process.pid, signal.SIGKILL)
            said, _ = started.process.communicate()
            said += f"\ndrill: it took more than {LIMIT_SECONDS} s and was killed\n".encode()
        return self._ended(started, said)

    def kill_at(self, command: Sequence[str], words: str) -> Run:
        """Start a process and kill it, and all it started, as soon as it prints a line with these words."""
        started = self.start(command)
        said = b""
        assert started.process.stdout
        for line in started.process.stdout:
            said += line
            if words.encode() in line:
                os.killpg(started.process.pid, signal.SIGKILL)
                break
        rest, _ = started.process.communicate(timeout=LIMIT_SECONDS)
        return self._ended(started, said + rest)

    def _ended(self, started: "Started", said: bytes) -> Run:
        shown = " ".join(part for part in started.command if part != sys.executable)
        run = Run(
            shown,
            started.process.returncode,
            said.decode("utf-8", "replace"),
            time.monotonic() - started.began,
        )
        self.outputs.append(run)
        return run


@dataclass(frozen=True)
class Started:
    command: Sequence[str]
    process: "subprocess.Popen[bytes]"
    began: float


# As the tasks build it, in one go; but made-up rows need not keep the business's own rules.
BUILD = (
    "build",
    "--quiet",
    "--exclude-resource-type=unit_test",
    "--exclude=test_name:expression_is_true",
)
