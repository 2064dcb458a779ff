"""What pipegen must know of a user's SQL expression before it puts it into a file: that it is one, and stays one."""

from __future__ import annotations

import re
from collections.abc import Container

from pipegen.core.reserved import is_reserved
from pipegen.core.sql_types import canonical_sql

_STRINGS = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")

_NUMERIC_FUNCTIONS = frozenset(
    """
    abs avg case ceil coalesce corr count count_if filter floor greatest if least ln log median mod nullif power
    quantile_cont round sign sqrt stddev stddev_pop stddev_samp sum var_pop var_samp variance
    """.split()
)


def quoted(identifier: str) -> str:
    """An identifier as SQL takes it: bare where it can be, in double quotes where it must be."""
    if re.fullmatch(r"[a-z_][a-z0-9_]*", identifier) and not is_reserved(identifier):
        return identifier
    doubled = identifier.replace('"', '""')
    return f'"{doubled}"'


def expression_problem(text: str) -> str | None:
    """Why ``text`` may not stand as one SQL expression inside a larger statement; None where it may.

    It is lexical: quotes and brackets close, and nothing in it could end the statement, start a comment, or be taken for
    Jinja by dbt. Whether the columns exist is checked elsewhere, and whether the engine takes it, by dbt's first run.
    """
    if not text.strip():
        return "it is empty"
    if any((ord(c) < 32 and c not in "\t\n") or 0x7F <= ord(c) < 0xA0 for c in text):
        return "it has a control character"
    if any(0xD800 <= ord(c) <= 0xDFFF for c in text):
        return "it is not UTF-8"
    for braces in ("{{", "}}", "{%", "%}", "{#", "#}"):
        if braces in text:
            return f"`{braces}` would be taken for Jinja by dbt"
    bare = _STRINGS.sub("''", text)
    if re.search(r"(?<![^\W\d])e'", bare, flags=re.IGNORECASE):
        return "strings with backslash escapes (`e'…'`) are not taken; use plain single quotes"
    if "'" in bare.replace("''", "") or '"' in bare:
        return "a quote is not closed"
    for token, why in ((";", "ends the statement"), ("--", "starts a comment"), ("/*", "starts a comment")):
        if token in bare:
            return f"`{token}` {why}"
    if "$" in bare or "?" in bare:
        return "`$` and `?` would be taken for a quote or a parameter"
    return _brackets_problem(bare)


def _brackets_problem(bare: str) -> str | None:
    pairs = {")": "(", "]": "[", "}": "{"}
    stack: list[str] = []
    for char in bare:
        if char in "([{":
            stack.append(char)
        elif char in pairs and (not stack or stack.pop() != pairs[char]):
            return f"`{char}` closes nothing"
    return f"`{stack[-1]}` is not closed" if stack else None


def words(expression: str) -> set[str]:
    """The bare identifiers of an expression, lower-cased: candidates for column names."""
    bare = re.sub(r"'(?:[^']|'')*'", " ", expression)
    quoted = {m.replace('""', '"').lower() for m in re.findall(r'"((?:[^"]|"")*)"', bare)}
    unquoted = {m.lower() for m in re.findall(r"\b[^\W\d]\w*\b(?!\s*\()", re.sub(r'"(?:[^"]|"")*"', " ", bare))}
    return quoted | unquoted


def split_alias(measure: str) -> tuple[str, str] | None:
    """``sum(x) as revenue`` as (``sum(x)``, ``revenue``); a bare column is its own alias; None where there is no alias."""
    match = re.fullmatch(r"(.+?)\s+as\s+([^\W\d]\w*)\s*", measure, flags=re.IGNORECASE | re.DOTALL)
    if match:
        return match[1].strip(), match[2].lower()
    if re.fullmatch(r"[^\W\d]\w*", measure.strip()):
        return measure.strip(), measure.strip().lower()
    return None


