"""The different values that a column takes, as many and as wide apart as at the source, and how they are spread over its rows."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from random import Random
from typing import TypeVar

from ingest import casts
from ingest.declaration import Column
from sample import moments, texts, values
from sample.facts import NUMBERS, Facts, as_stored

TIMES = ("DATE", "TIME")
# A range so much wider than its least value is taken to have many small numbers and few large ones.
_WIDE = 1000
# Different texts, where nobody counted them.
_SOME = 100

Held = TypeVar("Held")


def pool(
    column: Column, facts: Facts, most: int, random: Random, make: values.Make
) -> list[object]:
    """At most so many different values, in order where they have one."""
    most = max(1, most)
    if facts.values:
        found = [as_stored(column, value) for value in facts.values]
        wanted = min(most, facts.distinct or len(found))
        return [
            found[place]
            for place in sorted(random.sample(range(len(found)), min(wanted, len(found))))
        ]
    if facts.ranged and column.type.startswith(NUMBERS):
        return _numbers(column, facts, most, random)
    if facts.ranged:
        return _times(facts, most)
    if column.type == "VARCHAR":
        free = not facts.guess and values.is_free(column)
        most = most if facts.distinct else min(most, _SOME)
        return list(texts.different(make, facts.longest, most, random, free=free))
    return list(_made(make, most, random))


def spread(held: Sequence[Held], count: int, random: Random, *, skewed: bool) -> list[Held]:
    """Each of the values at least once where there is room, in no order; some far more often than others if `skewed`."""
    size = len(held)
    places = list(range(size))[:count]
    while len(places) < count:
        places.append(int(size * random.random() ** (2 if skewed else 1)))
    random.shuffle(places)
    return [held[place] for place in places]


def _numbers(column: Column, facts: Facts, most: int, random: Random) -> list[object]:
    """One number of each of as many equal parts of the range, its ends among them."""
    least, highest = facts.least, facts.most
    assert isinstance(least, Decimal) and isinstance(highest, Decimal)
    digits = casts.decimal(column.type)
    step = Decimal(1).scaleb(-digits[1]) if digits else Decimal(1 if column.type == "BIGINT" else 0)
    if step:
        most = min(most, int((highest - least) / step) + 1)
    power = 3 if least >= 0 and highest > _WIDE * max(Decimal(1), least) else 1
    places = 4 if highest - least >= 1 else 9
    found: list[object] = []
    before = least
    for part in range(most):
        share = (part + random.random()) / most
        number = least + (highest - least) * Decimal(repr(round(share**power, 12)))
        number = least if part == 0 else highest if part == most - 1 else round(number, places)
        if part and step:
            # Small numbers are close together: each is the next one at least, and leaves room for those after it.
            number = min(max(number, before + step), highest - (most - 1 - part) * step)
        before = number
        found.append(as_stored(column, number))
    return list(dict.fromkeys(found))


def _times(facts: Facts, most: int) -> list[object]:
    shares = (part / (most - 1) if most > 1 else 0.0 for part in range(most))
    return list(dict.fromkeys(moments.at(facts, share) for share in shares))


def _made(make: values.Make, most: int, random: Random) -> Iterator[object]:
    """What a maker gives, each value once; fewer where it does not know so many."""
    seen: set[object] = set()
    for row in range(3 * most):
        value = make(random, row, values.START)
        if value not in seen and len(seen) < most:
            seen.add(value)
            yield value
