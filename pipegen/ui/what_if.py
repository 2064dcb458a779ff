"""The view of a what-if: decisions, sizing and cost before and after, what is missed, and the files that change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipegen.core.design.decision import Figure, Sizing
from pipegen.ui import demands, design, views
from pipegen.ui.decisions import by_plan
from pipegen.ui.terminal import Terminal
from pipegen.ui.wrapped import Line, paragraph, running

if TYPE_CHECKING:
    from pipegen.app.plan import Change, WhatIf

_MOST_ALIKE = 3


def what_if(found: WhatIf, terminal: Terminal, *, diff: bool = False) -> None:
    """What would change; ``diff`` shows the files as unified diffs."""
    line = terminal.data
    design.notes(found.notes, terminal)
    if found.before and found.after:
        _decisions(found.changes, line)
        _sizing(found.before.sizing, found.after.sizing, line)
        demands.missed(found.after.unmet, line, tried=by_plan)
        demands.unbuilt(found.after.unbuilt, line, tried=by_plan)
        demands.questions([q for q in found.after.open_questions if q not in found.before.open_questions], line)
    line(("Files", "bold"))
    if found.files is None:
        _refused(found, line)
    elif not found.files.actions:
        line("  none change")
    else:
        (views.diff if diff else views.plan)(found.files, terminal)


def _refused(found: WhatIf, line: Line) -> None:
    """Why there are no files."""
    ids = [u.id for u in found.after.unmet] + [u.id for u in found.after.unbuilt] if found.after else []
    if ids:
        paragraph(line, (), f"none, because of {', '.join(f'`{id}`' for id in ids)}: see above", 2)
    for problem in () if ids else found.refused:
        paragraph(line, (), f"none: {problem}", 2)


def _decisions(changes: Sequence[Change], line: Line) -> None:
    line(("Decisions", "bold"))
    if not changes:
        line("  none change")
    for alike in _alike(changes):
        first = alike[0]
        more = f" and {len(alike) - 1} more" if len(alike) > _MOST_ALIKE else ""
        shown = ", ".join(c.id for c in (alike[:1] if more else alike))
        text = f"{first.before or '(none)'} -> {first.after or '(none)'}"
        running(line, ("  ", (f"{shown}{more}:", "bold")), text, 6)
        paragraph(line, (), "; ".join(first.because), 6, "dim")
    line("")


def _alike(changes: Sequence[Change]) -> list[list[Change]]:
    """Changes from one choice to another in answer to one question, together."""
    groups: dict[tuple[str, str | None, str | None], list[Change]] = {}
    for change in changes:
        groups.setdefault((change.id.rpartition(".")[2], change.before, change.after), []).append(change)
    return list(groups.values())


def _sizing(before: Sequence[Sizing], after: Sequence[Sizing], line: Line) -> None:
    """The figures that change, before and after."""
    rows = [row for source in _sources(before, after) for row in _changed(source, before, after)]
    line(("Sizing and cost", "bold"))
    if not rows:
        line("  none change")
    else:
        widths = [max(len(row[i]) for row in rows) for i in range(3)]
        for name, old, new in rows:
            line(f"  {name:<{widths[0]}}  {old:>{widths[1]}}", (" -> ", "dim"), (f"{new:>{widths[2]}}", "bold"))
    line("")


def _sources(before: Sequence[Sizing], after: Sequence[Sizing]) -> list[str]:
    """The sources of either, those of the pipeline as a whole last."""
    named = list(dict.fromkeys(s.source for s in (*after, *before) if s.source))
    return [*named, ""]


def _changed(source: str, before: Sequence[Sizing], after: Sequence[Sizing]) -> list[tuple[str, str, str]]:
    old, new = (_figures(source, sizings) for sizings in (before, after))
    whose = f"{source}: " if source else ""
    return [
        (
            f"{whose}{(new.get(id) or old[id]).name}",
            old[id].text if id in old else "-",
            new[id].text if id in new else "-",
        )
        for id in dict.fromkeys((*new, *old))
        if id not in old or id not in new or old[id].text != new[id].text
    ]


def _figures(source: str, sizings: Sequence[Sizing]) -> dict[str, Figure]:
    return {f.id: f for s in sizings if s.source == source for f in s.figures}
