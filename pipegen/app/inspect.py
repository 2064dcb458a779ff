"""``pipegen inspect``: look at a source, by its URL or as a source of a repository, and keep what was measured where that is asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipegen.app import completion, generate
from pipegen.app import update as updates
from pipegen.app.answers import Given, draft
from pipegen.app.edit import Pipeline, pipeline
from pipegen.app.looking import look_at
from pipegen.core import names
from pipegen.core.errors import SourceError, SpecError, UsageError, WorkspaceError
from pipegen.core.lock import LOCK_PATH
from pipegen.core.measured import Measured, dump
from pipegen.core.spec import load as spec_load
from pipegen.core.spec.source_url import SourceUrl
from pipegen.core.spec.sources import SourceSpec
from pipegen.core.transaction import Step, Transaction
from pipegen.core.tree import MODE_FILE
from pipegen.probe import registry
from pipegen.store import blueprints as blueprint_store
from pipegen.store import transaction as store
from pipegen.store import workspace
from pipegen.store.worktree import Folder

Progress = Callable[[str], None]
_NAME = re.compile(r"[A-Za-z][\w-]*", re.ASCII)
_WHAT = "inspect --save"


@dataclass(frozen=True)
class Inspected:
    """What was measured of a source; ``shown`` is the source as people may read it; ``saved`` the file that was written.

    ``unchanged``: it was to be saved, and is as it was saved before.
    """

    name: str
    kind: str
    shown: str
    measured: Measured
    saved: str | None = None
    unchanged: bool = False

    def document(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        return {
            "schema_version": 1, "source": self.name, "kind": self.kind, "saved": self.saved, "measured": dump(self.measured),
        }  # fmt: skip


@dataclass(frozen=True)
class _Source:
    """A source that is looked at, and the repository that it is of, where it is of one."""

    name: str
    spec: SourceSpec
    shown: str
    root: Path
    urls: Mapping[str, SourceUrl]
    of: Pipeline | None = None


def inspect(
    text: str,
    start: Path,
    *,
    sets: Sequence[tuple[str, Any]] = (),
    tables: Sequence[str] = (),
    seconds: float,
    save: bool = False,
    progress: Progress = lambda _: None,
) -> Inspected:
    """Look at a source: a URL, ``NAME=URL``, a path, or the name of a source of the repository at or above ``start``.

    ``sets`` say of a source that is of no repository what a spec would.
    ``tables`` are those to look at, ``*`` for every one. Of a source of a repository they are those that it loads, where none is
    named; those that it loads alone are saved.

    Raises:
        UsageError: no source; one that is not of a repository cannot be saved.
        SourceError: it cannot be read, has no such table, or is of a kind that nothing can look at.
        WorkspaceError: it could not be saved.
    """
    of_repository = _of_repository(text, start)
    if of_repository is not None and sets:
        raise UsageError("`--set` says nothing of a source of this repository", hint="edit its `pipegen.yml`")
    source = of_repository or _by_url(text, start, sets)
    if registry.unseen({source.name: source.spec}):
        hint = "`pipegen new` takes your word for its tables, and for how much is new: `--table` and `--volume`"
        raise SourceError(f"nothing can look at a source of kind `{source.spec.kind}` yet", hint=hint)
    if save and source.of is None:
        raise UsageError(
            f"`{names.shorten(source.shown)}` is no source of a repository, so there is no place to save it",
            hint="`pipegen add source URL` makes it one; `--json` prints what was measured",
        )
    loaded = list(source.spec.tables)
    wanted = [_without_source(table, source) for table in tables] or loaded
    if save:
        _refuse_others(source.name, wanted, source.of)
    every = completion.EVERY_TABLE in wanted or not wanted
    found = look_at(
        source.name, source.spec, source.urls, source.root,
        tables=None if every else wanted, seconds=seconds, progress=progress,
    )  # fmt: skip
    inspected = Inspected(source.name, source.spec.kind, source.shown, found)
    return _saved(inspected, source.of) if save and source.of is not None else inspected


def _of_repository(text: str, start: Path) -> _Source | None:
    """The source of that name of the repository that one stands in; None where there is none."""
    if not _NAME.fullmatch(text):
        return None
    try:
        workspace.find_root(start)
        of = pipeline(start)
    except (WorkspaceError, UsageError):
        return None
    if text not in of.spec.sources:
        return None
    return _Source(text, of.spec.sources[text], text, of.root, {}, of)


def _by_url(text: str, cwd: Path, sets: Sequence[tuple[str, Any]]) -> _Source:
    given = Given(name="inspected", flags={"source": [text]}, sets=list(sets), cwd=cwd, directory=Path())
    try:
        made = draft(given)
        spec = spec_load.load({"catalog": blueprint_store.BlueprintStore().newest(), **made.values}, made.locate)
    except SpecError as error:
        first = error.problems()[0]
        hint = first.hint.replace("`--source ", "`pipegen inspect ") if first.hint else None
        raise UsageError(first.message, hint=hint) from None
    (name, source), *_ = spec.sources.items()
    shown = made.urls[name].shown() if name in made.urls else text
    return _Source(name, source, shown, made.target, made.urls)


def _without_source(table: str, source: _Source) -> str:
    """``SOURCE.T`` and ``SCHEMA.T`` as ``T``."""
    head, dot, tail = table.partition(".")
    bare = tail if dot and head == source.name else table
    return completion.without_schema(bare, {"kind": source.spec.kind, "schema": getattr(source.spec, "schema_", None)})


def _refuse_others(name: str, wanted: Sequence[str], of: Pipeline | None) -> None:
    loaded = of.tables[name] if of is not None else []
    for table in wanted:
        if table not in loaded:
            said = names.shorten(f"{name}.{table}")
            hint = names.did_you_mean(table, loaded) or f"`pipegen add table {said}` loads it, and measures it"
            raise UsageError(f"`{said}` is not loaded, and only what is loaded is saved", hint=hint)


def _saved(found: Inspected, of: Pipeline) -> Inspected:
    """``sources/NAME.yml`` with what was measured; the tables of it that were not looked at stay."""
    path = f"sources/{found.name}.yml"
    before = of.measured.get(found.name)
    loaded = of.tables[found.name]
    merged = {**(before.tables if before else {}), **found.measured.tables}
    keep = {table: facts for table, facts in merged.items() if table in loaded or table in found.measured.tables}
    out = {**(before.left_out if before else {}), **found.measured.left_out}
    out = {table: why for table, why in out.items() if table not in keep}
    whole = found.measured.model_copy(update={"tables": keep, "left_out": out})
    content = generate.measured_text(whole).encode()
    of.as_it_was()
    if content == of.files.get(found.name):
        return replace(found, saved=path, unchanged=True)
    with updates.writing(of.root, _WHAT):
        _write(of.root, path, content)
    return replace(found, saved=path)


def _write(root: Path, path: str, content: bytes) -> None:
    """Write one input of the repository, which an update then renders from."""
    work = Folder(root)
    here, lock = work.at(path), work.at(LOCK_PATH)
    assert lock.content is not None, "the pipeline was read with its lock"
    step = Step("input", path, content, here.mode or MODE_FILE, here.stamp)
    store.apply(root, Transaction(_WHAT, (step,), lock.content, lock.stamp))
    store.forget_backup(root)
