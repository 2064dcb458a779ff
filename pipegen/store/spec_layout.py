"""How a file that people edit is laid out: what is new in it is written as pipegen would have written it at first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from pipegen.core import measured, yaml_text
from pipegen.core.spec import model, sources, template, write

Parts = tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """``comments`` and ``block`` as :func:`pipegen.core.yaml_text.dump` has them; ``sections`` are the keys of the file in their
    order, a blank line between one section and the next; ``orders`` the order of the keys at an address (``*``: any).
    """

    comments: Mapping[Parts, str] = field(default_factory=dict)
    block: frozenset[Parts] = frozenset()
    sections: tuple[Parts, ...] = ()
    orders: Mapping[Parts, Parts] = field(default_factory=dict)

    def lines(self, at: Parts, key: str, value: Any, *, comment: bool) -> list[str]:
        """A key and its value at the address ``at``; the lines below the first are indented by two spaces a level.

        ``comment``: with what is said behind the key in a new file.
        """
        here = (*at, key)
        said = (
            self.comments if comment else {address: text for address, text in self.comments.items() if address != here}
        )
        above = frozenset(here[:n] for n in range(1, len(here)))
        lines = yaml_text.dump(nested(here, value), said, block=self.block | above).splitlines()
        return [line[2 * len(at) :] for line in lines[len(at) :]]

    def order(self, at: Parts) -> Parts:
        """The keys at an address in their order; none where they are names."""
        if not at:
            return tuple(key for section in self.sections for key in section)
        return next((order for pattern, order in self.orders.items() if _matches(at, pattern)), ())

    def section(self, key: str) -> int | None:
        """The number of a key's section; None for a key of another file."""
        return next((number for number, section in enumerate(self.sections) if key in section), None)


def nested(parts: Iterable[str], value: Any) -> Any:
    """A value with the mappings that lead to it."""
    for part in reversed(tuple(parts)):
        value = {part: value}
    return value


def _matches(at: Parts, pattern: Parts) -> bool:
    return len(at) == len(pattern) and all(p in ("*", a) for a, p in zip(at, pattern, strict=True))


def _fields(*models: type[BaseModel]) -> Parts:
    return tuple(dict.fromkeys(f.alias or name for m in models for name, f in m.model_fields.items()))


_SOURCE = tuple(dict.fromkeys(["kind", "path", "url_env", "schema", *_fields(sources.SourceBase)]))
PIPELINE = Layout(
    write.COMMENTS,
    write.BLOCK,
    write.SECTIONS,
    {
        ("defaults",): _fields(model.Defaults),
        ("defaults", "schema_contract"): _fields(sources.SchemaContract),
        ("sources", "*"): _SOURCE,
        ("sources", "*", "schema_contract"): _fields(sources.SchemaContractPart),
        ("sources", "*", "tables", "*"): _fields(sources.TableSpec),
        ("sources", "*", "tables", "*", "schema_contract"): _fields(sources.SchemaContractPart),
        ("sources", "*", "tables", "*", "rules", "*"): _fields(sources.BusinessRule),
        ("marts", "*"): ("kind", "from", "grain", "by", "measures", "dimensions", "description"),
        ("alerts",): _fields(model.Alerts),
        ("slo",): _fields(model.Slo),
        ("overrides", "*"): _fields(model.Override),
        ("blueprints", "*"): _fields(model.BlueprintRef),
    },
)
"""pipegen.yml of a pipeline."""

TEMPLATE = Layout(
    {("blueprints", "0", *at): text for at, text in template.COMMENTS.items()},
    frozenset({("blueprints", "*", "answers"), ("blueprints", "*", "drawn")}),
    (("version", "name"), ("blueprints",)),
    {("blueprints", "*"): _fields(template.TemplateRef), ("blueprints", "*", "drawn"): _fields(template.Drawn)},
)
"""pipegen.yml of a repository that one plain template renders."""

MEASURED = Layout(
    {},
    frozenset({("tables",), ("tables", "*"), ("tables", "*", "columns")}),
    (("version", "server", "tables"),),
    {
        ("tables", "*"): _fields(measured.MeasuredTable),
        ("tables", "*", "columns", "*"): _fields(measured.MeasuredColumn),
    },
)
"""``sources/NAME.yml``."""


def layout_of(values: Mapping[str, Any]) -> Layout:
    """The layout of a file by what it says."""
    if "server" in values and "tables" in values:
        return MEASURED
    return TEMPLATE if template.is_template_spec(values) else PIPELINE
