"""A generated repository as it is on disk: its spec, its measurements, its lock."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from pipegen.core.errors import Problem, SpecError, WorkspaceError
from pipegen.core.lock import LOCK_PATH, Lock, read_lock
from pipegen.core.measured import Measured
from pipegen.core.spec import load as spec_load
from pipegen.core.spec.model import PipelineSpec
from pipegen.core.tree import digest
from pipegen.probe import registry
from pipegen.store import workspace, yaml_file
from pipegen.store.base import Bases
from pipegen.store.worktree import Folder


@dataclass(frozen=True)
class Repository:
    """One generated repository, read."""

    root: Path
    spec: PipelineSpec
    document: yaml_file.Document
    measured: dict[str, Measured]
    lock: Lock


def open_repository(start: Path) -> Repository:
    """Read the repository at or above ``start``.

    Raises:
        WorkspaceError: no repository, or no lock in it.
        SpecError: everything that is wrong with pipegen.yml and ``sources/``.
    """
    root = workspace.find_root(start)
    document = yaml_file.read(root / workspace.SPEC_FILE, workspace.SPEC_FILE)
    lock = lock_of(root)
    spec = spec_load.load({"catalog": lock.catalog, **document.values}, document.locate)
    return Repository(root, spec, document, measured_in(root, list(spec.sources), registry.unseen(spec.sources)), lock)


def lock_of(root: Path) -> Lock:
    """The lock of a repository.

    Raises:
        WorkspaceError: it is missing or cannot be read.
    """
    raw = workspace.read_file(root, LOCK_PATH)
    if raw is None:
        raise WorkspaceError(f"{LOCK_PATH} is missing", hint=f"restore it from git: `git checkout {LOCK_PATH}`")
    return read_lock(raw)


def measured_in(root: Path, sources: list[str], unseen: Collection[str] = ()) -> dict[str, Measured]:
    """``sources/NAME.yml`` of every source named; one that is ``unseen`` may have none.

    Raises:
        SpecError: one that is missing, or is not what the format says.
    """
    raw = {name: read for name in sources if (read := workspace.read_file(root, f"sources/{name}.yml")) is not None}
    return measured_from(raw, sources, unseen)


def measured_from(raw: Mapping[str, bytes], sources: list[str], unseen: Collection[str] = ()) -> dict[str, Measured]:
    """What was measured of every source named, from the bytes of ``sources/NAME.yml`` by name; otherwise as :func:`measured_in`."""
    measured: dict[str, Measured] = {}
    problems: list[Problem] = []
    for name in sources:
        path = f"sources/{name}.yml"
        if name not in raw:
            if name in unseen:
                continue
            problems.append(
                Problem(f"`{path}` is missing", None, "restore it from git, or run `pipegen new` again elsewhere")
            )
            continue
        document = yaml_file.parse(raw[name], path)
        try:
            measured[name] = Measured.model_validate(document.values)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                at = tuple(detail["loc"])
                problems.append(Problem(f"`{spec_load.dotted(at)}`: {detail['msg']}", document.locate(at)))
    if problems:
        raise SpecError(problems)
    return measured


def inputs_of(root: Path, lock: Lock) -> dict[str, bytes]:
    """The inputs of the last render by path.

    Raises:
        WorkspaceError: one has changed since, and no base has it as it was.
    """
    work, bases = Folder(root), Bases(root)
    found: dict[str, bytes] = {}
    for path, sha in lock.inputs.items():
        here = work.read(path)
        content = here if here is not None and digest(here) == sha else bases.get(sha)
        if content is None:
            raise WorkspaceError(f"`{path}` as it was at the last render is in no base of `.pipegen/base/`")
        found[path] = content
    if workspace.SPEC_FILE not in found:
        raise WorkspaceError("the lock names no inputs of the last render", hint="`pipegen update` writes a lock anew")
    return found
