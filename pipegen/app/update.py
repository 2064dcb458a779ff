"""``pipegen update``: render anew for an edited pipegen.yml or a newer catalog, and merge; nobody's edit is lost.

One engine for a newer blueprint, an older one, a changed answer and a renamed table: base, yours and theirs, file by file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pipegen.app.check import parse_problem
from pipegen.app.inputs import Given, given_inputs
from pipegen.app.render_update import Progress, Rendering
from pipegen.app.repository import inputs_of, lock_of
from pipegen.app.undo import at_risk, undo
from pipegen.core.errors import UsageError, WorkspaceError
from pipegen.core.lock import Lock
from pipegen.core.merge.text import Labels
from pipegen.core.plan import Action, ChangePlan
from pipegen.core.transaction import Transaction
from pipegen.core.tree import digest
from pipegen.core.update.gone import Gone
from pipegen.core.update.plan import Merge, merge_tree, transaction
from pipegen.core.update.settle import settle
from pipegen.core.update.table import Style, Table
from pipegen.store import git, workspace
from pipegen.store import transaction as store
from pipegen.store.base import Bases
from pipegen.store.spec_edit import edited
from pipegen.store.worktree import Folder


@dataclass(frozen=True)
class Request:
    """What is asked of an update.

    ``inputs`` are new bytes of pipegen.yml and ``sources/`` by path, None for one that is removed; ``sets`` pairs of a dotted address
    and a value; ``to`` a catalog, or ``BLUEPRINT=VERSION``; ``accept`` the decisions to take anew, ``*`` for all; ``settle`` says that
    conflicts are resolved (``--continue``); ``restore`` are deleted files to bring back.
    """

    start: Path = Path()
    inputs: Mapping[str, bytes | None] = field(default_factory=dict)
    sets: Sequence[tuple[str, Any]] = ()
    to: str | None = None
    probe: bool = False
    accept: frozenset[str] = frozenset()
    conflict: Style = "inline"
    settle: bool = False
    restore: tuple[str, ...] = ()
    trust: bool = False


@dataclass(frozen=True)
class Updated:
    """The plan of an update, and the transaction that carries it out; None where there is nothing to do."""

    root: Path
    plan: ChangePlan
    transaction: Transaction | None
    unresolved: tuple[str, ...]

    @property
    def changes(self) -> bool:
        return self.transaction is not None


@contextmanager
def writing(start: Path, what: str) -> Iterator[str | None]:
    """Hold the repository while it is planned and written; yields what became of a run that was killed, and what git has not.

    Raises:
        WorkspaceError: no repository, or another run holds it.
    """
    root = workspace.find_root(start)
    with store.held(root, what) as recovered:
        unsafe = None if store.can_abort(root) else at_risk(git.uncommitted(root))
        yield "; ".join(said for said in (recovered, unsafe) if said) or None


def update(request: Request, progress: Progress = lambda _: None) -> Updated:
    """Plan an update in memory; nothing is written.

    Raises:
        WorkspaceError: no repository, or one that cannot be read.
        UsageError: a wrong address, an unknown file to restore, a decision that cannot stay.
        SpecError: pipegen.yml would not be valid.
        BlueprintError: a blueprint that is not there, or does not render.
    """
    return _Update(request, progress).planned()


def interrupted(start: Path) -> str | None:
    """What a killed run left to be finished by the next writing command, in a sentence; None where there is nothing."""
    return store.interrupted(workspace.find_root(start))


def apply(updated: Updated) -> Updated:
    """Carry the plan out, inside :func:`writing`.

    Returns:
        The plan as it was carried out: a file that was edited meanwhile is a conflict.

    Raises:
        WorkspaceError: it could not be written; nothing was changed.
    """
    if updated.transaction is None:
        return updated
    dirty = git.uncommitted(updated.root)
    refused = store.apply(updated.root, updated.transaction)
    if not (refused or updated.transaction.keep_backup):
        store.forget_backup(updated.root)
    if not refused:
        back = None if updated.unresolved else undo(updated.root, updated.transaction, dirty, Path.cwd())
        return replace(updated, plan=replace(updated.plan, notes=(*updated.plan.notes, back))) if back else updated
    note = "edited while the update ran: yours stays, the new render lies aside"
    actions = [
        replace(a, action="conflict", content=None, note=note) if a.path in refused else a for a in updated.plan.actions
    ]
    plan = replace(updated.plan, actions=tuple(actions))
    return replace(updated, plan=plan, unresolved=tuple(sorted({*updated.unresolved, *refused})))


def abort(start: Path) -> store.Aborted:
    """Take the last update back: only the bytes that it wrote; what was edited since is set aside.

    Raises:
        UsageError: there is no update to take back.
    """
    root = workspace.find_root(start)
    if not store.can_abort(root):
        raise UsageError(
            "there is no update to take back", hint="one can be taken back while its conflicts are open; else use git"
        )
    return store.abort(root)


class _Update:
    """One update while it is planned."""

    def __init__(self, request: Request, progress: Progress) -> None:
        self.request = request
        self.progress = progress
        self.root = workspace.find_root(request.start)
        self.work = Folder(self.root)
        self.bases = Bases(self.root)
        self.lock = lock_of(self.root)
        self.given: Given = given_inputs(self.root, self.lock, request, progress)

    def planned(self) -> Updated:
        settled = settle(self.lock, self.work, self.bases.get, resolved=self.request.settle)
        if not self._anything_to_do(settled.files != self.lock.files):
            return Updated(self.root, ChangePlan(str(self.root), ()), None, tuple(sorted(settled.open)))
        before = self.lock.model_copy(update={"files": settled.files})
        rendering = self.given.theirs.render(before, self._inputs_before, self.request.accept, self.progress)
        inputs, changed = self._inputs(rendering)
        table = self._table(before, rendering)
        merge = merge_tree(before, rendering.tree, table, rendering.renames, settled.open)
        fresh = rendering.lock.model_copy(update={"inputs": {p: digest(c) for p, c in inputs.items()}})
        made = transaction(
            f"update to catalog {fresh.catalog}" if fresh.catalog else "update", merge, fresh, self.work,
            inputs=inputs, changed_inputs=changed, seen=self.given.seen, records=rendering.records,
            archives=self.bases.archives(), forget=settled.forget,
        )  # fmt: skip
        open_now = tuple(sorted(o.path for o in merge.outcomes if o.entry is not None and o.entry.pending))
        return Updated(self.root, self._plan(merge, rendering, made), made, open_now)

    def _anything_to_do(self, settled: bool) -> bool:
        same = self.given.theirs.input == self.lock.input
        asked = self.request.accept or self.request.restore or self.given.changed
        return bool(settled or asked or not same)

    def _inputs(self, rendering: Rendering) -> tuple[dict[str, bytes], dict[str, bytes | None]]:
        """The inputs, and those that are written, with what the render itself puts into pipegen.yml."""
        if not rendering.changes:
            return self.given.inputs, self.given.changed
        spec = {workspace.SPEC_FILE: edited(self.given.inputs[workspace.SPEC_FILE], rendering.changes)}
        return {**self.given.inputs, **spec}, {**self.given.changed, **spec}

    @cached_property
    def _inputs_before(self) -> dict[str, bytes] | None:
        """The inputs of the last render; None where no base has them all."""
        try:
            return inputs_of(self.root, self.lock)
        except WorkspaceError:
            return None

    def _table(self, before: Lock, rendering: Rendering) -> Table:
        unknown = [p for p in self.request.restore if p not in before.files and p not in rendering.tree]
        if unknown:
            raise UsageError(
                f"`--restore {unknown[0]}`: no such file was rendered", hint="`pipegen status` lists the deleted ones"
            )
        for path in self.request.restore:
            to = before.files[path].to if path in before.files else None
            if to is not None and self.work.at(to).kind != "absent":
                raise UsageError(
                    f"`--restore {path}`: it is at `{to}`, where you moved it", hint="move it back yourself"
                )
        there = [p for p in self.request.restore if self.work.at(p).kind != "absent"]
        if there:
            raise UsageError(
                f"`--restore {there[0]}`: the file is there", hint="delete it first, or look at `pipegen diff`"
            )
        to = f"pipegen, catalog {rendering.lock.catalog}" if rendering.lock.catalog else "pipegen"
        return Table(
            work=self.work, pristine=self.bases.get, parses=lambda path, content: parse_problem(path, content) is None,
            moved=Gone(before, self.work).to, style=self.request.conflict, labels=Labels(theirs=to),
            restore=frozenset(self.request.restore),
        )  # fmt: skip

    def _plan(self, merge: Merge, rendering: Rendering, made: Transaction | None) -> ChangePlan:
        blueprints = {file.path: file.blueprint for file in rendering.tree}
        actions = merge.actions(blueprints)
        for step in made.steps if made else ():
            if step.kind == "input":
                here = self.work.at(step.path)
                action = "delete" if step.content is None else "create" if here.content is None else "update"
                actions.append(Action(action, step.path, None, step.content, note="input", before=here.content))
        return ChangePlan(
            str(self.root), tuple(sorted(actions, key=lambda a: a.path)), rendering.decisions, rendering.sizing,
            rendering.open_questions, notes=(*self.given.notes, *rendering.notes),
        )  # fmt: skip
