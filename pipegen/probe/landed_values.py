"""What the columns of a landed table hold: nulls, distinct values, their range, and the type that every value is of.

All distinct values of all texts go to one table, so that a table takes a few queries however many columns it has.
"""

# ruff: noqa: S608 (names in queries are the probe's own, or quoted)
from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from pipegen.core.sql_types import canonical_sql
from pipegen.probe.landed import Landed, LandedColumn
from pipegen.probe.personal import SAMPLE_CHARACTERS, SAMPLE_VALUES
from pipegen.probe.value_types import LADDER, NULL_TOKENS, NUMBERS, Check, TextFacts

_FIRST_LOOK = 300  # distinct values that rule most types out before all are looked at
_AT_ONCE = 100  # columns, so that many of them take no more memory than few
_UNCOUNTABLE = ("json", "blob")
_TIMES = ("date", "timestamp", "timestamptz")
_FINITE = ("double", *_TIMES)  # types of which a value may be infinite
_TOLD = ("text", "bigint", "decimal(38,0)")  # types of which a value may be personal by its looks
_SOME = f"arg_min(substr(cast({{0}} as varchar), 1, {SAMPLE_CHARACTERS}), hash({{0}}), {{1}})"

Range = tuple[str | None, str | None]


def read_values(con: duckdb.DuckDBPyConnection, landed: Landed) -> dict[str, TextFacts]:
    """Facts of every column, by its real name."""
    found: dict[str, TextFacts] = {}
    for at in range(0, len(landed.columns), _AT_ONCE):
        some = landed.columns[at : at + _AT_ONCE]
        found |= _of_texts(con, landed, [c for c in some if c.type in (None, "text")])
        found |= _of_typed(con, landed, [c for c in some if c.type not in (None, "text")])
    return {c.name: found[c.id] for c in landed.columns}


def _of_typed(con: duckdb.DuckDBPyConnection, landed: Landed, columns: Sequence[LandedColumn]) -> dict[str, TextFacts]:
    if not columns:
        return {}
    asked = []
    for c in columns:
        distinct = "-1" if c.type in _UNCOUNTABLE else f"count(distinct {c.id})"
        least, most = _range(c.id, c.type or "text")
        some = _SOME.format(c.id, 10 * SAMPLE_VALUES) if c.type in _TOLD else "null"
        asked.append(f"count(*) filter ({c.id} is null), {distinct}, {least}, {most}, {some}")
    row = con.execute(f"select {', '.join(asked)} from {landed.relation}").fetchone() or ()
    found = {}
    for i, c in enumerate(columns):
        nulls, distinct, least, most, some = row[5 * i : 5 * i + 5]
        its = None if some is None else list(dict.fromkeys(some))[:SAMPLE_VALUES]
        found[c.id] = TextFacts(c.type or "text", nulls, distinct, least=least, most=most, some=its)
    return found


def _range(value: str, type_: str, among: str = "true") -> tuple[str, str]:
    """The least and the most of numbers or times as texts; of those that are finite."""
    if type_ not in (*NUMBERS, *_TIMES) and not type_.startswith("decimal"):
        return "null", "null"
    where = f"{among} and isfinite({value})" if type_ in _FINITE else among
    least, most = (f"cast({f}({value}) filter ({where}) as varchar)" for f in ("min", "max"))
    return least, most


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
        f"list(v order by v) filter ({is_token}), list(n order by v) filter ({is_token}), "
        f"{_SOME.format('v', SAMPLE_VALUES)} filter (not {is_token}) from {values} group by col"
    ).fetchall()
    told = f"(select col, v, trim(v) s from {values} where v is not null and not {is_token})"
    types = _types(con, told, columns)
    ranges = _ranges(con, told, types)
    con.execute(f"drop table {values}")
    found = {c.id: TextFacts("text", 0, 0) for c in columns}  # what it is where there is no row
    for col, nulls, distinct, longest, seen, times, some in counted:
        held, type_ = dict(zip(seen or (), times or (), strict=True)), types.get(col, "text")
        some = some or () if type_ in _TOLD else None
        found[columns[col].id] = TextFacts(
            type_, int(nulls), distinct, longest, held, *ranges.get(col, (None, None)), some
        )
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


def _ranges(con: duckdb.DuckDBPyConnection, values: str, types: Mapping[int, str]) -> dict[int, Range]:
    """By position, the least and the most of the columns that are numbers or times."""
    kinds = [kind for kind in dict.fromkeys(types.values()) if kind in (*NUMBERS, *_TIMES)]
    if not kinds:
        return {}
    asked: list[str] = []
    for kind in kinds:
        its = ", ".join(str(col) for col, type_ in types.items() if type_ == kind)
        asked += _range(f"try_cast(s as {canonical_sql(kind)})", kind, f"col in ({its})")
    found: dict[int, Range] = {}
    for col, *answers in con.execute(f"select col, {', '.join(asked)} from {values} group by col").fetchall():
        if types.get(col) in kinds:
            at = 2 * kinds.index(types[col])
            found[col] = (answers[at], answers[at + 1])
    return found
