"""``pipegen status``: what differs from the last render."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipegen.app import generate
from pipegen.app.repository import Repository, open_repository
from pipegen.core.errors import BlueprintError
from pipegen.core.update.gone import Gone
from pipegen.store import transaction
from pipegen.store.worktree import Folder

KINDS = ("conflict", "edited", "deleted", "moved", "orphaned")


@dataclass(frozen=True)
class Difference:
    """One file that is not as it was rendered; ``kind`` is one of :data:`KINDS`."""

    kind: str
    path: str
    note: str | None = None


@dataclass(frozen=True)
class Status:
    """What differs, and whether the repository is behind its spec or its blueprints."""

    root: Path
    files: int
    differences: tuple[Difference, ...]
    outdated: tuple[str, ...]

    @property
    def differs(self) -> bool:
        return bool(self.differences or self.outdated)

    def document(self) -> dict[str, Any]:
        """The status as ``--json`` prints it."""
        return {
            "schema_version": 1,
            "root": str(self.root),
            "files": self.files,
            "differences": [{"kind": d.kind, "path": d.path, "note": d.note} for d in self.differences],
            "outdated": list(self.outdated),
        }


def status(start: Path) -> Status:
    """Compare a repository with its lock; nothing is written.

    Raises:
        WorkspaceError: no repository, or no readable lock.
        SpecError: pipegen.yml is not valid.
    """
    repository = open_repository(start)
    return Status(
        repository.root, len(repository.lock.files), tuple(_differences(repository)), tuple(_outdated(repository))
    )


def _differences(repository: Repository) -> list[Difference]:
    work = Folder(repository.root)
    files = repository.lock.files
    digests = work.digests(
        entry.to or path for path, entry in files.items() if entry.ownership != "once" or entry.pending
    )
    found = []
    for path, entry in files.items():
        at = entry.to or path
        if entry.pending:
            found.append(Difference("conflict", at, "resolve it, then `pipegen update --continue`"))
        elif entry.ownership == "once":
            continue
        elif entry.state == "orphaned":
            if at in digests:
                found.append(Difference("orphaned", at, "no longer rendered; kept because you changed it"))
        elif at not in digests:
            if entry.state == "deleted":
                found.append(Difference("deleted", path))
        elif digests[at] is None:
            found.append(Difference("edited", at, "no longer a plain file"))
        else:
            if entry.state == "moved":
                found.append(Difference("moved", path, f"to {at}"))
            if digests[at] != entry.sha256:
                found.append(Difference("edited", at))
    gone = Gone(repository.lock, work, frozenset(digests))
    found += [Difference("moved", path, f"to {to}") if to else Difference("deleted", path) for path, to in gone.paths()]
    return sorted(found, key=lambda d: (KINDS.index(d.kind), d.path))


def _outdated(repository: Repository) -> list[str]:
    """Why an update would change something: a killed one, an edited spec, or newer blueprints."""
    waits = transaction.interrupted(repository.root)
    reasons = [waits] if waits else []
    try:
        blueprints = generate.selected(repository.spec, repository.root)
    except BlueprintError as error:
        return [*reasons, error.message]
    digests = {b.manifest.name: b.digest for b in blueprints}
    locked = {name: entry.digest for name, entry in repository.lock.blueprints.items()}
    for name in sorted(digests.keys() | locked.keys()):
        if digests.get(name) != locked.get(name):
            reasons.append(f"blueprint {name} has changed since the last render")
    if repository.spec.catalog != repository.lock.catalog:
        reasons.append(f"pipegen.yml asks for catalog {repository.spec.catalog}, rendered is {repository.lock.catalog}")
    if not reasons and generate.input_digest(repository.spec, repository.measured, locked) != repository.lock.input:
        reasons.append("pipegen.yml or sources/ changed since the last render")
    return reasons
