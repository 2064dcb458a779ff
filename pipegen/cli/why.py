"""``pipegen why``: which blueprint, answer and decision put a file or a line here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipegen.cli.options import Debug, Directory, Json, NoColor, NoInput, Verbose

if TYPE_CHECKING:
    from pipegen.ui.terminal import Terminal


def why(
    place: Annotated[str, typer.Argument(metavar="PATH[:LINE]", help="A file of the repository, or a line of it.")],
    json: Json = False, no_input: NoInput = False, no_color: NoColor = False, verbose: Verbose = False, debug: Debug = False,
    directory: Directory = Path(),
) -> None:  # fmt: skip
    """Example: pipegen why dags/shop.py:18

    Which blueprint, answer and decision put this file or line here.
    """
    from pipegen.cli.main import command

    def go(terminal: Terminal) -> int:
        from pipegen.app import why as use_case
        from pipegen.ui import why as view
        from pipegen.ui.terminal import document

        found = use_case.why(directory, place)
        document(found.document()) if json else view.why(found, terminal)
        return 0

    command(go, no_color, verbose, debug)
