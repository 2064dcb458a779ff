"""``pipegen new`` with a plain cookiecutter template and no source: answers, render, change plan."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipegen.app import generate
from pipegen.app.answers import Given, path_from_root
from pipegen.app.template import Rendering, prepared, rendered
from pipegen.app.template_source import fetched_for, template_in
from pipegen.core import names, yaml_text
from pipegen.core.errors import MissingAnswersError, Problem, SpecError, UsageError
from pipegen.core.plan import Action, ChangePlan
from pipegen.core.questions import BY_NAME, QUESTIONS
from pipegen.core.spec import address
from pipegen.core.spec import template as template_spec
from pipegen.core.spec.load import Address
from pipegen.core.spec.template import Drawn, TemplateRef, TemplateSpec, is_template_spec
from pipegen.core.spec.template_answers import CHOOSER, Variables
from pipegen.render.cookiecutter_chosen import Chosen, chosen
from pipegen.render.cookiecutter_source import is_plain
from pipegen.store import fetch_url, workspace, yaml_file
from pipegen.store.fetch import Fetched

_REF = ("blueprints", 0)


@dataclass(frozen=True)
class Generated:
    """Everything that ``new`` made in memory."""

    target: Path
    spec: TemplateSpec
    plan: ChangePlan
    version: str


@dataclass(frozen=True)
class Wanted:
    """A template that stands alone, and what a person gave to it: ``texts`` are the ``--set``, as they are typed."""

    given: Given
    target: Path
    values: Mapping[str, Any]
    texts: Sequence[tuple[str, str]]
    notes: tuple[str, ...] = ()

    def locate(self, at: Address) -> str | None:
        """The flag, or the line of the answers file, that gave a value."""
        if len(at) > 3 and at[:3] == (*_REF, "answers") and any(key.split(".")[0] == at[3] for key, _ in self.texts):
            return f"--set {names.shorten(str(at[3]))}"
        if self.given.answers is not None and (place := self.given.answers.locate(at)):
            return place
        return "NAME" if at == ("name",) else "--blueprint"


def wanted(given: Given, texts: Sequence[tuple[str, str]]) -> Wanted | None:
    """What is asked for, where it is a plain template and no source; None where it is a pipeline.

    Raises:
        BlueprintError: the template cannot be fetched.
        UsageError: several blueprints, flags of pipelines, no name.
    """
    layers = [layer.values for layer in (given.answers, given.config) if layer is not None]
    if given.flags.get("source") or given.environment.get("source") or any(values.get("sources") for values in layers):
        return None
    said = given.flags.get("blueprint") or given.environment.get("blueprint")
    file: dict[str, Any] = dict(given.answers.values) if given.answers is not None else {}
    if not said and not is_template_spec(file):
        return None
    name = given.name or file.get("name")
    target = _target(given, name)
    sources = [said] if isinstance(said, str) else list(said or ())
    refs = [_from_flag(text, given, target) for text in sources] or file["blueprints"]
    fetched = [_fetched(ref, target) for ref in refs]
    plain = [ref for ref, found in zip(refs, fetched, strict=True) if found is None or is_plain(found.folder)]
    if not plain:
        return None
    if len(refs) > 1:
        raise UsageError(
            f"`{names.shorten(str(plain[0]))}` is a plain cookiecutter template, which stands alone",
            hint="name no other blueprint",
        )
    _refuse_flags(given)
    if not name:
        raise MissingAnswersError(
            [Problem("NAME: the name of the repository", hint="for example `pipegen new orders`")]
        )
    kept = (
        file["blueprints"][0] if sources and is_template_spec(file) and isinstance(file["blueprints"][0], dict) else {}
    )
    values = {**file, "name": name, "blueprints": [{**kept, **refs[0]} if sources else refs[0]]}
    return Wanted(given, target, values, texts, tuple(f.note for f in fetched if f and f.note))


def generate_from(asked: Wanted, *, trust: bool, progress: generate.Progress = lambda _: None) -> Generated:
    """Render the template in memory; nothing is written.

    Raises:
        SpecError: an answer that the template has no variable for, or that its variable cannot have.
        BlueprintError: the template does not render, or runs code and nobody vouches for it.
        WorkspaceError: the target is taken.
    """
    workspace.check_target(asked.target)
    progress("fetching the template")
    spec = template_spec.load(asked.values, asked.locate)
    one = _chosen(spec.template, asked)
    answers, notes = _answers(spec.template, one, asked)
    values = {**asked.values, "blueprints": [{**asked.values["blueprints"][0], "answers": answers}]}
    progress("rendering")
    ready = prepared(values, asked.target, asked.locate)
    made = rendered(ready, trust=trust)
    plan = replace(
        plan_of(made, generate.shown(asked.target, asked.given.cwd)),
        equivalent=_command(made.spec, asked, trust),
        notes=(*asked.notes, *notes, *made.notes, *_drawn(made)),
    )
    return Generated(asked.target, made.spec, plan, ready.version)


def plan_of(made: Rendering, root: str) -> ChangePlan:
    """The plan of a whole new repository."""
    records = generate.records(made.lock, made.tree, made.inputs, template_spec.schema_text())
    actions = [Action("create", f.path, f.blueprint, f.content, f.mode) for f in made.tree]
    actions += [Action("create", path, None, content, note="input") for path, content in made.inputs.items()]
    actions += [Action("create", path, None, content, note="record") for path, content in records.items()]
    return ChangePlan(root, tuple(sorted(actions, key=lambda action: action.path)))


def _target(given: Given, name: Any) -> Path:
    """Where the repository goes; where nobody named it, a place from which paths count in the same way."""
    if given.directory is not None:
        return (given.cwd / given.directory).resolve()
    problem = names.spec_name_problem(str(name), "repository") if name else None
    if problem:
        raise SpecError([Problem(problem, "NAME" if given.name else None)])
    return (given.cwd / str(name or "NAME")).resolve()


def _from_flag(text: str, given: Given, target: Path) -> dict[str, Any]:
    """``SOURCE`` or ``SOURCE#REF``, as pipegen.yml has it."""
    said, ref = fetch_url.split_ref(text)
    source = fetch_url.recorded(said)
    if not fetch_url.is_remote(source):
        if (given.cwd / Path(text).expanduser()).exists():
            source, ref = text, None
        source = path_from_root(source, given.cwd, target)
    return {"source": source, **({"ref": ref} if ref else {})}


