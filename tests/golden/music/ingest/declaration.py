"""`ingest/NAME.json`: the tables of a source, their columns and types, and how each is loaded."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest import settings

# Takes what a person should hear of though the load goes on.
Note = Callable[[str], None]


class LoadError(Exception):
    """The load cannot go on: the message says what is wrong, where, and what would mend it."""


@dataclass(frozen=True)
class Column:
    """`id` is the column's name in the warehouse, `name` the one it has at the source."""

    id: str
    name: str
    type: str
    nullable: bool


@dataclass(frozen=True)
class Table:
    """`name` is a glob below the source's path (files) or the table's real name (sqlite)."""

    source: str
    raw_schema: str
    id: str
    name: str
    format: str | None
    load: str
    key: tuple[str, ...]
    watermark: str | None
    columns: tuple[Column, ...]
    options: dict[str, Any] = field(default_factory=dict)

    def column(self, column_id: str) -> Column:
        return next(column for column in self.columns if column.id == column_id)

    def check_columns(self, where: str, names: list[str], note: Note) -> None:
        """LoadError when `where` lost a declared column or has it twice; a column that nobody declared is noted."""
        declared = [column.name for column in self.columns]
        lost = [name for name in declared if name not in names]
        twice = [name for name in declared if names.count(name) > 1]
        for problem, found in (("no column", lost), ("twice the column", twice)):
            if found:
                listed = ", ".join(map(repr, found))
                raise LoadError(f"{self.source}.{self.id}: {where} has {problem} {listed}")
        new = [name for name in names if name not in declared]
        if new:
            note(f"{self.id}: not declared, so not loaded: {', '.join(map(repr, new))}")


@dataclass(frozen=True)
class Source:
    """One source. `path` is already that of the environment the process runs in."""

    id: str
    kind: str
    path: Path
    path_env: str
    raw_schema: str
    tables: tuple[Table, ...]

    def table(self, table_id: str) -> Table:
        for table in self.tables:
            if table.id == table_id:
                return table
        known = ", ".join(table.id for table in self.tables)
        raise LoadError(f"{self.id} has no table {table_id!r}; it has {known}")

    def select(self, table_ids: Iterable[str]) -> tuple[Table, ...]:
        """The named tables, or all of them when none is named."""
        return tuple(self.table(table_id) for table_id in table_ids) or self.tables


def source_ids() -> list[str]:
    """Every source that has a declaration, sorted."""
    return sorted(path.stem for path in (settings.ROOT / "ingest").glob("*.json"))


def read(source_id: str) -> Source:
    """The declaration of a source; LoadError when there is none."""
    path = settings.ROOT / "ingest" / f"{source_id}.json"
    if not path.is_file():
        known = ", ".join(source_ids())
        raise LoadError(f"no source {source_id!r}; there are {known}")
    return parse(json.loads(path.read_text(encoding="utf-8")))


def parse(document: dict[str, Any]) -> Source:
    source_id, kind = document["source"], document["kind"]
    tables = [
        _table(source_id, document["raw_schema"], table_id, body)
        for table_id, body in document["tables"].items()
    ]
    path_env = document["path_env"]
    return Source(
        id=source_id,
        kind=kind,
        path=settings.source_path(source_id, kind, path_env, document["path"]),
        path_env=path_env,
        raw_schema=document["raw_schema"],
        tables=tuple(tables),
    )


def _table(source_id: str, raw_schema: str, table_id: str, body: dict[str, Any]) -> Table:
    columns = [
        Column(column_id, column["from"], column["type"], column["nullable"])
        for column_id, column in body["columns"].items()
    ]
    return Table(
        source=source_id,
        raw_schema=raw_schema,
        id=table_id,
        name=body["from"],
        format=body.get("format"),
        load=body["load"],
        key=tuple(body["key"]),
        watermark=body["watermark"],
        columns=tuple(columns),
        options=body.get("options") or {},
    )
