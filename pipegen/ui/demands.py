"""Views of what stands in a design's way: demands that are missed, choices that are not built, answers that nobody knows."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pipegen.core.design.decision import OpenQuestion, Option, Unmet
from pipegen.ui.decisions import Tried
from pipegen.ui.wrapped import Line, paragraph

if TYPE_CHECKING:
    from pipegen.core.design.built import Unbuilt

_INDENT = 6


def missed(unmet: Sequence[Unmet], line: Line, *, tried: Tried) -> None:
    """Every demand that cannot be met: by how much, why, and the nearest designs that work; ``tried`` says how those are tried."""
    if not unmet:
        return
    line(("Cannot be met", "bold red"))
    for one in unmet:
        line("  ", (one.id, "bold"), f": asked {one.asked}, got {one.got}, missed by {one.missed_by}")
        paragraph(line, (), one.because, _INDENT)
        _nearest(one.nearest, line, tried)
    line("")


def unbuilt(found: Sequence[Unbuilt], line: Line, *, tried: Tried) -> None:
    """Every choice that no blueprint writes yet, and the nearest designs that are built."""
    if not found:
        return
    line(("Not built yet", "bold red"))
    for one in found:
        line("  ", (one.id, "bold"), f": {one.choice}")
        paragraph(line, (), one.message, _INDENT)
        _nearest(one.nearest, line, tried)
    line("")


def questions(asked: Sequence[OpenQuestion], line: Line) -> None:
    """What nobody knows and the design hangs on: what differs, and how it is answered."""
    if not asked:
        return
    line(("Open questions", "bold"))
    for one in asked:
        paragraph(line, (), one.ask, 2)
        for differs in one.differs:
            paragraph(line, (), differs, _INDENT, "dim")
        if one.query:
            line(" " * _INDENT, ("find out: ", "dim"), one.query)
        line(" " * _INDENT, ("answer:   ", "dim"), f"--set {shlex.quote(f'{one.id}=…')}")
    line("")


def _nearest(options: Iterable[Option], line: Line, tried: Tried) -> None:
    for i, option in enumerate(options):
        if i == 0:
            line(" " * _INDENT, "the nearest that work:")
        paragraph(
            line, (" " * _INDENT + "-",), option.design + ("" if option.built else " (not built yet)"), _INDENT + 2
        )
        cost = ", ".join(f"{f.name} {f.text}" for f in option.cost)
        paragraph(line, (), "; ".join(part for part in (cost, option.woken) if part), _INDENT + 2, "dim")
        if option.sets:
            line(" " * (_INDENT + 2), tried(option.sets))
