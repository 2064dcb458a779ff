"""Quoting for code and data: each function gives text that its language reads back as the very value it was given.

Every function refuses what its language cannot say (``UnsafeValueError``), so that a value survives or is refused, but never
ends the string, the line or the block that it stands in.
"""

from __future__ import annotations

import json as json_module
import math
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from jinja2.runtime import Undefined

from pipegen.core.sql import expression_problem, quoted
from pipegen.render.text import Safe, UnsafeValueError, shown

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_JINJA = re.compile(r"\{(?=[{%#])")
_SQL_CONTROLS = re.compile("([\x01-\x08\x0a-\x1f\x7f\x85\u2028\u2029])")
_SQL_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?: [A-Za-z][A-Za-z0-9_]*)*(?:\(\d+(?:, ?\d+)?\))?(?:\[\])?")
# Everything that is not printable in YAML, and what an editor would not show: controls, separators, marks of direction.
_UNPRINTED = re.compile(
    "[\x00-\x1f\x7f-\xa0\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff0-\uffff\U000e0000-\U000e007f]"
)
_YAML_PLAIN = re.compile(r"[A-Za-z_](?:[A-Za-z0-9_./()-]| (?=[A-Za-z0-9_./(]))*")
_YAML_WORDS = frozenset("y n yes no on off true false null nan inf".split())


def text_of(value: Any, what: str) -> str:
    """The text of a value for a filter that takes text alone.

    Raises:
        UnsafeValueError: it is not text, or has half of a surrogate pair in it, which no file can hold.
        UndefinedError: it is undefined.
    """
    if isinstance(value, Undefined):
        return str(value)  # raises, with the name
    if not isinstance(value, str):
        raise UnsafeValueError(f"`{what}` takes text, not {type(value).__name__}", "convert it in the design")
    if _SURROGATE.search(value):
        raise UnsafeValueError(f"{shown(value)} is not valid Unicode", "it has half of a surrogate pair in it")
    return str(value)


def py(value: Any, indent: int | None = None) -> Safe:
    """A Python literal, spelled as ``ruff format`` would.

    With ``indent``, lists and dicts are spread over lines, with the magic trailing comma, as deep as that column.
    """
    return Safe(_py(value, indent))


def _py(value: Any, indent: int | None) -> str:
    if value is None or isinstance(value, bool):
        return repr(value)
    if isinstance(value, (int, float)):
        return _number(value, "py").replace("e+", "e")
    if isinstance(value, Mapping):
        return _spread([f"{_py(k, None)}: {_py(v, _deeper(indent))}" for k, v in value.items()], "{}", indent)
    if isinstance(value, (list, tuple)):
        return _spread([_py(item, _deeper(indent)) for item in value], "[]", indent)
    return _py_text(text_of(value, "py"))


def _py_text(text: str) -> str:
    quote = "'" if text.count('"') > text.count("'") else '"'
    # repr() chooses its own quotes: give it a text that has none, so that the rest is escaped by the one who knows.
    escaped = "".join(f"\\{c}" if c == quote else c if c in "'\"" else repr(c)[1:-1] for c in text)
    return f"{quote}{escaped}{quote}"


def _spread(items: list[str], brackets: str, indent: int | None) -> str:
    if indent is None or not items:
        return brackets[0] + ", ".join(items) + brackets[1]
    margin = " " * (indent + 4)
    return brackets[0] + "".join(f"\n{margin}{item}," for item in items) + "\n" + " " * indent + brackets[1]


def _deeper(indent: int | None) -> int | None:
    return None if indent is None else indent + 4


def _number(value: float, what: str) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        raise UnsafeValueError(f"`{what}` cannot spell {value}", "there is no literal for it")
    text = repr(value)
    # `1e+16` is a text, not a number, in YAML 1.1; with a dot every language reads a number.
    return re.sub(r"^(-?\d+)e", r"\1.0e", text)


def sql(value: Any) -> Safe:
    """A SQL literal, on one line.

    Text with dbt's braces in it is put together from pieces, so that dbt leaves it alone; so is text with newlines, which
    neither an editor nor git's autocrlf can then change.
    """
    if value is None:
        return Safe("null")
    if isinstance(value, bool):
        return Safe("true" if value else "false")
    if isinstance(value, (int, float)):
        return Safe(_number(value, "sql"))
    text = text_of(value, "sql")
    if "\0" in text:
        raise UnsafeValueError(f"{shown(text)} cannot be a SQL text", "it has a NUL character in it")
    pieces = [piece for part in _SQL_CONTROLS.split(text) for piece in _JINJA.sub("{\0", part).split("\0") if piece]
    spelled = [f"chr({ord(p)})" if _SQL_CONTROLS.fullmatch(p) else "'" + p.replace("'", "''") + "'" for p in pieces]
    literal = " || ".join(spelled or ["''"])
    return Safe(f"({literal})" if len(spelled) > 1 else literal)


