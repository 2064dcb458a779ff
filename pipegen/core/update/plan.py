"""A whole update: every file's outcome, the new lock, the new base, and the steps that an apply takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from pipegen.core.lock import LOCK_PATH, Lock, base_archive, lock_text, locked
from pipegen.core.plan import Action
from pipegen.core.transaction import Step, Transaction
from pipegen.core.tree import MODE_FILE, FileTree
from pipegen.core.update.match import Renames, matched
from pipegen.core.update.outcome import Outcome, Write
from pipegen.core.update.settle import CONFLICTS_FOLDER
from pipegen.core.update.table import Table
from pipegen.core.worktree import Found, Worktree


@dataclass(frozen=True)
class Merge:
    """What becomes of every file, in path order."""

    outcomes: tuple[Outcome, ...]

    @property
    def conflicts(self) -> bool:
        return any(o.entry is not None and o.entry.pending for o in self.outcomes)

    def lock(self, fresh: Lock) -> Lock:
        """The lock after the update; ``fresh`` is that of a new repository of the same input."""
        return fresh.model_copy(update={"files": {o.path: o.entry for o in self.outcomes if o.entry is not None}})

    def base(self, inputs: Mapping[str, bytes]) -> tuple[str, bytes]:
        """The path and the bytes of the sealed base after the update."""
        held = dict(inputs)
        for outcome in self.outcomes:
            held |= outcome.base
        return base_archive(held)

    def actions(self, blueprints: Mapping[str, str]) -> list[Action]:
        """The change plan's actions; ``blueprints`` name who renders a path."""
        return [_action(o, blueprints.get(o.path)) for o in self.outcomes if o.action is not None]


def merge_tree(lock: Lock, tree: FileTree, table: Table, renames: Renames, unsettled: frozenset[str]) -> Merge:
    """Merge a new render into a working tree.

    ``unsettled`` are the paths of the lock whose conflict is still open.
    """
    pairs = matched(lock.files, tree, renames)
    outcomes: list[Outcome] = []
    vanishing: frozenset[str] | None = None
    while (now := _removed(outcomes)) != vanishing:  # a move may free the place of another
        vanishing = now
        outcomes = _rendered_before(lock, tree, replace(table, vanishing=now), pairs, unsettled)
    with_removals = replace(table, vanishing=now)
    outcomes += [with_removals.added(file) for file in tree if file.path not in pairs]
    cleared = _joined([_unblocked(o, tree, table.work, now) for o in outcomes])
    return Merge(tuple(sorted(_told_apart(cleared, tree), key=lambda o: o.path)))


def _removed(outcomes: Iterable[Outcome]) -> frozenset[str]:
    return frozenset(w.path for o in outcomes for w in o.writes if w.content is None)


def _rendered_before(
    lock: Lock, tree: FileTree, table: Table, pairs: Mapping[str, str], unsettled: frozenset[str]
) -> list[Outcome]:
    """The outcomes of the files of the lock."""
    outcomes = []
    for old in lock.files.keys() - set(pairs.values()):
        entry = lock.files[old]
        outcomes.append(table.open(old, entry) if old in unsettled else table.gone(old, entry))
    for file in tree:
        if (known := pairs.get(file.path)) is not None:
            entry = lock.files[known]
            outcomes.append(table.open(known, entry) if known in unsettled else table.changed(known, entry, file))
    return outcomes


def _joined(outcomes: list[Outcome]) -> list[Outcome]:
    """The outcomes, with one write where a file takes the place of another that moves or goes."""
    removals = {w.path: w for o in outcomes for w in o.writes if w.content is None}
    both = removals.keys() & {w.path for o in outcomes for w in o.writes if w.content is not None}

    def written(write: Write) -> Write:
        if write.path not in both:
            return write
        gone = removals[write.path]
        return replace(write, over=gone.over, beside=gone.beside)

    return [
        replace(o, writes=tuple(written(w) for w in o.writes if w.content is not None or w.path not in both))
        for o in outcomes
    ]


def _told_apart(outcomes: Iterable[Outcome], tree: FileTree) -> list[Outcome]:
    """The outcomes, each at a path of its own in the lock: an orphan leaves its path to a file that is rendered there now."""
    taken = {o.path for o in outcomes if o.entry is not None and o.path in tree and o.entry.id == tree[o.path].id}
    told = []
    for outcome in sorted(outcomes, key=lambda o: o.path):
        entry = outcome.entry
        if entry is None or (outcome.path in tree and entry.id == tree[outcome.path].id) or outcome.path not in taken:
            told.append(outcome)
            continue
        key = next(k for n in range(1, len(taken) + 2) if (k := f"{outcome.path}~{n}") not in taken)
        taken.add(key)
        base = {f".kept/{name}": content for name, content in outcome.base.items()}
        entry = entry.model_copy(update={"to": entry.to or outcome.path})
        told.append(replace(outcome, path=key, entry=entry, base=base, shown=outcome.shown or outcome.path))
    return told


