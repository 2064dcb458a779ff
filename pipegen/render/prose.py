"""Quoting for prose: Markdown, HTML and comments, where a value is read by people and must not become markup."""

from __future__ import annotations

import html as html_module
import re
from collections.abc import Callable
from typing import Any

from pipegen.render.quoting import text_of
from pipegen.render.text import Safe

_BREAKS = re.compile(r"[\s\x00-\x1f\x7f\x85\u2028\u2029]+")
# Characters that no reader sees and that turn what follows them around.
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
_MD_ANYWHERE = re.compile(r"([\\`*\[\]<>|~{}$]|&(?=#?\w+;)|!(?=\[)|(?<![^\W_])_|_(?![^\W_])|(?<=\w):(?=//))")
_MD_AT_START = re.compile(r"^(?:([#+=-])|(\d{1,9})([.)]))")


def one_line(value: Any, what: str) -> str:
    """Text on one line: newlines and runs of blanks become one space, and unseen controls go."""
    return _BREAKS.sub(" ", _UNSEEN.sub("", text_of(value, what))).strip()


def md(value: Any) -> Safe:
    """Markdown inline text that shows as it was written, on one line; also in a table's cell."""
    if type(value) is int:
        return Safe(str(value))
    text = _MD_ANYWHERE.sub(r"\\\1", one_line(value, "md"))
    return Safe(_MD_AT_START.sub(lambda m: f"\\{m[1]}" if m[1] else f"{m[2]}\\{m[3]}", text))


def code(value: Any) -> Safe:
    """A Markdown code span, fence and all, on one line; also in a table's cell, where ``|`` would end it."""
    text = str(value) if type(value) is int else one_line(value, "code")
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") or not text else ""
    return Safe(fence + pad + text.replace("|", "\\|") + pad + fence)


def html(value: Any) -> Safe:
    """HTML text, also within a quoted attribute."""
    return Safe(html_module.escape(str(value) if type(value) is int else text_of(value, "html")))


def comment(value: Any) -> Safe:
    """Text for a line comment of Python, SQL, YAML or a shell, and for a block comment: it stays one line.

    Braces of Jinja are parted, since dbt renders comments too; so are the ends of block comments and what Python would take
    for the declaration of a file's encoding.
    """
    text = str(value) if type(value) is int else one_line(value, "comment")
    text = re.sub(r"([{%#}])(?=[{%#}])", r"\1 ", text)
    text = text.replace("*/", "* /").replace("/*", "/ *").replace("-->", "-- >")
    return Safe(re.sub(r"(coding)(?=[:=])", r"\1 ", text))


PROSE: dict[str, Callable[..., Safe]] = {"md": md, "code": code, "html": html, "comment": comment}
