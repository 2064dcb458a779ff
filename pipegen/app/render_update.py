"""What a repository would be if it were made anew from its inputs as they are now: the *theirs* of an update."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pipegen.app import generate
from pipegen.app.accepted import Inputs, settle
from pipegen.app.repository import measured_from
from pipegen.core import blueprint_answers, names
from pipegen.core.blueprint import Blueprint, Manifest
from pipegen.core.errors import BlueprintError, PipegenError
from pipegen.core.lock import Lock
from pipegen.core.measured import Measured
from pipegen.core.spec import load as spec_load
from pipegen.core.spec.model import PipelineSpec
from pipegen.core.tree import FileTree
from pipegen.core.update.match import Renames
from pipegen.probe import registry
from pipegen.store import blueprints as blueprint_store
from pipegen.store import workspace, yaml_file
from pipegen.store.spec_edit import Put

if TYPE_CHECKING:  # a run with nothing to do designs nothing
    from pipegen.core.design.decision import Decision, OpenQuestion, Sizing

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
    sizing: tuple[Sizing, ...] = ()
    open_questions: tuple[OpenQuestion, ...] = ()
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
            UsageError: what :func:`pipegen.app.accepted.settle` refuses.
            SpecError, BlueprintError: as for a new repository.
        """
        locate = self.document.locate
        progress("designing")
        old = inputs_before(before)
        fresh = fresh_renames(self.spec, old)
        renamed = renamed_decisions(fresh)
        accepted = {renamed(id): choice for id, choice in lock.design.items()}
        now = Inputs(self.spec, self.measured)
        settled = settle(now, old, accepted, accept, locate, renamed)
        answers = blueprint_answers.answers(self.spec, [b.manifest for b in self.blueprints], locate)
        from pipegen.core.design.architect import documented

        design = documented(settled.design, self.spec, self.measured, settled.held)
        design = replace(design, answers=answers)
        progress("rendering")
        from pipegen.render.renderer import render  # with Jinja, which a run with nothing to do has no use for

        tree = render(self.blueprints, design)
        made = generate.fresh_lock(self.spec, self.measured, design, self.blueprints, tree, {})
        return Rendering(
            tree,
            made,
            generate.standing_records(),
            _renames(self, fresh, lock),
            design.decisions,
            design.sizing,
            design.open_questions,
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
    files = _by_source(raw)
    notes: list[str] = []
    blueprints = generate.selected(spec, root, document.locate, refresh=refresh, tell=notes.append)
    measured = measured_from(files, list(spec.sources), registry.unseen(spec.sources))
    return Pipeline(root, spec, document, measured, blueprints, tuple(notes))


def _by_source(raw: Mapping[str, bytes]) -> dict[str, bytes]:
    """``sources/NAME.yml`` of the inputs, by NAME."""
    return {
        path.removeprefix("sources/").removesuffix(".yml"): content
        for path, content in raw.items()
        if path != workspace.SPEC_FILE
    }


def inputs_before(raw: Mapping[str, bytes] | None) -> Inputs | None:
    """The spec and the measurements of the last render; None where they cannot be read today."""
    if raw is None:
        return None
    try:
        document = yaml_file.parse(raw[workspace.SPEC_FILE], workspace.SPEC_FILE)
        spec = spec_load.load(document.values, document.locate)
        files = _by_source(raw)
        return Inputs(spec, measured_from(files, list(spec.sources), registry.unseen(spec.sources)))
    except (PipegenError, KeyError):
        return None


@dataclass(frozen=True)
class Renamed:
    """A source or a table (``table`` and its old name) that has another name than at the last render."""

    source: str
    was_source: str
    table: str | None = None
    was_table: str | None = None


def fresh_renames(spec: PipelineSpec, before: Inputs | None) -> list[Renamed]:
    """The renames since the last render: a ``was:`` that the spec of then had already is over."""
    known = before.spec.sources if before is not None else {}
    found = []
    for name, source in spec.sources.items():
        then = known.get(name)
        was = source.was if source.was and (then is None or then.was != source.was) else None
        if was:
            found.append(Renamed(name, was))
        tables = known[was].tables if was in known else then.tables if then is not None else {}
        for table, said in source.tables.items():
            old = tables.get(table)
            if said.was and (old is None or old.was != said.was):
                found.append(Renamed(name, was or name, table, said.was))
    return found


def renamed_decisions(fresh: list[Renamed]) -> Callable[[str], str]:
    """A decision's id of the last render as it is called now: ``old_shop.clients.extract`` as ``shop.customers.extract``."""
    tables = {f"{r.was_source}.{r.was_table}.": f"{r.source}.{r.table}." for r in fresh if r.table is not None}
    sources = {f"{r.was_source}.": f"{r.source}." for r in fresh if r.table is None}

    def renamed(id: str) -> str:
        for known in (tables, sources):
            for old, new in known.items():
                if id.startswith(old):
                    return new + id.removeprefix(old)
        return id

    return renamed


def _renames(pipeline: Pipeline, fresh: list[Renamed], lock: Lock) -> Renames:
    """Moved templates, forwards and, for a downgrade, backwards; renamed sources and tables by their ids."""
    things: dict[str, str] = {}
    for one in fresh:
        source = names.module(one.source)
        if one.table is None or one.was_table is None:
            things[names.module(one.was_source)] = source
        else:
            now = f"{source}.{names.identifier(one.table, prefix='t')}"
            for place in {source, names.module(one.was_source)}:
                things[f"{place}.{names.identifier(one.was_table, prefix='t')}"] = now
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
