"""Collect what the blueprints contribute: rendered, typed, in blueprint order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pipegen.core.blueprint import Blueprint
from pipegen.core.contributions import KINDS, Contribution, Series
from pipegen.core.errors import BlueprintError
from pipegen.render.expansion import Loops, iterate, names_in, names_in_template
from pipegen.render.templates import Templates
from pipegen.render.text import Safe

Item = TypeVar("Item", bound=Contribution)


@dataclass(frozen=True)
class Selected:
    """A blueprint that takes part, its templates, its loops and the names that its templates see."""

    blueprint: Blueprint
    templates: Templates
    loops: Loops
    context: Mapping[str, Any]


def collect(selected: list[Selected]) -> dict[str, list[Contribution]]:
    """Contributions by kind.

    Raises:
        BlueprintError: a piece is missing or does not render, or two blueprints contribute one name.
    """
    collected: dict[str, list[Contribution]] = {kind: [] for kind in KINDS}
    for one in selected:
        for kind in KINDS:
            for index, item in enumerate(getattr(one.blueprint.manifest.contributes, kind)):
                collected[kind].extend(_rendered(one, item, f"contributes.{kind}[{index}]"))
    return {kind: _without_twins(kind, items) for kind, items in collected.items()}


def _rendered(one: Selected, item: Item, where: str) -> Iterator[Item]:
    """An item, once for everything that its texts speak of."""
    texts = _texts(one, item, where)
    pieces = _pieces(item)
    inner = [text for found in pieces.values() for piece in found for _, text in piece]
    names = names_in(item.when).union(*(names_in_template(text) for text in (*texts.values(), *inner)))
    tokens = one.loops.over(names & one.loops.expressions.keys(), f"{one.blueprint.origin}/blueprint.yml: {where}")
    for values in iterate(tokens, one.loops, one.templates, one.context, where):
        context = {**one.context, **values}
        if not one.templates.evaluate(item.when, context, f"{where}.when"):
            continue
        update: dict[str, Any] = {"blueprint": one.blueprint.name}
        for field, text in texts.items():
            path = getattr(item, "file", None) if field == "text" else None
            shown = path or f"blueprint.yml ({where}.{field})"
            is_code = field in item.code
            out = one.templates.render(shown, text, context, quoted_later=not is_code)
            update[field] = Safe(out) if is_code else out
        for field, found in pieces.items():
            update[field] = [
                piece.model_copy(
                    update={name: one.templates.render(shown, text, context, quoted_later=True) for name, text in piece}
                )
                for number, piece in enumerate(found)
                for shown in [f"blueprint.yml ({where}.{field}[{number}])"]
            ]
        yield item.model_copy(update=update)


def _pieces(item: Contribution) -> dict[str, list[Series]]:
    """The item's lists of pieces that have texts of their own: the measurements of an alert's tests."""
    fields = {field: getattr(item, field) for field in type(item).model_fields}
    return {
        field: value
        for field, value in fields.items()
        if isinstance(value, list) and value and isinstance(value[0], Series)
    }


def _texts(one: Selected, item: Contribution, where: str) -> dict[str, str]:
    """The item's texts, by field: those of the manifest, and the file that it names."""
    texts = {
        field: value
        for field in type(item).model_fields
        if isinstance(value := getattr(item, field), str) and field not in ("when", "file", "blueprint")
    }
    path = getattr(item, "file", None)
    if path is not None:
        piece = one.blueprint.pieces.get(path)
        if piece is None:
            raise BlueprintError(
                f"{one.blueprint.origin}/blueprint.yml: {where}: there is no file `{path}`",
                hint="paths are relative to the blueprint's version folder, beside files/",
            )
        texts["text"] = piece.decode("utf-8")
    return texts


#: The field that names an item within its kind: the files that items go into can hold one of a name.
_KEYS = {
    "make": "target",
    "env": "name",
    "ci": "job",
    "compose": "service",
    "compose_secrets": "name",
    "pre_commit": "id",
    "dashboards": "name",
    "secrets": "name",
}


def _without_twins(kind: str, items: list[Contribution]) -> list[Contribution]:
    """The items, each once: blueprints may say the same thing (a variable that both read), but not two things of one name.

    Raises:
        BlueprintError: they do.
    """
    kept: list[Contribution] = []
    by_name: dict[str, Contribution] = {}
    for item in items:
        twin = (
            next((other for other in kept if _same(item, other)), None)
            if kind in ("requirements", "env", "secrets")
            else None
        )
        name = getattr(item, _KEYS[kind]) if kind in _KEYS else None
        if twin is not None:
            continue
        if name is not None and name in by_name:
            raise BlueprintError(
                f"`{name}` is contributed twice to `{kind}`: by `{by_name[name].blueprint}` and by `{item.blueprint}`",
                hint="rename one of them, or say the same thing in both",
            )
        if name is not None:
            by_name[name] = item
        kept.append(item)
    return kept


def _same(item: Contribution, other: Contribution) -> bool:
    return item.model_copy(update={"blueprint": "", "when": ""}) == other.model_copy(
        update={"blueprint": "", "when": ""}
    )
