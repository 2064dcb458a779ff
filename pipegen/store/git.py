"""The little that pipegen asks of git: whether a folder is inside a repository, and to make one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path


def inside_repository(folder: Path) -> bool:
    """True where ``folder``, or one above it, is a git work tree; needs no git to tell."""
    return any((f / ".git").exists() for f in (folder, *folder.parents))


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
        env={k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
    )  # fmt: skip
    if done.returncode == 0:
        return None
    said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    return f"the folder is no git repository yet: `git init` failed: {said[-1]}"
