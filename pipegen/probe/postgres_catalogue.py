"""What PostgreSQL's catalogue knows of a schema, a query for each kind of thing whatever the number of tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipegen.core.measured import ForeignKeyFact
from pipegen.probe.indexes import Indexes
from pipegen.probe.postgres_connection import Connection
from pipegen.probe.postgres_types import canonical, told

Kind = Literal["view", "materialized view", "partitioned table", "foreign table"]
_KINDS: dict[str, Kind] = {"v": "view", "m": "materialized view", "p": "partitioned table", "f": "foreign table"}
_IDENTITIES = {"d": "default", "f": "full", "n": "nothing", "i": "index"}


@dataclass(frozen=True)
class Relation:
    """A table, a partitioned table as one, or a view.

    ``estimate`` is the planner's number of rows, where it has one. ``deleted`` and ``updated``: the server has counted such
    rows; ``inserted``: it has counted any. ``secured``: a policy may hide rows from this user.
    """

    oid: int
    name: str
    kind: Kind | None
    readable: bool
    bytes: int
    blocks: int
    estimate: int | None
    identity: str
    inserted: bool
    updated: bool
    deleted: bool
    secured: bool

    @property
    def is_view(self) -> bool:
        """Whether its rows lie elsewhere, or nobody writes them here."""
        return self.kind in ("view", "materialized view", "foreign table")

    @property
    def is_stored(self) -> bool:
        """Whether its rows lie in blocks of this database."""
        return self.kind not in ("view", "foreign table")

    @property
    def is_logged(self) -> bool:
        """Whether the change log tells of its rows."""
        return not self.is_view


@dataclass(frozen=True)
class DeclaredColumn:
    """A column: its canonical type, the server's own where that says more, and whether it can be null.

    ``generated``: the server computes it from others. ``numbered``: a sequence fills it.
    """

    name: str
    type: str
    declared: str | None
    required: bool
    generated: bool = False
    numbered: bool = False


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


_RELATIONS = """
with recursive part as (
    select c.oid as root, c.oid from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = %s and c.relkind = 'p'
    union all
    select part.root, i.inhrelid from part join pg_catalog.pg_inherits i on i.inhparent = part.oid
), leaf as (
    select root, oid from part
    union all
    select c.oid, c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = %s and c.relkind in ('r', 'v', 'm', 'f')
), locked as (  -- to ask for the size of one would wait for the lock, or in the queue for it
    select distinct relation as oid from pg_catalog.pg_locks where mode = 'AccessExclusiveLock' and relation is not null
), sized as (
    select leaf.root, l.*, l.relkind in ('r', 'm') as stored,
        case when l.relkind not in ('r', 'm') then 0 when locked.oid is null then pg_relation_size(l.oid)
            else l.relpages * current_setting('block_size')::bigint end as main,
        case when l.reltoastrelid = 0 or locked.oid is not null then 0 else pg_relation_size(l.reltoastrelid) end as toast
    from leaf join pg_catalog.pg_class l on l.oid = leaf.oid left join locked on locked.oid = l.oid
), size as (
    select root, coalesce(sum(main + toast), 0) as bytes,
        coalesce(sum(main), 0) / current_setting('block_size')::bigint as blocks,
        bool_or(stored and reltuples < 0) as unknown,
        -- as the planner does: as dense as when they were counted, over the blocks that are there now
        sum(case when not stored then 0 when relpages = 0 then reltuples
            else reltuples * (main / current_setting('block_size')::bigint) / relpages end) as rows,
        coalesce(sum(pg_stat_get_tuples_inserted(oid)), 0) > 0 as inserted,
        coalesce(sum(pg_stat_get_tuples_updated(oid)), 0) > 0 as updated,
        coalesce(sum(pg_stat_get_tuples_deleted(oid)), 0) > 0 as deleted
    from sized group by root
)
select c.oid, c.relname, c.relkind::text, has_table_privilege(c.oid, 'select'),
    size.bytes, size.blocks, size.unknown, size.rows, c.relreplident::text, size.inserted, size.updated, size.deleted,
    row_security_active(c.oid)
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join size on size.root = c.oid
where n.nspname = %s and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
  and not exists (
      select from pg_catalog.pg_depend d
      where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by c.relname collate "C"
"""


def list_relations(con: Connection, schema: str) -> dict[str, Relation]:
    """Tables and views by name; partitions count for their table, and tables of extensions are left out."""
    rows = con.execute(_RELATIONS, (schema, schema, schema)).fetchall()
    found = {}
    for oid, name, kind, readable, bytes_, blocks, unknown, tuples, identity, *signs in rows:
        # before version 14 a table that was never analysed has 0 rows, as an empty one has
        known = not unknown and kind not in ("v", "f") and (tuples > 0 or not bytes_)
        estimate = round(tuples) if known else None
        found[name] = Relation(
            oid, name, _KINDS.get(kind), readable, int(bytes_), int(blocks), estimate, _IDENTITIES[identity], *signs
        )
    return found


def read_columns(con: Connection, oids: Sequence[int]) -> dict[int, list[DeclaredColumn]]:
    """Columns in their order; a domain has its base's type, and may itself forbid nulls; a sequence belongs to its column."""
    rows = con.execute(
        """
        with recursive base as (
            select a.attrelid, a.attnum, a.atttypid as type, a.atttypmod as mod, a.attnotnull as required
            from pg_catalog.pg_attribute a where a.attrelid = any(%s) and a.attnum > 0 and not a.attisdropped
            union all
            select base.attrelid, base.attnum, t.typbasetype, t.typtypmod, base.required or t.typnotnull
            from base join pg_catalog.pg_type t on t.oid = base.type where t.typtype = 'd'
        )
        select a.attrelid, a.attname, format_type(base.type, base.mod), t.typtype, t.typcategory, base.required,
            a.attgenerated <> '', s.objid is not null
        from base join pg_catalog.pg_type t on t.oid = base.type and t.typtype <> 'd'
        join pg_catalog.pg_attribute a on a.attrelid = base.attrelid and a.attnum = base.attnum
        left join (pg_catalog.pg_depend s join pg_catalog.pg_class c on c.oid = s.objid and c.relkind = 'S')
            on s.classid = 'pg_catalog.pg_class'::regclass and s.refclassid = s.classid and s.deptype in ('a', 'i')
            and s.refobjid = a.attrelid and s.refobjsubid = a.attnum
        order by a.attrelid, a.attnum
        """,
        (list(oids),),
    ).fetchall()
    found: dict[int, list[DeclaredColumn]] = {oid: [] for oid in oids}
    for oid, name, type_text, kind, category, *flags in rows:
        type_ = canonical(type_text, kind, category)
        found[oid].append(DeclaredColumn(name, type_, told(type_text, type_), *flags))
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
        found[oid].add(columns, primary=primary, unique=unique)
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
