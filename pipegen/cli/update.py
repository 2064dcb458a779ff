"""``pipegen update``: its flags, and the ways it can end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipegen.cli.options import Debug, Directory, Json, NoColor, NoInput, Verbose

if TYPE_CHECKING:
    from pipegen.app.update import Request, Updated
    from pipegen.core.update.table import Style
    from pipegen.ui.terminal import Terminal

ACCEPT = "--accept-design"
EVERY = "*"


def with_values(argv: Sequence[str]) -> list[str]:
    """The command line with ``--accept-design`` alone as ``--accept-design=*``: its value may be left out."""
    return [f"{word}={EVERY}" if word == ACCEPT else word for word in argv]


def update(
    set_: Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE: edits pipegen.yml first, comments kept; repeat.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="A catalog, BLUEPRINT=VERSION, or a template's path.", show_default=False)] = None,
    probe: Annotated[bool, typer.Option("--probe", help="Look at the sources again first.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Exit with 4 where anything would change; write nothing.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan, write nothing.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what would change as diffs, write nothing.")] = False,
    conflict: Annotated[str, typer.Option("--conflict", help="For overlapping edits: inline, aside, yours or theirs.")] = "inline",
    continue_: Annotated[bool, typer.Option("--continue", help="Conflicts are resolved: go on.")] = False,
    abort: Annotated[bool, typer.Option("--abort", help="Take the last update back while its conflicts are open.")] = False,
    restore: Annotated[list[str] | None, typer.Option("--restore", help="Bring a deleted file back; repeat.", metavar="PATH")] = None,
    accept_design: Annotated[list[str] | None, typer.Option(ACCEPT, help="Take a decision anew, or all.", metavar="[=ID]")] = None,
    trust: Annotated[bool, typer.Option("--trust", help="Let the code of a template run: its hooks and extensions.")] = False,
    json: Json = False, no_input: NoInput = False, no_color: NoColor = False, verbose: Verbose = False, debug: Debug = False,
    directory: Directory = Path(),
) -> None:  # fmt: skip
    """Example: pipegen update --set defaults.freshness=1h

    Render anew for an edited pipegen.yml or a newer catalog, and merge: no edit is lost.
    """
    from pipegen.cli.main import command

    def go(terminal: Terminal) -> int:
        from pipegen.app.update import Request

        _refuse_together(continue_=continue_, abort=abort, check=check, dry_run=dry_run, diff=diff)
        if abort:
            return _abort(directory, json, terminal)
        from pipegen.cli.assignments import pairs

        request = Request(
            start=directory, sets=pairs(set_ or ()), to=to, probe=probe, accept=frozenset(accept_design or ()),
            conflict=style(conflict), settle=continue_, restore=tuple(restore or ()), trust=trust,
        )  # fmt: skip
        return run(
            request,
            terminal,
            json=json,
            show_only="check" if check else "diff" if diff else "plan" if dry_run else None,
        )

    command(go, no_color, verbose, debug)


def style(text: str) -> Style:
    """A conflict style by its name.

    Raises:
        UsageError: there is none of that name.
    """
    from pipegen.core.errors import UsageError
    from pipegen.core.names import did_you_mean, shorten
    from pipegen.core.update.table import STYLES

    for known in STYLES:
        if known == text:
            return known
    hint = did_you_mean(text, STYLES) or "for example `--conflict aside`"
    raise UsageError(f"`--conflict {shorten(text)}` is not one of {', '.join(STYLES)}", hint=hint)


def run(request: Request, terminal: Terminal, *, json: bool, show_only: str | None) -> int:
    """Plan an update, and carry it out unless it is only to be shown (``check``, ``diff``, ``plan``)."""
    from pipegen.app import update as use_case

    if show_only:
        waits = use_case.interrupted(request.start)
        if waits:
            terminal.warn(waits)
        return _shown(use_case.update(request, terminal.progress), terminal, json, show_only)
    with use_case.writing(request.start, "update") as recovered:
        if recovered:
            terminal.warn(recovered)
        return ended(use_case.apply(use_case.update(request, terminal.progress)), terminal, json)


def _shown(made: Updated, terminal: Terminal, json: bool, how: str) -> int:
    from pipegen.core import errors
    from pipegen.ui import views
    from pipegen.ui.terminal import document

    if json:
        document(made.plan.document(applied=False))
    elif how == "diff":
        views.diff(made.plan, terminal)
        views.notes(made.plan, terminal)
    else:
        views.update(made, terminal, applied=False)
    return errors.EXIT_DIFFERS if how == "check" and (made.changes or made.unresolved) else errors.EXIT_OK


def ended(made: Updated, terminal: Terminal, json: bool) -> int:
    from pipegen.core import errors
    from pipegen.ui import views
    from pipegen.ui.terminal import document

    if json:
        document(made.plan.document(applied=made.changes))
    else:
        views.update(made, terminal, applied=True)
    return errors.EXIT_CONFLICTS if made.unresolved else errors.EXIT_OK


def _abort(directory: Path, json: bool, terminal: Terminal) -> int:
    from pipegen.app import update as use_case
    from pipegen.ui import views
    from pipegen.ui.terminal import document

    with use_case.writing(directory, "update --abort") as recovered:
        if recovered:
            terminal.warn(recovered)
        done = use_case.abort(directory)
    if json:
        document({"schema_version": 1, "restored": list(done.restored), "set_aside": list(done.set_aside)})
    else:
        views.aborted(done.restored, done.set_aside, terminal)
    return 0


def _refuse_together(**flags: bool) -> None:
    from pipegen.core.errors import UsageError

    given = [name.strip("_").replace("_", "-") for name, value in flags.items() if value]
    if len(given) > 1:
        raise UsageError(f"`--{given[0]}` and `--{given[1]}` are two things", hint="give one of them")
