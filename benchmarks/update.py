"""Updates of a project: a template's next version, with a tenth of its files changed, and five edits to keep; then nothing to do."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import peers

SIZES = (100, 1_000)
LARGE = 5_000
LINES = 40
# What copier and cruft need beside the others; an environment of its own, since both pin what the peers pin otherwise.
TOOLS = ("cruft==2.16.0", "copier==9.19.1")
IDENTITY = {f"GIT_{who}_{what}": "x@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
ENV = {**peers.clean(), **IDENTITY, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


def _path(number: int) -> str:
    return f"part_{number % 20:02}/file_{number:04}.py"


def _text(number: int, name: str, changed: bool) -> str:
    lines = [f'VALUE_{number}_{line} = "{name} {line}"\n' for line in range(LINES)]
    if changed:
        lines[30] = f'VALUE_{number}_30 = "{name}, as the next version has it"\n'
    return "".join(lines)


def _templates(home: Path, size: int) -> tuple[Path, Path]:
    """One template for cookiecutter's kin and one for copier, each a git repository with the tags v1 and v2."""
    made = []
    for kind, variable, folder in (
        ("cookiecutter", "{{ cookiecutter.name }}", "{{cookiecutter.name}}"), ("copier", "{{ name }}", ""),
    ):  # fmt: skip
        root = home / kind
        root.mkdir(parents=True)
        _git(root, "init", "--quiet")
        if kind == "cookiecutter":
            (root / "cookiecutter.json").write_text(json.dumps({"name": "project"}))
        else:
            (root / "copier.yml").write_text("name: {type: str, default: project}\n_templates_suffix: ''\n")
            (root / "{{ _copier_conf.answers_file }}").write_text("{{ _copier_answers|to_nice_yaml }}")
        for version in (1, 2):
            for number in range(size):
                path = root / folder / _path(number)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(_text(number, variable, version == 2 and number % 10 == 0))
            _commit(root)
            _git(root, "tag", f"v{version}")
            shutil.copytree(root, home / f"{kind}-v{version}", ignore=shutil.ignore_patterns(".git"))
        made.append(root)
    return made[0], made[1]


def _git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, env=ENV, check=True, capture_output=True)


def _commit(root: Path) -> None:
    _git(root, "add", "--all")
    _git(root, "commit", "--quiet", "--no-verify", "--message", "x")


def _edit(root: Path) -> Callable[[], int]:
    """Five edits: two files changed (one of them by the template too), one deleted, one moved, one of their own.

    Returns:
        How many of them are there still.
    """
    changed, both, gone, moved = (root / _path(n) for n in (1, 10, 20, 30))
    for path in (changed, both):
        path.write_text(path.read_text().replace(' 5"', ' 5, mine"'))
    gone.unlink()
    moved.rename(root / "elsewhere.py")
    (root / "own.env").write_text("MINE=1\n")

    def kept() -> int:
        next_there = "as the next version has it"
        return sum((
            ' 5, mine"' in changed.read_text(), ' 5, mine"' in both.read_text() and next_there in both.read_text(), not gone.exists(),
            not moved.exists() and next_there in (root / "elsewhere.py").read_text(), (root / "own.env").read_text() == "MINE=1\n",
        ))  # fmt: skip

    return kept


