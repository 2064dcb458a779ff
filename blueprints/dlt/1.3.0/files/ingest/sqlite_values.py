"""SQLite's values, of whatever kind in any column, as Arrow and as text."""

import json
from collections.abc import Sequence

import pyarrow as pa

from ingest.declaration import Column


def as_array(column: Column, stored: Sequence[object]) -> tuple[pa.Array, list[int]]:
    """The stored values as one type if they have one, else as text; and the places of bytes that are no text."""
    held = _storage(column, {type(value) for value in stored} - {type(None)})
    if held is not None:
        try:
            return pa.array(stored, held), []
        except (pa.ArrowInvalid, OverflowError):
            pass  # an integer that no DOUBLE holds, bytes that are no text
    texts: list[str | None] = []
    bad = []
    for place, value in enumerate(stored):
        try:
            text = text_of(value)
        except UnicodeDecodeError:
            text = None
            bad.append(place)
        texts.append(text if text is None else str(text))
    return pa.array(texts, pa.string()), bad


def _storage(column: Column, found: set[type]) -> pa.DataType | None:
    """The one type that holds all of the stored values as they are; None when there is none."""
    if found <= {int}:
        return pa.int64()
    if found <= {int, float}:
        return pa.float64()
    if found == {bytes}:
        return pa.binary() if column.type == "BLOB" else pa.string()
    return None


def as_json(columns: Sequence[Column], values: Sequence[object]) -> str:
    """A row as JSON; bytes that are no text as hexadecimal digits."""
    members = {}
    for column, value in zip(columns, values, strict=True):
        try:
            members[column.name] = text_of(value)
        except UnicodeDecodeError:
            assert isinstance(value, bytes)
            members[column.name] = value.hex()
    return json.dumps(members, ensure_ascii=False)


def text_of(value: object) -> object:
    return value.decode() if isinstance(value, bytes) else value
