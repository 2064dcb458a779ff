"""What a PostgreSQL schema declares or knows of values: the labels of enums, lists in check constraints, numbers of distinct values."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipegen.probe.accepted_values import accepted_values, few
from pipegen.probe.postgres_connection import Connection

Values = dict[int, dict[str, list[str]]]
"""The only values of a column, by its table's oid and its name."""

_CHECK = re.compile(r"CHECK (.*?)(?: NO INHERIT)?", re.DOTALL)


def read_values(con: Connection, oids: Sequence[int]) -> Values:
    """By an enum's labels, in their order; else by a check constraint of the column or its domain that lists values."""
    rows = con.execute(
        """
        with recursive base as (
            select a.attrelid, a.attnum, a.attname, a.atttypid as type
            from pg_catalog.pg_attribute a where a.attrelid = any(%s) and a.attnum > 0 and not a.attisdropped
            union all
            select base.attrelid, base.attnum, base.attname, t.typbasetype
            from base join pg_catalog.pg_type t on t.oid = base.type where t.typtype = 'd'
        ), labels as (
            select enumtypid, array_agg(enumlabel::text order by enumsortorder) as listed
            from pg_catalog.pg_enum group by enumtypid
        ), checks as (
            select c.conrelid, c.conkey[1] as num, c.conname, pg_get_constraintdef(c.oid) as said
            from pg_catalog.pg_constraint c
            where c.contype = 'c' and c.convalidated and c.conrelid = any(%s) and cardinality(c.conkey) = 1
              and c.conrelid not in (  -- to be told of one would wait for the lock
                  select relation from pg_catalog.pg_locks where mode = 'AccessExclusiveLock' and relation is not null)
        )
        select attrelid, attname, null, listed, '' as at from base join labels on enumtypid = base.type
        union all
        select attrelid, attname, said, null, conname from base join checks on conrelid = attrelid and num = attnum
        union all
        select attrelid, attname, pg_get_constraintdef(d.oid), null, d.conname
        from base join pg_catalog.pg_constraint d on d.contypid = base.type and d.contype = 'c' and d.convalidated
        order by attrelid, attname, at
        """,
        (list(oids), list(oids)),
    ).fetchall()
    found: Values = {}
    for oid, name, said, listed, _ in rows:
        values = few(listed if said is None else _listed(said))
        if values:
            found.setdefault(oid, {}).setdefault(name, values)
    return found


def _listed(definition: str) -> list[str] | None:
    """The values of a check over one column, as the server writes it: of a domain's the column is ``VALUE``."""
    check = _CHECK.fullmatch(definition)
    found = accepted_values(check[1]) if check else None
    return found[1] if found else None


def read_distinct(con: Connection, schema: str, tables: Sequence[str]) -> dict[str, dict[str, float]]:
    """The planner's number of distinct values, by table and column: below 0 it is a share of all rows."""
    rows = con.execute(
        "select tablename, attname, n_distinct from pg_catalog.pg_stats "
        "where schemaname = %s and tablename = any(%s) order by tablename, attname, inherited",
        (schema, list(tables)),
    ).fetchall()
    found: dict[str, dict[str, float]] = {}
    for table, column, distinct in rows:
        found.setdefault(table, {})[column] = float(distinct)
    return found
