"""Text that stands in the template itself is the author's: it is printed as written, with no filter.

``<%= "," if not loop.last %>`` prints a literal, ``<%= "raw_" ~ source.id %>`` a literal and a value. The values are judged
one by one; the literals are not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jinja2 import nodes

from pipegen.render.text import Safe, finalize

LITERAL = "literal"
TOGETHER = "together"


def literal(value: str) -> Safe:
    """Text of the template itself."""
    return Safe(value)


def together(values: Iterable[Any]) -> Safe:
    """Values side by side, each of them safe by itself."""
    return Safe("".join(str(finalize(value)) for value in values))


def trust_literals(template: nodes.Template) -> None:
    """Mark what the author wrote, in every expression that the template prints."""
    for output in template.find_all(nodes.Output):
        output.nodes = [piece for node in output.nodes for piece in _pieces(node)]


def _pieces(node: nodes.Expr) -> list[nodes.Expr]:
    if isinstance(node, nodes.TemplateData):
        return [node]
    if isinstance(node, nodes.Concat):
        return [piece for part in node.nodes for piece in _pieces(part)]
    return [_trusted(node)]


def _trusted(node: nodes.Expr) -> nodes.Expr:
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        return _filtered(node, LITERAL)
    if isinstance(node, nodes.Concat):
        parts = nodes.List([_trusted(part) for part in node.nodes], lineno=node.lineno, environment=node.environment)
        return _filtered(parts, TOGETHER)
    if isinstance(node, nodes.CondExpr):
        node.expr1 = _trusted(node.expr1)
        node.expr2 = _trusted(node.expr2) if node.expr2 is not None else None
    elif isinstance(node, (nodes.And, nodes.Or)):
        node.left, node.right = _trusted(node.left), _trusted(node.right)
    return node


def _filtered(node: nodes.Expr, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno, environment=node.environment)
