"""``pipegen why PATH[:LINE]``: which blueprint, answer and decision put a file, or a line of it, into a repository."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipegen.app import why_file, why_input
from pipegen.app.repository import lock_of
from pipegen.app.why_input import InputWhy
from pipegen.app.why_rendered import RenderedWhy
from pipegen.core.errors import UsageError, WorkspaceError
from pipegen.core.lock import Lock
from pipegen.core.names import did_you_mean, shorten
from pipegen.core.update.compare import place
from pipegen.core.update.gone import Gone
from pipegen.store import workspace
from pipegen.store.worktree import Folder

# `dags/shop.py:18`, and what compilers and linters print of a place: `dags/shop.py:18:5:`.
_PLACE = re.compile(r"(?P<path>.+?):(?P<line>\d+)(?::\d+)?:?")


@dataclass(frozen=True)
class Why:
    """What a file of a repository is: an input or a record in a sentence, or all that a rendered one follows from."""

    root: Path
    path: str
    about: InputWhy | RenderedWhy

    def document(self) -> dict[str, Any]:
        """The answer as ``--json`` prints it."""
        return {"schema_version": 1, "root": str(self.root), "path": self.path, **self.about.document()}


def why(start: Path, where: str) -> Why:
    """Say what put a file, or a line of it, where it is; nothing is written.

    ``where`` counts from ``start``, or from the root of the repository.

    Raises:
        WorkspaceError: no repository, or a file that is not pipegen's.
        UsageError: a folder, or a line that the file does not have.
    """
    root = workspace.find_root(start)
    lock = lock_of(root)
    given, line = _parted(where)
    _refuse_no_line(root, lock, start, where)
    for path in _candidates(root, start, given):
        known = why_input.what(root, lock, path, line)
        found = Why(root, path, known) if known is not None else _rendered(root, lock, path, line)
        if found is not None:
            return found
    raise _unknown(root, lock, start, given)


def _parted(where: str) -> tuple[str, int | None]:
    match = _PLACE.fullmatch(where)
    return (match["path"], int(match["line"])) if match else (where, None)


def _refuse_no_line(root: Path, lock: Lock, start: Path, where: str) -> None:
    """Refuse a file that is there with something behind a colon that is no number."""
    path, colon, behind = where.rpartition(":")
    if not path or not colon or _PLACE.fullmatch(where):
        return
    given = _parted(path)[0]
    known = [one for one in _candidates(root, start, given) if one in lock.files or Folder(root).at(one).kind == "file"]
    if known and not any(os.path.lexists(root / one) for one in _candidates(root, start, where)):
        what = f"`{shorten(behind)}` is no line number" if behind else "no line number stands behind the colon"
        raise UsageError(f"`{shorten(where)}`: {what}", hint=f"for example `pipegen why {known[0]}:1`")


def _candidates(root: Path, start: Path, given: str) -> list[str]:
    """The paths in the repository that a path may mean: from where the person stands, then from the root.

    Raises:
        WorkspaceError: it lies outside.
    """
    wanted = Path(given).expanduser()
    here = Path(os.path.relpath(os.path.normpath(start.resolve() / wanted), root)).as_posix()
    if here == ".." or here.startswith("../"):
        raise WorkspaceError(f"`{shorten(given)}` lies outside the repository", hint=f"which is `{root}`")
    if wanted.is_absolute() or ".." in wanted.parts or Folder(root).at(here).kind in ("file", "link"):
        return [here]
    return list(dict.fromkeys([here, wanted.as_posix()]))


def _rendered(root: Path, lock: Lock, path: str, line: int | None) -> Why | None:
    """The answer for a file of the lock, found by where it was rendered, where it was moved to, or what it holds."""
    work = Folder(root)
    name = path if path in lock.files else next((n for n, e in lock.files.items() if e.to == path), None)
    moved = dict(Gone(lock, work).paths()) if name is None or work.at(path).kind == "absent" else {}
    if name is None:
        name = next((n for n, to in moved.items() if to == path), None)
    if name is None:
        return None
    at = moved.get(name) or place(name, lock.files[name], work)
    return Why(root, at, why_file.explained(root, lock, name, at, line))


def _unknown(root: Path, lock: Lock, start: Path, given: str) -> WorkspaceError | UsageError:
    shown, candidates = shorten(given), _candidates(root, start, given)
    for path in candidates:
        inside = sorted(name for name in lock.files if path == "." or name.startswith(f"{path}/"))
        if inside:
            return UsageError(f"`{shown}` is a folder", hint=f"name a file in it: `pipegen why {inside[0]}`")
        if Folder(root).at(path).kind != "absent":
            hint = "pipegen renders no such file, and leaves it alone"
            return WorkspaceError(f"`{shown}` is not pipegen's: nothing rendered it", hint=hint)
    hint = did_you_mean(candidates[0], lock.files) or "`pipegen status` says what differs"
    return WorkspaceError(f"`{shown}` is not there, and nothing was rendered there", hint=hint)
