from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipegen.core import units
from pipegen.core.sizing import growth


@pytest.mark.parametrize(
    ("rate", "months", "factor"),
    [(0.0, 12, 1.0), (0.05, 0, 1.0), (0.05, 1, 1.05), (0.05, 12, 1.795856), (-0.05, 12, 0.540360), (1.0, 10, 1024.0), (-1.0, 1, 0.0)],
)  # fmt: skip
def test_growth_is_compound(rate: float, months: float, factor: float) -> None:
    assert growth.factor(rate, months) == pytest.approx(factor, rel=1e-6)


@given(st.integers(-99, 1000), st.sampled_from(["day", "week", "month", "year"]), st.floats(0, 24), st.floats(0, 24))
def test_whatever_grows_stays_a_number_and_more_with_time(
    percent: int, period: str, sooner: float, more: float
) -> None:
    rate = units.growth(f"{percent}%/{period}")
    first, then = growth.factor(rate, sooner), growth.factor(rate, sooner + more)
    assert all(math.isfinite(one) and one >= 0 for one in (first, then))
    assert (then >= first) if percent >= 0 else (then <= first)


def test_what_no_float_holds_is_cut() -> None:
    assert growth.factor(units.growth("1000%/day"), 12) == growth.MOST
