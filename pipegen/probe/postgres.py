"""Probe of a PostgreSQL database: one schema of it, read in a read-only session."""

from __future__ import annotations

from collections.abc import Sequence

from pipegen.core.errors import SourceError
from pipegen.core.measured import Measured, MeasuredTable
from pipegen.core.names import did_you_mean, shorten
from pipegen.core.spec import postgres_url
from pipegen.core.spec.postgres_url import DEFAULT_SCHEMA, PostgresUrl
from pipegen.probe import postgres_catalogue as catalogue
from pipegen.probe import postgres_values as values
from pipegen.probe.chosen_tables import choose
from pipegen.probe.look import Look
from pipegen.probe.postgres_catalogue import Relation
from pipegen.probe.postgres_connection import Connection, opened, prepare, where


def measure(path: str, look: Look) -> Measured:
    """Measure a schema of a PostgreSQL database; ``path`` is its URL, see :class:`pipegen.probe.registry.Probe`.

    Views are measured where they are named.
    """
    url = postgres_url.parse(path)
    schema = url.schema or DEFAULT_SCHEMA
    with opened(url) as con:
        server = catalogue.read_server(con)
        _refuse_schema(con, schema, url)
        prepare(con, schema)
        relations = catalogue.list_relations(con, schema)
        chosen = _chosen(relations, look.tables, look.named, f"{where(url)}, schema {schema}")
        if not chosen:
            raise SourceError(f"schema `{shorten(schema)}` of {where(url)} has no table", hint=_schemas(con))
        _refuse_unreadable(chosen, schema, url)
        return Measured(server=server, tables=_tables(con, schema, chosen))


def _refuse_schema(con: Connection, schema: str, url: PostgresUrl) -> None:
    schemas = catalogue.list_schemas(con)
    if schema not in schemas:
        hint = did_you_mean(schema, schemas) or _schemas(con)
        raise SourceError(f"{where(url)} has no schema `{shorten(schema)}`", hint=hint)
    if not schemas[schema][0]:
        hint = f"as its owner: `grant usage on schema {values.quoted(schema)} to {values.quoted(url.user)}`"
        raise SourceError(f"the user may not use schema `{shorten(schema)}` of {where(url)}", hint=hint)


def _schemas(con: Connection) -> str:
    there = [f"{name} ({tables})" for name, (_, tables) in catalogue.list_schemas(con).items() if tables]
    if not there:
        return "no schema of this database has a table; is it the right one?"
    return f"choose one by `?schema=NAME` or `schema:`; schemas with tables are: {shorten(', '.join(there), 300)}"


def _chosen(
    relations: dict[str, Relation], tables: Sequence[str] | None, named: Sequence[str], source: str
) -> list[Relation]:
    """What is to be measured: see :class:`pipegen.probe.look.Look`."""
    if tables is None and named and all(name in relations for name in named):
        tables = named
    there = relations if tables is not None else {n: r for n, r in relations.items() if not r.is_view}
    return [relations[name] for name in choose(tables, there, source)]


def _refuse_unreadable(chosen: Sequence[Relation], schema: str, url: PostgresUrl) -> None:
    closed = [r.name for r in chosen if not r.readable]
    if closed:
        some = ", ".join(f"`{shorten(name)}`" for name in closed[:5]) + (", …" if len(closed) > 5 else "")
        grant = f"grant select on {values.quoted(schema)}.{values.quoted(closed[0])} to {values.quoted(url.user)}"
        raise SourceError(
            f"the user may not read {'table' if len(closed) == 1 else 'tables'} {some} of {where(url)}",
            hint=f"as its owner: `{shorten(grant, 200)}`; or name the tables to take with --table",
        )


def _tables(con: Connection, schema: str, chosen: Sequence[Relation]) -> dict[str, MeasuredTable]:
    oids = [r.oid for r in chosen]
    columns = catalogue.read_columns(con, oids)
    indexes = catalogue.read_indexes(con, oids)
    foreign_keys = catalogue.read_foreign_keys(con, schema, oids)
    found = {}
    for relation in chosen:
        declared, its = columns[relation.oid], indexes[relation.oid]
        rows = values.count_rows(con, schema, relation)
        of = values.Readable(con, schema, relation, rows)
        facts = values.column_facts(of, declared, its)
        key = values.declared_key(declared, its) or values.measured_key(of, facts)
        watermark, per_day = values.watermark(of, facts, its)
        found[relation.name] = MeasuredTable(
            rows=rows,
            bytes=None if relation.is_view else relation.bytes,
            rows_per_day=per_day,
            key=key,
            watermark=watermark,
            columns={c.name: c.measured(key.columns if key else ()) for c in facts},
            foreign_keys=foreign_keys[relation.oid],
        )
    return found
