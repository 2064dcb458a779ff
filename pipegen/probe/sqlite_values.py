"""What the columns of a SQLite table hold: storage classes of every value, and the shapes that all values have.

Shapes cost most: the first rows rule most of them out, and only what is left is checked on every row.
"""

# ruff: noqa: S608 (names in queries are the probe's own, or quoted)
from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipegen.probe.sql_names import quoted
from pipegen.probe.sqlite_schema import DeclaredColumn

_COLUMNS_A_QUERY = 100  # SQLite takes at most 2,000 result columns
_FIRST_LOOK = 500  # rows
_BOUND = 40  # characters of a least and a greatest value: those of numbers and times have fewer

_DAY = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
_CLOCK = "[0-9][0-9]:[0-9][0-9]"
_HEXES = "-".join("[0-9a-f]" * n for n in (8, 4, 4, 4, 12))


@dataclass(frozen=True)
class Stored:
    """Numbers of values by storage class, the least and the greatest number, the ``first`` and the ``last`` text or number as
    texts, and the shapes that hold for all values.

    Shapes: ``date``, ``timestamp`` (dates among them), ``timestamptz``, ``time``, ``uuid``, ``json`` of texts; ``truth`` (0, 1,
    true, false) of any; ``scaled`` (no more digits behind the point than declared, or two) of numbers.
    """

    nulls: int = 0
    integers: int = 0
    reals: int = 0
    texts: int = 0
    blobs: int = 0
    longest: int | None = None
    least: float = 0.0
    most: float = 0.0
    first: str | None = None
    last: str | None = None
    shapes: frozenset[str] = frozenset()

    @property
    def values(self) -> int:
        return self.integers + self.reals + self.texts + self.blobs


def read_values(
    con: sqlite3.Connection, table: str, columns: Sequence[DeclaredColumn], limit: int | None
) -> list[Stored]:
    """What each column holds, over all rows or the first ``limit``."""
    found: list[Stored] = []
    for start in range(0, len(columns), _COLUMNS_A_QUERY):
        some = columns[start : start + _COLUMNS_A_QUERY]
        classes = _query(con, table, [_classes(quoted(c.name)) for c in some], limit)
        counted = [_counted(row) for row in classes]
        wanted = [_wanted(quoted(c.name), c.declared.upper(), s) for c, s in zip(some, counted, strict=True)]
        for rows in (_FIRST_LOOK, limit):
            answers = _query(con, table, [list(w.values()) for w in wanted], rows)
            wanted = [
                {shape: sql for (shape, sql), holds in zip(w.items(), answer, strict=True) if holds}
                for w, answer in zip(wanted, answers, strict=True)
            ]
        found += [replace(s, shapes=frozenset(w)) for s, w in zip(counted, wanted, strict=True)]
    return found


def _query(
    con: sqlite3.Connection, table: str, expressions: Sequence[Sequence[str]], limit: int | None
) -> list[tuple[Any, ...]]:
    """Aggregates by column, in one pass over the table; no pass where there is nothing to ask."""
    flat = [expression for some in expressions for expression in some]
    if not flat:
        return [() for _ in expressions]
    source = quoted(table) if limit is None else f"(select * from {quoted(table)} limit {limit})"
    row = con.execute(f"select {', '.join(flat)} from {source}").fetchone()
    found, at = [], 0
    for some in expressions:
        found.append(tuple(row[at : at + len(some)]))
        at += len(some)
    return found


def _classes(c: str) -> list[str]:
    bounded = f"typeof({c}) <> 'blob' and abs({c}) < 1e308"  # no infinite number; a text counts as 0
    return [
        f"sum({c} is null)",
        f"sum(typeof({c}) = 'integer')",
        f"sum(typeof({c}) = 'real')",
        f"sum(typeof({c}) = 'text')",
        f"max(case typeof({c}) when 'text' then length({c}) end)",
        f"sum(typeof({c}) = 'blob')",
        f"min(case when typeof({c}) in ('integer', 'real') then {c} end)",
        f"max(case when typeof({c}) in ('integer', 'real') then {c} end)",
        f"substr(cast(min(case when {bounded} then {c} end) as text), 1, {_BOUND})",
        f"substr(cast(max(case when {bounded} then {c} end) as text), 1, {_BOUND})",
    ]


