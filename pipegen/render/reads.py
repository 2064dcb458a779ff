"""What an expression of a template reads: which fields of which records of the design, and their values."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import nodes
from jinja2.environment import TemplateExpression
from jinja2.exceptions import TemplateError

from pipegen.render.environment import environment, fields_of
from pipegen.render.trace import Scope

# Filters whose attribute may be named by the first argument, and those where it is `attribute=` alone.
_BY_FIRST = frozenset("selectattr rejectattr groupby".split())
_FAILURES = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError)

Names = Mapping[str, Any]


@dataclass(frozen=True)
class Read:
    """A value that a template reads.

    ``text`` is what the template calls it (``source.schedule``). ``owners`` are the records whose ``field`` it is: one, or several
    where a filter goes through a list; none for a name that every template sees, which is ``field`` itself. ``rest`` are the steps
    from there on (``kind`` of ``destination.kind``).
    """

    text: str
    value: Any
    owners: tuple[Any, ...]
    field: str
    rest: tuple[str | int, ...] = ()


def is_record(value: Any) -> bool:
    """Whether a value is a record of the design or of the contributions."""
    return bool(fields_of(value.__class__))


def once(reads: Iterable[Read]) -> tuple[Read, ...]:
    """The reads without those that are of the same field of the same records."""
    seen: dict[tuple[Any, ...], Read] = {}
    for read in reads:
        seen.setdefault((*map(id, read.owners), read.field, *read.rest), read)
    return tuple(seen.values())


class Reader:
    """What the expressions of one template read, given ``context``: the names that every template sees, and the path's tokens."""

    def __init__(self, template: nodes.Template, context: Names) -> None:
        self._context = context
        self._set: dict[str, list[nodes.Node]] = {}
        for assign in template.find_all(nodes.Assign):
            for target in (assign.target, *assign.target.find_all((nodes.Name, nodes.NSRef))):
                if isinstance(target, nodes.Name | nodes.NSRef):
                    self._set.setdefault(target.name, []).append(assign.node)
        self._macros = {macro.name for macro in template.find_all(nodes.Macro)}
        self._compiled: dict[int, TemplateExpression] = {}

    def of(self, node: nodes.Node, names: Names = {}, scopes: Sequence[Scope] = ()) -> tuple[Read, ...]:  # noqa: B006 -- never written
        """The reads of an expression at a place where ``names`` are bound, inside ``scopes``; each once."""
        return once(self._reads(node, ChainMap(dict(names), dict(self._context)), tuple(scopes), frozenset()))

    def _reads(
        self, node: nodes.Node, names: Names, scopes: tuple[Scope, ...], followed: frozenset[str]
    ) -> Iterator[Read]:
        if isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem):
            yield from self._chain(node, names, scopes, followed)
            return
        if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr):  # a method of a plain value
            below: Iterator[nodes.Node] = iter((node.node.node, *node.args, *node.kwargs))
        else:
            below = node.iter_child_nodes()
        through = isinstance(node, nodes.Filter) and _attribute_of(node) is not None
        for child in below:
            for read in self._reads(child, names, scopes, followed):
                if not (through and _holds_records(read.value)):  # a list on the way to what is read of its items
                    yield read
        if isinstance(node, nodes.Filter):
            yield from self._attribute(node, names)

    def _chain(
        self, node: nodes.Expr, names: Names, scopes: tuple[Scope, ...], followed: frozenset[str]
    ) -> Iterator[Read]:
        """``its[0].watermark``: the last record on the way has the field; a plain value set or looped over is followed."""
        root, steps, others = _unrolled(node)
        for other in others:
            yield from self._reads(other, names, scopes, followed)
        if not isinstance(root, nodes.Name):
            yield from self._reads(root, names, scopes, followed)
            return
        if root.name in self._macros or root.name not in names:
            return
        value, owner, field = names[root.name], None, root.name
        rest: tuple[str | int, ...] = ()
        for step in steps:
            if is_record(value) and step in fields_of(value.__class__):
                owner, field, rest = value, str(step), ()
            else:
                rest = (*rest, step)
            try:
                value = _step(value, step)
            except (LookupError, ValueError, TypeError, AttributeError):
                return
        if owner is not None:
            yield Read(_text(root.name, steps), value, (owner,), field, rest)
        elif root.name not in followed:
            yield from self._followed(root.name, steps, value, names, scopes, followed)

    def _followed(
        self, name: str, steps: Sequence[str | int], value: Any, names: Names, scopes: tuple[Scope, ...], followed: frozenset[str]
    ) -> Iterator[Read]:  # fmt: skip
        """The reads behind a name that is no record: what it was set to, or what was looped over; else the name itself."""
        bound = next((i for i in reversed(range(len(scopes))) if name in scopes[i].names), None)
        if bound is not None:
            if not is_record(value):
                yield from self._reads(scopes[bound].tests[0], names, scopes[:bound], followed)
        elif name in self._set:
            for definition in self._set[name]:
                yield from self._reads(definition, names, scopes, followed | {name})
        elif name in self._context and not is_record(value):
            yield Read(_text(name, steps), value, (), name, tuple(steps))

    def _attribute(self, node: nodes.Filter, names: Names) -> Iterator[Read]:
        """The fields that ``map(attribute="x")`` and ``selectattr("x")`` read of every record of a list."""
        path = _attribute_of(node)
        if path is None or node.node is None:
            return
        try:
            found: list[Any] = list(_flat(self._value(node.node, names)))
        except _FAILURES:
            return
        for step in path.split("."):
            owners = [one for one in found if is_record(one) and step in fields_of(one.__class__)]
            if owners:
                found = [getattr(one, step) for one in owners]
                yield Read(f"{type(owners[0]).__name__.lower()}.{step}", found, tuple(owners), step)
                found = list(_flat(found))

    def _value(self, node: nodes.Expr, names: Names) -> Any:
        known = self._compiled.get(id(node))
        if known is None:
            result = nodes.Assign(nodes.Name("result", "store"), node, lineno=1)
            template = environment(None).from_string(nodes.Template([result], lineno=1))
            known = self._compiled[id(node)] = TemplateExpression(template, False)
        return known(dict(names))


