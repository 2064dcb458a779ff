"""``pipegen diff``: the edits since the last render, file by file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipegen.app.repository import lock_of
from pipegen.core.errors import UsageError
from pipegen.core.lock import LockedFile
from pipegen.core.names import did_you_mean, shorten
from pipegen.core.tree import digest, normalised
from pipegen.core.update.compare import place
from pipegen.core.update.gone import Gone
from pipegen.store import workspace
from pipegen.store.base import Bases
from pipegen.store.worktree import Folder


@dataclass(frozen=True)
class FileDiff:
    """One file that is not as it was rendered: its bytes then and now, None where it is not there.

    ``at`` is where it stands now; ``note`` says why there is nothing to compare.
    """

    path: str
    at: str
    rendered: bytes | None
    yours: bytes | None
    note: str | None = None


@dataclass(frozen=True)
class Edits:
    """Every edit since the last render, in path order."""

    root: Path
    files: tuple[FileDiff, ...]

    def document(self) -> dict[str, Any]:
        """The edits as ``--json`` prints them; bytes that are no UTF-8 are left out."""
        return {
            "schema_version": 1,
            "root": str(self.root),
            "files": [
                {"path": f.path, "at": f.at, "rendered": _text(f.rendered), "yours": _text(f.yours), "note": f.note}
                for f in self.files
            ],
        }


def edits(start: Path, path: str | None = None) -> Edits:
    """Compare the working tree with what was rendered; ``path`` limits it to a file or a folder.

    Raises:
        WorkspaceError: no repository, or no readable lock or base.
        UsageError: nothing was rendered at ``path``.
    """
    root = workspace.find_root(start)
    lock, work, bases = lock_of(root), Folder(root), Bases(root)
    wanted = _wanted(lock.files, path)
    places = {name: place(name, entry, work) for name, entry in wanted.items()}
    digests = work.digests(places.values())
    gone = dict(Gone(lock, work).paths())
    found = []
    for name, entry in sorted(wanted.items()):
        at = gone.get(name) or places[name]
        if entry.ownership == "once" or (digests.get(at) == entry.sha256 and at == name):
            continue
        found.append(_compared(name, at, entry, work, bases))
    return Edits(root, tuple(found))


def _wanted(files: dict[str, LockedFile], path: str | None) -> dict[str, LockedFile]:
    if path is None:
        return files
    inside = path.strip("/").removeprefix("./")
    found = {name: e for name, e in files.items() if inside in (name, e.to) or name.startswith(f"{inside}/")}
    if not found:
        raise UsageError(f"`{shorten(path)}`: nothing was rendered there", hint=did_you_mean(inside, files))
    return found


def _compared(name: str, at: str, entry: LockedFile, work: Folder, bases: Bases) -> FileDiff:
    here = work.at(at)
    yours = here.content if here.kind in ("file", "link") else None
    rendered = yours if yours is not None and digest(yours) == entry.sha256 else bases.get(entry.sha256)
    if rendered is None:
        return FileDiff(name, at, None, yours, "edited; what was rendered is in no base of `.pipegen/base/`")
    if any(side is not None and b"\0" in side for side in (rendered, yours)):
        return FileDiff(name, at, rendered, yours, "binary files differ")
    return FileDiff(name, at, normalised(rendered), None if yours is None else normalised(yours))


def _text(content: bytes | None) -> str | None:
    if content is None:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
