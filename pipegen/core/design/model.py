"""The Design: every decision with its reasons, and the plain values that templates lay out.

Templates see these objects as they are; they hold text, numbers, booleans, and lists of such, nothing that computes.
Durations are seconds unless a name says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Alternative:
    """A choice that was not taken, and what speaks against it."""

    choice: str
    against: str


@dataclass(frozen=True)
class Decision:
    """One answer of the decision model.

    ``id`` is its address (``shop_db.orders.extract``); ``because`` the inputs that decided, with their values;
    ``flips_when`` the threshold at which the choice would change; ``rule`` the id of the rule; ``source`` where its
    threshold comes from, ``(H)`` for a heuristic.
    """

    id: str
    choice: str
    because: tuple[str, ...]
    rule: str
    source: str
    alternatives: tuple[Alternative, ...] = ()
    flips_when: str | None = None
    overridden: bool = False


@dataclass(frozen=True)
class Column:
    """A column: its real name at the source, its id downstream, its canonical SQL type."""

    name: str
    id: str
    type: str
    nullable: bool = True
    unique: bool = False
    description: str = ""


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
    """One source table and how it is loaded. ``key`` and ``watermark`` are column ids."""

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

    @property
    def relation(self) -> str:
        return f"{self.raw_schema}.{self.id}"


@dataclass(frozen=True)
class Load:
    """One extract-load task: a table, or a group of them where there are many."""

    id: str
    tables: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """One source: where it is, its tables, and the DAG that loads it."""

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
    """A published table. ``from_`` lists the dbt models it reads; one-to-one marts keep their staging model's rows."""

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
    sizing: tuple[dict[str, Any], ...] = ()
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)

    def context(self) -> dict[str, Any]:
        """The names that every template and every ``when:`` may use."""
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
        }
