"""What PostgreSQL's catalogue knows of a schema, a query for each kind of thing whatever the number of tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipegen.core.measured import ForeignKeyFact, Server
from pipegen.probe.postgres_connection import Connection
from pipegen.probe.postgres_types import canonical, told


@dataclass(frozen=True)
class Relation:
    """A table, a partitioned table as one, or a view; ``estimate`` is the planner's number of rows, where it has one."""

    oid: int
    name: str
    is_view: bool
    readable: bool
    bytes: int
    blocks: int
    estimate: int | None


@dataclass(frozen=True)
class DeclaredColumn:
    """A column: its canonical type, the server's own where that says more, and whether it can be null."""

    name: str
    type: str
    declared: str | None
    required: bool


@dataclass
class Indexes:
    """Primary key, unique indexes over whole columns of all rows, and the columns that any index starts with."""

    primary_key: list[str] = field(default_factory=list)
    unique: list[list[str]] = field(default_factory=list)
    first: set[str] = field(default_factory=set)


def read_server(con: Connection) -> Server:
    """The server, as ``sources/NAME.yml`` has it; asked before the session's own time zone is set."""
    row = con.execute(
        "select current_setting('server_version'), current_setting('TimeZone'), current_setting('wal_level'), "
        "coalesce((select rolreplication or rolsuper from pg_catalog.pg_roles where rolname = current_user), false)"
    ).fetchone()
    assert row is not None
    version, timezone, wal_level, can_replicate = row
    return Server(
        kind="postgres",
        version=version.split()[0],
        timezone=timezone,
        wal_level=wal_level,
        can_replicate=can_replicate,
    )


def list_schemas(con: Connection) -> dict[str, tuple[bool, int]]:
    """Schemas that are not the server's own: whether they may be used, and how many tables they have."""
    rows = con.execute(
        """
        select n.nspname, has_schema_privilege(n.oid, 'usage'),
            count(c.oid) filter (where c.relkind in ('r', 'p') and not c.relispartition)
        from pg_catalog.pg_namespace n left join pg_catalog.pg_class c on c.relnamespace = n.oid
        where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        group by n.nspname, n.oid order by n.nspname
        """
    ).fetchall()
    return {name: (usable, tables) for name, usable, tables in rows}


def list_relations(con: Connection, schema: str) -> dict[str, Relation]:
    """Tables and views by name; partitions count for their table, and tables of extensions are left out."""
    rows = con.execute(
        """
        with recursive part as (
            select c.oid as root, c.oid from pg_catalog.pg_class c
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = %s and c.relkind = 'p'
            union all
            select part.root, i.inhrelid from part join pg_catalog.pg_inherits i on i.inhparent = part.oid
        ), leaf as (
            select root, oid from part
            union all
            select c.oid, c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where n.nspname = %s and c.relkind <> 'p'
        ), size as (
            select leaf.root,
                sum(case when l.relkind in ('r', 'm') then pg_relation_size(l.oid) else 0 end) as main,
                sum(case when l.reltoastrelid <> 0 then pg_relation_size(l.reltoastrelid) else 0 end) as toast,
                bool_or(l.relkind in ('r', 'm') and l.reltuples < 0) as unknown,
                sum(case when l.relkind in ('r', 'm') then l.reltuples else 0 end) as rows
            from leaf join pg_catalog.pg_class l on l.oid = leaf.oid group by leaf.root
        )
        select c.oid, c.relname, c.relkind in ('v', 'm', 'f'), has_table_privilege(c.oid, 'select'),
            size.main + size.toast, size.main / current_setting('block_size')::int, size.unknown, size.rows
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        join size on size.root = c.oid
        where n.nspname = %s and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
          and not exists (
              select from pg_catalog.pg_depend d
              where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
        order by c.relname collate "C"
        """,
        (schema, schema, schema),
    ).fetchall()
    found = {}
    for oid, name, is_view, readable, bytes_, blocks, unknown, tuples in rows:
        # before version 14 a table that was never analysed has 0 rows, as an empty one has
        known = not unknown and not is_view and (tuples > 0 or not bytes_)
        found[name] = Relation(oid, name, is_view, readable, int(bytes_), int(blocks), round(tuples) if known else None)
    return found


