"""Names that a template uses and nobody defines; attributes, where the type of what they are taken from is known."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jinja2 import meta, nodes
from jinja2.exceptions import TemplateSyntaxError
from pydantic import BaseModel

from pipegen.core.contributions import Contributions
from pipegen.core.design.decision import Decision
from pipegen.core.design.model import Design
from pipegen.core.design.pages import Pages
from pipegen.core.design.watching import Monitoring
from pipegen.render.environment import did_you_mean, environment, fields_of

#: A type as the checker knows it: a class, ``tuple[X, ...]`` and the like, or None where it is not known.
Known = Any

_SAME = frozenset("selectattr rejectattr select reject sort reverse unique list slice".split())
_ONE = frozenset("first last min max".split())


@dataclass(frozen=True)
class Misnamed:
    """A name that is not there."""

    line: int
    message: str


@dataclass
class Usage:
    """What is wrong in a template, and which answers it uses."""

    wrong: list[Misnamed] = field(default_factory=list)
    answers: set[str] = field(default_factory=set)


def context_types() -> dict[str, Known]:
    """The names that every template sees, with their types."""
    hints = typing.get_type_hints(Design)
    names = {name: hints.get(name) for name in hints if name != "answers"}
    computed = {
        "decisions": tuple[Decision, ...],
        "monitoring": Monitoring,
        "pages": Pages,
        "contributions": Contributions,
        "answers": None,
    }
    return {**names, **computed}


def loop_types(for_each: Mapping[str, str], names: Mapping[str, Known]) -> dict[str, Known]:
    """The types of a manifest's tokens."""
    scope = dict(names)
    for token, expression in for_each.items():
        try:
            scope[token] = element_of(type_of_expression(expression, scope))
        except TemplateSyntaxError:
            scope[token] = None  # lint reports it with the other expressions
    return {token: scope[token] for token in for_each}


def type_of_expression(expression: str, names: Mapping[str, Known]) -> Known:
    """The type of an expression of the manifest; None where it is not known."""
    tree = environment(None).parse(f"<%= ({expression}) %>")
    output = next(tree.find_all(nodes.Output), None)
    return _Checker(Usage(), names).type_of(output.nodes[0]) if output is not None and output.nodes else None


def check_names(tree: nodes.Template, names: Mapping[str, Known]) -> Usage:
    """Undefined names and attributes of a parsed template."""
    usage = Usage()
    undefined = meta.find_undeclared_variables(tree) - names.keys()
    seen: set[str] = set()
    for node in tree.find_all(nodes.Name):
        if node.name in undefined and node.name not in seen and node.ctx == "load":
            seen.add(node.name)
            usage.wrong.append(Misnamed(node.lineno, f"`{node.name}` is not defined{did_you_mean(node.name, names)}"))
    _Checker(usage, names).visit(tree)
    return usage


def element_of(type_: Known) -> Known:
    """The type of the items of a list or tuple."""
    arguments = typing.get_args(type_)
    return arguments[0] if _is_list(type_) and arguments else None


def _is_list(type_: Known) -> bool:
    origin: Any = typing.get_origin(type_)
    return origin is tuple or origin is list


