"""The lock (what was rendered) and the sealed base (its pristine bytes): shapes in the design's formats page.

Both are pure functions of the render. The base is an archive with no clock, no owner and no compression: its bytes are the
same wherever it is made, which no compressor promises across its versions, and git packs it well.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import tarfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipegen.core.errors import WorkspaceError
from pipegen.core.paths import unsafe_because
from pipegen.core.tree import MODE_FILE, FileTree, RenderedFile, digest

LOCK_PATH = ".pipegen/lock.json"
BASE_FOLDER = ".pipegen/base"
LOCK_SCHEMA = 1
_STORED_BLOCK = 65_535


class LockedFile(BaseModel):
    """One rendered file as the lock has it."""

    model_config = ConfigDict(extra="forbid")

    id: str
    sha256: str
    mode: str = Field(default="644", pattern=r"^([0-7]{3}|120000)$")
    ownership: Literal["merged", "once"] = "merged"
    state: Literal["deleted", "moved", "orphaned"] | None = None
    to: str | None = None
    pending: str | None = None


class LockedBlueprint(BaseModel):
    """One blueprint as the lock has it."""

    model_config = ConfigDict(extra="forbid")

    version: str
    digest: str


class Lock(BaseModel):
    """What the last render was made from, and every file that it wrote.

    ``inputs`` are the digests of pipegen.yml and ``sources/`` as they were; their bytes are in the base.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    format: int = Field(default=LOCK_SCHEMA, alias="schema")
    pipegen: str
    catalog: str
    input: str
    blueprints: dict[str, LockedBlueprint] = Field(default_factory=dict)
    design: dict[str, str] = Field(default_factory=dict)
    inputs: dict[str, str] = Field(default_factory=dict)
    files: dict[str, LockedFile] = Field(default_factory=dict)


@dataclass(frozen=True)
class RenderInput:
    """All that a render depends on; equal digests mean that there is nothing to render."""

    spec: Mapping[str, Any]
    measured: Mapping[str, Any]
    blueprints: Mapping[str, str] = field(default_factory=dict)

    def digest(self) -> str:
        """SHA-256 over the canonical JSON of the input."""
        text = json.dumps(
            {"spec": self.spec, "measured": self.measured, "blueprints": self.blueprints},
            sort_keys=True, ensure_ascii=True, separators=(",", ":"),
        )  # fmt: skip
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def locked(file: RenderedFile) -> LockedFile:
    return LockedFile(
        id=file.id, sha256=digest(file.content), mode=f"{file.mode:o}", ownership=file.ownership
    )  # fmt: skip


def lock_files(tree: FileTree) -> dict[str, LockedFile]:
    return {f.path: locked(f) for f in tree}


def lock_text(lock: Lock) -> bytes:
    """The lock as JSON: sorted, one line a file, so that two branches merge line by line."""
    head = lock.model_dump(by_alias=True, exclude={"files", "inputs", "design", "blueprints"})
    lines = ["{"]
    lines += [f'  "{key}": {json.dumps(head[key])},' for key in ("schema", "pipegen", "catalog", "input")]
    sections: list[tuple[str, Mapping[str, Any]]] = [
        ("blueprints", {k: v.model_dump() for k, v in lock.blueprints.items()}),
        ("design", lock.design),
        ("inputs", lock.inputs),
        ("files", {k: v.model_dump(exclude_none=True) for k, v in lock.files.items()}),
    ]
    lines.append(",\n".join(_section(name, values) for name, values in sections))
    return ("\n".join([*lines, "}"]) + "\n").encode()


def _section(name: str, values: Mapping[str, Any]) -> str:
    if not values:
        return f'  "{name}": {{}}'
    rows = [f"    {json.dumps(k)}: {json.dumps(values[k], ensure_ascii=False)}" for k in sorted(values)]
    return f'  "{name}": {{\n' + ",\n".join(rows) + "\n  }"


def _newer_schema(text: bytes) -> int | None:
    """The schema of a lock that a later pipegen wrote, whatever else has changed in it."""
    try:
        schema = json.loads(text)["schema"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return schema if isinstance(schema, int) and schema != LOCK_SCHEMA else None


def read_lock(text: bytes) -> Lock:
    """Parse a lock; its paths are untrusted.

    Raises:
        WorkspaceError: not a lock that this version reads, or a path in it leads out of the repository.
    """
    newer = _newer_schema(text)
    if newer is not None:
        raise WorkspaceError(
            f"{LOCK_PATH} has schema {newer}; this pipegen reads {LOCK_SCHEMA}", hint="upgrade pipegen"
        )
    try:
        lock = Lock.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        at = ".".join(map(str, first["loc"]))
        raise WorkspaceError(
            f"{LOCK_PATH} cannot be read: {at + ': ' if at else ''}{first['msg']}",
            hint=f"restore it from git: `git checkout {LOCK_PATH}`",
        ) from None
    for path in (*lock.files, *(entry.to for entry in lock.files.values() if entry.to is not None)):
        because = unsafe_because(path)
        if because:
            raise WorkspaceError(f"{LOCK_PATH} names `{path[:120]}`: {because}", hint="the lock was tampered with")
    return lock


def refusing(lock: bytes, before: bytes, paths: Iterable[str]) -> bytes:
    """The text of ``lock`` where some of its files could not be written, because they were edited meanwhile.

    A file that was to be written keeps its old digest and gets the new one as pending; one that was to be removed is orphaned.
    """
    planned, old = read_lock(lock), read_lock(before)
    places = {entry.to or path: path for files in (old.files, planned.files) for path, entry in files.items()}
    for place in paths:
        path = places.get(place, place)
        was, now = old.files.get(path), planned.files.get(path)
        if now is not None and (now.to or path) == place:
            digests = {"sha256": was.sha256 if was else now.sha256, "pending": now.pending or now.sha256}
            planned.files[path] = now.model_copy(update=digests)
        elif was is not None:
            planned.files[path] = was.model_copy(update={"state": "orphaned", "pending": None})
    return lock_text(planned)


def base_archive(files: Mapping[str, bytes]) -> tuple[str, bytes]:
    """The path and the bytes of the sealed base that holds ``files``, by path."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(files):
            info = tarfile.TarInfo(path)
            info.size, info.mode, info.mtime = len(files[path]), MODE_FILE, 0
            archive.addfile(info, io.BytesIO(files[path]))
    content = buffer.getvalue()
    return f"{BASE_FOLDER}/{hashlib.sha256(content).hexdigest()}.tar.gz", _gzip_stored(content)


def _gzip_stored(content: bytes) -> bytes:
    """gzip (RFC 1952) with stored blocks alone: the one way to write it that no library version changes."""
    header = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    blocks = []
    for start in range(0, max(len(content), 1), _STORED_BLOCK):
        chunk = content[start : start + _STORED_BLOCK]
        final = start + _STORED_BLOCK >= len(content)
        blocks.append(struct.pack("<BHH", int(final), len(chunk), len(chunk) ^ 0xFFFF) + chunk)
    return header + b"".join(blocks) + struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF)
