"""Fetching and unpacking a zip that nobody vouches for."""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit, urlunsplit

from pipegen.core.errors import BlueprintError
from pipegen.core.names import shorten
from pipegen.core.paths import unsafe_because
from pipegen.store.fetch_git import UnreachableError, scrubbed
from pipegen.store.fetch_url import Place

MOST_MEMBERS = 20_000
MOST_BYTES = 256_000_000
MOST_RATIO = 200
_SMALL = 10_000_000  # below this a zip may shrink as far as it likes
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")


def download(place: Place, to: IO[bytes]) -> None:
    """Download a zip.

    Raises:
        UnreachableError: no network, no such file, no access, or too large.
    """
    import requests

    secret = place.secret
    parts = urlsplit(place.at)
    url = urlunsplit(parts._replace(query=secret.query)) if secret and secret.query else place.at
    login = (secret.user, secret.password) if secret and (secret.user or secret.password) else None
    try:
        with requests.get(url, auth=login, stream=True, timeout=(15, 60)) as answer:
            if answer.status_code >= 400:
                raise UnreachableError(
                    f"`{shorten(place.at)}` answers {answer.status_code} {shorten(answer.reason or '')}".rstrip()
                )
            size = 0
            for chunk in answer.iter_content(1 << 16):
                size += len(chunk)
                if size > MOST_BYTES:
                    raise BlueprintError(f"`{shorten(place.at)}` has more than {MOST_BYTES // 1_000_000} MB")
                to.write(chunk)
    except requests.RequestException as error:
        because = type(error).__name__ if secret else shorten(scrubbed(str(error), secret), 120)
        raise UnreachableError(
            f"`{shorten(place.at)}` cannot be reached: {because}", hint="is there a network?"
        ) from None


def unpack(archive: Path, to: Path, shown: str) -> Path:
    """Unpack a zip into an empty folder.

    Returns:
        The folder that it holds: the one at its top, where there is nothing else, as GitHub makes them.

    Raises:
        BlueprintError: it is none, holds what may not be written, or would fill the disk.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = _checked(opened, shown)
            for member, path in members:
                _write(opened, member, to / path)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError) as error:
        raise BlueprintError(f"`{shown}` is no zip that can be read: {shorten(str(error))}") from None
    except OSError as error:
        raise BlueprintError(f"`{shown}` cannot be unpacked: {error.strerror or error}") from None
    inside = sorted(to.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else to


def _checked(opened: zipfile.ZipFile, shown: str) -> list[tuple[zipfile.ZipInfo, str]]:
    """The files of a zip with the paths to write them to."""
    members = opened.infolist()
    size, packed = sum(m.file_size for m in members), sum(m.compress_size for m in members)
    if len(members) > MOST_MEMBERS or size > MOST_BYTES:
        raise BlueprintError(
            f"`{shown}` would unpack to {len(members):,} files and {size // 1_000_000:,} MB; "
            f"at most {MOST_MEMBERS:,} and {MOST_BYTES // 1_000_000} are taken"
        )
    if size > _SMALL and size > MOST_RATIO * max(packed, 1):
        raise BlueprintError(f"`{shown}` would unpack to {size // max(packed, 1):,} times its size: it is a zip bomb")
    found: list[tuple[zipfile.ZipInfo, str]] = []
    folded: dict[str, str] = {}
    for member in members:
        path = _safe(member, shown)
        for part in _with_parents(path):
            if folded.setdefault(part.casefold(), part) != part:
                raise BlueprintError(
                    f"`{shown}` holds `{shorten(part)}` and `{shorten(folded[part.casefold()])}`, one name for many systems"
                )
        if not member.is_dir() and not path.startswith("__MACOSX/"):
            found.append((member, path))
    paths = [path for _, path in found]
    files = set(paths)
    if len(files) < len(paths) or any(above in files for path in paths for above in list(_with_parents(path))[1:]):
        raise BlueprintError(f"`{shown}` holds one path twice")
    return found


def _safe(member: zipfile.ZipInfo, shown: str) -> str:
    """The path of a member.

    Raises:
        BlueprintError: it leads out, cannot be written, or is no plain file. What stands between braces is Jinja's.
    """
    path = member.filename.rstrip("/")
    kind = member.external_attr >> 16
    because = None
    if stat.S_IFMT(kind) not in (0, stat.S_IFREG, stat.S_IFDIR):
        because = "it is a symlink, or another special file"
    elif member.flag_bits & 0x1:
        because = "it is encrypted"
    elif "\\" in path or not path.isprintable() or any(part in ("", ".", "..") for part in path.split("/")):
        because = "it is no plain path"
    else:
        because = unsafe_because(_JINJA.sub("x", path))
    if because:
        raise BlueprintError(f"`{shown}` holds `{shorten(path)}`, which is not unpacked: {because}")
    return path


def _with_parents(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]


def _write(opened: zipfile.ZipFile, member: zipfile.ZipInfo, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    left = member.file_size
    with opened.open(member) as source, file.open("xb") as target:
        while chunk := source.read(min(1 << 16, left + 1)):
            left -= len(chunk)
            if left < 0:
                raise zipfile.BadZipFile(f"{shorten(member.filename)} is larger than it says")
            target.write(chunk)
    file.chmod(0o755 if (member.external_attr >> 16) & 0o100 else 0o644)