def _unblocked(outcome: Outcome, tree: FileTree, work: Worktree, vanishing: frozenset[str]) -> Outcome:
    """The outcome, or a conflict where a file of the user stands in the place of a folder that it needs."""
    for write in outcome.writes:
        if write.content is None or write.over.kind not in ("absent", "folder"):
            continue
        for parent in list(PurePosixPath(write.path).parents)[:-1]:
            here = work.at(str(parent))
            if here.kind not in ("absent", "folder") and str(parent) not in vanishing:
                file = tree[outcome.path]
                now = locked(file)
                at = {"state": "moved", "to": outcome.moved_from} if outcome.moved_from else {}
                return Outcome(
                    outcome.path, now.model_copy(update={"pending": now.sha256, **at}), "conflict",
                    f"`{parent}` is there, and is no folder", aside={"theirs": file.content}, base={file.path: file.content},
                )  # fmt: skip
    return outcome


def _action(outcome: Outcome, blueprint: str | None) -> Action:
    assert outcome.action is not None
    path = outcome.shown or outcome.path
    written = next((w for w in outcome.writes if w.content is not None), None)
    removed = next((w for w in outcome.writes if w.content is None), None)
    over = removed or written
    return Action(
        outcome.action, path, blueprint, written.content if written else None, written.mode if written else MODE_FILE,
        outcome.note, over.over.content if over else None, outcome.moved_from,
    )  # fmt: skip


def conflict_files(outcome: Outcome) -> dict[str, bytes]:
    """The versions that lie beside a conflict, by path."""
    return {f"{CONFLICTS_FOLDER}/{outcome.path}.{suffix}": content for suffix, content in outcome.aside.items()}


def transaction(
    what: str,
    merge: Merge,
    fresh: Lock,
    work: Worktree,
    *,
    inputs: Mapping[str, bytes],
    changed_inputs: Mapping[str, bytes | None],
    seen: Mapping[str, Found],
    records: Mapping[str, bytes],
    archives: Iterable[str],
    forget: Iterable[str],
) -> Transaction | None:
    """The steps of an apply; None where all is as it should be.

    ``inputs`` are pipegen.yml and ``sources/`` as they will be, ``changed_inputs`` those that the update itself writes or removes,
    ``seen`` what stood there when they were read;
    ``records`` other files of ``.pipegen/``, ``archives`` the bases that are there, ``forget`` files of settled conflicts.
    """
    base_path, base = merge.base(inputs)
    asides = {path: content for o in merge.outcomes for path, content in conflict_files(o).items()}
    wanted = {base_path: base, **records, **asides}
    steps = [_record(path, content, work) for path, content in sorted(wanted.items())]
    for path, content in sorted(changed_inputs.items()):
        here = seen.get(path) or work.at(path)
        steps.append(Step("input", path, content, here.mode or MODE_FILE, here.stamp))
    steps += [Step("file", w.path, w.content, w.mode, w.over.stamp, w.beside) for w in _ordered(merge.outcomes)]
    steps = [s for s in steps if s.kind == "file" or _differs(s, work)]
    after = [_record(path, None, work) for path in {*archives, *forget} - wanted.keys()]
    text = lock_text(merge.lock(fresh))
    here = work.at(LOCK_PATH)
    if not steps and not after and here.content == text:
        return None
    return Transaction(
        what, tuple(steps), text, here.stamp, tuple(sorted(after, key=lambda s: s.path)), keep_backup=merge.conflicts
    )


def _record(path: str, content: bytes | None, work: Worktree) -> Step:
    return Step("record", path, content, MODE_FILE if content is not None else 0, work.at(path).stamp)


def _differs(step: Step, work: Worktree) -> bool:
    here = work.at(step.path)
    return here.content != step.content or (step.content is None and here.kind != "absent")


def _ordered(outcomes: Iterable[Outcome]) -> list[Write]:
    """New files first, so that a move is never without its bytes; then those that take the place of a moved one, each after that
    one's write; then removals; and those that need the place of a removed one last.
    """
    writes = [w for o in outcomes for w in o.writes]
    removed = [w for w in writes if w.content is None]
    gone = {w.path for w in removed}
    folders = {str(p) for path in gone for p in PurePosixPath(path).parents}

    def waits(write: Write) -> bool:
        return write.path in folders or any(str(p) in gone for p in PurePosixPath(write.path).parents)

    written = [w for w in writes if w.content is not None]
    first = [w for w in written if w.beside is None and not waits(w)]
    linked = {w.beside: w for w in written if w.beside is not None}
    chains = []
    for start in [*first, *(w for w in written if w.beside is None and waits(w))]:
        link = linked.pop(start.path, None)
        while link is not None:
            chains.append(link)
            link = linked.pop(link.path, None)
    return [*first, *chains, *linked.values(), *removed, *(w for w in written if w.beside is None and waits(w))]
