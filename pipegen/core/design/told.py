"""What a rule says of a choice, and what it says against one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipegen.core.design.decision import Alternative
from pipegen.core.names import did_you_mean, shorten

Trouble = tuple[str, str]
"""Why a choice cannot work, and what works."""


@dataclass(frozen=True)
class Told:
    """Why a choice was made: the inputs with their values, what was not chosen, the rule's id, where its threshold comes from."""

    because: tuple[str, ...]
    alternatives: tuple[Alternative, ...]
    rule: str
    source: str


def unknown(id: str, choice: str, allowed: Sequence[str], because: str = "") -> Trouble:
    """What is said of a choice that is none."""
    hint = did_you_mean(choice, allowed) or f"{because}allowed is {', '.join(allowed)}"
    return f"`{shorten(choice)}` is not a choice of `{id}` that works", hint


def quantity(value: float) -> str:
    """A number as people read it: ``950``, ``21.6 k``, ``3.2 M``, ``1.1 G``."""
    for scale, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= scale:
            part = value / (1e3 if letter == "k" else scale)
            return f"{part:,.0f} {letter}" if part >= 100 else f"{part:.3g} {letter}"
    return f"{value:,.0f}"


def size_text(value: float) -> str:
    """Bytes as people read them, in powers of 1,000: ``40 GB``."""
    for scale, letter in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if abs(value) >= scale:
            part = value / scale
            return f"{part:,.0f} {letter}" if part >= 100 else f"{part:.3g} {letter}"
    return f"{value:,.0f} B"


def about(seconds: float) -> str:
    """A time as people read it, to the unit that matters: ``45 s``, ``12 min``, ``3.5 h``, ``20 days``."""
    if 0 < seconds < 10 and seconds != int(seconds):
        return f"{seconds:.2g} s"
    if seconds < 120:
        return f"{seconds:,.0f} s"
    for size, name, until in ((60, "min", 120 * 60), (3600, "h", 48 * 3600)):
        if seconds < until:
            return f"{seconds / size:.3g} {name}"
    return f"{seconds / 86_400:,.0f} days"
