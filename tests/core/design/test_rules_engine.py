"""Engine, and where rows are transformed."""

from __future__ import annotations

from typing import Any

import pytest

from pipegen.core.design.rules import engine
from pipegen.core.spec.model import Machine
from tests.core.design.given import GB, TB, against, refuses, source, table, tells, whole

LARGE, SMALL = Machine(memory="64 GB"), Machine(memory="63 GB")
BATCH, STREAM = ("batch", "frequent-batch", "micro-batch"), ("batch", "flink")


@pytest.mark.parametrize(
    ("destination", "machine", "scanned", "modes", "choice"),
    [
        ("duckdb", SMALL, 100 * GB, BATCH, "duckdb"),
        ("duckdb", SMALL, 100 * GB + 1, BATCH, "warehouse"),
        ("duckdb", LARGE, 100 * GB + 1, BATCH, "duckdb"),
        ("duckdb", LARGE, TB, BATCH, "duckdb"),
        ("duckdb", LARGE, TB + 1, BATCH, "spark"),
        ("duckdb", None, 0, STREAM, "postgres"),
        ("lake", None, 100 * GB, BATCH, "duckdb"),
        ("lake", None, 100 * GB + 1, BATCH, "spark"),
        ("lake", None, 0, STREAM, "spark"),
        ("postgres", None, TB, STREAM, "postgres"),
        ("bigquery", None, TB, BATCH, "bigquery"),
        ("bigquery", None, 1000 * TB, BATCH, "bigquery"),
        ("postgres", None, TB, BATCH, "postgres"),
        ("postgres", None, TB + 1, BATCH, "spark"),
    ],
)
def test_the_engine_is_where_the_data_goes_until_a_run_scans_too_much(
    destination: str, machine: Machine | None, scanned: float, modes: tuple[str, ...], choice: str
) -> None:
    p = whole(destination=destination, machine=machine)
    assert engine.choose(p, scanned, modes) == choice
    assert engine.problem(p, choice, choice) is None
    told = engine.tell(p, scanned, modes, choice)
    tells(told, choice)
    assert told.because[0] == f"destination: {destination}"
    assert ("2 processes write at any time" in told.because) is (modes == STREAM)


def test_what_is_said_against_duckdb_is_what_keeps_from_it() -> None:
    p = whole(machine=SMALL)
    assert against(engine.tell(p, 200 * GB, BATCH, "warehouse"), "duckdb") == "one machine would not hold a run"
    assert "the machine has 63 GB of memory" in engine.tell(p, 200 * GB, BATCH, "warehouse").because
    assert against(engine.tell(p, 0, STREAM, "postgres"), "duckdb") == "it takes one writer"
    assert "second copy" in against(engine.tell(whole(destination="bigquery"), 0, BATCH, "bigquery"), "duckdb")


def test_each_stream_writes_by_itself() -> None:
    assert engine.writers(BATCH) == 1
    assert engine.writers(("flink", "spark-streaming", "batch")) == 3


def test_an_engine_that_a_person_may_choose() -> None:
    for choice in ("spark", "bigquery"):
        assert engine.problem(whole(destination="bigquery"), "bigquery", choice) is None
    assert engine.problem(whole(destination="bigquery"), "spark", "bigquery") is None, "its warehouse may do it"
    for destination, natural, choice in (
        ("bigquery", "bigquery", "duckdb"), ("lake", "spark", "lake"), ("duckdb", "duckdb", "postgres"), ("duckdb", "duckdb", "x"),
    ):  # fmt: skip
        p = whole(destination=destination)
        refuses(
            engine.problem(p, natural, choice),
            f"`{choice}` cannot compute in destination {destination}",
            f"works: `{natural}`",
        )
    refuses(engine.problem(whole(), "postgres", "duckdb"), "DuckDB takes one writer", "works: `postgres`")


def columns(*names: str, **more: Any) -> Any:
    return source(table(treated=names), **more)


@pytest.mark.parametrize(
    ("p", "choice", "because"),
    [
        (whole(columns()), "elt", "the destination computes"),
        (whole(columns("x", "y", "z", "w")), "etl", "treated before they land: s.t.x, s.t.y, s.t.z and 1 more"),
        (whole(columns(), raw_forbidden=True), "etl", "personal data may not land raw"),
        (whole(columns(), destination="lake"), "etl", "the destination computes nothing"),
        (whole(columns(parsing="code")), "etl", "rows of s are parsed by a program"),
    ],
)
def test_rows_are_transformed_in_the_warehouse_unless_something_bars_it(p: Any, choice: str, because: str) -> None:
    assert engine.choose_transform(p) == choice
    told = engine.tell_transform(p, choice)
    tells(told, choice)
    assert told.because[0] == because
    assert (engine.transform_problem(p, "etl") is None) == (choice == "etl")
    if choice == "elt":
        assert engine.transform_problem(p, "elt") is None
        tells(engine.tell_transform(p, "etl"), "etl" if engine._reasons(p) else "elt")
    else:
        refuses(engine.transform_problem(p, "elt"), f"`elt` cannot be: {because}", "works: `etl`")
    refuses(engine.transform_problem(p, "tle"), "`tle` is not a choice of `pipeline.transform`", "`elt` or `etl`")
