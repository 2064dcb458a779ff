"""Views of the sizing: figures with their arithmetic, what a month costs, the freshness price list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from pipegen.core.design.decision import Figure, PriceTier, Sizing
from pipegen.ui.wrapped import Line, columns, paragraph

_MOST_SHOWN = 3  # sources whose arithmetic is shown unasked
_BRIEF = ("rows_per_run", "bytes_per_run", "run_seconds_estimated", "slack_seconds")
_COST = ("compute_minutes_per_month", "scanned_gb_per_month", "stored_gb", "money_per_month")
_DAYS = "days_to_first_threshold"
_FAR = 100 * 366  # days, beyond which a month says nothing
_BELOW = 6


def sizing(sizings: Sequence[Sizing], line: Line, today: date, *, whole: bool = False) -> None:
    """Every figure with its arithmetic; a line a source where there are many, unless the ``whole`` is asked for."""
    sources = [s for s in sizings if s.source]
    if len(sources) > _MOST_SHOWN and not whole:
        line(("Sizing", "bold"), ("  with its arithmetic: pipegen explain sizing", "dim"))
        width = max(len(s.source) for s in sources)
        for one in sources:
            paragraph(line, (f"  {one.source:<{width}}",), brief(one), width + 4)
        line("")
    else:
        for one in sources:
            _figures(f"Sizing of {one.source}", one.figures, line, today)
    for one in sizings:
        if not one.source:
            _figures("The whole pipeline, a month", one.figures, line, today)


def brief(of: Sizing) -> str:
    """What a run of a source is: ``rows a run 12,000; bytes a run 1.2 MB; run time 61 s``."""
    return "; ".join(f"{f.name} {f.text}" for f in _chosen(of, _BRIEF))


def cost(sizings: Iterable[Sizing]) -> str:
    """What the whole costs a month; empty where it was not counted."""
    return "; ".join(f"{f.name} {f.text}" for s in sizings if not s.source for f in _chosen(s, _COST))


def _chosen(of: Sizing, ids: Iterable[str]) -> list[Figure]:
    by_id = {f.id: f for f in of.figures}
    return [by_id[id] for id in ids if id in by_id]


def _figures(title: str, figures: Sequence[Figure], line: Line, today: date) -> None:
    line((title, "bold"))
    name = max(len(f.name) for f in figures) + 4
    indent = name + max(len(f.text) for f in figures) + 2
    if indent > columns() // 2 + 8:  # the arithmetic gets a line of its own
        indent = name
    for figure in figures:
        how = f"{_month(figure, today)}{figure.how}"
        paragraph(line, (f"  {figure.name:<{name - 2}}", (figure.text, "bold")), how, indent, "dim")
    line("")


def _month(figure: Figure, today: date) -> str:
    """The month that days from now lead to."""
    if figure.id != _DAYS or not 0 <= figure.value <= _FAR:
        return ""
    return f"about {today + timedelta(days=figure.value):%Y-%m}: "


def prices(tiers: Sequence[PriceTier], line: Line) -> None:
    """What each freshness would cost a month, one a line, what it would be below it."""
    line(("Freshness price list, a month", "bold"))
    head = ("freshness", "compute min", "GB scanned", "GB stored", *(("money",) if any(t.money for t in tiers) else ()))
    rows = [_row(tier)[: len(head)] for tier in tiers]
    widths = [max(len(head[i]), *(len(row[i]) for row in rows)) for i in range(len(head))]
    line("  ", (_aligned(head, widths), "dim"))
    woken = {tier.woken for tier in tiers}
    for tier, row in zip(tiers, rows, strict=True):
        line("* " if tier.current else "  ", (_aligned(row, widths), "bold" if tier.current else ""))
        who = f"; {tier.woken}" if len(woken) > 1 else ""
        paragraph(line, (), f"{tier.design}{who}{_missing(tier)}", _BELOW, "dim")
    line(("  * what is asked for now", "dim"))
    if len(woken) == 1:
        paragraph(line, (), f"woken, at each: {woken.pop()}", 2, "dim")
    line("")


def _row(tier: PriceTier) -> tuple[str, ...]:
    numbers = (f"{tier.compute_minutes:,.0f}", _gigabytes(tier.scanned_gb), _gigabytes(tier.stored_gb))
    return (tier.freshness, *numbers, tier.money)


def _gigabytes(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}" if value >= 1 else f"{value:.2g}"


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
    return "  ".join([first, *rest])


def _missing(tier: PriceTier) -> str:
    if not tier.works:
        return "; a demand would be missed"
    return "" if tier.built else "; not built yet"
