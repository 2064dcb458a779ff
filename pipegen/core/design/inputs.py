"""What the rules decide by: every input of the decision model with its value, from what people said and what was measured.

The spec beats the probe, a table its source, a source the defaults. Durations are seconds, sizes bytes, rates rows a day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from pipegen.core import names, units
from pipegen.core.design import calibration as c
from pipegen.core.design import change_log
from pipegen.core.measured import Measured, MeasuredTable
from pipegen.core.spec.model import Machine, PipelineSpec, Prices
from pipegen.core.spec.sources import FilesSource, SourceSpec, TableSpec
from pipegen.core.sql_types import canonical_sql

TEMPORAL = ("DATE", "TIMESTAMP", "TIMESTAMPTZ")
OBJECT_STORES = ("s3://", "gs://", "az://")
CLOUD = ("snowflake", "bigquery", "redshift", "databricks", "clickhouse")
DATABASES = ("postgres", "mysql", "mssql", "mongodb")
EVENTS = ("kafka", "webhook")


@dataclass(frozen=True)
class TableInputs:
    """The inputs of one table.

    ``form`` is how it comes: ``files``, ``rows`` of a database, an ``api``, or ``events``. ``mark`` is the kind of its watermark:
    ``temporal``, ``numeric``, or nothing; ``mark_trouble`` why it cannot be relied on. ``drops``: files that differ by a date or
    number. ``known_rows`` and ``known_per_day`` are None where nobody knows. ``own_freshness``: said of this very table.
    """

    source: str
    name: str
    form: str
    freshness: int
    lateness: int
    deletes: str
    history: str
    key: bool = False
    mark: str = ""
    mark_trouble: str = ""
    indexed: bool | None = None
    drops: bool = False
    immutable: bool = False
    known_rows: float | None = None
    known_per_day: float | None = None
    per_day_how: str = ""
    row_bytes: float = 0.0
    retention: int | None = None
    own_freshness: bool = False
    treated: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        return f"{self.source}.{self.name}"

    @property
    def estimated(self) -> bool:
        """Whether the rows come from the declared volume."""
        return self.known_rows is None and self.known_per_day is not None and self.per_day_how == "said"

    @property
    def rows(self) -> float | None:
        """Rows in the table: said or measured, else what its declared volume fills; None where nobody knows."""
        if self.known_rows is not None:
            return self.known_rows
        return self.known_per_day * c.VOLUME_DAYS.value if self.known_per_day and self.estimated else None

    @property
    def per_day(self) -> float:
        """New and changed rows a day: said or measured, else a share of all rows."""
        if self.known_per_day is not None:
            return self.known_per_day
        return (self.rows or 0) * c.CHANGED_SHARE.value

    @property
    def total_bytes(self) -> float:
        return (self.rows or 0) * self.row_bytes


@dataclass(frozen=True)
class SourceInputs:
    """The inputs of one source.

    ``log`` is whether its change log can be read, None where nobody knows; ``log_lacks`` what is missing. ``objects``: its files lie
    in object storage; ``bulk``: the destination loads them from there by itself.
    """

    name: str
    kind: str
    tables: tuple[TableInputs, ...]
    freshness: int
    peak: float = 1.0
    lag: int = 0
    window: int | None = None
    connections: int | None = None
    log: bool | None = False
    log_lacks: str = ""
    log_kept: int | None = None
    free_disk: float | None = None
    state: float = 0.0
    parsing: str = "sql"
    request_rate: float | None = None
    page_size: int = 100
    webhooks: bool = False
    replay: bool = False
    keyed: bool = False
    delivered: tuple[int, int] | None = None
    objects: bool = False
    bulk: bool = False
    remote: bool = False

    @cached_property
    def compared_rows(self) -> float:
        """Rows whose keys are to be compared: of tables that are not tiny, where deletes matter."""
        return sum(t.rows or 0 for t in self.tables if t.deletes != "ignore" and (t.rows or 0) >= c.TINY_ROWS.value)

    @property
    def per_day_bytes(self) -> float:
        return sum(t.per_day * t.row_bytes for t in self.tables)


@dataclass(frozen=True)
class Inputs:
    """Everything that the rules decide by. ``growth`` is a fraction a month; ``machine`` None where it was not described."""

    sources: tuple[SourceInputs, ...]
    destination: str
    outage: int
    growth: float
    on_call: str = "working-hours"
    consumers: tuple[str, ...] = ()
    raw_forbidden: bool = False
    machine: Machine | None = None
    prices: Prices | None = None
    ceiling: float | None = None
    deploy: str = "compose"

    @property
    def acts(self) -> bool:
        """Whether something is done at once because of the result."""
        return "actions" in self.consumers

    @property
    def memory(self) -> float:
        return units.bytes_((self.machine or Machine()).memory)

    @property
    def workers(self) -> int:
        return (self.machine or Machine()).workers


def inputs(spec: PipelineSpec, measured: Mapping[str, Measured]) -> Inputs:
    """The inputs of a spec; a source without a measurement is what the spec says of it."""
    return Inputs(
        sources=tuple(_source(spec, name, said, measured.get(name)) for name, said in spec.sources.items()),
        destination=spec.destination.kind,
        outage=units.duration(spec.defaults.outage),
        growth=units.growth(spec.defaults.growth),
        on_call=spec.on_call or "working-hours",
        consumers=tuple(spec.consumers or ()),
        raw_forbidden=spec.raw_personal_data == "forbidden",
        machine=spec.machine,
        prices=spec.prices,
        ceiling=spec.ceiling,
        deploy=spec.deploy,
    )


def _source(spec: PipelineSpec, name: str, said: SourceSpec, facts: Measured | None) -> SourceInputs:
    found = facts.tables if facts is not None else {}
    wanted = said.tables or {table: TableSpec() for table in found}
    tables = tuple(_table(spec, name, said, table, own, found.get(table), len(wanted)) for table, own in wanted.items())
    freshness = min((t.freshness for t in tables), default=units.duration(said.freshness or spec.defaults.freshness))
    log, lacks = change_log.readable(said, facts)
    remote = isinstance(said, FilesSource) and said.is_remote
    objects = str(getattr(said, "path", "")).lower().startswith(OBJECT_STORES)
    delivered, kept = getattr(said, "delivered", None), getattr(said, "log_kept", None)
    rate, disk = getattr(said, "rate_limit", None), getattr(said, "free_disk", None)
    return SourceInputs(
        name=name, kind=said.kind, tables=tables, freshness=freshness,
        peak=units.factor(said.peak) if said.peak else 1.0, lag=units.duration(said.lag) if said.lag else 0,
        window=units.duration(said.window) if said.window else None,
        connections=said.connections or (facts.server.connections if facts is not None else None),
        log=log, log_lacks=lacks, log_kept=units.duration(kept) if kept else change_log.kept(facts),
        free_disk=units.bytes_(disk) if disk else None, state=units.bytes_(said.state) if said.state else 0.0,
        parsing=said.parsing or "sql", request_rate=units.request_rate(rate) if rate else None,
        page_size=getattr(said, "page_size", None) or _page_size(found.values()), webhooks=bool(getattr(said, "webhooks", None)),
        replay=bool(getattr(said, "replay", None)), keyed=bool(getattr(said, "keyed", None)),
        delivered=units.time_of_day(delivered) if delivered else None,
        objects=objects, bulk=objects and spec.destination.kind in CLOUD, remote=remote,
    )  # fmt: skip


def _page_size(found: Iterable[MeasuredTable]) -> int:
    """Rows that a request of an API gives, as far as they were seen: of its tables' pages the smallest."""
    return min((t.endpoint.pagination.size for t in found if t.endpoint and t.endpoint.pagination.size), default=100)