def _fetched(ref: Any, target: Path) -> Fetched | None:
    """What a blueprint is; None where that cannot be told, which the model of pipegen.yml says better."""
    try:
        named = TemplateRef.model_validate({key: ref.get(key) for key in ("source", "ref")})
    except (ValidationError, AttributeError):
        return None
    return fetched_for(named, target, lambda _: None, refresh=True)


def _refuse_flags(given: Given) -> None:
    others = [question.flag for question in QUESTIONS if question.name in given.flags and question.name != "blueprint"]
    if others:
        raise UsageError(
            f"`{others[0]}` is of pipelines, and a plain template has no source",
            hint="its own variables are set with `--set NAME=VALUE`",
        )


def _chosen(ref: TemplateRef, asked: Wanted) -> Chosen:
    """The template, of a repository of nested ones the one that is asked for."""
    fetched = fetched_for(ref, asked.target, asked.locate, refresh=False)
    said = dict(asked.texts).get(CHOOSER, ref.answers.get(CHOOSER))
    return chosen(template_in(fetched, ref, asked.locate), said)


def _answers(ref: TemplateRef, one: Chosen, asked: Wanted) -> tuple[dict[str, Any], list[str]]:
    """All answers, as pipegen.yml has them: the person's cookiecutter config, below the answers file, below ``--set``."""
    variables = one.variables
    problems = [
        variables.unknown(name, asked.locate((*_REF, "answers", name)))
        for name in ref.answers
        if name not in variables.names
    ]
    answers: dict[str, Any] = dict(ref.answers)
    for key, text in asked.texts:
        try:
            _set(answers, address.parse(key), text, variables)
        except UsageError as error:
            problems.append(Problem(error.message, f"--set {names.shorten(key)}", error.hint))
        except KeyError:
            problems.append(variables.unknown(address.parse(key)[0], f"--set {names.shorten(key)}"))
    for name, value in answers.items():
        if name in variables.names:
            answers[name] = variables.checked(name, value, asked.locate((*_REF, "answers", name)))
            problems += [answers[name]] if isinstance(answers[name], Problem) else []
    if problems:
        raise SpecError(problems)
    defaults, notes = _of_the_person(variables, answers)
    ordered = {name: value for name in variables.names if (value := {**defaults, **answers}.get(name)) is not None}
    return ordered, notes


def _set(answers: dict[str, Any], parts: list[str], text: str, variables: Variables) -> None:
    """Put one ``--set`` into the answers; raises KeyError where the template has no such variable."""
    if parts[0] not in variables.names:
        raise KeyError(parts[0])
    default = variables.defaults.get(parts[0])
    for part in parts[1:]:
        default = default.get(part) if isinstance(default, Mapping) else None
    value = yaml_file.value(text) if isinstance(default, Mapping | list) and len(parts) > 1 else text
    if len(parts) == 1:
        value = variables.from_text(parts[0], text, yaml_file.value)
    address.put(answers, parts, value)


def _of_the_person(variables: Variables, answers: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The defaults of the person's cookiecutter config that are of use here: recorded, so that every machine renders the same."""
    said = fetch_url.user_config().get("default_context")
    found: dict[str, Any] = {}
    notes = []
    for name, value in said.items() if isinstance(said, Mapping) else ():
        if name in answers or name not in variables.defaults or value is None:
            continue
        plain = value if isinstance(value, str | bool | int | Mapping) else str(value)
        checked = variables.checked(name, plain, "your cookiecutter config")
        if isinstance(checked, Problem):
            notes.append(f"{checked}; not used")
        else:
            found[name] = checked
    if found:
        notes.insert(0, f"from your cookiecutter config: {', '.join(found)}")
    return found, notes


def _drawn(made: Rendering) -> list[str]:
    """What to know of a render that drew."""
    drawn = made.spec.template.drawn or Drawn()
    notes = []
    if drawn.seed:
        notes.append(
            "the template draws at random: the seed is in pipegen.yml, so give a password that it drew another value"
        )
    if drawn.now:
        notes.append("the template writes the time: pipegen.yml keeps it, so that an update writes the same")
    return notes


def _command(spec: TemplateSpec, asked: Wanted, trust: bool) -> str:
    """The command that asks for the same repository."""
    given, ref = asked.given, spec.template
    source = ref.source
    if not fetch_url.is_remote(source) and not os.path.isabs(source):
        source = Path(os.path.relpath(asked.target / source, given.cwd.resolve())).as_posix()
    words = ["pipegen", "new", spec.name, BY_NAME["blueprint"].flag, source + (f"#{ref.ref}" if ref.ref else "")]
    for name, value in ref.answers.items():
        text = value if isinstance(value, str) else yaml_text.flow(value)
        words += ["--set", f"{address.text([name])}={text}"]
    words += ["--trust"] if trust else []
    words += ["--dir", str(given.directory)] if given.directory is not None else []
    words += ["-C", str(given.cwd)] if given.cwd != Path() else []
    return " ".join(shlex.quote(word) for word in words)
