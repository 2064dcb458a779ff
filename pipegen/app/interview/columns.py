"""What is personal: columns that look so, all at once or one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import cast

from pipegen.app.interview.picture import Picture
from pipegen.app.interview.said import Said
from pipegen.app.interview.step import Reply, Step, Steps, Way
from pipegen.core import names
from pipegen.core.prompting import Ask, Choice
from pipegen.core.questions import Question

EACH = "each"
_MOST = 6
Column = tuple[str, str, str, str]  # source, table, column, what it seems to hold


def steps(way: Way, said: Said, question: Question) -> Steps:
    """Ask what becomes of columns that look personal, where there are any of which nothing was said."""
    found = list(_personal(way.picture(said)))
    if not found:
        return said

    def put(said: Said, reply: Reply) -> Said:
        return replace(said, one_by_one=True) if reply == EACH else _treated(said, found, cast(str, reply))

    at_once = _refuse(way, said, put)
    said = yield Step(_whole(question, found), "personal data", put, tuple(found), at_once)
    for column in found if said.one_by_one else ():
        said = yield _one(way, said, question, column)
    return said


def _refuse(way: Way, said: Said, put: Callable[[Said, Reply], Said]) -> Callable[[Reply], str | None]:
    """What keeps a treatment from being built: a column of a key, for one, cannot be dropped."""
    return lambda reply: way.new_trouble(said, put(said, reply))


def _personal(picture: Picture) -> Iterator[Column]:
    """Columns that look personal and that nobody treated; one with a dot in its name is said in a file."""
    for source, of in picture.spec.sources.items():
        for table, said in of.tables.items():
            treated = {names.identifier(column) for column in said.columns}
            measured = picture.facts[source].tables[table] if source in picture.facts else None
            for column, fact in (measured.columns if measured else {}).items():
                if fact.personal and names.identifier(column) not in treated and "." not in column:
                    yield source, table, column, f"{fact.personal.guess}, by {fact.personal.how}"


def _whole(question: Question, found: list[Column]) -> Ask:
    lines = [f"{table}.{column}: {how}" for _, table, column, how in found[:_MOST]]
    lines += [f"and {len(found) - _MOST} more"] if len(found) > _MOST else []
    each = (Choice(EACH, "one by one", "ask of each column"),) if len(found) > 1 else ()
    return Ask(
        question.name,
        question.title,
        "one",
        question.choices[0].value,
        choices=(*question.choices, *each),
        evidence=tuple(lines),
        help=question.help,
        example=question.example,
    )


def _one(way: Way, said: Said, question: Question, column: Column) -> Step:
    source, table, name, how = column
    ask = Ask(
        f"{question.name}.{source}.{table}.{name}",
        f"What becomes of {table}.{name}?",
        "one",
        question.choices[0].value,
        choices=question.choices,
        evidence=(how,),
        help=question.help,
        example=question.example,
    )

    def put(said: Said, reply: Reply) -> Said:
        return _treated(said, [column], cast(str, reply))

    return Step(ask, f"{table}.{name}", put, column, _refuse(way, said, put))


def _treated(said: Said, columns: list[Column], treatment: str) -> Said:
    told = [f"{source}.{table}.{column}={treatment}" for source, table, column, _ in columns]
    return said.with_flag("personal_data", (*said.flags.get("personal_data", ()), *told))
