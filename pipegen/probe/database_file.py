"""A database that is one file on this machine: whether it is one at all, told before its engine would make or break anything."""

from __future__ import annotations

from pathlib import Path

from pipegen.core.errors import SourceError
from pipegen.probe.source_path import not_there


def refuse_other_files(full: Path, said: str, kind: str, magic: bytes, at: int = 0) -> None:
    """Refuse what is no file that may be read, or does not begin like a database of that ``kind``; an empty file may be one.

    Raises:
        SourceError: it is another.
    """
    if full.is_dir():
        hint = "give the database file; for a folder of CSV, JSON lines or Parquet the kind is `files`"
        raise SourceError(f"`{said}` is a folder, not a {kind} database", hint=hint)
    if not full.exists():
        raise not_there(full)
    try:
        with full.open("rb") as stream:
            start = stream.read(at + len(magic))
    except OSError as error:
        hint = f"chmod +r '{full}', or run as its owner"
        raise SourceError(f"`{said}` may not be read: {error.strerror}", hint=hint) from error
    if start and start[at:] != magic:
        hint = "an encrypted database must be decrypted first; for CSV, JSON lines or Parquet the kind is `files`"
        raise SourceError(f"`{said}` is not a {kind} database, or it is encrypted", hint=hint)
