"""What was measured of a column and of a table, as its tests take it and as people read it."""

from __future__ import annotations

import re
from collections.abc import Collection
from decimal import Decimal, InvalidOperation

from pipegen.core.design.told import quantity
from pipegen.core.measured import MeasuredColumn, MeasuredTable
from pipegen.core.names import shorten

# Types whose declared values a test can compare with what landed: texts as they are, numbers as numbers.
_TEXTS, _NUMBERS = ("VARCHAR",), ("BIGINT", "DECIMAL", "DOUBLE")
_FIXED = re.compile(r"(?:character|char|bpchar)\s*(?:\(\s*(\d+)\s*\))?", re.IGNORECASE)
# Values that are told to people; a test has all of them.
_TOLD = 8


def accepted(facts: MeasuredColumn, type_: str, kind: str) -> tuple[str, ...]:
    """The only values that a column of this SQL type may have, where its source declares them and they can be tested.

    Numbers are spelled as SQL has them. PostgreSQL pads a text of fixed length with blanks, so that its values land otherwise than
    they were declared. MySQL compares texts without regard to case, unless they are of an enum, and so does a `citext`: others than
    those declared are allowed there.
    """
    values = tuple(dict.fromkeys(facts.values or ()))
    declared = (facts.declared or facts.type).lower()
    if type_.startswith(_TEXTS) and ((kind == "mysql" and declared != "enum") or declared.endswith("citext")):
        return ()
    if type_.startswith(_NUMBERS):
        numbers = [_number(value) for value in values]
        return tuple(dict.fromkeys(n for n in numbers if n is not None)) if None not in numbers else ()
    fixed = _FIXED.fullmatch(facts.declared or facts.type) if kind == "postgres" else None
    if not type_.startswith(_TEXTS) or (fixed and any(len(value) != int(fixed[1] or 1) for value in values)):
        return ()
    return () if any("\0" in value for value in values) else values


def _number(text: str) -> str | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return f"{number:f}" if number.is_finite() else None


def told(facts: MeasuredColumn) -> str:
    """What was measured of a column that lands as it is, as sentences; empty where nothing was."""
    nulls = f"{_share(facts.null_rate)} null" if facts.null_rate else ""
    measured = ", ".join(part for part in (_distinct(facts), _range(facts), nulls) if part)
    said = [
        "The source computes it." if facts.generated else "",
        f"Declared values: {_values(facts.values)}." if facts.values else "",
        f"Measured: {measured}." if measured else "",
        f"Looks like personal data: {shorten(facts.personal.guess, 40)}." if facts.personal else "",
    ]
    return " ".join(part for part in said if part)


def _values(values: list[str]) -> str:
    shown = [_code(value) for value in values[:_TOLD]]
    more = len(values) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")


def _code(value: str) -> str:
    """A value as code of a text that people read; as it is where a backtick in it would end that."""
    text = shorten(value, 40)
    return text if "`" in text or not text.strip() else f"`{text}`"


def _distinct(facts: MeasuredColumn) -> str:
    if facts.distinct is None or facts.values:
        return ""
    count = facts.distinct
    number = f"{count.value:,}" if count.exact and count.value < 10_000 else f"about {quantity(count.value)}"
    return f"{number} distinct value{'' if count.value == 1 else 's'}"


def _range(facts: MeasuredColumn) -> str:
    if facts.least is not None and facts.most is not None and not facts.personal:
        return f"from {shorten(facts.least, 40)} to {shorten(facts.most, 40)}"
    return f"up to {facts.longest:,} character{'' if facts.longest == 1 else 's'}" if facts.longest else ""


def _share(rate: float) -> str:
    percent = rate * 100
    return f"{percent:.2g}%" if percent < 99.5 else f"{percent:.4g}%"


def key_holds(facts: MeasuredTable, key: Collection[str]) -> bool:
    """Whether nothing was measured that speaks against a key, given by its columns' real names."""
    near = facts.near_key
    return near is None or set(near.columns) != set(key) or not (near.nulls or near.duplicates)


def table_notes(facts: MeasuredTable, key: Collection[str]) -> tuple[str, ...]:
    """What a person should know of a table before relying on it, a sentence each."""
    notes = [f"At the source it is a {facts.kind}."] if facts.kind else []
    if facts.near_key is not None:
        notes.append(_near_key(facts, key))
    return (*notes, *(_sentence(note) for note in facts.notes))


def _sentence(note: str) -> str:
    text = note[:1].upper() + note[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _near_key(facts: MeasuredTable, key: Collection[str]) -> str:
    near = facts.near_key
    assert near is not None
    columns = ", ".join(_code(column) for column in near.columns)
    wrong = [f"{near.nulls:,} without a value"] if near.nulls else []
    wrong += [f"{near.duplicates:,} that are not the only one with theirs"] if near.duplicates else []
    counted = f"of {near.sampled:,} rows looked at, {' and '.join(wrong) or 'some'}"
    if set(near.columns) == set(key):
        return f"The key {columns} was said, and does not hold at the source: {counted}."
    return f"{columns} looks like a key and is none: {counted}."
