"""What the rows of a MySQL or MariaDB table show: how many, nulls, ranges, distinct values, what looks personal.

A small table is read whole. Of a large one a part is judged, and always the same part of an unchanged table: ranges of its number,
spread over the whole, or its first rows in the order of its key.
"""

# ruff: noqa: S608 (names in queries are quoted)
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipegen.core.measured import Count
from pipegen.probe.facts import ColumnFacts
from pipegen.probe.mysql_catalogue import DeclaredColumn, Relation
from pipegen.probe.mysql_connection import Session
from pipegen.probe.mysql_refusals import quoted
from pipegen.probe.sql_rows import with_personal
from pipegen.probe.sql_table import SAMPLE_ROWS, SCANNED_BYTES, SqlTable

COUNTED_ROWS = 1_000_000  # a table that the server takes for larger is not counted
RANGES = 20
_CELLS = 8_000_000  # that are judged: the wider a table, the fewer rows
_COLUMNS_A_QUERY = 100
_LONGEST_COMPARED = 1_000  # characters; how many longer texts are distinct is not asked
_FIRST_MOMENT = "'0001-01-01'"  # what is before it is a zero date
_UNIX = "'1970-01-01'"
_DAY_SECONDS = 86_400


@dataclass
class MysqlTable(SqlTable):
    """A table that one session reads."""

    session: Session | None = None

    def quoted(self, name: str) -> str:
        return quoted(name)

    def comparable(self, name: str, type_: str) -> str:
        """As bytes: two texts that a collation takes for one are two in the warehouse."""
        return f"cast({quoted(name)} as binary)" if type_ == "text" else quoted(name)

    def shown(self, column: ColumnFacts, characters: int) -> str:
        return f"left({quoted(column.name)}, {characters})"

    def ask(self, select: str) -> list[tuple[Any, ...]] | None:
        assert self.session is not None
        if " over (" in select and not self.session.has_windows:
            return None
        return self.session.within_time(select)

    def is_moment(self, column: ColumnFacts) -> str:
        return f"{quoted(column.name)} > {_FIRST_MOMENT}"

    def moment(self, column: ColumnFacts) -> str:
        return quoted(column.name)

    def seconds(self, moment: str) -> str:
        return f"timestampdiff(microsecond, {_UNIX}, {moment}) / 1000000"

    def moment_at(self, seconds: float, column: ColumnFacts) -> str:
        return f"timestampadd(microsecond, {round(seconds * 1_000_000)}, {_UNIX})"

    def day(self, moment: str) -> str:
        return f"date_format({moment}, '%Y-%m-%d')"


