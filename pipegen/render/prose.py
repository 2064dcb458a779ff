"""Quoting for prose: Markdown, HTML and comments, where a value is read by people and must not become markup."""

from __future__ import annotations

import html as html_module
import re
from collections.abc import Callable, Iterator
from typing import Any

from pipegen.render.quoting import text_of
from pipegen.render.text import Safe

_BREAKS = re.compile(r"[\s\x00-\x1f\x7f\x85\u2028\u2029]+")
# Characters that no reader sees and that turn what follows them around.
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
_MD_ANYWHERE = re.compile(r"([\\`*\[\]<>|~{}$]|&(?=#?\w+;)|!(?=\[)|(?<![^\W_])_|_(?![^\W_])|(?<=\w):(?=//))")
_CODE = re.compile("`([^`]+)`")
_MD_AT_START = re.compile(r"^(?:([#+=-])|(\d{1,9})([.)]))")


def one_line(value: Any, what: str) -> str:
    """Text on one line: newlines and runs of blanks become one space, and unseen controls go."""
    return _BREAKS.sub(" ", _UNSEEN.sub("", text_of(value, what))).strip()


def md(value: Any) -> Safe:
    """Markdown inline text that shows as it was written, on one line; also in a table's cell."""
    if type(value) is int:
        return Safe(str(value))
    return Safe(_not_a_block(_MD_ANYWHERE.sub(r"\\\1", one_line(value, "md"))))


def _not_a_block(text: str) -> str:
    """Markdown that begins no heading, list or rule."""
    return _MD_AT_START.sub(lambda m: f"\\{m[1]}" if m[1] else f"{m[2]}\\{m[3]}", text)


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


def md_said(value: Any) -> Safe:
    """A sentence of the design as Markdown: what stands in backticks is code, all else as :func:`md` has it."""
    parts = [code(part) if is_code else _MD_ANYWHERE.sub(r"\\\1", part) for is_code, part in _parts(value, "md_said")]
    return Safe(_not_a_block("".join(parts)))


def html_said(value: Any) -> Safe:
    """A sentence of the design as HTML: what stands in backticks is code, all else as :func:`html` has it."""
    parts = _parts(value, "html_said")
    return Safe("".join(f"<code>{html(part)}</code>" if is_code else html(part) for is_code, part in parts))


def _parts(value: Any, what: str) -> Iterator[tuple[bool, str]]:
    """A text at its pairs of backticks: whether a part is code, and the part."""
    for index, part in enumerate(_CODE.split(one_line(value, what))):
        if part:
            yield index % 2 == 1, part


def comment(value: Any) -> Safe:
    """Text for a line comment of Python, SQL, YAML or a shell, and for a block comment: it stays one line.

    Braces of Jinja are parted, since dbt renders comments too; so are the ends of block comments and what Python would take
    for the declaration of a file's encoding.
    """
    text = str(value) if type(value) is int else one_line(value, "comment")
    text = re.sub(r"([{%#}])(?=[{%#}])", r"\1 ", text)
    text = text.replace("*/", "* /").replace("/*", "/ *").replace("-->", "-- >")
    return Safe(re.sub(r"(coding)(?=[:=])", r"\1 ", text))


PROSE: dict[str, Callable[..., Safe]] = {
    "md": md,
    "code": code,
    "html": html,
    "md_said": md_said,
    "html_said": html_said,
    "comment": comment,
}
