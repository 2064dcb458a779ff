"""What there is at a hop: rows and sums, of a table as a whole or by UTC day of its watermark."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from ingest import casts, measures
from ingest.declaration import Column, Table
from ingest.measures import Measure, Sum
from ingest.sql import ident, literal, pointer
from ingest.warehouse import Warehouse
from quality.compare import WHOLE_TABLE, Totals, Windows, add, add_windows, whole

DELETED_AT = "_deleted_at"
# (schema, table) -> whether rows are kept in it that the source has deleted.
Relations = dict[tuple[str, str], bool]


def relations(db: Warehouse) -> Relations:
    """Every table and view of the warehouse."""
    found = db.execute(
        "SELECT table_schema, table_name, "
        f"max(CASE WHEN column_name = '{DELETED_AT}' THEN 1 ELSE 0 END) "
        "FROM information_schema.columns GROUP BY 1, 2"
    )
    return {(schema, name): bool(marked) for schema, name, marked in found}


def numeric(table: Table, only: Iterable[str] | None = None) -> list[Column]:
    wanted = None if only is None else set(only)
    return [c for c in measures.numeric_columns(table) if wanted is None or c.id in wanted]


def day_of(db: Warehouse, table: Table, column: str | None) -> str | None:
    """SQL of the window that a row is in; None where the column is no date or time."""
    kinds = ("DATE", "TIMESTAMP", "TIMESTAMPTZ")
    if not column or table.column(column).type not in kinds:
        return None
    return f"coalesce({db.day(ident(column))}, '')"


def of_relation(
    db: Warehouse,
    relation: str,
    columns: list[Column],
    *,
    window: str | None = None,
    marked: bool = False,
    where: str = "",
) -> Windows:
    """Rows and sums of a table or subquery whose columns have the declared types, by `window` if there is one.

    Where deleted rows are kept in it (`marked`), they are counted, and not added up.
    """
    living = f" FILTER (WHERE {DELETED_AT} IS NULL)" if marked else ""
    deleted = f"count({DELETED_AT})" if marked else "0"
    sums = [f"{measures.add_up(ident(c.id), c, db.kind)}{living}" for c in columns]
    doubles = [column for column in columns if column.type == "DOUBLE"]
    sums += [f"sum(abs({ident(column.id)})){living}" for column in doubles]
    query = (
        f"SELECT {window or literal(WHOLE_TABLE)}, {', '.join([f'count(*){living}', deleted, *sums])} "
        f"FROM {relation}{f' WHERE {where}' if where else ''}{' GROUP BY 1' if window else ''}"
    )
    return {
        part: _totals(rows, marked_rows, values, columns, doubles)
        for part, rows, marked_rows, *values in db.execute(query)
    }


def _totals(
    rows: int, deleted: int, values: list[Any], columns: list[Column], doubles: list[Column]
) -> Totals:
    sums = measures.read_sums(columns, tuple(values[: len(columns)]))
    sizes = {
        column.id: float(size or 0)
        for column, size in zip(doubles, values[len(columns) :], strict=True)
    }
    return Totals(rows, sums, deleted, sizes)


def of_measures(found: dict[str, Measure]) -> Windows:
    """What the source itself says, by window."""
    return {window: Totals(measure.rows, measure.sums) for window, measure in found.items()}


def of_source(db: Warehouse, table: Table, what: str = "source") -> Windows | None:
    """What the loader wrote down of a table by its newest load (file by file: of all files); None if nothing.

    `what`: `source`, what the source had; `superseded`, what was read and dropped for a newer row of the same key; `keys`,
    how many rows the source has in all, where the loader has compared the keys.
    """
    found = db.execute(
        'SELECT part, "column", value, exact FROM ops.source_measures WHERE source = ? AND "table" = ? AND what = ?',
        [table.source, table.id, what],
    )
    parts: dict[str, list[Totals]] = {}
    for part, column, value, exact in found:
        number = None if value is None else Decimal(value)
        one = (
            Totals(int(number or 0)) if column is None else Totals(0, {column: Sum(number, exact)})
        )
        parts.setdefault(part, []).append(one)
    windows = {part: add(totals) for part, totals in parts.items()}
    if not windows:
        return None
    return windows if table.incremental and table.temporal else whole(windows)


def of_quarantine(db: Warehouse, table: Table, windows: bool, where: str = "1 = 1") -> Windows:
    """Rows in quarantine, and the sums of those of their values that are good."""
    which = f'source = {literal(table.source)} AND "table" = {literal(table.id)} AND {where}'
    window = "coalesce(\"window\", '')" if windows else literal(WHOLE_TABLE)
    counted = db.execute(f"SELECT {window}, count(*) FROM ops.quarantine WHERE {which} GROUP BY 1")
    counts = {part: Totals(rows) for part, rows in counted}
    columns = measures.numeric_columns(table)
    if not counts or not columns:
        return counts
    raw = db.execute(f"SELECT {window}, raw FROM ops.quarantine WHERE {which} AND raw IS NOT NULL")
    return add_windows(counts, _good_values(table, columns, raw))


def _good_values(table: Table, columns: list[Column], rows: list[tuple[str, str]]) -> Windows:
    """Sums over rows of JSON text, by their first column: parsed and cast as the loader does it."""
    import duckdb
    import pyarrow as pa

    parts, texts = zip(*rows, strict=True) if rows else ((), ())
    held = pa.table({"part": pa.array(parts, pa.string()), "raw": pa.array(texts, pa.string())})
    sums = ", ".join(measures.add_up(_good_value(table, column), column) for column in columns)
    with duckdb.connect() as parser:
        parser.register("quarantined", held)
        query = f"SELECT part, {sums} FROM quarantined WHERE json_valid(raw) GROUP BY 1"
        found = parser.execute(query).fetchall()
    return {part: Totals(0, measures.read_sums(columns, tuple(values))) for part, *values in found}


def _good_value(table: Table, column: Column) -> str:
    """SQL: a column's value in a quarantined row; NULL where it is what the row was set aside for."""
    member = pointer(column.name)
    text = f"(raw ->> {member})"
    words = ", ".join(literal(word) for word in table.options.get("nulls") or ())
    if words:
        text = f"(CASE WHEN {text} NOT IN ({words}) THEN {text} END)"
    as_text = casts.cast(text, "VARCHAR", column.type)
    as_real = casts.cast(f"{text}::DOUBLE", "DOUBLE", column.type)
    return (
        f"CASE WHEN json_type(raw, {member}) = 'DOUBLE' "
        f"THEN CASE WHEN {as_real.exact} THEN {as_real.typed} END "
        f"WHEN coalesce({as_text.exact}, false) THEN {as_text.typed} END"
    )