def ident(value: Any) -> Safe:
    """A SQL identifier, quoted where it must be: reserved, upper case, not ASCII, with spaces, quotes or a leading digit.

    Raises:
        UnsafeValueError: it is empty, or has controls or dbt's opening braces in it, which no quoting hides from dbt.
    """
    text = text_of(value, "ident")
    if not text or "\0" in text or _JINJA.search(text) or _SQL_CONTROLS.search(text):
        raise UnsafeValueError(f"{shown(text)} cannot be an identifier in SQL", "give the column or table another name")
    return Safe(quoted(text))


def sql_type(value: Any) -> Safe:
    """A SQL type such as ``DECIMAL(18,2)``, checked to be nothing else."""
    text = text_of(value, "sql_type")
    if not _SQL_TYPE.fullmatch(text):
        raise UnsafeValueError(f"{shown(text)} is not a SQL type", "types are words with a precision: DECIMAL(18,2)")
    return Safe(text)


def expr(value: Any) -> Safe:
    """A SQL expression that the user wrote (a business rule, a measure), as it is.

    Raises:
        UnsafeValueError: it could end the statement it stands in: ``;``, a comment, an open quote or bracket, dbt's braces.
    """
    text = text_of(value, "expr").strip()
    because = expression_problem(text)
    if because:
        raise UnsafeValueError(
            f"{shown(text)} cannot stand in a SQL statement: {because}", "write one plain SQL expression"
        )
    return Safe(text)


def yaml(value: Any) -> Safe:
    """A YAML value that reads back as it was in YAML 1.1 and 1.2, in block and in flow style, on one line."""
    return Safe(_yaml(value))


def _yaml(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return _number(value, "yaml")
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_yaml(k)}: {_yaml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_yaml(item) for item in value) + "]"
    text = text_of(value, "yaml")
    return text if _is_plain_yaml(text) else _double_quoted(text)


def _is_plain_yaml(text: str) -> bool:
    return _YAML_PLAIN.fullmatch(text) is not None and text.lower() not in _YAML_WORDS


def _double_quoted(text: str) -> str:
    """JSON's spelling, with everything escaped that YAML does not print: valid in YAML, JSON and TOML alike."""
    return _UNPRINTED.sub(_unicode_escape, json_module.dumps(text, ensure_ascii=False))


def _unicode_escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def dbt(value: Any) -> Safe:
    """A YAML value for a file that dbt renders: text with Jinja's braces in it prints as that text, and runs nothing."""
    return Safe(_yaml(_hidden_from_dbt(value)))


def _hidden_from_dbt(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_hidden_from_dbt(k): _hidden_from_dbt(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_hidden_from_dbt(item) for item in value]
    if not isinstance(value, str) or not re.search(r"\{[{%#]|[}%#]\}", value):
        return value
    # One Jinja string: nothing in it is markup, and no newline at its end is lost. Jinja reads Python's escapes.
    return '{{ "' + text_of(value, "dbt").replace("\\", "\\\\").replace('"', '\\"') + '" }}'


def json(value: Any, indent: int | None = None) -> Safe:
    """A JSON value, keys in the order they have."""
    return Safe(_json(value, indent))


def _json(value: Any, indent: int | None) -> str:
    try:
        text = json_module.dumps(_plain(value), ensure_ascii=False, allow_nan=False, indent=indent)
    except (TypeError, ValueError) as error:
        raise UnsafeValueError(
            f"`json` cannot spell this value: {error}", "give it text, numbers, lists of such"
        ) from error
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {text_of(k, "json"): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float)) else text_of(value, "json")


def toml(value: Any) -> Safe:
    """A TOML value on one line.

    Raises:
        UnsafeValueError: none, for which TOML has no word.
    """
    return Safe(_toml(value))


def _toml(value: Any) -> str:
    if value is None:
        raise UnsafeValueError("TOML has no word for nothing (none)", "leave the key out")
    if isinstance(value, Mapping):
        items = [f"{_double_quoted(text_of(k, 'toml'))} = {_toml(v)}" for k, v in value.items()]
        return "{ " + ", ".join(items) + " }" if items else "{}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _number(value, "toml") if isinstance(value, (int, float)) else _double_quoted(text_of(value, "toml"))


def sh(value: Any) -> Safe:
    """One word of a POSIX shell."""
    text = str(value) if type(value) is int else text_of(value, "sh")
    if "\0" in text:
        raise UnsafeValueError(f"{shown(text)} cannot be a word of a shell", "it has a NUL character in it")
    return Safe(shlex.quote(text))


def make(value: Any) -> Safe:
    """One word of a shell in a recipe of a Makefile, where ``$`` is doubled.

    Raises:
        UnsafeValueError: it has a newline in it, which ends the recipe's line.
    """
    text = sh(value)
    if "\n" in text or "\r" in text:
        raise UnsafeValueError(f"{shown(text)} cannot stand in a recipe", "a recipe's line has no newline in it")
    return Safe(text.replace("$", "$$"))


CODE: dict[str, Callable[..., Safe]] = {
    "py": py,
    "sql": sql,
    "ident": ident,
    "sql_type": sql_type,
    "expr": expr,
    "yaml": yaml,
    "dbt": dbt,
    "json": json,
    "toml": toml,
    "sh": sh,
    "make": make,
}