class _Checker:
    """Walks a template with the types of the names in scope."""

    def __init__(self, usage: Usage, names: Mapping[str, Known]) -> None:
        self._usage = usage
        self._scopes: list[dict[str, Known]] = [dict(names)]

    def visit(self, node: nodes.Node) -> None:
        """Check a statement or an expression, and what is below it."""
        if isinstance(node, nodes.For):
            self._visit_for(node)
        elif isinstance(node, nodes.Assign):
            type_ = self.type_of(node.node)
            self._bind(node.target, type_)
        elif isinstance(node, nodes.Macro):
            self._within({argument.name: None for argument in node.args}, node.body)
        elif isinstance(node, nodes.Expr):
            self.type_of(node)
        else:
            for below in node.iter_child_nodes():
                self.visit(below)

    def _visit_for(self, node: nodes.For) -> None:
        element = element_of(self.type_of(node.iter))
        self._scopes.append({"loop": None})
        self._bind(node.target, element)
        for below in (*([node.test] if node.test is not None else []), *node.body):
            self.visit(below)
        self._scopes.pop()
        for below in node.else_:
            self.visit(below)

    def _within(self, names: dict[str, Known], body: list[nodes.Node]) -> None:
        self._scopes.append(names)
        for below in body:
            self.visit(below)
        self._scopes.pop()

    def _bind(self, target: nodes.Node, type_: Known) -> None:
        if isinstance(target, nodes.Name):
            self._scopes[-1][target.name] = type_
        for below in target.find_all(nodes.Name):
            self._scopes[-1].setdefault(below.name, None)

    def type_of(self, node: nodes.Node) -> Known:
        """The type of an expression, with every attribute in it checked."""
        if isinstance(node, nodes.Name):
            return next((scope[node.name] for scope in reversed(self._scopes) if node.name in scope), None)
        if isinstance(node, (nodes.Getattr, nodes.Getitem)):
            return self._taken_from(node)
        if isinstance(node, nodes.Filter):
            return self._filtered(node)
        if isinstance(node, nodes.CondExpr):
            branches = [self.type_of(part) for part in node.iter_child_nodes()]
            return branches[1] if len(branches) == 3 and branches[1] == branches[2] else None
        for below in node.iter_child_nodes():
            self.type_of(below)
        return str if isinstance(node, (nodes.Concat, nodes.TemplateData)) else None

    def _taken_from(self, node: nodes.Getattr | nodes.Getitem) -> Known:
        base = self.type_of(node.node)
        if isinstance(node, nodes.Getattr):
            name: Any = node.attr
        else:
            self.type_of(node.arg)
            name = node.arg.value if isinstance(node.arg, nodes.Const) else None
        if isinstance(node.node, nodes.Name) and node.node.name == "answers" and isinstance(name, str):
            self._usage.answers.add(name)
        if isinstance(name, int):
            return element_of(base)
        return self._attribute(base, name, node.lineno) if isinstance(name, str) else None

    def _attribute(self, base: Known, name: str, line: int) -> Known:
        base = _not_none(base)
        if not isinstance(base, type) or not fields_of(base):
            return None
        if name not in fields_of(base):
            kind = base.__name__.lower()
            near = did_you_mean(name, fields_of(base))
            self._usage.wrong.append(Misnamed(line, f"`{kind}` has no `{name}`{near}"))
            return None
        return _field_type(base, name)

    def _filtered(self, node: nodes.Filter) -> Known:
        base = self.type_of(node.node) if node.node is not None else None
        arguments = [*node.args, *(pair.value for pair in node.kwargs)]
        for argument in arguments:
            self.type_of(argument)
        element = element_of(base)
        path = self._attribute_argument(node)
        found = element
        for name in path.split(".") if path and element is not None else ():
            found = self._attribute(found, name, node.lineno)
        if node.name == "map" and path:
            return types.GenericAlias(tuple, (found, ...)) if found is not None else None
        if node.name in _ONE:
            return element
        return base if node.name in _SAME else None

    @staticmethod
    def _attribute_argument(node: nodes.Filter) -> str | None:
        """The attribute that ``selectattr("x")``, ``map(attribute="x")`` and ``sort(attribute="x")`` speak of."""
        if node.name in ("selectattr", "rejectattr", "groupby") and node.args and isinstance(node.args[0], nodes.Const):
            return str(node.args[0].value)
        named = next((pair.value for pair in node.kwargs if pair.key == "attribute"), None)
        return named.value if isinstance(named, nodes.Const) and isinstance(named.value, str) else None


def _field_type(kind: type, name: str) -> Known:
    member = vars(kind).get(name)
    if isinstance(member, property) and member.fget is not None:
        return typing.get_type_hints(member.fget).get("return")
    if issubclass(kind, BaseModel):
        return kind.model_fields[name].annotation
    return typing.get_type_hints(kind).get(name)


def _not_none(type_: Known) -> Known:
    """``X`` for ``X | None``."""
    origin: Any = typing.get_origin(type_)
    if origin is typing.Union or origin is types.UnionType:
        others = [argument for argument in typing.get_args(type_) if argument is not type(None)]
        return others[0] if len(others) == 1 else None
    return type_


def texts_of(item: BaseModel) -> Iterator[tuple[str, str]]:
    """The texts of a contribution, by field: each is a small template, but for ``when`` and ``file``."""
    for name in type(item).model_fields:
        value = getattr(item, name)
        if isinstance(value, str) and name not in ("when", "file", "blueprint"):
            yield name, value
