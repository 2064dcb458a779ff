"""Views of a repository that a plain template renders."""

from __future__ import annotations

import shlex
from pathlib import Path

from pipegen.app.generate import shown
from pipegen.app.template_new import Generated
from pipegen.ui.design import counted
from pipegen.ui.terminal import Terminal


def template(made: Generated, terminal: Terminal) -> None:
    """What is rendered, and at which commit."""
    ref = made.spec.template
    at = f" at {ref.ref}" if ref.ref else ""
    commit = f", commit {made.version[:12]}" if len(made.version) >= 40 else ""
    terminal.say(("  template  ", "dim"), (ref.source, "bold"), f"{at}{commit}")


def written(made: Generated, cwd: Path, notes: list[str], terminal: Terminal) -> None:
    """The end of ``new``: what stands where, how to do the same again, and what to do next."""
    where = shown(made.target, cwd)
    terminal.say(("wrote ", "bold green"), (where, "bold"), f"  {counted(len(made.plan.actions), 'file')}")
    for note in (*made.plan.notes, *notes):
        terminal.warn(note)
    terminal.say("")
    terminal.say("The same again, with nothing asked:")
    terminal.say(f"  {made.plan.equivalent}")
    terminal.say("")
    terminal.say("Next:")
    for command, why in (
        (f"cd {shlex.quote(where)}", ""),
        ("pipegen update", "when the template has a newer version, or an answer in pipegen.yml another value"),
    ):
        terminal.say("  ", (command, "bold"), (f"   # {why}" if why else "", "dim"))
