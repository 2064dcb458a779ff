"""Writing to a repository, all of it or nothing.

Everything that is to change lies ready in the journal before anything changes. A kill at any point leaves the old tree, the new one, or one
that the next command that writes finishes or takes back. What a person edits meanwhile is never overwritten.
"""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from pipegen.core.errors import WorkspaceError
from pipegen.core.lock import LOCK_PATH
from pipegen.core.transaction import Step, Transaction
from pipegen.core.tree import MODE_FILE
from pipegen.store import disk, journal
from pipegen.store.backwards import backwards
from pipegen.store.journal import BACKUP, TRANSACTION, Journal, Move, Record
from pipegen.store.moves import GONE, EditedError, Moves
from pipegen.store.worktree import Folder
from pipegen.store.writer import other_writer, writing

_NOTHING = "; nothing was changed"


@dataclass(frozen=True)
class Aborted:
    """What taking back did: the paths that are as they were, and where that lies which was edited since and gave way."""

    restored: tuple[str, ...]
    set_aside: tuple[str, ...]


@contextlib.contextmanager
def held(root: Path, what: str) -> Iterator[str | None]:
    """Be the one that writes to a repository; ``what`` names it to others. What a killed run left is finished or taken back first.

    Yields:
        A sentence about that, None where there was nothing.

    Raises:
        WorkspaceError: another process writes to it, or what a killed run left cannot be finished.
    """
    with writing(root, what):
        yield _recovered(root)


def interrupted(root: Path) -> str | None:
    """What a command that only reads says: that another one writes at this moment, or that a killed one waits to be finished."""
    other = other_writer(root)
    if other is not None:
        return f"another pipegen writes to this repository at this moment: {other}"
    if not journal.is_committed(root, TRANSACTION):
        return None
    with _refused_to_read(), journal.opened(root, TRANSACTION) as opened:
        what = opened.record().what
    return f"{what} was killed half-way: the next command that writes (`pipegen update`) finishes it or takes it back"


def apply(root: Path, transaction: Transaction) -> tuple[str, ...]:
    """Carry a transaction out; to be called inside :func:`held`.

    Returns:
        The paths of ``file`` steps that were left alone because they were edited meanwhile: what was to stand there lies below
        ``.pipegen/conflicts/``, and the lock says so.

    Raises:
        WorkspaceError: an input or the lock was edited meanwhile, a path is unsafe, or the system refuses; nothing was changed.
    """
    return _carried_out(root, transaction, {}, abort=False)


def can_abort(root: Path) -> bool:
    """Whether there is a transaction that :func:`abort` takes back."""
    return journal.is_committed(root, BACKUP)


def forget_backup(root: Path) -> None:
    """Give up that the last transaction can be taken back."""
    try:
        journal.drop(root, BACKUP)
    except OSError as error:
        raise disk.refusal(BACKUP, error) from error


def abort(root: Path) -> Aborted:
    """Take the last transaction back that was kept; to be called inside :func:`held`.

    What was edited since is put aside, below ``.pipegen/conflicts/``, before the old bytes come back.

    Raises:
        WorkspaceError: there is none, or the system refuses; nothing was changed.
    """
    if not can_abort(root):
        raise WorkspaceError("there is no update to take back", hint="see what differs with `pipegen status`")
    with _refused_to_read(), journal.opened(root, BACKUP) as kept:
        record = kept.record()
        back = backwards(Folder(root), record, kept.stood)
    left = _carried_out(root, back.transaction, record.folders, abort=True)
    return Aborted(tuple(sorted(set(back.restored) - set(left))), tuple(sorted({*back.aside, *left})))


def _carried_out(root: Path, transaction: Transaction, folders: Mapping[str, int], *, abort: bool) -> tuple[str, ...]:
    """Prepare, commit, move, clean up; ``folders`` are modes of folders that may be gone."""
    assert not journal.is_committed(root, TRANSACTION), "what a killed run left is finished by `held`, first"
    committed = False
    try:
        with journal.begun(root) as opened:
            record = _prepared(root, opened, transaction, folders, abort=abort)
            opened.commit(record, [m.staged for m in record.moves if m.staged])
            committed = True
            _all_or_nothing(Moves(root, opened, record, resumed=False))
            return tuple(record.refused)
    except BaseException as error:
        if not committed:
            with contextlib.suppress(OSError):
                journal.drop(root, TRANSACTION)
        if not committed and isinstance(error, (OSError, WorkspaceError)):
            stopped = _stopped(TRANSACTION, error)
            raise WorkspaceError(stopped.message + _NOTHING, hint=stopped.hint) from error
        raise


