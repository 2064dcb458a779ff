"""Render blueprints for a design: a pure function of both, but for the cache of compiled templates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pipegen.core.blueprint import Blueprint, FileRule, Patterns, in_order
from pipegen.core.design.model import Design
from pipegen.core.errors import BlueprintError
from pipegen.core.tree import MODE_EXECUTABLE, MODE_FILE, FileTree, RenderedFile
from pipegen.render.code_cache import CodeCache, user_folder
from pipegen.render.collect import Selected, collect
from pipegen.render.expansion import Loops, expanded, id_of, iterate, tokens_of
from pipegen.render.templates import Templates

DEFAULT_RULE = FileRule.model_validate({})


def render(
    blueprints: Sequence[Blueprint],
    design: Design,
    *,
    context: Mapping[str, Any] | None = None,
    cache: Path | Literal["user"] | None = "user",
) -> FileTree:
    """The files that blueprints render for a design.

    ``context`` adds names to those of :meth:`Design.context`. ``cache`` is the folder of compiled templates: the user's by
    default, None for none; the result does not depend on it.

    Raises:
        BlueprintError: a blueprint is missing or out of range, a template does not render, two render one path.
    """
    names = {**design.context(), **(context or {})}
    folder = user_folder() if cache == "user" else cache
    stored = {blueprint.name: CodeCache(folder, blueprint.digest) for blueprint in blueprints}
    chosen = select(blueprints, design, names, stored)
    contributions = collect(chosen)
    tree = FileTree()
    for one in chosen:
        for file in _rendered(one, {**one.context, "contributions": contributions}):
            tree.add(file)
        stored[one.blueprint.name].save()
    return tree


def select(
    blueprints: Sequence[Blueprint], design: Design, names: Mapping[str, Any], stored: Mapping[str, CodeCache]
) -> list[Selected]:
    """The blueprints that take part, in order, with what their templates see."""
    chosen: dict[str, Selected] = {}
    for blueprint in blueprints:
        if blueprint.name in chosen:
            raise BlueprintError(f"blueprint `{blueprint.name}` is selected twice")
        templates = Templates(blueprint.origin, stored[blueprint.name])
        seen = {**names, "answers": _answers(blueprint, design)}
        if templates.evaluate(blueprint.manifest.when, seen, "when"):
            chosen[blueprint.name] = Selected(blueprint, templates, Loops.of(blueprint.manifest.for_each), seen)
    return [chosen[b.name] for b in in_order({name: one.blueprint for name, one in chosen.items()})]


def _answers(blueprint: Blueprint, design: Design) -> dict[str, Any]:
    """The answers to a blueprint's own questions, with its defaults for those not given."""
    defaults = {
        question.id: question.default for question in blueprint.manifest.questions if question.default is not None
    }
    return {**defaults, **design.answers.get(blueprint.name, {})}


def _rendered(one: Selected, context: Mapping[str, Any]) -> Iterator[RenderedFile]:
    blueprint = one.blueprint
    rules = Patterns(blueprint.manifest.files)
    verbatim = Patterns(dict.fromkeys(blueprint.manifest.verbatim))
    for path in sorted(blueprint.files):
        entry = rules.match(path)
        rule = blueprint.manifest.files[entry] if entry is not None else DEFAULT_RULE
        content = blueprint.files[path]
        source = None if verbatim.match(path) is not None else as_template(content)
        yield from _of_template(one, path, source, content, rule, context)


def _of_template(
    one: Selected, path: str, source: str | None, content: bytes, rule: FileRule, context: Mapping[str, Any]
) -> Iterator[RenderedFile]:
    """The files that one template stands for."""
    where = f"{one.blueprint.origin}/files/{path}"
    tokens = one.loops.over(tokens_of(path), where)
    template_path = f"files/{path}"
    for values in iterate(tokens, one.loops, one.templates, context, where):
        seen = {**context, **values} if values else context
        if rule.when != "true" and not one.templates.evaluate(rule.when, seen, f"files.{path}.when"):
            continue
        body = content if source is None else one.templates.render(template_path, source, seen).encode()
        if source is not None and b"\r\n" in content:
            body = body.replace(b"\n", b"\r\n")
        at = "@" + ".".join(id_of(value) for value in values.values()) if values else ""
        yield RenderedFile(
            path=expanded(path, values),
            content=body,
            id=f"{one.blueprint.name}:{path}{at}",
            blueprint=one.blueprint.name,
            mode=_mode(rule, one.blueprint.modes.get(path, MODE_FILE)),
            ownership=rule.ownership,
        )


def as_template(content: bytes) -> str | None:
    """The text of a template; None for a binary file, which is copied as it is."""
    if b"\0" in content:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _mode(rule: FileRule, own: int) -> int:
    if rule.mode is not None:
        return int(rule.mode, 8)
    return MODE_EXECUTABLE if own & 0o100 else MODE_FILE
