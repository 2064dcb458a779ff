"""What the indexes of a table tell of its columns."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from pipegen.core.measured import Key


@dataclass
class Indexes:
    """Primary key, unique indexes over whole columns of all rows, short ones first, and the columns that any index starts with."""

    primary_key: list[str] = field(default_factory=list)
    unique: list[list[str]] = field(default_factory=list)
    first: set[str] = field(default_factory=set)

    def add(self, columns: Sequence[str | None], *, primary: bool = False, unique: bool = False) -> None:
        """Another index; None is an expression, or a column in part, which tells nothing of whole columns."""
        whole = [column for column in columns if column is not None]
        if columns[0] is not None:
            self.first.add(columns[0])
        if len(whole) < len(columns):
            return
        if primary:
            self.primary_key = whole
        elif unique:
            self.unique = sorted([*self.unique, whole], key=len)

    @property
    def alone(self) -> set[str]:
        """Columns that are unique by themselves."""
        return {columns[0] for columns in (*self.unique, self.primary_key) if len(columns) == 1}

    def key(self, required: Collection[str]) -> Key | None:
        """The primary key, or the first unique index over columns that are never null: ``required``."""
        if self.primary_key:
            return Key(columns=self.primary_key, how="primary key")
        found = next((index for index in self.unique if set(required).issuperset(index)), None)
        return Key(columns=found, how="unique index") if found else None
