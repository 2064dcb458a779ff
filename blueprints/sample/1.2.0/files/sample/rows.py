"""The rows of a source's tables: unique keys, references that resolve, nulls, and times that run on through 2026."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import prod
from random import Random

from ingest import casts
from ingest.declaration import Column, Source
from sample import values
from sample.custom import VALUES
from sample.schema import ForeignKey, Shape, guess_references

# Rows that are there only to be malformed come after the others; no row of another table points at them.
MALFORMED = 3
SPAN = timedelta(days=180)


@dataclass
class Rows:
    """A table's columns, by id, each with `count` good values and MALFORMED more."""

    shape: Shape
    count: int
    columns: dict[str, list[object]] = field(default_factory=dict)

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
            self._make_keys(made, parents)
            self._make_references(made, parents)
            self._make_others(made)
        return self._made[table_id]

    def _random(self, table_id: str, column_id: str) -> Random:
        # A text as the seed: the same numbers on every machine, whatever PYTHONHASHSEED is.
        return Random(f"{self._source.id}.{table_id}.{column_id}")

    def _make_keys(self, made: Rows, parents: dict[ForeignKey, Rows]) -> None:
        """Key columns by the digits of the row's number, so that each combination comes once."""
        table = made.shape.table
        key = [table.column(column_id) for column_id in table.key]
        pools = {
            column_id: parent.columns[at][: parent.count]
            for foreign, parent in parents.items()
            for column_id, at in zip(foreign.columns, foreign.at, strict=True)
            if column_id in table.key and parent.columns.get(at)
        }
        bases = _bases([len(pools.get(c.id, ())) or _most(c) for c in key], made.count + MALFORMED)
        if key:
            made.count = max(1, min(made.count, prod(bases) - MALFORMED))
        for place, column in enumerate(key):
            step = prod(bases[place + 1 :])
            digits = [row // step % bases[place] for row in range(made.count + MALFORMED)]
            pool = pools.get(column.id)
            salt = f"{self._source.id}.{table.id}.{column.id}"
            made.columns[column.id] = [
                pool[digit] if pool else values.numbered(column, digit, salt) for digit in digits
            ]

    def _make_references(self, made: Rows, parents: dict[ForeignKey, Rows]) -> None:
        total = made.count + MALFORMED
        for foreign, parent in parents.items():
            open_columns = [c for c in foreign.columns if c not in made.columns]
            if not open_columns or any(not parent.columns.get(at) for at in foreign.at):
                continue
            random = self._random(made.shape.table.id, ",".join(foreign.columns))
            # A row that points at its own table points at one before it.
            own = parent is made
            picks = [
                random.randrange(min(parent.count, row + 1) if own else parent.count)
                for row in range(total)
            ]
            for column_id, at in zip(foreign.columns, foreign.at, strict=True):
                if column_id in open_columns:
                    pointed = [parent.columns[at][pick] for pick in picks]
                    made.columns[column_id] = self._with_nulls(made, column_id, pointed)

    def _make_others(self, made: Rows) -> None:
        table = made.shape.table
        total = made.count + MALFORMED
        moments = [values.START + SPAN * row / total for row in range(total)]
        moments = [moment.replace(microsecond=0) for moment in moments]
        for column in table.columns:
            if column.id in made.columns:
                continue
            name = f"{self._source.id}.{table.id}.{column.id}"
            random = self._random(table.id, column.id)
            make = VALUES.get(name) or values.maker(column)
            if column.id in made.shape.unique:
                column_values = [values.numbered(column, row, name) for row in range(total)]
            elif column.id == table.watermark:
                column_values = [
                    _as_type(column, moment, row) for row, moment in enumerate(moments)
                ]
            elif column.id in self._guessed.get(table.id, {}):
                column_values = self._guessed_values(table.id, column.id, total)
            else:
                column_values = [make(random, row, moments[row]) for row in range(total)]
            made.columns[column.id] = self._with_nulls(made, column.id, column_values)

    def _guessed_values(self, table_id: str, column_id: str, total: int) -> list[object]:
        key, shape = self._guessed[table_id][column_id]
        random = self._random(table_id, column_id)
        salt = f"{shape.table.source}.{shape.table.id}.{key.id}"
        return [values.numbered(key, random.randrange(shape.rows), salt) for _ in range(total)]

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


def _most(column: Column) -> int:
    digits = casts.decimal(column.type)
    if digits:
        return max(1, int(10 ** min(digits[0] - digits[1], 9)) - 1)
    return {"BOOLEAN": 2, "TIME": 86_400}.get(column.type, 10**9)


def _bases(most: list[int], count: int) -> list[int]:
    """How many values each key column takes, so that their combinations suffice for `count` rows if they can."""
    bases = [1] * len(most)
    while prod(bases) < count:
        open_places = [place for place in range(len(most)) if bases[place] < most[place]]
        if not open_places:
            break
        bases[min(open_places, key=lambda place: bases[place])] += 1
    return bases
