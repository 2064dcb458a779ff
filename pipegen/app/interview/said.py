"""What a person said in an interview so far, as the flags and assignments that would say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pipegen.app.answers import Answer, Given
from pipegen.app.completion import EVERY_TABLE, MOST_TABLES_UNASKED
from pipegen.core import questions
from pipegen.core.measured import Measured

Facts = Mapping[str, Measured]


@dataclass(frozen=True)
class Said:
    """Answers that were given, by what they bear on.

    ``sources`` are texts of ``--source``, with their passwords; ``tables`` those that were chosen, by source; ``flags`` go by the
    question's name and ``sets`` by address. ``detailed`` are the sources of which something is said by table, so that each of
    their tables is named. ``one_by_one``: what becomes of personal data is said of each column.
    """

    name: str | None = None
    sources: tuple[str, ...] = field(default=(), repr=False)
    tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    flags: Mapping[str, Answer] = field(default_factory=dict)
    sets: Mapping[str, Any] = field(default_factory=dict)
    detailed: frozenset[str] = frozenset()
    one_by_one: bool = False

    def with_flag(self, name: str, answer: Answer) -> Said:
        return replace(self, flags={**self.flags, name: answer})

    def with_set(self, address: str, value: Any) -> Said:
        return replace(self, sets={**self.sets, address: value})

    def with_table_set(self, source: str, address: str, value: Any) -> Said:
        """Something that is said of one table of a source."""
        return replace(self.with_set(address, value), detailed=self.detailed | {source})


def given_of(base: Given, said: Said, facts: Facts) -> Given:
    """All that was given before the interview, and in it: as flags, so that nothing else need know that somebody was asked."""
    flags: dict[str, Answer] = {**base.flags, **said.flags}
    for name, answer in said.flags.items():
        if questions.BY_NAME[name].key is None:  # what was given is of other tables
            flags[name] = [*_before(base, name), *_texts(answer)]
    if said.sources:
        flags["source"] = list(said.sources)
    tables = _tables(said, facts)
    if tables:
        flags["table"] = [*_before(base, "table"), *tables]
    sets = [(key, value) for key, value in base.sets if key not in said.sets]
    return replace(base, name=said.name or base.name, flags=flags, sets=[*sets, *said.sets.items()])


def _before(base: Given, name: str) -> list[str]:
    """What a flag, or else a variable, gave before the interview."""
    return _texts(base.flags.get(name) or base.environment.get(name) or ())


def _texts(answer: Answer) -> list[str]:
    return [answer] if isinstance(answer, str) else list(answer)


def _tables(said: Said, facts: Facts) -> list[str]:
    """The tables as ``--table`` says them; none of a source of which all are loaded without a word."""
    whole = [name for name, chosen in said.tables.items() if name in facts and set(chosen) == set(facts[name].tables)]
    many = [name for name in whole if len(said.tables[name]) > MOST_TABLES_UNASKED]
    if many and len(whole) == len(facts) and not said.detailed:
        return [EVERY_TABLE]
    told = [name for name in said.tables if name not in whole or name in many or name in said.detailed]
    return [f"{name}.{table}" for name in told for table in said.tables[name]]


def preselected(found: Measured) -> tuple[str, ...]:
    """The tables of a source that are chosen from the start: all, or the largest where there are many."""
    names = list(found.tables)
    if len(names) <= MOST_TABLES_UNASKED:
        return tuple(names)

    def size(name: str) -> int:
        rows = found.tables[name].rows
        return rows.value if rows else 0

    largest = set(sorted(names, key=lambda name: (-size(name), name))[:MOST_TABLES_UNASKED])
    return tuple(name for name in names if name in largest)
