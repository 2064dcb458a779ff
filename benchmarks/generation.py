"""Generation at 1, 100 and 1,000 tables, and of 1,000 distinct templates, against cookiecutter, copier and a bare Jinja loop."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from benchmarks import peers
from benchmarks.tasks import VARIABLES, template_text

TABLES = (1, 100, 1000)
TEMPLATES = 1000


def templates(count: int) -> dict[str, Path]:
    """As many distinct templates for each peer, in its own form."""
    home = peers.HOME / f"templates-{count}"
    shutil.rmtree(home, ignore_errors=True)
    folders = {
        "pipegen": home / "pipegen",
        "bare": home / "bare",
        "cookiecutter": home / "cookiecutter",
        "copier": home / "copier",
    }
    inside = {
        "pipegen": folders["pipegen"] / "files",
        "bare": folders["bare"],
        "cookiecutter": folders["cookiecutter"] / "{{cookiecutter.slug}}",
        "copier": folders["copier"],
    }
    marks = {
        "pipegen": ("<%=", "%>"),
        "bare": ("<%=", "%>"),
        "cookiecutter": ("{{ cookiecutter.", "}}"),
        "copier": ("{{", "}}"),
    }
    for peer, folder in inside.items():
        for number in range(count):
            opening, closing = marks[peer]
            text = template_text(number, opening, closing).replace(
                f"{opening} value", f"{opening}value" if peer == "cookiecutter" else f"{opening} value"
            )
            path = folder / f"part_{number // 50:02}" / f"file_{number:04}.py{'.jinja' if peer == 'copier' else ''}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    (folders["pipegen"] / "blueprint.yml").write_text("name: bench\nversion: 1.0.0\nsummary: A thousand templates.\n")
    (folders["cookiecutter"] / "cookiecutter.json").write_text(json.dumps({"slug": "out", **VARIABLES}))
    questions = "".join(f"{k}:\n  type: str\n  default: {v}\n" for k, v in VARIABLES.items())
    (folders["copier"] / "copier.yml").write_text(questions)
    return folders


def run(bin_: Path, rounds: int) -> str:
    python = str(bin_ / "python")
    work = peers.HOME / "work"
    cold, warm = str(peers.HOME / "cache-cold"), str(peers.HOME / "cache-warm")

    def task(kind: str, argument: object, cache: str) -> list[str]:
        wipe = f"import shutil; shutil.rmtree({cold!r}, ignore_errors=True); "
        code = (wipe if cache == cold else "") + "from benchmarks.tasks import main; main()"
        return [
            python,
            "-c",
            f"import sys; sys.path.insert(0, {str(peers.ROOT)!r}); {code}",
            kind,
            str(work),
            str(argument),
            cache,
        ]

    by_tables = {n: peers.timed({f"{n}": task("generate", n, warm)}, rounds)[f"{n}"] for n in TABLES}
    rows = []
    for n, seconds in by_tables.items():
        files = _files(task("generate", n, warm))
        folders = templates(files)
        others = peers.timed(
            {p: task(p, folders[p], warm) for p in ("bare", "cookiecutter", "copier")}, max(1, rounds // 2)
        )
        rows.append(
            [
                f"{n:,}",
                f"{files:,}",
                f"{seconds:.2f}",
                *(f"{others[p]:.2f} ({others[p] / seconds:.1f} x)" for p in others),
            ]
        )
    head = ["tables", "files", "pipegen new, whole (s)", "bare Jinja loop", "cookiecutter", "copier"]
    text = "## Generation\n\nThe whole of `pipegen new` but the probe, against as many distinct files of 40 lines rendered by others.\n\n"
    text += peers.table(head, rows)
    return text + "\n" + _thousand_templates(task, cold, warm, rounds)


def _files(command: list[str]) -> int:
    done = subprocess.run(command, env=peers.clean(), capture_output=True, text=True, check=True, cwd=peers.HOME)
    return int(json.loads(done.stdout.splitlines()[-1])["files"])


def _thousand_templates(task: object, cold: str, warm: str, rounds: int) -> str:
    folders = templates(TEMPLATES)
    scripts = {
        "bare Jinja loop": task("bare", folders["bare"], warm),  # type: ignore[operator]
        "pipegen, cold": task("pipegen", folders["pipegen"], cold),  # type: ignore[operator]
        "pipegen, warm": task("pipegen", folders["pipegen"], warm),  # type: ignore[operator]
        "cookiecutter": task("cookiecutter", folders["cookiecutter"], warm),  # type: ignore[operator]
        "copier": task("copier", folders["copier"], warm),  # type: ignore[operator]
    }
    peers.timed({"warm": scripts["pipegen, warm"]}, 1)
    seconds = peers.timed(scripts, rounds)
    bare, cookiecutter = seconds["bare Jinja loop"], seconds["cookiecutter"]
    rows = [[name, f"{s:.2f}", f"{s / bare:.2f}", f"{cookiecutter / s:.1f} x"] for name, s in seconds.items()]
    head = [f"{TEMPLATES:,} distinct templates", "s", "x bare loop", "faster than cookiecutter"]
    return "Aims: cold at most 1.2 x the bare loop, warm at least 5 x faster than cookiecutter.\n\n" + peers.table(
        head, rows
    )
