"""What the tests of the probe of PostgreSQL have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipegen.core.errors import SourceError
from pipegen.core.measured import Measured, MeasuredTable
from pipegen.probe import Look, probe
from tests.postgres import PASSWORD, Server


def measure(url: str, tables: list[str] | None = None, named: list[str] | None = None, **look: Any) -> Measured:
    return probe("postgres", url, Look(Path(), tables=tables, named=named or [], **look))


def one(server: Server, script: str) -> MeasuredTable:
    """The only table of a new database."""
    [table] = measure(server.url(server.database("one", script))).tables.values()
    return table


def refused(url: str, **more: Any) -> SourceError:
    """The error with which a look ends; it tells what to do, and no password."""
    with pytest.raises(SourceError) as raised:
        measure(url, **more)
    said = f"{raised.value} {raised.value.hint}"
    assert raised.value.hint
    assert not any(part in said for part in (PASSWORD, "correct", "horse", "hunter2", "staple"))
    return raised.value
