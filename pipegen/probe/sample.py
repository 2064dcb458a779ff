"""The bundled sample: a small online shop, as files that a generated repository makes itself. Nothing is read but its facts."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from pipegen.core.measured import Measured
from pipegen.probe.chosen_tables import choose

FACTS = "sample_shop.yml"


def measure(path: str, *, tables: Sequence[str] | None, root: Path) -> Measured:
    """The sample's facts; ``path`` and ``root`` are of no account. See :func:`pipegen.probe.registry.probe`."""
    from ruamel.yaml import YAML

    text = resources.files("pipegen.probe").joinpath(FACTS).read_text(encoding="utf-8")
    facts = Measured.model_validate(YAML(typ="safe", pure=True).load(text))
    chosen = choose(tables, facts.tables, "the sample")
    return facts.model_copy(update={"tables": {name: facts.tables[name] for name in chosen}})
