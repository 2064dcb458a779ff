"""A repository that one plain cookiecutter template renders: what it would be if it were rendered now, and whether it is.

:func:`prepared` reads the template and the answers, with no render; :func:`rendered` renders it. ``new`` and ``update`` both use them.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pipegen import __version__
from pipegen.app.answers import path_from_root
from pipegen.app.template_source import digest_of_template, fetched_for, located, template_in
from pipegen.core import names
from pipegen.core.errors import BlueprintError, Problem, SpecError, UsageError
from pipegen.core.lock import Lock, LockedBlueprint, RenderInput, lock_files
from pipegen.core.spec import address
from pipegen.core.spec import load as spec_load
from pipegen.core.spec import template as template_spec
from pipegen.core.spec.load import Locate
from pipegen.core.spec.template import Drawn, TemplateRef, TemplateSpec, is_template_spec
from pipegen.core.spec.template_answers import CHOOSER
from pipegen.core.tree import FileTree, digest
from pipegen.render.cookiecutter import TEMPLATE, Asked, render
from pipegen.render.cookiecutter_chosen import Chosen, chosen
from pipegen.store import fetch_url, workspace
from pipegen.store.fetch import cached

__all__ = ["Change", "Prepared", "Rendering", "assigned", "is_template_spec", "outdated", "prepared", "rendered"]

_AT = ("blueprints", "0")
_REF = ("blueprints", 0)


@dataclass(frozen=True)
class Change:
    """A value to put at an address of pipegen.yml; None takes it out."""

    parts: tuple[str, ...]
    value: Any


@dataclass(frozen=True)
class Prepared:
    """A template and the answers to it, read and checked.

    ``spec`` is pipegen.yml as it is to be, ``changes`` what is to be put into it for that. ``answers`` are those that the template has
    a variable for; the others (``ignored``) stay in pipegen.yml and out of the render.
    """

    spec: TemplateSpec
    chosen: Chosen
    digest: str
    version: str
    answers: Mapping[str, Any]
    ignored: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def input(self) -> str:
        """The digest of all that the render depends on: equal to the lock's, there is nothing to render."""
        return _input(self.spec, self.digest)


@dataclass(frozen=True)
class Rendering:
    """A new render: its files, the lock and the pipegen.yml that a new repository would have, and what to tell.

    ``changes`` are to be put into the pipegen.yml that is there; the lock's ``inputs`` are of :attr:`inputs`, so of that one's bytes
    once it is edited.
    """

    spec: TemplateSpec
    tree: FileTree
    lock: Lock
    inputs: Mapping[str, bytes]
    changes: tuple[Change, ...]
    notes: tuple[str, ...]


def prepared(
    values: Mapping[str, Any],
    root: Path,
    locate: Locate = lambda _: None,
    *,
    to: str | None = None,
    cwd: Path = Path(),
    refresh: bool = False,
    known: Prepared | None = None,
) -> Prepared:
    """Read the template of a pipegen.yml (its ``values``) of the repository at ``root``.

    ``to`` is another path (from ``cwd``) or URL of the template, or another ref of the same one. ``refresh`` looks again at what was
    fetched before; ``known`` is the same template as it was just read, with other answers.

    Raises:
        SpecError: everything that is wrong with pipegen.yml, answers included.
        BlueprintError: the template cannot be fetched or read.
        UsageError: ``to`` is neither.
    """
    spec = template_spec.load(values, locate)
    spec, changes = _aimed(spec, to, root, cwd) if to is not None else (spec, ())
    if known is not None and _place(known.spec) == _place(spec):
        template, digest_now, version, notes = known.chosen.template, known.digest, known.version, []
    else:
        fetched = fetched_for(spec.template, root, locate, refresh=refresh)
        template = template_in(fetched, spec.template, locate)
        digest_now, version = digest_of_template(template), fetched.commit or spec.template.ref or "0"
        notes = [fetched.note] if fetched.note else []
    one = chosen(template, spec.template.answers.get(CHOOSER))
    answers = checked_answers(spec.template, one, locate)
    ignored = tuple(name for name in spec.template.answers if name not in answers)
    for name in ignored:
        hint = names.did_you_mean(name, one.variables.names)
        notes.append(
            f"`{name}`: the template has no such variable, so the answer is not used{f'; {hint}' if hint else ''}"
        )
    return Prepared(spec, one, digest_now, version, answers, ignored, changes, tuple(notes))


def _place(spec: TemplateSpec) -> tuple[str, str | None]:
    return spec.template.source, spec.template.ref


