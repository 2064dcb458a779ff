"""The views of an interview: the review before anything is written, and what is said to who leaves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pipegen.core import errors
from pipegen.ui import decisions, design, tree
from pipegen.ui.terminal import Terminal
from pipegen.ui.wrapped import paragraph

if TYPE_CHECKING:  # a command imports its own use case alone
    from pipegen.app.interview import Known, Review

_AND_ANOTHER = re.compile(r"(?<=\S) \d+$")  # the question for one more of a thing, which ends the asking by no answer
_DEFAULT = "default"
_ASKED = "asked"
_NOTHING = "nothing"
_NAMED = 8  # of a list of answers, those that are named: it was on the screen when it was chosen


def review(found: Review, terminal: Terminal) -> None:
    """The answers with where they came from, the design with its reasons, the files."""
    line = terminal.say
    line("")
    line(("Answers", "bold"))
    _answers(found.answers, terminal)
    made = found.generated
    if made is not None:
        line("")
        line(("Design", "bold"))
        decisions.folded(made.plan.decisions, [s.name for s in made.design.sources], {}, line, flips=False)
        design.review(made, terminal)
        line("")
        line(("Files", "bold"))
        tree.folded((action.path for action in made.plan.actions), line)
        design.notes(made.plan.notes, terminal)
    if found.trouble:
        line("")
        for i, part in enumerate(found.trouble.splitlines()):
            paragraph(line, (("  !", "bold red"),) if i == 0 else (), part, 4)
    line("")


def _answers(known: Iterable[Known], terminal: Terminal) -> None:
    """A line each of what somebody said or was measured; what has its default in one paragraph, what was left empty in another."""
    answered = [one for one in known if one.value != _NOTHING]
    said = [one for one in answered if one.origin != _DEFAULT]
    defaults = [one for one in answered if one.origin == _DEFAULT]
    empty = [
        one.about
        for one in known
        if one.value == _NOTHING and one.origin == _ASKED and not _AND_ANOTHER.search(one.about)
    ]
    indent = max((len(one.about) for one in said), default=0) + 4
    for one in said:
        origin = "" if one.origin == _ASKED else f"  ({one.origin})"
        paragraph(terminal.say, (f"  {one.about}",), f"{_folded(one.value)}{origin}", indent)
    told = "; ".join(f"{one.about}: {one.value}" for one in defaults)
    for label, text in (("by default", told), ("left empty", "; ".join(empty))):
        if text:
            paragraph(terminal.say, ((f"  {label}", "dim"),), text, max(indent, 14), "dim")


def _folded(value: str) -> str:
    """A long list of names with how many more there are; any other answer whole."""
    names = value.split(", ")
    if len(names) <= _NAMED or any(" " in name for name in names):
        return value
    return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"


def left(resume: str, terminal: Terminal) -> int:
    """What is said to who leaves, and the exit code of it."""
    terminal.say("")
    terminal.say("nothing was written; the answers so far are kept")
    terminal.say("resume with: ", (resume, "bold"))
    return errors.EXIT_INTERRUPTED