def aggregate_type(expression: str, column_types: dict[str, str]) -> str | None:
    """The SQL type that an aggregate is cast to, so that a mart's contract holds on every engine.

    ``count`` is BIGINT, ``min``/``max`` the column's, ``sum`` of whole numbers and decimals exact, arithmetic over numeric
    aggregates DOUBLE; what ends in a cast is what it is cast to. None where only the engine could tell.
    """
    cast = cast_type(expression)
    if cast:
        return cast
    match = re.fullmatch(r"(\w+)\s*\((.*)\)", _without_filter(expression), flags=re.DOTALL)
    if not match or not _closes_at_end(match[2]):
        return _numeric_type(expression)
    function = match[1].lower()
    argument = re.sub(r"^distinct\s+", "", match[2].strip(), flags=re.IGNORECASE).lower().strip('"')
    type_ = column_types.get(argument, "")
    if function in _FUNCTION_TYPES:
        return _FUNCTION_TYPES[function]
    if function in ("min", "max", "any_value", "first", "last", "mode") and type_:
        return type_
    if function == "sum" and type_ == "BIGINT":
        return "DECIMAL(38,0)"
    if function == "sum" and type_.startswith("DECIMAL"):
        return f"DECIMAL(38,{type_.rstrip(')').split(',')[1].strip()})"
    return _numeric_type(expression)


def _numeric_type(expression: str) -> str | None:
    """DOUBLE where every function of an expression gives a number, and there is one."""
    functions = {f.lower() for f in re.findall(r"([^\W\d]\w*)\s*\(", re.sub(r"'(?:[^']|'')*'", "''", expression))}
    return "DOUBLE" if functions and functions <= _NUMERIC_FUNCTIONS else None


def cast_type(expression: str) -> str | None:
    """The type that a whole expression is cast to, ``cast(… as T)`` or ``…::T``; None where it is not."""
    text = expression.strip()
    match = re.fullmatch(r"(?:try_)?cast\s*\((.*)\s+as\s+([\w ]+(?:\(\s*\d+\s*(?:,\s*\d+\s*)?\))?)\s*\)", text, _FLAGS)
    if match and _closes_at_end(match[1]):
        return canonical_sql(match[2])
    match = re.fullmatch(r"[^\s()]+::([\w ]+(?:\(\s*\d+\s*(?:,\s*\d+\s*)?\))?)", text, _FLAGS)
    return canonical_sql(match[1]) if match else None


def _without_filter(expression: str) -> str:
    """``sum(x) filter (where …)`` without what it is filtered by."""
    return re.sub(r"\)\s*filter\s*\(.*\)$", ")", expression.strip(), flags=_FLAGS)


def _closes_at_end(inside: str) -> bool:
    """Whether what stands in a call's brackets closes all that it opens, so that the call is the whole expression."""
    depth = 0
    for char in _STRINGS.sub("''", inside):
        depth += (char == "(") - (char == ")")
        if depth < 0:
            return False
    return depth == 0


def unknown_columns(expression: str, known: Container[str]) -> list[str]:
    """Bare words of an expression that are neither columns nor words of SQL, sorted."""
    return sorted(
        w for w in words(expression) if w not in known and w not in _WORDS and not is_reserved(w) and w.isidentifier()
    )


_FLAGS = re.IGNORECASE | re.DOTALL
_FUNCTION_TYPES = {
    **dict.fromkeys(("count", "count_if", "count_star", "approx_count_distinct", "regr_count"), "BIGINT"),
    **dict.fromkeys(("string_agg", "group_concat", "listagg"), "VARCHAR"),
    **dict.fromkeys(("bool_and", "bool_or"), "BOOLEAN"),
}
# Words of an expression that are neither columns nor reserved: type names, parts of dates, words of syntax.
_WORDS = frozenset(
    """
    and between bigint boolean case cast century char date day days decade decimal desc dow double doy else end epoch
    escape exclude false filter first float following from hour hours hugeint ignore ilike in int integer interval is
    isodow isoyear last like microsecond millennium millisecond minute minutes month months not null nulls numeric or
    order over partition precision preceding quarter range real respect row rows second seconds similar smallint string
    text then time timestamp timestamptz timezone tinyint true ubigint unbounded using uuid varchar week weeks when where
    with within year years yearweek zone
    """.split()
)
