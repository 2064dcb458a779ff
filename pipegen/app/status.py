"""``pipegen status``: what differs from the last render."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipegen.app import generate
from pipegen.app.repository import Repository, open_repository
from pipegen.core.errors import BlueprintError
from pipegen.core.tree import digest
from pipegen.store import workspace

# Folders that a run of the pipeline fills: nothing in them was rendered.
_RUN_FOLDERS = frozenset(
    {".git", ".venv", ".pipegen", ".airflow", "data", "logs", "target", "node_modules", "__pycache__"}
)
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
    found: list[Difference] = []
    missing: dict[str, list[str]] = {}
    for path, entry in sorted(repository.lock.files.items()):
        content = workspace.read_file(repository.root, path)
        if entry.pending:
            found.append(Difference("conflict", path, "resolve it, then `pipegen update --continue`"))
        elif entry.state == "orphaned":
            found.append(Difference("orphaned", path, "no longer rendered; kept because you edited it"))
        elif content is None and os.path.lexists(repository.root / path):
            if entry.ownership != "once":
                found.append(Difference("edited", path, "no longer a plain file"))
        elif content is None:
            if entry.state != "deleted" and entry.ownership != "once":
                missing.setdefault(entry.sha256, []).append(path)
        elif digest(content) != entry.sha256 and entry.ownership != "once":
            found.append(Difference("edited", path))
    found += _gone(repository, missing)
    return sorted(found, key=lambda d: (KINDS.index(d.kind), d.path))


def _gone(repository: Repository, missing: dict[str, list[str]]) -> list[Difference]:
    """Files that are not where they were rendered: moved, where exactly one other file has their bytes."""
    if not missing:
        return []
    holders: dict[str, list[str]] = {}
    for path, content in workspace.walk(repository.root, lambda folder: folder.split("/")[-1] in _RUN_FOLDERS):
        if path not in repository.lock.files and (sha := digest(content)) in missing:
            holders.setdefault(sha, []).append(path)
    found = []
    for sha, paths in missing.items():
        to = holders.get(sha, [])
        for path in paths:
            moved = len(to) == 1 and len(paths) == 1
            found.append(Difference("moved", path, f"to {to[0]}") if moved else Difference("deleted", path))
    return found


def _outdated(repository: Repository) -> list[str]:
    """Why an update would change something: an edited spec, or newer blueprints."""
    reasons = []
    try:
        blueprints = generate.selected(repository.spec, repository.root)
    except BlueprintError as error:
        return [error.message]
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
