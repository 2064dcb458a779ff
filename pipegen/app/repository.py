"""A generated repository as it is on disk: its spec, its measurements, its lock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from pipegen.core.errors import Problem, SpecError, WorkspaceError
from pipegen.core.lock import LOCK_PATH, Lock, read_lock
from pipegen.core.measured import Measured
from pipegen.core.spec import load as spec_load
from pipegen.core.spec.model import PipelineSpec
from pipegen.store import workspace, yaml_file


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
    return Repository(root, spec, document, measured_in(root, list(spec.sources)), lock)


def lock_of(root: Path) -> Lock:
    """The lock of a repository.

    Raises:
        WorkspaceError: it is missing or cannot be read.
    """
    raw = workspace.read_file(root, LOCK_PATH)
    if raw is None:
        raise WorkspaceError(f"{LOCK_PATH} is missing", hint=f"restore it from git: `git checkout {LOCK_PATH}`")
    return read_lock(raw)


def measured_in(root: Path, sources: list[str]) -> dict[str, Measured]:
    """``sources/NAME.yml`` of every source named.

    Raises:
        SpecError: one that is missing, or is not what the format says.
    """
    raw = {name: read for name in sources if (read := workspace.read_file(root, f"sources/{name}.yml")) is not None}
    return measured_from(raw, sources)


def measured_from(raw: Mapping[str, bytes], sources: list[str]) -> dict[str, Measured]:
    """What was measured of every source named, from the bytes of ``sources/NAME.yml`` by name; raises as :func:`measured_in`."""
    measured: dict[str, Measured] = {}
    problems: list[Problem] = []
    for name in sources:
        path = f"sources/{name}.yml"
        if name not in raw:
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
