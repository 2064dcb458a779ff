"""Where a source's path leads, and what to say where it leads nowhere."""

from __future__ import annotations

import os
from pathlib import Path

from pipegen.core.errors import SourceError
from pipegen.core.names import did_you_mean, shorten


def located(path: str, root: Path) -> Path:
    """A source's path from ``root``, which need not be there yet: ``../data`` then leads to its sibling."""
    full = root / path
    return full if root.exists() else Path(os.path.normpath(full))


def not_there(full: Path) -> SourceError:
    """The error for a path that leads nowhere: the nearest name, or what is there instead."""
    parent = full.parent
    while not parent.is_dir() and parent != parent.parent:
        parent = parent.parent
    missing = parent / full.relative_to(parent).parts[0]
    try:
        beside = [p.name for p in parent.iterdir()]
    except OSError:
        beside = []
    if missing.is_symlink():
        return SourceError(
            f"`{missing}` is a link to `{missing.readlink()}`, which is not there", hint=contents(parent)
        )
    message = f"`{full}` is not there" + ("" if missing == full else f": there is no `{missing}`")
    return SourceError(message, hint=did_you_mean(missing.name, beside) or contents(parent))


def dangling(folder: Path) -> dict[str, Path]:
    """The links of a folder that lead nowhere, by name, and where they were to lead."""
    try:
        return {p.name: p.readlink() for p in sorted(folder.iterdir()) if p.is_symlink() and not p.exists()}
    except OSError:
        return {}


def contents(folder: Path) -> str:
    """What is in a folder, for a hint."""
    try:
        names = sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))
    except OSError:
        return f"`{folder}` may not be listed; see its permissions"
    if not names:
        return f"`{folder}` is empty"
    return f"in `{folder}` are: {shorten(', '.join(names), 200)}"
