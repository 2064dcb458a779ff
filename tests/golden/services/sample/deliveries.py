"""How a table's rows arrive: over several files where the glob allows, with late, updated and malformed ones."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from ingest.declaration import Column, Table
from sample.rows import MALFORMED, Rows

FILES = 3
# One row in so many is late, one in so many updated; at least three of each.
ONE_IN = 100
NUMBERS = ("BIGINT", "DOUBLE", "DECIMAL")
TIMES = ("DATE", "TIME")


@dataclass
class Delivery:
    """Good rows in the order in which they arrive, and malformed ones: their values with one that is no value."""

    name: str
    rows: list[list[object]] = field(default_factory=list)
    malformed: list[list[object]] = field(default_factory=list)
    ragged: list[list[object]] = field(default_factory=list)


@dataclass
class Delivered:
    """A table's deliveries, and what is odd in them. `rows` counts all that arrive, malformed ones too."""

    table: Table
    deliveries: list[Delivery]
    late: int = 0
    updated: int = 0
    nulls: int = 0
    keys: int = 0

    @property
    def malformed(self) -> int:
        return sum(len(d.malformed) + len(d.ragged) for d in self.deliveries)

    @property
    def rows(self) -> int:
        return sum(len(d.rows) for d in self.deliveries) + self.malformed


def deliver(rows: Rows) -> Delivered:
    table = rows.shape.table
    names = file_names(table)
    several = len(names) > 1
    size = -(-rows.count // len(names))
    batches = [list(range(at * size, min(rows.count, (at + 1) * size))) for at in range(len(names))]
    some = max(3, rows.count // ONE_IN)
    late = _make_late(batches, some) if table.watermark else 0
    done = Delivered(table, [Delivery(name) for name in names], late=late, keys=rows.count)
    for delivery, batch in zip(done.deliveries, batches, strict=True):
        delivery.rows = [rows.row(number) for number in batch]
    # A row whose key is its watermark is never updated: a later one is another row.
    has_updates = table.key and table.watermark and table.watermark not in table.key
    if has_updates and (several or table.format is None):
        old = batches[0][: min(some, len(batches[0]) // 2)]
        changed = [_updated(rows, number, place) for place, number in enumerate(old)]
        done.updated = len(changed)
        done.deliveries[-1].rows += changed
    _add_malformed(done, rows)
    done.nulls = sum(value is None for d in done.deliveries for row in d.rows for value in row)
    return done


def file_names(table: Table) -> list[str]:
    """File names that match the table's glob: several when it has a wildcard; one name for a database table."""
    if table.format is None:
        return [table.name]
    glob = table.name.replace("**/", "")
    if not re.search(r"[*?\[]", glob):
        return [glob]
    return [_fill(glob, number) for number in range(1, FILES + 1)]


def _fill(glob: str, number: int) -> str:
    """The glob with its last wildcard filled by a number, and those before it by what they allow."""
    parts = re.split(r"(\*|\?|\[[^]]*\])", glob)
    wild = [place for place in range(1, len(parts), 2)]
    for place in wild:
        last = place == wild[-1]
        if parts[place] == "*":
            before = parts[place - 1][-1:]
            parts[place] = f"{'-' if before.isalnum() else ''}{number}" if last else "part"
        elif parts[place] == "?":
            parts[place] = str(number) if last else "0"
        else:
            allowed = _allowed(parts[place])
            parts[place] = allowed[(number - 1) % len(allowed)] if last else allowed[0]
    return "".join(parts)


def _allowed(bracket: str) -> str:
    """Characters that a bracket of a glob allows."""
    inner = bracket[1:-1]
    inner = re.sub(r"(.)-(.)", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), inner)
    return inner if inner and inner[0] != "!" else "0"


def _make_late(batches: list[list[int]], some: int) -> int:
    """Move some rows to where newer ones have arrived before them."""
    first = batches[0]
    if len(first) < 4:
        return 0
    moved = first[1:-1:2][:some] if len(first) < 3 * some else first[some : 2 * some]
    for number in moved:
        first.remove(number)
    (batches[1] if len(batches) > 1 else first).extend(moved)
    return len(moved)


def _updated(rows: Rows, number: int, place: int) -> list[object]:
    """The row as it is later: the same key, references and times, other values, a later watermark."""
    table = rows.shape.table
    fixed = {*table.key, *rows.shape.unique}
    fixed.update(column for key in rows.shape.foreign_keys for column in key.columns)
    updated = []
    for column in table.columns:
        value = rows.columns[column.id][number]
        if column.id == table.watermark:
            value = _later(rows.columns[column.id][rows.count - 1], place + 1)
        elif column.id not in fixed and not column.type.startswith(TIMES):
            value = rows.columns[column.id][(number + 1) % rows.count]
        updated.append(value)
    return updated


def _later(value: object, steps: int) -> object:
    if isinstance(value, datetime):
        return value + timedelta(minutes=steps)
    if isinstance(value, date):
        return value + timedelta(days=steps)
    return value + steps if isinstance(value, (int, float, Decimal)) else f"{value}~{steps:05d}"


def _add_malformed(done: Delivered, rows: Rows) -> None:
    """Two rows with text where a number or a time belongs and one with a field too few, where the format can."""
    table = done.table
    place = _breakable(table)
    if table.format == "parquet":
        return
    extra = [rows.row(rows.count + number) for number in range(MALFORMED)]
    last = done.deliveries[-1]
    if place is not None:
        for row in extra[:2]:
            row[place] = "n/a?"
            last.malformed.append(row)
    if table.format == "jsonl" or (table.format == "csv" and len(table.columns) > 1):
        last.ragged.append(extra[2])


def _breakable(table: Table) -> int | None:
    """The column to put text in: no key, a number for choice."""
    numbered = [
        (place, column) for place, column in enumerate(table.columns) if _is_open(table, column)
    ]
    for kinds in (NUMBERS, TIMES):
        for place, column in numbered:
            if column.type.startswith(kinds):
                return place
    return None


def _is_open(table: Table, column: Column) -> bool:
    return column.id not in table.key and column.id != table.watermark
