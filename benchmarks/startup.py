"""Start-up of ``--version`` and ``--help`` against cookiecutter, copier, a typer hello world and a bare interpreter."""

from __future__ import annotations

from pathlib import Path

from benchmarks import peers

HELLO = """
import typer
app = typer.Typer(add_completion=False, rich_markup_mode=None)
@app.command()
def hello(name: str = "world"): print(f"hello {name}")
app()
"""


def run(bin_: Path, rounds: int) -> str:
    hello = peers.HOME / "hello.py"
    hello.write_text(HELLO)
    python = str(bin_ / "python")
    seconds = peers.walls(
        {
            "python -c pass": [python, "-c", "pass"],
            "pipegen --version": [str(bin_ / "pipegen"), "--version"],
            "cookiecutter --version": [str(bin_ / "cookiecutter"), "--version"],
            "copier --version": [str(bin_ / "copier"), "--version"],
            "typer hello world --help": [python, str(hello), "--help"],
            "pipegen --help": [str(bin_ / "pipegen"), "--help"],
            "cookiecutter --help": [str(bin_ / "cookiecutter"), "--help"],
            "copier --help": [str(bin_ / "copier"), "--help"],
        },
        rounds,
    )
    bare, hello_world = seconds["python -c pass"], seconds["typer hello world --help"]
    rows = [
        [f"`{name}`", f"{s * 1000:.0f}", f"{s / bare:.1f}", f"{s / hello_world:.2f}" if "--help" in name else ""]
        for name, s in seconds.items()
    ]
    head = ["command", "ms", "x bare interpreter", "x typer hello world"]
    aims = "Aims (experience 31): `--help` at most 1.2 x a typer hello world; `--version` at most 50 ms where the bare one takes 12.\n"
    return f"## Start-up\n\n{aims}\n{peers.table(head, rows)}"
