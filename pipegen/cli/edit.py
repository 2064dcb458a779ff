"""``pipegen add source``, ``pipegen add table`` and ``pipegen rename``: pipegen.yml is edited, and the repository updated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipegen.cli.options import Debug, Directory, Json, NoColor, NoInput, Verbose
from pipegen.core.questions import BY_NAME

if TYPE_CHECKING:
    from pipegen.ui.terminal import Terminal

Inputs = dict[str, bytes | None]


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
    url: Annotated[str, typer.Argument(metavar="URL", help="`URL` or `NAME=URL`; a password in it is used and written nowhere.")],
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

    def made(terminal: Terminal) -> Inputs:
        from pipegen.app import add as use_case

        return use_case.add_source(
            directory, url, tables=table or (), said=said, cwd=directory, progress=terminal.progress, tell=terminal.warn
        )

    _go(
        "add source",
        made,
        directory,
        conflict,
        accept_design,
        _show_only(dry_run, diff),
        json,
        (no_color, verbose, debug),
    )


@add.command("table", short_help="Tables more of a source that is there.")
def table(
    names: Annotated[list[str], typer.Argument(metavar="TABLE...", help="A table: `T`, `SOURCE.T` or `SOURCE.SCHEMA.T`.")],
    dry_run: DryRun = False, diff: Diff = False, conflict: Conflict = "inline", accept_design: Accept = None,
    json: Json = False, no_input: NoInput = False, no_color: NoColor = False, verbose: Verbose = False, debug: Debug = False,
    directory: Directory = Path(),
) -> None:  # fmt: skip
    """Example: pipegen add table shop_db.returns

    Look at tables of a source that is there, put them into pipegen.yml with the marts that they allow, and update.
    """

    def made(terminal: Terminal) -> Inputs:
        from pipegen.app import add as use_case

        return use_case.add_table(directory, names, progress=terminal.progress, tell=terminal.warn)

    _go(
        "add table",
        made,
        directory,
        conflict,
        accept_design,
        _show_only(dry_run, diff),
        json,
        (no_color, verbose, debug),
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


def _go(
    what: str, made: Callable[[Terminal], Inputs], directory: Path, conflict: str, accept: list[str] | None, show_only: str | None,
    json: bool, manner: tuple[bool, bool, bool],
) -> None:  # fmt: skip
    """Make the inputs, and update the repository to them."""
    from pipegen.cli.main import command

    def go(terminal: Terminal) -> int:
        from pipegen.app import update as use_case
        from pipegen.cli.update import ended, run, style

        asked = use_case.Request(start=directory, conflict=style(conflict), accept=frozenset(accept or ()))
        if show_only is not None:
            return run(replace(asked, inputs=made(terminal)), terminal, json=json, show_only=show_only)
        with use_case.writing(directory, what) as recovered:  # no other run writes what the inputs are made from
            if recovered:
                terminal.warn(recovered)
            planned = use_case.update(replace(asked, inputs=made(terminal)), terminal.progress)
            return ended(use_case.apply(planned), terminal, json)

    command(go, *manner)
