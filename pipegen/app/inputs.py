"""The inputs of an update: pipegen.yml and ``sources/`` as they will be, with what the update itself changes in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pipegen.app import edit, generate
from pipegen.app.looking import look_at
from pipegen.app.render_update import Theirs, read_pipeline, rendered_manifests
from pipegen.app.template_update import read_template
from pipegen.core.errors import UsageError
from pipegen.core.lock import Lock
from pipegen.core.names import did_you_mean, shorten
from pipegen.core.spec.load import load
from pipegen.core.spec.model import PipelineSpec
from pipegen.core.spec.template import is_template_spec
from pipegen.core.worktree import Found, Worktree
from pipegen.probe import registry
from pipegen.store import blueprints as blueprint_store
from pipegen.store import workspace, yaml_file
from pipegen.store.spec_edit import Put, edited
from pipegen.store.worktree import Folder

Progress = Callable[[str], None]


class Asked(Protocol):
    """What of a request concerns the inputs."""

    @property
    def start(self) -> Path: ...
    @property
    def inputs(self) -> Mapping[str, bytes | None]: ...
    @property
    def sets(self) -> Sequence[tuple[str, Any]]: ...
    @property
    def to(self) -> str | None: ...
    @property
    def probe(self) -> bool: ...
    @property
    def trust(self) -> bool: ...


@dataclass(frozen=True)
class Given:
    """The inputs of a render by path, those of them that the update writes or removes, and what they are the inputs of.

    ``seen`` is what stood at each path when it was read: what is edited from then on is not written over. ``notes`` say what does
    not follow an answer that was set.
    """

    inputs: dict[str, bytes]
    changed: dict[str, bytes | None]
    theirs: Theirs
    seen: Mapping[str, Found]
    notes: tuple[str, ...] = ()


class Seen:
    """A working tree as it was read: each path once."""

    def __init__(self, work: Worktree) -> None:
        self._work = work
        self.found: dict[str, Found] = {}

    def read(self, path: str) -> bytes | None:
        """The bytes of a plain file; None for anything else."""
        here = self.found.setdefault(path, self._work.at(path))
        return here.content if here.kind == "file" else None


def given_inputs(root: Path, lock: Lock, asked: Asked, progress: Progress) -> Given:
    """Read the inputs, edited as was asked.

    Raises:
        UsageError: a wrong address or version.
        SpecError: pipegen.yml or a file of ``sources/`` would not be valid.
        SourceError: a source that was to be probed cannot be read.
        BlueprintError: a blueprint that is not there.
    """
    changed: dict[str, bytes | None] = dict(asked.inputs)
    seen = Seen(Folder(root))
    was = seen.read(workspace.SPEC_FILE) or b""
    spec = changed.get(workspace.SPEC_FILE) or was
    if is_template_spec(yaml_file.parse(spec, workspace.SPEC_FILE).values):
        spec, made = read_template(root, spec, sets=asked.sets, to=asked.to, trust=asked.trust, cwd=asked.start)
        changed |= {workspace.SPEC_FILE: spec} if spec != was else {}
        return Given({workspace.SPEC_FILE: spec}, changed, made, seen.found)
    notes = tuple(edit.own_values(spec, asked.sets))
    of = spec
    spec = _edited(root, spec, lock, asked)
    if spec != was:
        changed[workspace.SPEC_FILE] = spec
    document = edit.asked_for(of, spec, asked.sets)
    sources = sources_of(seen.read, document.values, changed)
    if asked.probe:
        for path, content in _probed(
            root, load({"catalog": lock.catalog, **document.values}, document.locate), progress
        ).items():
            if sources.get(path) != content:
                changed[path] = sources[path] = content
    inputs = {workspace.SPEC_FILE: spec, **sources}
    return Given(inputs, changed, read_pipeline(root, document, inputs, lock, refresh=True), seen.found, notes)


def _edited(root: Path, spec: bytes, lock: Lock, asked: Asked) -> bytes:
    """pipegen.yml with what was asked, and with the answers to questions that have another name now."""
    if asked.sets:
        spec = edit.set_values(spec, asked.sets)
    if asked.to is not None:
        spec = _to(spec, asked.to)
    document = yaml_file.parse(spec, workspace.SPEC_FILE)
    loaded = load({"catalog": lock.catalog, **document.values}, document.locate)
    blueprints = generate.selected(loaded, root)
    return edit.carry_answers(
        spec, [b.manifest for b in blueprints], newer_manifests=rendered_manifests(blueprints, lock)
    )


def _probed(root: Path, spec: PipelineSpec, progress: Progress) -> dict[str, bytes]:
    """``sources/NAME.yml`` of every source that can be looked at, measured again."""
    measured, unseen = {}, registry.unseen(spec.sources)
    for name, source in spec.sources.items():
        if name in unseen:
            continue
        measured[name] = look_at(name, source, {}, root, tables=list(source.tables) or None, progress=progress)
    return {
        path: content for path, content in generate.input_files(spec, measured).items() if path != workspace.SPEC_FILE
    }


def _to(spec: bytes, to: str) -> bytes:
    """pipegen.yml with the catalog, or a blueprint's ref, that was asked for."""
    name, equals, version = to.rpartition("=")
    store = blueprint_store.BlueprintStore()
    if not equals:
        catalogs = store.catalogs()
        if version not in catalogs:
            hint = did_you_mean(version, catalogs) or f"catalogs here: {', '.join(catalogs)}"
            raise UsageError(f"`--to {shorten(to)}`: there is no such catalog", hint=hint)
        return edited(spec, [Put(("catalog",), version)])
    values = yaml_file.parse(spec, workspace.SPEC_FILE).values
    for index, ref in enumerate(values.get("blueprints") or []):
        source = str(ref.get("source", "")) if isinstance(ref, dict) else ""
        if name in (source, source.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git").removesuffix(".zip")):
            return edited(spec, [Put(("blueprints", str(index), "ref"), version)])
    if name in store.versions():
        hint = "a bundled blueprint comes with its catalog: `--to VERSION`; `pipegen blueprints list` shows them"
        raise UsageError(f"`--to {shorten(to)}`: `{name}` has no version of its own", hint=hint)
    raise UsageError(
        f"`--to {shorten(to)}`: pipegen.yml names no blueprint `{shorten(name)}`", hint="see `blueprints:` in it"
    )


def sources_of(
    read: Callable[[str], bytes | None], values: Mapping[str, Any], changed: dict[str, bytes | None]
) -> dict[str, bytes]:
    """``sources/NAME.yml`` of every source by path, with what ``changed`` has of them.

    ``read`` gives the bytes of a path, None where nothing is there. The file of a source that was renamed by hand moves with it,
    and is put into ``changed``.
    """
    found: dict[str, bytes] = {}
    named = values.get("sources")
    if not isinstance(named, Mapping):
        return found
    for name, source in named.items():
        path = f"sources/{name}.yml"
        content = changed[path] if path in changed else read(path)
        old = source.get("was") if isinstance(source, Mapping) else None
        if content is None and isinstance(old, str) and old not in named:
            content = read(f"sources/{old}.yml")
            if content is not None:
                changed |= {path: content, f"sources/{old}.yml": None}
        if content is not None:
            found[path] = content
    return found
