"""Whole folders as values, to compare."""

from __future__ import annotations

from pathlib import Path


def read(root: Path) -> dict[str, tuple[bytes, str]]:
    """Every file below ``root`` by relative path: its bytes and its permission bits; git's own folder left out."""
    return {
        p.relative_to(root).as_posix(): (p.read_bytes(), f"{p.stat().st_mode & 0o777:o}")
        for p in sorted(root.rglob("*"))
        if p.is_file() and ".git" not in p.relative_to(root).parts
    }
