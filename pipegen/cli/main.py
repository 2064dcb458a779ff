"""The command line: parse, call one use case, turn the result into an exit code.

What a command needs is imported when it runs, so that ``--help`` stays quick.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipegen.cli.edit import add, rename
from pipegen.cli.explain import explain, plan
from pipegen.cli.inspect import inspect
from pipegen.cli.new import new
from pipegen.cli.options import Debug, Directory, Json, NoColor, NoInput, Verbose
from pipegen.cli.update import update, with_values
from pipegen.cli.why import why

if TYPE_CHECKING:
    from pipegen.ui.terminal import Terminal

COMPLETE = "_PIPEGEN_COMPLETE"  # set by a completion script
EXAMPLE = "Example: pipegen new shop --source sample: && make -C shop demo"

app = typer.Typer(
    name="pipegen",
    help=f"{EXAMPLE}\n\nDesigns a data pipeline with you and writes the complete repository that runs it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
blueprints = typer.Typer(
    help="Example: pipegen blueprints list\n\nThe blueprints that repositories are rendered from.", no_args_is_help=True
)
app.add_typer(blueprints, name="blueprints", short_help="The blueprints that repositories are rendered from.")
app.command("new", short_help="Answer questions, flags or a file, and get a complete repository.")(new)
app.command("inspect", short_help="Look at a source, and print what was measured; writes nothing.")(inspect)
app.command("explain", short_help="The design: each decision, why, and what would flip it.")(explain)
app.command("plan", short_help="What another answer would change: decisions, sizing, files; writes nothing.")(plan)
app.command("update", short_help="Regenerate for an edited pipegen.yml or newer blueprints; edits are kept.")(update)
app.add_typer(add, name="add", short_help="Extend pipegen.yml by a source or a table, and update.")
app.command("rename", short_help="Another name for a source or a table, edits carried.")(rename)
app.command("why", short_help="Which blueprint, answer and decision put a file or a line here.")(why)


def _version(wanted: bool) -> None:
    if wanted:
        from pipegen import __version__

        typer.echo(f"pipegen {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", "-V", help="Print the version.", is_eager=True, callback=_version)
    ] = False,
) -> None: ...


@app.command(short_help="What differs from the last render.")
def status(
    json: Json = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 4 where anything differs.")] = False,
    no_input: NoInput = False, no_color: NoColor = False, verbose: Verbose = False, debug: Debug = False,
    directory: Directory = Path(),
) -> None:  # fmt: skip
    """Example: pipegen status --exit-code

    What differs from the last render: edited, deleted, moved, orphaned, in conflict, outdated.
    """

    def go(terminal: Terminal) -> int:
        from pipegen.app import status as use_case
        from pipegen.core import errors
        from pipegen.ui import views
        from pipegen.ui.terminal import document

        found = use_case.status(directory)
        document(found.document()) if json else views.status(found, terminal)
        return errors.EXIT_DIFFERS if exit_code and found.differs else errors.EXIT_OK

    command(go, no_color, verbose, debug)


@app.command(short_help="The edits since the last render.")
def diff(
    path: Annotated[str | None, typer.Argument(help="Only this file or folder.", show_default=False)] = None,
    json: Json = False, no_input: NoInput = False, no_color: NoColor = False, verbose: Verbose = False, debug: Debug = False,
    directory: Directory = Path(),
) -> None:  # fmt: skip
    """Example: pipegen diff dags/

    What people edited since the last render, as a unified diff.
    """

    def go(terminal: Terminal) -> int:
        from pipegen.app import diff as use_case
        from pipegen.ui import views
        from pipegen.ui.terminal import document

        found = use_case.edits(directory, path)
        document(found.document()) if json else views.differences(found.files, terminal)
        return 0

    command(go, no_color, verbose, debug)


@app.command(short_help="Verify a repository: static, parse, run.")
def check(
    level: Annotated[str, typer.Option("--level", help="static; parse: its own lint and parsers too; run: its demo.")] = "parse",
    json: Json = False, no_input: NoInput = False, no_color: NoColor = False, verbose: Verbose = False, debug: Debug = False,
    directory: Directory = Path(),
) -> None:  # fmt: skip
    """Example: pipegen check --level static

    Verify a generated repository: static, parse, run.
    """

    def go(terminal: Terminal) -> int:
        from pipegen.app import check as use_case
        from pipegen.core import errors
        from pipegen.core.names import did_you_mean, shorten
        from pipegen.ui import views
        from pipegen.ui.errors import show
        from pipegen.ui.terminal import document

        if level not in use_case.LEVELS:
            raise errors.UsageError(
                f"`--level {shorten(level)}` is not one of {', '.join(use_case.LEVELS)}",
                hint=did_you_mean(level, use_case.LEVELS) or "for example `--level static`",
            )
        found = use_case.check(directory, level, terminal.progress)
        if json:
            document(found.document())
        elif found.problems:
            show(errors.SpecError(list(found.problems)), terminal)
        else:
            views.check(found, terminal)
        return errors.EXIT_FAILED if found.problems else errors.EXIT_OK

    command(go, no_color, verbose, debug)


@app.command(short_help="Print the JSON Schema of pipegen.yml.")
def schema(debug: Debug = False) -> None:
    """Example: pipegen schema > pipegen.schema.json

    Print the JSON Schema of pipegen.yml.
    """

    def go(_: Terminal) -> int:
        from pipegen.core.spec.schema import text
        from pipegen.ui.terminal import raw

        raw(text())
        return 0

    command(go, True, False, debug)


@app.command(short_help="Print a completion script: bash, zsh or fish.")
def completion(shell: Annotated[str, typer.Argument(help="bash, zsh or fish")], debug: Debug = False) -> None:
    """Example: pipegen completion bash > ~/.local/share/bash-completion/completions/pipegen

    Print a completion script.
    """

    def go(_: Terminal) -> int:
        from pipegen.cli.completion import script
        from pipegen.ui.terminal import raw

        raw(script(shell))
        return 0

    command(go, True, False, debug)


@blueprints.command("list", short_help="The bundled blueprints and their versions.")
def blueprints_list(json: Json = False, no_color: NoColor = False, debug: Debug = False) -> None:
    """Example: pipegen blueprints list

    The bundled blueprints and their versions.
    """
    from pipegen.cli import blueprints as commands

    command(lambda terminal: commands.listed(terminal, json), no_color, False, debug)


@blueprints.command("show", short_help="What a blueprint renders, asks and contributes.")
def blueprints_show(name: str, json: Json = False, no_color: NoColor = False, debug: Debug = False) -> None:
    """Example: pipegen blueprints show dbt

    What a blueprint renders, asks and contributes.
    """
    from pipegen.cli import blueprints as commands

    command(lambda terminal: commands.shown(terminal, name, json), no_color, False, debug)


@blueprints.command("lint", short_help="Find what is wrong with a blueprint.")
def blueprints_lint(path: Path, json: Json = False, no_color: NoColor = False, debug: Debug = False) -> None:
    """Example: pipegen blueprints lint ./blueprints/audit

    Find what is wrong with a blueprint, or with a folder of them.
    """
    from pipegen.cli import blueprints as commands

    command(lambda terminal: commands.linted(terminal, path, json), no_color, False, debug)


@blueprints.command("new", short_help="Write a small blueprint to start from.")
def blueprints_new(name: str, directory: Directory = Path(), no_color: NoColor = False, debug: Debug = False) -> None:
    """Example: pipegen blueprints new audit

    Write a small blueprint of your own to start from.
    """
    from pipegen.cli import blueprints as commands

    command(lambda terminal: commands.created(terminal, name, directory), no_color, False, debug)


def command(go: Callable[[Terminal], int], no_color: bool, verbose: bool, debug: bool) -> None:
    """Run a command's body behind the error handler."""
    from pipegen.ui.errors import guarded
    from pipegen.ui.terminal import Manner, Terminal

    terminal = Terminal(Manner(color=not no_color, verbose=verbose))
    raise typer.Exit(guarded(lambda: go(terminal), terminal, debug=debug))


