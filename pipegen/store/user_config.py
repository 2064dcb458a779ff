"""The user's own defaults: ``pipegen/config.yml`` in the XDG config folder, a part of a pipegen.yml."""

from __future__ import annotations

import os
from pathlib import Path

from pipegen.store import yaml_file


def path() -> Path:
    """Where the user's config would be."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "pipegen" / "config.yml"


def read() -> yaml_file.Document | None:
    """The user's config, or None where there is none; raises as :func:`yaml_file.read`."""
    config = path()
    return yaml_file.read(config) if config.is_file() else None
