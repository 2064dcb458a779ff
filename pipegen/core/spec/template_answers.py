"""Answers to the variables of a plain cookiecutter template, judged by the default that each has in cookiecutter.json."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipegen.core import names
from pipegen.core.errors import Problem

CHOOSER = "template"
"""The answer that chooses among nested templates."""
_YES = frozenset({"1", "true", "t", "yes", "y", "on"})
_NO = frozenset({"0", "false", "f", "no", "n", "off"})
# What steers cookiecutter itself: the template's own, never an answer.
_MACHINERY = frozenset(
    {"__prompts__", "_extensions", "_copy_without_render", "_jinja2_env_vars", "_new_lines", "template", "templates"}
    | {"_template", "_output_dir", "_repo_dir", "_checkout"}
)


@dataclass(frozen=True)
class Variables:
    """The variables that a template takes answers to: each default by name, and the nested templates where it has some."""

    defaults: Mapping[str, Any]
    nested: Sequence[str] = ()

    @classmethod
    def of(cls, config: Mapping[str, Any], nested: Sequence[str] = ()) -> Variables:
        return cls({k: v for k, v in config.items() if k not in _MACHINERY}, nested)

    @property
    def names(self) -> list[str]:
        """The names of all, the public ones first."""
        return [*((CHOOSER,) if self.nested else ()), *sorted(self.defaults, key=lambda name: name.startswith("_"))]

    def unknown(self, name: str, place: str | None) -> Problem:
        """The problem of an answer to a variable that is not there."""
        public = [known for known in self.names if not known.startswith("_")]
        hint = names.did_you_mean(name, self.names) or f"it has: {', '.join(public) or 'none'}"
        return Problem(f"the template has no variable `{names.shorten(name)}`", place, hint)

    def from_text(self, name: str, text: str, parsed: Callable[[str], Any]) -> Any:
        """An answer as it is typed: the text itself, but for a variable that is a mapping, which ``parsed`` reads."""
        return parsed(text) if isinstance(self.defaults.get(name), Mapping) else text

    def checked(self, name: str, value: Any, place: str | None) -> Any:
        """The answer as it is recorded, or what is wrong with it; the name is known."""
        if name == CHOOSER and self.nested:
            return value if value in self.nested else _not_one(name, value, self.nested, place)
        default = self.defaults[name]
        if isinstance(default, bool):
            return _boolean(name, value, place)
        if isinstance(default, list):
            found = [
                choice for choice in default if choice == value or (isinstance(value, str) and str(choice) == value)
            ]
            return found[0] if found else _not_one(name, value, default, place)
        if isinstance(default, Mapping):
            return value if isinstance(value, Mapping) else Problem(f"`{name}` is a mapping of keys to values", place)
        if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        shown = names.shorten(str(value).lower() if isinstance(value, bool) else str(value))
        return Problem(f"`{name}`: {shown} is no text here", place, f'quote it: `{name}: "{shown}"`')


def _boolean(name: str, value: Any, place: str | None) -> Any:
    word = str(value).strip().lower()
    if isinstance(value, bool) or (isinstance(value, str) and word in _YES | _NO):
        return word in _YES
    return Problem(f"`{name}`: `{names.shorten(str(value))}` is neither true nor false", place, "say `true` or `false`")


def _not_one(name: str, value: Any, choices: Sequence[Any], place: str | None) -> Problem:
    allowed = ", ".join(f"`{names.shorten(str(choice))}`" for choice in choices)
    hint = names.did_you_mean(str(value), map(str, choices))
    if not isinstance(value, str) and str(value) in choices:
        hint = f'quote it: `{name}: "{value}"`'
    return Problem(f"`{name}`: `{names.shorten(str(value))}` is not one of {allowed}", place, hint)
