"""Compile and run one template or expression, and say where an error is."""

from __future__ import annotations

import hashlib
import re
import traceback
from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import Template
from jinja2.environment import TemplateExpression
from jinja2.exceptions import TemplateError, TemplateSyntaxError, UndefinedError

from pipegen.core.errors import BlueprintError
from pipegen.render.code_cache import CodeCache
from pipegen.render.environment import did_you_mean, environment, prefix_for
from pipegen.render.text import UnsafeValueError

_UNDEFINED = re.compile(r"^'(\w+)' is undefined$")
_NO_LOADER = "no loader for this environment specified"


class Templates:
    """The templates of one blueprint, each compiled once a run.

    ``origin`` names the blueprint's folder in messages.
    """

    def __init__(self, origin: str, codes: CodeCache) -> None:
        self._origin = origin
        self._codes = codes
        self._templates: dict[tuple[str, str, bool], Template] = {}
        self._expressions: dict[str, TemplateExpression] = {}

    def render(self, path: str, source: str, context: Mapping[str, Any], *, quoted_later: bool = False) -> str:
        """The text that a template gives.

        ``quoted_later``: it is a value (the help of a make target) that the template that prints it will quote, so that the
        values in it need no quoting of their own.

        Raises:
            BlueprintError: a syntax error, an undefined name, a value with no filter; with file:line.
        """
        try:
            template = self._compiled(path, source, quoted_later)
            return "".join(template.root_render_func(template.new_context(dict(context))))
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
            raise self._explained(error, path, context) from error

    def evaluate(self, expression: str, context: Mapping[str, Any], where: str) -> Any:
        """The value of an expression of the manifest (``when``, ``for_each``).

        Raises:
            BlueprintError: it is not valid, or uses what is not defined.
        """
        if expression == "true":
            return True
        try:
            if expression not in self._expressions:
                env = environment(None)
                self._expressions[expression] = env.compile_expression(expression, undefined_to_none=False)
            value = self._expressions[expression](**context)
            bool(value)  # an undefined one raises here, with its name
            return value
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            message, hint = _message(error, context)
            raise BlueprintError(
                f"{self._origin}/blueprint.yml: {where}: `{expression}`: {message}", hint=hint
            ) from error

    def _compiled(self, path: str, source: str, quoted_later: bool) -> Template:
        known = self._templates.get((path, source, quoted_later))
        if known is None:
            env = environment(prefix_for(path), quoted_later)
            filename = f"{self._origin}/{path}"
            key = hashlib.sha256(f"{quoted_later}\0{filename}\0{source}".encode()).hexdigest()
            code = self._codes.get(key, lambda: env.code(source, filename))
            known = env.template_class.from_code(env, code, env.globals, None)
            self._templates[path, source, quoted_later] = known
        return known

    def _explained(self, error: Exception, path: str, context: Mapping[str, Any]) -> BlueprintError:
        filename = f"{self._origin}/{path}"
        line = error.lineno if isinstance(error, TemplateSyntaxError) else _line_in(error, filename)
        message, hint = _message(error, context)
        return BlueprintError(f"{filename}:{line}: {message}" if line else f"{filename}: {message}", hint=hint)


def _line_in(error: Exception, filename: str) -> int | None:
    """The template's line in which an error arose. Jinja's own frames know it through the compiled code's line table."""
    template_line = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename == filename:
            template = frame.f_globals.get("__jinja_template__")
            template_line = template.get_corresponding_lineno(line) if template is not None else line
    return template_line


def _message(error: Exception, context: Mapping[str, Any]) -> tuple[str, str | None]:
    """What to say of an error, and what to do about it."""
    if isinstance(error, UnsafeValueError):
        return str(error), error.hint
    if isinstance(error, UndefinedError):
        match = _UNDEFINED.match(str(error))
        if match:
            return f"`{match[1]}` is not defined{did_you_mean(match[1], context)}", _names(context)
        return str(error), None
    if isinstance(error, TypeError) and _NO_LOADER in str(error):
        return (
            "a template stands alone: it cannot include, import or extend another one",
            "let one blueprint contribute",
        )
    return str(error) or type(error).__name__, None


def _names(context: Iterable[str]) -> str:
    return f"defined here: {', '.join(sorted(context))}"