def rendered(made: Prepared, *, trust: bool = False, before: Lock | None = None) -> Rendering:
    """Render what was prepared; ``before`` is the lock of the last render, whose compiled texts are of use.

    Raises:
        BlueprintError: the template runs code and nobody vouches for it, or it does not render.
    """
    ref = made.spec.template
    was = ref.drawn or Drawn()
    seed, now = was.seed or secrets.token_hex(16), was.now or datetime.now().astimezone().isoformat(timespec="seconds")
    local = not fetch_url.is_remote(ref.source) or ref.source.startswith("file:")
    last = before.blueprints.get(TEMPLATE) if before is not None else None
    digests = (made.digest, last.digest) if last is not None else (made.digest,)
    source = None if local else ref.source
    asked = Asked(made.answers, seed, now, fetch_url.name_of(ref.source), source, ref.ref, digests)
    result = render(made.chosen, asked, trust=trust)
    fresh = {
        key: value for key, value in (("seed", seed), ("now", now)) if key in result.drew and getattr(was, key) is None
    }
    drawn = was.model_copy(update=fresh) if fresh else ref.drawn
    spec = replaced(made.spec, drawn=drawn)
    inputs = {workspace.SPEC_FILE: template_spec.text(spec).encode()}
    lock = Lock(
        pipegen=__version__, catalog="", input=_input(spec, made.digest),
        blueprints={TEMPLATE: LockedBlueprint(version=made.version, digest=made.digest)},
        inputs={path: digest(content) for path, content in inputs.items()}, files=lock_files(result.tree),
    )  # fmt: skip
    changes = (*made.changes, *(Change((*_AT, "drawn", key), value) for key, value in fresh.items()))
    return Rendering(spec, result.tree, lock, inputs, changes, (*made.notes, *result.notes))


def rendering(
    values: Mapping[str, Any],
    root: Path,
    locate: Locate = lambda _: None,
    *,
    trust: bool = False,
    to: str | None = None,
    cwd: Path = Path(),
    refresh: bool = False,
) -> Rendering:
    """What the repository would be if it were rendered now: :func:`prepared`, then :func:`rendered`."""
    return rendered(prepared(values, root, locate, to=to, cwd=cwd, refresh=refresh), trust=trust)


def assigned(made: Prepared, sets: Sequence[tuple[str, Any]]) -> tuple[Change, ...]:
    """What ``update --set`` puts into pipegen.yml: a variable of the template, or a value of pipegen.yml by its address.

    Raises:
        SpecError: a variable that the template does not have, or a value that it cannot have; all of them.
    """
    changes, problems = [], []
    variables = made.chosen.variables
    for key, value in sets:
        place = f"--set {names.shorten(key)}"
        try:
            parts = address.parse(key)
        except UsageError as error:
            problems.append(Problem(error.message, place, error.hint))
            continue
        if parts[0] in TemplateSpec.model_fields and parts[0] not in variables.names:
            changes.append(Change(tuple(parts), value))
        elif parts[0] not in variables.names:
            problems.append(variables.unknown(parts[0], place))
        else:
            checked = variables.checked(parts[0], value, place) if len(parts) == 1 else value
            if isinstance(checked, Problem):
                problems.append(checked)
            changes.append(Change((*_AT, "answers", *parts), checked))
    if problems:
        raise SpecError(problems)
    return tuple(changes)


def outdated(values: Mapping[str, Any], root: Path, lock: Lock, locate: Locate = lambda _: None) -> list[str]:
    """Why an update would render anew, as far as that can be told with no network and no render.

    Raises:
        SpecError: pipegen.yml is not valid.
    """
    spec = template_spec.load(values, locate)
    locked = lock.blueprints.get(TEMPLATE)
    reasons = []
    if locked is None or _input(spec, locked.digest) != lock.input:
        reasons.append("pipegen.yml changed since the last render")
    try:
        fetched = cached(located(spec.template.source, root), spec.template.ref)
        template = None if fetched is None else template_in(fetched, spec.template, locate)
        if template is not None and (locked is None or digest_of_template(template) != locked.digest):
            reasons.append(f"the template `{names.shorten(spec.template.source)}` has changed since the last render")
    except (BlueprintError, SpecError) as error:
        reasons.append(error.message)
    return reasons


def _input(spec: TemplateSpec, template_digest: str) -> str:
    return RenderInput(template_spec.plain(spec), {}, {TEMPLATE: template_digest}).digest()


def checked_answers(ref: TemplateRef, one: Chosen, locate: Locate) -> dict[str, Any]:
    """The answers that the template has a variable for, as it is rendered with them.

    Raises:
        SpecError: an answer that its variable cannot have; all of them.
    """
    answers: dict[str, Any] = {}
    problems = []
    for name, value in ref.answers.items():
        if name in one.variables.names:
            answers[name] = one.variables.checked(name, value, spec_load.where((*_REF, "answers", name), locate))
            problems += [answers[name]] if isinstance(answers[name], Problem) else []
    if problems:
        raise SpecError(problems)
    return answers


def replaced(spec: TemplateSpec, **changed: Any) -> TemplateSpec:
    """The spec with other values of its template."""
    return spec.model_copy(update={"blueprints": [spec.template.model_copy(update=changed)]})


def _aimed(spec: TemplateSpec, to: str, root: Path, cwd: Path) -> tuple[TemplateSpec, tuple[Change, ...]]:
    """The spec with ``--to``: another place of the template, or another ref of the same place."""
    said, _, ref = to.partition("#")
    source = fetch_url.recorded(said)
    changed: dict[str, Any] = {"ref": to}
    if fetch_url.is_remote(source):
        changed = {"source": source, "ref": ref or None}
    elif (cwd / Path(to).expanduser()).exists():
        changed = {"source": path_from_root(to, cwd, root), "ref": None}
    elif to.startswith((".", "~", "/")):
        raise UsageError(
            f"`--to {names.shorten(to)}`: there is no such folder or file", hint="a path from here, or a ref"
        )
    changes = tuple(
        Change((*_AT, key), value) for key, value in changed.items() if value != getattr(spec.template, key)
    )
    return replaced(spec, **changed), changes
