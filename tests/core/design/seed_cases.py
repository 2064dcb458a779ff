"""The seed cases: specs with the design that a senior engineer would sign, and what a probe would have measured of their sources."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from pipegen.core.measured import Measured
from pipegen.core.spec import load
from pipegen.core.spec.model import PipelineSpec
from pipegen.store import yaml_file

FOLDER = Path(__file__).parent / "seeds"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yml") if not path.stem.endswith(".measured"))


def values(name: str) -> dict[str, Any]:
    """The plain values of a spec."""
    return dict(yaml_file.read(FOLDER / f"{name}.yml", f"{name}.yml").values)


@cache
def spec(name: str) -> PipelineSpec:
    return load.load(values(name))


@cache
def measured(name: str) -> dict[str, Measured]:
    """What was measured, by source; nothing of a source that no probe can look at."""
    path = FOLDER / f"{name}.measured.yml"
    found = yaml_file.read(path, path.name).values if path.exists() else {}
    return {source: Measured.model_validate(facts) for source, facts in found.items()}