def _step(value: Any, step: str | int) -> Any:
    if isinstance(value, Mapping):
        return value[step]
    return value[int(step)] if isinstance(value, list | tuple) else getattr(value, str(step))


def _unrolled(node: nodes.Expr) -> tuple[nodes.Expr, list[str | int], list[nodes.Expr]]:
    """The root of a chain, its steps as far as they are plain, and the expressions in brackets."""
    steps: list[str | int] = []
    others: list[nodes.Expr] = []
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        if isinstance(node, nodes.Getattr):
            steps.append(node.attr)
        elif isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str | int):
            steps.append(node.arg.value)
        else:
            steps.clear()  # which item it is, is known at run time alone
            others.append(node.arg)
        node = node.node
    return node, steps[::-1], others


def _attribute_of(node: nodes.Filter) -> str | None:
    first = node.args[0] if node.args and node.name in _BY_FIRST else None
    named = next((pair.value for pair in node.kwargs if pair.key == "attribute"), first)
    return named.value if isinstance(named, nodes.Const) and isinstance(named.value, str) else None


def _flat(value: Any) -> Iterator[Any]:
    """The items of lists in lists."""
    if isinstance(value, str | Mapping) or is_record(value):
        yield value
        return
    try:
        items = iter(value)
    except TypeError:
        yield value
        return
    for item in items:
        yield from _flat(item)


def _holds_records(value: Any) -> bool:
    return isinstance(value, list | tuple) and any(is_record(item) or _holds_records(item) for item in value)


def _text(name: str, steps: Sequence[str | int]) -> str:
    return name + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
