"""Compiled templates of a cookiecutter template, kept between renders: compiling takes most of a render's time.

The confined process compiles and loads them; this process only stores what came of it, and never loads any. So a template that
had broken out of the sandbox could spoil the code of itself alone, for processes that are as confined as the one it was in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipegen.render.code_cache import maker, user_folder, write_sealed


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
