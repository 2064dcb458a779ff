"""Repositories of the sample shop, with channels of every kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipegen.app.answers import Given
from pipegen.app.generate import generate
from tests.golden_trees import write

CHANNELS = {
    "slack": "#data-alerts",
    "email": ["data@example.com", "on.call@example.com"],
    "pagerduty": "data platform",
    "webhook": "SHOP_HOOK",
}
PATH = Path("monitoring", "alertmanager.yml")


def made(folder: Path, **said: Any) -> Path:
    """A repository of the sample shop; ``said`` are values of its pipegen.yml."""
    given = Given(
        name="shop", flags={"source": ["sample:"]}, sets=[("catalog", "next"), *said.items()], cwd=folder, yes=True
    )
    write(generate(given).plan, folder, with_base=False)
    return folder


def named(*channels: str) -> dict[str, Any]:
    return {f"alerts.{name}": CHANNELS[name] for name in channels}
