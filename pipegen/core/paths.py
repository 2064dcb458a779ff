"""Paths of a generated repository are untrusted: they come from blueprints, spec names and lock files."""

from __future__ import annotations

import re

from pipegen.core.errors import BlueprintError

# Names that Windows takes for devices, whatever their extension.
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"com{i}" for i in range(1, 10)), *(f"lpt{i}" for i in range(1, 10))}
)
_ILLEGAL = re.compile(r'[<>:"|?*\\\x00-\x1f\x7f]')
_MAX_PART_BYTES = 255  # the limit of ext4, APFS and NTFS


def is_device(name: str) -> bool:
    """Whether Windows takes a file name for a device."""
    return name.split(".")[0].rstrip(" ").casefold() in _DEVICES


def unsafe_because(path: str) -> str | None:
    """Why a relative POSIX path may not be written, or None where it may."""
    if not path or path.startswith("/") or re.match(r"^[A-Za-z]:", path):
        return "it is not relative"
    if _ILLEGAL.search(path):
        return "it has a character that some system does not allow in a file name"
    try:
        path.encode()
    except UnicodeEncodeError:
        return "it is no UTF-8"
    for part in path.split("/"):
        if part in ("", ".", ".."):
            return "it has an empty, `.` or `..` part"
        if is_device(part):
            return f"`{part}` is a device name on Windows"
        if part.endswith((" ", ".")):
            return f"`{part}` ends with a dot or a space"
        if len(part.encode()) > _MAX_PART_BYTES:
            return f"a part of it is longer than {_MAX_PART_BYTES} bytes"
    if ".git" in path.casefold().split("/"):
        return "it lies inside .git"
    return None


def refuse_unsafe(path: str) -> None:
    """Raise BlueprintError where a path may not be written."""
    because = unsafe_because(path)
    if because:
        raise BlueprintError(f"`{path[:120]}` cannot be a path of a repository: {because}")
