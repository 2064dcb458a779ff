"""The review of a design that ``new`` shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipegen.app.answers import Given
from pipegen.app.generate import generate
from pipegen.ui.design import review
from pipegen.ui.terminal import Terminal
from tests.core.design import explained as e
from tests.small import here, small_blueprint

__all__ = ["here", "small_blueprint"]


@pytest.fixture(autouse=True)
def eighty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_a_source_is_reviewed_with_its_mode_schedule_patterns_and_sizing(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    review(generate(Given(name="shop", flags={"source": ["exports/*.csv"]})), Terminal())
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[:2] == [
        "  source  exports  files, 2 tables (2 full), 5 rows",
        "          fresh within 1d, runs at 0 */12 * * *",
    ]
    told = " ".join(line.strip() for line in lines)
    assert " batch; rows a run 5; bytes a run " in told
    assert "; slack to the freshness " in told
    assert lines[-1].startswith("  cost    compute ")
    assert all(len(line) <= 80 for line in lines)


def test_what_is_open_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = generate(Given(name="shop", flags={"source": ["exports/*.csv"]}))
    review(replace(made, plan=replace(made.plan, open_questions=(e.QUESTION,))), Terminal())
    told = " ".join(line.strip() for line in capsys.readouterr().err.splitlines())
    assert "open    How many rows of shop.orders change a day? shop.orders.extract: watermark or cdc" in told
