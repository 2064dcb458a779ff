"""Which lines of a template put the lines of a rendered file there: the template rendered once more, piece by piece.

Jinja's code generator joins what it can and marks statements alone with their lines. Here every line of the template's own text and
every expression is an ``Output`` of its own, with a number where its line would be, so that the code line at which a render
pauses says which piece it has just printed; its frame holds the loop variables.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import FrameType, GeneratorType
from typing import Any, Literal, cast

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import TemplateError
from jinja2.utils import missing

from pipegen.core.errors import BlueprintError
from pipegen.render.environment import TemplateEnvironment, keep_inline_whitespace, prefix_for

# Numbers of pieces stand where lines of the template stand: they begin above any line.
_FIRST = 1_000_000_000
_LOCAL = re.compile(r"l_(\d+)_(.+)")
_NEWLINE = re.compile(r"\r\n|\r|\n")
_ENDED = re.compile(r"[^\n]*\n|[^\n]+")

Kind = Literal["for", "if", "elif", "else"]


@dataclass(frozen=True)
class Scope:
    """A loop or a condition that a piece stands in.

    ``text`` is the statement as the template has it, at ``line``; of an ``else`` it is the ``if`` or ``for`` that it belongs to.
    ``tests`` are the expressions that it hangs on, ``names`` what a loop binds.
    """

    kind: Kind
    line: int
    text: str
    tests: tuple[nodes.Node, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Site:
    """A place in a template that prints: its own text (no ``node``), or an expression; at ``line``, inside ``scopes``."""

    line: int
    node: nodes.Expr | None = None
    scopes: tuple[Scope, ...] = ()


@dataclass(frozen=True)
class Piece:
    """What a site printed once; ``names`` are the names that the template had bound there, loop variables and set ones."""

    site: Site
    text: str
    names: Mapping[str, Any]


@dataclass(frozen=True)
class TracedLine:
    """One line of a rendered file, its newline left out.

    ``line`` is the line of the template that most of it comes from and ``text`` that line; ``lines`` are all that it comes from,
    ``pieces`` what it is made of, in order.
    """

    number: int
    line: int
    text: str
    lines: tuple[int, ...]
    pieces: tuple[Piece, ...] = ()

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """The loops and conditions that it stands in, the outermost first."""
        return next((p.site.scopes for p in self.pieces if p.site.line == self.line), ())

    @property
    def names(self) -> Mapping[str, Any]:
        """What the template had bound at it."""
        return next((p.names for p in self.pieces if p.site.line == self.line), {})


@dataclass(frozen=True)
class Tree:
    """A parsed template: its environment, its nodes with the numbers of its sites, and the sites."""

    environment: TemplateEnvironment
    nodes: nodes.Template
    sites: Sequence[Site]


class _Numbered(CodeGenerator):
    def visit_Output(self, node: nodes.Output, frame: Frame) -> None:  # noqa: N802 -- Jinja's own name
        for child in node.nodes:
            self.newline(child)
            super().visit_Output(nodes.Output([child], lineno=child.lineno), frame)


class _Environment(TemplateEnvironment):
    code_generator_class = _Numbered


@cache
def _environment(prefix: str | None) -> TemplateEnvironment:
    return _Environment(prefix)


def parsed(path: str, source: str) -> Tree:
    """A template as :func:`pieces` renders it.

    Raises:
        TemplateSyntaxError: with the line.
    """
    environment = _environment(prefix_for(path))
    tree = environment.parse(source)
    walk = _Walk(environment, _heads(environment, source))
    walk.visit(tree, ())
    return Tree(environment, tree, walk.sites)


def pieces(tree: Tree, context: Mapping[str, Any], filename: str) -> Iterator[Piece]:
    """What each site of a template prints, in the order of the rendered text.

    Raises:
        BlueprintError: the template does not render.
    """
    environment = tree.environment
    code = environment.compile(tree.nodes, filename, filename)
    template = environment.template_class.from_code(environment, code, environment.globals, None)
    marks = [line for line, _ in template.debug_info]
    starts = [start for _, start in template.debug_info]
    render = cast("GeneratorType[str, None, None]", template.root_render_func(template.new_context(dict(context))))
    try:
        for text in render:
            frame = _paused_at(render)
            number = marks[bisect_right(starts, frame.f_lineno) - 1]
            site = tree.sites[number - _FIRST] if number >= _FIRST else Site(number)
            if text:
                yield Piece(site, text, _locals(frame))
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
        raise BlueprintError(f"{filename}: {error}") from error


def traced(source: str, parts: Iterator[Piece]) -> list[TracedLine]:
    """The lines of the text that pieces make; ``source`` is the text of the template."""
    texts = template_lines(source)
    lines: list[TracedLine] = []
    held: list[Piece] = []

    def end() -> None:
        told = [p for p in held if p.text.strip()] or held
        at = tuple(dict.fromkeys(p.site.line for p in told))
        lines.append(TracedLine(len(lines) + 1, at[0], texts[at[0] - 1], at, tuple(held)))
        held.clear()

    for piece in parts:
        for text in _ENDED.findall(piece.text):
            held.append(Piece(piece.site, text, piece.names))
            if text.endswith("\n"):
                end()
    if held:
        end()
    return lines


def template_lines(source: str) -> list[str]:
    """The lines of a template as Jinja counts them."""
    return _NEWLINE.split(source)


def _paused_at(render: GeneratorType[str, None, None]) -> FrameType:
    """The frame that has just printed: that of the template, or of a block in it."""
    while isinstance(render.gi_yieldfrom, GeneratorType):
        render = render.gi_yieldfrom
    return cast("FrameType", render.gi_frame)


def _locals(frame: FrameType) -> dict[str, Any]:
    """The names of a template by their values: Jinja calls ``table`` of an inner loop ``l_2_table``."""
    found: dict[str, tuple[int, Any]] = {}
    for name, value in frame.f_locals.items():
        match = _LOCAL.fullmatch(name)
        if match and value is not missing and int(match[1]) >= found.get(match[2], (-1, None))[0]:
            found[match[2]] = (int(match[1]), value)
    return {name: value for name, (_, value) in found.items()}


def _heads(environment: TemplateEnvironment, source: str) -> dict[tuple[int, str], list[str]]:
    """The statements of a template as written, by their line and their first word, in order."""
    heads: dict[tuple[int, str], list[str]] = {}
    inside: list[tuple[int, str]] | None = None
    for line, kind, text in environment.lex(keep_inline_whitespace(source)):
        if kind in ("block_begin", "linestatement_begin"):
            inside = []
        elif kind in ("block_end", "linestatement_end") and inside is not None:
            words = [(at, word) for at, word in inside if word.strip()]
            if words:
                whole = " ".join("".join(word for _, word in inside).split())
                heads.setdefault((words[0][0], words[0][1]), []).append(whole)
            inside = None
        elif inside is not None:
            inside.append((line, text))
    return heads


@dataclass
class _Walk:
    """Numbers what a template prints, in place, with the loops and conditions around it."""

    environment: TemplateEnvironment
    heads: dict[tuple[int, str], list[str]]
    sites: list[Site] = field(default_factory=list)

    def visit(self, node: nodes.Node, scopes: tuple[Scope, ...]) -> None:
        if isinstance(node, nodes.Output):
            node.nodes = [piece for child in node.nodes for piece in self._numbered(child, scopes)]
        elif isinstance(node, nodes.If):
            self._if(node, scopes)
        elif isinstance(node, nodes.For):
            tests = (node.iter, *([node.test] if node.test is not None else []))
            bound = tuple(name.name for name in _names_of(node.target))
            head = Scope("for", node.lineno, self._head(node.lineno, "for"), tests, bound)
            self._all(node.body, (*scopes, head))
            self._all(node.else_, (*scopes, Scope("else", node.lineno, head.text, tests)))
        else:
            for below in node.iter_child_nodes():
                self.visit(below, scopes)

    def _if(self, node: nodes.If, scopes: tuple[Scope, ...]) -> None:
        head = Scope("if", node.lineno, self._head(node.lineno, "if"), (node.test,))
        self._all(node.body, (*scopes, head))
        tests = [node.test]
        for other in node.elif_:
            tests.append(other.test)
            text = self._head(other.lineno, "elif")
            self._all(other.body, (*scopes, Scope("elif", other.lineno, text, tuple(tests))))
        self._all(node.else_, (*scopes, Scope("else", node.lineno, head.text, tuple(tests))))

    def _all(self, body: Sequence[nodes.Node], scopes: tuple[Scope, ...]) -> None:
        for below in body:
            self.visit(below, scopes)

    def _head(self, line: int, word: str) -> str:
        waiting = self.heads.get((line, word))
        return waiting.pop(0) if waiting else word

    def _numbered(self, child: nodes.Expr, scopes: tuple[Scope, ...]) -> Iterator[nodes.Expr]:
        if not isinstance(child, nodes.TemplateData):
            self.sites.append(Site(child.lineno, child, scopes))
            child.lineno = _FIRST + len(self.sites) - 1
            yield child
            return
        for index, text in enumerate(_ENDED.findall(child.data)):
            self.sites.append(Site(child.lineno + index, None, scopes))
            number = _FIRST + len(self.sites) - 1
            yield nodes.TemplateData(text, lineno=number, environment=child.environment)


def _names_of(target: nodes.Node) -> Iterator[nodes.Name]:
    if isinstance(target, nodes.Name):
        yield target
    yield from target.find_all(nodes.Name)
