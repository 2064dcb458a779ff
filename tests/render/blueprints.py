"""Blueprints in memory, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipegen.core.blueprint import Blueprint, Manifest


def blueprint(
    content: Mapping[str, str | bytes] | None = None,
    /,
    *,
    name: str = "one",
    version: str = "1.0.0",
    modes: dict[str, int] | None = None,
    pieces: dict[str, str] | None = None,
    **manifest: Any,
) -> Blueprint:
    """A blueprint of these files; further arguments are fields of its manifest."""
    files = {path: text.encode() if isinstance(text, str) else text for path, text in (content or {}).items()}
    return Blueprint(
        manifest=Manifest.model_validate({"name": name, "version": version, "summary": "A test.", **manifest}),
        files=files,
        modes=modes or {},
        digest=f"sha256:{name}",
        pieces={path: text.encode() for path, text in (pieces or {}).items()},
        origin=f"blueprints/{name}/{version}",
    )