def run(argv: Sequence[str]) -> int:
    """Run the command line and return its exit code; never raises.

    typer carries its own click, whose exceptions are told by their shape.
    """
    if COMPLETE in os.environ:
        from typer._completion_classes import completion_init

        completion_init()
    try:
        result = typer.main.get_command(app).main(args=with_values(argv), prog_name="pipegen", standalone_mode=False)
    except Exception as error:
        if hasattr(error, "format_message"):
            return _usage(error, argv)
        return _stopped(error, debug="--debug" in argv)
    return result if isinstance(result, int) else 0


def _stopped(error: Exception, *, debug: bool) -> int:
    """What stopped a command before its body began: Ctrl-C, which click calls Abort, or a bug."""
    from pipegen.ui.errors import guarded
    from pipegen.ui.terminal import Manner, Terminal

    def again() -> int:
        raise KeyboardInterrupt if type(error).__name__ == "Abort" else error

    return guarded(again, Terminal(Manner()), debug=debug)


def _usage(error: Any, argv: Sequence[str]) -> int:
    """A wrong command line, in the words of every other error."""
    from pipegen.core.errors import EXIT_USAGE, UsageError
    from pipegen.ui.errors import show
    from pipegen.ui.terminal import Manner, Terminal

    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError" and context is not None:
        typer.echo(context.get_help(), err=True)
        return EXIT_USAGE
    message = str(error.format_message()).strip()
    possible = list(getattr(error, "possibilities", None) or ())
    if not possible and "No such command" in message and context is not None:
        word = message.split("'")[1] if "'" in message else ""
        possible = [f"pipegen {m}" for m in get_close_matches(word, context.command.list_commands(context), n=1)]
        if len(context.command_path.split()) > 1:
            possible = [f"{context.command_path} {p.removeprefix('pipegen ')}" for p in possible]
    message = message.split(" (Possible options")[0].split(" Did you mean")[0].rstrip(". ")
    hint = (
        f"did you mean `{possible[0]}`?"
        if possible
        else f"`{context.command_path if context else _command_path(argv)} --help` lists what there is"
    )
    if "unexpected extra argument" in message and any("=" in a or "." in a for a in argv):
        hint = "did the shell open a pattern? Quote it: `--source './exports/*.csv'`"
    hint = _hint_of_a_place(error, message) or hint
    show(UsageError(message[:1].lower() + message[1:].replace("'", "`"), hint=hint), Terminal(Manner()))
    return EXIT_USAGE


def _hint_of_a_place(error: Any, message: str) -> str | None:
    """The hint for what is right elsewhere: a command to come, an option before its command, an argument left out."""
    if message == "No such option: -C":
        return "it comes after the command: `pipegen status -C DIR`"
    meaning = getattr(getattr(error, "param", None), "help", None)
    return f"allowed is {meaning}" if meaning and message.startswith("Missing argument") else None


def _command_path(argv: Sequence[str]) -> str:
    """``pipegen blueprints list`` of a command line that could not be parsed."""
    path, node = ["pipegen"], typer.main.get_command(app)
    for word in argv:
        inner = getattr(node, "commands", {}).get(word)
        if inner is None:
            break
        path.append(word)
        node = inner
    return " ".join(path)
