"""What is known at a moment of the interview: the sources as they were looked at, the spec so far, and the design of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

from pipegen.app import completion
from pipegen.app.answers import Given, draft
from pipegen.app.interview.said import Facts, Said, given_of, preselected
from pipegen.app.looking import Looked, look_at_each
from pipegen.core.design.architect import design
from pipegen.core.design.decide import Architecture, decide
from pipegen.core.design.model import Design
from pipegen.core.errors import PipegenError, SpecError
from pipegen.core.spec import load as spec_load
from pipegen.core.spec.load import Locate
from pipegen.core.spec.model import PipelineSpec

_MANY = 300  # tables, whose design takes a moment
_REMEMBERED = 48  # as many as an interview has steps, so that to walk them anew after a step back decides nothing anew


@dataclass(frozen=True)
class Picture:
    """The spec so far, with the tables that would be loaded, what was measured, and what is decided from both."""

    spec: PipelineSpec
    facts: Facts
    locate: Locate = field(repr=False)

    @cached_property
    def decided(self) -> Architecture:
        return decide(self.spec, self.facts)

    @cached_property
    def design(self) -> Design:
        """The whole design.

        Raises:
            SpecError: it cannot be built.
        """
        return design(self.spec, self.facts, self.locate)

    @cached_property
    def trouble(self) -> str | None:
        """Why it cannot be built as it was asked, with the nearest that works; None where it can."""
        try:
            assert self.design
        except SpecError as error:
            return in_words(error)
        return None


def in_words(error: PipegenError) -> str:
    """The first thing that an error says, with what to do about it."""
    problem = error.problems()[0]
    return f"{problem.message}\n{problem.hint}" if problem.hint else problem.message


class Pictures:
    """Looks at sources once each, and makes a picture of what was said whenever one is asked for.

    ``base`` is what was given before the interview.
    """

    def __init__(self, base: Given, progress: Callable[[str], None]) -> None:
        self.base = base
        self.progress = progress
        self.looked: Looked = {}
        self._known: list[tuple[Given, Said, Picture]] = []

    def facts(self, said: Said) -> Facts:
        """What was measured of every source that is named, all its tables: each is looked at when it is first asked for.

        Raises:
            UsageError, SourceError: a source that cannot be read.
        """
        made = draft(given_of(self.base, replace(said, tables={}, sets={}, flags={}, detailed=frozenset()), {}))
        spec = spec_load.load(made.values, made.locate)
        return look_at_each(spec, made, self.progress, self.looked)

    def of(self, said: Said) -> Picture:
        """The picture of what was said.

        Raises:
            UsageError, SourceError, SpecError: what was said cannot be taken.
        """
        for base, known, picture in self._known:
            if base is self.base and known == said:
                return picture
        facts = self.facts(said)
        chosen = {name: said.tables.get(name) or preselected(found) for name, found in facts.items()}
        made = draft(given_of(self.base, replace(said, tables=self._unsaid(said, chosen)), facts))
        if all(name in facts for name in made.values["sources"]):
            completion.complete(made, facts)
        picture = Picture(spec_load.load(made.values, made.locate), facts, made.locate)
        if sum(len(source.tables) for source in picture.spec.sources.values()) > _MANY:
            self.progress("designing")
        self._known = [*self._known[1 - _REMEMBERED :], (self.base, said, picture)]
        return picture

    def _unsaid(self, said: Said, chosen: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """The tables that are chosen, but of sources whose tables were given before the interview."""
        given = given_tables(self.base, said)
        return {name: tables for name, tables in chosen.items() if name in said.tables or name not in given}


def given_tables(base: Given, said: Said) -> set[str]:
    """The sources whose tables flags, variables or files name."""
    made = draft(given_of(base, replace(said, tables={}, sets={}, detailed=frozenset()), {}))
    return {
        name
        for name, source in made.values["sources"].items()
        if source.get("tables") or completion.EVERY_TABLE in made.tables or completion.named(made, name)
    }
