"""The Jinja environments: one for every line-statement prefix, sandboxed, strict, the same on every machine.

Delimiters are chosen so that dbt's, Airflow's, Prometheus's and GitHub's ``{{ }}`` pass through untouched. All of them are
set in every environment: an unset comment delimiter would silently eat dbt's ``{# #}``.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterable
from functools import cache
from types import CodeType
from typing import Any

from jinja2 import StrictUndefined, nodes
from jinja2.exceptions import UndefinedError
from jinja2.runtime import LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace, missing
from pydantic import BaseModel

from pipegen.render.filters import FILTERS
from pipegen.render.literals import trust_literals
from pipegen.render.text import Safe, as_text, finalize

#: Suffix or file name -> prefix of a line statement. A suffix that is not here has none.
LINE_STATEMENTS: dict[str, str] = {
    **dict.fromkeys(("py", "yml", "yaml", "toml", "sh", "cfg", "ini", "txt", "Dockerfile", "Makefile", "mk"), "#%"),
    "sql": "--%",
}

BLOCK = ("<%", "%>")
VARIABLE = ("<%=", "%>")
COMMENT = ("<%#", "%>")

_TESTS = frozenset(
    "defined undefined none string number integer float boolean true false mapping sequence iterable "
    "in eq equalto == ne != lt lessthan < le <= gt greaterthan > ge >= odd even divisibleby lower upper sameas".split()
)
_METHODS: dict[type, frozenset[str]] = {
    str: frozenset("startswith endswith lower upper title replace split splitlines strip lstrip rstrip count".split()),
    dict: frozenset({"get", "items", "keys", "values"}),
    list: frozenset({"index", "count"}),
    tuple: frozenset({"index", "count"}),
    LoopContext: frozenset(
        "index index0 revindex revindex0 first last length depth depth0 previtem nextitem cycle changed".split()
    ),
}
_TAG = re.compile(r"(?P<lead>^[ \t]*)?<%(?!=)(?P<mark>#?)(?P<body>(?:[^%]|%(?!>))*)%>(?P<end>$)?", re.MULTILINE)


def prefix_for(path: str) -> str | None:
    """The prefix of line statements in a file, by its suffix or its name (``Makefile``); None where it has none."""
    name = path.rsplit("/", 1)[-1]
    return LINE_STATEMENTS.get(name) or LINE_STATEMENTS.get(name.rsplit(".", 1)[-1])


class Strict(StrictUndefined):
    """An undefined name or attribute: any use of it is an error that says what was meant."""

    __slots__ = ()

    def __init__(
        self, hint: str | None = None, obj: Any = missing, name: str | None = None, exc: Any = UndefinedError
    ) -> None:
        if hint is None and obj is not missing and name is not None:
            kind = type(obj).__name__.lower()
            hint = f"`{kind}` has no `{name}`{did_you_mean(str(name), attributes_of(obj))}"
        super().__init__(hint, obj, name, exc)


@cache
def fields_of(kind: type) -> tuple[str, ...]:
    """The fields of a record of the design or of the contributions, computed ones too; none for any other type."""
    if issubclass(kind, BaseModel):
        return tuple(kind.model_fields)
    if not dataclasses.is_dataclass(kind):
        return ()
    computed = [name for name, member in vars(kind).items() if isinstance(member, property)]
    return (*(field.name for field in dataclasses.fields(kind)), *computed)


@cache
def _visible(kind: type) -> frozenset[str]:
    """What a template may use on a value of a type."""
    methods = (names for known, names in _METHODS.items() if issubclass(kind, known))
    return frozenset(fields_of(kind)).union(*methods)


def attributes_of(value: Any) -> tuple[str, ...]:
    """The names that a template may use on a value."""
    if isinstance(value, dict):
        return tuple(key for key in value if isinstance(key, str))
    return fields_of(value.__class__)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``; did you mean `x`?`` where a known name is near, else nothing."""
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean `{near[0]}`?" if near else ""


class TemplateEnvironment(ImmutableSandboxedEnvironment):
    """A sandbox in which templates see plain values, may loop over them, and print what is quoted."""

    def __init__(self, prefix: str | None, quoted_later: bool = False) -> None:
        super().__init__(
            block_start_string=BLOCK[0],
            block_end_string=BLOCK[1],
            variable_start_string=VARIABLE[0],
            variable_end_string=VARIABLE[1],
            comment_start_string=COMMENT[0],
            comment_end_string=COMMENT[1],
            line_statement_prefix=prefix,
            line_comment_prefix=None,  # it would leave an empty line; <%# %> alone on a line leaves none
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            newline_sequence="\n",
            undefined=Strict,
            autoescape=False,
            finalize=as_text if quoted_later else finalize,
            cache_size=0,
        )
        self.filters = dict(FILTERS)
        self.tests = {name: test for name, test in self.tests.items() if name in _TESTS}
        self.globals = {"range": self.globals["range"], "namespace": self.globals["namespace"]}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        template = super()._parse(keep_inline_whitespace(source), name, filename)
        trust_literals(template)
        return template

    def code(self, source: str, filename: str) -> CodeType:
        """A template compiled to Python code.

        Raises:
            TemplateSyntaxError: with the line.
        """
        return self.compile(source, filename, filename)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Fields of the design and of contributions, and a few methods of text, lists and dicts."""
        return attr in _visible(obj.__class__) or (isinstance(obj, Namespace) and not attr.startswith("_"))

    def is_safe_callable(self, obj: Any) -> bool:
        """Macros, the loop, the two globals, and methods of plain values."""
        owner = getattr(obj, "__self__", None)
        return (
            isinstance(obj, (Macro, LoopContext))
            or any(obj is known for known in self.globals.values())
            or isinstance(owner, tuple(_METHODS))
        )

    def call(self, context: Any, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call what a template calls; what a macro prints has been judged within it."""
        result = super().call(context, obj, *args, **kwargs)
        return Safe(result) if isinstance(obj, Macro) else result


def keep_inline_whitespace(source: str) -> str:
    """Make a tag that stands alone on its lines vanish with them, and any other one leave the text around it alone.

    Jinja's ``trim_blocks`` and ``lstrip_blocks`` do the first but also eat the newline after ``<% endif %>`` at the end of a
    line of text, and the blanks before ``<% if %>`` at its start. A ``+`` on that side says otherwise; lines stay lines.
    """
    return _TAG.sub(_marked, source) if "<%" in source else source


def _marked(match: re.Match[str]) -> str:
    """A tag with a ``+`` on the side where text of its line begins or ends; as it is where the author has said what to do."""
    lead, mark, body, end = match["lead"], match["mark"], match["body"], match["end"]
    before, after = lead is not None, end is not None
    if before == after or body.strip() == "raw":
        return match[0]
    start = "+" if before and not body.startswith(("-", "+")) else ""
    stop = "+" if after and not body.endswith(("-", "+")) else ""
    return f"{lead or ''}<%{mark}{start}{body}{stop}%>"


@cache
def environment(prefix: str | None, quoted_later: bool = False) -> TemplateEnvironment:
    """The environment for a prefix, made once a process; ``quoted_later`` where the text is a value to be quoted by others."""
    return TemplateEnvironment(prefix, quoted_later)
