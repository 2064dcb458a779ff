"""Compiled templates of a cookiecutter template, kept between renders: compiling takes most of a render's time.

The confined process compiles and loads them; this process only stores what came of it, and never loads any. So a template that
had broken out of the sandbox could spoil the code of itself alone, for processes that are as confined as the one it was in.
"""

from __future__ import annotations

import hashlib
import json
import marshal
from collections.abc import Mapping
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from pipegen.render.code_cache import maker, read_sealed, user_folder, write_sealed


def place(digest: str, config: Mapping[str, Any]) -> Path | None:
    """The file of a template's code, by the template's digest and the settings that it is compiled with; None for no cache."""
    folder = user_folder()
    if folder is None:
        return None
    settings = json.dumps([config.get("_jinja2_env_vars"), config.get("_extensions")], sort_keys=True)
    return folder / f"{hashlib.sha256(maker() + digest.encode() + settings.encode()).hexdigest()}.templates"


def keep(path: Path | None, code: bytes) -> None:
    """Store what a render compiled."""
    if path is not None:
        write_sealed(path, code)


class KnownCode(BytecodeCache):
    """The code of templates, by their text; what is compiled anew is remembered."""

    def __init__(self, paths: list[str]) -> None:
        self._codes: dict[str, CodeType] = {}
        self.changed = False
        for path in paths:
            body = read_sealed(Path(path))
            if body is not None:
                self._codes |= marshal.loads(body)  # noqa: S302 -- this process is confined, see above
                break

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        return name

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get(f"{bucket.key} {bucket.checksum}")

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._codes[f"{bucket.key} {bucket.checksum}"] = bucket.code
        self.changed = True

    def sealed(self) -> bytes:
        """All of it, for :func:`keep`."""
        return marshal.dumps(self._codes)