def _table(
    spec: PipelineSpec, source: str, said: SourceSpec, name: str, own: TableSpec, facts: MeasuredTable | None, of: int
) -> TableInputs:
    levels = (own, said, spec.defaults)

    def value(field: str) -> str:
        return str(next(v for level in levels if (v := getattr(level, field)) is not None))

    treated = {column for column, how in own.columns.items() if how != "keep"}
    said_of = {names.identifier(column) for column in own.columns}
    found = facts.columns.items() if facts is not None else ()
    personal = [n for n, col in found if col.personal and names.identifier(n) not in said_of]
    mark, trouble, indexed = _mark(own, facts, treated)
    row_bytes = _row_bytes(own, said, facts)
    per_day, how = _per_day(own, said, facts, row_bytes, of)
    keep = own.retention or said.retention or spec.defaults.retention
    key = own.key if own.key is not None else facts.key.columns if facts is not None and facts.key else []
    events = said.kind in EVENTS
    return TableInputs(
        source=source, name=name, form=_form(said.kind), freshness=units.duration(value("freshness")),
        lateness=units.duration(value("lateness")), deletes=value("deletes"), history=value("history"), key=bool(key),
        mark=mark, mark_trouble=trouble, indexed=indexed, drops=_drops(said, facts),
        immutable=next((v for v in (own.immutable, said.immutable) if v is not None), events),
        known_rows=_rows(own, facts, row_bytes), known_per_day=per_day, per_day_how=how, row_bytes=row_bytes,
        retention=units.duration(keep) if keep else None, own_freshness=own.freshness is not None,
        treated=tuple(sorted(treated)), personal=tuple(personal),
    )  # fmt: skip


