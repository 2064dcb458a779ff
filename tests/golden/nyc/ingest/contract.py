"""The schema contract at the door: what happens when the source no longer looks as it was declared.

The policy of each kind of change stands in the declaration, as `schema_contract`:
new_column: `discard` (the load goes on without it, and says so) or `freeze` (the load fails);
lost_column: `freeze`, or `discard` (the load goes on with nulls, where the column may be null);
changed_type: `freeze`, or `discard_row` (rows whose values no longer fit go to quarantine).
"""

from collections.abc import Mapping

from ingest.declaration import Drift, LoadError, Note, SchemaDrift, Table

DEFAULTS = {"new_column": "discard", "lost_column": "freeze", "changed_type": "freeze"}


def policy(table: Table, change: str) -> str:
    return table.schema_contract.get(change) or DEFAULTS[change]


def check_names(table: Table, where: str, names: list[str], note: Note) -> None:
    """SchemaDrift when `where` breaks the contract; what is let through is noted. `names` are those the source has."""
    place = f"{table.source}.{table.id}"
    declared = [column.name for column in table.columns]
    twice = [name for name in declared if names.count(name) > 1]
    if twice:
        raise LoadError(f"{place}: {where} has twice the column {_listed(twice)}")
    gone = [column for column in table.columns if column.name not in names]
    if gone:
        needed = [c for c in gone if not c.nullable or c.id in (*table.key, table.watermark)]
        text = f"{place}: {where} has no column {_listed([c.name for c in gone])}"
        if policy(table, "lost_column") == "freeze" or needed:
            raise _broken(table, "lost_column", text)
        said = f"{text}: loaded as null (schema contract: lost_column: discard)"
        note(Drift(said, table.id, "lost_column"))
    new = [name for name in names if name not in declared and name not in table.dropped]
    if new:
        text = f"{place}: {where} has the new column {_listed(new)}"
        if policy(table, "new_column") == "freeze":
            raise _broken(table, "new_column", text)
        said = f"{text}: not declared, so not loaded (schema contract: new_column: discard)"
        note(Drift(said, table.id, "new_column"))


def check_types(table: Table, where: str, types: Mapping[str, str], note: Note) -> None:
    """SchemaDrift, or a note, when a column's own type at the source is no longer the one it was declared from."""
    for column in table.columns:
        found = types.get(column.name)
        if not column.source_type or found is None or found == column.source_type:
            continue
        text = (
            f"{table.source}.{table.id}: {where}: the type of column {column.name!r} changed "
            f"from {column.source_type} to {found}"
        )
        if policy(table, "changed_type") == "freeze":
            raise _broken(table, "changed_type", text)
        said = f"{text}: rows that no longer fit go to quarantine (changed_type: discard_row)"
        note(Drift(said, table.id, "changed_type"))


def _broken(table: Table, change: str, text: str) -> SchemaDrift:
    return SchemaDrift(Drift(f"{text} (schema contract: {change}: freeze)", table.id, change))


def _listed(names: list[str]) -> str:
    return ", ".join(map(repr, names))
