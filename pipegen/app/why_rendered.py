"""The answer of ``pipegen why`` for a rendered file or a line of it: blueprint, template, decisions, answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pipegen.core.design import document as plain
from pipegen.core.design.follows import Answer, Follows
from pipegen.core.spec.load import dotted

State = Literal["as rendered", "edited", "deleted", "moved", "orphaned", "conflict", "yours"]


@dataclass(frozen=True)
class ReadWhy:
    """A value that a template reads, and what it follows from."""

    text: str
    value: Any
    follows: Follows

    def document(self) -> dict[str, Any]:
        return {
            "reads": self.text, "value": self.value,
            "decisions": [d.id for d in self.follows.decisions],
            "answers": [dotted(a.address) for a in self.follows.answers],
            "measured": [f"sources/{x.source}.yml: {dotted(x.address)}" for x in self.follows.measured],
            "notes": list(self.follows.notes),
        }  # fmt: skip


@dataclass(frozen=True)
class WithinWhy:
    """A loop or a condition around a line, on ``line`` of the template; or a ``when:`` ``of`` the blueprint or the file, which has none.

    ``bound`` are a loop's variables.
    """

    text: str
    reads: tuple[ReadWhy, ...]
    line: int | None = None
    bound: Mapping[str, Any] = field(default_factory=dict)
    of: Literal["blueprint", "file"] | None = None

    def document(self) -> dict[str, Any]:
        reads = [read.document() for read in self.reads]
        return {"text": self.text, "of": self.of, "line": self.line, "for": dict(self.bound), "reads": reads}


@dataclass(frozen=True)
class Contributed:
    """An item that a blueprint contributes to another one's file; ``file`` is where its text is, where that is no manifest."""

    blueprint: str
    kind: str
    name: str
    file: str | None


@dataclass(frozen=True)
class LineWhy:
    """A line of a file as it is now, and where the line that was rendered there comes from.

    ``whose`` is None where that cannot be told. ``rendered`` is the rendered line that it is; of a line that people wrote, the one
    that it took the place of, if it did. The rest is of that rendered line; ``note`` says why there is no more.
    """

    number: int
    text: str
    whose: Literal["pipegen", "yours"] | None
    rendered: int | None = None
    rendered_text: str | None = None
    template_line: int | None = None
    template_text: str | None = None
    also: tuple[int, ...] = ()
    within: tuple[WithinWhy, ...] = ()
    reads: tuple[ReadWhy, ...] = ()
    contributed: tuple[Contributed, ...] = ()
    note: str | None = None

    def document(self) -> dict[str, Any]:
        return {
            "number": self.number, "text": self.text, "whose": self.whose,
            "rendered": self.rendered, "rendered_text": self.rendered_text,
            "template_line": self.template_line, "template_text": self.template_text, "template_lines_also": list(self.also),
            "within": [w.document() for w in self.within], "expressions": [r.document() for r in self.reads],
            "contributed": [vars(c) for c in self.contributed], "note": self.note,
        }  # fmt: skip


@dataclass(frozen=True)
class RenderedWhy:
    """A rendered file: what rendered it for what, what became of it, and what it, or its ``line``, follows from.

    ``path`` is where it was rendered; ``values`` are what the template's tokens stand for; ``variables`` of a plain template are the
    answers that its text names.
    """

    path: str
    blueprint: str
    version: str | None
    template: str
    values: Mapping[str, str]
    ownership: Literal["merged", "once"]
    state: State
    when: tuple[WithinWhy, ...]
    follows: Follows
    line: LineWhy | None
    contributed: tuple[Contributed, ...] = ()
    variables: tuple[Answer, ...] | None = None
    source: str | None = None
    notes: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        follows = self.follows
        return {
            "kind": "rendered", "rendered": self.path,
            "blueprint": {"name": self.blueprint, "version": self.version, "source": self.source},
            "template": self.template, "for": dict(self.values), "ownership": self.ownership, "state": self.state,
            "when": [w.document() for w in self.when],
            "line": self.line.document() if self.line else None,
            "contributed": [vars(c) for c in self.contributed],
            "decisions": [plain.decision(d) for d in follows.decisions],
            "answers": [_answer(a) for a in follows.answers],
            "measured": [
                {"file": f"sources/{x.source}.yml", "address": dotted(x.address), "value": x.value, "place": x.place}
                for x in follows.measured
            ],
            "variables": None if self.variables is None else [_answer(a) for a in self.variables],
            "notes": list(self.notes),
        }  # fmt: skip


def _answer(answer: Answer) -> dict[str, Any]:
    return {"address": dotted(answer.address), "value": answer.value, "place": answer.place}
