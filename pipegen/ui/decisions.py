"""Views of decisions: in a line or two each, tables of one choice folded; or whole."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf, log

from pipegen.core.design.decision import Decision, Flip
from pipegen.ui.wrapped import Line, Part, paragraph, running

Assignments = Iterable[tuple[str, str]]
Tried = Callable[[Assignments], Part]
_NAMED = 2  # tables that are named before the rest is counted
_LABEL = 14
_WHOLE = "whole pipeline"


def folded(
    decisions: Sequence[Decision],
    sources: Iterable[str],
    held: Mapping[str, Decision],
    line: Line,
    *,
    flips: bool = True,
) -> None:
    """Every decision in a line or two, source by source; tables with the same choice are one; ``flips``: with the nearest flip."""
    grouped = _by_source(decisions, tuple(sources))
    for name, its in grouped.items():
        line((name, "bold"))
        width = max(_LABEL, 3 + max(len(_question(d)) for d in its) + 1)
        for group in _alike(its, name, held):
            _short(group, name, held, width, line, flips=flips)
        line("")


def whole(decision: Decision, held: Mapping[str, Decision], line: Line, *, tried: Tried) -> None:
    """A decision with everything that is known of it; ``tried`` says how the assignments of a flip are tried."""
    line((decision.id, "bold"), ": ", (decision.choice, "bold"))
    anew = held.get(decision.id)
    label: Part = (
        ("  yours", "yellow") if decision.overridden else ("  held", "yellow") if anew else ("  because", "dim")
    )
    _list(label, [*decision.because, *(anew.because if anew else ())], line)
    if anew is not None:
        line(" " * _LABEL, "take it: ", (f"pipegen update --accept-design={shlex.quote(decision.id)}", "bold"))
    _list(("  not chosen", "dim"), [f"`{a.choice}`: {a.against}" for a in decision.alternatives], line)
    if decision.flips:
        for i, flip in enumerate(decision.flips):
            _flip("flips" if i == 0 else "", flip, line, tried)
    elif decision.flips_when:
        paragraph(line, (("  flips", "dim"),), decision.flips_when, _LABEL)
    paragraph(line, (("  rule", "dim"),), decision.rule, _LABEL)
    paragraph(line, (("  source", "dim"),), sourced(decision.source), _LABEL)


def sourced(source: str) -> str:
    """Where a threshold comes from; ``(H)`` in words."""
    said = "H: a heuristic with no published source"
    return said if source == "(H)" else source.replace("(H)", f"({said})")


def by_plan(sets: Assignments) -> Part:
    """How assignments are tried in a repository: by a command."""
    return "try it: pipegen plan" + "".join(f" --set {shlex.quote(f'{key}={value}')}" for key, value in sets)


def by_hand(sets: Assignments) -> Part:
    """How assignments are tried outside a repository: in the file."""
    return "with: " + ", ".join(f"{key}={value}" for key, value in sets)


def _list(label: Part, texts: Iterable[str], line: Line) -> None:
    for i, text in enumerate(texts):
        paragraph(line, (label,) if i == 0 else (), text, _LABEL)


def _flip(label: str, flip: Flip, line: Line, tried: Tried) -> None:
    paragraph(line, ((f"  {label}", "dim"),), flip.text.removeprefix("flips "), _LABEL)
    if flip.sets:
        line(" " * _LABEL, tried(flip.sets))


def _by_source(decisions: Iterable[Decision], sources: tuple[str, ...]) -> dict[str, list[Decision]]:
    """Decisions by source, and those of the whole behind them."""
    found: dict[str, list[Decision]] = {}
    for decision in decisions:
        head = decision.id.partition(".")[0]
        found.setdefault(head if head in sources else _WHOLE, []).append(decision)
    return {name: found[name] for name in (*sources, _WHOLE) if name in found}


def _question(decision: Decision) -> str:
    return decision.id.rpartition(".")[2].replace("_", " ")


def _table(decision: Decision, source: str) -> str:
    """The table that a decision of a source is about; empty for one of the source itself."""
    return decision.id.removeprefix(f"{source}.").rpartition(".")[0] if decision.id.startswith(f"{source}.") else ""


def _alike(decisions: Iterable[Decision], source: str, held: Mapping[str, Decision]) -> list[list[Decision]]:
    """Decisions in groups: tables for which one question has one answer, for one kind of reason."""
    groups: dict[tuple[str, ...], list[Decision]] = {}
    for d in decisions:
        kind = "table" if _table(d, source) else d.id
        who = "yours" if d.overridden else "held" if d.id in held else ""
        groups.setdefault((_question(d), kind, d.choice, who, (d.reason or "") if d.overridden else ""), []).append(d)
    order = {question: i for i, question in enumerate(dict.fromkeys(key[0] for key in groups))}
    return [group for _, group in sorted(groups.items(), key=lambda item: order[item[0][0]])]


def _short(
    group: Sequence[Decision], source: str, held: Mapping[str, Decision], width: int, line: Line, *, flips: bool
) -> None:
    first = group[0]
    tables = _tables([_table(d, source) for d in group])
    head: list[Part] = [(f"  {_question(first)}", "dim"), " " * (width - 2 - len(_question(first)))]
    head += [f"{tables}: "] if tables else []
    reason = first.because[0] if first.because else ""
    if len({d.because[:1] for d in group}) > 1:
        reason = f"{_table(first, source)}: {reason}"
    running(line, (*head, (first.choice, "bold"), *_mark(first, held)), reason, width)
    flip, of = _nearest(group)
    if flip is not None and flips:
        whose = f"{_table(of, source)}: " if len(group) > 1 else ""
        paragraph(line, (), f"{whose}{flip.text}", width, "dim")


def _mark(decision: Decision, held: Mapping[str, Decision]) -> list[Part]:
    if decision.overridden:
        return [("  yours", "yellow")]
    return [("  held", "yellow")] if decision.id in held else []


def _tables(tables: Sequence[str]) -> str:
    """``orders, customers and 18 more``."""
    names = [t if re.fullmatch(r"[\w.$-]*", t) else f"`{t}`" for t in tables]
    if len(names) <= _NAMED + 1:
        return ", ".join(names)
    return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"


def _nearest(group: Iterable[Decision]) -> tuple[Flip | None, Decision]:
    """The flip that is nearest to what its input is today, and whose it is."""
    every = [(flip, decision) for decision in group for flip in decision.flips]
    return min(every, key=lambda found: _distance(found[0]), default=(None, next(iter(group))))


def _distance(flip: Flip) -> float:
    """How many times its input would have to grow or shrink, on a scale on which both are alike."""
    return abs(log(flip.flips / flip.now)) if flip.flips and flip.now and flip.flips > 0 and flip.now > 0 else inf
