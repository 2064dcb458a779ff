"""Which template of a repository is rendered, what it has for variables, and what code it would run."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipegen.core.errors import BlueprintError
from pipegen.core.names import shorten
from pipegen.core.spec.template_answers import CHOOSER, Variables
from pipegen.render.cookiecutter_source import DEEPEST, Template

HOOKS = frozenset({"pre_prompt", "pre_gen_project", "post_gen_project"})

#: Extensions of Jinja's own that reach nothing but the template; ``debug`` is none of them: it prints Python's internals.
HARMLESS = frozenset(
    f"jinja2.ext.{name}"
    for name in (
        "do",
        "ExprStmtExtension",
        "loopcontrols",
        "LoopControlExtension",
        "i18n",
        "InternationalizationExtension",
    )
)
#: cookiecutter's own, which every template has, and the one that it took the place of.
DEFAULTS = ("JsonifyExtension", "RandomStringExtension", "SlugifyExtension", "TimeExtension", "UUIDExtension")
_STANDING = frozenset({f"cookiecutter.extensions.{name}" for name in DEFAULTS} | {"jinja2_time.TimeExtension"})


@dataclass(frozen=True)
class Chosen:
    """The template to render: the repository's own, or one of its nested ones.

    ``bases`` are the folders on the way to it, the repository's own (``""``) first; ``given`` says whether somebody chose.
    """

    template: Template
    bases: tuple[str, ...]
    config: Mapping[str, Any]
    nested: tuple[str, ...] = ()
    given: bool = False

    @property
    def base(self) -> str:
        return self.bases[-1]

    @property
    def variables(self) -> Variables:
        return Variables.of(self.config, self.nested)

    def code(self) -> list[str]:
        """The code of the template that would run: hooks by path, and extensions by name."""
        found = unknown_extensions(self.config)
        for base in self.bases:
            inside = self.template.below(f"{base}hooks/")
            found += [f"{base}hooks/{path}" for path in inside if _is_hook(path)]
            if f"{base}hooks" in self.template.entries:  # a symlink: cookiecutter follows it
                found.append(f"{base}hooks")
        return sorted(found)

    def project(self) -> str:
        """The folder whose content is rendered, by its unrendered name.

        Raises:
            BlueprintError: there is none, or several, of which cookiecutter takes any.
        """
        variables = self.config.get("_jinja2_env_vars")
        settings: Mapping[str, Any] = variables if isinstance(variables, Mapping) else {}
        start = str(settings.get("variable_start_string", "{{"))
        end = str(settings.get("variable_end_string", "}}"))
        found = [
            name
            for name in self.template.top_folders(self.base)
            if "cookiecutter" in name and start in name and end in name
        ]
        where = f"{self.template.origin}{f': {self.base}' if self.base else ''}"
        if not found:
            raise BlueprintError(
                f"{where} has no folder like `{start}cookiecutter.name{end}`, whose content a template renders"
            )
        if len(found) > 1:
            raise BlueprintError(f"{where} has two folders to render, `{shorten(found[0])}` and `{shorten(found[1])}`")
        return found[0]


def chosen(template: Template, name: object = None) -> Chosen:
    """The template to render: for a repository of nested ones the first, as cookiecutter does, or the one that is named.

    Raises:
        BlueprintError: the nested one is not in the repository.
    """
    bases, config = [""], template.config()
    names = _nested(config)
    wanted = name if name in names else None
    inner = names
    while inner:
        if len(bases) > DEEPEST:
            raise BlueprintError(f"{template.origin}: its templates are nested without an end")
        path = inner[str(wanted)] if wanted in inner else next(iter(inner.values()))
        bases.append(_inside(template, bases[-1], path))
        config = template.config(bases[-1])
        inner, wanted = _nested(config), None
    return Chosen(template, tuple(bases), config, tuple(names), name in names)


def unknown_extensions(config: Mapping[str, Any]) -> list[str]:
    """The extensions that a template asks for and the sandbox does not have."""
    asked = config.get("_extensions", [])
    return (
        [str(name) for name in asked if str(name) not in HARMLESS | _STANDING]
        if isinstance(asked, list)
        else ["_extensions"]
    )


def _nested(config: Mapping[str, Any]) -> dict[str, str]:
    """The paths of nested templates by name, for both ways in which cookiecutter.json can list them."""
    listed = config.get("templates")
    if isinstance(listed, Mapping) and listed:
        return {name: str(said.get("path", "")) if isinstance(said, Mapping) else "" for name, said in listed.items()}
    old = config.get(CHOOSER)
    if not isinstance(old, list):
        return {}
    return {str(text): (re.findall(r"\((.+)\)", str(text)[:1000]) or [""])[0] for text in old}


def _inside(template: Template, base: str, path: str) -> str:
    folder = posixpath.normpath(posixpath.join(base, path))
    if not path or folder.startswith(("/", "..")) or folder == ".":
        raise BlueprintError(
            f"{template.origin}: the nested template `{shorten(path)}` is not a folder of the template"
        )
    return f"{folder}/"


def _is_hook(path: str) -> bool:
    return "/" not in path and posixpath.splitext(path)[0] in HOOKS and not path.endswith("~")
