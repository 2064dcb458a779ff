"""The Jinja environment in which a cookiecutter template is rendered that nobody vouches for.

It has cookiecutter's names and settings, and lets a template see plain data and Jinja's own things alone: every attribute and
every call is on a list of what is allowed, so no way leads to Python's internals. What a template may change (its own lists and
mappings, as some do) lives in a process that renders this one template and ends; see :mod:`pipegen.render.cookiecutter_child`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cookiecutter import extensions as own
from jinja2 import BaseLoader, StrictUndefined, TemplateNotFound
from jinja2.environment import TemplateModule
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension
from jinja2.loaders import split_template_path
from jinja2.runtime import BlockReference, LoopContext, Macro, TemplateReference, Undefined
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import Cycler, Joiner, Namespace

from pipegen.render.cookiecutter_chosen import DEFAULTS, HARMLESS, unknown_extensions
from pipegen.render.cookiecutter_draws import Draws, extensions

MOST_REPEATED = 10_000_000
MOST_BITS = 1_000_000

#: What ``_jinja2_env_vars`` may set.
SETTINGS = frozenset(
    {f"{kind}_{end}_string" for kind in ("block", "variable", "comment") for end in ("start", "end")}
    | {"line_statement_prefix", "line_comment_prefix", "trim_blocks", "lstrip_blocks", "newline_sequence", "autoescape"}
    | {"optimized", "cache_size", "auto_reload"}
)

_DATA = (str, bytes, int, float, list, tuple, dict, range, type(None))
_JINJA = (Undefined, Namespace, Cycler, Joiner, LoopContext, Macro, TemplateReference, TemplateModule, BlockReference)


class MemoryLoader(BaseLoader):
    """Templates by path: those of the project's folder, then those of ``templates/`` beside it."""

    def __init__(self, *folders: Mapping[str, str | None]) -> None:
        self._folders = folders

    def get_source(self, environment: Any, template: str) -> tuple[str, str, None]:
        path = "/".join(split_template_path(template))
        for folder in self._folders:
            if path in folder:
                text = folder[path]
                if text is None:
                    raise UnicodeError(f"`{path}` is no UTF-8: name it in `_copy_without_render`")
                return text, path, None
        raise TemplateNotFound(template)


class CookiecutterSandbox(SandboxedEnvironment):
    """cookiecutter's strict environment, with every way out of it closed."""

    intercepted_binops = frozenset({"*", "**"})

    def __init__(self, config: Mapping[str, Any], draws: Draws, loader: BaseLoader | None = None) -> None:
        settings = config.get("_jinja2_env_vars", {})
        if not isinstance(settings, Mapping) or not SETTINGS.issuperset(settings):
            raise SecurityError("`_jinja2_env_vars` sets what a template may not set")
        refused = unknown_extensions(config)
        if refused:
            raise SecurityError(f"the extension `{refused[0]}` is not one of those that reach nothing")
        drawn = extensions(draws)
        standing: list[type[Extension]] = [drawn.get(name) or getattr(own, name) for name in DEFAULTS]
        asked = [name for name in config.get("_extensions", ()) if name in HARMLESS]
        super().__init__(
            undefined=StrictUndefined,
            keep_trailing_newline=True,
            extensions=[*standing, *asked],
            loader=loader,
            **settings,
        )

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Public names of plain data and of Jinja's own things."""
        return not attr.startswith("_") and isinstance(obj, _DATA + _JINJA)

    def is_safe_callable(self, obj: Any) -> bool:
        """The globals, macros and loops, and methods of plain data, of Jinja's things and of the extensions."""
        if isinstance(obj, (Macro, LoopContext, BlockReference, Joiner, Undefined)):
            return True
        if any(obj is known for known in self.globals.values()):
            return True
        # `str.format` is replaced by a function that wraps it, see SandboxedEnvironment.wrap_str_format
        owner = getattr(getattr(obj, "__wrapped__", obj), "__self__", None)
        return owner is not None and isinstance(owner, _DATA + _JINJA + (Extension,))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """``*`` and ``**`` of a size that a template can be rendered with."""
        if operator == "*":
            for sequence, times in ((left, right), (right, left)):
                repeats = isinstance(sequence, (str, bytes, list, tuple)) and isinstance(times, int)
                if repeats and len(sequence) * times > MOST_REPEATED:
                    raise OverflowError(f"a repetition is longer than {MOST_REPEATED:,}")
        elif isinstance(left, int) and isinstance(right, int) and left.bit_length() * max(right, 0) > MOST_BITS:
            raise OverflowError("a power is too large")
        return super().call_binop(context, operator, left, right)
