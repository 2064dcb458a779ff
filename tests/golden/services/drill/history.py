"""What a table's history must be, worked out from what each build of the transform saw: all its versions, or a copy a day."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from drill import oracle
from drill.declared import Column, Table
from drill.oracle import Expected, Kept, Rows
from drill.warehouse import Warehouse, marked

Key = tuple[Any, ...]


@dataclass
class History:
    """The history of one staging model. `kind`: scd2 or daily."""

    source: str
    table: str
    staging: str
    dedupe: bool
    kind: str
    versions: list[tuple[Key, Key, bool]] = field(
        default_factory=list
    )  # key, values, whether it holds now
    copies: dict[str, Rows] = field(default_factory=dict)  # by day

    @property
    def relation(self) -> str:
        prefix = "snap" if self.kind == "scd2" else "hist"
        return f"{prefix}_{self.source}__{self.table}"

    def observe(self, expected: Expected, day: str) -> None:
        """A build has seen the table as it is now, on this day."""
        shown = expected.newest(self.dedupe)
        if self.kind == "daily":
            self.copies[day] = Counter(_values(expected.table, kept) for kept in shown)
            return
        now = {expected.key(kept): _values(expected.table, kept) for kept in shown}
        marked = expected.table.soft or expected.table.deletes == "ignore"
        versions = []
        for key, values, holds in self.versions:
            ended = key not in now and not marked or key in now and now[key] != values
            versions.append((key, values, holds and not ended))
        open_now = {key for key, _, holds in versions if holds}
        versions += [(key, values, True) for key, values in now.items() if key not in open_now]
        self.versions = versions

    def difference(self, table: Table, warehouse: Warehouse) -> str:
        """What disagrees; empty when nothing does."""
        more = [marked(True)] if table.soft else []
        if self.kind == "scd2":
            wanted: Rows = Counter((*values, holds) for _, values, holds in self.versions)
            more.append("dbt_valid_to IS NULL")
            found = warehouse.rows("history", self.relation, table.columns, ", ".join(more))
            return oracle.difference(table, list(table.columns), wanted, found)
        day = Column("snapshot_date", "snapshot_date", "DATE")
        copied = warehouse.rows("history", self.relation, [day, *table.columns], ", ".join(more))
        days = {str(row[0]) for row in copied}
        if days != set(self.copies):
            return f"copies of {', '.join(sorted(days))}, expected {', '.join(sorted(self.copies))}"
        wanted = Counter((d, *row) for d, rows in self.copies.items() for row in rows.elements())
        found = Counter((str(row[0]), *row[1:]) for row in copied.elements())
        return oracle.difference(table, [day, *table.columns], wanted, found)


def _values(table: Table, kept: Kept) -> Key:
    shown = [kept.values[column.id] for column in table.columns]
    return (*shown, *([kept.deleted] if table.soft else []))