def table_of(session: Session, relation: Relation) -> MysqlTable:
    """A table to be read: its rows counted where they are few, and the part of it that is judged."""
    name = quoted(relation.name)
    rows = _count(session, relation)
    of = MysqlTable(
        name=relation.name, rows=rows, relation=name, part=name, session=session, notes=list(relation.notes),
        order=[quoted(c) for c in relation.indexes.primary_key], whole=rows.exact, sample=SAMPLE_ROWS,
        scanned=(relation.bytes or 0) <= SCANNED_BYTES,
    )  # fmt: skip
    at_most = max(1000, _CELLS // max(1, len(relation.columns)))
    if not rows.exact or rows.value > at_most:
        least = min(SAMPLE_ROWS, at_most)
        selected = ", ".join(quoted(c.name) for c in relation.columns)
        ranges = _ranges(of, relation, least)
        of.part = f"(select {selected} from {name} where {ranges})" if ranges else of.first(least, selected)
        of.spread = ranges is not None
    return of


def _count(session: Session, relation: Relation) -> Count:
    """Rows, counted where they are few; else the server's number, in three digits, since it is no more exact."""
    if relation.estimate is None or relation.estimate < COUNTED_ROWS:
        counted = session.within_time(f"select count(*) from {quoted(relation.name)}")
        if counted:
            return Count(value=int(counted[0][0]))
    return estimated(relation)


def estimated(relation: Relation) -> Count:
    """The server's own number of rows."""
    estimate = relation.estimate or 0
    return Count(value=round(estimate, -max(0, len(str(estimate)) - 3)), exact=False)


def _ranges(of: MysqlTable, relation: Relation, rows: int) -> str | None:
    """Ranges of a table's own number that hold about as many rows, from its least to its greatest; None where it has none."""
    key = relation.indexes.primary_key
    types = {c.name: c.type for c in relation.columns}
    if len(key) != 1 or types.get(key[0]) not in ("bigint", "decimal(20,0)"):
        return None
    number = quoted(key[0])
    row = of.one(f"select min({number}), max({number}) from {of.relation}")
    if row is None or row[0] is None:
        return None
    least, most = int(row[0]), int(row[1])
    width = max(1, min((most - least + 1) * rows // of.rows.value, 4 * rows) // RANGES)
    starts = [least + (most - least + 1 - width) * at // (RANGES - 1) for at in range(RANGES)]
    return " or ".join(f"{number} between {start} and {start + width - 1}" for start in sorted(set(starts)))


def column_facts(of: MysqlTable, relation: Relation) -> list[ColumnFacts]:
    """Columns with what their values are."""
    found: list[ColumnFacts] = []
    for some in _by_hundreds(relation.columns):
        asked = [sql for column in some for sql in _asked(column)]
        source = of.relation if of.whole else of.part
        row = of.one(f"select count(*), {', '.join(asked)} from {source} p")
        answers = row[1:] if row else (None,) * len(asked)
        rows = int(row[0]) if row else 0
        its = [
            _facts(of, column, relation, rows, answers[at * len(_ASKED) : (at + 1) * len(_ASKED)])
            for at, column in enumerate(some)
        ]
        found += with_personal(of, _with_distinct(of, its)) if rows else its
    return found


_ASKED = ("nulls", "longest", "least", "most", "zeros")


def _asked(column: DeclaredColumn) -> list[str]:
    """Aggregates over a column, as ``_ASKED`` names them."""
    c = quoted(column.name)
    timed = column.base in ("date", "datetime", "timestamp")
    zeros = f"{c} < {_FIRST_MOMENT} or month({c}) = 0 or day({c}) = 0"
    valid = f"case when not ({zeros}) then {c} end" if timed else c
    ranged = column.type.startswith(("bigint", "double", "decimal", "boolean", "time")) or timed
    number = f"{valid} + 0" if column.base == "bit" else valid
    return [
        "0" if column.required else f"sum({c} is null)",
        f"max(char_length({c}))" if column.type == "text" else "null",
        f"cast(min({number}) as char)" if ranged else "null",
        f"cast(max({number}) as char)" if ranged else "null",
        f"sum({zeros})"
        if timed
        else f"sum(abs(time_to_sec({c})) >= {_DAY_SECONDS} or {c} < 0)"
        if column.base == "time"
        else "0",
    ]


def _facts(of: MysqlTable, column: DeclaredColumn, relation: Relation, rows: int, answer: Sequence[Any]) -> ColumnFacts:
    nulls, longest, least, most, zeros = answer
    nulls, zeros = int(nulls or 0), int(zeros or 0)
    type_, declared = column.type, column.declared
    if type_ == "boolean" and (least, most) != (None, None) and not {least, most} <= {"0", "1"}:
        type_ = "bigint"
    if column.base == "time" and zeros:
        of.notes.append(f"{column.name} holds durations, some beneath 0 or of more than a day: it is taken as text")
        type_, declared = "text", column.declared or "time"
    elif zeros:
        of.notes.append(
            f"{column.name} holds {zeros} zero dates, such as 0000-00-00, of {rows}: the warehouse has none, and takes them as null"
        )
        nulls += zeros
    return ColumnFacts(
        name=column.name,
        type=type_,
        rows=rows or (of.rows.value if column.required else 0),
        nulls=nulls,
        longest=int(longest) if longest is not None else None,
        required=column.required and not (zeros and column.base != "time"),
        unique=column.name in relation.indexes.alone,
        declared=declared,
        generated=column.generated,
        values=column.values,
        least=_text(least) if type_ != "boolean" else None,
        most=_text(most) if type_ != "boolean" else None,
    )


def _text(value: Any) -> str | None:
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else value
    return None if text is None else str(text)


def _with_distinct(of: MysqlTable, columns: Sequence[ColumnFacts]) -> list[ColumnFacts]:
    """Columns with the number of their distinct values, where it is not too much to ask."""
    compared = [
        c for c in columns if c.type not in ("blob", "json") and not c.unique and (c.longest or 0) <= _LONGEST_COMPARED
    ]
    asked = [f"count(distinct {of.comparable(c.name, c.type)})" for c in compared]
    row = of.one(f"select count(*), {', '.join(asked)} from {of.part} p") if asked else None
    whole = not of.is_judged_in_part
    counted = {
        c.name: Count(value=int(value), exact=whole) for c, value in zip(compared, row[1:] if row else (), strict=False)
    }
    counted |= {
        c.name: Count(value=c.rows - c.nulls, exact=of.rows.exact) for c in columns if c.unique and of.rows.exact
    }
    return [replace(c, distinct=counted.get(c.name)) for c in columns]


def _by_hundreds(columns: Sequence[DeclaredColumn]) -> Iterator[Sequence[DeclaredColumn]]:
    for start in range(0, len(columns), _COLUMNS_A_QUERY):
        yield columns[start : start + _COLUMNS_A_QUERY]
