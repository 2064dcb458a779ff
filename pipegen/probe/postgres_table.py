"""One PostgreSQL table: what the catalogue says of it and, as far as there is time, what its rows show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pipegen.core.measured import ForeignKeyFact, MeasuredTable, Rate
from pipegen.core.names import shorten
from pipegen.probe import postgres_columns, postgres_values, sql_rows, sql_times
from pipegen.probe.facts import ColumnFacts
from pipegen.probe.indexes import Indexes
from pipegen.probe.look import IS_LOCKED, TIME_IS_UP
from pipegen.probe.postgres_catalogue import DeclaredColumn, Relation
from pipegen.probe.postgres_columns import Columns
from pipegen.probe.postgres_sessions import Session
from pipegen.probe.postgres_values import PostgresTable
from pipegen.probe.sql_names import quoted
from pipegen.probe.sql_times import Times

_PARTLY = "judged in part: the time for looking was up"
_SLOW = "the server takes too long to read it"


@dataclass(frozen=True)
class Known:
    """What the catalogue knows of a table. ``values`` are the only ones of a column, ``distinct`` is the planner's guess."""

    schema: str
    zone: str | None
    relation: Relation
    columns: Sequence[DeclaredColumn]
    indexes: Indexes
    foreign_keys: list[ForeignKeyFact]
    values: Mapping[str, list[str]]
    distinct: Mapping[str, float]


def measure_table(session: Session, known: Known, *, alone: bool = False) -> MeasuredTable:
    """A table as ``sources/NAME.yml`` has it; what there was no time for is noted. ``alone``: its rows cannot be read just now.

    Raises:
        psycopg.Error: the server refuses to read it.
    """
    of = postgres_values.table_of(session, known.schema, known.relation)
    read = None if alone else _read(of, known)
    facts = postgres_columns.facts(known.columns, known.indexes, read, known.values)
    if read is not None:
        facts = sql_rows.with_personal(of, facts)
    facts = postgres_columns.with_distinct(of, facts, read, known.distinct)
    times = _times(of, known, facts) if read is not None else Times()
    key = known.indexes.key({c.name for c in known.columns if c.required})
    near_key = None
    if key is None and read is not None:
        key = sql_rows.measured_key(of, facts)
        near_key = sql_rows.near_key(of, facts) if key is None else None
    relation = known.relation
    counter = next((c.name for c in known.columns if c.numbered and key and key.columns == [c.name]), None)
    return MeasuredTable(
        kind=relation.kind,
        rows=of.rows if read is not None or postgres_values.estimated(relation) else None,
        bytes=relation.bytes if relation.is_stored else None,
        rows_per_day=times.rows_per_day,
        new_per_day=times.new_per_day,
        key=key,
        near_key=near_key,
        watermark=times.watermark,
        lateness=times.lateness,
        deletes=sql_rows.deletes(of, facts, key, counter, counted=relation.deleted),
        replica_identity=relation.identity if relation.is_logged else None,
        columns={c.name: c.measured(key.columns if key else ()) for c in facts},
        foreign_keys=known.foreign_keys,
        notes=[*_missed(of, read, alone=alone), *_notes(known, facts, read, times)],
    )


def _read(of: PostgresTable, known: Known) -> Columns | None:
    """What the rows show of every column; from now on the table knows how many rows it has."""
    found = postgres_columns.read_columns(of, known.columns, frozenset(known.indexes.alone))
    if found is not None:
        of.rows = of.counted(found.rows) or of.rows
        of.whole = of.rows.exact
    return found


def _times(of: PostgresTable, known: Known, facts: Sequence[ColumnFacts]) -> Times:
    """Where the server has counted no changed row, new rows are all that are written."""
    times, its = sql_times.read_times(of, facts, known.indexes), known.relation
    if times.watermark is None and times.new_per_day is not None and its.inserted and not its.updated:
        how = f"{times.new_per_day.how}; the server has counted no changed row"
        return replace(times, rows_per_day=Rate(value=times.new_per_day.value, how=how))
    return times


def _missed(of: PostgresTable, read: Columns | None, *, alone: bool) -> Iterator[str]:
    if alone:
        yield IS_LOCKED
    elif of.is_time_up:
        yield TIME_IS_UP if read is None else _PARTLY
    elif of.too_slow is not None:
        yield f"judged {'by the catalogue alone' if read is None else 'in part'}: {_SLOW}"


def _notes(known: Known, facts: Sequence[ColumnFacts], read: Columns | None, times: Times) -> Iterator[str]:
    relation = known.relation
    if relation.secured:
        yield "row security is on: this user may not see all of its rows"
    yield from sql_rows.odd(facts, times.watermark, known.zone)
    infinite = [name for name, seen in read.seen.items() if seen.infinite] if read else []
    if infinite:
        yield f"infinite times, which most engines do not have: {sql_rows.listed(infinite)}"
    blind = relation.identity == "nothing" or (relation.identity == "default" and not known.indexes.primary_key)
    if relation.is_logged and blind:
        mend = f"alter table {quoted(known.schema)}.{quoted(shorten(relation.name))} replica identity full"
        yield (
            "the change log does not say which row was changed or deleted, and once a publication covers the table the server "
            f"refuses both: `{mend}` mends it"
        )
