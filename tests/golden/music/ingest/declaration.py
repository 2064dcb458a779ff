"""`ingest/NAME.json`: the tables of a source, their columns and types, and how each is loaded."""

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest import settings

# Takes what a person should hear of though the load goes on.
Note = Callable[[str], None]


class LoadError(Exception):
    """The load cannot go on: the message says what is wrong, where, and what would mend it.

    `reason` is the kind of fault, by which people are told.
    """

    reason = "other"


class SourceDown(LoadError):
    """The source cannot be reached, lets nobody in, or was lost while it was read."""

    reason = "source_down"


class MassDelete(LoadError):
    """The load would delete more rows of a table than may go in one run."""

    reason = "mass_delete"

    def __init__(self, text: str, table: str):
        super().__init__(text)
        self.table = table


class Drift(str):
    """A change of a table at the source, in words: `new_column`, `lost_column` or `changed_type`. It holds no value of a row."""

    table: str
    change: str

    def __new__(cls, text: str, table: str, change: str) -> "Drift":
        drift = super().__new__(cls, text)
        drift.table, drift.change = table, change
        return drift


class SchemaDrift(LoadError):
    """The source no longer looks as it was declared, and the contract lets that change stop the load."""

    reason = "schema_drift"

    def __init__(self, drift: Drift):
        super().__init__(drift)
        self.drift = drift


@dataclass(frozen=True)
class Column:
    """`id` is the column's name in the warehouse, `name` the one it has at the source.

    `treatment` is what happens to personal data before it lands: `mask`, `tokenise` or nothing; `source_type` the type
    that the source declares, empty where it declares none.
    """

    id: str
    name: str
    type: str
    nullable: bool
    treatment: str = ""
    source_type: str = ""


@dataclass(frozen=True)
class Table:
    """`name` is a glob below the source's path (files) or the table's real name; `dropped` are columns that never land.

    `load`: full, append, watermark or watermark-keys. `write`: replace, merge, replace-by-unit, partition-overwrite or
    microbatch. `overlap` is read again before the mark: seconds of a temporal watermark, units of a numeric one.
    `most_deleted` is the share of the rows that one run may delete; `endpoint` where an API lists the rows, and how.
    """

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
    schema: str = ""
    write: str = "replace"
    deletes: str = "hard"
    overlap: int = 0
    most_deleted: float = 0.2
    schema_contract: dict[str, str] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    endpoint: dict[str, Any] = field(default_factory=dict)

    @property
    def incremental(self) -> bool:
        """Whether a load reads only what is new: from the mark of the watermark on."""
        return self.format is None and self.load != "full"

    @property
    def merges(self) -> bool:
        """Whether rows take the place of those with the same key."""
        return bool(self.key) and self.format is None and self.write in ("merge", "microbatch")

    @property
    def soft_deletes(self) -> bool:
        """Whether rows that the source deleted are kept and marked."""
        return self.deletes == "soft" and self.format is None

    @property
    def temporal(self) -> bool:
        """Whether the watermark is a date or a time."""
        kinds = ("DATE", "TIMESTAMP", "TIMESTAMPTZ")
        return bool(self.watermark) and self.column(self.watermark or "").type in kinds

    @property
    def personal(self) -> bool:
        """Whether it has data that may not land as it is."""
        return bool(self.dropped) or any(column.treatment for column in self.columns)

    def column(self, column_id: str) -> Column:
        return next(column for column in self.columns if column.id == column_id)

    def check_columns(self, where: str, names: list[str], note: Note) -> None:
        """The schema contract at the door, for names: see ingest/contract.py."""
        from ingest import contract

        contract.check_names(self, where, names, note)


@dataclass(frozen=True)
class Source:
    """One source. `kind` and `path` are already those of the environment the process runs in.

    An API has its token in `auth_env`, sent in `auth_header` where it is not the usual one, and is asked no sooner than after
    `request_seconds`; `at` is the address of what stands in for it.
    """

    id: str
    kind: str
    path: Path
    path_env: str
    raw_schema: str
    tables: tuple[Table, ...]
    url_env: str = ""
    is_api: bool = False
    auth_env: str = ""
    auth_header: str = ""
    request_seconds: float = 0.0
    at: str = ""

    def url(self) -> str:
        """The address of a server. LoadError when the variable that holds it is not set."""
        url = self.at or settings.twin_url(self.id) or os.environ.get(self.url_env, "")
        if not url:
            what = "API" if self.is_api else "database"
            raise LoadError(f"{self.id}: set {self.url_env} to the address of the {what}")
        return url

    def token(self) -> str:
        """What an API is asked with; empty where it asks for none. LoadError when the variable that holds it is not set."""
        token = "token-of-the-sample" if settings.has_twin() else os.environ.get(self.auth_env, "")
        if self.auth_env and not token:
            raise LoadError(f"{self.id}: set {self.auth_env} to the token of the API")
        return token if self.auth_env else ""

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
    source_id = document["source"]
    kind = settings.source_kind(source_id, document["kind"])
    tables = [
        _table(source_id, document["raw_schema"], table_id, body)
        for table_id, body in document["tables"].items()
    ]
    path_env = document.get("path_env") or ""
    return Source(
        id=source_id,
        kind=kind,
        path=settings.source_path(source_id, kind, path_env, document.get("path") or ""),
        path_env=path_env,
        raw_schema=document["raw_schema"],
        tables=tuple(tables),
        url_env=document.get("url_env") or "",
        is_api=document["kind"] == "rest",
        auth_env=document.get("auth_env") or "",
        auth_header=document.get("auth_header") or "",
        request_seconds=float(document.get("request_seconds") or 0),
    )


def _table(source_id: str, raw_schema: str, table_id: str, body: dict[str, Any]) -> Table:
    columns = [
        Column(
            column_id,
            column["from"],
            column["type"],
            column["nullable"],
            column.get("treatment", ""),
            column.get("source_type", ""),
        )
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
        schema=body.get("schema") or "",
        write=body.get("write") or "replace",
        deletes=body.get("deletes") or "hard",
        overlap=body.get("overlap") or 0,
        most_deleted=body.get("most_deleted", 0.2),
        schema_contract=body.get("schema_contract") or {},
        dropped=tuple(body.get("dropped") or ()),
        endpoint=body.get("endpoint") or {},
    )
