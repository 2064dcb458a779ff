"""Values that only one row has: of keys, and of columns that are unique; and what a column is like that is so only nearly."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import prod
from random import Random
from typing import Any

from ingest import casts
from ingest.declaration import Column
from sample import texts, values
from sample.facts import Facts, as_stored
from sample.schema import ForeignKey, Shape

# Numbers are counted from 1; where the source's are beyond this, from its least, so that they look like its own.
_COUNTED = 1_000_000
# Rows of a column that is nearly unique which are not the only one, at most.
_MOST_BROKEN = 0.05


@dataclass(frozen=True)
class Part:
    """Columns of a key that are chosen together; `pool` are the values to choose from, where there are any."""

    columns: list[Column]
    pool: list[tuple[object, ...]]


def numbering(column: Column, facts: Facts, size: int, salt: str) -> Callable[[int], object]:
    """A function from a number, from 0 to below `size`, to a value that only this number has."""
    least: Any = facts.least
    most: Any = facts.most
    if facts.values:
        held = [as_stored(column, value) for value in facts.values]
        return lambda number: held[number % len(held)]
    if column.type == "BIGINT" and facts.ranged and int(least) > _COUNTED:
        first = int(least)
        return lambda number: first + number
    if isinstance(least, datetime) and isinstance(most, datetime):
        step = (
            (most - least) / size
            if most - least > timedelta(seconds=size)
            else timedelta(minutes=1)
        )
        return lambda number: least + timedelta(seconds=int(step.total_seconds() * number))
    if isinstance(least, date) and isinstance(most, date):
        return lambda number: least + timedelta(days=number)
    if column.type == "VARCHAR" and facts.guess == "email":
        return lambda number: texts.fitting(values.address(number), facts.longest)
    plain = str(values.numbered(column, size, salt)) if column.type == "VARCHAR" else ""
    if facts.longest and len(plain) > facts.longest and 26**facts.longest >= size:
        return lambda number: texts.letters(number, facts.longest or 1)
    return lambda number: values.numbered(column, number, salt)


def most_values(column: Column) -> int:
    """How many values a key column can take."""
    digits = casts.decimal(column.type)
    if digits:
        return max(1, int(10 ** min(digits[0] - digits[1], 9)) - 1)
    return {"BOOLEAN": 2, "TIME": 86_400}.get(column.type, 10**9)


def parts(shape: Shape, pointed: dict[ForeignKey, list[tuple[object, ...]]]) -> list[Part]:
    """The parts of a table's key, in its order: columns that point at one row together are one part."""
    found: dict[str, Part] = {}
    for foreign in sorted(pointed, key=lambda one: -len(one.columns)):
        if {*foreign.columns} <= {*shape.table.key} - {*found}:
            pool = [row for row in dict.fromkeys(pointed[foreign]) if None not in row]
            part = Part([shape.table.column(column_id) for column_id in foreign.columns], pool)
            found.update(dict.fromkeys(foreign.columns, part))
    for column_id in shape.table.key:
        column = shape.table.column(column_id)
        held: list[tuple[object, ...]] = [
            (as_stored(column, v),) for v in shape.of(column_id).values
        ]
        found.setdefault(column_id, Part([column], held))
    return list({id(found[column_id]): found[column_id] for column_id in shape.table.key}.values())


def bases(shape: Shape, of: list[Part], count: int) -> tuple[list[int], bool]:
    """How many values each part takes, so that their combinations suffice for `count` rows if they can.

    And whether the rows are some of the combinations, mixed: that is so where it was measured how many values each column has.
    """
    most = [len(part.pool) or most_values(part.columns[0]) for part in of]
    counted = [max(shape.of(column.id).distinct or 0 for column in part.columns) for part in of]
    at_source = [min(pair) for pair in zip(most, counted, strict=True)]
    if len(of) > 1 and shape.table.watermark not in shape.table.key and prod(at_source) >= count:
        return at_source, True
    taken = [1] * len(most)
    while prod(taken) < count:
        open_places = [place for place in range(len(most)) if taken[place] < most[place]]
        if not open_places:
            break
        taken[min(open_places, key=lambda place: taken[place])] += 1
    return taken, False


def broken(found: list[object], share: float, count: int, random: Random) -> list[object]:
    """Values of a column that is no key: a few of the first `count` rows have what another one has."""
    some = min(count - 1, max(1, int(count * min(share, _MOST_BROKEN)))) if share else 0
    made = list(found)
    for row in random.sample(range(1, count), max(0, some)):
        made[row] = made[row - 1]
    return made
