"""Plain values as YAML that a person can edit, the same bytes on every machine.

Block style, but for mappings and lists of scalars that fit on a line; a string is quoted wherever YAML 1.1 or 1.2 could
read it as something else. Comments stand at the end of a key's line, by address.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_/.][\w ./@%+<>=()*-]*", flags=re.ASCII)
# Durations, shares, growths and factors: plain in every YAML.
_UNIT = re.compile(r"\d+[smhdw]|\d+(\.\d+)?(%(/[a-z]+)?|x)")
_SPECIAL = re.compile(
    r"(?i:y|n|yes|no|on|off|true|false|null|~|\.inf|\.nan|[+-]?\.inf)|[-+.\d][\d_.,:eE+-]*|0[xob][\da-fA-F_]+|<<|="
)
_FLOW_WIDTH = 110

Comments = Mapping[tuple[str, ...], str]


def scalar(value: Any) -> str:
    """A scalar as YAML 1.1 and 1.2 both read it back.

    Raises:
        TypeError: not text, a number, a boolean or None.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        text = repr(value)
        return f"{text.replace('e', '.0e')}" if "e" in text and "." not in text else text
    if not isinstance(value, str):
        raise TypeError(f"no YAML scalar: {type(value).__name__}")
    if _UNIT.fullmatch(value):
        return value
    if _PLAIN.fullmatch(value) and not _SPECIAL.fullmatch(value) and not value.endswith(" "):
        return value
    return _quoted(value)


def _quoted(value: str) -> str:
    """Double quotes as JSON has them; what YAML does not print raw is escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _key(value: Any) -> str:
    return scalar(value)


def flow(value: Any) -> str:
    """A value on one line: ``{a: 1, b: [x, y]}``."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(v) for v in value) + "]"
    text = scalar(value)
    return text if not re.search(r"[\[\]{},]", text) or text.startswith('"') else _quoted(str(value))


def _is_leaf(value: Any, depth: int = 0) -> bool:
    """Short enough in structure for one line: scalars, lists of scalars, one mapping of these."""
    if isinstance(value, Mapping):
        return not value or (depth < 2 and all(_is_leaf(v, depth + 1) for v in value.values()))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return depth < 2 and all(not isinstance(v, Mapping | list | tuple) for v in value)
    return True


def dump(
    data: Mapping[str, Any], comments: Comments | None = None, *, block: frozenset[tuple[str, ...]] = frozenset()
) -> str:
    """A mapping as YAML text with a final newline.

    ``comments`` stand behind the key at their address; the mappings at the addresses in ``block`` (``*`` stands for any
    key) are never folded to one line.
    """
    lines: list[str] = []
    _mapping(data, (), 0, lines, comments or {}, block)
    return "\n".join(lines) + "\n"


def _mapping(
    data: Mapping[str, Any],
    at: tuple[str, ...],
    indent: int,
    lines: list[str],
    comments: Comments,
    block: frozenset[tuple[str, ...]],
) -> None:
    pad = " " * indent
    for key, value in data.items():
        here = (*at, str(key))
        head = f"{pad}{_key(key)}:"
        comment = f"  # {comments[here]}" if here in comments else ""
        in_block = isinstance(value, Mapping) and value and any(_matches(here, b) for b in block)
        line = f"{head} {flow(value)}" if not in_block and _is_leaf(value) else None
        if line is not None and (
            len(line) <= _FLOW_WIDTH or not isinstance(value, Mapping | list | tuple) or not value
        ):
            lines.append(line + comment)
        elif isinstance(value, Mapping):
            lines.append(head + comment)
            _mapping(value, here, indent + 2, lines, comments, block)
        else:
            lines.append(head + comment)
            lines.extend(f"{pad}  - {flow(item)}" for item in value)


def _matches(address: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    return len(address) == len(pattern) and all(p in ("*", a) for a, p in zip(address, pattern, strict=True))
