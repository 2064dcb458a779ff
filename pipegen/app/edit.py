"""Edits of pipegen.yml that an update makes first: values that were set, answers whose question has another name.

What it has of ``rename`` and ``add`` is the pipeline that they edit: read, with nothing of it changed yet.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipegen.app.repository import lock_of, measured_from
from pipegen.core import blueprint_answers, names, yaml_text
from pipegen.core.blueprint import Manifest, version_key
from pipegen.core.errors import Problem, SpecError, UsageError
from pipegen.core.lock import Lock
from pipegen.core.measured import Measured
from pipegen.core.spec import address
from pipegen.core.spec import load as spec_load
from pipegen.core.spec.load import Address, Locate
from pipegen.core.spec.model import PipelineSpec
from pipegen.core.spec.template import is_template_spec
from pipegen.probe import registry
from pipegen.store import workspace, yaml_file
from pipegen.store.moves import EditedError
from pipegen.store.spec_edit import Edit, Put, Remove, Rename, edited

Parts = tuple[str, ...]
_MOST_OWN = 5


def set_values(raw: bytes, pairs: Sequence[tuple[str, Any]]) -> bytes:
    """pipegen.yml with values at dotted addresses, or bare keys (:func:`pipegen.core.spec.address.whole`), in turn.

    None takes the key out.

    Raises:
        SpecError: every address that cannot be set, or everything that is wrong then; and by which ``--set`` it was asked for.
    """
    said = addressed(raw, pairs)
    if not said:
        return raw
    text = edited(raw, [Remove(at) if value is None else Put(at, value) for at, value in said])
    document = asked_for(raw, text, pairs)
    spec_load.load(document.values, document.locate)
    return text


@dataclass
class Asked(yaml_file.Document):
    """A pipegen.yml with values that were set: those are found by their ``--set``, all else where it stands in the file as it ``was``.

    ``sets`` are the keys as people typed them, by their whole addresses.
    """

    was: yaml_file.Document = field(default_factory=lambda: yaml_file.Document(workspace.SPEC_FILE, {}))
    sets: Mapping[Address, str] = field(default_factory=dict)

    def locate(self, address: Address) -> str | None:
        """``--set KEY``, or ``pipegen.yml:12``."""
        there = next((n for n in range(len(address), 0, -1) if address[:n] in self.was.lines), 0)
        near = max(self.sets, key=lambda at: _shared(at, address), default=())
        shared = _shared(near, address)
        if shared and (shared in (len(near), len(address)) or shared > there):
            return f"--set {names.shorten(self.sets[near])}"
        return self.was.locate(address)


def _shared(one: Address, other: Address) -> int:
    """How many parts two addresses have in common, from the first one on."""
    return next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if str(a) != str(b)), min(len(one), len(other))
    )


def asked_for(raw: bytes, text: bytes, pairs: Sequence[tuple[str, Any]]) -> Asked:
    """What :func:`set_values` made of ``raw``, as a document whose problems are told of by what was asked for.

    Raises as :func:`addressed`.
    """
    document, was = (yaml_file.parse(one, workspace.SPEC_FILE) for one in (text, raw))
    sets: dict[Address, str] = {at: key for (at, _), (key, _) in zip(addressed(raw, pairs), pairs, strict=True)}
    return Asked(document.name, document.values, document.lines, was, sets)


def addressed(raw: bytes, pairs: Sequence[tuple[str, Any]]) -> list[tuple[Parts, Any]]:
    """Each of the pairs by its whole address; raises as :func:`set_values`."""
    values = deepcopy(yaml_file.parse(raw, workspace.SPEC_FILE).values)
    found: list[tuple[Parts, Any]] = []
    problems: list[Problem] = []
    for key, value in pairs:
        try:
            parts = address.of_decision(address.whole(address.parse(key), values))
            if value is None:
                _take_out(values, parts)
            else:
                if parts[0] == "overrides" and len(parts) == 2 and not isinstance(value, dict):
                    value = {"choice": value}
                address.put(values, parts, deepcopy(value))
            found.append((tuple(parts), value))
        except UsageError as error:
            problems.append(Problem(error.message, f"--set {names.shorten(key)}", error.hint))
    if problems:
        raise SpecError(problems)
    return found


def own_values(raw: bytes, pairs: Sequence[tuple[str, Any]]) -> list[str]:
    """Where a source or a table says its own value, so that it does not follow one that is set above it: a sentence each.

    Raises as :func:`set_values`.
    """
    document = yaml_file.parse(raw, workspace.SPEC_FILE)
    values = yaml_file.parse(set_values(raw, pairs), workspace.SPEC_FILE).values
    notes: list[str] = []
    for at, value in addressed(raw, pairs):
        said = [own for own in _below(values, at) if own.value(values) != value] if value is not None else []
        notes += [own.note(values, document.locate) for own in said[:_MOST_OWN]]
        if len(said) > _MOST_OWN:
            more = len(said) - _MOST_OWN
            one = more == 1
            notes.append(
                f"{more} more {'says its' if one else 'say their'} own `{at[-1]}`, and {'does' if one else 'do'} not follow"
            )
    return list(dict.fromkeys(notes))


@dataclass(frozen=True)
class _Own:
    """A value that a source or a table may say for itself: ``shop_db.orders`` its ``freshness``."""

    thing: tuple[str, ...]
    key: tuple[str, ...]

    @property
    def place(self) -> Parts:
        source, *table = self.thing
        return ("sources", source, *(("tables", *table) if table else ()), *self.key)

    def value(self, values: Any) -> Any:
        return _at(values, self.place)

    def note(self, values: Any, locate: Locate) -> str:
        said = f"{'.'.join(self.key)}: {yaml_text.flow(self.value(values))}"
        out = shlex.quote(f"{address.text(list(self.place))}=null")
        thing = names.shorten(".".join(self.thing))
        return (
            f"{thing} does not follow, it says its own `{said}` ({locate(self.place)}); to take that out: `--set {out}`"
        )


def _below(values: Any, at: Sequence[str]) -> list[_Own]:
    """What sources and tables say again of an address of ``defaults``, and tables of one of their source."""
    match at:
        case ("defaults", *key):
            sources, own = list(_at(values, ("sources",)) or ()), True
        case ("sources", name, *key) if key and key[0] not in ("tables", "description", "was"):
            sources, own = [name], False
        case _:
            return []
    found = []
    for source in sources:
        found += [_Own((source,), tuple(key))] if own else []
        found += [_Own((source, table), tuple(key)) for table in _at(values, ("sources", source, "tables")) or ()]
    return [one for one in found if one.value(values) is not None]


def _at(values: Any, at: Sequence[str]) -> Any:
    """The value at an address; None where there is none."""
    for part in at:
        values = values.get(part) if isinstance(values, dict) else None
    return values


def _take_out(values: dict[str, Any], parts: Sequence[str]) -> None:
    node: Any = values
    for i, part in enumerate(parts):
        is_item = isinstance(node, list) and part.isascii() and part.isdigit() and int(part) < len(node)
        if not is_item and not (isinstance(node, dict) and part in node):
            hint = names.did_you_mean(part, node) if isinstance(node, dict) else None
            raise UsageError(
                f"`{address.text(list(parts[: i + 1]))}` is not in pipegen.yml, so nothing is there to take out",
                hint=hint,
            )
        at: Any = int(part) if is_item else part
        if i == len(parts) - 1:
            del node[at]
        else:
            node = node[at]


def carry_answers(raw: bytes, manifests: Sequence[Manifest], newer_manifests: Sequence[Manifest] = ()) -> bytes:
    """pipegen.yml with every answer under the id that its question has in the wanted version of its blueprint.

    ``manifests`` are the bundled blueprints', then those of ``blueprints`` in their order; ``newer_manifests`` those of the
    versions that were rendered last, where they are others. A question that was renamed or split since takes its answer along,
    in its place. On the way back to an older version, where a question has its earlier id, so has its answer; the answer to a
    question that only the newer version asks is taken out, because the older one would refuse it.
    """
    values = yaml_file.parse(raw, workspace.SPEC_FILE).values
    extra = values.get("blueprints")
    own = len(extra) if isinstance(extra, list) else 0
    bundled, others = manifests[: len(manifests) - own], manifests[len(manifests) - own :]
    asked: list[tuple[Manifest, Parts]] = [(manifest, ("answers", manifest.name)) for manifest in bundled]
    asked += [(manifest, ("blueprints", str(i), "answers")) for i, manifest in enumerate(others)]
    newer = {manifest.name: manifest for manifest in newer_manifests}
    changes: list[Edit] = []
    for manifest, at in asked:
        said = _said(values, at)
        changes += _forwards(manifest, at, said)
        later = newer.get(manifest.name)
        if later is not None and version_key(later.version) > version_key(manifest.version):
            changes += _backwards(manifest, later, at, said)
    return edited(raw, changes) if changes else raw


def _said(values: Any, at: Parts) -> Mapping[str, Any]:
    node = values
    for part in at:
        node = node[int(part)] if isinstance(node, list) else node.get(part) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else {}


def _forwards(manifest: Manifest, at: Parts, said: Mapping[str, Any]) -> list[Edit]:
    changes: list[Edit] = []
    for old, (first, *more) in blueprint_answers.carried(manifest.questions, said).items():
        changes.append(Rename((*at, old), first))
        changes += [Put((*at, new), said[old]) for new in more]
    return changes


def _backwards(wanted: Manifest, later: Manifest, at: Parts, said: Mapping[str, Any]) -> list[Edit]:
    ids = {question.id for question in wanted.questions}
    taken = {id for id in said if id in ids}
    changes: list[Edit] = []
    for question in later.questions:
        if question.id not in said or question.id in ids:
            continue
        before = next((old for old in question.was if old in ids), None)
        if (
            before is None or before in taken
        ):  # it is new in the later version, or the other half of a split has gone back
            changes.append(Remove((*at, question.id)))
        else:
            taken.add(before)
            changes.append(Rename((*at, question.id), before))
    return changes


@dataclass(frozen=True)
class Pipeline:
    """A repository's pipeline before it is edited: pipegen.yml, and ``sources/NAME.yml`` by the source's name."""

    root: Path
    raw: bytes
    spec: PipelineSpec
    document: yaml_file.Document
    files: Mapping[str, bytes]
    measured: Mapping[str, Measured]
    lock: Lock

    @property
    def tables(self) -> dict[str, list[str]]:
        """The tables that are loaded, by source."""
        return {name: list(said.tables) or self._measured(name) for name, said in self.spec.sources.items()}

    def _measured(self, source: str) -> list[str]:
        """The tables that were measured of a source; none of one that nothing can look at."""
        return list(self.measured[source].tables) if source in self.measured else []

    def listed(self, source: str) -> list[Edit]:
        """The edit that names every table of a source that names none, so that one of them can be spoken of."""
        if self.spec.sources[source].tables:
            return []
        return [Put(("sources", source, "tables"), {table: {} for table in self._measured(source)})]

    def rendered(self, source: str, table: str | None = None) -> bool:
        """Whether the last render knew a source, or a table, by the name that it has now."""
        if table is None:
            return f"sources/{source}.yml" in self.lock.inputs
        was = self.spec.sources[source].was
        heads = {f"{name}.{table}" for name in (source, was) if name}
        return any(id.rpartition(".")[0] in heads for id in self.lock.design)

    def as_it_was(self) -> None:
        """Make sure that nobody edited pipegen.yml or ``sources/`` since they were read, as while a source was looked at.

        Raises:
            WorkspaceError: somebody did; what is made of the bytes of then would write over theirs.
        """
        if (self.root / workspace.SPEC_FILE).read_bytes() != self.raw:
            raise EditedError(workspace.SPEC_FILE)
        for name, content in self.files.items():
            path = f"sources/{name}.yml"
            if workspace.read_file(self.root, path) not in (content, None):  # None: its source was renamed by hand
                raise EditedError(path)

    def past(self, source: str, table: str | None = None) -> list[Edit]:
        """The edits that take out a ``was`` of an earlier render with the name of what is added: it is not what that was."""
        if table is None:
            said = self.spec.sources.items()
            return [Remove(("sources", n, "was")) for n, s in said if s.was == source and self.rendered(n)]
        at = ("sources", source, "tables")
        tables = self.spec.sources[source].tables.items()
        return [Remove((*at, n, "was")) for n, t in tables if t.was == table and self.rendered(source, n)]


def pipeline(start: Path) -> Pipeline:
    """Read the pipeline of the repository at or above ``start``.

    Raises:
        WorkspaceError: no repository, or no lock in it.
        UsageError: it is rendered from one template, so that it has no sources.
        SpecError: everything that is wrong with pipegen.yml and ``sources/``.
    """
    root = workspace.find_root(start)
    document = yaml_file.read(root / workspace.SPEC_FILE, workspace.SPEC_FILE)
    if is_template_spec(document.values):
        raise UsageError(
            "this repository is made from one template, so it has no sources and no tables",
            hint="another answer to the template: `pipegen update --set KEY=VALUE`",
        )
    lock = lock_of(root)
    spec = spec_load.load({"catalog": lock.catalog, **document.values}, document.locate)
    files: dict[str, bytes] = {}
    for name, source in spec.sources.items():
        content = workspace.read_file(root, f"sources/{name}.yml")
        if content is None and source.was and source.was not in spec.sources:  # renamed by hand, and not updated yet
            content = workspace.read_file(root, f"sources/{source.was}.yml")
        if content is not None:
            files[name] = content
    raw = (root / workspace.SPEC_FILE).read_bytes()
    measured = measured_from(files, list(spec.sources), registry.unseen(spec.sources))
    return Pipeline(root, raw, spec, document, files, measured, lock)
