"""``pipegen new``: its flags come from the table of questions."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from pipegen.cli.options import Debug, Directory, Json, NoColor, NoInput, Verbose
from pipegen.core.questions import QUESTIONS, Question

if TYPE_CHECKING:
    from pipegen.app.answers import Given
    from pipegen.core.measured import Measured
    from pipegen.store.yaml_file import Document
    from pipegen.ui.terminal import Terminal

HELP = """Example: pipegen new shop --source './exports/*.csv' --freshness 1h

Answer by flags, by a file, or by both, and get a complete repository in ./NAME.
"""

_OWN: dict[str, Any] = {
    "name": Annotated[str | None, typer.Argument(help="Folder, DAG prefix and dbt project.", show_default=False)],
    "answers": Annotated[str | None, typer.Option("--answers", help="A pipegen.yml or part of one; `-`: stdin. Paths count from ./NAME.")],
    "set_": Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE, KEY dotted, VALUE read as YAML; repeat.")],
    "target": Annotated[Path | None, typer.Option("--dir", help="The folder to write to, instead of ./NAME.")],
    "yes": Annotated[bool, typer.Option("--yes", "-y", help="Take every default; the sample where no source is named.")],
    "dry_run": Annotated[bool, typer.Option("--dry-run", help="Show the plan, write nothing.")],
    "diff": Annotated[bool, typer.Option("--diff", help="Show every file as a diff, write nothing.")],
    "no_probe": Annotated[bool, typer.Option("--no-probe", help="Use sources/NAME.yml beside the answers file.")],
    "no_git": Annotated[bool, typer.Option("--no-git", help="No `git init`.")],
    "json": Json, "no_input": NoInput, "no_color": NoColor, "verbose": Verbose, "debug": Debug, "directory": Directory,
}  # fmt: skip
_DEFAULTS: dict[str, Any] = {"directory": Path()}


def _annotation(question: Question) -> Any:
    kind = list[str] | None if question.repeat else str | None
    many = " Repeat for more." if question.repeat else ""
    text = f"{question.help}{many} For example `{question.example}`."
    return Annotated[kind, typer.Option(question.flag, help=text, show_default=False, metavar=question.name.upper())]


def _with_questions(function: Callable[..., None]) -> Callable[..., None]:
    """Give a function a parameter a question, for typer to read."""
    parameters = dict(_OWN)
    parameters = {"name": parameters.pop("name"), **{q.name: _annotation(q) for q in QUESTIONS}, **parameters}
    flags = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation,
            default=_DEFAULTS.get(name, False if get_args(annotation)[0] is bool else None),
        )
        for name, annotation in parameters.items()
    ]  # fmt: skip
    function.__signature__ = inspect.Signature(flags)  # type: ignore[attr-defined]
    function.__annotations__ = parameters
    function.__doc__ = HELP
    return function


@_with_questions
def new(**options: Any) -> None:
    from pipegen.cli.main import command

    quiet = bool(options["no_color"])
    command(lambda terminal: _new(options, terminal), quiet, bool(options["verbose"]), bool(options["debug"]))


def _new(options: Mapping[str, Any], terminal: Terminal) -> int:
    from pipegen.app import generate
    from pipegen.ui import views
    from pipegen.ui.terminal import document

    here, cwd = Path.cwd(), Path(options["directory"])
    given, measured = _given(options, cwd, terminal)
    made = generate.generate(given, measured=measured, progress=terminal.progress)
    writes = not (options["dry_run"] or options["diff"])
    notes = generate.apply(made, use_git=not options["no_git"]) if writes else []
    if options["json"]:
        document(made.plan.document(applied=writes))
        return 0
    views.design(made, terminal)
    if options["diff"]:
        views.diff(made.plan, terminal)
    elif options["dry_run"]:
        views.plan(made.plan, terminal)
    else:
        views.written(made, here, notes, terminal)
    return 0


def _given(options: Mapping[str, Any], cwd: Path, terminal: Terminal) -> tuple[Given, dict[str, Measured] | None]:
    from pipegen.app.answers import Given, from_environment
    from pipegen.store import user_config

    answers = _answers(options["answers"], cwd)
    config = user_config.read()
    for layer in (answers, config):
        if layer is not None:
            terminal.note(f"read {layer.name}")
    given = Given(
        name=options["name"],
        flags={q.name: options[q.name] for q in QUESTIONS if options[q.name] not in (None, [])},
        sets=_pairs(options["set_"] or ()),
        environment=from_environment(os.environ),
        answers=answers,
        answers_file=options["answers"],
        config=config,
        cwd=cwd,
        directory=options["target"],
        yes=options["yes"],
        no_probe=options["no_probe"],
    )
    return given, _measured(options, cwd, answers)


def _answers(name: str | None, cwd: Path) -> Document | None:
    from pipegen.store import yaml_file

    if name is None:
        return None
    return yaml_file.parse(sys.stdin.buffer.read(), "stdin") if name == "-" else yaml_file.read(cwd / name, name)


def _pairs(texts: Sequence[str]) -> list[tuple[str, Any]]:
    """Every ``--set`` as address and value.

    Raises:
        SpecError: with every one that is not KEY=VALUE.
    """
    from pipegen.core.errors import Problem, SpecError, UsageError
    from pipegen.core.names import shorten
    from pipegen.core.spec import address
    from pipegen.store import yaml_file

    pairs, problems = [], []
    for text in texts:
        pair = address.assignment(text)
        if pair is None:
            hint = "for example `--set defaults.freshness=1h`"
            problems.append(Problem(f"`{shorten(text)}` is not KEY=VALUE", "--set", hint))
            continue
        try:
            pairs.append((pair[0], yaml_file.value(pair[1])))
        except UsageError as error:
            problems.append(Problem(error.message, f"--set {shorten(pair[0])}", error.hint))
    if problems:
        raise SpecError(problems)
    return pairs


def _measured(options: Mapping[str, Any], cwd: Path, answers: Document | None) -> dict[str, Measured] | None:
    """What `--no-probe` uses instead of the probe: the measurements beside the answers file."""
    if not options["no_probe"]:
        return None
    from pipegen.app.repository import measured_in

    folder = cwd / options["answers"] if options["answers"] not in (None, "-") else cwd / "pipegen.yml"
    return measured_in(folder.parent, list((answers.values.get("sources") or {}) if answers else []))
