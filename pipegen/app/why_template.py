"""Why a file of a repository is there that one plain cookiecutter template renders: the template, and its variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pipegen.app.template_source import located, template_in
from pipegen.app.why_rendered import LineWhy, RenderedWhy, State
from pipegen.core.design.follows import Answer, Follows
from pipegen.core.errors import PipegenError
from pipegen.core.lock import LockedBlueprint, LockedFile
from pipegen.core.spec import template as template_spec
from pipegen.core.spec.template import TemplateSpec
from pipegen.render.cookiecutter import TEMPLATE
from pipegen.render.cookiecutter_chosen import Chosen, chosen
from pipegen.store import yaml_file
from pipegen.store.fetch import cached

_NAMED = re.compile(r"cookiecutter\s*(?:\.\s*(\w+)|\[\s*['\"](\w+)['\"]\s*\])")
_AT = ("blueprints", 0, "answers")


def explained(
    root: Path, document: yaml_file.Document, entry: LockedFile, name: str, state: State, locked: LockedBlueprint | None,
    line: LineWhy | None,
) -> RenderedWhy:  # fmt: skip
    """The template of a file, and the variables that its path and its text name, with the answers to them.

    Nothing is fetched: without the template on this machine, all answers are told.

    Raises:
        SpecError: pipegen.yml is not valid.
    """
    spec = template_spec.load(document.values, document.locate)
    path = entry.id.removeprefix(f"{TEMPLATE}:")
    ref = spec.template
    source = f"{ref.source} at {ref.ref}" if ref.ref else ref.source
    one = _template(spec, root, document)
    answers = tuple(_answers(spec, document, one, path))
    notes = (
        () if one is not None else ("the template is not on this machine, so which variables it names is not known",)
    )
    version = locked.version if locked else None
    return RenderedWhy(
        name, TEMPLATE, version, path, {}, entry.ownership, state, (), Follows(), line, variables=answers, source=source, notes=notes,
    )  # fmt: skip


def _template(spec: TemplateSpec, root: Path, document: yaml_file.Document) -> Chosen | None:
    try:
        fetched = cached(located(spec.template.source, root), spec.template.ref)
        if fetched is None:
            return None
        return chosen(template_in(fetched, spec.template, document.locate), spec.template.answers.get("template"))
    except PipegenError:
        return None


def _answers(spec: TemplateSpec, document: yaml_file.Document, one: Chosen | None, path: str) -> Iterator[Answer]:
    """The variables that a template file names, each with what pipegen.yml answers, else its default."""
    said = spec.template.answers
    names = list(said) if one is None else _named(one, path)
    for name in names:
        if name in said:
            yield Answer((*_AT, name), said[name], document.locate((*_AT, name)))
        elif one is not None and name in one.config:
            default = one.config[name]
            yield Answer((*_AT, name), default[0] if isinstance(default, list) and default else default, None)


def _named(one: Chosen, path: str) -> list[str]:
    """The variables that the path and the text of a file of the template name."""
    try:
        entry = one.template.entries.get(f"{one.base}{one.project()}/{path}")
    except PipegenError:
        entry = None
    text = entry.text if entry is not None and not entry.is_link else None
    found = _NAMED.findall(f"{path}\n{text or ''}")
    return list(dict.fromkeys(dotted or quoted for dotted, quoted in found))