def _timed(command: Sequence[str], root: Path, saved: Path, rounds: int) -> float:
    """Median seconds of a command on a project that is as it was saved, each time; the last result stays."""
    seconds = []
    for turn in range(rounds + 1):
        shutil.rmtree(root)
        shutil.copytree(saved, root, symlinks=True)
        start = time.perf_counter()
        done = subprocess.run(command, cwd=root, env=ENV, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{command}: {done.stdout}{done.stderr}")
        if turn:
            seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def _tools() -> Path:
    home = peers.HOME / "update-env"
    if not (home / "bin" / "cruft").exists():
        subprocess.run([peers.UV, "venv", "--quiet", "--clear", home], check=True)
        subprocess.run(
            [peers.UV, "pip", "install", "--quiet", "--compile-bytecode", "--python", home / "bin" / "python", *TOOLS],
            check=True,
        )
    return home / "bin"


def run(bin_: Path, rounds: int) -> str:
    """The section of the page."""
    tools = _tools()
    home = peers.HOME / "update"
    rows = []
    for size in SIZES:
        shutil.rmtree(home, ignore_errors=True)
        template, for_copier = _templates(home / "templates", size)
        by_path = [str(home / "templates" / f"cookiecutter-v{version}") for version in (1, 2)]
        projects: dict[str, tuple[list[str], list[str]]] = {
            "pipegen": (
                [str(bin_ / "pipegen"), "new", "project", "--blueprint", by_path[0], "--set", "name=project", "--no-git"],
                [str(bin_ / "pipegen"), "update", "--to", by_path[1]],
            ),
            "copier": (
                [str(tools / "copier"), "copy", "--quiet", "--defaults", "--vcs-ref", "v1", str(for_copier), "project"],
                [str(tools / "copier"), "update", "--quiet", "--defaults", "--vcs-ref", "v2", "--conflict", "inline"],
            ),
            "cruft": (
                [str(tools / "cruft"), "create", str(template), "--no-input", "--checkout", "v1"],
                [str(tools / "cruft"), "update", "--skip-apply-ask", "--checkout", "v2"],
            ),
        }  # fmt: skip
        for name, (create, update) in projects.items():
            rows.append(
                [
                    f"{size:,}",
                    name,
                    *_measured(home / name, create, update, 1 if name != "pipegen" and size > 100 else rounds),
                ]
            )
    base = {row[0]: float(row[2]) for row in rows if row[1] == "pipegen"}
    shown = [[*row[:3], f"{float(row[2]) / base[row[0]]:.1f} x", row[3]] for row in rows]
    text = peers.table(("files", "tool", "s", "x pipegen", "of 5 edits kept, changes with them"), shown)
    return f"## Update\n\n{HEAD}\n{text}\n{_nothing_to_do(bin_, home, rounds)}"


HEAD = """A project of one template; its next version changes a tenth of the files. Five edits, committed: a file changed, one changed that
the template changes too, one deleted, one moved that the template changes, one of their own. Aims: 25 x faster than copier at
1,000 files, and under 1 s.
"""


def _measured(folder: Path, create: Sequence[str], update: Sequence[str], rounds: int) -> list[str]:
    folder.mkdir(parents=True)
    subprocess.run(create, cwd=folder, env=ENV, check=True, capture_output=True)
    root, saved = folder / "project", folder / "saved"
    kept = _edit(root)
    if not (root / ".git").exists():
        _git(root, "init", "--quiet")
    _commit(root)
    shutil.copytree(root, saved, symlinks=True)
    return [f"{_timed(update, root, saved, rounds):.2f}", str(kept())]


def _nothing_to_do(bin_: Path, home: Path, rounds: int) -> str:
    """A no-op update and a status of a large project, beside git's own status of it."""
    shutil.rmtree(home, ignore_errors=True)
    template, _ = _templates(home / "templates", LARGE)
    create = [
        str(bin_ / "pipegen"),
        "new",
        "project",
        "--blueprint",
        str(template),
        "--set",
        "name=project",
        "--no-git",
    ]
    subprocess.run(create, cwd=home, env=ENV, check=True, capture_output=True)
    root = home / "project"
    _edit(root)
    _git(root, "init", "--quiet")
    _commit(root)
    commands = {
        "`git status`": ["git", "-C", str(root), "status", "--porcelain"],
        "`pipegen status`": [str(bin_ / "pipegen"), "status", "-C", str(root)],
        "`pipegen update`, nothing to do": [str(bin_ / "pipegen"), "update", "-C", str(root)],
    }
    found = peers.walls(commands, rounds)
    rows = [[name, f"{seconds:.2f}", f"{seconds / found['`git status`']:.1f} x"] for name, seconds in found.items()]
    return f"A project of {LARGE:,} files, five of them edited. Aim: under 0.5 s.\n\n{peers.table(('command', 's', 'x git status'), rows)}"
