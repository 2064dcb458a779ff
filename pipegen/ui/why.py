"""The view of ``pipegen why``: the line, the template that printed it, what was decided, who said so, where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any, TypeVar

from pipegen.app.why import Why
from pipegen.app.why_input import InputWhy
from pipegen.app.why_rendered import Contributed, LineWhy, RenderedWhy, WithinWhy
from pipegen.core.design.decision import Decision
from pipegen.core.design.follows import Follows, Measurement
from pipegen.core.names import shorten
from pipegen.core.spec.load import dotted
from pipegen.core.yaml_text import flow
from pipegen.ui.terminal import Terminal
from pipegen.ui.wrapped import Part, columns, paragraph

Item = TypeVar("Item")

_LABEL = 14
_CODE = 4
_NAMED = 2  # tables that are named before the rest is counted
_MOST = 6  # decisions, answers or measurements that are told before the rest is counted
_ROWS = 3  # of a line of a file
_VALUE = 44  # columns of a value

_STATES = {
    "as rendered": "as rendered", "edited": "edited since", "deleted": "deleted by you, and stays so", "moved": "moved by you",
    "orphaned": "no longer rendered; kept because you changed it", "conflict": "in conflict: `pipegen update --continue` when resolved",
    "yours": "yours, as it is now",
}  # fmt: skip
_OWNERS = {
    "merged": "are merged with what later updates render",
    "once": "stay: it was written once, and no update touches it",
}


def why(found: Why, terminal: Terminal) -> None:
    """What a file or a line follows from, the template first."""
    if isinstance(found.about, InputWhy):
        _input(found.path, found.about, terminal)
    elif found.about.line is not None:
        _line(found.path, found.about, found.about.line, terminal)
    else:
        _file(found.path, found.about, terminal)


def _input(path: str, about: InputWhy, terminal: Terminal) -> None:
    at = f":{about.line}" if about.line is not None else ""
    terminal.data((f"{path}{at}", "bold"))
    _told(terminal, "", about.says)
    if about.address is not None:
        _told(terminal, "says", f"{dotted(about.address)}: {_value(about.value)}")
    _decisions("bears on", about.decisions, terminal, because=False)
    _decisions("then also", about.following, terminal, because=False)


def _line(path: str, about: RenderedWhy, line: LineWhy, terminal: Terminal) -> None:
    terminal.data((f"{path}:{line.number}", "bold"))
    _code(line.text, terminal)
    if line.whose == "yours":
        instead = f", in the place of line {line.rendered} as it was rendered:" if line.rendered else ""
        _told(terminal, "yours", f"people wrote this line{instead}")
        if line.rendered is None:
            return
        if line.rendered_text is not None:
            _code(line.rendered_text, terminal)
    elif line.rendered not in (None, line.number):
        _told(terminal, "rendered", f"as line {line.rendered}")
    at = f":{line.template_line}" if line.template_line is not None else ""
    _told(terminal, "template", f"{_blueprint(about)}: `{about.template}{at}`")
    if line.template_text is not None and line.template_text.strip() != (line.rendered_text or "").strip():
        _code(line.template_text, terminal)
    if line.also:
        _told(terminal, "", f"with line {', '.join(map(str, line.also))} of it")
    _for(about.values, terminal)
    for label, one in _labelled("inside", line.within):
        _within(label, one, terminal)
    for label, read in _labelled("reads", line.reads):
        note = f" ({'; '.join(read.follows.notes)})" if read.follows.notes else ""
        _told(terminal, label, f"{read.text} = {_value(read.value)}{note}")
    _contributed(line.contributed, terminal)
    if line.template_line is not None and not line.reads:
        _told(terminal, "text", "the template's own: it reads no answer")
    _follows(about.follows, terminal, because=True)
    _variables(about, terminal)
    _notes([*([line.note] if line.note else []), *about.notes], terminal)


def _file(path: str, about: RenderedWhy, terminal: Terminal) -> None:
    terminal.data((path, "bold"))
    _told(terminal, "template", f"{_blueprint(about)}: `{about.template}`")
    _for(about.values, terminal)
    for label, one in _labelled("when", about.when):
        _within(label, one, terminal)
    moved = f"; rendered as `{about.path}`" if about.path != path else ""
    _told(terminal, "state", f"{_STATES[about.state]}{moved}")
    if about.state not in ("deleted", "orphaned", "conflict", "yours"):
        _told(terminal, "edits", _OWNERS[about.ownership])
    pieces = list(dict.fromkeys(c.blueprint for c in about.contributed))
    if pieces:
        _told(terminal, "pieces", f"contributed by {', '.join(pieces)}")
    _follows(about.follows, terminal, because=False)
    _variables(about, terminal)
    _notes(about.notes, terminal)
    if not about.notes and about.variables is None and about.state != "deleted":
        terminal.say("")
        terminal.say((f"one line of it: `pipegen why {path}:LINE`", "dim"))


def _blueprint(about: RenderedWhy) -> str:
    if about.variables is not None:
        return shorten(about.source or about.blueprint)
    version = f" {about.version}" if about.version else ""
    return f"{about.blueprint}{version}{f' from {shorten(about.source)}' if about.source else ''}"


def _for(values: Mapping[str, str], terminal: Terminal) -> None:
    if values:
        _told(terminal, "for", ", ".join(f"{token} `{value}`" for token, value in values.items()))


def _within(label: str, one: WithinWhy, terminal: Terminal) -> None:
    of = f" of the {one.of}" if one.of else ""
    told = [f"{name} `{_value(value)}`" for name, value in one.bound.items() if value is not None]
    told += [f"{read.text} is {_value(read.value)}" for read in one.reads]
    _told(terminal, label, f"`{one.text}`{of}{': ' if told else ''}{', '.join(told)}")


def _contributed(items: Iterable[Contributed], terminal: Terminal) -> None:
    for item in items:
        file = f", text in `{item.file}`" if item.file else ""
        _told(terminal, "piece", f"{item.kind} `{item.name}`, contributed by {item.blueprint}{file}")


def _follows(follows: Follows, terminal: Terminal, *, because: bool) -> None:
    _decisions("decided", follows.decisions, terminal, because=because)
    answers = sorted(follows.answers, key=lambda a: (a.place is None, isinstance(a.value, Mapping)))
    rows = [(f"{dotted(a.address)}{_of(a.value)}", a.place or "the default") for a in answers[:_MOST]]
    _placed("said", rows, terminal)
    _more(len(answers) - _MOST, "answer", terminal)
    _placed("measured", _facts(follows.measured)[:_MOST], terminal)


def _decisions(word: str, decisions: Sequence[Decision], terminal: Terminal, *, because: bool) -> None:
    groups = _folded(decisions)
    for label, group in _labelled(word, groups[:_MOST]):
        decision, more = group[0], f" ({len(group) - 1} more alike)" if len(group) > 1 else ""
        _told(terminal, label, f"{decision.id}: {decision.choice}{more}")
        if because:
            why = f"{'a person decided: ' if decision.reason else ''}{'; '.join(decision.because)}"
            paragraph(terminal.data, (), why, _LABEL + 2, "dim")
    _more(sum(map(len, groups[_MOST:])), "decision", terminal)


def _folded(decisions: Sequence[Decision]) -> list[list[Decision]]:
    """Decisions as they are told: where there are many, those of one question with one choice together."""
    if len(decisions) <= _MOST:
        return [[decision] for decision in decisions]
    groups: dict[tuple[str, str], list[Decision]] = {}
    for decision in decisions:
        groups.setdefault((decision.id.rpartition(".")[2], decision.choice), []).append(decision)
    return list(groups.values())


def _of(value: Any) -> str:
    """``: 1d``; nothing for a whole section, whose place says enough."""
    return "" if isinstance(value, Mapping) and len(flow(value)) > _VALUE else f": {_value(value)}"


def _variables(about: RenderedWhy, terminal: Terminal) -> None:
    answers = about.variables or ()
    rows = [(f"{a.address[-1]}: {_value(a.value)}", a.place or "the template's default") for a in answers]
    _placed("variables", rows, terminal)
    if about.variables == ():
        _told(terminal, "variables", "none is named in it")


def _facts(measured: Sequence[Measurement]) -> list[tuple[str, str]]:
    """What was measured and where it stands; the same fact of several tables is one."""
    grouped: dict[tuple[str, str], list[Measurement]] = {}
    for one in measured:
        is_column = one.address[2:3] == ("columns",) and len(one.address) > 3
        fact = f"columns of {one.address[1]}" if is_column else dotted(one.address[2:]) if one.address[2:] else "tables"
        grouped.setdefault((one.source, fact), []).append(one)
    told = []
    for (source, fact), its in grouped.items():
        if len(its) == 1:
            told.append((f"{dotted(its[0].address[1:])}{_of(its[0].value)}", str(its[0].place)))
        else:
            names = [str(one.address[-1] if fact.startswith("columns of ") else one.address[1]) for one in its]
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            told.append((f"{fact}: {', '.join(names[:_NAMED])}{more}", f"sources/{source}.yml"))
    return told


def _placed(label: str, rows: Sequence[tuple[str, str]], terminal: Terminal) -> None:
    """Values and the places where they stand, in two columns where both fit beside each other."""
    room = columns() - _LABEL
    fitting = [len(text) for text, place in rows if len(text) + 2 + len(place) <= room]
    width = max(fitting, default=0)
    for head, (text, place) in _labelled(label, rows):
        start: Part = (f"  {head}".ljust(_LABEL), "dim")
        if len(text) + 2 + len(place) > room:
            terminal.data(start, shorten(text, room))
            terminal.data(" " * (_LABEL + 2), (place, "dim"))
        else:
            gap = max(2, min(width, room - len(place) - 2) + 2 - len(text))
            terminal.data(start, text, " " * gap, (place, "dim"))


def _notes(notes: Iterable[str], terminal: Terminal) -> None:
    for label, note in _labelled("note", notes):
        _told(terminal, label, note)


def _more(count: int, noun: str, terminal: Terminal) -> None:
    if count > 0:
        _told(terminal, "", f"and {count} {noun}{'s' if count > 1 else ''} more: `--json` has all")


def _labelled(label: str, items: Iterable[Item]) -> Iterator[tuple[str, Item]]:
    """The label beside the first of some items."""
    for index, item in enumerate(items):
        yield (label if index == 0 else ""), item


def _told(terminal: Terminal, label: str, text: str) -> None:
    paragraph(terminal.data, ((f"  {label}", "dim"),) if label else (), text, _LABEL)


def _code(text: str, terminal: Terminal) -> None:
    """A line of a file without its indentation, broken at the edge of the screen."""
    room = columns() - _CODE
    rows = wrap(text.strip(), room, break_on_hyphens=False, replace_whitespace=False, expand_tabs=False)
    if len(rows) > _ROWS:
        rows = [*rows[: _ROWS - 1], f"{rows[_ROWS - 1][: room - 1]}…"]
    for row in rows:
        terminal.data(" " * _CODE, (row, "cyan"))


def _value(value: Any) -> str:
    """A value on one line: text as it is, all else as YAML has it; a long one ends with a word."""
    shown = shorten(value if isinstance(value, str) and value else flow(value), _VALUE)
    words = shown.removesuffix("…").rpartition(" ")[0]
    return f"{words}…" if shown.endswith("…") and len(words) > _VALUE // 2 else shown
