"""``pipegen plan``: the what-if. What an update with other answers would change: decisions, files, sizing, cost; it writes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipegen.app import edit, update
from pipegen.app import explain as explaining
from pipegen.app.accepted import Inputs
from pipegen.app.generate import unmeasured
from pipegen.app.repository import lock_of
from pipegen.core import yaml_text
from pipegen.core.design import document as plain
from pipegen.core.design.decision import Decision
from pipegen.core.design.explain import Explained, explain
from pipegen.core.errors import Problem, SpecError, UsageError
from pipegen.core.lock import Lock
from pipegen.core.plan import SCHEMA_VERSION, ChangePlan
from pipegen.core.spec import address
from pipegen.core.spec.template import is_template_spec
from pipegen.store import workspace, yaml_file

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Change:
    """A decision that would be another: None is one that is not there before, or after; ``because`` the reasons that are new."""

    id: str
    before: str | None
    after: str | None
    because: tuple[str, ...]


@dataclass(frozen=True)
class WhatIf:
    """What would change if the answers were others.

    ``before`` and ``after`` are the designs, None of a repository that is made from a template; ``files`` the plan that an update
    would carry out, None where ``refused`` says why there is none.
    """

    root: Path
    sets: tuple[str, ...]
    before: Explained | None
    after: Explained | None
    changes: tuple[Change, ...]
    files: ChangePlan | None
    refused: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def fails(self) -> bool:
        """Whether it cannot be built as it was asked, or a demand would be missed."""
        return bool(self.refused or (self.after and (self.after.unmet or self.after.unbuilt)))

    def document(self) -> dict[str, Any]:
        """The what-if as ``--json`` prints it."""
        before, after = (one.sizing if one else () for one in (self.before, self.after))
        files = self.files.document(applied=False) if self.files else {"plan": [], "summary": {}}
        return {
            "schema_version": SCHEMA_VERSION,
            "root": str(self.root),
            "sets": list(self.sets),
            "decisions": [
                {"id": c.id, "before": c.before, "after": c.after, "because": list(c.because)} for c in self.changes
            ],
            "sizing": {"before": [plain.sizing(s) for s in before], "after": [plain.sizing(s) for s in after]},
            "cost": {"before": plain.cost(before), "after": plain.cost(after)},
            "plan": files["plan"],
            "summary": files["summary"],
            "refused": [str(problem) for problem in self.refused],
            "unmet": [plain.unmet(u) for u in self.after.unmet] if self.after else [],
            "unbuilt": [plain.unbuilt(u) for u in self.after.unbuilt] if self.after else [],
            "open_questions": [plain.open_question(q) for q in self.after.open_questions] if self.after else [],
            "notes": list(self.notes),
        }


def plan(
    start: Path, sets: Sequence[tuple[str, Any]] = (), to: str | None = None, progress: Progress = lambda _: None
) -> WhatIf:
    """What an update with other answers would change; ``sets`` are pairs of an address and a value, ``to`` as an update has it.

    Raises:
        WorkspaceError: no repository, or one that cannot be read.
        UsageError: a wrong address or version.
        SpecError: pipegen.yml would not be valid.
        BlueprintError: a blueprint that is not there, or does not render.
    """
    root = workspace.find_root(start)
    lock = lock_of(root)
    request = update.Request(start=start, sets=sets, to=to)
    was = (root / workspace.SPEC_FILE).read_bytes()
    if is_template_spec(yaml_file.parse(was, workspace.SPEC_FILE).values):
        made = update.update(request, progress).plan
        said = [(address.parse(key), value) for key, value in sets]
        return WhatIf(root, _shown(said), None, None, (), made, notes=made.notes)
    now, missing = explaining.read(root, lock, edit.set_values(was, sets))
    last = explaining.previous(root, lock, now)
    progress("deciding")
    before = _before(root, lock, was, last.inputs)
    settled = explaining.settle(now, last)
    after = settled.explained
    files, refused = _files(request, bool(after.unmet or after.unbuilt or missing), progress)
    return WhatIf(
        root, _shown(edit.addressed(was, sets)), before, after, _changes(before, after, last.renamed), files, refused,
        (*edit.own_values(was, sets), *unmeasured(missing), *settled.notes),
    )  # fmt: skip


def _before(root: Path, lock: Lock, was: bytes, then: Inputs | None) -> Explained:
    """The design of the last render; where its inputs are lost, that of the inputs as they are."""
    of = then if then is not None else explaining.read(root, lock, was)[0]
    return explain(of.spec, of.measured, of.accepted(lock.design))


def _changes(before: Explained, after: Explained, renamed: Callable[[str], str]) -> tuple[Change, ...]:
    """The decisions that differ, in the order of the new design, then those that are gone."""
    old: Mapping[str, Decision] = {renamed(d.id): d for d in before.decisions}
    new = {d.id: d for d in after.decisions}
    changed = [_change(old.get(id), d) for id, d in new.items() if id not in old or old[id].choice != d.choice]
    gone = [Change(id, d.choice, None, ()) for id, d in old.items() if id not in new]
    return (*changed, *gone)


def _change(old: Decision | None, new: Decision) -> Change:
    fresh = tuple(reason for reason in new.because if old is None or reason not in old.because)
    return Change(new.id, old.choice if old else None, new.choice, fresh or new.because)


def _files(request: update.Request, fails: bool, progress: Progress) -> tuple[ChangePlan | None, tuple[Problem, ...]]:
    """The plan of the update; where the design ``fails``, why there is none."""
    try:
        return update.update(request, progress).plan, ()
    except (SpecError, UsageError) as error:
        if not fails:
            raise
        return None, tuple(error.problems())


def _shown(said: Sequence[tuple[Sequence[str], Any]]) -> tuple[str, ...]:
    """Assignments as ``--set`` takes them: text with no quotes, where it needs none."""
    return tuple(f"{address.text(list(at))}={_text(_chosen(at, value))}" for at, value in said)


def _chosen(at: Sequence[str], value: Any) -> Any:
    """The choice alone of a decision that is overridden for no reason."""
    return value["choice"] if at[0] == "overrides" and isinstance(value, Mapping) and [*value] == ["choice"] else value


def _text(value: Any) -> str:
    plain_text = isinstance(value, str) and re.fullmatch(r"[\w /.%-]+", value) and yaml_file.value(value) == value
    return str(value) if plain_text else yaml_text.flow(value)