def _drops(said: SourceSpec, facts: MeasuredTable | None) -> bool:
    """Whether a table is a set of files that differ by a date or number: as measured, else as its path says."""
    pattern = facts.files if facts is not None else str(getattr(said, "path", "")) if said.kind == "files" else None
    return pattern is not None and "*" in pattern


def _form(kind: str) -> str:
    if kind in ("files", "sample"):
        return "files"
    return "events" if kind in EVENTS else "api" if kind == "rest" else "rows"


def mark_kind(type_: str | None) -> str:
    """The kind of a watermark by its column's type; a text grows in no order that engines agree on."""
    if type_ is None:
        return ""
    if type_ in TEMPORAL:
        return "temporal"
    return "numeric" if type_.startswith(("BIGINT", "DECIMAL", "DOUBLE")) else ""


def _mark(own: TableSpec, facts: MeasuredTable | None, treated: set[str]) -> tuple[str, str, bool | None]:
    """The kind of the watermark, why it cannot be relied on, and whether it is indexed."""
    found = facts.watermark if facts is not None else None
    name = own.watermark or (found.column if found else None)
    if name is None:
        return "", "", None
    if name in treated or names.identifier(name) in {names.identifier(column) for column in treated}:
        return "", "", None
    columns = facts.columns if facts is not None else {}
    column = columns.get(name) or next((v for k, v in columns.items() if names.identifier(k) == name), None)
    kind = mark_kind(canonical_sql(column.type)) if column else "" if columns else "temporal"
    endpoint = facts.endpoint if facts is not None else None
    if endpoint is not None and (
        endpoint.since is None or names.identifier(endpoint.since.column) != names.identifier(name)
    ):
        return kind, "the API has no parameter for rows changed since a time", None
    if found is None or found.column != name:
        return kind, "", None
    disorder = found.out_of_order or 0.0
    if found.nulls and found.sampled:
        return kind, f"{found.nulls:,} of {found.sampled:,} rows have none", found.indexed
    if disorder > c.MARK_DISORDER.value:
        return kind, f"{disorder:.0%} of the rows are earlier than the one before", found.indexed
    return kind, "", found.indexed


def _row_bytes(own: TableSpec, said: SourceSpec, facts: MeasuredTable | None) -> float:
    declared = own.row_size or said.row_size
    if declared:
        return max(1.0, units.bytes_(declared))
    if facts is not None and facts.bytes and facts.rows is not None and facts.rows.value:
        return max(1.0, facts.bytes / facts.rows.value)
    return c.BYTES_PER_ROW.value


def _rows(own: TableSpec, facts: MeasuredTable | None, row_bytes: float) -> float | None:
    if own.size:
        size = units.size(own.size)
        return size.rows if size.rows is not None else (size.bytes or 0) / row_bytes
    return float(facts.rows.value) if facts is not None and facts.rows is not None else None


def _per_day(
    own: TableSpec, said: SourceSpec, facts: MeasuredTable | None, row_bytes: float, of: int
) -> tuple[float | None, str]:
    """Rows a day and how that is known; a source's volume is shared by its tables alike."""
    text, share = (own.volume, 1) if own.volume else (said.volume, of)
    if text:
        volume = units.volume(text)
        rows = volume.rows_per_day if volume.rows_per_day is not None else (volume.bytes_per_day or 0) / row_bytes
        return rows / share, "said"
    if facts is not None and facts.rows_per_day is not None:
        return float(facts.rows_per_day.value), "measured"
    return None, ""
