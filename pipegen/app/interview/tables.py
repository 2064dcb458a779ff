"""Which tables: all that were found, with what tells for and against each, and why some cannot be had."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pipegen.app.completion import MOST_TABLES_UNASKED
from pipegen.app.interview.picture import given_tables
from pipegen.app.interview.places import summary
from pipegen.app.interview.said import Said, preselected
from pipegen.app.interview.step import Reply, Step, Steps, Way
from pipegen.core import names
from pipegen.core.measured import Measured, MeasuredTable
from pipegen.core.prompting import Ask, Choice
from pipegen.core.questions import Question


def steps(way: Way, said: Said, question: Question) -> Steps:
    """Ask of each source which of its tables are loaded, where there is more than one and nobody said it."""
    given = given_tables(way.base, said)
    for name, found in way.facts(said).items():
        if name in given or (len(found.tables) == 1 and not found.left_out):
            continue
        said = yield _step(name, found, question)
    return said


def _step(source: str, found: Measured, question: Question) -> Step:
    def refuse(reply: Reply) -> str | None:
        return None if reply else "a pipeline needs a table: choose at least one"

    choices = tuple(_choices(found))
    ask = Ask(
        f"table.{source}",
        f"Which tables of {source} are loaded?",
        "many",
        preselected(found),
        choices=choices,
        evidence=tuple(_evidence(found)),
        help=question.help,
        example=question.example,
    )
    basis = (source, *((choice.value, choice.off) for choice in choices))
    return Step(ask, f"tables of {source}", lambda said, reply: with_tables(said, source, reply), basis, refuse)


def with_tables(said: Said, source: str, reply: Reply) -> Said:
    """What was said, with the tables of a source that were chosen."""
    return replace(said, tables={**said.tables, source: tuple(reply)})


def _choices(found: Measured) -> Iterator[Choice]:
    for name, table in found.tables.items():
        yield Choice(name, names.shorten(name), note(table))
    for name, why in found.left_out.items():
        yield Choice(name, names.shorten(name), off=why)


def note(table: MeasuredTable) -> str:
    """What a person chooses a table by: ``1,500 rows, key order_id, updated_at grows``."""
    told: list[str] = [table.kind] if table.kind else []
    if table.rows is not None:
        rows = table.rows
        told.append(f"{'' if rows.exact else 'about '}{rows.value:,} row{'' if rows.value == 1 else 's'}")
    told.append(f"key {', '.join(table.key.columns)}" if table.key else "no key")
    mark = table.watermark
    if mark is not None:
        late = f", {mark.out_of_order:.1%} out of order" if mark.out_of_order else ""
        told.append(f"{mark.column} grows{late}{'' if mark.indexed is not False else ', no index'}")
    return ", ".join(told)


def _evidence(found: Measured) -> Iterator[str]:
    yield f"found: {summary(found)}"
    if len(found.tables) > MOST_TABLES_UNASKED:
        yield f"the {MOST_TABLES_UNASKED} largest are chosen to begin with"
