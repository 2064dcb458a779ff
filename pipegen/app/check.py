"""``pipegen check``: verify a repository, as far as is asked: static, parse, run."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import tomllib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipegen.app.repository import lock_of, open_repository
from pipegen.core.design.architect import design
from pipegen.core.errors import PipegenError, Problem, UsageError
from pipegen.core.spec.template import is_template_spec
from pipegen.core.update.compare import place
from pipegen.store import workspace, yaml_file
from pipegen.store.worktree import Folder

LEVELS = ("static", "parse", "run")
# What each level beyond the first runs in the repository: its own commands, in its own environments.
COMMANDS = {"parse": ("lint", "test-dags", "test-transform"), "run": ("demo",)}

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Check:
    """What was checked and what was found."""

    root: Path
    level: str
    files: int
    commands: tuple[str, ...]
    problems: tuple[Problem, ...]

    def document(self) -> dict[str, Any]:
        """The result as ``--json`` prints it."""
        return {
            "schema_version": 1,
            "root": str(self.root),
            "level": self.level,
            "files": self.files,
            "commands": list(self.commands),
            "problems": [{"where": p.where, "message": p.message, "hint": p.hint} for p in self.problems],
            "ok": not self.problems,
        }


def check(start: Path, level: str, progress: Progress = lambda _: None) -> Check:
    """Check a repository up to a level; a level is run where those before it found nothing.

    Raises:
        WorkspaceError: no repository.
        SpecError: pipegen.yml is not valid.
    """
    root = workspace.find_root(start)
    files, problems = _files(root)
    if _is_template(root):
        if level != "static":
            raise UsageError(
                f"`--level {level}`: a template's repository has no commands that pipegen knows",
                hint="`--level static`",
            )
    else:
        problems = [*_design(start), *problems]
    ran: list[str] = []
    for later in LEVELS[1 : LEVELS.index(level) + 1]:
        for target in COMMANDS[later]:
            if problems:
                break
            command = f"make {target}"
            progress(command)
            ran.append(command)
            problems += _make(root, target)
    return Check(root, level, files, tuple(ran), tuple(problems))


def _is_template(root: Path) -> bool:
    return is_template_spec(yaml_file.read(root / workspace.SPEC_FILE, workspace.SPEC_FILE).values)


def _design(start: Path) -> list[Problem]:
    repository = open_repository(start)
    try:
        design(repository.spec, repository.measured, repository.document.locate)
    except PipegenError as error:
        return error.problems()
    return []


def _files(root: Path) -> tuple[int, list[Problem]]:
    """How many files were there to check, and what is wrong with them."""
    files, problems = 0, []
    lock, work = lock_of(root), Folder(root)
    for path, entry in sorted(lock.files.items()):
        at = place(path, entry, work)
        content = work.read(at)
        if content is None and entry.state not in ("deleted", "orphaned") and entry.ownership == "merged":
            problems.append(Problem("is missing", at, f"bring it back: `pipegen update --restore {path}`"))
        if content is not None:
            files += 1
            problem = parse_problem(at, content)
            if problem:
                problems.append(problem)
    return files, problems


def parse_problem(path: str, content: bytes) -> Problem | None:
    """Why a file does not parse as what its name says; None where it does, or where nothing here can tell."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return (
            Problem("is not UTF-8", path) if path.endswith((".py", ".yml", ".yaml", ".json", ".toml", ".sql")) else None
        )
    markers = [i for i, line in enumerate(text.split("\n"), 1) if line.startswith(("<<<<<<< ", ">>>>>>> "))]
    if markers:
        return Problem("has a conflict marker", f"{path}:{markers[0]}", "resolve it, then `pipegen update --continue`")
    try:
        if path.endswith(".py"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(text)
        elif path.endswith((".yml", ".yaml")):
            for _ in yaml.safe_load_all(text):
                pass
        elif path.endswith(".json"):
            json.loads(text)
        elif path.endswith(".toml"):
            tomllib.loads(text)
    except (SyntaxError, json.JSONDecodeError) as error:
        return Problem(f"does not parse: {error.msg}", f"{path}:{error.lineno or 1}")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        return Problem(f"does not parse: {getattr(error, 'problem', error)}", f"{path}:{mark.line + 1 if mark else 1}")
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        return Problem(f"does not parse: {error}", f"{path}:{line[1] if line else text.count(chr(10)) + 1}")
    except (ValueError, RecursionError, MemoryError) as error:
        return Problem(f"does not parse: {error}", path)
    return None


def _make(root: Path, target: str) -> list[Problem]:
    """Run one of the repository's own commands; the person sees its output on stderr."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("VIRTUAL_ENV", "PYTHONHOME", "MAKEFLAGS"))}
    try:
        done = subprocess.run(
            ["make", "--no-print-directory", target], cwd=root, env=environment, stdout=2, check=False
        )
    except FileNotFoundError:
        return [Problem("`make` is not installed", None, "install make, or check with `--level static`")]
    if done.returncode:
        return [
            Problem(f"`make {target}` failed with exit code {done.returncode}", None, f"see above, or run it in {root}")
        ]
    return []
