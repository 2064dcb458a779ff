"""``pipegen inspect``: look at a source, print what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipegen.cli.options import Debug, Directory, Json, NoColor, NoInput, Verbose

if TYPE_CHECKING:
    from pipegen.ui.terminal import Terminal

SECONDS = 60.0


def inspect(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="a URL, `NAME=URL`, a path or glob, or a source of this repository")],
    table: Annotated[list[str] | None, typer.Option("--table", help="Only this table, with its columns; repeat.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="As `new` takes it: `sources.api.auth_env=API_TOKEN`; repeat.")] = None,
    seconds: Annotated[float, typer.Option("--seconds", help="How long to look at most.", min=1.0)] = SECONDS,
    save: Annotated[bool, typer.Option("--save", help="Write sources/NAME.yml of this repository.")] = False,
    json: Json = False, no_input: NoInput = False, no_color: NoColor = False, verbose: Verbose = False, debug: Debug = False,
    directory: Directory = Path(),
) -> None:  # fmt: skip
    """Example: pipegen inspect postgresql://reader@localhost/shop --table orders

    Look at a source and print what was measured: tables, keys, watermarks, rates, what looks personal. Nothing is written
    without --save; a password in the URL is used and written nowhere.
    """
    from pipegen.cli.main import command

    def go(terminal: Terminal) -> int:
        from pipegen.app import inspect as use_case
        from pipegen.cli.assignments import pairs
        from pipegen.ui import inspection
        from pipegen.ui.terminal import document

        found = use_case.inspect(
            source, directory, sets=pairs(set_ or ()), tables=table or (), seconds=seconds, save=save, progress=terminal.progress,
        )  # fmt: skip
        if json:
            document(found.document())
        else:
            inspection.inspection(found, terminal, whole=bool(table) or verbose)
        return 0

    command(go, no_color, verbose, debug)
