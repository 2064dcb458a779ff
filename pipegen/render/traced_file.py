"""One rendered file, found by its id and rendered once more to say where its lines come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from jinja2 import nodes

from pipegen.core.blueprint import Blueprint, FileRule, Patterns
from pipegen.core.design.model import Design
from pipegen.render.code_cache import CodeCache, user_folder
from pipegen.render.collect import Selected, collect
from pipegen.render.environment import environment
from pipegen.render.expansion import id_of, iterate, tokens_of
from pipegen.render.reads import Read, Reader, once
from pipegen.render.renderer import DEFAULT_RULE, as_template, select
from pipegen.render.trace import Scope, TracedLine, parsed, pieces, template_lines, traced


@dataclass(frozen=True)
class Within:
    """A loop or a condition that a line stands in, with what it hangs on; ``bound`` are the loop's variables by their values."""

    scope: Scope
    reads: tuple[Read, ...]
    bound: Mapping[str, Any]


@dataclass(frozen=True)
class Condition:
    """A ``when:`` that let the file be rendered: of its ``blueprint``, or of the ``file``."""

    of: Literal["blueprint", "file"]
    expression: str
    reads: tuple[Read, ...]


@dataclass(frozen=True)
class TracedFile:
    """A rendered file and the template that it comes from.

    ``template`` is its path in the blueprint, ``values`` what its tokens stand for, ``copied`` whether it is no template but copied
    as it is; ``content`` are its bytes, with ``\\n`` line endings where it is a template. A binary file has no lines.
    """

    blueprint: Blueprint
    template: str
    values: Mapping[str, Any]
    rule: FileRule
    content: bytes
    copied: bool
    lines: tuple[TracedLine, ...]
    context: Mapping[str, Any]
    tree: nodes.Template

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self.tree, self.context)

    def printed(self, line: TracedLine) -> tuple[Read, ...]:
        """What the expressions read that printed a line, but for those that print a comma between items, or a blank."""
        told = [(p.site.node, p) for p in line.pieces if p.site.node is not None and any(map(str.isalnum, p.text))]
        return once(read for node, p in told for read in self._reader.of(node, p.names, p.site.scopes))

    def within(self, line: TracedLine) -> tuple[Within, ...]:
        """The loops and conditions that a line stands in, the outermost first."""
        found = []
        for index, scope in enumerate(line.scopes):
            tests = scope.tests[1:] if scope.kind == "for" else scope.tests  # a loop over a list says nothing
            inner = line.scopes[: index + (scope.kind == "for")]
            reads = once([r for test in tests for r in self._reader.of(test, line.names, inner)])
            found.append(Within(scope, reads, {n: line.names[n] for n in scope.names if n in line.names}))
        return tuple(found)

    def reads(self) -> tuple[Read, ...]:
        """Everything that the file follows from: what its lines print, and what they hang on."""
        found = [read for condition in self.conditions for read in condition.reads]
        for line in self.lines:
            found += [*self.printed(line), *(read for one in self.within(line) for read in one.reads)]
        return once(found)

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """The ``when:`` of the blueprint and of the file, where they say anything."""
        found = []
        if self.blueprint.manifest.when != "true":
            found.append(
                Condition("blueprint", self.blueprint.manifest.when, self._reads_of(self.blueprint.manifest.when))
            )
        if self.rule.when != "true":
            found.append(Condition("file", self.rule.when, self._reads_of(self.rule.when)))
        return tuple(found)

    def _reads_of(self, expression: str) -> tuple[Read, ...]:
        tree = environment(None).parse(f"<%= ({expression}) %>")
        return once([r for o in tree.find_all(nodes.Output) for n in o.nodes for r in Reader(tree, self.context).of(n)])


class Tracer:
    """The files of one render, each traced when it is asked for.

    Raises:
        BlueprintError: a blueprint is missing or out of range, or what one contributes does not render.
    """

    def __init__(self, blueprints: Sequence[Blueprint], design: Design) -> None:
        stored = {blueprint.name: CodeCache(user_folder(), blueprint.digest) for blueprint in blueprints}
        chosen = select(blueprints, design, design.context(), stored)
        self._contributions = collect(chosen)
        self.selected = {one.blueprint.name: one for one in chosen}

    def file(self, id: str) -> TracedFile | None:
        """The file with an id (:class:`pipegen.core.tree.RenderedFile`); None where these blueprints do not render it.

        Raises:
            BlueprintError: its template does not render.
        """
        name, _, rest = id.partition(":")
        one = self.selected.get(name)
        for path in sorted(one.blueprint.files) if one is not None else ():
            if one is not None and (rest == path or rest.startswith(f"{path}@")):
                found = _traced(
                    one, path, rest.removeprefix(path), {**one.context, "contributions": self._contributions}
                )
                if found is not None:
                    return found
        return None


def _traced(one: Selected, path: str, loop: str, context: Mapping[str, Any]) -> TracedFile | None:
    """The file of a template that is made for ``loop`` (``@shop_db``, or nothing)."""
    where = f"{one.blueprint.origin}/files/{path}"
    entry = Patterns(one.blueprint.manifest.files).match(path)
    rule = one.blueprint.manifest.files[entry] if entry is not None else DEFAULT_RULE
    for values in iterate(one.loops.over(tokens_of(path), where), one.loops, one.templates, context, where):
        if loop != ("@" + ".".join(id_of(value) for value in values.values()) if values else ""):
            continue
        seen = {**context, **values}
        if rule.when != "true" and not one.templates.evaluate(rule.when, seen, f"files.{path}.when"):
            return None
        return _rendered(one, path, values, rule, seen)
    return None


def _rendered(
    one: Selected, path: str, values: Mapping[str, Any], rule: FileRule, context: Mapping[str, Any]
) -> TracedFile:
    content = one.blueprint.files[path]
    source = as_template(content)
    verbatim = Patterns(dict.fromkeys(one.blueprint.manifest.verbatim)).match(path) is not None
    if source is None or verbatim:
        texts = template_lines(source) if source is not None else []
        lines = tuple(
            TracedLine(n, n, text, (n,)) for n, text in enumerate(texts[:-1] if texts[-1:] == [""] else texts, 1)
        )
        return TracedFile(one.blueprint, path, values, rule, content, True, lines, context, nodes.Template([]))
    tree = parsed(f"files/{path}", source)
    lines = tuple(traced(source, pieces(tree, context, f"{one.blueprint.origin}/files/{path}")))
    text = "".join(piece.text for line in lines for piece in line.pieces)
    return TracedFile(one.blueprint, path, values, rule, text.encode(), False, lines, context, tree.nodes)
