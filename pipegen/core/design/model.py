"""The Design: every decision with its reasons, and the plain values that templates lay out.

Templates see these objects as they are; they hold text, numbers, booleans, and lists of such, nothing that computes.
Durations are seconds unless a name says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pipegen.core.design.decision import Decision, OpenQuestion, PriceTier, Record, Sizing


@dataclass(frozen=True)
class Column:
    """A column: its real name at the source, its id downstream, its canonical SQL type.

    ``treatment`` is what happens to personal data before it lands: ``mask``, ``tokenise``, or nothing; ``source_type`` the type
    that the source itself declares, where it declares one. ``values`` are the only ones that the source's declarations allow, as
    they land; ``measured`` says in sentences what was measured.
    """

    name: str
    id: str
    type: str
    nullable: bool = True
    unique: bool = False
    description: str = ""
    treatment: str = ""
    source_type: str = ""
    values: tuple[str, ...] = ()
    measured: str = ""


@dataclass(frozen=True)
class Rule:
    """A business rule as a named dbt test; ``expect`` is a SQL expression that holds, or is null, for every row."""

    name: str
    id: str
    expect: str
    severity: str


@dataclass(frozen=True)
class ForeignKey:
    """``columns`` of this table point at columns ``at`` of another table of the same source."""

    columns: tuple[str, ...]
    to_table: str
    to_staging: str
    at: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """One source table and how it is loaded. ``key`` and ``watermark`` are column ids.

    ``overlap`` is read again before the mark: seconds of a temporal watermark, units of a numeric one. ``most_deleted`` is the
    share of rows, 0 to 1, that one run may delete. ``dropped`` are real names of columns that never land, ``began`` the day of
    the oldest watermark, ``rows_per_run`` the rows that one run is expected to read, ``lookback_batches`` the days that incremental
    models look back. ``key_holds`` is false where the source was seen to break the key; ``notes`` are sentences for people,
    ``endpoint`` says where an API lists the rows, and how.
    """

    name: str
    id: str
    source: str
    source_name: str
    raw_schema: str
    from_: str
    format: str | None
    options: dict[str, Any]
    load: str
    key: tuple[str, ...]
    watermark: str | None
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...]
    foreign_keys: tuple[ForeignKey, ...]
    staging: str
    dedupe: bool
    freshness: str
    freshness_seconds: int
    description: str
    rows: int | None
    source_schema: str = ""
    write: str = "replace"
    deletes: str = "hard"
    history: str = "none"
    overlap: int = 0
    lateness_seconds: int = 86_400
    most_deleted: float = 0.2
    schema_contract: dict[str, str] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    began: str | None = None
    rows_per_run: int = 0
    lookback_batches: int = 1
    endpoint: dict[str, Any] = field(default_factory=dict)
    key_holds: bool = True
    notes: tuple[str, ...] = ()

    @property
    def relation(self) -> str:
        return f"{self.raw_schema}.{self.id}"

    @property
    def incremental(self) -> bool:
        """Whether a run reads only what is new: from the mark of its watermark on."""
        return self.load in ("watermark", "watermark-keys") or (self.load == "append" and self.format is None)

    @property
    def soft_deletes(self) -> bool:
        """Whether rows that the source deleted are kept and marked."""
        return self.deletes == "soft" and self.format is None

    @property
    def hard_deletes(self) -> bool:
        """Whether rows vanish from a table that is loaded incrementally."""
        return self.load == "watermark-keys" and self.deletes == "hard"


@dataclass(frozen=True)
class Load:
    """One extract-load task: a table, or a group of them where there are many."""

    id: str
    tables: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """One source: where it is, its tables, and the DAG that loads it, every ``interval_seconds``.

    ``path`` and its variable are empty for a server, which has ``url_env``; an API has its token in ``auth_env``, sent in
    ``auth_header`` where that is not the usual one, and is asked no sooner than after ``request_seconds``.
    """

    name: str
    id: str
    kind: str
    is_sample: bool
    path: str
    path_env: str
    raw_schema: str
    dag_id: str
    asset: str
    description: str
    tables: tuple[Table, ...]
    loads: tuple[Load, ...]
    schedule: str
    freshness: str
    freshness_seconds: int
    deadline_seconds: int
    retries: int
    retry_delay_seconds: int
    max_retry_delay_seconds: int
    execution_timeout_seconds: int
    url_env: str = ""
    source_schema: str = ""
    interval_seconds: int = 0
    auth_env: str = ""
    auth_header: str = ""
    request_seconds: float = 0.0


@dataclass(frozen=True)
class MartColumn:
    """A column of a mart: ``expression`` is SQL over the models it reads."""

    id: str
    type: str
    expression: str
    nullable: bool = True
    unique: bool = False
    description: str = ""


@dataclass(frozen=True)
class Relationship:
    """``column`` of a mart is found in ``at`` of the dbt model ``to``."""

    column: str
    to: str
    at: str


@dataclass(frozen=True)
class Mart:
    """A published table. ``from_`` lists the dbt models it reads; one-to-one marts keep their staging model's rows.

    ``load``: ``table``, ``incremental`` or ``microbatch``. An incremental one reads again what was landed in the
    ``lookback_seconds`` before its newest row, a microbatch one the ``lookback_batches`` days before today.
    """

    name: str
    id: str
    kind: str
    from_: tuple[str, ...]
    staging: str | None
    columns: tuple[MartColumn, ...]
    grain: tuple[str, ...]
    by: tuple[str, ...]
    measures: tuple[str, ...]
    relationships: tuple[Relationship, ...]
    description: str
    load: str = "table"
    event_time: str | None = None
    lookback_batches: int = 1
    lookback_seconds: int = 0
    began: str | None = None
    soft_deletes: bool = False
    hard_deletes: bool = False


@dataclass(frozen=True)
class Transform:
    """The DAG that runs dbt when the sources' assets are updated."""

    dag_id: str
    schedule_assets: tuple[str, ...]
    pool: str
    freshness_seconds: int
    deadline_seconds: int
    execution_timeout_seconds: int
    retries: int
    retry_delay_seconds: int
    max_retry_delay_seconds: int
    pool_slots: int = 1


