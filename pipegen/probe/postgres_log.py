"""The PostgreSQL server, and whether its change log can be read by logical replication: what is missing, and what mends it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipegen.core.measured import ChangeLog, Server
from pipegen.core.names import shorten
from pipegen.probe.postgres_catalogue import Relation
from pipegen.probe.postgres_connection import Connection
from pipegen.probe.sql_names import quoted

_STANDBY_DECODES = 160_000  # the first version whose standbys decode the log
_SCHEMAS_PUBLISHED = 150_000  # the first version that publishes a schema
_FEW = 5


def read_server(con: Connection) -> Server:
    """The server, as ``sources/NAME.yml`` has it; asked before the session's own time zone is set."""
    row = con.execute(
        "select current_setting('server_version'), current_setting('TimeZone'), current_setting('wal_level'), "
        "coalesce((select rolreplication or rolsuper from pg_catalog.pg_roles where rolname = current_user), false), "
        "current_setting('max_connections')::int"
    ).fetchone()
    assert row is not None
    version, timezone, wal_level, can_replicate, connections = row
    return Server(
        kind="postgres",
        version=version.split()[0],
        timezone=timezone,
        wal_level=wal_level,
        can_replicate=can_replicate,
        connections=connections,
    )


def read_change_log(con: Connection, server: Server, schema: str, tables: Sequence[Relation]) -> ChangeLog:
    """Whether the changes of ``tables`` can be read. The server keeps what a reader has not read, so nothing is said of time."""
    lacks = [*_settings(con, server), *_room(con), *_published(con, schema, [t.name for t in tables if t.is_logged])]
    return ChangeLog(readable=not lacks, lacks=lacks)


def _settings(con: Connection, server: Server) -> Iterator[str]:
    row = con.execute("select pg_is_in_recovery(), quote_ident(current_user)").fetchone()
    assert row is not None
    standby, user = row
    if server.wal_level != "logical":
        yield f"wal_level is {server.wal_level}: `alter system set wal_level = logical`, and a restart"
    if not server.can_replicate:
        yield f"the role may not replicate: `alter role {shorten(user)} replication`"
    if standby and con.info.server_version < _STANDBY_DECODES:
        yield "it is a standby, which decodes no log before version 16: read the primary"


def _room(con: Connection) -> Iterator[str]:
    """A reader takes a slot and a sender; one that is taken now may be free later, which the sentence leaves open."""
    row = con.execute(
        "select current_setting('max_replication_slots')::int, (select count(*) from pg_catalog.pg_replication_slots), "
        "current_setting('max_wal_senders')::int, (select count(*) from pg_catalog.pg_stat_replication)"
    ).fetchone()
    assert row is not None
    for setting, what, most, taken in (
        ("max_replication_slots", "replication slots", *row[:2]),
        ("max_wal_senders", "senders of the log", *row[2:]),
    ):
        if taken >= most:
            yield f"all {most} {what} are taken: `alter system set {setting} = {most + _FEW}`, and a restart"


def _published(con: Connection, schema: str, tables: Sequence[str]) -> Iterator[str]:
    """A publication tells of a partitioned table by its own name or by its partitions'."""
    rows = con.execute(
        """
        select distinct root.relname from pg_catalog.pg_publication_tables p
        join pg_catalog.pg_namespace n on n.nspname = p.schemaname
        join pg_catalog.pg_class c on c.relname = p.tablename and c.relnamespace = n.oid
        join pg_catalog.pg_class root on root.oid = coalesce(pg_partition_root(c.oid), c.oid)
        join pg_catalog.pg_namespace at on at.oid = root.relnamespace and at.nspname = %s
        """,
        (schema,),
    ).fetchall()
    told = {name for (name,) in rows}
    silent = [name for name in tables if name not in told]
    if silent:
        more = len(silent) - _FEW
        some = ", ".join(f"`{shorten(name)}`" for name in silent[:_FEW]) + (f" and {more} more" if more > 0 else "")
        yield f"no publication covers {some}: {_publication(con, schema, silent)}"


def _publication(con: Connection, schema: str, tables: Sequence[str]) -> str:
    """What can be run as it stands: a few tables by name, else all of the schema."""
    if len(tables) <= _FEW:
        return (
            f"`create publication pipegen for table {', '.join(f'{quoted(schema)}.{quoted(name)}' for name in tables)}`"
        )
    whole = f"tables in schema {quoted(schema)}" if con.info.server_version >= _SCHEMAS_PUBLISHED else "all tables"
    return f"as a superuser, `create publication pipegen for {whole}`"
