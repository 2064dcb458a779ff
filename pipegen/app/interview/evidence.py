"""What was measured, beside the questions that it bears on, and the defaults that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipegen.app.interview.picture import Picture
from pipegen.core import units
from pipegen.core.design.told import about
from pipegen.core.measured import MeasuredTable

_MOST = 3
_ROUND = ("5m", "15m", "1h", "2h", "6h", "12h", "1d", "2d", "7d", "14d", "30d")


@dataclass(frozen=True)
class Evidence:
    """Lines that stand beside a question, the default that they give, None for that of the spec, and other answers at hand."""

    lines: tuple[str, ...] = ()
    default: str | None = None
    suggestions: tuple[str, ...] = ()


def of(question: str, picture: Picture) -> Evidence:
    """The evidence of a question, by its name; nothing where nothing measured bears on it."""
    return _OF[question](picture) if question in _OF else Evidence()


def _tables(picture: Picture) -> Iterator[tuple[str, MeasuredTable]]:
    """The tables that are loaded and were measured, as people call them."""
    several = len(picture.spec.sources) > 1
    for name, source in picture.spec.sources.items():
        for table in source.tables:
            if name in picture.facts and table in picture.facts[name].tables:
                yield f"{name}.{table}" if several else table, picture.facts[name].tables[table]


def _freshness(picture: Picture) -> Evidence:
    rated = [(t.rows_per_day.value, name, t.rows_per_day.how) for name, t in _tables(picture) if t.rows_per_day]
    rated.sort(key=lambda one: (-one[0], one[1]))
    lines = [f"{name}: about {value:,} rows a day are new or changed ({how})" for value, name, how in rated[:_MOST]]
    lines.append("from 1h on scheduled batches do; from 5m to 1h frequent ones")
    return Evidence(tuple(lines), suggestions=("15m", "1h", "1d"))


def _lateness(picture: Picture) -> Evidence:
    measured = [(t.lateness.p999, name, t.lateness) for name, t in _tables(picture) if t.lateness]
    measured.sort(key=lambda one: (-one[0], one[1]))
    lines = tuple(
        f"{name}: 99.9 % of {late.sampled:,} rows came within {about(late.p999)} ({late.event} to {late.arrival})"
        for _, name, late in measured[:_MOST]
    )
    return Evidence(lines, rounded_up(measured[0][0]) if measured and measured[0][0] > 0 else None)


def rounded_up(seconds: int) -> str:
    """The next duration that people would say, which is not shorter."""
    for text in _ROUND:
        if units.duration(text) >= seconds:
            return text
    return f"{-(-seconds // units.SECONDS['d'])}d"


def _deletes(picture: Picture) -> Evidence:
    lines = []
    for name, table in _tables(picture):
        sign = table.deletes
        if sign is not None and sign.seen != "unknown":
            how = f" ({sign.how})" if sign.how else ""
            lines.append(f"{name}: rows {'are' if sign.seen == 'yes' else 'are not'} deleted{how}")
    return Evidence((*lines[:_MOST],))


def _outage(picture: Picture) -> Evidence:
    lines = [
        f"{name}: the server keeps its change log for {about(found.server.log.kept)}"
        for name, found in picture.facts.items()
        if found.server.log is not None and found.server.log.kept is not None
    ]
    return Evidence(tuple(lines[:_MOST]))


_OF: dict[str, Callable[[Picture], Evidence]] = {
    "freshness": _freshness, "lateness": _lateness, "deletes": _deletes, "outage": _outage,
}  # fmt: skip
