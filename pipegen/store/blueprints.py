"""Where blueprints are found and how they are read: the bundled ones with their catalog, and those of the user's own."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from pipegen.core.blueprint import Blueprint, Manifest, Slug, Version, version_key
from pipegen.core.errors import BlueprintError
from pipegen.core.names import shorten
from pipegen.core.paths import refuse_unsafe
from pipegen.core.tree import MODE_EXECUTABLE, MODE_FILE
from pipegen.store.fetch import fetch
from pipegen.store.manifests import read_text, validated

MANIFEST = "blueprint.yml"
FILES = "files"
CATALOG = "catalog.yml"

# What editors and interpreters leave behind, and git ignores: never a part of a blueprint.
_LEFT_BEHIND = re.compile(r"(^|/)(__pycache__|\.DS_Store|\.git|\.mypy_cache|\.ruff_cache)(/|$)|\.py[co]$|~$|\.sw[op]$")


class Catalog(BaseModel):
    """Blueprint versions that were tested together. ``digest`` covers them all, once the catalog is released."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    blueprints: dict[Slug, Version]
    digest: Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")] | None = None

    @model_validator(mode="before")
    @classmethod
    def _digest_apart(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {"blueprints": {k: v for k, v in value.items() if k != "digest"}, "digest": value.get("digest")}


class _Catalogs(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    catalogs: dict[str, Catalog] = Field(description="By version; `next` is the only one that may change.")


@dataclass(frozen=True)
class Found:
    """A blueprint whose manifest was read, and nothing else yet."""

    manifest: Manifest
    folder: Path
    origin: str

    def load(self) -> Blueprint:
        """The whole blueprint.

        Raises:
            BlueprintError: a symlink, an unsafe path, a file that cannot be read.
        """
        return _loaded(self)


@cache
def bundled_folder() -> Path:
    """The blueprints that came with pipegen: beside the package in a checkout, inside it in an installed wheel.

    Raises:
        BlueprintError: neither is there.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "blueprints", package.parent / "blueprints"):
        if (folder / CATALOG).is_file():
            return folder
    raise BlueprintError(
        "the bundled blueprints are missing", hint="install pipegen again: pip install --force-reinstall"
    )


class BlueprintStore:
    """A folder with a catalog of blueprints; the bundled one unless said otherwise."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or bundled_folder()

    def catalogs(self) -> dict[str, Catalog]:
        """The catalog versions, oldest first, ``next`` last.

        Raises:
            BlueprintError: catalog.yml is missing or not valid, with file:line.
        """
        path = self.folder / CATALOG
        found = validated(_Catalogs, read_text(path, CATALOG), CATALOG).catalogs
        return dict(sorted(found.items(), key=lambda item: _catalog_key(item[0])))

    def catalog(self, version: str) -> Catalog:
        """One catalog version.

        Raises:
            BlueprintError: there is no such version.
        """
        catalogs = self.catalogs()
        if version not in catalogs:
            raise BlueprintError(f"there is no catalog `{version}`", hint=f"catalogs here: {', '.join(catalogs)}")
        return catalogs[version]

    def newest(self) -> str:
        """The newest released catalog version; ``next`` while none is released."""
        return next((version for version in reversed(self.catalogs()) if version != "next"), "next")

    def find(self, name: str, version: str) -> Found:
        """The manifest of a bundled blueprint.

        Raises:
            BlueprintError: it is missing or not valid.
        """
        folder = self.folder / name / version
        found = find_in(folder, f"{name}/{version}")
        if (found.manifest.name, found.manifest.version) != (name, version):
            raise BlueprintError(
                f"{found.origin}/{MANIFEST}: it says {found.manifest.name} {found.manifest.version}, "
                f"but the folder is {name}/{version}",
                hint="name and version are those of the folder",
            )
        return found

    def load(self, version: str) -> list[Blueprint]:
        """Every blueprint of a catalog version, by name."""
        catalog = self.catalog(version)
        return [self.find(name, catalog.blueprints[name]).load() for name in sorted(catalog.blueprints)]

    def versions(self) -> dict[str, list[str]]:
        """Every blueprint that is there, with its versions, oldest first."""
        there: dict[str, list[str]] = {}
        for path in sorted(self.folder.glob(f"*/*/{MANIFEST}")):
            there.setdefault(path.parent.parent.name, []).append(path.parent.name)
        return {name: sorted(versions, key=_version_or_zero) for name, versions in there.items()}


def catalog_digest(blueprints: Mapping[str, str]) -> str:
    """The digest of a catalog version, over the digest of each of its blueprints by name."""
    text = "".join(f"{name} {digest}\n" for name, digest in sorted(blueprints.items()))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def load_source(
    source: str, ref: str | None = None, *, refresh: bool = False, tell: Callable[[str], None] = lambda _: None
) -> Blueprint:
    """A blueprint of the user's own: from a folder, a zip, or a git repository at a tag, branch or commit.

    ``refresh`` looks again at what was fetched before; ``tell`` hears where that could not be reached.

    Raises:
        BlueprintError: the source is not there, cannot be fetched, or is no blueprint.
    """
    fetched = fetch(source, ref, refresh=refresh)
    if fetched.note:
        tell(fetched.note)
    if (fetched.folder / "cookiecutter.json").is_file() and not (fetched.folder / MANIFEST).exists():
        raise BlueprintError(
            f"`{shorten(source)}` is a plain cookiecutter template, which stands alone: a repository of it has no sources",
            hint=f"`pipegen new NAME --blueprint …` with no source; a blueprint of pipegen's has a {MANIFEST}",
        )
    return find_in(fetched.folder, shorten(source.rstrip("/"), 200)).load()


def find_in(folder: Path, origin: str) -> Found:
    """The manifest in a folder.

    Raises:
        BlueprintError: there is none, or it is not valid; every problem with file:line.
    """
    path = folder / MANIFEST
    if not folder.is_dir():
        raise BlueprintError(f"there is no blueprint {origin}", hint="pipegen blueprints list")
    return Found(validated(Manifest, read_text(path, f"{origin}/{MANIFEST}"), f"{origin}/{MANIFEST}"), folder, origin)


def digest_of(files: Mapping[str, tuple[int, bytes]]) -> str:
    """The digest of a blueprint: over path, mode and bytes of every file, in path order."""
    state = hashlib.sha256()
    for path in sorted(files):
        mode, content = files[path]
        state.update(f"{path}\0{mode:o}\0{len(content)}\0".encode())
        state.update(content)
    return "sha256:" + state.hexdigest()


def _loaded(found: Found) -> Blueprint:
    everything = {path: (mode, content) for path, mode, content in _walk(found.folder, found.origin)}
    start = f"{FILES}/"
    inside = {path.removeprefix(start): both for path, both in everything.items() if path.startswith(start)}
    pieces = {
        path: content for path, (_, content) in everything.items() if not path.startswith(start) and path != MANIFEST
    }
    return Blueprint(
        manifest=found.manifest,
        files={path: content for path, (_, content) in inside.items()},
        modes={path: mode for path, (mode, _) in inside.items()},
        digest=digest_of(everything),
        pieces=pieces,
        origin=found.origin,
    )


def _walk(folder: Path, origin: str, below: str = "") -> Iterator[tuple[str, int, bytes]]:
    """Every file of a blueprint: its path, its mode reduced to what a checkout keeps, its bytes."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise BlueprintError(f"{origin}/{below}: {error.strerror}") from error
    for entry in entries:
        path = f"{below}{entry.name}"
        if _LEFT_BEHIND.search(path):
            continue
        if entry.is_symlink():
            raise BlueprintError(
                f"{origin}/{path} is a symlink, which a blueprint may not have",
                hint="put the file itself there: a link may lead out of the blueprint",
            )
        if entry.is_dir():
            yield from _walk(Path(entry.path), origin, f"{path}/")
        else:
            yield path, *_read(entry, path, origin)


def _read(entry: os.DirEntry[str], path: str, origin: str) -> tuple[int, bytes]:
    status = entry.stat(follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode):
        raise BlueprintError(f"{origin}/{path} is not a regular file", hint="a blueprint has files and folders only")
    refuse_unsafe(path.removeprefix(f"{FILES}/"))
    try:
        content = Path(entry.path).read_bytes()
    except OSError as error:
        raise BlueprintError(f"{origin}/{path}: {error.strerror}") from error
    return (MODE_EXECUTABLE if status.st_mode & 0o100 else MODE_FILE), content


def _catalog_key(version: str) -> tuple[int, int, int, str]:
    if re.fullmatch(r"\d+(\.\d+){0,2}", version):
        return (*version_key(version), "")
    return (1 << 30, 0, 0, version)


def _version_or_zero(version: str) -> tuple[int, int, int]:
    return version_key(version) if re.fullmatch(r"\d+\.\d+\.\d+", version) else (0, 0, 0)


def ignored_by_git(folder: Path) -> list[str]:
    """The files of a blueprint that git would not commit; none where there is no git, or no repository."""
    git = shutil.which("git")
    if git is None:
        return []
    paths = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
    done = subprocess.run(
        [git, "-C", str(folder), "check-ignore", "--stdin", "-z"],
        input="\0".join(path for path in paths if not _LEFT_BEHIND.search(path)).encode(),
        capture_output=True,
        check=False,
    )
    return [path for path in done.stdout.decode("utf-8", "replace").split("\0") if path]
