"""The template of a pipegen.yml: fetched, and read."""

from __future__ import annotations

from pathlib import Path

from pipegen.app.answers import path_here
from pipegen.core import names
from pipegen.core.errors import Problem, SpecError
from pipegen.core.spec import load as spec_load
from pipegen.core.spec.load import Locate
from pipegen.core.spec.template import TemplateRef
from pipegen.render.cookiecutter_source import Template, is_plain, read
from pipegen.store import fetch_url
from pipegen.store.blueprints import digest_of
from pipegen.store.fetch import Fetched, fetch

_AT = ("blueprints", 0, "source")


def located(source: str, root: Path) -> str:
    """A source as this process can open it: a path counts from the root of the repository."""
    return source if fetch_url.is_remote(source) else path_here(source, root)


def fetched_for(ref: TemplateRef, root: Path, locate: Locate, *, refresh: bool) -> Fetched:
    """Fetch a template.

    Raises:
        SpecError: its source has a password in it.
        BlueprintError: it cannot be fetched.
    """
    if fetch_url.has_secret(ref.source):
        hint = "take it out, and give it with `--blueprint` when it is fetched, or to git's credential helper"
        where = spec_load.where(_AT, locate)
        raise SpecError([Problem("the source of the template has a password in it", where, hint)])
    return fetch(located(ref.source, root), ref.ref, refresh=refresh)


def template_in(fetched: Fetched, ref: TemplateRef, locate: Locate) -> Template:
    """The template that was fetched.

    Raises:
        SpecError: it is a blueprint of pipegen's, or nothing of the kind.
        BlueprintError: it cannot be read.
    """
    shown = names.shorten(ref.source, 200)
    if is_plain(fetched.folder):
        return read(fetched.folder, shown)
    if (fetched.folder / "blueprint.yml").exists():
        message = f"`sources` is missing: `{shown}` is a blueprint of pipegen's, which needs a source"
        hint = "for example `--source ./exports/*.csv`"
    else:
        message = f"`{shown}` is no template: it has neither cookiecutter.json nor blueprint.yml"
        hint = "name the folder that has one of them in it"
    raise SpecError([Problem(message, spec_load.where(_AT, locate), hint)])


def digest_of_template(template: Template) -> str:
    """The digest of a template: over path, mode and bytes of every file of its repository."""
    return digest_of({path: (entry.mode, entry.content) for path, entry in template.entries.items()})
