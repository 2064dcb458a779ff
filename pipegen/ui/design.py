"""Views of a design: in short, whole by id, and as the review that ``new`` shows before it writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from pipegen.core.design.decision import OpenQuestion
from pipegen.core.design.model import Source
from pipegen.ui import decisions, demands, sizing
from pipegen.ui.terminal import Terminal
from pipegen.ui.wrapped import Line, Part, paragraph

if TYPE_CHECKING:  # a command imports its own use case alone
    from pipegen.app.explain import Explanation
    from pipegen.app.generate import Generated

_INDENT = 10


def explanation(found: Explanation, terminal: Terminal, today: date | None = None) -> None:
    """The whole design in short: decisions, what is missed, sizing, open questions, prices."""
    of, line, tried = found.explained, terminal.data, _tried(found)
    notes(found.notes, terminal)
    decisions.folded(of.decisions, found.sources, found.held, line)
    demands.missed(of.unmet, line, tried=tried)
    demands.unbuilt(of.unbuilt, line, tried=tried)
    sizing.sizing(of.sizing, line, today or date.today())
    demands.questions(of.open_questions, line)
    if of.prices:
        sizing.prices(of.prices, line)
    if of.decisions:
        more = "" if found.root else " --answers FILE"
        terminal.say(("whole, with what was not chosen: ", "dim"), f"pipegen explain {of.decisions[0].id}{more}")


def detail(found: Explanation, asked: str, terminal: Terminal, today: date | None = None) -> None:
    """The part of a design that was ``asked`` for, with everything that is known of it."""
    of, line, tried = found.explained, unended(terminal.data), _tried(found)
    for i, decision in enumerate(of.decisions):
        if i:
            line("")
        decisions.whole(decision, found.held, line, tried=tried)
    if of.decisions and (of.unmet or of.unbuilt or of.sizing or of.open_questions or of.prices):
        line("")
    demands.missed(of.unmet, line, tried=tried)
    demands.unbuilt(of.unbuilt, line, tried=tried)
    if of.sizing:
        sizing.sizing(of.sizing, line, today or date.today(), whole=True)
    demands.questions(of.open_questions, line)
    if of.prices:
        sizing.prices(of.prices, line)
    if not any((of.decisions, of.unmet, of.unbuilt, of.sizing, of.open_questions, of.prices)):
        line("no question is open" if asked == "questions" else f"there is no {asked} of this pipeline")


def unended(line: Line) -> Line:
    """Prints lines without the blank ones that would stand last."""
    held = 0

    def put(*parts: Part) -> None:
        nonlocal held
        if not any(parts):
            held += 1
            return
        for _ in range(held):
            line("")
        held = 0
        line(*parts)

    return put


def _tried(found: Explanation) -> decisions.Tried:
    return decisions.by_plan if found.root else decisions.by_hand


def notes(texts: Iterable[str], terminal: Terminal) -> None:
    """What a person should know, a sentence a note."""
    for text in texts:
        paragraph(terminal.say, (("note:", "yellow"),), text, 6)


def review(made: Generated, terminal: Terminal) -> None:
    """A design before it is written: each source in a few lines, the marts, what a run and a month come to, what is open."""
    line, sizings = terminal.say, {s.source: s for s in made.plan.sizing}
    modes = {d.id: d.choice for d in made.plan.decisions if d.id.endswith(".mode")}
    for source in made.design.sources:
        _source(source, line)
        brief = sizing.brief(sizings[source.name]) if source.name in sizings else ""
        told = "; ".join(part for part in (modes.get(f"{source.name}.mode", ""), brief) if part)
        paragraph(line, (), told, _INDENT, "dim")
    kinds = Counter(m.kind for m in made.design.marts)
    if kinds:
        line(("  marts   ", "dim"), ", ".join(counted(n, kind) for kind, n in kinds.items()))
    line(("  target  ", "dim"), str(made.design.destination["kind"]))
    cost = sizing.cost(made.plan.sizing)
    if cost:
        paragraph(line, (("  cost", "dim"),), cost, _INDENT)
    for question in made.plan.open_questions:
        _open(question, line)


def _source(source: Source, line: Line) -> None:
    loads = Counter(t.load for t in source.tables)
    how = ", ".join(f"{n} {load}" for load, n in sorted(loads.items(), reverse=True))
    rows = sum(t.rows or 0 for t in source.tables)
    kind = "sample" if source.is_sample else source.kind
    line(
        ("  source  ", "dim"), (source.name, "bold"),
        f"  {kind}, {counted(len(source.tables), 'table')} ({how}), {counted(rows, 'row')}",
    )  # fmt: skip
    line(f"          fresh within {source.freshness}", (f", runs at {source.schedule}", "dim"))


def _open(question: OpenQuestion, line: Line) -> None:
    paragraph(line, (("  open", "yellow"),), f"{question.ask} {'; '.join(question.differs)}", _INDENT)


def counted(number: int, noun: str) -> str:
    """``1,000 rows``, ``1 row``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