def _counted(row: Sequence[Any]) -> Stored:
    nulls, integers, reals, texts, longest, blobs, least, most, first, last = row
    return Stored(
        nulls=int(nulls or 0),
        integers=int(integers or 0),
        reals=int(reals or 0),
        texts=int(texts or 0),
        blobs=int(blobs or 0),
        longest=None if longest is None else int(longest),
        least=float(least or 0),
        most=float(most or 0),
        first=first,
        last=last,
    )


def _wanted(c: str, declared: str, stored: Stored) -> Mapping[str, str]:
    """By shape, an aggregate that is 1 where every value has it; only shapes that the storage classes allow."""
    if not stored.values or stored.blobs:
        return {}
    tests: dict[str, str] = {}
    if "BOOL" in declared:
        tests["truth"] = f"{c} in (0, 1) or lower({c}) in ('true', 'false')"
    if stored.texts == stored.values:
        tests |= _text_tests(c, declared)
    elif not stored.texts and stored.reals + stored.integers:
        tests["scaled"] = f"round({c}, {_scale(declared)}) = {c}"
    return {shape: f"coalesce(min({c} is null or ({test})), 1)" for shape, test in tests.items()}


def _text_tests(c: str, declared: str) -> dict[str, str]:
    # only with a modifier does SQLite see that there is no 30th of February
    day = f"{c} glob '{_DAY}*' and date(substr({c}, 1, 10), '+0 days') = substr({c}, 1, 10)"
    clock = f"substr({c}, 11, 1) in (' ', 'T') and substr({c}, 12, 5) glob '{_CLOCK}' and time(substr({c}, 12, 8)) is not null"
    # what stands behind the minutes: seconds, a fraction of at most six digits, a zone
    behind = f"substr({c}, 17)"
    rest = f"ltrim({behind}, ':.0123456789')"
    clean = f"({behind} = '' or {behind} glob ':[0-9][0-9]' or {behind} glob ':[0-9][0-9].[0-9]*')"
    zones = ("Z", "UTC", " UTC")
    offsets = ("[+-][0-9][0-9]", "[+-][0-9][0-9][0-9][0-9]", "[+-][0-9][0-9]:[0-9][0-9]")
    zone = " or ".join([f"{rest} = '{z}'" for z in zones] + [f"{rest} glob '{o}'" for o in offsets])
    before_zone = f"(substr({c}, 17, 1) = ':' or {rest} = {behind})"
    tests = {
        "date": f"length({c}) = 10 and {day}",
        "timestamp": f"{day} and (length({c}) = 10 or (length({c}) <= 26 and {clock} and {clean} and {rest} = ''))",
        "timestamptz": f"length({c}) > 16 and {day} and {clock} and {before_zone} and ({zone})",
    }
    if "TIME" in declared:
        tests["time"] = f"length({c}) in (5, 8) and {c} glob '{_CLOCK}*' and time({c}) is not null"
    if "UUID" in declared or "GUID" in declared:
        tests["uuid"] = f"{c} glob '{_HEXES}'"
    if "JSON" in declared:
        tests["json"] = f"json_valid({c})"
    return tests


def _scale(declared: str) -> int:
    """Digits behind the point that a declared decimal has; 2, an amount's, where it does not say."""
    if "(" not in declared or "," not in declared:
        return 0 if "(" in declared and declared.startswith(("NUM", "DEC")) else 2
    digits = declared.rsplit(",", 1)[1].strip(" )")
    return int(digits) if digits.isdecimal() else 2
