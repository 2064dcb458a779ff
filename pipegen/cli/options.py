"""Flags that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, and nothing else there.")]
NoInput = Annotated[bool, typer.Option("--no-input", help="Never ask.")]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Say what was read.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Directory = Annotated[
    Path,
    typer.Option("-C", metavar="DIR", help="Work in this folder.", exists=True, file_okay=False, show_default=False),
]
