"""Fetch a blueprint or a template: a folder as it is, a zip or a git repository into a cache of pipegen's own.

cookiecutter's abbreviations and the person's config of it hold; its folders are not touched, and nothing is ever asked.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipegen.core.errors import BlueprintError
from pipegen.core.names import shorten
from pipegen.store import fetch_git, fetch_zip
from pipegen.store.fetch_git import UnreachableError
from pipegen.store.fetch_url import Place, place, refuse_odd

_TREE = "tree"
_COMMIT = "commit"


@dataclass(frozen=True)
class Fetched:
    """A folder that can be read; the commit it is at, for a git repository; what is worth telling of how it came here."""

    folder: Path
    commit: str | None = None
    note: str | None = None


def fetch(source: str, ref: str | None = None, *, refresh: bool = False) -> Fetched:
    """Fetch a source. ``refresh`` looks again at what was fetched before; where that cannot be reached, the copy of before is used.

    Raises:
        BlueprintError: it is not there, cannot be fetched, or may not be unpacked.
    """
    if ref is not None:
        refuse_odd(ref, "ref")
    where = place(source)
    if where.kind == "folder":
        folder = Path(where.at)
        if not folder.is_dir():
            raise BlueprintError(
                f"there is no folder `{shorten(where.at)}`", hint="give a folder, a git URL, a zip, or `gh:owner/name`"
            )
        if ref is None and not _is_bare(folder):
            return Fetched(folder)
        if not fetch_git.is_repository(folder):
            raise BlueprintError(f"`{shorten(where.at)}` is no git repository, so it has no `{shorten(ref or '')}`")
        where = Place("git", str(folder.resolve()))
    elif where.kind == "zip":
        if ref is not None:
            raise BlueprintError(
                f"`{shorten(where.at)}` is a zip, so it has no `{shorten(ref)}`", hint="leave `ref` out"
            )
        if not where.remote:
            return _local_zip(Path(where.at))
    return _cached(where, ref, refresh)


def cached(source: str, ref: str | None = None) -> Fetched | None:
    """What :func:`fetch` gives with no network: a local source, or the copy of before; None where there is none.

    Raises:
        BlueprintError: a local source that cannot be read.
    """
    where = place(source)
    local = where.kind == "folder" or (where.kind == "zip" and not where.remote)
    if local or _kept(_slot(where, ref)) is not None:
        return fetch(source, ref, refresh=False)
    return None


def _is_bare(folder: Path) -> bool:
    return fetch_git.is_repository(folder) and not (folder / ".git").exists()


def _local_zip(archive: Path) -> Fetched:
    try:
        if archive.stat().st_size > fetch_zip.MOST_BYTES:
            raise BlueprintError(f"`{shorten(str(archive))}` has more than {fetch_zip.MOST_BYTES // 1_000_000} MB")
        content = archive.read_bytes()
    except FileNotFoundError:
        raise BlueprintError(f"there is no zip `{shorten(str(archive))}`") from None
    except OSError as error:
        raise BlueprintError(f"`{shorten(str(archive))}` cannot be read: {error.strerror}") from None
    slot = _folder() / hashlib.sha256(b"zip\0" + content).hexdigest()[:40]
    shown = shorten(str(archive))
    return _kept(slot) or _made(slot, lambda staging: (fetch_zip.unpack(archive, staging, shown), None))


def _cached(where: Place, ref: str | None, refresh: bool) -> Fetched:
    slot = _slot(where, ref)
    kept = _kept(slot)
    fixed = ref is not None and fetch_git.COMMIT.fullmatch(ref) is not None
    if kept is not None and (fixed or not refresh):
        return kept
    try:
        return _made(slot, lambda staging: _fetched(where, ref, staging))
    except UnreachableError as error:
        if kept is None:
            raise
        return Fetched(kept.folder, kept.commit, f"{error.message}; the copy that was fetched before is used")


def _fetched(where: Place, ref: str | None, staging: Path) -> tuple[Path, str | None]:
    if where.kind == "git":
        return staging, fetch_git.clone(where, ref, staging)
    archive = staging.parent / "download.zip"
    with archive.open("wb") as file:
        fetch_zip.download(where, file)
    return fetch_zip.unpack(archive, staging, shorten(where.at)), None


def _slot(where: Place, ref: str | None) -> Path:
    """The folder of the cache for a source at a ref."""
    name = f"{where.kind}\0{where.at}\0{ref or ''}"
    return _folder() / hashlib.sha256(name.encode()).hexdigest()[:40]


def _folder() -> Path:
    """``$XDG_CACHE_HOME/pipegen/sources``; a folder that ends with the process where ``PIPEGEN_NO_CACHE`` is set, or no home is."""
    if os.environ.get("PIPEGEN_NO_CACHE"):
        return _temporary()
    base = os.environ.get("XDG_CACHE_HOME", "")
    try:
        root = Path(base) if Path(base).is_absolute() else Path.home() / ".cache"
    except RuntimeError:
        return _temporary()
    return root / "pipegen" / "sources"


@cache
def _temporary() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="pipegen-sources-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _kept(slot: Path) -> Fetched | None:
    """What a slot of the cache holds."""
    try:
        inner, commit = (slot / _COMMIT).read_text(encoding="utf-8").split("\n")[:2]
    except (OSError, ValueError):
        return None
    folder = slot / _TREE / inner
    return Fetched(folder, commit or None) if folder.is_dir() else None


def _made(slot: Path, fill: Callable[[Path], tuple[Path, str | None]]) -> Fetched:
    """Fill a slot anew, whole or not at all: in a folder beside it, which takes its place."""
    try:
        slot.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(prefix=f".{slot.name[:8]}-", dir=slot.parent) as name:
            made, old = Path(name) / "new", Path(name) / "old"
            (made / _TREE).mkdir(parents=True)
            folder, commit = fill(made / _TREE)
            (made / "download.zip").unlink(missing_ok=True)
            inner = folder.relative_to(made / _TREE).as_posix()
            (made / _COMMIT).write_text(f"{inner}\n{commit or ''}\n", encoding="utf-8")
            if slot.exists():
                slot.rename(old)
            _take_place(made, slot)
    except OSError as error:
        raise BlueprintError(
            f"the cache of fetched blueprints cannot be written: {error.strerror}",
            hint="set XDG_CACHE_HOME, or PIPEGEN_NO_CACHE=1",
        ) from error
    kept = _kept(slot)
    assert kept is not None
    return kept


def _take_place(made: Path, slot: Path) -> None:
    try:
        made.rename(slot)
    except OSError:
        if _kept(slot) is None:  # else another run has just fetched the same
            raise
