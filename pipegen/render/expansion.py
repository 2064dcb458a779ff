"""Which files a template's path stands for: ``{source}`` in it is one file a source, ``dot_`` a leading dot."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import meta
from jinja2.exceptions import TemplateSyntaxError

from pipegen.core.blueprint import TOKEN
from pipegen.core.errors import BlueprintError
from pipegen.render.environment import did_you_mean, environment
from pipegen.render.templates import Templates

_DOT = re.compile(r"(^|/)dot_(?=[^/])")


@dataclass(frozen=True)
class Loops:
    """``for_each`` of a manifest: what each token ranges over, and which other tokens that speaks of."""

    expressions: Mapping[str, str]
    needs: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, expressions: Mapping[str, str]) -> Loops:
        needs = {token: names_in(text) & expressions.keys() for token, text in expressions.items()}
        return cls(expressions, {token: frozenset(names) for token, names in needs.items()})

    def over(self, tokens: Iterable[str], where: str) -> list[str]:
        """The tokens to loop over for those named, and for those that they need, in the manifest's order.

        Raises:
            BlueprintError: one is not in ``for_each``.
        """
        wanted: set[str] = set()
        waiting = list(tokens)
        while waiting:
            token = waiting.pop()
            if token not in self.expressions:
                raise BlueprintError(
                    f"{where}: `{{{token}}}` is not in `for_each` of the manifest{did_you_mean(token, self.expressions)}",
                    hint="add it to `for_each`, or take the braces out of the path",
                )
            if token not in wanted:
                wanted.add(token)
                waiting.extend(self.needs[token])
        return [token for token in self.expressions if token in wanted]


def names_in(expression: str) -> set[str]:
    """The names that an expression speaks of; none where it is not valid, which evaluating it will say."""
    return names_in_template(f"<%= ({expression}) %>")


def names_in_template(source: str) -> set[str]:
    """The names that a short template speaks of and does not define itself."""
    if "<%" not in source:
        return set()
    try:
        return set(meta.find_undeclared_variables(environment(None).parse(source)))
    except TemplateSyntaxError:
        return set()  # rendering it says what is wrong, and where


def tokens_of(path: str) -> list[str]:
    """The tokens of a path, in order: ``["source"]`` for ``dags/{source}.py``."""
    return TOKEN.findall(path)


def iterate(
    tokens: list[str], loops: Loops, templates: Templates, context: Mapping[str, Any], where: str
) -> Iterator[dict[str, Any]]:
    """The values of the tokens, once for every combination; none of them for no token."""
    if not tokens:
        yield {}
        return
    token, *rest = tokens
    things = templates.evaluate(loops.expressions[token], context, f"for_each.{token}")
    if not isinstance(things, (list, tuple)):
        raise BlueprintError(f"{where}: `for_each.{token}` is not a list", hint="name a list of the design: `sources`")
    for thing in things:
        for below in iterate(rest, loops, templates, {**context, token: thing}, where):
            yield {token: thing, **below}


def expanded(path: str, values: Mapping[str, Any]) -> str:
    """The path of a file: each token replaced by the id of its value, ``dot_`` by a dot.

    Raises:
        BlueprintError: an id has a slash in it, which would move the file elsewhere.
    """

    def replaced(match: re.Match[str]) -> str:
        id = id_of(values[match[1]])
        if "/" in id:
            raise BlueprintError(f"`{id}` cannot be a part of the path `{path}`: it has a slash in it")
        return id

    return TOKEN.sub(replaced, undotted(path))


def undotted(path: str) -> str:
    """``dot_github/x`` as ``.github/x``."""
    return _DOT.sub(r"\1.", path)


def id_of(value: Any) -> str:
    """What stands for a value in a path: its ``id``, or itself where it is a text."""
    return value if isinstance(value, str) else str(value.id)
