"""What the columns of a landed table hold: nulls, distinct values, and the type that every value is of.

All distinct values of all columns go to one table, so that a table takes four queries however many columns it has.
"""

# ruff: noqa: S608 (names in queries are the probe's own, or quoted)
from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from pipegen.probe.landed import Landed, LandedColumn
from pipegen.probe.value_types import LADDER, NULL_TOKENS, Check, TextFacts

_FIRST_LOOK = 300  # distinct values that rule most types out before all are looked at
_UNCOUNTABLE = ("json",)


def read_values(con: duckdb.DuckDBPyConnection, landed: Landed) -> dict[str, TextFacts]:
    """Facts of every column, by its real name."""
    texts = [c for c in landed.columns if c.type is None]
    typed = [c for c in landed.columns if c.type is not None]
    found = _of_texts(con, landed, texts) | _of_typed(con, landed, typed)
    return {c.name: found[c.id] for c in landed.columns}


def _of_typed(con: duckdb.DuckDBPyConnection, landed: Landed, columns: Sequence[LandedColumn]) -> dict[str, TextFacts]:
    if not columns:
        return {}
    asked = []
    for c in columns:
        distinct = "-1" if c.type in _UNCOUNTABLE else f"count(distinct {c.id})"
        longest = f"max(length({c.id}))" if c.type == "text" else "null"
        asked.append(f"count(*) filter ({c.id} is null), {distinct}, {longest}")
    row = con.execute(f"select {', '.join(asked)} from {landed.relation}").fetchone() or ()
    return {
        c.id: TextFacts(c.type or "text", row[3 * i], row[3 * i + 1], row[3 * i + 2], {}) for i, c in enumerate(columns)
    }


def _of_texts(con: duckdb.DuckDBPyConnection, landed: Landed, columns: Sequence[LandedColumn]) -> dict[str, TextFacts]:
    if not columns:
        return {}
    values = f"{landed.relation}_values"
    groups = [
        f"select {i} col, {c.id} v, count(*) n from {landed.relation} group by {c.id}" for i, c in enumerate(columns)
    ]
    tokens = ", ".join(f"'{t}'" for t in NULL_TOKENS) if landed.csv is not None else "null"
    con.execute(f"create temp table {values} as {' union all '.join(groups)}")
    is_token = f"coalesce(v in ({tokens}), false)"
    counted = con.execute(
        f"select col, coalesce(sum(n) filter (v is null), 0), count(v), max(length(v)), "
        f"list(v order by v) filter ({is_token}), list(n order by v) filter ({is_token}) from {values} group by col"
    ).fetchall()
    types = _types(con, f"(select col, v, trim(v) s from {values} where v is not null and not {is_token})", columns)
    con.execute(f"drop table {values}")
    found = {c.id: TextFacts("text", 0, 0, None, {}) for c in columns}  # what it is where there is no row
    for col, nulls, distinct, longest, seen, times in counted:
        held = dict(zip(seen or (), times or (), strict=True))
        found[columns[col].id] = TextFacts(types.get(col, "text"), int(nulls), distinct, longest, held)
    return found


def _types(con: duckdb.DuckDBPyConnection, values: str, columns: Sequence[LandedColumn]) -> dict[int, str]:
    """By position, the first type of the ladder that every value of a column is of; none where it is a text."""
    first: dict[int, list[str]] = {}
    look = f"select col, v from (select col, v, row_number() over (partition by col) r from {values}) where r <= {_FIRST_LOOK}"
    for col, value in con.execute(look).fetchall():
        first.setdefault(col, []).append(value)
    left = {
        col: [c for c in LADDER if c.type in columns[col].allowed and c.may_hold(its)] for col, its in first.items()
    }
    checks = [check for check in LADDER if any(check in its for its in left.values())]
    if not checks:
        return {}
    asked = ", ".join(f"bool_and({check.sql}) filter ({_among(check, left)})" for check in checks)
    types: dict[int, str] = {}
    for col, *answers in con.execute(f"select col, {asked} from {values} group by col").fetchall():
        holds = [check.type for check, answer in zip(checks, answers, strict=True) if answer and check in left[col]]
        if holds:
            types[col] = holds[0]
    return types


def _among(check: Check, left: Mapping[int, Sequence[Check]]) -> str:
    return f"col in ({', '.join(str(col) for col, its in left.items() if check in its)})"
