"""Foreign keys that no constraint declares: a column named like another table's key, whose values are found there."""

# ruff: noqa: S608 (names in queries are the probe's own, or quoted)
from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb

from pipegen.core.measured import ForeignKeyFact
from pipegen.core.names import identifier
from pipegen.probe.facts import ColumnFacts
from pipegen.probe.landed_facts import LandedTable
from pipegen.probe.named_columns import own_key_names, singular

LEAST_FOUND = 0.99  # of a column's distinct values, at the table it points to
# Names that too many tables have for their own key
_TOO_COMMON = frozenset({"id", "uuid", "guid", "key", "code", "name", "no", "nr", "number", "value", "type"})


def read_foreign_keys(con: duckdb.DuckDBPyConnection, tables: Sequence[LandedTable]) -> dict[str, list[ForeignKeyFact]]:
    """By table: columns whose values are (nearly) all found in another table's single key of a fitting name and one type."""
    parents: dict[str, list[LandedTable]] = {}
    for table in tables:
        for name in _pointing_names(table):
            parents.setdefault(name, []).append(table)
    found: dict[str, list[ForeignKeyFact]] = {t.name: [] for t in tables}
    for child in tables:
        for column in child.columns:
            candidates = parents.get(identifier(column.name), ())
            facts = (_foreign_key(con, child, column, parent) for parent in candidates if parent is not child)
            fact = next((f for f in facts if f), None)
            if fact:
                found[child.name].append(fact)
    return found


def _pointing_names(table: LandedTable) -> Iterator[str]:
    """Ids of columns elsewhere that point at a table's key: its name, and that with the table's name before it."""
    if table.key is None or len(table.key.columns) != 1 or not table.landed.whole:
        return
    key = identifier(table.key.columns[0])
    yield f"{singular(table.name)}_{key}"
    if key not in _TOO_COMMON:
        yield key


def _foreign_key(
    con: duckdb.DuckDBPyConnection, child: LandedTable, column: ColumnFacts, parent: LandedTable
) -> ForeignKeyFact | None:
    assert parent.key is not None  # it has a name that points at it
    [key] = parent.key.columns
    target = next(c for c in parent.columns if c.name == key)
    if column.type != target.type or _is_rather_the_parent(child, column, parent, key):
        return None
    own, theirs = child.id_of(column.name), parent.id_of(key)
    nulls = ", ".join("'" + n.replace("'", "''") + "'" for n in child.landed.nulls) or "''"
    row = con.execute(
        f"select count(*), count(p.k) from (select distinct {own} k from {child.landed.relation} "
        f"where {own} is not null and cast({own} as varchar) not in ({nulls})) c "
        f"left join (select distinct {theirs} k from {parent.landed.relation}) p using (k)"
    ).fetchone()
    values, matched = row or (0, 0)
    if not values or matched / values < LEAST_FOUND:
        return None
    how = f"name, and {matched} of {values} values found there"
    return ForeignKeyFact(columns=[column.name], to=parent.name, at=[key], how=how)


def _is_rather_the_parent(child: LandedTable, column: ColumnFacts, parent: LandedTable, key: str) -> bool:
    """Of two tables with one key, the one that the key is named after is pointed at."""
    own = child.key is not None and child.key.columns == [column.name]
    return own and identifier(key) not in own_key_names(parent.name)
