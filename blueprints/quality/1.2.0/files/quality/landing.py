"""source -> raw: what the source had when it was read, against what is in `raw_…` and in quarantine."""

from ingest import declaration
from ingest.declaration import LoadError, Table
from ingest.sql import ident, literal
from ingest.warehouse import Warehouse
from quality.compare import WHOLE_TABLE, Hop, Totals, Windows, add_windows, compare, whole
from quality.totals import (
    Relations,
    day_of,
    numeric,
    of_quarantine,
    of_relation,
    of_source,
    relations,
)

HOP = "source -> raw"


def landed(db: Warehouse, source_id: str) -> list[Hop]:
    """Each table of a source."""
    there = relations(db)
    hops = []
    for table in declaration.read(source_id).tables:
        if (table.raw_schema, table.id) not in there:
            raise never(table)
        hops += _newest_load(db, table, there) if table.incremental else _whole(db, table, there)
    return hops


def never(table: Table) -> LoadError:
    load = f"python -m ingest {table.source}"
    return LoadError(f"{table.source}.{table.id} was never loaded; run {load}")


def raw_relation(table: Table) -> str:
    return f"{ident(table.raw_schema)}.{ident(table.id)}"


def is_marked(table: Table, there: Relations) -> bool:
    """Whether deleted rows of a table are kept in raw."""
    return there.get((table.raw_schema, table.id), False)


def _whole(db: Warehouse, table: Table, there: Relations) -> list[Hop]:
    """A table that is read whole, or file by file: all that the source has."""
    expected = of_source(db, table)
    if expected is None:
        raise never(table)
    marked, where = is_marked(table, there), "1 = 1"
    if marked:
        # A row that is in quarantine now may have an earlier state of itself in raw, kept from an earlier read.
        of_table = f'source = {literal(table.source)} AND "table" = {literal(table.id)}'
        read = f"SELECT max(loaded_at) FROM ops.loads WHERE {of_table} AND kind = 'full'"
        where = f"_loaded_at >= ({read})"
    raw = of_relation(db, raw_relation(table), numeric(table), marked=marked, where=where)
    actual = add_windows(
        _without_deleted(raw),
        of_quarantine(db, table, windows=False),
        of_source(db, table, "superseded") or {},
    )
    return compare(HOP, table.source, table.id, expected, actual)


def _newest_load(db: Warehouse, table: Table, there: Relations) -> list[Hop]:
    """A table that is read from its mark on: what the newest load read, by day of the watermark."""
    of_table = f'source = {literal(table.source)} AND "table" = {literal(table.id)}'
    newest = f"(SELECT max(loaded_at) FROM ops.loads WHERE {of_table})"
    kinds = db.execute(f"SELECT kind FROM ops.loads WHERE {of_table} AND loaded_at = {newest}")
    if not kinds:
        raise never(table)
    # A table whose keys are tokens of a new key is read whole, and measured as a whole.
    by_day = kinds[0][0] != "full"
    day = day_of(db, table, table.watermark) if by_day else None
    marked = is_marked(table, there)
    raw = of_relation(
        db,
        raw_relation(table),
        numeric(table),
        window=day,
        marked=marked,
        where=f"_loaded_at = {newest}",
    )
    aside = of_quarantine(db, table, windows=bool(day), where=f"loaded_at = {newest}")
    expected = of_source(db, table) or {}
    superseded = of_source(db, table, "superseded") or {}
    actual = add_windows(_without_deleted(raw), aside, superseded if by_day else whole(superseded))
    expected = expected if by_day else whole(expected)
    return compare(HOP, table.source, table.id, expected, actual) + _keys(db, table, marked)


def _keys(db: Warehouse, table: Table, marked: bool) -> list[Hop]:
    """All living rows against the keys that the source had, where the loader has compared those.

    A row in quarantine may have an earlier state of itself in raw, or none.
    """
    keys = of_source(db, table, "keys")
    if keys is None:
        return []
    expected = sum(one.rows for one in keys.values())
    living = of_relation(db, raw_relation(table), [], marked=marked)[WHOLE_TABLE].rows
    aside = of_quarantine(db, table, windows=False).get(WHOLE_TABLE, Totals()).rows
    found = expected if living <= expected <= living + aside else living
    hop = Hop(f"{HOP} keys", table.source, table.id, WHOLE_TABLE, Totals(expected), Totals(found))
    return [hop.compare()]


def _without_deleted(windows: Windows) -> Windows:
    """The living rows: the source no longer has the others."""
    return {
        window: Totals(one.rows, one.sums, 0, one.sizes)
        for window, one in windows.items()
        if one.rows or window == WHOLE_TABLE
    }
