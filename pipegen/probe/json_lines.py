"""The start of a JSON lines file: which keys its objects have."""

from __future__ import annotations

import json
from pathlib import Path

from pipegen.probe.csv_dialect import opened

_LINES = 100
_LINE_BYTES = 1 << 20


def first_keys(file: Path) -> tuple[str, ...]:
    """Keys of the first 100 objects, sorted; empty where there is none to be read."""
    keys: set[str] = set()
    try:
        with opened(file) as stream:
            for _ in range(_LINES):
                line = stream.readline(_LINE_BYTES)
                if not line:
                    break
                try:
                    value = json.loads(line)
                except ValueError:
                    continue
                if isinstance(value, dict):
                    keys.update(value)
    except (OSError, EOFError):
        return ()  # said when the table is read
    return tuple(sorted(keys))
