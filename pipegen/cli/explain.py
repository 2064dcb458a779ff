"""``pipegen explain`` and ``pipegen plan``: the design and its reasons, and what another answer would change."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipegen.cli.options import Debug, Directory, Json, NoColor, NoInput, Verbose

if TYPE_CHECKING:
    from pipegen.app.explain import Explanation
    from pipegen.ui.terminal import Terminal


def explain(
    id: Annotated[str | None, typer.Argument(help="A decision, table, source, figure; sizing, cost, prices, questions.")] = None,
    answers: Annotated[str | None, typer.Option("--answers", help="A pipegen.yml outside a repository; `-`: stdin.")] = None,
    json: Json = False, no_input: NoInput = False, no_color: NoColor = False, verbose: Verbose = False, debug: Debug = False,
    directory: Directory = Path(),
) -> None:  # fmt: skip
    """Example: pipegen explain shop_db.orders.extract

    The design: each decision, why, and what would flip it; the sizing, what a month costs, what is open. Whole where ID is given.
    """
    from pipegen.cli.main import command

    def go(terminal: Terminal) -> int:
        from pipegen.ui import design
        from pipegen.ui.terminal import document

        found = _explanation(directory, answers, id)
        if json:
            document(found.document())
        elif id is None:
            design.explanation(found, terminal)
        else:
            design.detail(found, id, terminal)
        return 0

    command(go, no_color, verbose, debug)


def _explanation(directory: Path, answers: str | None, id: str | None) -> Explanation:
    from pipegen.app import explain as use_case
    from pipegen.store import yaml_file

    if answers is None:
        return use_case.of_repository(directory, id)
    if answers == "-":
        return use_case.of_answers(yaml_file.parse(sys.stdin.buffer.read(), "stdin"), None, id)
    path = directory / answers
    return use_case.of_answers(yaml_file.read(path, answers), path.parent, id)


def plan(
    set_: Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE: another answer, for example `freshness=5m`; repeat.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="A catalog, BLUEPRINT=VERSION, or a template's path.", show_default=False)] = None,
    diff: Annotated[bool, typer.Option("--diff", help="Show the files that change as diffs.")] = False,
    json: Json = False, no_input: NoInput = False, no_color: NoColor = False, verbose: Verbose = False, debug: Debug = False,
    directory: Directory = Path(),
) -> None:  # fmt: skip
    """Example: pipegen plan --set freshness=5m

    What would change if the answers were these: decisions, sizing, cost, files. Writes nothing; exit 1 where it cannot be built.
    """
    from pipegen.cli.main import command

    def go(terminal: Terminal) -> int:
        from pipegen.app import plan as use_case
        from pipegen.app.update import interrupted
        from pipegen.cli.assignments import pairs
        from pipegen.core import errors
        from pipegen.ui import what_if
        from pipegen.ui.terminal import document

        waits = interrupted(directory)
        if waits:
            terminal.warn(waits)
        found = use_case.plan(directory, pairs(set_ or ()), to, terminal.progress)
        document(found.document()) if json else what_if.what_if(found, terminal, diff=diff)
        return errors.EXIT_FAILED if found.fails else errors.EXIT_OK

    command(go, no_color, verbose, debug)
