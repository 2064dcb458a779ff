"""Views: a plan, a status, a list of blueprints, as people read them."""

from __future__ import annotations

import difflib
import os
import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipegen.core.plan import ChangePlan
from pipegen.ui import design, tree
from pipegen.ui.design import counted
from pipegen.ui.terminal import Style, Terminal
from pipegen.ui.wrapped import columns

if TYPE_CHECKING:  # a command imports its own use case alone
    from pipegen.app.blueprints import BlueprintDetails, BlueprintSummary, LintReport
    from pipegen.app.check import Check
    from pipegen.app.diff import FileDiff
    from pipegen.app.generate import Generated
    from pipegen.app.status import Status
    from pipegen.app.update import Updated

_FOLD_ABOVE = 40
_STYLES: dict[str, Style] = {"+": "green", "~": "yellow", ">": "cyan", "-": "red", "!": "bold red", "=": "dim"}


def plan(change: ChangePlan, terminal: Terminal) -> None:
    """Every action with its mark; folders are folded, with a count, where there are many."""
    if len(change.actions) <= _FOLD_ABOVE:
        for action in change.actions:
            note = f"  ({action.note})" if action.note and action.action != "create" else ""
            terminal.data((f"  {action.mark} ", _STYLES[action.mark]), action.path, (note, "dim"))
    else:
        counts = Counter((a.mark, a.path.split("/")[0] + "/" if "/" in a.path else a.path) for a in change.actions)
        for (mark, top), count in sorted(counts.items(), key=lambda item: (item[0][1].casefold(), item[0][0])):
            many = f"  {count} file{'s' if count > 1 else ''}" if top.endswith("/") else ""
            terminal.data((f"  {mark} ", _STYLES[mark]), top, (many, "dim"))
    terminal.data((change.headline(), "bold"))


def diff(change: ChangePlan, terminal: Terminal) -> None:
    """Unified diffs of every text that would be written or removed."""
    for action in change.actions:
        old, new = action.before, action.content
        if action.action == "keep" or (action.action == "conflict" and new is None):
            terminal.data((f"  {action.mark} ", _STYLES[action.mark]), action.path, (f"  ({action.note})", "dim"))
        elif any(side is not None and b"\0" in side for side in (old, new)) or action.path.endswith(".tar.gz"):
            terminal.data((f"  {action.mark} ", _STYLES[action.mark]), action.path, ("  (binary)", "dim"))
        else:
            unified(old, new, action.moved_from or action.path, action.path, terminal)
    terminal.data((change.headline(), "bold"))


def unified(old: bytes | None, new: bytes | None, old_path: str, new_path: str, terminal: Terminal) -> None:
    """One file's unified diff; None is a file that is not there."""
    before, after = (None if side is None else side.decode("utf-8", "replace").splitlines() for side in (old, new))
    names = ("/dev/null" if before is None else f"a/{old_path}", "/dev/null" if after is None else f"b/{new_path}")
    if old_path != new_path:
        terminal.data((f"rename {old_path} => {new_path}", "bold"))
    for line in difflib.unified_diff(before or [], after or [], *names, lineterm=""):
        style: Style = "bold" if line.startswith(("---", "+++")) else "dim"
        style = {"+": "green", "-": "red"}.get(line[:1], style) if style == "dim" else style  # type: ignore[assignment]
        terminal.data((line, style))


def update(made: Updated, terminal: Terminal, *, applied: bool) -> None:
    """What an update does, or did, and what is left to do."""
    notes(made.plan, terminal)
    if made.plan.actions:
        plan(made.plan, terminal)
    elif made.changes:
        terminal.say("only pipegen's own records change" if not applied else "only pipegen's own records changed")
    elif not made.unresolved:
        terminal.say("nothing to do: the repository is what its pipegen.yml and its blueprints say")
    if made.unresolved:
        many = counted(len(made.unresolved), "file")
        terminal.say((f"{many} in conflict:", "bold red"))
        for path in made.unresolved:
            terminal.say("  ", path)
        terminal.say(
            "resolve them (`.pipegen/conflicts/` has what lies aside), then: ", ("pipegen update --continue", "bold")
        )
        terminal.say("or take the update back: ", ("pipegen update --abort", "bold"))


def notes(change: ChangePlan, terminal: Terminal) -> None:
    for note in change.notes:
        terminal.warn(note)


def aborted(restored: Sequence[str], set_aside: Sequence[str], terminal: Terminal) -> None:
    """What ``update --abort`` took back."""
    terminal.say(("taken back ", "bold green"), counted(len(restored), "file"))
    for path in set_aside:
        terminal.warn(f"what you edited since lies at {path}")


