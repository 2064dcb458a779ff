"""What this repository declares, as the drill reads it by itself: ingest/SOURCE.json and drill/design.json."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

TEMPORAL = ("DATE", "TIMESTAMP", "TIMESTAMPTZ")


@dataclass(frozen=True)
class Column:
    id: str
    name: str
    type: str
    nullable: bool = True
    source_type: str = ""
    treatment: str = ""


@dataclass(frozen=True)
class Table:
    """One table of a source; `schema` is where PostgreSQL has it, `contract` what happens when its columns change."""

    source: str
    kind: str
    raw_schema: str
    id: str
    name: str
    schema: str | None
    format: str | None
    load: str
    write: str
    deletes: str
    key: tuple[str, ...]
    watermark: str | None
    overlap: int
    most_deleted: float
    contract: dict[str, str]
    dropped: tuple[str, ...]
    columns: tuple[Column, ...]
    options: dict[str, Any] = field(default_factory=dict)
    stands_in: bool = False  # a SQLite database is read in place of a PostgreSQL server
    is_api: bool = False  # it is read through an API

    def __str__(self) -> str:
        return f"{self.source}.{self.id}"

    def column(self, column_id: str) -> Column:
        return next(column for column in self.columns if column.id == column_id)

    @property
    def incremental(self) -> bool:
        """Whether a load reads only what is new, from the mark on."""
        by_mark = self.load in ("watermark", "watermark-keys")
        return by_mark or (self.load == "append" and self.kind != "files")

    @property
    def soft(self) -> bool:
        """Whether what the source deleted stays, and is marked."""
        return self.deletes == "soft" and self.kind != "files"

    @property
    def sees_deletes(self) -> bool:
        """Whether a load can tell that a row is gone at the source."""
        if self.kind == "files":
            return self.load == "full"
        return self.deletes != "ignore" and self.load in ("full", "watermark-keys")

    @property
    def temporal(self) -> bool:
        return bool(self.watermark) and self.column(self.watermark or "").type in TEMPORAL

    @property
    def by_day(self) -> bool:
        """Whether raw is replaced by whole days of the watermark."""
        return self.write == "partition-overwrite" or (self.write == "microbatch" and not self.key)

    @property
    def unique(self) -> bool:
        """Whether raw has each key once."""
        return bool(self.key) and self.write in ("merge", "microbatch")

    @property
    def pattern(self) -> str:
        """How it is loaded, in a few words: tables of one pattern take the same way through the code."""
        parts = [self.kind if self.kind != "files" else str(self.format), self.load, self.write]
        return " ".join([*parts, self.deletes] if self.kind != "files" else parts)


@dataclass(frozen=True)
class Source:
    id: str
    kind: str
    tables: tuple[Table, ...]

    def as_read(self, has_server: bool) -> "Source":
        """As it is in a drill: a SQLite database stands in for a server that is not to be had, and behind an API."""
        if self.kind not in ("postgres", "mysql", "rest") or (
            has_server and self.kind == "postgres"
        ):
            return self
        how = {"stands_in": self.kind == "postgres", "is_api": self.kind == "rest"}
        tables = tuple(
            replace(
                table,
                kind="sqlite",
                # Types of another server: SQLite need not understand how they are written.
                columns=tuple(replace(column, source_type="") for column in table.columns),
                **how,
            )
            for table in self.tables
        )
        return Source(self.id, "sqlite", tables)


@dataclass(frozen=True)
class Staging:
    """A staging model of a table; `dedupe`: it keeps the newest row of each key. `history`: none, scd2 or daily."""

    source: str
    table: str
    model: str
    dedupe: bool
    history: str


@dataclass(frozen=True)
class Mart:
    """A mart with one row for each row of its staging model, and the columns that it takes as they are."""

    id: str
    staging: str
    columns: tuple[str, ...]
    load: str
    event_time: str | None
    lookback_batches: int
    soft_deletes: bool
    hard_deletes: bool


@dataclass(frozen=True)
class Design:
    """What of the design no file of the pipeline says: drill/design.json."""

    destination: str
    staging: tuple[Staging, ...]
    marts: tuple[Mart, ...]


def sources(root: Path = ROOT) -> list[Source]:
    return [read_source(path) for path in sorted((root / "ingest").glob("*.json"))]


def read_source(path: Path) -> Source:
    document = json.loads(path.read_text(encoding="utf-8"))
    tables = tuple(_table(document, name, body) for name, body in document["tables"].items())
    return Source(document["source"], document["kind"], tables)


def _table(document: dict[str, Any], table_id: str, body: dict[str, Any]) -> Table:
    columns = tuple(
        Column(
            column_id, column["from"], column["type"], column["nullable"],
            column.get("source_type") or "", column.get("treatment") or "",
        )
        for column_id, column in body["columns"].items()
    )  # fmt: skip
    return Table(
        source=document["source"],
        kind=document["kind"],
        raw_schema=document["raw_schema"],
        id=table_id,
        name=body["from"],
        schema=body.get("schema"),
        format=body.get("format"),
        load=body["load"],
        write=body["write"],
        deletes=body["deletes"],
        key=tuple(body["key"]),
        watermark=body["watermark"],
        overlap=int(body.get("overlap") or 0),
        most_deleted=float(body["most_deleted"]),
        contract=body["schema_contract"],
        dropped=tuple(body.get("dropped") or ()),
        columns=columns,
        options=body.get("options") or {},
    )


def design(root: Path = ROOT) -> Design:
    document = json.loads((root / "drill" / "design.json").read_text(encoding="utf-8"))
    staging = tuple(Staging(**entry) for entry in document["staging"])
    marts = tuple(
        Mart(id=entry.pop("mart"), columns=tuple(entry.pop("columns")), **entry)
        for entry in document["marts"]
    )
    return Design(document["destination"], staging, marts)
