"""The calibration table: each threshold says what it is and where it comes from, and none is there for nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pipegen.core.design import calibration as c
from tests.core.design import calibration_page, portfolio

TABLE = c.table()
# Schedules lie at 24 and at 12 runs a day, with none between: only beyond 12 does the next one count as few.
OTHERWISE = {"FEW_RUNS": (1.3, 0.5)}
SOURCES = (
    "(H)",
    "'s documentation: ",
    "measured: ",
    "counted in ",
    "decision model",
    "'s published runs",
    "published formula",
    "SRE workbook",
)


@pytest.mark.parametrize("name", TABLE)
def test_every_threshold_has_a_value_a_unit_and_a_source(name: str) -> None:
    threshold = TABLE[name]
    assert name.isupper()
    assert threshold.value > 0
    assert threshold.unit.strip()
    assert any(mark in threshold.source for mark in SOURCES), "a source that can be looked up, or (H)"


def test_every_number_of_the_module_is_in_the_table() -> None:
    loose = [name for name, value in vars(c).items() if name.isupper() and isinstance(value, int | float)]
    assert loose == []
    assert list(TABLE) == [name for name, value in vars(c).items() if isinstance(value, c.Threshold)]


@pytest.mark.parametrize(
    ("value", "said"), [(1 / 4, "a quarter"), (1 / 3, "a third"), (0.5, "half"), (0.3, "30 %"), (0.123, "12.3 %")]
)
def test_a_share_is_said_as_people_say_it(value: float, said: str) -> None:
    assert c.Threshold(value, "of freshness", "(H)").share == said


def test_the_portfolio_becomes_what_was_signed() -> None:
    """Where a change is meant, ``python -m tests.core.design.portfolio`` writes it anew: read the difference as an owner would."""
    signed = json.loads(portfolio.SIGNED.read_text(encoding="utf-8"))
    assert list(signed) == list(portfolio.NAMES)
    for name in portfolio.NAMES:
        assert portfolio.outcome(name) == signed[name], name


@pytest.mark.parametrize("larger", [True, False], ids=["larger", "smaller"])
@pytest.mark.parametrize("name", TABLE)
def test_a_threshold_that_is_moved_changes_what_was_signed(name: str, larger: bool) -> None:
    signed = json.loads(portfolio.SIGNED.read_text(encoding="utf-8"))
    with _moved(name, larger):
        assert any(portfolio.outcome(one) != signed[one] for one in portfolio.NAMES), f"nothing notices {TABLE[name]}"
    assert TABLE[name] == c.table()[name]


@contextmanager
def _moved(name: str, larger: bool) -> Iterator[None]:
    """A threshold that is 30 % larger or smaller, for all who hold it; one that counts things stays a whole number."""
    threshold = TABLE[name]
    before = threshold.value
    up, down = OTHERWISE.get(name, (1.3, 0.7))
    after = before * (up if larger else down)
    if before == int(before) and before <= 50:
        after = max(before + 1, round(after)) if larger else min(before - 1, round(after))
    object.__setattr__(threshold, "value", after)
    try:
        yield
    finally:
        object.__setattr__(threshold, "value", before)


def test_the_page_says_what_the_table_says() -> None:
    """``python -m tests.core.design.calibration_page`` writes it."""
    assert calibration_page.PAGE.read_text(encoding="utf-8") == calibration_page.text()


def test_the_page_has_every_threshold_in_its_group() -> None:
    groups = calibration_page.groups()
    assert [name for names in groups.values() for name in names] == list(TABLE)
    assert all(groups.values())