def written(generated: Generated, cwd: Path, notes: list[str], terminal: Terminal) -> None:
    """The end of ``new``: what stands where, how to do the same with nothing asked, and what to do next."""
    from pipegen.app.generate import shown

    where = shown(generated.target, cwd)
    terminal.say(("wrote ", "bold green"), (where, "bold"), f"  {counted(len(generated.plan.actions), 'file')}")
    tree.folded((action.path for action in generated.plan.actions), terminal.say)
    design.notes((*generated.plan.notes, *notes), terminal)
    _same(generated, terminal)
    terminal.say("")
    terminal.say("Next:")
    quoted = shlex.quote(where)
    for command, why in (
        (f"cd {quoted}", ""),
        ("make demo", "sets up, makes sample data, runs it all"),
        ("make test", ""),
    ):
        terminal.say("  ", (command, "bold"), (f"   # {why}" if why else "", "dim"))


def _same(generated: Generated, terminal: Terminal) -> None:
    """The equivalent command, and the variables that it needs beside it: it holds no password."""
    from pipegen.core.spec.sources import PostgresSource, ServerSource

    terminal.say("")
    terminal.say("The same again, with nothing asked:")
    same = generated.plan.equivalent or ""
    for line in _in_lines(same) if terminal.is_watched else [same]:
        terminal.say(f"  {line}")
    for source in generated.spec.sources.values():
        if isinstance(source, PostgresSource | ServerSource) and not os.environ.get(source.url_env):
            terminal.say((f"  # {source.url_env}: the URL with its password, where the server asks for one", "dim"))


def _in_lines(command: str) -> list[str]:
    """A command as a shell takes it, broken before its options where it is wider than the screen."""
    if len(command) + 2 <= columns():
        return [command]
    found = [""]
    for word in map(shlex.quote, shlex.split(command)):
        if word.startswith("-") or len(found[-1]) > columns():
            found.append("   ")
        found[-1] = f"{found[-1]} {word}" if found[-1] else word
    return [f"{line} \\" for line in found[:-1]] + found[-1:]


def status(found: Status, terminal: Terminal) -> None:
    """What differs, a line a file."""
    marks: dict[str, tuple[str, Style]] = {
        "edited": ("~", "yellow"), "deleted": ("-", "red"), "moved": (">", "cyan"), "orphaned": ("=", "dim"),
        "conflict": ("!", "bold red"),
    }  # fmt: skip
    for difference in found.differences:
        mark, style = marks[difference.kind]
        note = f"  {difference.note}" if difference.note else ""
        terminal.data((f"  {mark} {difference.kind:<9}", style), difference.path, (note, "dim"))
    for reason in found.outdated:
        terminal.data(("  ^ outdated ", "yellow"), reason)
    if not found.differs:
        terminal.data(f"as rendered: {counted(found.files, 'file')}")


def differences(found: Sequence[FileDiff], terminal: Terminal) -> None:
    """What was edited since the last render."""
    for one in found:
        if one.note:
            terminal.data((f"  {one.path}", "bold"), (f"  ({one.note})", "dim"))
        else:
            unified(one.rendered, one.yours, one.path, one.at, terminal)


def check(found: Check, terminal: Terminal) -> None:
    """What a check found."""
    if not found.problems:
        ran = f", {', '.join(found.commands)}" if found.commands else ""
        terminal.say(("ok ", "bold green"), f"{counted(found.files, 'file')}, level {found.level}{ran}")


def blueprint_list(found: list[BlueprintSummary], terminal: Terminal) -> None:
    """A line a blueprint."""
    width = max((len(b.name) for b in found), default=0)
    for b in found:
        terminal.data(
            (f"{b.name:<{width}}", "bold"), f"  {b.version}  {b.summary}", (f"  [{', '.join(b.catalogs)}]", "dim")
        )


def blueprint(found: BlueprintDetails, terminal: Terminal) -> None:
    """What a blueprint renders, needs, contributes and asks."""
    terminal.data((f"{found.name} {found.version}", "bold"), f"  {found.summary}")
    if found.when != "true":
        terminal.data(("when      ", "dim"), found.when)
    for name, versions in found.requires.items():
        terminal.data(("requires  ", "dim"), f"{name} {versions}")
    for kind, names in found.contributes.items():
        terminal.data(("adds      ", "dim"), f"{kind}: {', '.join(names)}")
    for question in found.questions:
        terminal.data(("asks      ", "dim"), f"{question['id']}: {question['ask']}")
    for file in found.files:
        marks = [file.ownership] if file.ownership != "merged" else []
        marks += [f"when {file.when}"] if file.when != "true" else []
        terminal.data(("renders   ", "dim"), file.path, (f"  ({', '.join(marks)})" if marks else "", "dim"))


def lint(report: LintReport, terminal: Terminal) -> None:
    """A line a finding, as compilers have it."""
    for f in report.findings:
        style: Style = "red" if f.severity == "error" else "yellow"
        terminal.data(f"{f.path}:{f.line}: ", (f.severity, style), f": {f.message}", (f"  [{f.code}]", "dim"))
        if f.hint:
            terminal.data((f"    hint: {f.hint}", "dim"))
    checked = counted(report.blueprints, "blueprint")
    terminal.say(f"{checked}, {counted(len(report.findings), 'finding')}" if report.findings else f"ok: {checked}")
