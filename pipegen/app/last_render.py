"""The last render of a repository, made again in memory: its inputs as they were, its blueprints, its design."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipegen.app.accepted import Inputs
from pipegen.app.repository import inputs_of, measured_from
from pipegen.app.template_source import located
from pipegen.core import blueprint_answers
from pipegen.core.blueprint import Blueprint
from pipegen.core.design.architect import documented
from pipegen.core.design.follows import Provenance
from pipegen.core.design.model import Design
from pipegen.core.errors import BlueprintError, PipegenError
from pipegen.core.lock import Lock
from pipegen.core.measured import Measured
from pipegen.core.names import shorten
from pipegen.core.spec import load as spec_load
from pipegen.core.spec.load import Address
from pipegen.core.spec.model import PipelineSpec
from pipegen.store import blueprints as blueprint_store
from pipegen.store import workspace, yaml_file
from pipegen.store.fetch import cached
from pipegen.store.worktree import Folder


@dataclass(frozen=True)
class Then:
    """A YAML file of the inputs as it was at the last render; ``now`` is the file of today, None where it cannot be read."""

    document: yaml_file.Document
    now: yaml_file.Document | None

    @property
    def values(self) -> Mapping[str, Any]:
        return self.document.values

    def locate(self, address: Address) -> str | None:
        """Where a value stands today; where it is another one now, that it was said then."""
        if self.now is not None and _at(self.now.values, address) == _at(self.document.values, address):
            return self.now.locate(address)
        return f"{self.document.name} at the last render"


@dataclass(frozen=True)
class LastRender:
    """What a repository was rendered from; ``measured`` are the files of ``sources/`` by source, ``facts`` what is in them.

    The design is without what only pages tell (:func:`pipegen.core.design.architect.documented`), which takes a while to find out.
    """

    spec: PipelineSpec
    said: Then
    measured: Mapping[str, Then]
    facts: Mapping[str, Measured]
    blueprints: tuple[Blueprint, ...]
    design: Design
    accepted: Mapping[str, str]

    def whole(self) -> LastRender:
        """The same with all of the design."""
        return replace(self, design=documented(self.design, self.spec, self.facts, self.accepted))

    def provenance(self) -> Provenance:
        """What the values of the design follow from."""
        return Provenance(self.design, self.spec, self.said, self.measured)

    def answers_at(self, blueprint: str) -> Address:
        """Where pipegen.yml answers the questions that a blueprint asks itself."""
        own = len(self.blueprints) - len(self.spec.blueprints)
        for index, one in enumerate(self.blueprints[own:]):
            if one.name == blueprint:
                return ("blueprints", index, "answers")
        return ("answers", blueprint)


def last_render(root: Path, lock: Lock) -> LastRender:
    """Read the last render's inputs, from the files that have not changed since and from the base, and design anew.

    Nothing is fetched: a blueprint that is on no disk is an error.

    Raises:
        WorkspaceError: an input is in no base.
        BlueprintError: a blueprint is not there.
        SpecError: the inputs of then are not valid to this version.
    """
    inputs = inputs_of(root, lock)
    documents = {path: Then(yaml_file.parse(raw, path), _today(root, path)) for path, raw in inputs.items()}
    said = documents[workspace.SPEC_FILE]
    spec = spec_load.load({"catalog": lock.catalog, **said.values}, said.document.locate)
    by_source = {
        path.removeprefix("sources/").removesuffix(".yml"): path for path in inputs if path != said.document.name
    }
    facts = measured_from({name: inputs[path] for name, path in by_source.items()}, list(spec.sources))
    blueprints = _blueprints(spec, root, lock)
    now = Inputs(spec, facts)
    accepted = now.accepted(lock.design)
    design = now.design(accepted=accepted)
    answers = blueprint_answers.answers(spec, [b.manifest for b in blueprints], said.document.locate)
    its = {name: documents[path] for name, path in by_source.items()}
    return LastRender(spec, said, its, facts, tuple(blueprints), replace(design, answers=answers), accepted)


def _today(root: Path, path: str) -> yaml_file.Document | None:
    raw = Folder(root).read(path)
    try:
        return None if raw is None else yaml_file.parse(raw, path)
    except PipegenError:
        return None


def _blueprints(spec: PipelineSpec, root: Path, lock: Lock) -> list[Blueprint]:
    """The blueprints in the versions that the lock has: those of the catalog, then those of pipegen.yml in its order."""
    store = blueprint_store.BlueprintStore()
    found = []
    for blueprint in store.load(spec.catalog):
        locked = lock.blueprints.get(blueprint.name)
        other = locked is not None and locked.version != blueprint.version
        found.append(store.find(blueprint.name, locked.version).load() if locked and other else blueprint)
    for ref in spec.blueprints:
        source = located(ref.source, root)
        if cached(source, ref.ref) is None:
            raise BlueprintError(
                f"blueprint `{shorten(ref.source)}` is not on this machine", hint="`pipegen update` fetches it"
            )
        found.append(blueprint_store.load_source(source, ref.ref))
    return found


def _at(values: Any, address: Address) -> Any:
    for part in address:
        try:
            values = values[part]
        except (LookupError, TypeError):
            return None
    return values
