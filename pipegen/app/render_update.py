"""What a repository would be if it were made anew from its inputs as they are now: the *theirs* of an update."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from pipegen.app import flips, generate
from pipegen.app.repository import measured_from
from pipegen.core import blueprint_answers, names
from pipegen.core.blueprint import Blueprint, Manifest
from pipegen.core.design.model import Decision
from pipegen.core.errors import BlueprintError, PipegenError
from pipegen.core.lock import Lock
from pipegen.core.measured import Measured
from pipegen.core.spec import load as spec_load
from pipegen.core.spec.model import PipelineSpec
from pipegen.core.tree import FileTree
from pipegen.core.update.match import Renames
from pipegen.store import blueprints as blueprint_store
from pipegen.store import workspace, yaml_file
from pipegen.store.spec_edit import Put

Progress = Callable[[str], None]


class Theirs(Protocol):
    """The inputs of a repository as they are to be, read: what an update renders."""

    @property
    def input(self) -> str:
        """The digest of all that the render depends on; equal to the lock's, there is nothing to render."""

    def render(
        self, lock: Lock, before: Mapping[str, bytes] | None, accept: frozenset[str], progress: Progress
    ) -> Rendering:
        """Render anew. ``before`` are the inputs of the last render by path, None where no base has them all."""


@dataclass(frozen=True)
class Rendering:
    """A new render: its files, the lock that a new repository would have, and what has another name than at the last one.

    ``records`` is the rest of ``.pipegen/``; ``changes`` is what the render itself puts into pipegen.yml.
    """

    tree: FileTree
    lock: Lock
    records: Mapping[str, bytes]
    renames: Renames = field(default_factory=Renames)
    decisions: tuple[Decision, ...] = ()
    sizing: tuple[dict[str, object], ...] = ()
    notes: tuple[str, ...] = ()
    changes: tuple[Put, ...] = ()


@dataclass(frozen=True)
class Pipeline:
    """The inputs of a pipeline's repository: pipegen.yml and ``sources/`` as they are to be, read."""

    root: Path
    spec: PipelineSpec
    document: yaml_file.Document
    measured: Mapping[str, Measured]
    blueprints: list[Blueprint]
    notes: tuple[str, ...] = ()

    @property
    def input(self) -> str:
        """The digest of all that a render depends on."""
        return generate.input_digest(self.spec, self.measured, {b.name: b.digest for b in self.blueprints})

    def render(
        self, lock: Lock, before: Mapping[str, bytes] | None, accept: frozenset[str], progress: Progress
    ) -> Rendering:
        """Design and render anew.

        Raises:
            UsageError: what :func:`pipegen.app.flips.settle` refuses.
            SpecError, BlueprintError: as for a new repository.
        """
        locate = self.document.locate
        progress("designing")
        renamed = _renamed_decisions(self.spec)
        accepted = {renamed(id): choice for id, choice in lock.design.items()}
        now = flips.Inputs(self.spec, self.measured)
        settled = flips.settle(now, _inputs_before(before), accepted, accept, locate)
        answers = blueprint_answers.answers(self.spec, [b.manifest for b in self.blueprints], locate)
        design = replace(settled.design, answers=answers)
        progress("rendering")
        from pipegen.render.renderer import render  # with Jinja, which a run with nothing to do has no use for

        tree = render(self.blueprints, design)
        fresh = generate.fresh_lock(self.spec, self.measured, design, self.blueprints, tree, {})
        return Rendering(
            tree,
            fresh,
            generate.standing_records(),
            _renames(self, lock),
            design.decisions,
            design.sizing,
            settled.notes,
        )


def read_pipeline(
    root: Path, document: yaml_file.Document, raw: Mapping[str, bytes], lock: Lock, *, refresh: bool = False
) -> Pipeline:
    """Read the inputs of a render; ``raw`` are the files of the repository's inputs by path.

    ``refresh`` looks again at blueprints that were fetched before.

    Raises:
        SpecError: everything that is wrong with pipegen.yml and ``sources/``.
        BlueprintError: a blueprint that is not there.
    """
    spec = spec_load.load({"catalog": lock.catalog, **document.values}, document.locate)
    files = {
        path.removeprefix("sources/").removesuffix(".yml"): content
        for path, content in raw.items()
        if path != workspace.SPEC_FILE
    }
    notes: list[str] = []
    blueprints = generate.selected(spec, root, document.locate, refresh=refresh, tell=notes.append)
    return Pipeline(root, spec, document, measured_from(files, list(spec.sources)), blueprints, tuple(notes))


def _inputs_before(raw: Mapping[str, bytes] | None) -> flips.Inputs | None:
    """The spec and the measurements of the last render; None where they cannot be read today."""
    if raw is None:
        return None
    try:
        document = yaml_file.parse(raw[workspace.SPEC_FILE], workspace.SPEC_FILE)
        spec = spec_load.load(document.values, document.locate)
        files = {
            path.removeprefix("sources/").removesuffix(".yml"): content
            for path, content in raw.items()
            if path != workspace.SPEC_FILE
        }
        return flips.Inputs(spec, measured_from(files, list(spec.sources)))
    except (PipegenError, KeyError):
        return None


def _renamed_decisions(spec: PipelineSpec) -> Callable[[str], str]:
    """A decision's id of the last render as it is called now: ``old_shop.clients.extract`` as ``shop.customers.extract``."""
    heads: dict[str, str] = {}
    for name, source in spec.sources.items():
        for old_source in {name, source.was or name}:
            for table, said in source.tables.items():
                for old_table in {table, said.was or table}:
                    heads[f"{old_source}.{old_table}."] = f"{name}.{table}."
    sources = {f"{source.was}.": f"{name}." for name, source in spec.sources.items() if source.was}

    def renamed(id: str) -> str:
        for known in (heads, sources):
            for old, new in known.items():
                if id.startswith(old):
                    return new + id.removeprefix(old)
        return id

    return renamed


def _renames(pipeline: Pipeline, lock: Lock) -> Renames:
    """Moved templates, forwards and, for a downgrade, backwards; renamed sources and tables by their ids."""
    things: dict[str, str] = {}
    for name, source in pipeline.spec.sources.items():
        if source.was:
            things[names.module(source.was)] = names.module(name)
        for table, said in source.tables.items():
            if said.was:
                id = names.module(name)
                things[f"{id}.{names.identifier(said.was, prefix='t')}"] = f"{id}.{names.identifier(table, prefix='t')}"
    moves = {b.name: b.manifest.moves for b in pipeline.blueprints}
    return Renames(moves, _moves_back(pipeline.blueprints, lock), things)


def _moves_back(blueprints: list[Blueprint], lock: Lock) -> dict[str, Mapping[str, str]]:
    """The moves of the rendered versions that those wanted do not know: of a downgrade."""
    wanted = {blueprint.name: blueprint.manifest.moves for blueprint in blueprints}
    return {
        manifest.name: {old: new for old, new in manifest.moves.items() if wanted[manifest.name].get(old) != new}
        for manifest in rendered_manifests(blueprints, lock)
    }


def rendered_manifests(blueprints: list[Blueprint], lock: Lock) -> list[Manifest]:
    """The manifests of the versions that were rendered last, where others are wanted now and they are still here."""
    store = blueprint_store.BlueprintStore()
    found = []
    for blueprint in blueprints:
        locked = lock.blueprints.get(blueprint.name)
        if locked is not None and locked.version != blueprint.version:
            with contextlib.suppress(BlueprintError):
                found.append(store.find(blueprint.name, locked.version).manifest)
    return found
