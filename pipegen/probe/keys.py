"""Keys and watermarks that no constraint declares: found by name first, then measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from math import prod
from typing import NamedTuple

from pipegen.core.measured import Key, NearKey
from pipegen.core.names import identifier
from pipegen.probe.facts import KEY_SAMPLE_ROWS, TEMPORAL, ColumnFacts, CountDistinct
from pipegen.probe.named_columns import is_key_like, own_key_names, watermark_rank

_LONGEST_KEY = 100  # characters; a longer text is prose
_COMPOSITE_CANDIDATES = 8
_PLAIN = 3  # the plainness of a number that no name calls an identifier
_COMPOSITE_LEAST_ROWS = 50  # in a smaller table some columns together are unique by chance


def find_key(
    table: str,
    columns: Sequence[ColumnFacts],
    rows: int,
    distinct: CountDistinct,
    over: str,
    *,
    versions: bool = False,
) -> Key | None:
    """The columns that tell the rows apart, or None.

    Args:
        table: the table's real name; a column named after it is the best candidate.
        columns: in the order of the source.
        rows: of the table, or of the part of it that is measured.
        distinct: counts distinct combinations.
        over: what was measured, for ``how``: ``336776 rows``.
        versions: whether a row may be there again as it was changed, as in files that are exported day by day.
    """
    if not rows:
        return None
    for column in _single_candidates(table, columns):
        if distinct((column,), False) == rows:
            return Key(columns=[column], how=f"measured unique over {over}")
    mark = watermark_column(columns) if versions else None
    if mark is not None:
        for column in _single_candidates(table, columns, least_rank=_OWN):
            if distinct((column, mark.name), False) == rows:
                return Key(
                    columns=[column], how=f"measured unique with {mark.name} over {over}: newest version of each"
                )
    found = _composite(columns, rows, distinct)
    return Key(columns=found, how=f"measured unique over {over}") if found else None


_OWN, _KEY_LIKE, _FIRST = range(3)  # ranks of a key's name: the table's own, any key's, one of the first columns


def _single_candidates(table: str, columns: Sequence[ColumnFacts], least_rank: int = _FIRST) -> list[str]:
    own = own_key_names(table)
    ranked = []
    for position, column in enumerate(columns):
        if column.nulls or not _can_identify(column):
            continue
        name = identifier(column.name)
        rank = _OWN if name in own else _KEY_LIKE if is_key_like(column.name) else _FIRST
        if rank <= least_rank and (rank != _FIRST or position < 2):
            ranked.append((rank, position, column.name))
    return [name for _, _, name in sorted(ranked)]


def _can_identify(column: ColumnFacts) -> bool:
    kind = column.type.split("(")[0]
    short = column.longest is None or column.longest <= _LONGEST_KEY
    return kind in ("bigint", "uuid") or column.type == "decimal(38,0)" or (kind == "text" and short)


def _composite(columns: Sequence[ColumnFacts], rows: int, distinct: CountDistinct) -> list[str] | None:
    """Two or three columns, times and codes before plain numbers; at least one that is not a plain number."""
    candidates = _composite_candidates(columns, distinct)
    order = {column.name: i for i, column in enumerate(columns)}
    for size in (2, 3):
        for some in sorted(combinations(candidates, size), key=lambda c: (sum(x.plain for x in c), c)):
            if all(x.plain == _PLAIN for x in some) or prod(x.distinct for x in some) < rows:
                continue
            if rows < _COMPOSITE_LEAST_ROWS and not all(is_key_like(x.name) for x in some):
                continue
            names = sorted((x.name for x in some), key=order.__getitem__)
            if distinct(names, True) == min(rows, KEY_SAMPLE_ROWS) and distinct(names, False) == rows:
                return names
    return None


class _Candidate(NamedTuple):
    """A column that may be part of a key, in the order in which it is tried."""

    plain: int
    rank: int
    name: str
    distinct: int


def _composite_candidates(columns: Sequence[ColumnFacts], distinct: CountDistinct) -> list[_Candidate]:
    """The few columns worth a try: plain numbers with many values first, all else in the order of the table."""
    found = []
    for position, column in enumerate(columns):
        if not column.nulls and (_can_identify(column) or column.type in TEMPORAL):
            values = distinct((column.name,), False)
            plain = _plainness(column)
            if values > 1:
                found.append(_Candidate(plain, -values if plain == _PLAIN else position, column.name, values))
    return sorted(found)[:_COMPOSITE_CANDIDATES]


def _plainness(column: ColumnFacts) -> int:
    """0 for a time, 1 for an identifier by name, 2 for a text, 3 for a plain number."""
    if column.type in TEMPORAL:
        return 0
    if is_key_like(column.name):
        return 1
    return 2 if column.type in ("text", "uuid") else _PLAIN


CountRepeats = Callable[[str], tuple[int, int, int] | None]
"""Of a column: rows with a null, rows whose value is not the only one of its kind, rows in all; None where it takes too long."""


def find_near_key(table: str, columns: Sequence[ColumnFacts], repeats: CountRepeats) -> NearKey | None:
    """Of a table without a key: the column that is named like its own, and why it is none; None where no name is."""
    own = own_key_names(table)
    named = [c.name for c in columns if identifier(c.name) in own and _can_identify(c)]
    counted = repeats(named[0]) if named else None
    if counted is None:
        return None
    nulls, duplicates, rows = counted
    if not rows or not (nulls or duplicates):
        return None
    return NearKey(columns=named[:1], nulls=nulls, duplicates=duplicates, sampled=rows)


def watermark_column(columns: Sequence[ColumnFacts]) -> ColumnFacts | None:
    """The column that says when a row was last written, by name: a time that is never null."""
    ranked = [
        (rank, position, column)
        for position, column in enumerate(columns)
        if column.type in ("timestamp", "timestamptz")
        and not column.nulls
        and column.rows
        and (rank := watermark_rank(column.name)) is not None
    ]
    return min(ranked, key=lambda r: r[:2])[2] if ranked else None