def read_columns(con: Connection, oids: Sequence[int]) -> dict[int, list[DeclaredColumn]]:
    """Columns in their order; a domain has its base's type, and may itself forbid nulls."""
    rows = con.execute(
        """
        with recursive base as (
            select a.attrelid, a.attnum, a.atttypid as type, a.atttypmod as mod, a.attnotnull as required
            from pg_catalog.pg_attribute a where a.attrelid = any(%s) and a.attnum > 0 and not a.attisdropped
            union all
            select base.attrelid, base.attnum, t.typbasetype, t.typtypmod, base.required or t.typnotnull
            from base join pg_catalog.pg_type t on t.oid = base.type where t.typtype = 'd'
        )
        select a.attrelid, a.attname, format_type(base.type, base.mod), t.typtype, t.typcategory, base.required
        from base join pg_catalog.pg_type t on t.oid = base.type and t.typtype <> 'd'
        join pg_catalog.pg_attribute a on a.attrelid = base.attrelid and a.attnum = base.attnum
        order by a.attrelid, a.attnum
        """,
        (list(oids),),
    ).fetchall()
    found: dict[int, list[DeclaredColumn]] = {oid: [] for oid in oids}
    for oid, name, type_text, kind, category, required in rows:
        type_ = canonical(type_text, kind, category)
        found[oid].append(DeclaredColumn(name, type_, told(type_text, type_), required))
    return found


def read_indexes(con: Connection, oids: Sequence[int]) -> dict[int, Indexes]:
    """Primary keys and indexes that are valid."""
    rows = con.execute(
        """
        select i.indrelid, i.indisprimary, i.indisunique and i.indpred is null,
            array(select a.attname from unnest(i.indkey::int2[]) with ordinality k(num, at)
                  left join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.num and k.num > 0
                  where k.at <= i.indnkeyatts order by k.at)
        from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
        where i.indrelid = any(%s) and i.indisvalid order by i.indrelid, c.relname collate "C"
        """,
        (list(oids),),
    ).fetchall()
    found = {oid: Indexes() for oid in oids}
    for oid, primary, unique, columns in rows:
        its = found[oid]
        if columns[0] is not None:
            its.first.add(columns[0])
        if None in columns:  # an index over an expression
            continue
        if primary:
            its.primary_key = columns
        elif unique:
            its.unique.append(columns)
    for its in found.values():
        its.unique.sort(key=len)
    return found


def read_foreign_keys(con: Connection, schema: str, oids: Sequence[int]) -> dict[int, list[ForeignKeyFact]]:
    """Foreign keys between tables of the schema; one that is not validated says so."""
    rows = con.execute(
        """
        select f.conrelid, t.relname, f.convalidated,
            array(select a.attname from unnest(f.conkey) with ordinality k(num, at)
                  join pg_catalog.pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.num order by k.at),
            array(select a.attname from unnest(f.confkey) with ordinality k(num, at)
                  join pg_catalog.pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.num order by k.at)
        from pg_catalog.pg_constraint f
        join pg_catalog.pg_class t on t.oid = f.confrelid
        join pg_catalog.pg_namespace n on n.oid = t.relnamespace
        where f.contype = 'f' and f.conrelid = any(%s) and f.conparentid = 0 and n.nspname = %s and not t.relispartition
        order by f.conrelid, f.conkey, t.relname collate "C", f.conname collate "C"
        """,
        (list(oids), schema),
    ).fetchall()
    found: dict[int, list[ForeignKeyFact]] = {oid: [] for oid in oids}
    for oid, to, validated, columns, at in rows:
        how = None if validated else "constraint that is not validated"
        fact = ForeignKeyFact(columns=columns, to=to, at=at, how=how)
        if fact not in found[oid]:
            found[oid].append(fact)
    return found
