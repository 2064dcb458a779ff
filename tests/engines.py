"""Real engines for generated repositories: their own environments, made once by their own ``make setup``, and shared.

The environments are kept by the digest of the locked requirements, outside the clone (``PIPEGEN_TEST_CACHE``, or the user's
~/.cache), so that a run of the tests installs them at most once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

ENVIRONMENTS = ("airflow", "work", "lint")


def cache_folder() -> Path:
    """Where the tests keep what is costly to make."""
    return Path(os.environ.get("PIPEGEN_TEST_CACHE") or Path.home() / ".cache" / "pipegen-tests")


def make(root: Path, *targets: str, timeout: int = 900, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``make`` in a generated repository and return what it printed; the caller judges the exit code."""
    clean = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "MAKEFLAGS", "PYTHONWARNINGS", "MFLAGS")}
    return subprocess.run(
        ["make", "--no-print-directory", *targets],
        cwd=root, env=clean | environment, capture_output=True, text=True, timeout=timeout, check=False,
    )  # fmt: skip


def output(done: subprocess.CompletedProcess[str]) -> str:
    """All that a command printed, for the message of a failed assertion."""
    return f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"


def give_environments(root: Path) -> None:
    """Put the shared environments into a generated repository, made by the repository's own setup where they are missing."""
    digest = hashlib.sha256(
        b"".join((root / "requirements" / f"{n}.txt").read_bytes() for n in ENVIRONMENTS)
    ).hexdigest()
    home = cache_folder() / f"envs-{digest[:16]}"
    if not (home / "ready").exists():
        _make_environments(root, home)
    venv = root / ".venv"
    if not venv.exists():
        venv.symlink_to(home / "repository" / ".venv", target_is_directory=True)


def _make_environments(root: Path, home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    maker = home / "repository"
    maker.mkdir(parents=True)
    shutil.copytree(root / "scripts", maker / "scripts")
    shutil.copytree(root / "requirements", maker / "requirements")
    done = subprocess.run(
        ["sh", "scripts/setup.sh", *ENVIRONMENTS], cwd=maker, capture_output=True, text=True, check=False, timeout=900
    )
    assert done.returncode == 0, output(done)
    (home / "ready").touch()
