"""What the rows of a table tell besides times: keys that no constraint declares, what looks personal, signs of deletes."""

# ruff: noqa: S608 (names in queries are quoted)
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipegen.core.measured import Deletes, Key, NearKey, Watermark
from pipegen.core.names import shorten
from pipegen.probe.facts import KEY_SAMPLE_ROWS, ColumnFacts, rate
from pipegen.probe.keys import find_key, find_near_key
from pipegen.probe.named_columns import marks_deleted, watermark_rank
from pipegen.probe.personal import SAMPLE_CHARACTERS, SAMPLE_VALUES, personal
from pipegen.probe.sql_table import SqlTable

_SHOWN = frozenset({"text", "json", "bigint", "decimal(20,0)", "decimal(38,0)"})  # types of whole numbers, and texts
_LEAST_GAP = 0.001
_NAMED = 5


def measured_key(of: SqlTable, columns: Sequence[ColumnFacts]) -> Key | None:
    """The columns that tell apart the rows that are there, or the first of them."""
    rows = of.rows.value if of.whole else min(of.rows.value, of.sample)
    whole = of.relation if of.whole else of.first(rows)
    types = {c.name: c.type for c in columns}

    def distinct(names: Sequence[str], sample: bool) -> int:
        selected = ", ".join(of.comparable(name, types[name]) for name in names)
        source = of.first(KEY_SAMPLE_ROWS) if sample else whole
        found = of.one(f"select count(*) from (select distinct {selected} from {source} p) d")
        return int(found[0]) if found else 0

    return find_key(of.name, columns, rows, distinct, f"{rows} rows" if of.whole else f"the first {rows} rows")


def near_key(of: SqlTable, columns: Sequence[ColumnFacts]) -> NearKey | None:
    """Of a table without a key, the column that is named like one."""
    source = of.relation if of.whole else of.first(of.sample)
    types = {c.name: c.type for c in columns}

    def repeats(name: str) -> tuple[int, int, int] | None:
        column = of.comparable(name, types[name])
        row = of.one(
            f"select coalesce(sum(case when x is null then n else 0 end), 0), "
            f"coalesce(sum(case when x is not null and n > 1 then n else 0 end), 0), coalesce(sum(n), 0) "
            f"from (select {column} as x, count(*) as n from {source} p group by {column}) d"
        )
        return (int(row[0]), int(row[1]), int(row[2])) if row else None

    return find_near_key(of.name, columns, repeats)


def with_personal(of: SqlTable, columns: Sequence[ColumnFacts]) -> list[ColumnFacts]:
    """Columns with what personal data they seem to hold by some of their values, which are forgotten at once."""
    looked = [c for c in columns if c.type in _SHOWN and c.values is None and c.nulls < c.rows]
    if not looked:
        return list(columns)
    asked = ", ".join(of.shown(c, SAMPLE_CHARACTERS) for c in looked)
    rows = of.ask(f"select {asked} from {of.part} p limit {SAMPLE_VALUES}") or []
    seems = {
        c.name: personal(c.name, c.type, (_text(row[at]) for row in rows if row[at] is not None))
        for at, c in enumerate(looked)
    }
    return [replace(c, personal=seems.get(c.name)) for c in columns]


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def deletes(
    of: SqlTable, columns: Sequence[ColumnFacts], key: Key | None, counter: str | None, *, counted: bool = False
) -> Deletes:
    """A column that marks rows as deleted, and numbers of a ``counter``, which the engine gave each row, that no row has.

    ``counted``: the engine has counted deleted rows. That it has counted none says nothing of rows before it counted.
    """
    marks = [c.name for c in columns if marks_deleted(c.name, c.type)]
    sign = "the server has counted deleted rows" if counted else _gaps(of, columns, key, counter)
    signs = [*([sign] if sign else []), *(f"`{shorten(name)}` marks a row as deleted" for name in marks[:1])]
    return Deletes(
        seen="yes" if counted else "unknown", how="; ".join(signs) or None, column=marks[0] if marks else None
    )


def _gaps(of: SqlTable, columns: Sequence[ColumnFacts], key: Key | None, counter: str | None) -> str | None:
    """A weak sign: numbers that no row has."""
    its = next((c for c in columns if c.name == counter and key is not None and key.columns == [c.name]), None)
    if its is None or its.least is None or its.most is None or not of.rows.exact:
        return None
    numbers = int(its.most) - int(its.least) + 1
    missing = rate(max(0, numbers - of.rows.value), numbers)
    if missing < _LEAST_GAP:
        return None
    return f"{missing:.1%} of the numbers of `{shorten(its.name)}` are gone, as after deletes or failed inserts"


def odd(columns: Sequence[ColumnFacts], watermark: Watermark | None, zone: str | None) -> Iterator[str]:
    """What is odd of a table's times, a sentence each; ``zone`` is the server's."""
    zoneless = [c.name for c in columns if c.type == "timestamp"]
    if zoneless and zone not in (None, "UTC", "Etc/UTC", "+00:00"):
        yield f"times without a zone, at a server whose zone is {zone}: {listed(zoneless)}"
    late = [
        c for c in columns
        if c.nulls and c.type in ("timestamp", "timestamptz") and watermark_rank(c.name) is not None
    ]  # fmt: skip
    if watermark is None and late:
        yield f"`{shorten(late[0].name)}` is no watermark: {late[0].nulls:,} of {late[0].rows:,} rows have none"


def listed(names: Sequence[str]) -> str:
    """The first of some names."""
    return ", ".join(f"`{shorten(name)}`" for name in names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
