"""Growth over months: compound, and finite whatever was said."""

from __future__ import annotations

from math import log, log1p

# More than this is nothing that could be built; what is shown must stay a number.
MOST = 1e30


def factor(growth: float, months: float) -> float:
    """How many times as much there is after some months; ``growth`` is the fraction a month, -1 or more."""
    if growth > 0 and months * log1p(growth) > log(MOST):
        return MOST
    return float((1 + growth) ** months)
