"""``pipegen explain``: the design of a repository, or of a pipegen.yml that nothing was generated from yet, with its reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipegen.app import render_update
from pipegen.app.accepted import Inputs, weigh
from pipegen.app.generate import unmeasured
from pipegen.app.inputs import sources_of
from pipegen.app.repository import inputs_of, lock_of, measured_from
from pipegen.core import names
from pipegen.core.design import document as plain
from pipegen.core.design.decide import decide
from pipegen.core.design.decision import Decision, Sizing
from pipegen.core.design.explain import Explained, explain
from pipegen.core.errors import UsageError, WorkspaceError
from pipegen.core.lock import Lock
from pipegen.core.measured import Measured
from pipegen.core.spec import address
from pipegen.core.spec import load as spec_load
from pipegen.core.spec.template import is_template_spec
from pipegen.core.tree import digest
from pipegen.store import workspace, yaml_file

WORDS = ("sizing", "cost", "prices", "questions")
"""What can be asked for beside ids."""


@dataclass(frozen=True)
class Explanation:
    """A design with its reasons, or a part of it.

    ``sources`` are the names of the spec's, in its order; ``held`` the decisions whose accepted choice stays, by id, as they would
    be taken anew; ``root`` is None outside a repository.
    """

    root: Path | None
    sources: tuple[str, ...]
    explained: Explained
    held: Mapping[str, Decision] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The design as ``--json`` prints it."""
        of = self.explained
        return {
            "schema_version": 1,
            "root": str(self.root) if self.root else None,
            "decisions": [{**plain.decision(d), "held": self._held(d.id)} for d in of.decisions],
            "sizing": [plain.sizing(s) for s in of.sizing],
            "cost": plain.cost(of.sizing),
            "unmet": [plain.unmet(u) for u in of.unmet],
            "unbuilt": [plain.unbuilt(u) for u in of.unbuilt],
            "open_questions": [plain.open_question(q) for q in of.open_questions],
            "prices": [plain.price(p) for p in of.prices],
            "notes": list(self.notes),
        }

    def _held(self, id: str) -> dict[str, Any] | None:
        anew = self.held.get(id)
        return None if anew is None else {"anew": anew.choice, "because": list(anew.because)}


def of_repository(start: Path, id: str | None = None) -> Explanation:
    """The design of the repository at or above ``start``, with the choices that were accepted before; or what ``id`` names of it.

    Raises:
        WorkspaceError: no repository, or no lock in it.
        UsageError: it is made from one template, so that nothing was designed; or nothing is called ``id``.
        SpecError: everything that is wrong with pipegen.yml and ``sources/``.
    """
    root = workspace.find_root(start)
    lock = lock_of(root)
    raw = (root / workspace.SPEC_FILE).read_bytes()
    now, missing = read(root, lock, raw)
    settled = settle(now, previous(root, lock, now), id)
    notes = [*unmeasured(missing), *settled.lost, *settled.explained.refused]
    if digest(raw) != lock.inputs.get(workspace.SPEC_FILE, digest(raw)):
        notes.append(
            "pipegen.yml was edited since the last update: this is the design that `pipegen update` would make"
        )
    return _part(Explanation(root, tuple(now.spec.sources), settled.explained, settled.held, tuple(notes)), id)


def of_answers(document: yaml_file.Document, folder: Path | None, id: str | None = None) -> Explanation:
    """The design of a pipegen.yml outside a repository, or what ``id`` names of it.

    ``folder`` may hold what was measured, in ``sources/NAME.yml``.

    Raises:
        UsageError: it is of a template; or nothing is called ``id``.
        SpecError: everything that is wrong with it.
    """
    if is_template_spec(document.values):
        raise UsageError("this is a pipegen.yml of a template, in which nothing is designed")
    spec = spec_load.load({"name": "pipeline", **document.values}, document.locate)
    found = {} if folder is None else _measured(folder, spec.sources)
    missing = [name for name in spec.sources if name not in found]
    explained = explain(spec, found, ids=_ids(decide(spec, found).decisions, id))
    notes = (*unmeasured(missing), *explained.refused)
    return _part(Explanation(None, tuple(spec.sources), explained, notes=notes), id)


def _part(whole: Explanation, id: str | None) -> Explanation:
    return whole if id is None else about(whole, id)


def _ids(decisions: Iterable[Decision], id: str | None) -> set[str] | None:
    """The decisions whose flips are searched: those that an id names; None where that is left to the size of the pipeline."""
    return {d.id for d in decisions if id is not None and _named(d.id, id)} or None


def read(root: Path, lock: Lock, raw: bytes) -> tuple[Inputs, list[str]]:
    """What a repository's design is made from, of the bytes of its pipegen.yml; and the sources that were never measured.

    Raises:
        UsageError: it is made from one template.
        SpecError: everything that is wrong with pipegen.yml and ``sources/``.
    """
    document = yaml_file.parse(raw, workspace.SPEC_FILE)
    if is_template_spec(document.values):
        raise UsageError(
            "this repository is made from one template, so nothing in it is designed",
            hint="`pipegen why PATH` says where a file of it comes from",
        )
    spec = spec_load.load({"catalog": lock.catalog, **document.values}, document.locate)
    files = sources_of(lambda path: workspace.read_file(root, path), document.values, {})
    known = {path.removeprefix("sources/").removesuffix(".yml"): content for path, content in files.items()}
    return Inputs(spec, measured_from(known, list(known))), [name for name in spec.sources if name not in known]


