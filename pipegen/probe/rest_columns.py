"""What a document says of a table's columns and what its rows show, put together: rows beat the document where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipegen.probe.facts import TEMPORAL, ColumnFacts
from pipegen.probe.rest_schema import DeclaredColumn

_ENOUGH = 20  # values that a time or a UUID is believed by, where the document says no more than text
_HOLDS = {
    "double": {"bigint", "decimal(38,0)"},
    "decimal(38,18)": {"bigint", "double", "decimal(38,0)"},
    "text": {"date", "timestamp", "timestamptz", "time", "uuid", "json"},
    "timestamptz": {"date", "timestamp"},
}


def merged(declared: Sequence[DeclaredColumn], seen: Sequence[ColumnFacts]) -> tuple[list[ColumnFacts], list[str]]:
    """The columns in the order of the document, then those that it does not name; and a note on each that differs from it."""
    by_name = {column.name: column for column in seen}
    notes: list[str] = []
    found = [_merged(d, by_name.get(d.name), notes) for d in declared]
    known = {d.name for d in declared}
    extra = [column for column in seen if column.name not in known]
    if declared and extra:
        named = ", ".join(f"`{column.name}`" for column in extra[:5]) + (", …" if len(extra) > 5 else "")
        notes.append(
            f"its rows have {'columns' if len(extra) > 1 else 'a column'} that its document does not name: {named}"
        )
    return [*found, *extra], notes


def _merged(said: DeclaredColumn, seen: ColumnFacts | None, notes: list[str]) -> ColumnFacts:
    if seen is None:
        return ColumnFacts(
            said.name,
            said.type,
            0,
            0,
            required=said.required,
            declared=said.declared,
            values=said.values,
            personal=said.personal,
        )
    there = seen.rows - seen.nulls
    type_ = _type(said.type, seen.type, there)
    if type_ == seen.type and type_ != said.type and said.type != "text":
        notes.append(f"`{said.name}` is `{said.declared or said.type}` by its document, and `{seen.type}` in its rows")
    if said.required and seen.nulls:
        notes.append(f"`{said.name}` is required by its document, and {seen.nulls} of {seen.rows} rows have none")
    return replace(
        seen,
        type=type_,
        required=said.required and not seen.nulls,
        declared=said.declared,
        values=said.values,
        personal=seen.personal or said.personal,
        least=seen.least if type_ == seen.type else None,
        most=seen.most if type_ == seen.type else None,
    )


def _type(said: str, seen: str, there: int) -> str:
    """The type that holds both what a document says and what rows show."""
    if said == seen or not there:
        return said
    if said == "text" and (seen in TEMPORAL or seen == "uuid"):
        return seen if there >= _ENOUGH else said
    if said in ("date", "timestamptz") and seen == "timestamp":
        return seen  # a time without a zone, whatever was promised
    if said == "json":
        return said
    return said if seen in _HOLDS.get(said, set()) else seen
