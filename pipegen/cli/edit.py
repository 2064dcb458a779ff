"""``pipegen add source``, ``pipegen add table`` and ``pipegen rename``: pipegen.yml is edited, and the repository updated."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipegen.cli.options import Debug, Directory, Json, NoColor, NoInput, Verbose
from pipegen.core.questions import BY_NAME

if TYPE_CHECKING:
    from pipegen.app.interview.adding import NewSource
    from pipegen.core.prompting import Prompter
    from pipegen.ui.terminal import Terminal

Inputs = dict[str, bytes | None]
_URL = "`URL` or `NAME=URL`; a password in it is used and written nowhere. At a terminal it is asked for."
_TABLE = "A table: `T`, `SOURCE.T` or `SOURCE.SCHEMA.T`. At a terminal it is asked for."
_MEANT = {"URL": f"allowed is {_URL}", "TABLE": f"allowed is {_TABLE}"}


def _asked(name: str, text: str | None = None) -> Any:
    """The option of a question of ``new``, which is asked of one source here."""
    question = BY_NAME[name]
    shown = f"{text or question.help} For example `{question.example}`."
    return typer.Option(question.flag, help=shown, show_default=False, metavar=name.upper())


DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan, write nothing.")]
Diff = Annotated[bool, typer.Option("--diff", help="Show what would change as diffs, write nothing.")]
Conflict = Annotated[str, typer.Option("--conflict", help="For overlapping edits: inline, aside, yours or theirs.")]
Accept = Annotated[
    list[str] | None, typer.Option("--accept-design", help="Take a decision anew, or all.", metavar="[=ID]")
]

add = typer.Typer(
    help="Example: pipegen add table shop_db.returns\n\nExtend pipegen.yml by a source or a table, and update.",
    no_args_is_help=True,
)


@add.command("source", short_help="A source more, with the probe of `new`.")
def source(
    url: Annotated[str | None, typer.Argument(metavar="URL", help=_URL, show_default=False)] = None,
    table: Annotated[list[str] | None, _asked("table", "A table to load: all that are found, up to 20, by default; repeat.")] = None,
    volume: Annotated[str | None, _asked("volume", "New and changed data of the source.")] = None,
    peak: Annotated[str | None, _asked("peak")] = None,
    freshness: Annotated[str | None, _asked("freshness")] = None,
    lateness: Annotated[str | None, _asked("lateness")] = None,
    deletes: Annotated[str | None, _asked("deletes")] = None,
    history: Annotated[str | None, _asked("history")] = None,
    rule: Annotated[list[str] | None, _asked("rule")] = None,
    personal_data: Annotated[list[str] | None, _asked("personal_data")] = None,
    dry_run: DryRun = False, diff: Diff = False, conflict: Conflict = "inline", accept_design: Accept = None,
    json: Json = False, no_input: NoInput = False, no_color: NoColor = False, verbose: Verbose = False, debug: Debug = False,
    directory: Directory = Path(),
) -> None:  # fmt: skip
    """Example: pipegen add source partner='../partner/*.csv' --freshness 1d

    Look at a source, put it into pipegen.yml with the marts that it allows, and update. Paths count from here.
    """
    answers = {
        "volume": volume, "peak": peak, "freshness": freshness, "lateness": lateness, "deletes": deletes, "history": history,
        "rule": rule, "personal_data": personal_data,
    }  # fmt: skip
    said = {key: value for key, value in answers.items() if value}

    asked: list[NewSource] = []

    def ask(terminal: Terminal) -> bool:
        from pipegen.app.interview.adding import new_source

        asked.append(new_source(directory, _prompter(terminal), cwd=directory, progress=terminal.progress))
        return True

    def made(terminal: Terminal) -> Inputs:
        from pipegen.app import add as use_case

        new = asked[0] if asked else None
        text, tables, more = (new.text, new.tables, new.said) if new else (url or "", table or (), {})
        return use_case.add_source(
            directory, text, tables=tables, said={**more, **said}, cwd=directory, looked=new.looked if new else None,
            progress=terminal.progress, tell=terminal.warn,
        )  # fmt: skip

    _go(
        "add source",
        made,
        directory,
        conflict,
        accept_design,
        _show_only(dry_run, diff),
        json,
        (no_color, verbose, debug),
        _asking(ask, "URL", url is not None, json=json, no_input=no_input),
    )


@add.command("table", short_help="Tables more of a source that is there.")
def table(
    names: Annotated[list[str] | None, typer.Argument(metavar="TABLE...", help=_TABLE, show_default=False)] = None,
    dry_run: DryRun = False, diff: Diff = False, conflict: Conflict = "inline", accept_design: Accept = None,
    json: Json = False, no_input: NoInput = False, no_color: NoColor = False, verbose: Verbose = False, debug: Debug = False,
    directory: Directory = Path(),
) -> None:  # fmt: skip
    """Example: pipegen add table shop_db.returns

    Look at tables of a source that is there, put them into pipegen.yml with the marts that they allow, and update.
    """

    chosen = list(names or ())

    def ask(terminal: Terminal) -> bool:
        from pipegen.app.interview.adding import new_tables

        chosen.extend(new_tables(directory, _prompter(terminal), progress=terminal.progress))
        if not chosen:
            terminal.say("nothing was chosen, and nothing was written")
        return bool(chosen)

    def made(terminal: Terminal) -> Inputs:
        from pipegen.app import add as use_case

        return use_case.add_table(directory, chosen, progress=terminal.progress, tell=terminal.warn)

    _go(
        "add table",
        made,
        directory,
        conflict,
        accept_design,
        _show_only(dry_run, diff),
        json,
        (no_color, verbose, debug),
        _asking(ask, "TABLE", bool(names), json=json, no_input=no_input),
    )


def rename(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A source, `shop_db`, or a table, `orders` or `shop_db.orders`.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its name from now on; of a table, its real name at the source.")],
    dry_run: DryRun = False, diff: Diff = False, conflict: Conflict = "inline", accept_design: Accept = None,
    json: Json = False, no_input: NoInput = False, no_color: NoColor = False, verbose: Verbose = False, debug: Debug = False,
    directory: Directory = Path(),
) -> None:  # fmt: skip
    """Example: pipegen rename shop_db.clients customers

    Give a source or a table another name, and update: its files move, and the edits in them with it. A table is called as it is
    at the source, so this says that it was renamed there.
    """

    def made(_: Terminal) -> Inputs:
        from pipegen.app import rename as use_case

        return use_case.rename(directory, old, new)

    _go("rename", made, directory, conflict, accept_design, _show_only(dry_run, diff), json, (no_color, verbose, debug))


def _show_only(dry_run: bool, diff: bool) -> str | None:
    return "diff" if diff else "plan" if dry_run else None


def _prompter(terminal: Terminal) -> Prompter:
    from pipegen.ui.prompter import TerminalPrompter

    return TerminalPrompter(terminal)


def _asking(
    ask: Callable[[Terminal], bool], argument: str, given: bool, *, json: bool, no_input: bool
) -> Callable[[Terminal], bool] | None:
    """What asks for an argument that was not given; None where it was. Where nobody can be asked, that is an error.

    Raises:
        UsageError: as it is called.
    """
    if given:
        return None

    def asked(terminal: Terminal) -> bool:
        from pipegen.core.errors import UsageError
        from pipegen.core.prompting import may_ask

        stdin, stdout, stderr = (one is not None and one.isatty() for one in (sys.stdin, sys.stdout, sys.stderr))
        if not may_ask(stdin=stdin, stdout=stdout, stderr=stderr, environ=os.environ, no_input=no_input, json=json):
            raise UsageError(f"missing argument `{argument}`", hint=_MEANT[argument])
        return ask(terminal)

    return asked


def _go(
    what: str, made: Callable[[Terminal], Inputs], directory: Path, conflict: str, accept: list[str] | None, show_only: str | None,
    json: bool, manner: tuple[bool, bool, bool], ask: Callable[[Terminal], bool] | None = None,
) -> None:  # fmt: skip
    """Make the inputs, and update the repository to them; ``ask`` comes first, and says whether there is something to do."""
    from pipegen.cli.main import command

    def go(terminal: Terminal) -> int:
        from pipegen.app import update as use_case
        from pipegen.cli.update import ended, run, style
        from pipegen.core.errors import EXIT_INTERRUPTED, EXIT_OK
        from pipegen.core.prompting import Stopped

        try:
            if ask is not None and not ask(terminal):
                return EXIT_OK
        except Stopped:
            terminal.say("nothing was written")
            return EXIT_INTERRUPTED
        asked = use_case.Request(start=directory, conflict=style(conflict), accept=frozenset(accept or ()))
        if show_only is not None:
            return run(replace(asked, inputs=made(terminal)), terminal, json=json, show_only=show_only)
        with use_case.writing(directory, what) as recovered:  # no other run writes what the inputs are made from
            if recovered:
                terminal.warn(recovered)
            planned = use_case.update(replace(asked, inputs=made(terminal)), terminal.progress)
            return ended(use_case.apply(planned), terminal, json)

    command(go, *manner)
