"""``pipegen new``: its flags come from the table of questions."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from pipegen.cli.options import Debug, Directory, Json, NoColor, NoInput, Verbose
from pipegen.core.questions import QUESTIONS, Question

if TYPE_CHECKING:
    from pipegen.app.answers import Answer, Given
    from pipegen.app.generate import Planned
    from pipegen.app.template_new import Wanted
    from pipegen.core.measured import Measured
    from pipegen.store.yaml_file import Document
    from pipegen.ui.terminal import Terminal

HELP = """Example: pipegen new shop --source './exports/*.csv' --freshness 1h

Answer by flags, by a file, or by both, and get a complete repository in ./NAME. At a terminal, what has no default and was not
given is asked for, and the rest reviewed with you.
"""

_OWN: dict[str, Any] = {
    "name": Annotated[str | None, typer.Argument(help="Folder, DAG prefix and dbt project.", show_default=False)],
    "answers": Annotated[str | None, typer.Option("--answers", help="A pipegen.yml or part of one; `-`: stdin. Paths count from ./NAME.")],
    "set_": Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE, KEY dotted, VALUE read as YAML; repeat.")],
    "target": Annotated[Path | None, typer.Option("--dir", help="The folder to write to, instead of ./NAME.")],
    "yes": Annotated[bool, typer.Option("--yes", "-y", help="Take every default; the sample where no source is named.")],
    "dry_run": Annotated[bool, typer.Option("--dry-run", help="Show the plan, write nothing.")],
    "diff": Annotated[bool, typer.Option("--diff", help="Show every file as a diff, write nothing.")],
    "resume": Annotated[bool, typer.Option("--resume", help="Go on with an interview that was left.")],
    "no_probe": Annotated[bool, typer.Option("--no-probe", help="Use sources/NAME.yml beside the answers file.")],
    "trust": Annotated[bool, typer.Option("--trust", help="Let a template run its own code: hooks and extensions.")],
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

    command(
        lambda terminal: _new(options, terminal),
        bool(options["no_color"]),
        bool(options["verbose"]),
        bool(options["debug"]),
    )


def _new(options: Mapping[str, Any], terminal: Terminal) -> int:
    from pipegen.app import template_new
    from pipegen.cli.assignments import assignments, pairs

    given, answers = _given(options, Path(options["directory"]), terminal)
    template = template_new.wanted(given, assignments(options["set_"] or ()))
    if template is not None:
        return _template(template, options, terminal)
    given = replace(given, sets=pairs(options["set_"] or ()))
    if _asks(given, options):
        return _interviewed(given, options, terminal)
    from pipegen.app.completion import TablesUnnamedError

    try:
        return _pipeline(given, answers, options, terminal)
    except TablesUnnamedError:
        if options["no_probe"] or not _may_ask(options):
            raise
        return _interviewed(given, options, terminal)


def _asks(given: Given, options: Mapping[str, Any]) -> bool:
    """Whether there is an interview: somebody is there, and something without a default was not given, or one is resumed.

    Raises:
        UsageError: one is to be resumed, and nobody is there.
    """
    from pipegen.core.errors import UsageError

    possible = _may_ask(options)
    if options["resume"]:
        if not possible:
            hint = "run it at a terminal, without `--no-input`, `--yes` and `--json`"
            raise UsageError("`--resume` goes on with an interview, and nobody can be asked here", hint=hint)
        return True
    from pipegen.app.interview import is_needed

    return possible and not options["no_probe"] and is_needed(given)


def _may_ask(options: Mapping[str, Any]) -> bool:
    from pipegen.ui.prompter import is_there

    return is_there(no_input=options["no_input"], yes=options["yes"], json=options["json"])


def _interviewed(given: Given, options: Mapping[str, Any], terminal: Terminal) -> int:
    from pipegen.app.interview import interview
    from pipegen.core.prompting import Stopped
    from pipegen.store.drafts import Drafts
    from pipegen.ui import interview as view
    from pipegen.ui import views
    from pipegen.ui.prompter import TerminalPrompter

    here, drafts = Path.cwd(), Drafts()
    try:
        found = interview(
            given, TerminalPrompter(terminal), drafts=drafts, resume=options["resume"],
            progress=terminal.progress, show=lambda review: view.review(review, terminal),
        )  # fmt: skip
    except Stopped as stopped:
        return view.left(str(stopped), terminal)
    if found.generated is None:
        return view.left(found.resume, terminal)
    try:
        notes, told = _carried_out(found.generated, options, terminal)
    except KeyboardInterrupt:
        return view.left(found.resume, terminal)
    if not told:
        drafts.drop(found.name)
        views.written(found.generated, here, notes, terminal)
    return 0


def _pipeline(given: Given, answers: Document | None, options: Mapping[str, Any], terminal: Terminal) -> int:
    from pipegen.app import generate
    from pipegen.ui import design, views

    here = Path.cwd()
    measured = _measured(options, given.cwd, answers)
    made = generate.generate(given, measured=measured, progress=terminal.progress)
    if not options["json"]:
        design.review(made, terminal)
    notes, told = _carried_out(made, options, terminal)
    if not told:
        views.written(made, here, notes, terminal)
    return 0


def _template(asked: Wanted, options: Mapping[str, Any], terminal: Terminal) -> int:
    from pipegen.app import template_new
    from pipegen.ui import template as view

    here = Path.cwd()
    made = template_new.generate_from(asked, trust=options["trust"], progress=terminal.progress)
    if not options["json"]:
        view.template(made, terminal)
    notes, told = _carried_out(made, options, terminal)
    if not told:
        view.written(made, here, notes, terminal)
    return 0


def _carried_out(made: Planned, options: Mapping[str, Any], terminal: Terminal) -> tuple[list[str], bool]:
    """Write what was made, or show what would be written; the notes of the first, and whether all has been told."""
    from pipegen.app import generate
    from pipegen.ui import views
    from pipegen.ui.terminal import document

    writes = not (options["dry_run"] or options["diff"])
    notes = generate.apply(made, use_git=not options["no_git"]) if writes else []
    if options["json"]:
        document(made.plan.document(applied=writes))
        return notes, True
    if options["diff"]:
        views.diff(made.plan, terminal)
    elif options["dry_run"]:
        views.plan(made.plan, terminal)
    return notes, not writes


def _given(options: Mapping[str, Any], cwd: Path, terminal: Terminal) -> tuple[Given, Document | None]:
    """All that was given but for ``--set``, which means one thing for a pipeline and another for a template."""
    from pipegen.app.answers import Given, from_environment
    from pipegen.store import user_config

    answers = _answers(options["answers"], cwd)
    config = user_config.read()
    for layer in (answers, config):
        if layer is not None:
            terminal.note(f"read {layer.name}")
    given = Given(
        name=options["name"],
        flags=_without_secrets({q.name: options[q.name] for q in QUESTIONS if options[q.name] not in (None, [])}),
        environment=_without_secrets(from_environment(os.environ)),
        answers=answers,
        answers_file=options["answers"],
        config=config,
        cwd=cwd,
        directory=options["target"],
        yes=options["yes"],
        no_probe=options["no_probe"],
    )
    return given, answers


def _without_secrets(answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """The answers with no password in the URL of a blueprint: it is kept for this process, and reaches nothing that is written."""
    from pipegen.store.fetch_url import without_secret

    kept = dict(answers)
    if kept.get("blueprint"):
        kept["blueprint"] = [without_secret(text) for text in kept["blueprint"]]
    return kept


def _answers(name: str | None, cwd: Path) -> Document | None:
    from pipegen.store import yaml_file

    if name is None:
        return None
    return yaml_file.parse(sys.stdin.buffer.read(), "stdin") if name == "-" else yaml_file.read(cwd / name, name)


def _measured(options: Mapping[str, Any], cwd: Path, answers: Document | None) -> dict[str, Measured] | None:
    """What `--no-probe` uses instead of the probe: the measurements beside the answers file."""
    if not options["no_probe"]:
        return None
    from pipegen.app.repository import measured_in

    folder = cwd / options["answers"] if options["answers"] not in (None, "-") else cwd / "pipegen.yml"
    sources = list((answers.values.get("sources") or {}) if answers else [])
    return measured_in(folder.parent, sources, unseen=sources)  # that one is missing is told where its kind is known
