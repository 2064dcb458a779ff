"""Lint: what can be known to be wrong with a blueprint before anything is rendered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError

from pipegen.core.blueprint import Blueprint, Patterns
from pipegen.core.contributions import KINDS
from pipegen.core.paths import unsafe_because
from pipegen.render.environment import did_you_mean, environment, prefix_for
from pipegen.render.expansion import Loops, names_in, names_in_template, tokens_of, undotted
from pipegen.render.findings import Finding
from pipegen.render.lint_hosts import check_host
from pipegen.render.lint_names import Known, Usage, check_names, context_types, loop_types, texts_of
from pipegen.render.lint_secrets import secrets_in
from pipegen.render.lint_text import path_flaws, text_flaws
from pipegen.render.renderer import as_template

MANIFEST = "blueprint.yml"
CHANGELOG = "CHANGELOG.md"


def lint(blueprint: Blueprint) -> list[Finding]:
    """Everything that is wrong with one blueprint, by path and line; paths are relative to its folder."""
    return sorted(_Linter(blueprint).findings())


def lint_together(blueprints: Sequence[Blueprint]) -> list[tuple[Blueprint, Finding]]:
    """Templates of different blueprints that render one path, each with the blueprint that it was found in."""
    first: dict[str, Blueprint] = {}
    found = []
    for blueprint in sorted(blueprints, key=lambda b: (b.name, b.version)):
        for path in sorted(blueprint.files):
            other = first.setdefault(undotted(path).casefold(), blueprint)
            if other is not blueprint:
                message = f"`{other.name}` {other.version} renders the same path"
                hint = "a path belongs to one blueprint; contribute a piece to the other instead"
                found.append((blueprint, Finding(f"files/{path}", 1, "same-path", message, hint)))
    return found


class _Linter:
    """One blueprint, the types of the names that its templates see, and the answers that they use."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint
        self._manifest = blueprint.manifest
        self._loops = Loops.of(self._manifest.for_each)
        self._names = context_types()
        self._tokens = loop_types(self._manifest.for_each, self._names)
        self._answers: set[str] = set()
        self._used_tokens: set[str] = set()

    def findings(self) -> Iterator[Finding]:
        yield from self._expressions()
        for path in sorted(self._blueprint.files):
            yield from self._file(path)
        yield from self._contributions()
        yield from self._unmatched()
        yield from self._pieces()
        yield from self._unused()  # last: it is known by now what is used

    def _expressions(self) -> Iterator[Finding]:
        """``when`` and ``for_each`` of the manifest."""
        yield from self._expression(self._manifest.when, ("when",), {})
        for index, (token, expression) in enumerate(self._manifest.for_each.items()):
            outer = list(self._manifest.for_each)[:index]
            yield from self._expression(expression, ("for_each", token), {name: self._tokens[name] for name in outer})
        rules = Patterns(self._manifest.files)
        for entry, rule in self._manifest.files.items():
            paths = [path for path in self._blueprint.files if rules.match(path) == entry]
            tokens = {token for path in (paths or [entry]) for token in tokens_of(path)}
            yield from self._expression(rule.when, ("files", entry, "when"), self._seen(tokens))

    def _expression(
        self, expression: str, address: tuple[str | int, ...], more: Mapping[str, Known]
    ) -> Iterator[Finding]:
        try:
            tree = environment(None).parse(f"<%= ({expression}) %>")
        except TemplateSyntaxError as error:
            yield Finding(MANIFEST, 1, "expression", f"`{expression}`: {error.message}", address=address)
            return
        for finding in self._checked(tree, MANIFEST, {**self._names, **more}):
            yield replace(finding, line=1, message=f"`{expression}`: {finding.message}", address=address)

    def _seen(self, tokens: set[str]) -> dict[str, Known]:
        """The tokens among those named, and those that they need, with their types."""
        known = tokens & self._tokens.keys()
        self._used_tokens.update(known)
        over = self._loops.over(known, MANIFEST)
        self._used_tokens.update(over)
        return {token: self._tokens[token] for token in over}

    def _checked(self, tree: nodes.Template, path: str, names: Mapping[str, Known]) -> Iterator[Finding]:
        usage: Usage = check_names(tree, names)
        self._answers |= usage.answers
        for wrong in usage.wrong:
            yield Finding(path, wrong.line, "undefined", wrong.message)

    def _file(self, path: str) -> Iterator[Finding]:
        shown = f"files/{path}"
        yield from _flaws(shown, path_flaws(path))
        unsafe = unsafe_because(undotted(path.replace("{", "").replace("}", "")))
        if unsafe:
            yield Finding(shown, 1, "path", f"the path cannot be rendered: {unsafe}")
        tokens = set(tokens_of(path))
        for token in sorted(tokens - self._tokens.keys()):
            hint = f"add it to `for_each`{did_you_mean(token, self._tokens)}"
            yield Finding(shown, 1, "token", f"`{{{token}}}` is not in `for_each`", hint)
        source = as_template(self._blueprint.files[path])
        if source is None:
            return
        yield from _secrets(shown, source)
        if Patterns(dict.fromkeys(self._manifest.verbatim)).match(path) is None:
            yield from self._template(shown, source, self._seen(tokens))

    def _template(self, shown: str, source: str, more: Mapping[str, Known]) -> Iterator[Finding]:
        yield from _flaws(shown, text_flaws(shown, source))
        try:
            env = environment(prefix_for(shown))
            tree = env.parse(source)
            env.code(source, shown)  # a filter that is not there is found here
        except TemplateSyntaxError as error:
            yield Finding(shown, error.lineno, "syntax", str(error.message))
            return
        yield from self._checked(tree, shown, {**self._names, **more})
        for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
            yield Finding(shown, node.lineno, "alone", "a template cannot include, import or extend another one")
        broken = check_host(shown, source)
        if broken is not None:
            message = f"with its placeholders replaced it is not valid: {broken.because}"
            yield Finding(shown, broken.line, "host", message, "a template must be valid in its own language")

    def _contributions(self) -> Iterator[Finding]:
        for kind in KINDS:
            for index, item in enumerate(getattr(self._manifest.contributes, kind)):
                address = ("contributes", kind, index)
                path = getattr(item, "file", None)
                piece = self._blueprint.pieces.get(path) if path is not None else None
                if path is not None and piece is None:
                    hint = "paths are relative to the blueprint's folder, beside files/"
                    yield Finding(MANIFEST, 1, "missing-file", f"there is no file `{path}`", hint, address=address)
                texts = dict(texts_of(item))
                text = as_template(piece) if piece is not None else None
                tokens = names_in(item.when).union(*map(names_in_template, (*texts.values(), text or "")))
                seen = self._seen(tokens)
                yield from self._expression(item.when, (*address, "when"), seen)
                for name, value in texts.items():
                    for finding in self._short_template(value, seen):
                        yield replace(finding, address=(*address, name))
                if path is not None and text is not None:
                    yield from self._template(path, text, seen)

    def _short_template(self, source: str, seen: Mapping[str, Known]) -> Iterator[Finding]:
        if "<%" not in source:
            return
        try:
            env = environment(None, True)
            tree = env.parse(source)
            env.code(source, MANIFEST)
        except TemplateSyntaxError as error:
            yield Finding(MANIFEST, 1, "syntax", str(error.message))
            return
        yield from self._checked(tree, MANIFEST, {**self._names, **seen})

    def _unmatched(self) -> Iterator[Finding]:
        """Entries of the manifest that speak of no file."""
        for name, patterns in (("files", self._manifest.files), ("verbatim", dict.fromkeys(self._manifest.verbatim))):
            for index, pattern in enumerate(patterns):
                one = Patterns({pattern: None})
                if not any(one.match(path) for path in self._blueprint.files):
                    near = did_you_mean(pattern, self._blueprint.files)
                    at = pattern if name == "files" else index
                    message = f"`{pattern}` matches no file{near}"
                    yield Finding(MANIFEST, 1, "no-match", message, "paths are those under files/", address=(name, at))

    def _pieces(self) -> Iterator[Finding]:
        if CHANGELOG not in self._blueprint.pieces:
            yield Finding(
                CHANGELOG, 1, "changelog", f"there is no {CHANGELOG}", "say what changed since the version before"
            )
        for path, content in sorted(self._blueprint.pieces.items()):
            yield from _secrets(path, as_template(content) or "")

    def _unused(self) -> Iterator[Finding]:
        asked = {question.id: index for index, question in enumerate(self._manifest.questions)}
        for id, index in asked.items():
            if id not in self._answers:
                message = f"the answer to `{id}` is used nowhere"
                yield Finding(
                    MANIFEST, 1, "unused", message, f"use `answers.{id}`, or do not ask", address=("questions", index)
                )
        for id in sorted(self._answers - asked.keys()):
            message = f"`answers.{id}` is used, and no question asks for it{did_you_mean(id, asked)}"
            yield Finding(MANIFEST, 1, "undefined", message, "add it to `questions`")
        for token in self._manifest.for_each:
            if token not in self._used_tokens:
                message = f"`{{{token}}}` stands in no path and no contribution"
                yield Finding(MANIFEST, 1, "unused", message, "take it out of `for_each`", address=("for_each", token))


def _flaws(path: str, flaws: Iterator[object]) -> Iterator[Finding]:
    for flaw in flaws:
        yield Finding(path, **vars(flaw))


def _secrets(path: str, text: str) -> Iterator[Finding]:
    for line, kind in secrets_in(text):
        yield Finding(
            path, line, "secret", f"this looks like {kind}", "name an environment variable instead, and revoke it"
        )
