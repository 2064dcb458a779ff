"""The little that pipegen asks of git: whether a folder is inside a repository, what is not committed there, and to make one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path


def inside_repository(folder: Path) -> bool:
    """True where ``folder``, or one above it, is a git work tree; needs no git to tell."""
    return any((f / ".git").exists() for f in (folder, *folder.parents))


def uncommitted(folder: Path) -> tuple[str, ...] | None:
    """The paths below ``folder``, counted from it, of which git has not the bytes that stand there; what it ignores is left out.

    None where there is no git, or no repository that it would answer for. Nothing is written, the index neither.
    """
    git = shutil.which("git")
    if git is None or not inside_repository(folder):
        return None
    ask = [git, "--no-optional-locks", "-c", "core.fsmonitor=false", "-C", str(folder)]
    above = _asked([*ask, "rev-parse", "--show-prefix"])
    found = _asked([*ask, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", "."])
    if above is None or found is None:
        return None
    return tuple(sorted(entry[3:].removeprefix(above.removesuffix("\n")) for entry in found.split("\0") if entry))


def _asked(command: list[str]) -> str | None:
    done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL, env=_environment())
    return os.fsdecode(done.stdout) if done.returncode == 0 else None


def _environment() -> dict[str, str]:
    """That of this process without what it says to git: a hook that runs pipegen has its own repository in it."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def initialise(folder: Path) -> str | None:
    """Make ``folder`` a git repository with no commit and none of the user's hooks.

    Returns:
        What to tell the person where it could not be done, else None.
    """
    git = shutil.which("git")
    if git is None:
        return "git is not installed, so the folder is no repository yet: `git init` when it is"
    done = subprocess.run(
        [git, "-c", "init.defaultBranch=main", "init", "--quiet", "--template=", str(folder)],
        capture_output=True, text=True, errors="replace", check=False, stdin=subprocess.DEVNULL,
        env=_environment(),
    )  # fmt: skip
    if done.returncode == 0:
        return None
    said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    return f"the folder is no git repository yet: `git init` failed: {said[-1]}"
