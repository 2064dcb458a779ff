"""What the rows of a table in a DuckDB database show; of a large one, one row in so many is judged."""

# ruff: noqa: S608 (names in queries are quoted)
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pipegen.core.measured import Count
from pipegen.probe.duckdb_file_schema import DeclaredColumn, Relation
from pipegen.probe.facts import TEMPORAL, ColumnFacts
from pipegen.probe.sql_names import quoted
from pipegen.probe.sql_rows import with_personal
from pipegen.probe.sql_table import SqlTable

CELLS = 50_000_000  # that are judged: the wider a table, the fewer rows
_COLUMNS_A_QUERY = 100
_LONGEST_COMPARED = 1_000  # characters; how many longer texts are distinct is not asked

Ask = Callable[[str], "list[tuple[Any, ...]] | None"]


@dataclass
class DuckdbTable(SqlTable):
    """A table that ``answer`` reads."""

    answer: Ask = lambda _: None

    def ask(self, select: str) -> list[tuple[Any, ...]] | None:
        return self.answer(select)

    def is_moment(self, column: ColumnFacts) -> str:
        return f"isfinite({quoted(column.name)})"

    def moment(self, column: ColumnFacts) -> str:
        return f"epoch({quoted(column.name)})"

    def seconds(self, moment: str) -> str:
        return moment

    def moment_at(self, seconds: float, column: ColumnFacts) -> str:
        return repr(seconds)

    def day(self, moment: str) -> str:
        return f"strftime(make_timestamp(cast({moment} * 1000000 as bigint)), '%Y-%m-%d')"


def table_of(ask: Ask, relation: Relation) -> DuckdbTable:
    """A table to be read, its rows counted."""
    name = quoted(relation.name)
    counted = ask(f"select count(*) from {name}")
    rows = Count(value=int(counted[0][0])) if counted else Count(value=0, exact=False)
    step = rows.value * max(1, len(relation.columns)) // CELLS + 1
    part = name if step == 1 or relation.is_view else f"(select * from {name} where rowid % {step} = 0)"
    return DuckdbTable(relation.name, rows, name, part, [] if relation.is_view else ["rowid"], answer=ask)


def column_facts(of: DuckdbTable, relation: Relation) -> list[ColumnFacts]:
    """Columns with what their values are."""
    found: list[ColumnFacts] = []
    for start in range(0, len(relation.columns), _COLUMNS_A_QUERY):
        some = relation.columns[start : start + _COLUMNS_A_QUERY]
        asked = [sql for column in some for sql in _asked(column)]
        row = of.one(f"select count(*), {', '.join(asked)} from {of.part} p")
        its = [
            _facts(
                of, column, relation, int(row[0]) if row else 0, row[1 + 5 * at : 6 + 5 * at] if row else (None,) * 5
            )
            for at, column in enumerate(some)
        ]
        found += with_personal(of, its) if row and row[0] else its
    return found


def _asked(column: DeclaredColumn) -> list[str]:
    """Nulls, the longest text, the range, distinct values."""
    c = quoted(column.name)
    ranged = column.type.startswith(("bigint", "double", "decimal", "time", "date"))
    finite = f" filter (where isfinite({c}))" if column.type in (*TEMPORAL, "double") else ""
    text = f"cast({c} as varchar)"
    compared = column.type not in ("blob", "json")
    return [
        f"count(*) - count({c})",
        f"max(length({text}))" if column.type == "text" else "null",
        f"cast(min({c}){finite} as varchar)" if ranged else "null",
        f"cast(max({c}){finite} as varchar)" if ranged else "null",
        f"count(distinct {f'left({text}, {_LONGEST_COMPARED})' if column.type == 'text' else c})"
        if compared
        else "null",
    ]


def _facts(
    of: DuckdbTable, column: DeclaredColumn, relation: Relation, rows: int, answer: Sequence[Any]
) -> ColumnFacts:
    nulls, longest, least, most, distinct = answer
    compared = distinct is not None and rows and (longest or 0) <= _LONGEST_COMPARED
    return ColumnFacts(
        name=column.name,
        type=column.type,
        rows=rows,
        nulls=int(nulls or 0),
        longest=longest,
        required=column.required,
        unique=column.name in relation.indexes.alone,
        declared=column.declared,
        generated=column.generated,
        distinct=Count(value=int(distinct), exact=not of.is_judged_in_part) if compared else None,
        values=column.values,
        least=least,
        most=most,
    )