def _prepared(
    root: Path, opened: Journal, transaction: Transaction, folders: Mapping[str, int], *, abort: bool
) -> Record:
    """The journal's text, all that it speaks of staged and backed up; nothing in the tree is touched."""
    work = Folder(root)
    here = work.at(LOCK_PATH)
    lock = Step("record", LOCK_PATH, transaction.lock, here.mode or MODE_FILE, transaction.lock_expects)
    steps: list[tuple[str, Step]] = [(step.kind, step) for step in transaction.steps]
    steps += [("lock", lock), *(("after", step) for step in transaction.after)]
    try:
        moves = []
        for n, (kind, step) in enumerate(steps):
            new, name = GONE, None
            if step.content is not None:
                new, name = opened.stage(str(n), step.content, step.mode).stamp, str(n)
            values = {
                "kind": kind,
                "path": step.path,
                "old": step.expects,
                "new": new,
                "staged": name,
                "beside": step.beside,
            }
            moves.append(Move.model_validate(values))
            opened.back_up(n, step.path)
        modes, made = _folders_on_the_way(root, [move.path for move in moves])
        record = Record(
            what=transaction.what, abort=abort, keep=transaction.keep_backup, moves=moves,
            folders={**folders, **modes}, made=made,
        )  # fmt: skip
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise WorkspaceError(str(first.get("ctx", {}).get("error", first["msg"]))) from None
    _check(work, record)
    return record


def _check(work: Folder, record: Record) -> None:
    """What would stop the transaction half-way stops it now."""
    for folder in (journal.CONFLICTS, BACKUP):
        if work.at(folder).kind not in ("absent", "folder"):
            raise WorkspaceError(f"`{folder}` cannot be written: it is no folder", hint="remove it")
    for move in record.moves:
        if move.kind in ("input", "lock") and work.at(move.path).stamp != move.old:
            raise EditedError(move.path)


def _folders_on_the_way(root: Path, paths: list[str]) -> tuple[dict[str, int], list[str]]:
    """The modes of the folders that the paths lie in, or are; and those of them that are not there."""
    modes: dict[str, int] = {}
    missing = []
    for folder in sorted(
        {str(p) for path in paths for p in (PurePosixPath(path), *PurePosixPath(path).parents)} - {"."}
    ):
        try:
            mode = (root / folder).lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            missing.append(folder)
            continue
        if stat.S_ISDIR(mode):
            modes[folder] = stat.S_IMODE(mode)
    return modes, [folder for folder in missing if folder not in paths]


def _all_or_nothing(moves: Moves) -> None:
    try:
        moves.forward()
    except BaseException as error:
        _take_back(moves, error)
        raise
    with contextlib.suppress(OSError, WorkspaceError):  # all is done; the next command that writes cleans up
        moves.finish()


def _take_back(moves: Moves, error: BaseException) -> None:
    """Take back what was moved before ``error``, and say what that means for the tree."""
    stopped = _stopped(moves.at, error)
    try:
        moves.take_back()
    except (OSError, WorkspaceError) as second:
        hint = f"mend that and run this again: it finishes that first. What stood there before is in {TRANSACTION}/old/"
        failed = f", and it could not be taken back: {_stopped(moves.at, second).message}"
        raise WorkspaceError(stopped.message + failed, hint=hint) from error
    if moves.left:
        stay = ", ".join(f"`{path}`" for path in moves.left)
        edited = f"; all was taken back but {stay}: edited meanwhile, what stood there is in {journal.CONFLICTS}/"
        raise WorkspaceError(stopped.message + edited, hint=stopped.hint) from error
    if isinstance(error, (OSError, WorkspaceError)):
        raise WorkspaceError(stopped.message + _NOTHING, hint=stopped.hint) from error


def _stopped(at: str, error: BaseException) -> WorkspaceError:
    """What stopped a transaction at a path, for people."""
    if isinstance(error, OSError):
        return disk.refusal(at, error)
    return error if isinstance(error, WorkspaceError) else WorkspaceError(f"interrupted at `{at}`")


def _recovered(root: Path) -> str | None:
    """Finish or take back what a killed run left; a sentence about it."""
    at = TRANSACTION
    try:
        if not journal.is_committed(root, TRANSACTION):
            journal.drop(root, TRANSACTION)
            return None
        with journal.opened(root, TRANSACTION) as opened:
            moves = Moves(root, opened, opened.record(), resumed=True)
            at = ""
            what = f"{moves.record.what}, which was killed half-way, is"
            if opened.turned or moves.is_reverted():
                moves.take_back()
                return f"{what} taken back" + _edited(moves.left)
            moves.forward()
            moves.finish()
            return f"{what} finished" + _edited(moves.record.refused)
    except OSError as error:
        stopped = disk.refusal(at or moves.at, error)
        waits = "; a run that was killed half-way waits to be finished"
        raise WorkspaceError(stopped.message + waits, hint=stopped.hint) from error


def _edited(paths: list[str]) -> str:
    return f"; edited meanwhile, so left alone: {', '.join(sorted(paths))}" if paths else ""


@contextlib.contextmanager
def _refused_to_read() -> Iterator[None]:
    """Say what the system refused, where nothing is written."""
    try:
        yield
    except OSError as error:
        raise WorkspaceError(f"the journal in `{TRANSACTION}` cannot be read: {error.strerror}") from error
