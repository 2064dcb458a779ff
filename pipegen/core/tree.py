"""FileTree: what a render made, in memory, before anything is written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from pipegen.core.errors import BlueprintError
from pipegen.core.paths import refuse_unsafe

MODE_FILE = 0o644
MODE_EXECUTABLE = 0o755
MODE_LINK = 0o120000  # a symlink, whose content is its target; git's own number


@dataclass(frozen=True)
class RenderedFile:
    """One rendered file: its bytes, its mode, and who owns it from now on.

    ``id`` names the template and what it was rendered for (``airflow:dags/{source}.py@shop_db``), so that an update finds
    the same file again under another path. ``ownership`` is ``merged`` or ``once``.
    """

    path: str
    content: bytes
    id: str
    blueprint: str
    mode: int = MODE_FILE
    ownership: Literal["merged", "once"] = "merged"


@dataclass
class FileTree:
    """Files by path, in path order; two files at one path, or at paths that differ by case alone, are refused."""

    _files: dict[str, RenderedFile] = field(default_factory=dict)
    _folded: dict[str, str] = field(default_factory=dict)

    def add(self, file: RenderedFile) -> None:
        """Add a file.

        Raises:
            BlueprintError: the path is unsafe (absolute, ``..``, a device name) or taken.
        """
        refuse_unsafe(file.path)
        taken = self._folded.get(file.path.casefold())
        if taken is not None:
            other = self._files[taken]
            raise BlueprintError(
                f"two templates render `{file.path}`: {other.id} and {file.id}",
                hint="a path belongs to one blueprint; rename one of them, or contribute a piece to the other",
            )
        self._files[file.path] = file
        self._folded[file.path.casefold()] = file.path

    def __iter__(self) -> Iterator[RenderedFile]:
        return iter(sorted(self._files.values(), key=lambda f: f.path))

    def __len__(self) -> int:
        return len(self._files)

    def __contains__(self, path: object) -> bool:
        return path in self._files

    def __getitem__(self, path: str) -> RenderedFile:
        return self._files[path]


def normalised(content: bytes) -> bytes:
    """Text with ``\\n`` line endings; binary content (a NUL byte in it) as it is."""
    if b"\0" in content:
        return content
    return content.replace(b"\r\n", b"\n")


def digest(content: bytes) -> str:
    """SHA-256 over text with normalised line endings, so that a clone with autocrlf is not "edited everywhere"."""
    return hashlib.sha256(normalised(content)).hexdigest()
