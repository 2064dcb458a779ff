"""The bundled sample: a small online shop, as files that a generated repository makes itself. Nothing is read but its facts."""

from __future__ import annotations

from importlib import resources

from pipegen.core.measured import Measured
from pipegen.probe.chosen_tables import choose
from pipegen.probe.look import Look

FACTS = "sample_shop.yml"


def measure(path: str, look: Look) -> Measured:
    """The sample's facts; ``path`` is of no account. See :class:`pipegen.probe.registry.Probe`."""
    from ruamel.yaml import YAML

    text = resources.files("pipegen.probe").joinpath(FACTS).read_text(encoding="utf-8")
    facts = Measured.model_validate(YAML(typ="safe", pure=True).load(text))
    chosen = choose(look.tables, facts.tables, "the sample")
    return facts.model_copy(update={"tables": {name: facts.tables[name] for name in chosen}})
