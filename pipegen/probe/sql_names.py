"""Names in the SQL that a probe writes."""

from __future__ import annotations


def quoted(name: str) -> str:
    """A name as an identifier of the SQL standard."""
    return '"' + name.replace('"', '""') + '"'
