"""The moves of a committed transaction: carried out, or taken back. Either goes on where a killed run left off.

What is to be done at a path is told by what stands there: what it is to be, and nothing is; what it was, and the move is made;
anything else was edited meanwhile.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path, PurePosixPath

from pipegen.core.errors import WorkspaceError
from pipegen.core.lock import BASE_FOLDER, refusing
from pipegen.core.worktree import ABSENT, Found
from pipegen.store import disk, journal
from pipegen.store.journal import Journal, Move, Record, aside, free_aside
from pipegen.store.worktree import Folder

FOLDER = Found("folder").stamp
GONE = ABSENT.stamp


class EditedError(WorkspaceError):
    """Something that an apply relies on was edited while it went on."""

    def __init__(self, path: str) -> None:
        super().__init__(f"`{path}` was edited meanwhile", hint="run it again: it starts from what is there now")


class Moves:
    """Carries a transaction out, or back.

    ``at`` is the path that is being worked on; ``left`` are paths that were not taken back, because they were edited meanwhile.
    """

    def __init__(self, root: Path, opened: Journal, record: Record, *, resumed: bool) -> None:
        self.at = journal.TRANSACTION
        self.left: list[str] = []
        self.record = record
        self._root = root
        self._journal = opened
        self._resumed = resumed
        self._work = Folder(root)
        self._touched: set[str] = set()
        self._lock = next(n for n, move in enumerate(record.moves) if move.kind == "lock")

    def forward(self) -> None:
        """Make every move up to the lock's. After that, the transaction is done, and :meth:`finish` cleans up.

        Raises:
            EditedError: an input or the lock was edited meanwhile.
            WorkspaceError: something else stands in the place of a record.
            OSError: the system refuses.
        """
        lock = self.record.moves[self._lock]
        if self._resumed and lock.old != lock.new and self._work.at(lock.path).stamp == lock.new:
            return
        for n, move in enumerate(self.record.moves):
            if move.beside in self.record.refused and move.path not in self.record.refused:
                self._refuse(move)
            if move.kind not in ("lock", "after") and move.path not in self.record.refused:
                self._make(n, move)
        for n, move in enumerate(self.record.moves):
            if move.kind in ("input", "file") and move.path not in self.record.refused:
                self._keep_late_edit(n, move)
        self._sync()
        self._make_lock()

    def finish(self) -> None:
        """What comes after the lock; whatever of it a kill prevents, the next run does.

        Raises:
            OSError: the system refuses.
        """
        record = self.record
        for n, move in enumerate(record.moves):
            needed = record.refused and not record.abort and move.path.startswith(f"{BASE_FOLDER}/")
            if move.kind == "after" and not needed:  # the base of a refused file is in an older archive
                with contextlib.suppress(OSError, WorkspaceError):  # it is offered again by the next update
                    self._make(n, move)
        for move in record.moves:
            # Only now: taking back never has to make a folder, for which a full disk has no room.
            if move.new == GONE and self._work.at(move.path).kind == "absent":
                self._remove_emptied(move.path)
            if move.path in record.refused and move.staged and self._journal.is_staged(move.staged):
                where = self._free(move.path, "old") if record.abort else aside(move.path, "theirs")
                self._set_aside(self._journal.staged(move.staged), where)
        self._sync()
        if record.keep:
            journal.keep(self._root)
            return
        journal.drop(self._root, journal.BACKUP)
        journal.drop(self._root, journal.TRANSACTION)

    def take_back(self) -> None:
        """Put back what stood there, where what stands there now is what the transaction wrote.

        Raises:
            OSError: the system refuses; the next run tries again.
        """
        self._journal.turn()
        for n, move in reversed(list(enumerate(self.record.moves))):
            if move.path not in self.record.refused:
                self._restore(n, move)
        for folder in sorted(self.record.made, key=len, reverse=True):
            self._remove_folder(folder)
        self._sync()
        journal.drop(self._root, journal.TRANSACTION)

    def is_reverted(self) -> bool:
        """Whether somebody took a killed run back by hand, as ``git checkout`` does: files that were moved stand as they stood."""
        lock = self.record.moves[self._lock]
        here = self._work.at(lock.path).stamp
        if here not in (lock.old, lock.new):
            return True
        if here == lock.new != lock.old:
            return False
        moved = [m for m in self.record.moves if m.staged and m.old != m.new and m.path not in self.record.refused]
        return any(self._work.at(m.path).stamp == m.old and not self._journal.is_staged(m.staged or "") for m in moved)

    def _make(self, n: int, move: Move) -> None:
        self.at = move.path
        here = self._work.at(move.path)
        done = here.stamp == move.new or (move.new == GONE and here.kind == "folder")  # with files that took its place
        if not done and not (_as_planned(move, here) and self._made(n, move, here)):
            self._refuse(move)

    def _made(self, n: int, move: Move, here: Found) -> bool:
        """Make a move; False where something else came there meanwhile."""
        try:
            make = self.record.folders if move.staged else None
            with disk.folder_of(self._root, move.path, make=make) as (folder, name):
                if here.content is not None and not self._journal.holds(n, folder, name):
                    self._journal.back_up(n, move.path)
                if disk.look(name, folder).stamp != here.stamp:
                    return False
                # Last, so that only a new file that is put there between this call and the next one is overlooked.
                if here.content is not None and not self._journal.holds(n, folder, name):
                    return False
                if here.kind == "folder":
                    self._remove_empty(move.path)
                if move.staged:
                    put = disk.move_to_free if here.content is None else disk.move
                    put(self._journal.staged(move.staged), (folder, name))
                else:
                    os.unlink(name, dir_fd=folder)
        except NotADirectoryError:
            return False
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.EISDIR):
                return False
            raise
        self._touch(move.path)
        return True

    def _refuse(self, move: Move) -> None:
        if move.kind == "file":
            self.record.refused.append(move.path)
        elif move.kind != "input":
            hint = "remove what is there; no more than plain files belong into .pipegen/"
            raise WorkspaceError(f"`{move.path}` cannot be written: something else is in its place", hint=hint)
        elif not self._resumed:
            raise EditedError(move.path)  # in a resumed run it stays as it was edited: the next update reads it

    def _keep_late_edit(self, n: int, move: Move) -> None:
        """An edit that was written into the very file while it was replaced: it comes back."""
        stood = self._journal.stood(n)
        if stood.kind != "file" or stood.stamp == move.old or self._work.at(move.path).stamp == move.old:
            return
        self.at = move.path
        if self._work.at(move.path).stamp != move.new:  # and another one after that
            self._set_aside(self._journal.old(n), self._free(move.path, "edited"))
            return
        with disk.folder_of(self._root, move.path, make=self.record.folders) as place:
            if move.staged and not self._journal.is_staged(move.staged):
                disk.linked(place, self._journal.staged(move.staged))
            disk.move(self._journal.old(n), place)
        self._touch(move.path)
        self._refuse(move)

    def _make_lock(self) -> None:
        move = self.record.moves[self._lock]
        self.at = move.path
        if self.record.refused:
            move = self._without_refused(move)
        here = self._work.at(move.path)
        if here.stamp not in (move.old, move.new) or (
            here.stamp != move.new and not self._made(self._lock, move, here)
        ):
            raise EditedError(move.path)
        self._sync()

    def _without_refused(self, move: Move) -> Move:
        """The lock's move with a lock that knows what was refused; the journal knows it first."""
        if not self.record.abort:
            planned = self._journal.content(str(self._lock))
            before = self._journal.stood(self._lock).content or planned
            name = str(len(self.record.moves) + len(self.record.refused))
            mode = int(move.new.split()[1], 8)
            found = self._journal.stage_anew(name, refusing(planned, before, self.record.refused), mode)
            move = move.model_copy(update={"new": found.stamp, "staged": name})
            self.record.moves[self._lock] = move
        self._journal.save(self.record)
        return move

    def _restore(self, n: int, move: Move) -> None:
        self.at = move.path
        here = self._work.at(move.path)
        if here.stamp == move.old:
            return
        if move.new == GONE and here.kind == "folder":
            with contextlib.suppress(OSError):  # the files that took its place are gone again
                self._remove_empty(move.path)
                here = self._work.at(move.path)
        if here.stamp != move.new and not (move.old == FOLDER and here.kind == "absent"):
            self._leave(n, move)
            return
        stood = self._journal.stood(n)
        if stood.kind == "absent":
            self._clear(move.path, here)
        if move.old == FOLDER:
            with disk.folder_of(self._root, f"{move.path}/x", make=self.record.folders):
                pass
        elif stood.kind != "absent":
            with disk.folder_of(self._root, move.path, make=self.record.folders) as place:
                disk.move(self._journal.old(n), place)
        self._touch(move.path)

    def _clear(self, path: str, here: Found) -> None:
        if here.kind != "absent":
            with disk.folder_of(self._root, path) as (folder, name):
                os.unlink(name, dir_fd=folder)

    def _leave(self, n: int, move: Move) -> None:
        """What was edited after the transaction wrote it stays; what stood there before is put aside."""
        stood = self._journal.stood(n)
        written = not self._journal.is_staged(move.staged) if move.staged else stood.stamp == move.old
        if move.kind in ("record", "after") or not written:
            return
        if stood.kind != "absent":
            self._set_aside(self._journal.old(n), self._free(move.path, "old"))
        self.left.append(move.path)

    def _set_aside(self, source: tuple[int, str], where: str) -> None:
        self.at = where
        with disk.folder_of(self._root, where, make={}) as place:
            disk.move(source, place)
        self._touch(where)

    def _free(self, path: str, suffix: str) -> str:
        return free_aside(self._work, path, suffix)

    def _remove_emptied(self, path: str) -> None:
        for folder in list(PurePosixPath(path).parents)[:-1]:
            if not self._remove_folder(str(folder)):
                return

    def _remove_empty(self, path: str) -> None:
        """Remove a folder that holds no more than empty folders; one that holds anything stays as it is, whole."""
        if self._work.below(path):
            raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY))
        for folder, _, _ in os.walk(self._root / path, topdown=False):
            relative = Path(folder).relative_to(self._root).as_posix()
            with disk.folder_of(self._root, relative) as (above, name):
                os.rmdir(name, dir_fd=above)

    def _remove_folder(self, path: str) -> bool:
        """Remove a folder that is empty; False where it is not."""
        try:
            with disk.folder_of(self._root, path) as (folder, name), contextlib.suppress(FileNotFoundError):
                os.rmdir(name, dir_fd=folder)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        self._touch(path)
        return True

    def _touch(self, path: str) -> None:
        """Have the folders on the way to a path synced: some of them may be new."""
        self._touched.update(str(folder) for folder in PurePosixPath(path).parents)

    def _sync(self) -> None:
        """Wait until all that was moved is on the disk."""
        disk.sync_folders(self._root, sorted(self._touched))
        self._touched.clear()


def _as_planned(move: Move, here: Found) -> bool:
    if here.kind == "other":
        return False
    if here.stamp == move.old:
        return True
    if move.old == FOLDER:
        return here.kind == "absent"
    return move.kind in ("record", "after") and here.kind != "folder"
