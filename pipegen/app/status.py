"""``pipegen status``: what differs from the last render."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipegen.app import template
from pipegen.app.inputs import sources_of
from pipegen.app.render_update import read_pipeline
from pipegen.app.repository import lock_of
from pipegen.core.errors import BlueprintError
from pipegen.core.lock import Lock
from pipegen.core.spec.template import is_template_spec
from pipegen.core.update.compare import place
from pipegen.core.update.gone import Gone
from pipegen.store import transaction, workspace, yaml_file
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
    root = workspace.find_root(start)
    lock = lock_of(root)
    document = yaml_file.read(root / workspace.SPEC_FILE, workspace.SPEC_FILE)
    waits = transaction.interrupted(root)
    outdated = (
        _of_template(root, document, lock) if is_template_spec(document.values) else _of_pipeline(root, document, lock)
    )
    return Status(
        root, len(lock.files), tuple(_differences(root, lock)), tuple([waits, *outdated] if waits else outdated)
    )


def _differences(root: Path, lock: Lock) -> list[Difference]:
    work = Folder(root)
    files = lock.files
    places = {path: place(path, entry, work) for path, entry in files.items()}
    digests = work.digests(places[path] for path, entry in files.items() if entry.ownership != "once" or entry.pending)
    found = []
    for path, entry in files.items():
        at = places[path]
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
            if at != path:
                found.append(Difference("moved", path, f"to {at}"))
            if digests[at] != entry.sha256:
                found.append(Difference("edited", at))
    gone = Gone(lock, work, frozenset(digests))
    found += [Difference("moved", path, f"to {to}") if to else Difference("deleted", path) for path, to in gone.paths()]
    return sorted(found, key=lambda d: (KINDS.index(d.kind), d.path))


def _of_template(root: Path, document: yaml_file.Document, lock: Lock) -> list[str]:
    return template.outdated(document.values, root, lock, document.locate)


def _of_pipeline(root: Path, document: yaml_file.Document, lock: Lock) -> list[str]:
    """Why an update would change something: an edited spec, or newer blueprints."""
    raw = sources_of(lambda path: workspace.read_file(root, path), document.values, {})
    try:
        pipeline = read_pipeline(root, document, raw, lock)
    except BlueprintError as error:
        return [error.message]
    digests = {b.name: b.digest for b in pipeline.blueprints}
    locked = {name: entry.digest for name, entry in lock.blueprints.items()}
    reasons = [
        f"blueprint {name} has changed since the last render"
        for name in sorted(digests.keys() | locked.keys())
        if digests.get(name) != locked.get(name)
    ]
    if pipeline.spec.catalog != lock.catalog:
        reasons.append(f"pipegen.yml asks for catalog {pipeline.spec.catalog}, rendered is {lock.catalog}")
    if not reasons and pipeline.input != lock.input:
        reasons.append("pipegen.yml or sources/ changed since the last render")
    return reasons
