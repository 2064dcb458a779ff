"""What sample tables look like: the declarations in ingest/, with what the probe measured in sources/, if it did."""

from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from ingest import declaration, settings
from ingest.declaration import Column, Source, Table
from sample.facts import Facts, read

# Rows of one table, and of all tables of a source together.
MOST_ROWS = 2_000
FEWEST_OF_MANY = 100
ALL_ROWS = 100_000
DEFAULT_ROWS = 500
DEFAULT_NULL_RATE = 0.05
# Of a column that marks deleted rows, where nobody counted.
ALIVE_RATE = 0.95


@dataclass(frozen=True)
class ForeignKey:
    """`columns` of a table hold what the columns `at` of `to` hold; all by id."""

    columns: tuple[str, ...]
    to: str
    at: tuple[str, ...]


@dataclass(frozen=True)
class NearKey:
    """A column that one would take for a key, and the share of its rows that are not the only one with their value."""

    column: str
    duplicates: float


@dataclass(frozen=True)
class Shape:
    """How many rows a table gets, how many of its values are null, what was measured of them, and where it points."""

    table: Table
    rows: int
    null_rates: dict[str, float] = field(default_factory=dict)
    unique: frozenset[str] = frozenset()
    foreign_keys: tuple[ForeignKey, ...] = ()
    facts: dict[str, Facts] = field(default_factory=dict)
    near_key: NearKey | None = None
    marks_deleted: str | None = None

    def of(self, column_id: str) -> Facts:
        return self.facts.get(column_id) or Facts()


def at_source(source: Source) -> Source:
    """The source with the columns that never land, as texts, so that a load has something to drop."""
    return replace(source, tables=tuple(_with_dropped(table) for table in source.tables))


def _with_dropped(table: Table) -> Table:
    # Without a header a column is known by its place, and nobody has declared that of these.
    if not table.options.get("header", True):
        return table
    dropped = [Column(name, name, "VARCHAR", True) for name in table.dropped]
    return replace(table, columns=(*table.columns, *dropped), dropped=())


def shapes(source: Source) -> dict[str, Shape]:
    """The shape of each table, by its id."""
    path = settings.ROOT / "sources" / f"{source.id}.yml"
    document = yaml.load(path.read_text(encoding="utf-8"), _loader()) if path.is_file() else {}
    probed = document.get("tables") or {}
    most = min(MOST_ROWS, max(FEWEST_OF_MANY, ALL_ROWS // max(1, len(source.tables))))
    return {
        table.id: _shape(source, table, probed.get(table.name) or probed.get(table.id) or {}, most)
        for table in source.tables
    }


def _loader() -> Any:
    """libyaml's loader, ten times as fast, where PyYAML was built with it."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _shape(source: Source, table: Table, probed: dict[str, Any], most: int) -> Shape:
    columns = probed.get("columns") or {}
    rows = int((probed.get("rows") or {}).get("value", DEFAULT_ROWS))
    facts = {c.id: read(c, columns.get(c.name) or {}, rows) for c in table.columns}
    marks_deleted = _ids(table, [(probed.get("deletes") or {}).get("column") or ""])
    null_rates = {}
    for column in table.columns:
        measured = facts[column.id].null_rate
        default = ALIVE_RATE if column.id in marks_deleted else DEFAULT_NULL_RATE
        if column.nullable:
            null_rates[column.id] = default if measured is None else float(measured)
    return Shape(
        table=table,
        rows=max(1, min(rows, most)),
        null_rates=null_rates,
        unique=frozenset(column_id for column_id, found in facts.items() if found.unique),
        foreign_keys=tuple(_foreign_keys(source, table, probed.get("foreign_keys") or [])),
        facts=facts,
        near_key=_near_key(table, probed.get("near_key")),
        marks_deleted=next(iter(marks_deleted), None),
    )


def _near_key(table: Table, probed: dict[str, Any] | None) -> NearKey | None:
    """One of a single column, of a table without a key: with one, a load would rely on what is broken here."""
    ids = _ids(table, probed["columns"]) if probed and not table.key else []
    if not probed or len(ids) != 1 or len(probed["columns"]) != 1:
        return None
    return NearKey(ids[0], probed.get("duplicates", 0) / max(1, probed["sampled"]))


def _foreign_keys(source: Source, table: Table, probed: list[dict[str, Any]]) -> list[ForeignKey]:
    """Those whose tables and columns are all loaded."""
    found = []
    for entry in probed:
        to = next((t for t in source.tables if entry["to"] in (t.name, t.id)), None)
        if to is None:
            continue
        columns = _ids(table, entry["columns"])
        at = _ids(to, entry["at"])
        if len(columns) == len(entry["columns"]) == len(at):
            found.append(ForeignKey(tuple(columns), to.id, tuple(at)))
    return found


def _ids(table: Table, names: list[str]) -> list[str]:
    ids = {column.name: column.id for column in table.columns}
    return [ids[name] for name in names if name in ids]


def guess_references(shapes: dict[str, Shape]) -> dict[str, dict[str, tuple[Column, Shape]]]:
    """Key columns, by table and column id, that a column seems to point at by its name alone.

    `customer_id` points at the key of the one table `customer` or `customers`, in whatever source that is.
    """
    single_keys = {
        shape.table.id: (shape.table.column(shape.table.key[0]), shape)
        for source_id in declaration.source_ids()
        for shape in _shapes_once(source_id, shapes).values()
        if len(shape.table.key) == 1
    }
    guessed: dict[str, dict[str, tuple[Column, Shape]]] = {}
    for shape in shapes.values():
        for column in shape.table.columns:
            stem = column.id.removesuffix("_id")
            found = next(
                (single_keys[n] for n in (stem, f"{stem}s", f"{stem}es") if n in single_keys), None
            )
            taken = {c for key in shape.foreign_keys for c in key.columns} | {*shape.table.key}
            if (
                found
                and stem != column.id
                and column.id not in taken
                and found[0].type == column.type
            ):
                guessed.setdefault(shape.table.id, {})[column.id] = found
    return guessed


def _shapes_once(source_id: str, known: dict[str, Shape]) -> dict[str, Shape]:
    """The shapes of a source, those that are known if they are of this source."""
    if any(shape.table.source == source_id for shape in known.values()):
        return known
    return shapes(declaration.read(source_id))
