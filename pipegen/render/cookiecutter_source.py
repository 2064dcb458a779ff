"""A plain cookiecutter template's repository as it lies in a folder: every file of it in memory."""

from __future__ import annotations

import io
import json
import os
import posixpath
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipegen.core.errors import BlueprintError
from pipegen.core.names import shorten
from pipegen.core.tree import MODE_EXECUTABLE, MODE_FILE, MODE_LINK

CONFIG = "cookiecutter.json"
MOST_FILES = 20_000
MOST_BYTES = 256_000_000

# What tools leave behind, and git ignores: never a part of a template.
_LEFT_BEHIND = frozenset({".git", ".hg", "__pycache__", ".DS_Store"})
# As above, but only beside the project's folder: in it, it may be what the template renders.
_BESIDE = frozenset({".venv", "venv", "node_modules", ".tox", ".nox", ".mypy_cache", ".ruff_cache", ".pytest_cache"})
DEEPEST = 10


@dataclass(frozen=True)
class Entry:
    """One file, or a symlink, whose content is its target; ``mode`` is what a checkout keeps of it."""

    mode: int
    content: bytes

    @property
    def is_link(self) -> bool:
        return self.mode == MODE_LINK

    @cached_property
    def text(self) -> str | None:
        """The text as Jinja's loader reads it, every line ending ``\\n``; None where it is no UTF-8."""
        try:
            return io.TextIOWrapper(io.BytesIO(self.content), encoding="utf-8").read()
        except UnicodeDecodeError:
            return None

    @property
    def newline(self) -> str | None:
        """The line ending that cookiecutter writes a rendered file with: the first that it meets when it reads a line."""
        reader = io.TextIOWrapper(io.BytesIO(self.content), encoding="utf-8")
        reader.readline()
        return reader.newlines[0] if isinstance(reader.newlines, tuple) else reader.newlines


@dataclass(frozen=True)
class Template:
    """A template's repository: its files by path, below ``folder``; ``origin`` is how a person knows it."""

    folder: Path
    origin: str
    entries: Mapping[str, Entry]

    def config(self, base: str = "") -> dict[str, Any]:
        """The variables of cookiecutter.json, in their order; ``base`` is the folder of a nested template, with its slash.

        Raises:
            BlueprintError: it is missing or no JSON object, with the line.
        """
        where = f"{self.origin}: {base}{CONFIG}"
        try:
            text = self.resolved(f"{base}{CONFIG}").content.decode("utf-8")
            config = json.loads(text)
        except KeyError:
            raise BlueprintError(f"{where} is missing", hint="a cookiecutter template begins with it") from None
        except json.JSONDecodeError as error:
            raise BlueprintError(f"{where}:{error.lineno}: this is no JSON: {error.msg}") from None
        except (ValueError, RecursionError) as error:
            raise BlueprintError(f"{where} cannot be read: {shorten(str(error))}") from None
        if not isinstance(config, dict):
            raise BlueprintError(f"{where} is no JSON object of variables and their defaults")
        return config

    def resolved(self, path: str) -> Entry:
        """The file at a path, through symlinks that stay in the template.

        Raises:
            KeyError: there is none.
            BlueprintError: a link leads out of the template.
        """
        for _ in range(DEEPEST):
            entry = self.entries.get(path)
            if entry is None:
                path = self._through_folder_links(path)
                entry = self.entries[path]
            if not entry.is_link:
                return entry
            path = self.target(path)
        raise BlueprintError(f"{self.origin}: the symlinks at `{shorten(path)}` lead in a circle")

    def target(self, path: str) -> str:
        """The path that a link of the template leads to.

        Raises:
            BlueprintError: it leads out of the template.
        """
        text = self.entries[path].content.decode("utf-8", "replace")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), text))
        if target.startswith(("/", "../")) or target == "..":
            raise BlueprintError(f"{self.origin}: the symlink `{shorten(path)}` leads out of the template")
        return target

    def _through_folder_links(self, path: str) -> str:
        """The path with the first of its folders that is a symlink followed.

        Raises:
            KeyError: none of them is.
        """
        parts = path.split("/")
        for i in range(1, len(parts)):
            above = "/".join(parts[:i])
            if above in self.entries and self.entries[above].is_link:
                return posixpath.normpath(posixpath.join(self.target(above), *parts[i:]))
        raise KeyError(path)

    def below(self, folder: str) -> dict[str, Entry]:
        """The files below a folder (``""`` or with its slash), by their path in it."""
        return {path.removeprefix(folder): entry for path, entry in self.entries.items() if path.startswith(folder)}

    def top_folders(self, base: str) -> list[str]:
        names = {path.split("/")[0] for path in self.below(base) if "/" in path}
        return sorted(names)


def read(folder: Path, origin: str) -> Template:
    """Read a template's repository.

    Raises:
        BlueprintError: it is too large for one, or a file of it cannot be read.
    """
    entries: dict[str, Entry] = {}
    size = 0
    for path, entry in _walk(folder, origin, ""):
        entries[path] = entry
        size += len(entry.content)
        if len(entries) > MOST_FILES or size > MOST_BYTES:
            raise BlueprintError(
                f"`{origin}` has more than {MOST_FILES:,} files, or {MOST_BYTES // 1_000_000} MB: it is no template",
                hint="name the folder that has cookiecutter.json in it",
            )
    return Template(folder, origin, entries)


def links_out(path: str, target: str) -> bool:
    """Whether a symlink at a path of the output leads out of it."""
    led = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return led == ".." or led.startswith(("/", "../"))


def is_plain(folder: Path) -> bool:
    """Whether a folder is a plain cookiecutter template, and no blueprint of pipegen."""
    return (folder / CONFIG).is_file() and not (folder / "blueprint.yml").exists()


def _walk(folder: Path, origin: str, below: str) -> Iterator[tuple[str, Entry]]:
    try:
        found = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise BlueprintError(f"{origin}/{below}: {error.strerror}") from error
    for entry in found:
        if entry.name in _LEFT_BEHIND or entry.name.endswith((".pyc", ".pyo")):
            continue
        if entry.name in _BESIDE and "cookiecutter" not in below:
            continue
        path = f"{below}{entry.name}"
        if not path.isprintable():
            raise BlueprintError(f"{origin}: the file name {path!a} has a character that is not printable")
        if entry.is_symlink():
            yield path, Entry(MODE_LINK, os.fsencode(Path(entry.path).readlink()))
        elif entry.is_dir():
            yield from _walk(Path(entry.path), origin, f"{path}/")
        else:
            yield path, _read(entry, f"{origin}/{path}")


def _read(entry: os.DirEntry[str], shown: str) -> Entry:
    status = entry.stat(follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode):
        raise BlueprintError(f"{shown} is not a regular file", hint="a template has files, folders and symlinks only")
    if status.st_size > MOST_BYTES:
        raise BlueprintError(f"{shown} has more than {MOST_BYTES // 1_000_000} MB")
    try:
        with open(entry.path, "rb", buffering=0) as file:  # noqa: PTH123 -- a path object for each of 5,000 files takes its time
            content = file.read()
    except OSError as error:
        raise BlueprintError(f"{shown}: {error.strerror}") from error
    return Entry(MODE_EXECUTABLE if status.st_mode & 0o100 else MODE_FILE, content)
