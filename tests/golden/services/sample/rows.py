"""The rows of a source's tables: unique keys, references that resolve, nulls, and times that run on through a span."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import prod
from random import Random

from ingest.declaration import Column, Source
from sample import keys, moments, pools, texts, values
from sample.custom import VALUES
from sample.facts import NUMBERS
from sample.schema import ForeignKey, Shape, guess_references

# Rows that are there only to be malformed come after the others; no row of another table points at them.
MALFORMED = 3
# Rows that are marked as deleted, where the mark is a yes or no.
DELETED = 0.05


@dataclass
class Rows:
    """A table's columns, by id, each with `count` good values and MALFORMED more."""

    shape: Shape
    count: int
    columns: dict[str, list[object]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.count + MALFORMED

    def row(self, number: int) -> list[object]:
        return [self.columns[column.id][number] for column in self.shape.table.columns]


class Maker:
    """Makes the tables of one source, those that are pointed at first."""

    def __init__(self, source: Source, shapes: dict[str, Shape]):
        self._source = source
        self._shapes = shapes
        self._made: dict[str, Rows] = {}
        self._guessed = guess_references(shapes)

    def rows(self, table_id: str) -> Rows:
        if table_id not in self._made:
            shape = self._shapes[table_id]
            made = self._made[table_id] = Rows(shape, shape.rows)
            parents = {key: self.rows(key.to) for key in shape.foreign_keys}
            made.count = _room(made, parents)
            self._make_keys(made, parents)
            self._make_references(made, parents)
            self._make_others(made)
        return self._made[table_id]

    def _random(self, table_id: str, column_id: str) -> Random:
        # A text as the seed: the same numbers on every machine, whatever PYTHONHASHSEED is.
        return Random(f"{self._source.id}.{table_id}.{column_id}")

    def _make_keys(self, made: Rows, parents: dict[ForeignKey, Rows]) -> None:
        """Key columns by the digits of a number, so that each combination comes once."""
        shape = made.shape
        pointed = {
            foreign: list(
                zip(*(parent.columns[at][: parent.count] for at in foreign.at), strict=True)
            )
            for foreign, parent in parents.items()
            if all(parent.columns.get(at) for at in foreign.at)
        }
        parts = keys.parts(shape, pointed)
        if not parts:
            return
        bases, mixed = keys.bases(shape, parts, made.total)
        made.count = max(1, min(made.count, prod(bases) - MALFORMED))
        numbers: Sequence[int] = range(made.total)
        if mixed:
            random = self._random(shape.table.id, ",".join(shape.table.key))
            numbers = sorted(random.sample(range(prod(bases)), made.total))
        for place, part in enumerate(parts):
            step = prod(bases[place + 1 :])
            digits = [number // step % bases[place] for number in numbers]
            for at, column in enumerate(part.columns):
                salt = f"{self._source.id}.{shape.table.id}.{column.id}"
                number = keys.numbering(column, shape.of(column.id), max(digits) + 1, salt)
                made.columns[column.id] = [
                    part.pool[digit][at] if part.pool else number(digit) for digit in digits
                ]

    def _make_references(self, made: Rows, parents: dict[ForeignKey, Rows]) -> None:
        for foreign, parent in parents.items():
            open_columns = [c for c in foreign.columns if c not in made.columns]
            if not open_columns or any(not parent.columns.get(at) for at in foreign.at):
                continue
            random = self._random(made.shape.table.id, ",".join(foreign.columns))
            picks = self._picks(made, parent, foreign, random)
            for column_id, at in zip(foreign.columns, foreign.at, strict=True):
                if column_id in open_columns:
                    pointed = [None if pick is None else parent.columns[at][pick] for pick in picks]
                    made.columns[column_id] = self._with_nulls(made, column_id, pointed)

    def _picks(
        self, made: Rows, parent: Rows, foreign: ForeignKey, random: Random
    ) -> Sequence[int | None]:
        """The row that each row points at; none where every one that may be pointed at is taken."""
        shape, total = made.shape, made.total
        unique = len(foreign.columns) == 1 and foreign.columns[0] in shape.unique
        if parent is made:
            # A row that points at its own table points at one before it, or at itself where no two may point at one.
            before = [random.randrange(min(parent.count, row + 1)) for row in range(total)]
            return range(total) if unique else before
        held = _pointed_at(parent, foreign)
        if unique:
            taken: list[int | None] = [*random.sample(held, len(held))]
            return (taken + [None] * total)[: made.count] + [held[0]] * MALFORMED
        counted = [shape.of(c).different(total) for c in foreign.columns if shape.of(c).distinct]
        if not counted:
            return [held[random.randrange(len(held))] for _ in range(total)]
        some = random.sample(held, min(len(held), max(counted)))
        return pools.spread(some, total, random, skewed=True)

    def _make_others(self, made: Rows) -> None:
        table = made.shape.table
        about = moments.of_rows(made.shape, made.total)
        for column in table.columns:
            if column.id not in made.columns:
                found = self._column(made, column, about)
                made.columns[column.id] = self._with_nulls(made, column.id, found)

    def _column(self, made: Rows, column: Column, about: list[datetime]) -> list[object]:
        """A column's values; `about` is the moment that each row is about."""
        table, shape, total = made.shape.table, made.shape, made.total
        name = f"{self._source.id}.{table.id}.{column.id}"
        random = self._random(table.id, column.id)
        facts = shape.of(column.id)
        if (
            facts.type not in ("", column.type)
            and name not in VALUES
            and column.id not in shape.unique
        ):
            typed = replace(column, type=facts.type, treatment="")
            return [texts.spelled(value, typed) for value in self._column(made, typed, about)]
        custom = VALUES.get(name)
        make = custom or values.maker(column, facts.guess)
        near = shape.near_key if shape.near_key and shape.near_key.column == column.id else None
        if column.id in shape.unique or near:
            number = keys.numbering(column, facts, total, name)
            found = [number(row) for row in range(total)]
            if facts.values and column.nullable and not near:  # more rows than values
                some = len(facts.values)
                found = [value if row < some else None for row, value in enumerate(found)]
            return keys.broken(found, near.duplicates, made.count, random) if near else found
        if column.id == table.watermark:
            return [_as_type(column, moment, row) for row, moment in enumerate(about)]
        if column.id in self._guessed.get(table.id, {}):
            return self._guessed_values(table.id, column.id, total)
        # Of moments whose range is not known, the row's is the best guess.
        is_guess = column.type.startswith(moments.TYPES) and not facts.ranged
        marks = column.id == shape.marks_deleted and column.type == "BOOLEAN"
        if custom is None and (marks or (facts.known and not is_guess)):
            return self._like_the_source(made, column, make, random)
        return [make(random, row, about[row]) for row in range(total)]

    def _like_the_source(
        self, made: Rows, column: Column, make: values.Make, random: Random
    ) -> list[object]:
        """As many different values as so many rows of the source have, in its range."""
        facts, watermark = made.shape.of(column.id), made.shape.table.watermark
        if column.id == made.shape.marks_deleted and column.type == "BOOLEAN":
            return [random.random() < DELETED for _ in range(made.total)]
        if facts.ranged and watermark and column.type.startswith(moments.TYPES):
            # Later rows tell of later times.
            return [moments.at(facts, row / made.count) for row in range(made.total)]
        share = 1 - made.shape.null_rates.get(column.id, 0.0)
        most = facts.different(max(1, round(made.count * share)))
        held = pools.pool(column, facts, most, random, make)
        skewed = bool(facts.values) or not column.type.startswith((*NUMBERS, *pools.TIMES))
        return pools.spread(held, made.total, random, skewed=skewed)

    def _guessed_values(self, table_id: str, column_id: str, total: int) -> list[object]:
        key, shape = self._guessed[table_id][column_id]
        random = self._random(table_id, column_id)
        salt = f"{shape.table.source}.{shape.table.id}.{key.id}"
        number = keys.numbering(key, shape.of(key.id), shape.rows + MALFORMED, salt)
        return [number(random.randrange(shape.rows)) for _ in range(total)]

    def _with_nulls(self, made: Rows, column_id: str, column_values: list[object]) -> list[object]:
        """Some values nulled, at least one where the column may be null: a load must cope with it."""
        table = made.shape.table
        fixed = column_id in table.key or column_id == table.watermark
        if fixed or not table.column(column_id).nullable:
            return column_values
        rate = made.shape.null_rates.get(column_id, 0.0)
        random = self._random(table.id, f"{column_id} is null")
        nulled = [None if random.random() < rate else value for value in column_values]
        if None not in nulled[: made.count]:
            nulled[made.count // 2] = None
        return nulled


def _as_type(column: Column, moment: datetime, row: int) -> object:
    """A watermark: the moment of the row, or its number."""
    if column.type == "DATE":
        return moment.date()
    return moment if column.type.startswith("TIMESTAMP") else values.numbered(column, row, "")


def _pointed_at(parent: Rows, foreign: ForeignKey) -> list[int]:
    """The rows that may be pointed at: those with a value in each column."""
    columns = [parent.columns[at] for at in foreign.at]
    whole = [n for n in range(parent.count) if all(column[n] is not None for column in columns)]
    return whole or list(range(parent.count))


def _room(made: Rows, parents: dict[ForeignKey, Rows]) -> int:
    """How many rows there can be where each needs a value, or a row to point at, that no other has."""
    shape, table = made.shape, made.shape.table
    most = [made.count]
    for column_id in shape.unique - {*table.key}:
        if table.column(column_id).nullable:
            continue
        most += [len(shape.of(column_id).values) or made.count]
        most += [p.count for f, p in parents.items() if f.columns == (column_id,) and p is not made]
    return max(1, min(most))
