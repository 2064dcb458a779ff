"""Compiled templates, kept on disk between runs: compiling takes most of a render's time.

One file a blueprint, in the user's cache folder, named by everything that compiled code depends on. It is a convenience:
a file that cannot be read or written is passed over. Only code that this user wrote is loaded.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import marshal
import os
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import CodeType

_KEEP = 64
_SUFFIX = ".templates"


def user_folder() -> Path | None:
    """``$XDG_CACHE_HOME/pipegen/templates``; None where ``PIPEGEN_NO_CACHE`` is set or there is no home."""
    if os.environ.get("PIPEGEN_NO_CACHE"):
        return None
    base = os.environ.get("XDG_CACHE_HOME", "")
    try:
        root = Path(base) if Path(base).is_absolute() else Path.home() / ".cache"
    except RuntimeError:
        return None
    return root / "pipegen" / "templates"


@cache
def maker() -> bytes:
    """What compiled code depends on beside the template: Python, Jinja, and the code of this package."""
    import jinja2

    state = hashlib.sha256(f"{sys.implementation.cache_tag} {jinja2.__version__}".encode())
    state.update(importlib.util.MAGIC_NUMBER)
    for path in sorted(Path(__file__).parent.glob("*.py")):
        state.update(path.read_bytes())
    return state.digest()


class CodeCache:
    """Compiled templates of one blueprint: read at once, written at once, when something new was compiled."""

    def __init__(self, folder: Path | None, digest: str) -> None:
        self._path: Path | None = None
        self._codes: dict[str, CodeType] = {}
        self._changed = False
        if folder is not None:
            name = hashlib.sha256(maker() + digest.encode()).hexdigest()
            self._path = folder / f"{name}{_SUFFIX}"
            self._codes = self._load(self._path)

    def get(self, key: str, compiled: Callable[[], CodeType]) -> CodeType:
        """The code for a key, compiled now where it is not known yet."""
        code = self._codes.get(key)
        if code is None:
            code = self._codes[key] = compiled()
            self._changed = True
        return code

    def save(self) -> None:
        """Write what was compiled, whole or not at all."""
        if self._path is not None and self._changed:
            with contextlib.suppress(ValueError):
                write_sealed(self._path, marshal.dumps(self._codes))

    @staticmethod
    def _load(path: Path) -> dict[str, CodeType]:
        body = read_sealed(path)
        try:
            codes = {} if body is None else marshal.loads(body)  # noqa: S302 -- this user's own, see _ours
        except (ValueError, EOFError, TypeError):
            return {}
        return codes if isinstance(codes, dict) else {}


def read_sealed(path: Path) -> bytes | None:
    """What :func:`write_sealed` wrote; None where it is not there, not this user's, or damaged."""
    try:
        with path.open("rb") as file:
            if not _ours(file.fileno()):
                return None
            digest, body = file.read(32), file.read()
    except OSError:
        return None
    return body if hashlib.sha256(body).digest() == digest else None


def write_sealed(path: Path, body: bytes) -> None:
    """Write a file of the cache, whole or not at all; what cannot be written is passed over."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(body).digest() + body)
        Path(name).replace(path)
        _prune(path.parent)


def _ours(handle: int) -> bool:
    """Whether a file is this user's, and nobody else can write it."""
    if not hasattr(os, "getuid"):
        return True
    status = os.fstat(handle)
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _prune(folder: Path) -> None:
    """Leave the newest files: those of old blueprints and old versions are of no use."""
    files = sorted(folder.glob(f"*{_SUFFIX}"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in files[_KEEP:]:
        path.unlink(missing_ok=True)
