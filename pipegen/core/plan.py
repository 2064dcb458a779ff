"""The ChangePlan: one list of actions that the screen, ``--json`` and apply all read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipegen.core.tree import MODE_FILE, FileTree

if TYPE_CHECKING:  # a run with nothing to do designs nothing
    from pipegen.core.design.decision import Decision, OpenQuestion, Sizing
    from pipegen.core.design.model import Design

SCHEMA_VERSION = 1
MARKS = {"create": "+", "update": "~", "merge": "~", "move": ">", "delete": "-", "keep": "=", "conflict": "!"}


@dataclass(frozen=True)
class Action:
    """What happens to one path.

    ``content`` is what will stand there, None for what is removed or kept; ``before`` what stands there now, or at ``moved_from``.
    """

    action: str
    path: str
    blueprint: str | None
    content: bytes | None
    mode: int = MODE_FILE
    note: str | None = None
    before: bytes | None = None
    moved_from: str | None = None

    @property
    def mark(self) -> str:
        return MARKS[self.action]


@dataclass(frozen=True)
class ChangePlan:
    """Everything that apply would do below ``root``, and the design that it follows from."""

    root: str
    actions: tuple[Action, ...]
    decisions: tuple[Decision, ...] = ()
    sizing: tuple[Sizing, ...] = ()
    open_questions: tuple[OpenQuestion, ...] = ()
    equivalent: str | None = None
    notes: tuple[str, ...] = field(default=())

    def summary(self) -> dict[str, int]:
        """Number of actions by kind, the kinds that do not occur left out."""
        counts = Counter(a.action for a in self.actions)
        return {kind: counts[kind] for kind in MARKS if counts[kind]}

    def headline(self) -> str:
        """The last line of a plan: ``Plan: 41 to add, 3 to change, 1 to remove``."""
        s = self.summary()
        parts = [f"{s.get('create', 0)} to add", f"{s.get('update', 0) + s.get('merge', 0)} to change"]
        parts += [f"{s['move']} to move"] if s.get("move") else []
        parts += [f"{s.get('delete', 0)} to remove"]
        conflicts = s.get("conflict", 0)
        parts += [f"{conflicts} conflict{'s' if conflicts > 1 else ''}"] if conflicts else []
        return "Plan: " + ", ".join(parts)

    def document(self, *, applied: bool) -> dict[str, Any]:
        """The plan as ``--json`` prints it."""
        from pipegen.core.design import document as plain

        return {
            "schema_version": SCHEMA_VERSION,
            "root": self.root,
            "design": [plain.decision(d) for d in self.decisions],
            "sizing": [plain.sizing(s) for s in self.sizing],
            "cost": plain.cost(self.sizing),
            "open_questions": [plain.open_question(q) for q in self.open_questions],
            "plan": [
                {
                    "action": a.action,
                    "path": a.path,
                    "blueprint": a.blueprint,
                    "bytes": None if a.content is None else len(a.content),
                    "note": a.note,
                }
                for a in self.actions
            ],
            "summary": self.summary(),
            "equivalent": self.equivalent,
            "notes": list(self.notes),
            "applied": applied,
        }


def plan_new(
    root: str, tree: FileTree, inputs: dict[str, bytes], records: dict[str, bytes], design: Design
) -> ChangePlan:
    """The plan of a new repository: every file is created.

    ``inputs`` are pipegen.yml and what was measured, ``records`` the lock and the merge base; neither is rendered.
    """
    actions = [Action("create", f.path, f.blueprint, f.content, f.mode) for f in tree]
    actions += [Action("create", path, None, content, note="input") for path, content in inputs.items()]
    actions += [Action("create", path, None, content, note="record") for path, content in records.items()]
    return ChangePlan(
        root, tuple(sorted(actions, key=lambda a: a.path)), decisions=design.decisions, sizing=design.sizing,
        open_questions=design.open_questions,
    )  # fmt: skip