@dataclass(frozen=True)
class Pipeline:
    """The names of the whole."""

    name: str
    id: str
    env_prefix: str
    description: str
    owner: str
    catalog: str


@dataclass(frozen=True)
class Design:
    """The whole design: what templates see is :meth:`context`, what people see is ``decisions`` and ``sizing``."""

    pipeline: Pipeline
    sources: tuple[Source, ...]
    marts: tuple[Mart, ...]
    transform: Transform
    destination: dict[str, Any]
    alerts: dict[str, Any]
    slo: dict[str, Any]
    ci: str
    deploy: str
    decisions: tuple[Decision, ...] = ()
    sizing: tuple[Sizing, ...] = ()
    records: tuple[Record, ...] = ()
    prices: tuple[PriceTier, ...] = ()
    open_questions: tuple[OpenQuestion, ...] = ()
    consumers: tuple[str, ...] = ()
    on_call: str = "working-hours"
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)

    def context(self) -> dict[str, Any]:
        """The names that every template and every ``when:`` may use."""
        from pipegen.core.design.pages import pages  # these are made of this module's types
        from pipegen.core.design.watching import monitoring

        return {
            "pipeline": self.pipeline,
            "sources": self.sources,
            "marts": self.marts,
            "transform": self.transform,
            "destination": self.destination,
            "alerts": self.alerts,
            "slo": self.slo,
            "ci": self.ci,
            "deploy": self.deploy,
            "decisions": self.decisions,
            "sizing": self.sizing,
            "records": self.records,
            "prices": self.prices,
            "open_questions": self.open_questions,
            "monitoring": monitoring(self),
            "pages": pages(self, self.consumers),
        }
