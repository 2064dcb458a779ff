"""Rows that came as JSON objects, of an API or a topic: their columns, types, key and watermark, from the values at hand.

What is said of them holds for the rows that were seen; ``whole`` says whether these are all.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import duckdb

from pipegen.core.measured import Count, Deletes, Key, NearKey, Watermark
from pipegen.core.names import identifier
from pipegen.probe.facts import TEMPORAL, ColumnFacts, rate
from pipegen.probe.keys import find_key, find_near_key, watermark_column
from pipegen.probe.named_columns import is_key_like, marks_deleted
from pipegen.probe.personal import SAMPLE_CHARACTERS, SAMPLE_VALUES, personal
from pipegen.probe.value_types import LADDER, STRINGS

Row = Mapping[str, Any]
_MOST_COLUMNS = 2_000
_BIGINT = 1 << 63
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_WIDEST = 10**38
_RANGED = frozenset({"bigint", "double", "decimal(38,0)"}) | TEMPORAL


def column_facts(rows: Sequence[Row], *, whole: bool) -> list[ColumnFacts]:
    """The columns of rows in the order in which they come first; what a row lacks is null."""
    names = list(dict.fromkeys(name for row in rows for name in row))[:_MOST_COLUMNS]
    with duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false"}) as con:
        con.execute("set TimeZone = 'UTC'")
        return [_facts(con, name, [row.get(name) for row in rows], whole) for name in names]


def _facts(con: duckdb.DuckDBPyConnection, name: str, values: Sequence[Any], whole: bool) -> ColumnFacts:
    there = [value for value in values if value is not None]
    type_ = _type(con, there)
    texts = [value for value in there if isinstance(value, str)]
    shown = [str(v)[:SAMPLE_CHARACTERS] for v in there if not isinstance(v, bool | dict | list)]
    least, most = _range(there, type_) if there and type_ in _RANGED else (None, None)
    return ColumnFacts(
        name=name,
        type=type_,
        rows=len(values),
        nulls=len(values) - len(there),
        longest=max(map(len, texts), default=None),
        distinct=Count(value=len(set(map(comparable, there))), exact=whole),
        least=least,
        most=most,
        personal=personal(name, type_, shown[:SAMPLE_VALUES]),
    )


def parsed(text: str | bytes) -> Any:
    """A JSON text; half of a character outside the basic plane, which no file can hold, stands as U+FFFD.

    Raises:
        ValueError, RecursionError: it is none.
    """
    found = json.loads(text)
    escaped = text if isinstance(text, str) else text.decode("latin-1")
    return _mended(found) if _SURROGATE.search(escaped) else found


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_mended(name): _mended(inner) for name, inner in value.items()}
    return [_mended(one) for one in value] if isinstance(value, list) else value


def comparable(value: Any) -> str:
    """A text that is the same for equal values."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _type(con: duckdb.DuckDBPyConnection, values: Sequence[Any]) -> str:
    """The narrowest type that loses nothing of values that are not null; of none it is a text."""
    kinds = {type(value) for value in values}
    if kinds & {dict, list}:
        return "json"
    if kinds == {bool}:
        return "boolean"
    if kinds == {int}:
        widest = max(abs(value) for value in values)
        return "bigint" if widest < _BIGINT else "decimal(38,0)" if widest < _WIDEST else "text"
    if kinds and kinds <= {int, float}:
        return "double"
    return _string_type(con, values) if kinds == {str} else "text"


def _string_type(con: duckdb.DuckDBPyConnection, values: Sequence[str]) -> str:
    for check in LADDER:
        if check.type in STRINGS and check.may_hold(values):
            asked = f"select bool_and({check.sql}) from (select trim(unnest(?)) s)"  # noqa: S608 (a check is the probe's own)
            found = con.execute(asked, [list(values)]).fetchone()
            if found and found[0]:
                return check.type
    return "text"


def _range(values: Sequence[Any], type_: str) -> tuple[str | None, str | None]:
    """The least and the most of numbers or times, as text."""
    order = _moment if type_ in TEMPORAL else None
    try:
        return str(min(values, key=order)), str(max(values, key=order))
    except ValueError:
        return None, None  # a time that Python does not read


def _moment(text: str) -> datetime:
    read = datetime.fromisoformat(text.strip().removesuffix(" UTC"))
    try:
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except OverflowError:  # the first day there is, or the last, in a zone where it is another
        raise ValueError from None


def as_moments(values: Iterable[Any]) -> list[datetime]:
    """Values as times; none where one is no time."""
    try:
        return [_moment(str(value)) for value in values]
    except ValueError:
        return []


def row_key(table: str, columns: Sequence[ColumnFacts], rows: Sequence[Row], *, whole: bool) -> Key | None:
    """The columns that tell the rows apart; of a part of the rows only those that are named like an identifier."""
    over = f"{len(rows)} rows" if whole else f"the first {len(rows)} rows"
    found = find_key(table, columns, len(rows), _counter(rows), over)
    if found is not None and not whole and (len(found.columns) > 1 or not is_key_like(found.columns[0])):
        return None
    return found


def near_key(table: str, columns: Sequence[ColumnFacts], rows: Sequence[Row]) -> NearKey | None:
    """The column that is named like the key of its table, and why it is none."""

    def repeats(column: str) -> tuple[int, int, int]:
        values = Counter(comparable(row[column]) for row in rows if row.get(column) is not None)
        return len(rows) - values.total(), sum(n for n in values.values() if n > 1), len(rows)

    return find_near_key(table, columns, repeats)


def _counter(rows: Sequence[Row]) -> Callable[[Sequence[str], bool], int]:
    def distinct(names: Sequence[str], _: bool) -> int:
        return len({tuple(comparable(row.get(name)) for name in names) for row in rows})

    return distinct


def row_watermark(columns: Sequence[ColumnFacts], rows: Sequence[Row], *, whole: bool) -> Watermark | None:
    """The column that says when a row was last written, and how far out of order the rows came."""
    column = watermark_column(columns)
    moments = as_moments(row[column.name] for row in rows) if column is not None else []
    if column is None or not moments:
        return None
    earlier = sum(after < before for before, after in pairwise(moments))
    return Watermark(
        column=column.name,
        out_of_order=rate(earlier, max(len(rows) - 1, 1)),
        sampled=len(rows),
        since=min(moments).astimezone(UTC).strftime("%Y-%m-%d") if whole else None,
    )


def row_deletes(columns: Sequence[ColumnFacts]) -> Deletes | None:
    """The mark by which rows are said to be deleted."""
    marks = [c for c in columns if marks_deleted(c.name, c.type)]
    if not marks:
        return None
    return Deletes(seen="yes", how=f"`{identifier(marks[0].name)}` marks them", column=marks[0].name)


def row_bytes(rows: Sequence[Row]) -> int:
    """Bytes of a row as JSON, on average."""
    return round(sum(len(json.dumps(row, ensure_ascii=False).encode()) for row in rows) / len(rows)) if rows else 0