def _measured(folder: Path, sources: Iterable[str]) -> dict[str, Measured]:
    """What was measured of the sources of which ``sources/NAME.yml`` is there."""
    files = {name: workspace.read_file(folder, f"sources/{name}.yml") for name in sources}
    there = {name: content for name, content in files.items() if content is not None}
    return measured_from(there, list(there))


@dataclass(frozen=True)
class Previous:
    """What was accepted at the last render, and its inputs, None where they are lost.

    ``renamed`` gives a decision's id of then as it is called now, by which ``accepted`` goes.
    """

    inputs: Inputs | None
    accepted: Mapping[str, str]
    renamed: Callable[[str], str]


def previous(root: Path, lock: Lock, now: Inputs) -> Previous:
    """The last render of a repository, as seen from its inputs of ``now``."""
    try:
        raw = inputs_of(root, lock)
    except WorkspaceError:
        raw = None
    then = render_update.inputs_before(raw)
    renamed = render_update.renamed_decisions(render_update.fresh_renames(now.spec, then))
    return Previous(then, {renamed(id): choice for id, choice in lock.design.items()}, renamed)


@dataclass(frozen=True)
class Settled:
    """A design beside the choices that were accepted before.

    ``held`` are the decisions whose accepted choice stays, by id, as they would be taken anew; ``lost`` a sentence for each
    accepted choice that cannot stay; ``notes`` those sentences and one for each that is held.
    """

    explained: Explained
    held: Mapping[str, Decision]
    lost: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def settle(now: Inputs, last: Previous, id: str | None = None) -> Settled:
    """The design with its reasons, where an accepted choice that only numbers would change stays, as in an update.

    ``id`` names what of it is asked for, where that is not all.
    """
    found = weigh(now, last.inputs, last.accepted, renamed=last.renamed)
    explained = explain(now.spec, now.measured, found.held, _ids(found.anew.values(), id))
    lost = tuple(
        f"{id}: `{choice}` was accepted, which does not work any more: it is `{found.anew[id].choice}` now"
        for id, choice in sorted(found.lost.items())
    )
    return Settled(explained, {id: found.anew[id] for id in sorted(found.held)}, lost, (*found.stays(), *lost))


def about(found: Explanation, id: str) -> Explanation:
    """The part of a design that an id names.

    That is a decision, ``shop_db.orders.extract``; all of a table, ``shop_db.orders`` or ``orders``, or of a source; every decision on
    one question, ``extract``; a figure, ``shop_db.run_seconds_estimated`` or ``run time``; a demand that is missed; or one of
    :data:`WORDS`.

    Raises:
        UsageError: nothing is called so.
    """
    of = found.explained
    part = replace(
        of,
        decisions=tuple(d for d in of.decisions if _named(d.id, id)),
        sizing=_figures(of.sizing, id),
        unmet=tuple(u for u in of.unmet if _named(u.id, id)),
        unbuilt=tuple(u for u in of.unbuilt if _named(u.id, id)),
        open_questions=tuple(
            q for q in of.open_questions if id == "questions" or _named(q.id.removeprefix("sources."), id)
        ),
        prices=of.prices if id == "prices" else (),
    )
    if not any((part.decisions, part.sizing, part.unmet, part.unbuilt, part.open_questions, part.prices, id in WORDS)):
        known = _known(of)
        hint = _answered(id, found.root) or names.did_you_mean(id, known)
        hint = hint or f"for example {', '.join(f'`{k}`' for k in known[:4])}"
        raise UsageError(f"`{names.shorten(id)}` is nothing that is decided or counted here", hint=hint)
    return replace(found, explained=part)


def _named(whole: str, id: str) -> bool:
    """Whether an id is another one, or whole parts of it: ``shop_db``, ``orders`` and ``extract`` of ``shop_db.orders.extract``."""
    return f".{id}." in f".{whole}."


def _figures(sizings: Iterable[Sizing], id: str) -> tuple[Sizing, ...]:
    """The sizings with the figures that an id names, those with none left out."""
    found = []
    for sizing in sizings:
        whose = sizing.source or plain.WHOLE
        every = id in ("sizing", whose, f"{whose}.sizing") or (id == "cost" and not sizing.source)
        figures = tuple(f for f in sizing.figures if every or id in (f.id, f.name, plain.figure_address(sizing, f)))
        found += [Sizing(sizing.source, figures)] if figures else []
    return tuple(found)


def _answered(id: str, root: Path | None) -> str | None:
    """What to do for a key of pipegen.yml, which people answer and nothing decides."""
    if id not in address.bare_keys():
        return None
    where = "; `pipegen why pipegen.yml:LINE` says what it bears on" if root is not None else ""
    return f"`{id}` is an answer, said in pipegen.yml{where}"


def _known(of: Explained) -> list[str]:
    """Everything that can be asked for by name."""
    ids = [d.id for d in of.decisions]
    above = [".".join(id.split(".")[:n]) for id in ids for n in range(1, id.count(".") + 1)]
    figures = [one for s in of.sizing for f in s.figures for one in (plain.figure_address(s, f), f.name)]
    questions = [id.rpartition(".")[2] for id in ids]
    return list(dict.fromkeys([*ids, *above, *figures, *WORDS, *(u.id for u in of.unmet), *questions]))
