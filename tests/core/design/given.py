"""Inputs for tests of the rules: by default a changing table of a database, wanted every hour; and what every rule must say."""

from __future__ import annotations

from typing import Any

from pipegen.core.design import calibration as c
from pipegen.core.design.inputs import Inputs, SourceInputs, TableInputs
from pipegen.core.design.told import Told, Trouble

MINUTE, HOUR, DAY = 60, 3600, 86_400
GB, TB = 1e9, 1e12
FITS = int(HOUR * c.FULL_READ_SHARE.value * c.LOAD_ROWS_PER_SECOND.value)  # rows that are read in a third of an hour
BIG = FITS + 1


def table(name: str = "t", **more: Any) -> TableInputs:
    values: dict[str, Any] = {
        "source": "s", "form": "rows", "freshness": HOUR, "lateness": DAY, "deletes": "hard", "history": "none",
        "key": True, "mark": "temporal", "row_bytes": 100.0,
    }  # fmt: skip
    return TableInputs(name=name, **{**values, **more})


def source(*tables: TableInputs, kind: str = "postgres", name: str = "s", **more: Any) -> SourceInputs:
    freshness = min((t.freshness for t in tables), default=HOUR)
    return SourceInputs(name=name, kind=kind, tables=tables, **{"freshness": freshness, **more})


def whole(*sources: SourceInputs, destination: str = "duckdb", **more: Any) -> Inputs:
    return Inputs(sources=sources, destination=destination, **{"outage": DAY, "growth": 0.05, **more})


def tells(told: Told, choice: str, *, alone: bool = False) -> str:
    """All that a rule says of a choice, after checking that it says enough; ``alone``: nothing else is there to choose."""
    assert told.because and all(told.because)
    assert told.rule and told.source
    assert bool(told.alternatives) is not alone
    assert all(a.choice and a.against and a.choice != choice for a in told.alternatives)
    assert len({a.choice for a in told.alternatives}) == len(told.alternatives)
    text = "; ".join((*told.because, *(f"{a.choice}: {a.against}" for a in told.alternatives)))
    assert "{" not in text, "a text that was not filled in"
    return text


def against(told: Told, choice: str) -> str:
    """What is said against an alternative."""
    (said,) = (a.against for a in told.alternatives if a.choice == choice)
    return said


def refuses(trouble: Trouble | None, message: str, hint: str) -> None:
    """A choice that cannot work is told with why, and with what works."""
    assert trouble is not None
    assert message in trouble[0]
    assert hint in trouble[1]
