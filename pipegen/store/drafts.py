"""Interviews that were left half-way: ``pipegen/drafts/NAME.yml`` in the XDG state folder, for its owner's eyes alone.

What is kept is plain values, by the pipeline's name; no password is among them, which is for those who keep one to see to.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipegen.core import yaml_text
from pipegen.core.errors import WorkspaceError
from pipegen.store import yaml_file

UNNAMED = "_unnamed"
"""Where the answers of a pipeline are that has no name yet: no pipeline can be called so."""
_NOTE = (
    "# The answers of an interview that was left; `pipegen new --resume` goes on with it. No password is kept here.\n"
)


def folder() -> Path:
    """Where drafts are."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "pipegen" / "drafts"


@dataclass(frozen=True)
class Drafts:
    """The drafts of one folder."""

    folder: Path = field(default_factory=folder)

    def path(self, name: str | None) -> Path:
        """The file of a draft; ``name`` is a pipeline's, or None where it has none yet."""
        return self.folder / f"{name or UNNAMED}.yml"

    def keep(self, name: str | None, values: Mapping[str, Any]) -> None:
        """Keep a draft in the place of the one that is there: whole, or not at all.

        Raises:
            WorkspaceError: the folder cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, staged = tempfile.mkstemp(dir=self.folder, prefix=".draft-")  # which nobody else may read
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(_NOTE + yaml_text.dump(values))
                Path(staged).replace(self.path(name))
            except BaseException:
                Path(staged).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise WorkspaceError(
                f"the draft cannot be kept in `{self.folder}`: {error.strerror}",
                hint="make the folder writable, or set `XDG_STATE_HOME` to one that is",
            ) from None

    def has(self, name: str | None) -> bool:
        """Whether there is a draft."""
        try:
            return self.path(name).is_file()
        except OSError:
            return False

    def read(self, name: str | None) -> dict[str, Any] | None:
        """The values of a draft; None where there is none.

        Raises:
            UsageError, SpecError: it cannot be read.
        """
        return yaml_file.read(self.path(name)).values if self.has(name) else None

    def drop(self, name: str | None) -> None:
        """Forget a draft, where it is there."""
        with contextlib.suppress(OSError):
            self.path(name).unlink(missing_ok=True)

    def names(self) -> list[str | None]:
        """The drafts that are there, the newest first; None is the one without a name."""
        try:
            found = [(path.stat().st_mtime_ns, path.stem) for path in self.folder.glob("*.yml")]
        except OSError:
            return []
        return [None if name == UNNAMED else name for _, name in sorted(found, reverse=True)]
