"""Probe of a PostgreSQL database: one schema of it, read in read-only sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from pipegen.core.errors import SourceError
from pipegen.core.measured import Measured, MeasuredTable, Server
from pipegen.core.names import did_you_mean, shorten
from pipegen.core.spec import postgres_url
from pipegen.core.spec.postgres_url import DEFAULT_SCHEMA, PostgresUrl
from pipegen.probe import postgres_catalogue as catalogue
from pipegen.probe import postgres_declared as declared
from pipegen.probe.chosen_tables import choose, wanted
from pipegen.probe.look import Look
from pipegen.probe.postgres_catalogue import Relation
from pipegen.probe.postgres_connection import Connection, opened, prepare, refusal, where
from pipegen.probe.postgres_log import read_change_log, read_server
from pipegen.probe.postgres_sessions import Session, export_snapshot, several
from pipegen.probe.postgres_table import Known, measure_table
from pipegen.probe.side_by_side import Sessions
from pipegen.probe.sql_names import quoted

CATALOGUE_SECONDS = 10.0
"""What a question to the catalogue may take where the time is up: without the catalogue there is nothing to say."""


OLDEST = 12
"""The first version whose catalogue has all that is asked for here."""


def measure(path: str, look: Look) -> Measured:
    """Measure a schema of a PostgreSQL database; ``path`` is its URL, see :class:`pipegen.probe.registry.Probe`.

    Views are measured where they are named.
    """
    url = postgres_url.parse(path)
    schema = url.schema or DEFAULT_SCHEMA
    look.progress("reading the catalogue")
    with opened(url, look.left()) as con:
        _refuse_version(con.info.server_version, url)
        snapshot = export_snapshot(con)
        server = read_server(con)
        _refuse_schema(con, schema, url)
        prepare(con, schema, max(look.left(), CATALOGUE_SECONDS))
        relations = catalogue.list_relations(con, schema)
        asked = wanted(look, relations)
        chosen = _chosen(relations, asked, f"{where(url)}, schema {schema}")
        if not chosen:
            raise SourceError(f"schema `{shorten(schema)}` of {where(url)} has no table", hint=_schemas(con))
        named = asked if asked is not None else look.named
        left_out = _closed(chosen, named, schema, url)
        chosen = [r for r in chosen if r.name not in left_out]
        server.log = read_change_log(con, server, schema, chosen)
        known = _known(con, schema, server, chosen)
        with several(con, url, schema, look, snapshot) as sessions:
            found = _measured(sessions, known, named, look)
    return _sorted_out(url, server, found, left_out, named)


def _refuse_version(version: int, url: PostgresUrl) -> None:
    if version < OLDEST * 10_000:
        message = f"{where(url)} is of PostgreSQL {version // 10_000}"
        raise SourceError(message, hint=f"the oldest that can be read is {OLDEST}; its catalogue says more")


def _refuse_schema(con: Connection, schema: str, url: PostgresUrl) -> None:
    schemas = catalogue.list_schemas(con)
    if schema not in schemas:
        hint = did_you_mean(schema, schemas) or _schemas(con)
        raise SourceError(f"{where(url)} has no schema `{shorten(schema)}`", hint=hint)
    if not schemas[schema][0]:
        hint = f"as its owner: `grant usage on schema {quoted(schema)} to {quoted(url.user)}`"
        raise SourceError(f"the user may not use schema `{shorten(schema)}` of {where(url)}", hint=hint)


def _schemas(con: Connection) -> str:
    there = [f"{name} ({tables})" for name, (_, tables) in catalogue.list_schemas(con).items() if tables]
    if not there:
        return "no schema of this database has a table; is it the right one?"
    return f"choose one by `?schema=NAME` or `schema:`; schemas with tables are: {shorten(', '.join(there), 300)}"


def _chosen(relations: dict[str, Relation], asked: Sequence[str] | None, source: str) -> list[Relation]:
    there = relations if asked is not None else {n: r for n, r in relations.items() if not r.is_view}
    return [relations[name] for name in choose(asked, there, source)]


def _closed(chosen: Sequence[Relation], named: Sequence[str], schema: str, url: PostgresUrl) -> dict[str, str]:
    """The tables that the user may not read, with the grant that mends it; refused where one is named, or all are closed."""
    closed = [r.name for r in chosen if not r.readable]
    grants = {
        name: f"as its owner: `{shorten(f'grant select on {quoted(schema)}.{quoted(name)} to {quoted(url.user)}', 200)}`"
        for name in closed
    }
    refused = [name for name in closed if name in named] or (closed if len(closed) == len(chosen) else [])
    if refused:
        some = ", ".join(f"`{shorten(name)}`" for name in refused[:5]) + (", …" if len(refused) > 5 else "")
        raise SourceError(
            f"the user may not read {'table' if len(refused) == 1 else 'tables'} {some} of {where(url)}",
            hint=f"{grants[refused[0]]}; or name the tables to take with --table",
        )
    return {name: f"the user may not read it; {grant}" for name, grant in grants.items()}


def _known(con: Connection, schema: str, server: Server, chosen: Sequence[Relation]) -> list[Known]:
    oids = [r.oid for r in chosen]
    columns = catalogue.read_columns(con, oids)
    indexes = catalogue.read_indexes(con, oids)
    foreign_keys = catalogue.read_foreign_keys(con, schema, oids)
    values = declared.read_values(con, oids)
    distinct = declared.read_distinct(con, schema, [r.name for r in chosen])
    return [
        Known(
            schema=schema, zone=server.timezone, relation=r, columns=columns[r.oid], indexes=indexes[r.oid],
            foreign_keys=foreign_keys[r.oid], values=values.get(r.oid, {}), distinct=distinct.get(r.name, {}),
        )
        for r in chosen
    ]  # fmt: skip


@dataclass(frozen=True)
class _Refused:
    """The server does not let a table be read."""

    name: str
    error: psycopg.Error


def _measured(
    sessions: Sessions[Session], known: Sequence[Known], named: Sequence[str], look: Look
) -> dict[str, MeasuredTable | _Refused]:
    """Every table, small ones first and views last, so that a slow one takes the time of as few others as can be."""

    def one(session: Session, its: Known) -> MeasuredTable | _Refused:
        try:
            return measure_table(session, its)
        except psycopg.Error as error:
            if session.con.closed:
                raise
            locked = isinstance(error, psycopg.errors.LockNotAvailable)
            if locked and its.relation.name not in named:
                return measure_table(session, its, alone=True)
            return _Refused(its.relation.name, error)

    jobs = sorted(known, key=lambda k: (k.relation.is_view, k.relation.bytes, k.relation.name))
    found = sessions.each(jobs, one, lambda done, its: look.tell(done, len(jobs), its.relation.name))
    by_name = {its.relation.name: table for its, table in zip(jobs, found, strict=True)}
    return {its.relation.name: by_name[its.relation.name] for its in known}


def _sorted_out(
    url: PostgresUrl,
    server: Server,
    found: dict[str, MeasuredTable | _Refused],
    left_out: dict[str, str],
    named: Sequence[str],
) -> Measured:
    """What was measured; a table that the server refuses is left out, or where somebody wants it an error."""
    measured = Measured(server=server, left_out=left_out)
    refused = {name: refusal(url, its.error, name) for name, its in found.items() if isinstance(its, _Refused)}
    for name, error in refused.items():
        if name in named or len(refused) == len(found):
            raise error
        measured.left_out[name] = f"{error}; {error.hint}"
    measured.tables = {name: table for name, table in found.items() if isinstance(table, MeasuredTable)}
    return measured
